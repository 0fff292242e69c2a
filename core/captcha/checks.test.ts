/** The pure parts of a check of the provider: lines, plans, the waiting line, rates, figures. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLine, writeLine } from './check-line.ts';
import type { CheckState } from './check-line.ts';
import { closedBefore, solveColumn, solveQuantile, softens, stretchOf } from './figures.ts';
import { deviceClass, isCalm, planFor, plans } from './plan.ts';
import { Rates } from './rates.ts';
import { ofNetwork, WaitingLine } from './waiting-line.ts';

/** No MAC, only something that hangs on every character. */
const mac = (keyName: string, text: string) => {
  if (!['k1', 'k2'].includes(keyName)) return null;
  let sum = keyName === 'k1' ? 7n : 11n;
  for (const letter of text) sum = (sum * 1_000_003n + BigInt(letter.codePointAt(0) ?? 0)) % 2n ** 127n;
  return sum.toString(16).padStart(32, '0');
};
const same = (one: string, other: string) => one === other;
const visible = (most: number) =>
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: most });
const hex = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const instant = fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 });
const small = fc.integer({ min: 0, max: 999_999_999 });
const works = fc.oneof(
  fc.record({ kind: fc.constant('time' as const), issuedMs: instant, seed: hex(32), modulusId: hex(16), squarings: small }),
  fc.record({
    kind: fc.constant('memory' as const),
    issuedMs: instant,
    beganMs: instant,
    seed: hex(32),
    searches: small,
    tries: small,
    kib: small,
  }),
  fc.record({
    kind: fc.constant('wait' as const),
    readyMs: instant,
    at: fc.integer({ min: 1, max: 9 }),
    of: fc.integer({ min: 1, max: 9 }),
    seconds: fc.integer({ min: 1, max: 9999 }),
  }),
);
const states: fc.Arbitrary<CheckState> = fc.record({
  lineId: hex(32),
  siteKey: visible(100),
  hostname: visible(253),
  action: visible(100),
  cData: visible(255),
  beganMs: instant,
  plan: fc.constantFrom(...plans),
  calm: fc.boolean(),
  at: fc.integer({ min: 1, max: 9 }),
  hashMs: fc.option(small),
  work: works,
});

describe('a line', () => {
  it('reads back as it was written, is never longer than the contract says, and reads with no other key', () => {
    fc.assert(
      fc.property(states, fc.constantFrom('k1', 'k2'), (state, key) => {
        const line = writeLine(state, key, mac);
        expect(line.length).toBeLessThanOrEqual(2048);
        expect(readLine(line, mac, same)).toEqual(state);
        expect(readLine(line.replace(/^k\d/, key === 'k1' ? 'k2' : 'k1'), mac, same)).toBeNull();
        expect(readLine(line.replace(/^k\d/, 'k3'), mac, same)).toBeNull();
      }),
    );
  });

  it('differs for states that differ, though their fields put together are the same text', () => {
    fc.assert(
      fc.property(states, visible(20), visible(20), (state, one, other) => {
        const text = (hostname: string, action: string) => writeLine({ ...state, hostname, action }, 'k1', mac);
        expect(text(one + other, '') === text(one, other)).toBe(other === '');
      }),
    );
  });

  it('is none when a character of it was changed, and nothing that is read ever throws', () => {
    fc.assert(
      fc.property(states, fc.nat(), visible(1), (state, where, letter) => {
        const line = writeLine(state, 'k1', mac);
        const at = where % line.length;
        const changed = `${line.slice(0, at)}${letter}${line.slice(at + 1)}`;
        if (changed !== line) expect(readLine(changed, mac, same)).toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), (text) => {
        expect(readLine(text, mac, same)).toBeNull();
        // Signed, but no state: of another version of the program.
        const body = text.replace(/[^\x20-\x7e]/g, '').slice(0, 1000);
        const signed = mac('k1', `portcullis captcha check 1\n${body}`);
        expect(readLine(`k1.${signed}.${body}`, mac, same)).toBeNull();
      }),
    );
  });
});

