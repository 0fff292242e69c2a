/** The public door for reports: taken in durably, receipts that can be checked, private links, limits that leave the fast lane open. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { addToReport, getReportStatus, ReportReceipt, ReportStatus, sendReport } from '../../../contract/routes/desk/reports.ts';
import type { ReportDraft } from '../../../contract/routes/desk/reports.ts';
import { Problem } from '../../../contract/errors.ts';
import { committedText, receiptLeaf, saltSource } from '../../../core/desk/receipt-leaf.ts';
import { openStore } from '../../../store/open.ts';
import { migrate } from '../../../store/migrate.ts';
import type { Store, StoreAddress } from '../../../store/open.ts';
import { startControlHouse } from '../../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../../tests/harness/control-house.ts';
import { removeFolder, temporaryFolder } from '../../../tests/harness/ports.ts';
import { describeOnBoth, embeddedAddress } from '../../../tests/harness/stores.ts';
import { openSeal } from '../seal.ts';
import type { Incoming } from '../deps.ts';
import { intakeLimits } from './limits.ts';
import { openIntake } from './register.ts';
import { filesTaken } from './routes.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const tokenOf = (statusUrl: string) => statusUrl.slice(statusUrl.lastIndexOf('/') + 1);

const plain: Incoming = {
  channel: 'api',
  class: 'harassment',
  fastLane: false,
  text: 'Somebody posted [threat naming a place and time].',
  urls: ['https://forum.example/t/1'],
  hostname: 'forum.example',
  happenedAt: null,
  role: 'witness',
  contact: { name: 'Rosa Reporter', mail: 'Rosa@Reporter.example' },
  proof: 'none',
  forwardConsent: false,
  wantsSafetyContact: false,
  files: [],
  machine: {},
  raw: null,
};

describeOnBoth('intake', ({ fresh }) => {
  const folder = temporaryFolder('intake');
  let store: Store;
  let seal: Awaited<ReturnType<typeof openSeal>>;
  beforeAll(async () => {
    store = await openStore(await fresh());
    await migrate(store);
    seal = await openSeal({ now: Date.now, store }, folder, null);
  }, 60_000);
  afterAll(async () => {
    await store.close();
    removeFolder(folder);
  });
  const open = () => openIntake({ store, seal, now: Date.now, publicUrl: 'https://shield.example' });

  it('numbers reports without a gap, and one that cannot be stored fails alone and takes no number', async () => {
    const intake = open();
    const before = await lastNumber();
    const bad: Incoming = { ...plain, happenedAt: JSON.parse('"not a time"') };
    const settled = await Promise.allSettled(Array.from({ length: 60 }, (_unused, n) => intake.accept(n === 17 ? bad : plain)));
    expect(settled.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1);
    expect(settled[17]?.status).toBe('rejected');
    const numbers = settled.flatMap((one) => (one.status === 'fulfilled' ? [Number(one.value.number)] : []));
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 59 }, (_unused, n) => before + 1 + n));
    expect(await lastNumber()).toBe(before + 59);
    await intake.close();
  });

  it('stores only hashes of the token, a mark of the mailbox, and seals who reported', async () => {
    const intake = open();
    const accepted = await intake.accept(plain);
    const again = await intake.accept({ ...plain, contact: { mail: ' rosa@reporter.EXAMPLE ' } });
    const rows = await store.db
      .selectFrom('report')
      .selectAll()
      .where('report_id', 'in', [accepted.reportId, again.reportId])
      .orderBy('receipt_number')
      .execute();
    expect(rows[0]?.reporter_mark).toBe(rows[1]?.reporter_mark);
    expect(rows[0]?.status_hash).toBe(sha256(tokenOf(accepted.statusUrl)));
    expect(JSON.stringify(rows)).not.toMatch(/rosa/i);
    expect(JSON.stringify(rows)).not.toContain(tokenOf(accepted.statusUrl));
    const sealedId = rows[0]?.reporter_sealed_id;
    if (sealedId === null || sealedId === undefined) throw new Error('nothing was sealed');
    expect(await seal.open(store.db, sealedId)).toEqual({ name: 'Rosa Reporter', mail: 'Rosa@Reporter.example' });
    expect(rows[0]?.lang).toBeNull();
    await intake.close();
  });

  it('gives a receipt that its holder can check with their link and what they sent, and that tells nobody else anything', async () => {
    const intake = open();
    const bytes = Buffer.from('seen and saved');
    const accepted = await intake.accept({ ...plain, files: [{ name: '../../note.txt', mediaType: 'image/png', bytes }] });
    const commitment = sha256(
      committedText(sha256(saltSource(tokenOf(accepted.statusUrl))), {
        channel: 'api',
        class: 'harassment',
        text: plain.text,
        urls: plain.urls,
        hostname: 'forum.example',
        happenedAt: null,
        files: [createHash('sha256').update(bytes).digest('hex')],
      }),
    );
    expect(accepted.leaf).toBe(receiptLeaf({ number: accepted.number, receivedAt: accepted.receivedAt, commitment }));
    expect(accepted.sha256).toBe(sha256(accepted.leaf));
    expect(accepted.leaf).not.toMatch(/harassment|forum|api/);
    const file = await store.db
      .selectFrom('report_file')
      .selectAll()
      .where('report_id', '=', accepted.reportId)
      .executeTakeFirstOrThrow();
    expect(file).toMatchObject({ name: 'note.txt', media_type: 'text/plain' });
    expect(Buffer.from((await seal.openBlob(store.db, file.blob_id))?.bytes ?? []).toString()).toBe('seen and saved');
    await intake.close();
  });

  it('stores the leaf that the receipt shows, for reports with files and without in one batch, numbered in their order', async () => {
    const intake = open();
    const files = [{ name: 'note.txt', mediaType: 'text/plain', bytes: Buffer.from('seen') }];
    const accepted = await Promise.all(
      Array.from({ length: 12 }, (_unused, n) =>
        intake.accept(n % 3 === 0 ? { ...plain, files } : n % 3 === 1 ? plain : { ...plain, contact: null }),
      ),
    );
    const [first] = accepted;
    if (first === undefined) throw new Error('nothing was accepted');
    for (const [index, one] of accepted.entries()) {
      expect(Number(one.number)).toBe(Number(first.number) + index);
      const row = await store.db.selectFrom('report').selectAll().where('report_id', '=', one.reportId).executeTakeFirstOrThrow();
      expect(row).toMatchObject({ receipt_number: one.number, receipt_leaf: one.leaf, receipt_sha256: one.sha256 });
      expect(sha256(one.leaf)).toBe(one.sha256);
      if (index % 3 === 2) expect(row.reporter_sealed_id).toBeNull();
      else if (row.reporter_sealed_id === null) throw new Error('nothing was sealed');
      else expect(await seal.open(store.db, row.reporter_sealed_id)).toMatchObject({ name: 'Rosa Reporter' });
    }
    await intake.close();
  });

  it('takes the words of a report of child abuse and keeps no byte of its files or of its message', async () => {
    const intake = open();
    const file = { name: 'x.jpg', mediaType: 'image/jpeg', bytes: Buffer.from('never keep this') };
    const accepted = await intake.accept({ ...plain, class: 'child-abuse', files: [file], raw: file });
    expect(accepted.filesRefused).toBe(1);
    const blobs = await store.db.selectFrom('blob').selectAll().where('file_id', '=', accepted.reportId).execute();
    expect(blobs).toEqual([]);
    const row = await store.db.selectFrom('report').selectAll().where('report_id', '=', accepted.reportId).executeTakeFirst();
    expect(row).toMatchObject({ text: plain.text, raw_blob_id: null, machine: { filesRefused: 1 } });
    await intake.close();
  });

  it('takes words that a database would refuse', async () => {
    const intake = open();
    const accepted = await intake.accept({ ...plain, text: `a\0b\ud800c\x1b[31m${'x'.repeat(2 ** 20)}`, urls: ['\0', 'a\nb'] });
    const row = await store.db.selectFrom('report').selectAll().where('report_id', '=', accepted.reportId).executeTakeFirst();
    expect(row?.text.slice(0, 10)).toBe('a\ufffdb\ufffdc\ufffd[31m');
    expect(row?.text.length).toBe(100_000);
    await intake.close();
  });

  it('goes on in order after the database was away', async () => {
    const intake = open();
    const broken = openIntake({
      store,
      seal: { ...seal, keepBlobs: () => Promise.reject(new Error('the seal is away')) },
      now: Date.now,
      publicUrl: 'https://shield.example',
    });
    const files = [{ name: 'note.txt', mediaType: 'text/plain', bytes: Buffer.from('seen') }];
    await expect(Promise.all([broken.accept({ ...plain, files }), broken.accept({ ...plain, files })])).rejects.toThrow(
      'the seal is away',
    );
    const before = await lastNumber();
    expect(Number((await intake.accept(plain)).number)).toBe(before + 1);
    await intake.close();
    await broken.close();
  });

  async function lastNumber(): Promise<number> {
    return (await store.db.selectFrom('receipt_counter').select('last').executeTakeFirstOrThrow()).last;
  }
});

describe('the door as an API', () => {
  let house: ControlHouse;
  let folder: string;
  let database: StoreAddress;
  beforeAll(async () => {
    folder = temporaryFolder('report-door');
    database = await embeddedAddress(folder);
    house = await startControlHouse(database);
  }, 60_000);
  afterAll(async () => {
    await house?.stop();
    removeFolder(folder);
  });

  const canary = 'rahel.canary@mail.example';
  const draft: ReportDraft = { class: 'doxxing', text: 'My street was posted: [address].', urls: ['https://forum.example/t/9'] };

  async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${house.url()}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, json: z.unknown().parse(await response.json()) };
  }
  const status = (token: string, headers: Record<string, string> = {}) =>
    fetch(`${house.url()}${getReportStatus.path}`, { headers: { 'x-report-token': token, ...headers } });
  const act = (token: string, body: unknown) => post(addToReport.path, body, { 'x-report-token': token });

  it('a reporter gets a receipt, reads how it stands, adds, asks for safe contact and withdraws', async () => {
    const receipt = await house.stranger().call(sendReport, { body: { ...draft, contact: { mail: canary, name: 'Rahel' } } });
    const token = tokenOf(receipt.statusUrl);
    const first = ReportStatus.parse(await (await status(token)).json());
    expect(first).toMatchObject({ number: receipt.number, class: 'doxxing', messages: [], filesAdded: 0, mayAppeal: false });
    expect(first.nextAt).not.toBeNull();
    const content = Buffer.from('%PDF-1.7 a page').toString('base64');
    const added = await act(token, {
      act: 'add',
      text: 'It is still there.',
      files: [{ name: 'a.pdf', mediaType: 'x/y', content }],
    });
    expect(added).toMatchObject({
      status: 200,
      json: { filesAdded: 1, messages: [{ sender: 'reporter', text: 'It is still there.' }] },
    });
    expect((await act(token, { act: 'safety-contact', wanted: true, how: 'after nine' })).json).toMatchObject({
      wantsSafetyContact: true,
    });
    expect((await act(token, { act: 'withdraw' })).json).toMatchObject({ state: 'withdrawn', wantsSafetyContact: false });
    const refused = await act(token, { act: 'add', text: 'one more' });
    expect([refused.status, Problem.parse(refused.json).code]).toEqual([409, 'wrong-state']);
    expect((await act(token, { act: 'appeal', text: 'I want to appeal this.' })).status).toBe(409);
  });

  it('nobody reads a report without its link, and the link and the contact stand in no log line', async () => {
    const receipt = await house.stranger().call(sendReport, { body: { ...draft, contact: { mail: canary } } });
    const token = tokenOf(receipt.statusUrl);
    expect((await status('')).status).toBe(404);
    expect((await status(`${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`)).status).toBe(404);
    expect((await status(receipt.reportId)).status).toBe(404);
    expect(await (await status(token)).text()).not.toContain('rahel');
    await fetch(`${house.url()}/r/${token}/more`, { headers: { accept: 'application/json' } });
    await fetch(`${house.url()}/r/${token}`, { headers: { accept: 'application/json' }, redirect: 'manual' });
    const log = house.logged.join('');
    expect(log).not.toContain(token);
    expect(log).not.toContain('rahel');
  });

  it('guesses of links run dry, and a right one is then refused from that network too, with a time', async () => {
    const receipt = await house.stranger().call(sendReport, { body: draft });
    const from = { 'x-forwarded-for': '198.51.100.7' };
    const codes: number[] = [];
    for (let n = 0; n < 31; n += 1) codes.push((await status(sha256(`${n}`).slice(0, 43), from)).status);
    expect(codes.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 404));
    const dry = await status(tokenOf(receipt.statusUrl), from);
    expect([codes[30], dry.status]).toEqual([429, 429]);
    expect(Number(dry.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await status(tokenOf(receipt.statusUrl))).status).toBe(200);
  });

  it('a flood of ordinary reports is slowed down, and from the same network somebody in danger is always heard', async () => {
    const from = { 'x-forwarded-for': '198.51.100.9' };
    const codes = await Promise.all(Array.from({ length: 120 }, async () => (await post(sendReport.path, draft, from)).status));
    // One more fits every six seconds, and a busy machine may need some of them.
    expect(codes.filter((code) => code === 201).length).toBeGreaterThanOrEqual(100);
    expect(codes.filter((code) => code === 429).length).toBeGreaterThan(0);
    const refused = await post(sendReport.path, draft, from);
    expect(Problem.parse(refused.json).detail).toMatch(/not stored.*danger/);
    const heard = await post(sendReport.path, { ...draft, dangerNow: true }, from);
    expect([heard.status, ReportReceipt.parse(heard.json).note]).toEqual([201, undefined]);
  }, 60_000);

  it('files of one network run out, and then an ordinary report is told so and somebody in danger is taken without them', () => {
    const limits = intakeLimits(() => 0);
    const request = { method: 'POST', headers: new Headers(), clientAddress: '198.51.100.11' };
    const files = [{ name: 'a', mediaType: 'x/y', bytes: new Uint8Array(9 * 2 ** 20) }];
    for (let n = 0; n < 6; n += 1) expect(filesTaken(limits, request, null, files, false)).toEqual(files);
    expect(filesTaken(limits, request, null, files, true)).toEqual([]);
    expect(() => filesTaken(limits, request, null, files, false)).toThrow(/Nothing was stored/);
    expect(filesTaken(limits, { ...request, clientAddress: '198.51.100.12' }, null, files, false)).toEqual(files);
  });

  it('many large uploads at once are told to wait, words are not', async () => {
    const content = Buffer.alloc(2 * 2 ** 20, 7).toString('base64');
    const large = { ...draft, files: [{ name: 'a', mediaType: 'x/y', content }] };
    const codes = await Promise.all([
      ...Array.from({ length: 12 }, async () => (await post(sendReport.path, large)).status),
      ...Array.from({ length: 12 }, async () => 1000 + (await post(sendReport.path, draft)).status),
    ]);
    expect(codes.filter((code) => code === 201).length).toBeGreaterThan(0);
    expect(codes.filter((code) => code === 429).length).toBeGreaterThan(0);
    expect(codes.filter((code) => code === 1201)).toHaveLength(12);
  }, 60_000);

  it('files of child abuse are refused with hotlines, and the words are taken', async () => {
    const files = [{ name: 'x', mediaType: 'x/y', content: Buffer.from('x').toString('base64') }];
    const answer = await post(sendReport.path, { ...draft, class: 'child-abuse', files });
    expect(answer.status).toBe(201);
    expect(ReportReceipt.parse(answer.json).note).toMatch(/inhope\.org.*iwf\.org\.uk.*NCMEC/);
  });

  it.each([
    ['300 addresses', { ...draft, urls: Array.from({ length: 300 }, (_u, n) => `https://a.example/${n}`) }, 400],
    ['no words', { ...draft, text: '  ' }, 400],
    ['a megabyte of words', { ...draft, text: 'x'.repeat(2 ** 20 - 200) }, 400],
    ['a kind that is not known', { ...draft, class: 'weather' }, 400],
    ['eleven files', { ...draft, files: Array.from({ length: 11 }, () => ({ name: 'a', mediaType: 'x/y', content: '' })) }, 400],
    [
      'a file of eleven mebibytes',
      { ...draft, files: [{ name: 'a', mediaType: 'x/y', content: Buffer.alloc(11 * 2 ** 20).toString('base64') }] },
      422,
    ],
    ['no XARF', 'xarf', 422],
    ['broken JSON', '{"text":', 400],
  ])('%s: refused in a sentence, and nothing is stored', async (_name, body, code) => {
    const answer = body === 'xarf' ? await post('/api/v1/reports/xarf', { hello: 1 }) : await post(sendReport.path, body);
    expect(answer.status).toBe(code);
    expect(Problem.parse(answer.json).detail).toMatch(/Nothing was/);
  });

  it('a body of forty mebibytes is refused without being read', async () => {
    const answer = await fetch(`${house.url()}${sendReport.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `"${'x'.repeat(40 * 2 ** 20)}"`,
    }).catch(() => null);
    // The connection may be closed while it is still sending.
    if (answer !== null) expect(answer.status).toBe(413);
  });

  it('XARF is taken whole, its sender sealed, its kind known or other', async () => {
    const sent = {
      xarf_version: '4.2.0',
      report_id: '00000000-0000-4000-8000-000000000001',
      timestamp: '2026-01-11T15:15:24Z',
      reporter: { org: 'Watch of Example', contact: canary, domain: 'mail.example' },
      sender: { org: 'Watch of Example', contact: canary, domain: 'mail.example' },
      source_identifier: '192.0.2.45',
      category: 'content',
      type: 'moon_phase',
      url: 'https://forum.example/login',
      evidence: [{ content_type: 'text/plain', payload: Buffer.from('log line').toString('base64') }],
    };
    const answer = await post('/api/v1/reports/xarf', sent);
    expect(answer.status).toBe(201);
    const { statusUrl } = ReportReceipt.parse(answer.json);
    expect(await (await status(tokenOf(statusUrl))).json()).toMatchObject({ class: 'other', channel: 'xarf4', filesAdded: 1 });
    expect(house.logged.join('')).not.toContain('canary');
  });
});
