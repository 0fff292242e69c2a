/** When certificates come by a reload and when one by one, and that HAProxy takes the files that a reload reads. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterAll, expect, it } from 'vitest';
import { CertificatePolicy } from '../../contract/certificates.ts';
import { site } from '../../tests/harness/haproxy.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { makeCertificate } from '../../tests/harness/tls.ts';
import { CertificateKeeper } from './keeper.ts';
import { CertificateSlots, slotsOf } from './slots.ts';

const root = temporaryFolder('keeper');
afterAll(() => removeFolder(root));

const made = makeCertificate(['*.many.example']);
const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

/** A keeper whose key opens everything, and sites with one name each. */
function keeper(name: string) {
  const folder = `${root}/${name}`;
  mkdirSync(folder);
  const slots = new CertificateSlots();
  const open = () => ({ kind: 'pem' as const, pem: made.chain + made.key });
  const kept = new CertificateKeeper({ folder, slots, key: { open }, log: pino({ level: 'silent' }) });
  const add = (from: number, to: number, sealed = 0) => {
    for (const number of numbered(from, to)) {
      const own = site(number, [`n${number}.many.example`], 80);
      const certificate = CertificatePolicy.parse({
        kind: 'certificate',
        certificateId: `cert_${String(number).padStart(12, '0')}`,
        siteId: own.siteId,
        names: ['*.many.example'],
        chain: made.chain,
        sealedKey: Buffer.alloc(60, sealed).toString('base64'),
        notAfter: '2027-01-01T00:00:00.000Z',
      });
      slots.replace(own.siteId, slotsOf(own, [certificate]));
    }
  };
  return { folder, kept, add };
}

it('a thousand changes go to the running worker, one more asks for a reload, whose files HAProxy takes whole', async () => {
  const { folder, kept, add } = keeper('first');
  add(0, 1000);
  expect(kept.wantsReload).toBe(false);
  add(1000, 1001);
  expect(kept.wantsReload).toBe(true);
  await kept.writeFiles();
  kept.assumeFiles();
  expect([kept.wantsReload, kept.isSettled]).toEqual([false, true]);
  const list = readFileSync(`${folder}/crt-list.txt`, 'utf8').trimEnd().split('\n');
  expect(list).toHaveLength(1001);
  expect(statSync(`${folder}/sites/n1000.many.example`).mode & 0o777).toBe(0o600);
  const config = `defaults\n  mode http\n  timeout client 1s\n  timeout connect 1s\n  timeout server 1s\nfrontend all\n  bind 127.0.0.1:443 ssl crt-list ${folder}/crt-list.txt\n`;
  writeFileSync(`${folder}/haproxy.cfg`, config);
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
  execFileSync('haproxy', ['-c', '-q', '-f', `${folder}/haproxy.cfg`], { env, stdio: 'ignore' });
}, 60_000);

it('on an edge with very many certificates a thousand renewals are no reason to load all of them again', async () => {
  const { folder, kept, add } = keeper('second');
  add(0, 21_000);
  // As after a take-over: the worker lists what it should hold.
  const listed = numbered(0, 21_000).map((number) => `${folder}/sites/n${number}.many.example:${number + 1}\n`);
  const command = () => Promise.reject(new Error('nothing is to be said'));
  expect(await kept.compare({ socket: { command, payload: command }, ask: () => Promise.resolve(listed.join('')) }, 0)).toBe(0);
  expect(kept.isSettled).toBe(true);
  add(0, 1001, 1);
  expect([kept.isSettled, kept.wantsReload]).toEqual([false, false]);
  add(1001, 1051, 1);
  expect(kept.wantsReload).toBe(true);
}, 60_000);
