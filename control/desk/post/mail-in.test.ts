/** Mail in, over a real SMTP connection: every kind, who is believed, what is ignored, and that nothing is lost or told. */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PersonId } from '../../../contract/ids.ts';
import { setOnCallIn } from '../../../store/desk/on-call.ts';
import { insertPerson } from '../../../store/identity/people.ts';
import { sendMail, sendRaw } from '../../../tests/harness/mail-sender.ts';
import type { Letter } from '../../../tests/harness/mail-sender.ts';
import { startMailDesk } from '../../../tests/harness/mail-desk.ts';
import type { MailDesk } from '../../../tests/harness/mail-desk.ts';
import { startRelay } from '../../../tests/harness/mail-relay.ts';
import type { TestRelay } from '../../../tests/harness/mail-relay.ts';
import { until } from '../../../tests/harness/ports.ts';
import { describeCrashesOnBoth } from '../../../tests/harness/stores.ts';
import { nowOf } from '../../deps.ts';
import { sendDue } from './sender.ts';

// Its record fits into one string of TXT, which is all that the test's name server knows.
const keys = generateKeyPairSync('rsa', { modulusLength: 1024 });
const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const dkim = { domainName: 'people.example', keySelector: 's1', privateKey };

const ada = PersonId.parse('person_aaaaaaaaaaaa');

const letter: Letter = {
  from: 'Rahel Canary <rahel.canary@people.example>',
  to: 'abuse@shield.example',
  subject: 'About forum.example',
  text: 'Somebody posted [threat naming a place and time] at https://forum.example/t/1',
};

const Machine = z.object({ mail: z.record(z.string(), z.unknown()) }).loose();

