/** Times, numbers, hostnames and browsers as people read them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { browserName } from './agent.ts';
import { unicodeForm } from './hostname.ts';
import { rate, share } from './number.ts';
import { duration, exactTime, fromLocalInput, relativeTime, toLocalInput, utcTime } from './time.ts';

const now = Date.parse('2026-11-22T12:00:00.000Z');

describe('times', () => {
  it.each([
    [-400, 'now'],
    [-31_000, '31 sec ago'],
    [-3 * 60_000, '3 min ago'],
    [-26 * 3_600_000, '1 day ago'],
    [5 * 86_400_000 - 2000, 'in 5 days'],
    [1500, 'in 2 sec'],
  ])('%d ms away reads “%s”', (away, words) => {
    expect(relativeTime(now + away, now, 'en-GB')).toBe(words);
  });

  it('never call “now” what is still more than a second to come', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1001, max: 400 * 86_400_000 }), (away) =>
        relativeTime(now + away, now, 'en-GB').startsWith('in '),
      ),
    );
  });

  it('say the exact instant in a zone and in UTC', () => {
    expect(exactTime(now, 'en-GB', 'Europe/Berlin')).toBe('22 Nov 2026, 13:00:00 CET');
    expect(utcTime(now)).toBe('2026-11-22 12:00:00 UTC');
  });

  it('survive the way through a field to the minute', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }), (seconds) => {
        const minute = Math.floor(seconds / 60) * 60_000;
        return fromLocalInput(toLocalInput(minute)) === new Date(minute).toISOString();
      }),
    );
    expect(fromLocalInput('')).toBeNull();
  });

  it.each([
    [0.42, '0.4 ms'],
    [31.2, '31 ms'],
    [1430, '1.4 s'],
    [125_000, '2 min'],
    [43_200_000, '12 h'],
    [604_800_000, '7 d'],
  ])('a duration of %d ms reads “%s”', (ms, words) => {
    expect(duration(ms, 'en-GB')).toBe(words);
  });
});

describe('numbers', () => {
  it('of a rate keep what matters', () => {
    expect([0, 0.42, 9.96, 250.4, 12_300].map((value) => rate(value, 'en-GB'))).toEqual(['0', '0.4', '10', '250', '12.3k']);
  });

  it('of a share are 0 or 100 only when they are exactly that', () => {
    expect([share(0, 9, 'en'), share(1, 1000, 'en'), share(999, 1000, 'en'), share(9, 9, 'en'), share(0, 0, 'en')]).toEqual([
      '0 %',
      '<1 %',
      '>99 %',
      '100 %',
      '–',
    ]);
  });
});

describe('hostnames', () => {
  it('show what they read as', () => {
    expect(unicodeForm('xn--bcher-kva.example')).toBe('bücher.example');
    expect(unicodeForm('*.xn--fsqu00a.xn--0zwm56d')).toBe('*.例子.测试');
    expect(unicodeForm('forum.example')).toBeNull();
    expect(unicodeForm('xn--99999999999.example')).toBeNull();
  });

  it('of any letters come back as the URL standard wrote them', () => {
    const letters = fc.string({
      unit: fc.constantFrom(...'abcdefxyzäöüßéèñçøåþđłαβγδεжшщя例子测试한국어ابتثक'),
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(letters, (label) => {
        let ascii: string;
        try {
          ascii = new URL(`http://${label}.example/`).hostname;
        } catch {
          return;
        }
        const shown = unicodeForm(ascii) ?? ascii;
        expect(new URL(`http://${shown}/`).hostname).toBe(ascii);
      }),
    );
  });

  it('never throw, whatever follows the xn--', () => {
    fc.assert(fc.property(fc.string({ maxLength: 40 }), (text) => unicodeForm(`xn--${text}.example`) !== ''));
  });
});

describe('browsers', () => {
  it('have short names', () => {
    expect(
      browserName('Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'),
    ).toBe('Chromium on Linux');
    expect(browserName('')).toBe('–');
  });
});
