import { expect, it } from 'vitest';
import { CertificatePolicy } from '../../contract/certificates.ts';
import { Hostname } from '../../contract/hostname.ts';
import { site } from '../../tests/harness/haproxy.ts';
import { parseList } from './keeper.ts';
import { CertificateSlots, slotsOf } from './slots.ts';

const certificate = (number: number, siteNumber: number, names: string[], notAfter = '2027-01-01T00:00:00.000Z') =>
  CertificatePolicy.parse({
    kind: 'certificate',
    certificateId: `cert_${String(number).padStart(12, '0')}`,
    siteId: `site_${String(siteNumber).padStart(12, '0')}`,
    names,
    chain: `-----BEGIN CERTIFICATE-----\nAAAA${number}\n-----END CERTIFICATE-----\n`,
    sealedKey: Buffer.alloc(60, number).toString('base64'),
    notAfter,
  });
const name = (text: string) => Hostname.parse(text);

it('a site’s hostnames get a slot each from the site’s own certificates, and other names in them get none', () => {
  const forum = site(1, ['forum.example', '*.forum.example'], 80);
  const wild = certificate(1, 1, ['*.forum.example', 'bank.example']);
  expect([...slotsOf(forum, [wild]).keys()]).toEqual(['*.forum.example']);
});

it('giving a name another certificate changes that name alone, and going back leaves nothing to do twice', () => {
  const slots = new CertificateSlots();
  const forum = site(1, ['a.example', 'b.example'], 80);
  const one = certificate(1, 1, ['a.example', 'b.example']);
  const two = certificate(2, 1, ['b.example'], '2027-02-01T00:00:00.000Z');
  slots.replace(forum.siteId, slotsOf(forum, [one]));
  expect([...slots.changed]).toEqual(['a.example', 'b.example']);
  slots.changed.clear();
  slots.replace(forum.siteId, slotsOf(forum, [one, two]));
  expect([...slots.changed]).toEqual(['b.example']);
  expect(slots.get(name('b.example'))).toBe(two);
  slots.changed.clear();
  slots.replace(forum.siteId, slotsOf(forum, [two, one]));
  expect(slots.changed.size).toBe(0);
  slots.replace(forum.siteId, new Map());
  expect([slots.size, [...slots.changed]]).toEqual([0, ['a.example', 'b.example']]);
});

it('of two sites that claim one name the smaller id has it, whichever came first', () => {
  const first = site(1, ['a.example'], 80);
  const second = site(2, ['a.example'], 80);
  for (const order of [
    [first, second],
    [second, first],
  ]) {
    const slots = new CertificateSlots();
    for (const one of order)
      slots.replace(one.siteId, slotsOf(one, [certificate(one === first ? 1 : 2, one === first ? 1 : 2, ['a.example'])]));
    expect(slots.get(name('a.example'))?.siteId).toBe(first.siteId);
    slots.replace(first.siteId, new Map());
    expect(slots.get(name('a.example'))?.siteId).toBe(second.siteId);
  }
});

it('what HAProxy lists is read with its line numbers, a file twice included', () => {
  const answer =
    '# /e/crt-list.txt\n/e/default.pem:1\n/e/sites/a.example:2 a.example\n/e/sites/_.b.example:3 *.b.example\n/e/sites/a.example:4 a.example\n';
  expect([...parseList(answer, '/e/sites/')]).toEqual([
    ['a.example', [2, 4]],
    ['_.b.example', [3]],
  ]);
});
