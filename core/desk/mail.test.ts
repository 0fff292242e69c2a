/** Mails judged by their headers, mailboxes, ARF: claims and properties. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instantIn, parseFeedback } from './arf.ts';
import { answeredPages, foremostUse, mailboxAt, natureOf, reportText, suggestAuthorityKind } from './mail.ts';
import type { MailSigns } from './mail.ts';

const signs = (headers: Record<string, string>, over: Partial<MailSigns> = {}): MailSigns => ({
  headers: Object.entries(headers).map(([key, value]) => ({ key, value })),
  envelopeFrom: 'ada@people.example',
  ownDomain: 'shield.example',
  isReport: false,
  ...over,
});

describe('the nature of a mail', () => {
  it.each([
    ['person', {}],
    ['person', { 'auto-submitted': 'no' }],
    ['auto-reply', { 'auto-submitted': 'auto-replied (vacation)' }],
    ['auto-reply', { 'x-autoreply': 'yes' }],
    ['auto-reply', { precedence: 'auto_reply' }],
    ['machine', { 'auto-submitted': 'auto-generated' }],
    ['machine', { precedence: 'bulk' }],
    ['machine', { 'list-id': '<news.list.example>' }],
    ['bounce', { 'content-type': 'multipart/report; report-type=delivery-status; boundary=x' }],
    ['bounce', { 'content-type': 'multipart/report;\treport-type="disposition-notification"' }],
    ['loop', { 'x-loop': 'desk@shield.example' }],
    ['loop', { 'message-id': '<page_0123456789ab@Shield.example>' }],
  ])('is %s for %j', (nature, headers) => {
    expect(natureOf(signs(headers))).toBe(nature);
  });

  it('a null return path is a bounce, unless a machine reports', () => {
    expect(natureOf(signs({}, { envelopeFrom: '' }))).toBe('bounce');
    expect(natureOf(signs({ 'auto-submitted': 'auto-generated' }, { envelopeFrom: '', isReport: true }))).toBe('person');
  });

  it('a mail that went round is a loop even when it says that it is a report', () => {
    const headers = Array.from({ length: 61 }, () => ({ key: 'received', value: 'from a by b' }));
    expect(natureOf({ ...signs({}), headers, isReport: true })).toBe('loop');
  });
});

describe('mailboxes', () => {
  it('are ours by name and domain, whatever their case or tag', () => {
    expect(mailboxAt('ABUSE@Shield.Example', 'shield.example')).toBe('report');
    expect(mailboxAt('report+x@shield.example', 'shield.example')).toBe('report');
    expect(mailboxAt('danger@shield.example', 'shield.example')).toBe('danger');
    expect(mailboxAt('authority@shield.example', 'shield.example')).toBe('authority');
    expect(mailboxAt('Postmaster', 'shield.example')).toBe('report');
    for (const other of [
      'abuse@other.example',
      'ada@shield.example',
      'abuse',
      '__proto__@shield.example',
      'constructor@shield.example',
      '@shield.example',
      '',
    ]) {
      expect(mailboxAt(other, 'shield.example'), other).toBeNull();
    }
  });

  it('of several the foremost counts', () => {
    expect(foremostUse(['report', 'danger', 'authority'])).toBe('danger');
    expect(foremostUse(['report', 'authority'])).toBe('authority');
    expect(foremostUse(['report'])).toBe('report');
  });
});

describe('answers to our messages', () => {
  it('are told by our Message-IDs of our domain only', () => {
    const headers = [
      { key: 'in-reply-to', value: '<page_0123456789ab@shield.example>' },
      { key: 'references', value: '<x@y.example> <page_aaaaaaaaaaaa@other.example> <page_bbbbbbbbbbbb@SHIELD.example>' },
    ];
    expect(answeredPages(headers, 'shield.example').sort()).toEqual(['page_0123456789ab', 'page_bbbbbbbbbbbb']);
  });
});

describe('a mail’s words', () => {
  it('are never empty and never longer than a report’s text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', maxLength: 30_000 }), (subject, body) => {
        const text = reportText(subject, body);
        expect(text.length).toBeGreaterThan(0);
        expect(text.length).toBeLessThanOrEqual(20_000);
      }),
    );
  });

  it('suggest what an authority asks for, the urgent kind first', () => {
    expect(suggestAuthorityKind('Preservation request', '')).toBe('preservation');
    expect(suggestAuthorityKind('Emergency disclosure', 'please preserve')).toBe('emergency-request');
    expect(suggestAuthorityKind('Order 12/34', 'see attached')).toBe('order');
  });
});

const sample = [
  'Feedback-Type: fraud',
  'User-Agent: SomeGenerator/1.0',
  'Version: 1',
  'Original-Mail-From: <somespammer@mail.example>',
  'Original-Rcpt-To: <user@people.example>',
  'Arrival-Date: Thu, 8 Mar 2026 14:00:00 -0500 (EST)',
  'Reported-Domain: Forum.Example.',
  'Reported-Uri: http://forum.example/earn_money.html',
  'Reported-Uri: mailto:user@people.example',
  'Incidents: 2000',
  'Source-IP: 192.0.2.1',
  'X-Folded: a',
  ' b',
].join('\r\n');

describe('ARF', () => {
  it('is read as RFC 5965 writes it', () => {
    expect(parseFeedback(sample)).toEqual({
      class: 'phishing',
      urls: ['http://forum.example/earn_money.html', 'mailto:user@people.example'],
      hostname: 'forum.example',
      happenedAt: '2026-03-08T19:00:00.000Z',
      machine: { 'feedback-type': 'fraud', version: '1', 'user-agent': 'SomeGenerator/1.0', 'source-ip': '192.0.2.1' },
    });
  });

  it('hands on no mailbox of anybody and no count', () => {
    const { machine } = parseFeedback(sample.replace('SomeGenerator/1.0', 'user@people.example'));
    expect(JSON.stringify(machine)).not.toMatch(/@|2000/);
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 5000 }), (text) => {
        expect(() => parseFeedback(text)).not.toThrow();
      }),
    );
    expect(parseFeedback(`Reported-Uri: ${'x'.repeat(1_000_000)}\n${'a:b\n'.repeat(100_000)}`).urls[0]).toHaveLength(4000);
    for (const odd of ['', 'yesterday', '99999999999', '+275760-09-13T00:00:00Z', 'Thu, 8 Mar 99999 14:00:00']) {
      expect(() => instantIn(odd)).not.toThrow();
    }
  });
});