describeCrashesOnBoth('mail in', (databases) => {
  let desk: MailDesk;
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startRelay();
    desk = await startMailDesk(await databases.fresh(), { mailRelay: relay.url });
    desk.dns.set('s1._domainkey.people.example', { txt: [`v=DKIM1; k=rsa; p=${publicKey}`] });
  });
  afterAll(async () => {
    await desk.stop();
    await relay.stop();
  });

  const count = async (): Promise<number> => (await desk.store.db.selectFrom('report').select('report_id').execute()).length;
  const newest = async () => {
    const row = await desk.store.db
      .selectFrom('report')
      .selectAll()
      .orderBy('receipt_number', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow();
    return { ...row, machine: Machine.parse(row.machine) };
  };
  const waiting = async () =>
    (await desk.store.db.selectFrom('outbox').select('page_id').where('sent_at', 'is', null).execute()).length;
  const send = (over: Partial<Letter>) => sendMail(desk.port, { ...letter, ...over });

  it('a plain mail is a report; its sender is sealed, and gets no answer because nobody vouches for them', async () => {
    expect(await send({})).toMatch(/^250/);
    const report = await newest();
    expect(report).toMatchObject({
      channel: 'mail',
      class: 'other',
      fast_lane: false,
      reporter_proof: 'none',
      state: 'received',
    });
    expect(report.text).toBe(`About forum.example\n\n${letter.text}`);
    const sealed =
      report.reporter_sealed_id === null ? null : await desk.deps.seal.open(desk.store.db, report.reporter_sealed_id);
    expect(sealed).toMatchObject({ mail: 'rahel.canary@people.example', name: 'Rahel Canary' });
    expect(await waiting()).toBe(0);
    const raw = report.raw_blob_id === null ? null : await desk.deps.seal.openBlob(desk.store.db, report.raw_blob_id);
    expect(Buffer.from(raw?.bytes ?? []).toString()).toContain('Subject: About forum.example');
  });

  it('a DKIM signature of the sender’s own domain proves the mailbox; the receipt goes there, and an answer to it becomes a message', async () => {
    await send({ dkim });
    const report = await newest();
    expect(report).toMatchObject({ reporter_proof: 'mail', state: 'acknowledged' });
    expect(report.machine.mail).toMatchObject({ dkim: 'pass' });
    await sendDue(desk.deps, { channels: ['mail'], urgent: false });
    const [receipt] = relay.mails.splice(0);
    expect(receipt?.to).toEqual(['rahel.canary@people.example']);
    const flat = receipt?.words ?? '';
    expect(flat).toContain('https://shield.example/r/');
    expect(flat).toContain(report.receipt_sha256);
    expect(flat).not.toContain('threat naming');
    const messageId = /^Message-ID: (<\S+>)/m.exec(receipt?.text ?? '')?.[1] ?? '';
    const before = await count();
    await send({ dkim, inReplyTo: messageId, subject: 'Re: We have your report', text: 'It is still there.' });
    const said = await desk.store.db.selectFrom('report_message').selectAll().where('report_id', '=', report.report_id).execute();
    expect(said.map((message) => [message.sender, message.text])).toEqual([['reporter', 'It is still there.']]);
    expect(await count()).toBe(before);
    // The same answer from somebody else, or without proof, is a report of its own.
    await send({ inReplyTo: messageId, text: 'I take everything back.' });
    expect(await count()).toBe(before + 1);
  });

  it('the receipt is in the language of the report', async () => {
    relay.mails.length = 0;
    desk.dns.set('leute.example', { txt: ['v=spf1 ip4:127.0.0.1 -all'] });
    await send({ from: 'ada@leute.example', text: 'Auf dem Forum steht, dass ich nicht sicher bin. Sie drohen mit [Drohung].' });
    await sendDue(desk.deps, { channels: ['mail'], urgent: false });
    expect(relay.mails[0]?.words).toContain('hat Ihre Meldung erhalten');
    expect(relay.mails[0]?.words).toContain('https://shield.example/r/');
  });

  it('a signature of another domain proves nothing, and a stranger’s mailbox gets no mail from us', async () => {
    const before = await waiting();
    await send({ from: 'victim@other.example', dkim });
    expect((await newest()).reporter_proof).toBe('none');
    expect(await waiting()).toBe(before);
  });

  it('SPF of the domain in From proves the mailbox as well', async () => {
    desk.dns.set('office.example', { txt: ['v=spf1 ip4:127.0.0.1 -all'] });
    await send({ from: 'ada@office.example' });
    const report = await newest();
    expect(report.machine.mail).toMatchObject({ spf: 'pass' });
    expect(report.reporter_proof).toBe('mail');
  });

  it('name servers that do not answer prove nothing and lose nothing', async () => {
    desk.dns.fail(true);
    expect(await send({ dkim })).toMatch(/^250/);
    desk.dns.fail(false);
    expect(await newest()).toMatchObject({ reporter_proof: 'none' });
  });

  it('one mailbox gets only a few automatic mails an hour', async () => {
    desk.dns.set('busy.example', { txt: ['v=spf1 ip4:127.0.0.1 -all'] });
    const before = await waiting();
    for (let n = 0; n < 8; n += 1) await send({ from: 'ada@busy.example' });
    expect((await waiting()) - before).toBe(5);
    desk.pass(3_600_000);
    await send({ from: 'ada@busy.example' });
    expect((await waiting()) - before).toBe(6);
  });

  it('danger@ is the fast lane; words of urgency elsewhere are not, and no machine is', async () => {
    await send({ subject: 'URGENT danger now' });
    expect(await newest()).toMatchObject({ fast_lane: false, class: 'other' });
    await send({ to: 'danger@shield.example' });
    expect(await newest()).toMatchObject({ fast_lane: true, class: 'threat-to-life' });
    await send({ to: 'danger@shield.example', headers: { Precedence: 'bulk' } });
    expect(await newest()).toMatchObject({ fast_lane: false });
  });

  it('ARF becomes a report with its class, addresses and time, and the reported mail stays a file', async () => {
    await sendRaw(desk.port, { from: '', to: ['abuse@shield.example'] }, arf('fraud'));
    const report = await newest();
    expect(report).toMatchObject({
      channel: 'arf',
      class: 'phishing',
      hostname: 'forum.example',
      happened_at: '2026-03-08T19:00:00.000Z',
    });
    expect(JSON.stringify(report.urls)).toContain('http://forum.example/earn');
    expect(JSON.stringify(report.machine)).not.toMatch(/victim@|spammer@|2000/);
    const files = await desk.store.db
      .selectFrom('report_file')
      .select('name')
      .where('report_id', '=', report.report_id)
      .execute();
    expect(files).toEqual([{ name: 'mail.eml' }]);
  });

  it('XARF comes as an attachment, in an ARF too; kinds that nobody knows are kept as other', async () => {
    const xarf = (type: string) => ({
      filename: 'xarf.json',
      contentType: 'application/json',
      content: JSON.stringify({
        xarf_version: '4.0.0',
        report_id: '550e8400-e29b-41d4-a716-446655440000',
        timestamp: '2026-01-15T14:30:25Z',
        reporter: { org: 'Example Watch', contact: 'desk@watch.example', domain: 'watch.example' },
        source_identifier: '192.0.2.9',
        category: 'content',
        type,
        url: 'https://forum.example/login',
        evidence: [],
      }),
    });
    await send({ attachments: [xarf('phishing')] });
    expect(await newest()).toMatchObject({ channel: 'xarf4', class: 'phishing', happened_at: '2026-01-15T14:30:25.000Z' });
    await send({ attachments: [xarf('a-kind-of-tomorrow')], headers: { 'Auto-Submitted': 'auto-generated' } });
    expect(await newest()).toMatchObject({ channel: 'xarf4', class: 'other' });
    await send({ attachments: [{ filename: 'xarf.json', content: '{"xarf_version": "4' }] });
    expect(await newest()).toMatchObject({ channel: 'mail', class: 'other' });
  });

  it('what is criminal to hold is not kept, neither as a file nor in the mail', async () => {
    const content = JSON.stringify({ xarf_version: '4.0.0', category: 'content', type: 'csam', url: 'https://forum.example/x' });
    await send({ attachments: [{ filename: 'xarf.json', contentType: 'application/json', content }] });
    const report = await newest();
    expect(report).toMatchObject({ class: 'child-abuse', raw_blob_id: null });
    expect(await desk.store.db.selectFrom('blob').select('blob_id').where('file_id', '=', report.report_id).execute()).toEqual(
      [],
    );
  });

  it.each([
    ['a vacation answer', { 'Auto-Submitted': 'auto-replied' }],
    ['our own mail come back', { 'X-Loop': 'desk@shield.example' }],
  ])('%s makes no report and gets no answer', async (_name, headers) => {
    const [before, mails] = [await count(), await waiting()];
    expect(await send({ dkim, headers })).toMatch(/^250/);
    expect([await count(), await waiting()]).toEqual([before, mails]);
  });

  it('a bounce makes no report', async () => {
    const before = await count();
    const bounce = 'From: mailer-daemon@people.example\r\nSubject: Undelivered\r\n\r\nYour mail did not arrive.';
    expect((await sendRaw(desk.port, { from: '', to: ['desk@shield.example'] }, bounce)).code).toBe(250);
    expect(await count()).toBe(before);
  });

  it('a newsletter is taken and not answered', async () => {
    const [before, mails] = [await count(), await waiting()];
    await send({ dkim, headers: { 'List-Id': '<news.people.example>' } });
    expect([await count(), await waiting()]).toEqual([before + 1, mails]);
  });

  it('HTML becomes text, and where its links lead is kept', async () => {
    const html =
      '<p>Look &amp; see</p><script>alert(1)</script><a href="https://forum.example/bait">our bank</a><img src="https://x.example/p.png">';
    await sendRaw(
      desk.port,
      { from: 'a@people.example', to: ['abuse@shield.example'] },
      `From: a@people.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n${html}`,
    );
    const { text } = await newest();
    expect(text).toContain('Look & see');
    expect(text).toContain('https://forum.example/bait');
    expect(text).not.toMatch(/<p>|<script|alert\(1\)/);
  });

  it('only our mailboxes are taken, and nothing is passed on', async () => {
    for (const to of ['ada@shield.example', 'abuse@other.example', 'abuse%other.example@shield.example']) {
      expect((await sendRaw(desk.port, { from: 'a@people.example', to: [to] }, 'Subject: x\r\n\r\nx')).code, to).toBe(550);
    }
    expect(
      (await sendRaw(desk.port, { from: 'a@people.example', to: ['Postmaster@SHIELD.example'] }, 'Subject: x\r\n\r\nx')).code,
    ).toBe(250);
  });

  it('nobody’s address stands in a log line', () => {
    expect(desk.logged.join('')).not.toMatch(/canary|@people\.example|@office\.example|threat naming|\/r\//);
  });

  describe('an authority’s mail', () => {
    it('is a request that is not complete, whatever its signature; an emergency wakes people and waits for a call back', async () => {
      desk.dns.set('police.example', { txt: ['v=spf1 ip4:127.0.0.1 -all'] });
      const before = await count();
      await send({
        from: 'officer@police.example',
        to: 'authority@shield.example',
        subject: 'Emergency disclosure request',
        text: 'Imminent danger.',
      });
      expect(await count()).toBe(before);
      const rows = await desk.store.db.selectFrom('authority_request').selectAll().execute();
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({
        kind: 'emergency-request',
        state: 'call-back-due',
        channel: 'mail',
        mail_proof: { spf: 'pass' },
      });
      expect(rows[0]?.agency).toContain('unverified');
      const alarms = await desk.store.db.selectFrom('alarm').select('sentence').execute();
      expect(JSON.stringify(alarms)).toContain('call back');
      expect(desk.logged.join('')).not.toContain('officer@');
    });

    it('a flood of them wakes people once, and each is kept', async () => {
      const at = nowOf(desk.deps);
      await insertPerson(desk.store.db, {
        personId: ada,
        name: 'Ada',
        nameKey: 'ada',
        roles: ['lead'],
        accountId: null,
        state: 'active',
        createdAt: at,
      });
      const address = { encrypted: desk.deps.seal.encrypt('ada@house.example'), hint: 'x' };
      await setOnCallIn(desk.store.db, { personId: ada, name: 'Ada', channel: 'mail', position: 1, active: true, address, at });
      // The first of ten minutes, so that the clock does not turn in between.
      desk.pass(600_000 - (desk.deps.now() % 600_000));
      const before = (await desk.store.db.selectFrom('authority_request').select('authority_id').execute()).length;
      for (let n = 0; n < 4; n += 1) await send({ to: 'authority@shield.example', subject: `Emergency request ${n}` });
      const after = await desk.store.db.selectFrom('authority_request').select('authority_id').execute();
      expect(after.length - before).toBe(4);
      const pages = await desk.store.db.selectFrom('outbox').select('page_id').where('person_id', '=', ada).execute();
      expect(pages).toHaveLength(1);
    });
  });

  if (databases.kind === 'postgresql') {
    it('while the database is away the sender is told to keep the mail, and nothing is lost', async () => {
      const server = databases.server();
      if (server === null) throw new Error('there is a server');
      const before = await count();
      await server.crash();
      const away = await sendRaw(
        desk.port,
        { from: 'a@people.example', to: ['abuse@shield.example'] },
        'Subject: kept\r\n\r\nkept',
      );
      expect(away.code).toBe(451);
      await server.start();
      const again = await until('the mail is taken', async () => {
        const sent = await sendRaw(
          desk.port,
          { from: 'a@people.example', to: ['abuse@shield.example'] },
          'Subject: kept\r\n\r\nkept',
        );
        return sent.code === 250 && sent;
      });
      expect(again.code).toBe(250);
      expect(await count()).toBe(before + 1);
    });
  }
});

function arf(type: string): string {
  return [
    'From: <abusedesk@mail.example>',
    'Subject: FW: Earn money',
    'To: <abuse@shield.example>',
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=feedback-report; boundary="part1"',
    '',
    '--part1',
    'Content-Type: text/plain; charset="US-ASCII"',
    '',
    'This is an email abuse report.',
    '',
    '--part1',
    'Content-Type: message/feedback-report',
    '',
    `Feedback-Type: ${type}`,
    'User-Agent: SomeGenerator/1.0',
    'Version: 1',
    'Original-Mail-From: <spammer@mail.example>',
    'Original-Rcpt-To: <victim@people.example>',
    'Arrival-Date: Thu, 8 Mar 2026 14:00:00 -0500',
    'Reported-Domain: forum.example',
    'Reported-Uri: http://forum.example/earn',
    'Incidents: 2000',
    '',
    '--part1',
    'Content-Type: message/rfc822',
    '',
    'From: <spammer@mail.example>',
    'To: <victim@people.example>',
    'Subject: Earn money',
    '',
    'Spam spam.',
    '--part1--',
    '',
  ].join('\r\n');
}
