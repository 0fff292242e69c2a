/** What is sent out goes only where it may, and what is read of a large mail is bounded in time. */
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { Cidr, IpAddress } from '../../../contract/network.ts';
import type { DeskConfig } from '../deps.ts';
import type { Resolver } from '../../sites/resolver.ts';
import { checkNotifyUrl, hookSignature, messageIdOf, notify } from './delivery.ts';
import { openMailReader } from './mail-reader.ts';
import { isOneMailbox } from '../../../core/desk/mail.ts';

const desk: DeskConfig = {
  mailListen: null,
  mailDomain: 'shield.example',
  mailRelay: null,
  allowCaptures: [],
  timestampUrls: [],
  timestampRootFile: null,
  chromium: null,
  allowNotify: [],
};
const resolver = (...answers: string[][]): Resolver => ({
  addresses: () =>
    Promise.resolve({ addresses: (answers.shift() ?? []).map((address) => IpAddress.parse(address)), ttlSeconds: 1 }),
  texts: () => Promise.resolve([]),
  exchanges: () => Promise.resolve([]),
});
const letter = { id: 'page_0123456789ab', subject: 'x', body: 'x', urgent: true };

describe('a webhook', () => {
  it('whose name leads inward by the time of the call is not called', async () => {
    const calls: string[] = [];
    const server = createServer((request, answer) => {
      calls.push(request.url ?? '');
      answer.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const at = server.address();
    const port = at === null || typeof at === 'string' ? 0 : at.port;
    const deps = { desk, now: () => 0, resolver: resolver(['192.0.2.7'], ['127.0.0.1']) };
    const address = `https://hook.example:${port}/x`;
    expect('why' in (await checkNotifyUrl(deps, address))).toBe(false);
    const delivered = await notify(deps, 'webhook', { ...letter, address });
    expect(delivered).toMatchObject({ kind: 'failed', why: expect.stringContaining('inner network') });
    expect(calls).toEqual([]);
    server.close();
  });

  it('of which one of several addresses is inward is not called', async () => {
    const deps = { desk, resolver: resolver(['192.0.2.7', '10.0.0.7']) };
    expect(await checkNotifyUrl(deps, 'https://hook.example/')).toMatchObject({ why: expect.stringContaining('inner network') });
  });

  it.each([
    ['http://192.0.2.7/', 'Only https'],
    ['https://user:pass@hook.example/', 'user name'],
    ['file:///etc/passwd', 'Only https'],
    ['not an address', 'not a web address'],
    ['https://0x7f.1/', 'inner network'],
    ['https://[::1]/', 'inner network'],
    ['https://2130706433/', 'inner network'],
  ])('is refused at %s', async (address, why) => {
    expect(await checkNotifyUrl({ desk, resolver: resolver(['192.0.2.7']) }, address)).toMatchObject({
      why: expect.stringContaining(why),
    });
  });

  it('in a network that the operator allows may use http:', async () => {
    const allowed = { ...desk, allowNotify: [Cidr.parse('10.0.0.0/8')] };
    expect('url' in (await checkNotifyUrl({ desk: allowed, resolver: resolver() }, 'http://10.0.0.7/x'))).toBe(true);
    expect('why' in (await checkNotifyUrl({ desk: allowed, resolver: resolver() }, 'http://192.168.0.7/x'))).toBe(true);
  });
});

describe('a webhook of an owner', () => {
  const allowed = { ...desk, allowNotify: [Cidr.parse('10.0.0.0/8'), Cidr.parse('127.0.0.0/8')] };
  const addresses = [
    'https://10.0.0.7/x',
    'http://127.0.0.1:8600/x',
    'https://[::ffff:10.0.0.7]/',
    'https://2130706433/',
    'https://0x7f.1/',
  ];

  it('leads nowhere inward, whatever the operator allows for pages', async () => {
    for (const address of addresses) {
      const judged = await checkNotifyUrl({ desk: allowed, resolver: resolver() }, address, 'owner');
      expect(judged, address).toMatchObject({ why: expect.stringContaining('inner network') });
    }
    const named = { desk: allowed, resolver: resolver(['127.0.0.1']) };
    expect('why' in (await checkNotifyUrl(named, 'https://hook.example/', 'owner'))).toBe(true);
  });

  it('is judged again when it is called, and says nothing of its address when it cannot be', async () => {
    const hook = JSON.stringify({ url: 'https://hook.example/secret-word', secret: 'ab'.repeat(32), setBy: 'owner' });
    const deps = { desk: allowed, now: () => 0, resolver: resolver(['10.0.0.7']) };
    const delivered = await notify(deps, 'webhook', { ...letter, address: hook });
    expect(delivered).toMatchObject({ kind: 'failed', why: expect.stringContaining('inner network') });
    expect(JSON.stringify(delivered)).not.toContain('secret-word');
  });

  it('is signed with its secret over the second and the body', () => {
    // openssl dgst -sha256 -hmac key, of `1700000000.{}`
    expect(hookSignature('key', 1_700_000_000, '{}')).toBe(
      't=1700000000,v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae',
    );
    expect(hookSignature('key', 1_700_000_001, '{}')).not.toContain(
      '9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae',
    );
  });
});

describe('an address of a mail', () => {
  it('is one mailbox or none', () => {
    expect(isOneMailbox('ada@people.example')).toBe(true);
    for (const bad of [
      '',
      'ada',
      'a@b@c',
      'a@b,c@d',
      'a@b\r\nBcc: c@d',
      '<a@b>',
      'a b@c',
      '"a"@b',
      `${'a'.repeat(250)}@b.example`,
    ]) {
      expect(isOneMailbox(bad), bad).toBe(false);
    }
    expect(messageIdOf('page_0123456789ab', 'shield.example')).toBe('<page_0123456789ab@shield.example>');
  });
});

describe('a large mail', () => {
  const large = Buffer.from(
    `From: a@people.example\r\nSubject: large\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsee the file\r\n--b\r\n` +
      `Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n` +
      `${Buffer.alloc(300_000, 7).toString('base64')}\r\n--b--\r\n`,
  );

  it('is read in another process, the same as here', async () => {
    const mail = await openMailReader()(large, 'other');
    expect(mail).toMatchObject({ subject: 'large', broken: false, from: { address: 'a@people.example' } });
    expect(mail.body.trim()).toBe('see the file');
    expect(mail.files.map((file) => [file.name, file.bytes.byteLength])).toEqual([['a.pdf', 300_000]]);
  });

  it('that takes too long is read by its first words', async () => {
    const mail = await openMailReader({ withinMs: 1 })(large, 'danger');
    expect(mail).toMatchObject({ subject: 'large', broken: true, from: { address: 'a@people.example' } });
    expect(mail.body).toContain('see the file');
  });
});