describe('a plan', () => {
  const quiet = { begun: 1, wrong: 0, busy: 0, trapped: false };

  it("is the key's level for an ordinary visitor, one less when the key is softened, and never less than light", () => {
    expect(planFor('normal', quiet, false)).toBe('normal');
    expect(planFor('normal', quiet, true)).toBe('light');
    expect(planFor('light', quiet, true)).toBe('light');
    expect(planFor('hard', quiet, true)).toBe('normal');
  });

  it('asks more of networks that begin much or answer wrong, whom a softened key does not help, and under load', () => {
    expect(planFor('light', { ...quiet, begun: 100 }, true)).toBe('normal');
    expect(planFor('light', { ...quiet, begun: 2000 }, true)).toBe('most');
    expect(planFor('normal', { ...quiet, wrong: 30 }, false)).toBe('most');
    expect(planFor('normal', { ...quiet, busy: 0.9 }, false)).toBe('hard');
    expect(isCalm({ ...quiet, busy: 1 })).toBe(true);
    expect(isCalm({ ...quiet, begun: 100 })).toBe(false);
  });

  it('is the hardest for who fills in what people do not see', () => {
    expect(planFor('light', { ...quiet, trapped: true }, true)).toBe('most');
  });

  it('takes a device without a benchmark for a slow one', () => {
    expect([deviceClass(18), deviceClass(60), deviceClass(300), deviceClass(null)]).toEqual(['fast', 'middle', 'slow', 'slow']);
  });
});

describe('the waiting line', () => {
  it('lets a few of a network wait the usual time, spreads a crowd, and turns away what would wait for minutes', () => {
    const line = new WaitingLine();
    const extra = Array.from({ length: 100 }, () => line.enter('key', '192.0.2.0/24', 1_000_000));
    expect(extra.slice(0, ofNetwork.atOnce)).toEqual(Array.from({ length: ofNetwork.atOnce }, () => 0));
    expect(extra.slice(ofNetwork.atOnce, ofNetwork.atOnce + 3)).toEqual([2000, 4000, 6000]);
    expect(extra.at(-1)).toBeNull();
    expect(line.enter('key', '198.51.100.0/24', 1_000_000)).toBe(0);
    expect(line.enter('key', '192.0.2.0/24', 1_000_000 + 3_600_000)).toBe(0);
  });

  it('holds a bounded number of rows', () => {
    const line = new WaitingLine(100);
    for (let n = 0; n < 1000; n += 1) line.enter('key', `n${n}`, 1_000_000);
    expect(line.rows).toBeLessThanOrEqual(101);
  });
});

it('rates fade, and hold a bounded number of rows', () => {
  const rates = new Rates(60_000, 100);
  for (let n = 0; n < 10; n += 1) rates.add('a', 1_000_000);
  expect(rates.of('a', 1_000_000)).toBe(10);
  expect(rates.of('a', 1_060_000)).toBeCloseTo(3.68, 1);
  expect(rates.of('b', 1_000_000)).toBe(0);
  for (let n = 0; n < 1000; n += 1) rates.add(`n${n}`, 1_000_000);
  expect(rates.rows).toBeLessThanOrEqual(100);
});

describe('figures', () => {
  it('soften a key only on many calm visitors who gave up', () => {
    expect(softens({ calmAsked: 29, calmPassed: 0 })).toBe(false);
    expect(softens({ calmAsked: 100, calmPassed: 65 })).toBe(true);
    expect(softens({ calmAsked: 100, calmPassed: 75 })).toBe(false);
    expect(softens({ calmAsked: 0, calmPassed: 0 })).toBe(false);
  });

  it('say a time by its column, and a quantile between the bounds of one', () => {
    expect([solveColumn(0), solveColumn(300), solveColumn(301), solveColumn(99_999)]).toEqual([0, 0, 1, 7]);
    expect(solveQuantile([0, 10, 0, 0, 0, 0, 0, 0], 0.5)).toBe(450);
    expect(solveQuantile([5, 5, 0, 0, 0, 0, 0, 0], 0.95)).toBe(570);
    expect(solveQuantile([0, 0, 0, 0, 0, 0, 0, 3], 0.5)).toBe(8000);
    expect(solveQuantile([], 0.5)).toBeNull();
  });

  it('are of a stretch, and count who gave up when no answer can come any more', () => {
    expect(stretchOf(1_800_000_123_456) % 300_000).toBe(0);
    expect(1_800_000_123_456 - closedBefore(1_800_000_123_456)).toBeGreaterThanOrEqual(900_000);
  });
});
