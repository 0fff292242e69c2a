/** Small rules of intake: the bucket, the language hint, the leaf of a receipt, what happens next. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Instant, ReceiptNumber } from '../../contract/ids.ts';
import { ReportClass, ReportState } from '../../contract/desk/words.ts';
import { languageHint } from './language.ts';
import { takeFrom } from './limits.ts';
import type { Bucket } from './limits.ts';
import { canonicalJson } from '../../contract/canonical.ts';
import { committedText, receiptLeaf, saltSource } from './receipt-leaf.ts';
import { nextForReport } from './report-next.ts';

describe('a bucket', () => {
  const rule = { burst: 10, perHour: 60 };

  it('never lets through more than its burst and what time refilled, and says when it will', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 120_000 }), { minLength: 1, maxLength: 200 }), (pauses) => {
        let nowMs = 1_000_000;
        let bucket: Bucket | null = null;
        let went = 0;
        for (const pause of pauses) {
          nowMs += pause;
          const verdict = takeFrom(rule, bucket, nowMs, 1);
          bucket = verdict.next;
          if (verdict.kind === 'go') went += 1;
          else expect(takeFrom(rule, bucket, nowMs + verdict.retryAfterMs, 1).kind).toBe('go');
        }
        const hours = (nowMs - 1_000_000) / 3_600_000;
        expect(went).toBeLessThanOrEqual(rule.burst + hours * rule.perHour + 1e-6);
      }),
    );
  });

  it('is not filled by a clock that goes back', () => {
    let bucket: Bucket | null = null;
    for (let n = 0; n < 10; n += 1) bucket = takeFrom(rule, bucket, 5_000_000, 1).next;
    expect(takeFrom(rule, bucket, 1_000_000, 1).kind).toBe('wait');
  });

  it('lets through what is more than a burst once it is full', () => {
    expect(takeFrom(rule, null, 0, 50).kind).toBe('go');
    expect(takeFrom(rule, { left: 9, atMs: 0 }, 0, 50).kind).toBe('wait');
  });
});

describe('the language hint', () => {
  it.each([
    ['They posted my address and said that they are coming to my house tonight.', 'en'],
    ['Sie haben meine Adresse veröffentlicht, und ich habe Angst, dass sie zu mir kommen.', 'de'],
    ['Han publicado mi dirección y dicen que van a venir a mi casa por la noche con una pistola.', 'es'],
    ['Ils ont publié mon adresse et disent que je ne suis pas en sécurité dans ma maison.', 'fr'],
    ['نشروا عنواني وقالوا إنهم سيأتون إلى بيتي الليلة', 'ar'],
    ['Они опубликовали мой адрес', 'ru'],
    ['住所が公開されました', 'ja'],
    ['https://forum.example/1 https://forum.example/2', null],
    ['', null],
    ['🙂🙂🙂', null],
  ])('of “%s” is %s', (text, language) => {
    expect(languageHint(text)).toBe(language);
  });

  it('never fails and reads only so far', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => void languageHint(text)));
    const began = performance.now();
    languageHint('a '.repeat(500_000));
    expect(performance.now() - began).toBeLessThan(500);
  });
});

describe('a receipt’s leaf', () => {
  const content = {
    channel: 'form',
    class: 'doxxing',
    text: 'My street was posted: [address].',
    urls: ['https://forum.example/t/1'],
    hostname: 'forum.example',
    happenedAt: null,
    files: [],
  } as const;

  it('commits to everything that was sent, and to the token', () => {
    const whole = committedText('salt', content);
    const others = [
      committedText('other', content),
      committedText('salt', { ...content, channel: 'api' }),
      committedText('salt', { ...content, class: 'other' }),
      committedText('salt', { ...content, text: `${content.text} ` }),
      committedText('salt', { ...content, urls: [] }),
      committedText('salt', { ...content, hostname: null }),
      committedText('salt', { ...content, happenedAt: Instant.parse('2026-01-01T00:00:00.000Z') }),
      committedText('salt', { ...content, files: ['00'] }),
    ];
    expect(new Set([whole, ...others]).size).toBe(9);
    expect(saltSource('a')).not.toBe(saltSource('b'));
  });

  it('says a number, an instant and a commitment, always in the same bytes', () => {
    const leaf = receiptLeaf({
      number: ReceiptNumber.parse(7),
      receivedAt: Instant.parse('2026-01-01T00:00:00.000Z'),
      commitment: 'abc',
    });
    expect(leaf).toBe('{"commitment":"abc","number":7,"receivedAt":"2026-01-01T00:00:00.000Z","type":"report","v":1}');
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.stringMatching(/^[0-9a-f]{64}$/), (n, commitment) => {
        const facts = { number: ReceiptNumber.parse(n), receivedAt: Instant.parse('2026-01-01T00:00:00.000Z'), commitment };
        expect(receiptLeaf(facts)).toBe(canonicalJson({ v: 1, type: 'report', ...facts }));
      }),
    );
  });
});

describe('what a reporter is told', () => {
  it('follows from their own report alone, for every state and class', () => {
    const receivedAt = Instant.parse('2026-01-05T10:00:00.000Z');
    for (const state of ReportState.options) {
      for (const kind of ReportClass.options) {
        for (const fastLane of [true, false]) {
          const next = nextForReport({ state, class: kind, fastLane, receivedAt });
          expect(next.at === null || next.at > receivedAt).toBe(true);
        }
      }
    }
    const urgent = nextForReport({ state: 'acknowledged', class: 'other', fastLane: true, receivedAt });
    expect(urgent).toEqual({ step: 'read', at: '2026-01-05T10:15:00.000Z' });
    expect(nextForReport({ state: 'more-asked', class: 'other', fastLane: false, receivedAt }).step).toBe('your-turn');
  });
});
