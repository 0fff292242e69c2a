/** Mails that nobody means well: each is taken or refused within bounds, none breaks the listener, and nothing in them acts. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWire, sendRaw } from '../../../tests/harness/mail-sender.ts';
import { startMailDesk } from '../../../tests/harness/mail-desk.ts';
import type { MailDesk } from '../../../tests/harness/mail-desk.ts';
import { removeFolder, temporaryFolder, until } from '../../../tests/harness/ports.ts';
import { embeddedAddress } from '../../../tests/harness/stores.ts';
import { readMail } from './read-mail.ts';

const envelope = { from: 'a@people.example', to: ['abuse@shield.example'] };
const head = 'From: a@people.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n';
const zip = Buffer.from('504b0304140000000800', 'hex');

const nested = (depth: number): string => {
  let text = `${head}Content-Type: multipart/mixed; boundary=b0\r\n\r\n`;
  for (let n = 0; n < depth; n += 1) text += `--b${n}\r\nContent-Type: multipart/mixed; boundary=b${n + 1}\r\n\r\n`;
  return `${text}--b${depth}\r\n\r\nthe innermost words\r\n`;
};

const part = (name: string, body: string): string =>
  `--b\r\nContent-Type: application/zip\r\nContent-Disposition: attachment; filename="${name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`;

const corpus: readonly [string, string | Buffer][] = [
  ['nothing at all', ''],
  ['no headers', '\r\nonly words'],
  ['no end of headers', 'Subject: x'],
  ['ten thousand headers', `${'X-Many: a\r\n'.repeat(10_000)}${head}\r\nwords`],
  ['two megabytes of headers', `X-Long: ${'a'.repeat(2_000_000)}\r\n${head}\r\nwords`],
  ['a thousand parts', `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nwords\r\n'.repeat(1000)}--b--\r\n`],
  [
    'a thousand files',
    `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n${part('a.zip', zip.toString('base64')).repeat(1000)}--b--\r\n`,
  ],
  ['parts in parts in parts', nested(500)],
  ['mails in mails', `${head}Content-Type: message/rfc822\r\n\r\n`.repeat(200)],
  ['a boundary that never comes', `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\nwords`],
  ['an empty boundary', `${head}Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\nwords\r\n----\r\n`],
  ['zero bytes', `${head}Content-Type: text/plain\0\r\n\r\nwo\0rds \0\0\0`],
  ['one line of two megabytes', `${head}\r\n${'a'.repeat(2_000_000)}`],
  ['base64 that is none', `${head}Content-Transfer-Encoding: base64\r\n\r\n${'?=*'.repeat(10_000)}`],
  [
    'half letters',
    Buffer.concat([
      Buffer.from(`${head}Content-Type: text/plain; charset=utf-8\r\n\r\n`),
      Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80, 0xff]),
    ]),
  ],
  ['an alphabet that nobody knows', `${head}Content-Type: text/plain; charset=x-none\r\n\r\nwords`],
  [
    'a thousand signatures',
    `${'DKIM-Signature: v=1; a=rsa-sha256; d=people.example; s=s; h=from; bh=x; b=y\r\n'.repeat(1000)}${head}\r\nwords`,
  ],
  [
    'names of files that climb',
    `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n${part('../../etc/passwd', 'AAAA')}${part('__proto__', 'AAAA')}${part('a\\b\\..\\c', 'AAAA')}--b--`,
  ],
  [
    'a header in a header',
    'From: =?utf-8?B?YQ0KQmNjOiB2aWN0aW1Ab3RoZXIuZXhhbXBsZQ==?= <a@people.example>\r\nSubject: =?utf-8?Q?x=0D=0ABcc:_victim@other.example?=\r\n\r\nwords',
  ],
  ['unclosed markup', `${head}Content-Type: text/html\r\n\r\n${'<a href="'.repeat(50_000)}${'<!--'.repeat(50_000)}`],
  [
    'JSON that is deep',
    `${head}Content-Type: application/json; name=xarf.json\r\nContent-Disposition: attachment; filename=xarf.json\r\n\r\n${'['.repeat(200_000)}`,
  ],
  ['five authors', `${'From: a@people.example\r\n'.repeat(5)}\r\nwords`],
];

describe('hostile mail', () => {
  const folder = temporaryFolder('hostile');
  let desk: MailDesk;
  beforeAll(async () => {
    desk = await startMailDesk(await embeddedAddress(folder));
  });
  afterAll(async () => {
    await desk.stop();
    removeFolder(folder);
  });
  const count = async (): Promise<number> => (await desk.store.db.selectFrom('report').select('report_id').execute()).length;

  it.each(corpus)('%s is a report, kept as it came, within five seconds', async (_name, message) => {
    const before = await count();
    const began = performance.now();
    const sent = await sendRaw(desk.port, envelope, message);
    expect(sent.text).toMatch(/^250/);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(await count()).toBe(before + 1);
    const row = await desk.store.db
      .selectFrom('report')
      .selectAll()
      .orderBy('receipt_number', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
    expect(row.text.length).toBeGreaterThan(0);
    expect(row.text).not.toContain('\0');
    expect(row.raw_blob_id).not.toBeNull();
    const names = await desk.store.db.selectFrom('report_file').select('name').where('report_id', '=', row.report_id).execute();
    expect(names.length).toBeLessThanOrEqual(20);
    for (const { name } of names) expect(name).not.toMatch(/[/\\]|^\./);
  });

  it('archives stay closed: the bytes are kept as they came', async () => {
    const message = `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\n${part('bomb.zip', zip.toString('base64'))}--b--\r\n`;
    const mail = await readMail(Buffer.from(message));
    expect(mail.files).toEqual([{ name: 'bomb.zip', mediaType: 'application/zip', bytes: new Uint8Array(zip) }]);
  });

  it('whatever bytes come, they are read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 4000 }), fc.string({ unit: 'binary' }), async (bytes, typed) => {
        const mail = await readMail(
          Buffer.concat([Buffer.from(`Content-Type: multipart/mixed; boundary=${typed}\r\nFrom: ${typed}\r\n\r\n`), bytes]),
        );
        expect(typeof mail.body).toBe('string');
      }),
      { numRuns: 300 },
    );
  });

  it('a hundred megabytes are refused and never held', async () => {
    const wire = await openWire(desk.port);
    expect((await wire.ask('EHLO sender.example')).text).toContain('SIZE 26214400');
    expect((await wire.ask(`MAIL FROM:<a@people.example> SIZE=${100 * 2 ** 20}`)).code).toBe(552);
    await wire.ask('MAIL FROM:<a@people.example>');
    await wire.ask('RCPT TO:<abuse@shield.example>');
    await wire.ask('DATA');
    const before = await count();
    const startBytes = process.memoryUsage().arrayBuffers;
    let leastBytes = Number.POSITIVE_INFINITY;
    const piece = Buffer.from(`${'a'.repeat(1022)}\r\n`.repeat(1024));
    for (let sent = 0; sent < 100; sent += 1) {
      wire.write(piece);
      await wire.drained();
      // The least of the last thirty: the collector comes when it likes, but what is held it cannot take.
      if (sent >= 70) leastBytes = Math.min(leastBytes, process.memoryUsage().arrayBuffers - startBytes);
    }
    const answer = await wire.ask('\r\n.');
    expect(answer.code).toBe(552);
    wire.close();
    expect(leastBytes).toBeLessThan(50 * 2 ** 20);
    expect(await count()).toBe(before);
    expect((await sendRaw(desk.port, envelope, `${head}\r\nafterwards`)).code).toBe(250);
  });

  it('a connection that breaks in the middle leaves nothing behind', async () => {
    const before = await count();
    const wire = await openWire(desk.port);
    await wire.ask('EHLO sender.example');
    await wire.ask('MAIL FROM:<a@people.example>');
    await wire.ask('RCPT TO:<abuse@shield.example>');
    await wire.ask('DATA');
    wire.write(Buffer.from(`${head}\r\nhalf a mail`));
    wire.close();
    expect((await sendRaw(desk.port, envelope, `${head}\r\nwhole`)).code).toBe(250);
    expect(await count()).toBe(before + 1);
  });

  it('a mail ends only where SMTP says so: no second one is smuggled in', async () => {
    const before = await count();
    const smuggled = `${head}\r\nfirst\n.\nMAIL FROM:<b@people.example>\nRCPT TO:<danger@shield.example>\nDATA\nFrom: b@people.example\n\nsecond\r.\r`;
    const wire = await openWire(desk.port);
    for (const line of ['EHLO sender.example', 'MAIL FROM:<a@people.example>', 'RCPT TO:<abuse@shield.example>', 'DATA'])
      await wire.ask(line);
    wire.write(Buffer.from(smuggled));
    expect((await wire.ask('\r\n.')).code).toBe(250);
    wire.close();
    expect(await count()).toBe(before + 1);
    const rows = await desk.store.db.selectFrom('report').select('report_id').where('fast_lane', '=', true).execute();
    expect(rows).toEqual([]);
  });

  it('one address has a few connections, and others still get in when it lets go', async () => {
    const wires = await Promise.all(Array.from({ length: 20 }, () => openWire(desk.port)));
    const refused = await sendRaw(desk.port, envelope, 'Subject: x\r\n\r\nx');
    expect(refused.code === 0 || refused.code === 421).toBe(true);
    for (const wire of wires) wire.close();
    await until('there is room again', async () => (await sendRaw(desk.port, envelope, `${head}\r\nx`)).code === 250);
  });

  it('speaks TLS to whom wants it, and offers no sign-in', async () => {
    const wire = await openWire(desk.port);
    const { text } = await wire.ask('EHLO sender.example');
    expect(text).toContain('STARTTLS');
    expect(text).not.toContain('AUTH');
    expect((await wire.ask('AUTH PLAIN AGEAYg==')).code).toBeGreaterThanOrEqual(500);
    expect((await wire.ask('STARTTLS')).code).toBe(220);
    wire.close();
  });
});
