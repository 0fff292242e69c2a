import fc from 'fast-check';
import { argon2Sync, createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GiveUps } from './give-ups.ts';
import { isChain, readFinds, searchChain, writeFinds } from './memory-chain.ts';
import type { MemoryHash } from './memory-chain.ts';
import type { MemoryPuzzle, Puzzle } from './puzzle.ts';
import { readPuzzle, writePuzzle } from './puzzle.ts';
import { makeTimeLock, opensTimeLock, plainPower, squareTimes } from './time-lock.ts';
import { answerSeconds, memoryBudgetMs, memoryWork } from './work.ts';

const hex = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const instant = fc.integer({ min: 1_000_000_000_000, max: 9_999_999_999_999 });
const count = fc.integer({ min: 0, max: 999_999_999 });
const puzzles: fc.Arbitrary<Puzzle> = fc.oneof(
  fc.record({
    kind: fc.constant('time' as const),
    issuedMs: instant,
    seed: hex(32),
    modulusId: hex(16),
    squarings: count,
  }),
  fc.record({
    kind: fc.constant('memory' as const),
    issuedMs: instant,
    beganMs: instant,
    seed: hex(32),
    searches: count,
    tries: count,
    kib: count,
  }),
);

describe('the line of a puzzle', () => {
  it('reads back as it was written, and stays in the letters that HAProxy takes', () => {
    fc.assert(
      fc.property(puzzles, (puzzle) => {
        expect(readPuzzle(writePuzzle(puzzle))).toEqual(puzzle);
        expect(writePuzzle(puzzle)).toMatch(/^[0-9a-z-]{1,200}$/);
      }),
    );
  });

  it('has one spelling: what reads as a puzzle writes the very same line', () => {
    const alphabet = fc.string({ unit: fc.constantFrom(...'0123456789abctm-. |'), maxLength: 4 });
    fc.assert(
      fc.property(puzzles, fc.nat(), fc.nat(4), alphabet, (puzzle, at, cut, put) => {
        const line = writePuzzle(puzzle);
        const place = at % (line.length + 1);
        const changed = line.slice(0, place) + put + line.slice(place + cut);
        const read = readPuzzle(changed);
        if (read !== null) expect(writePuzzle(read)).toBe(changed);
      }),
    );
    expect(
      readPuzzle(
        `${writePuzzle({ kind: 'time', issuedMs: 1e12, seed: 'a'.repeat(32), modulusId: 'b'.repeat(16), squarings: 1 })}\n`,
      ),
    ).toBeNull();
  });
});

describe('a time lock', () => {
  // Two primes of 32 bits: the sums are the same.
  const lock = makeTimeLock(4_294_967_291n, 4_294_967_279n, 1000);

  it('opens for who squared, one after the other, and for nothing else', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 2n, max: lock.modulus - 2n }),
        fc.bigInt({ min: -5n, max: lock.modulus + 5n }),
        (base, other) => {
          const answer = squareTimes(base, lock.squarings, lock.modulus);
          fc.pre(base % lock.p !== 0n && base % lock.q !== 0n && answer > 1n);
          expect(opensTimeLock(lock, base, answer, plainPower)).toBe(true);
          expect(opensTimeLock(lock, base, other, plainPower)).toBe(other === answer);
          expect(opensTimeLock(lock, base, answer + lock.modulus, plainPower)).toBe(false);
          expect(opensTimeLock(lock, base + 1n, answer, plainPower)).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
    expect(opensTimeLock(lock, 0n, 0n, plainPower)).toBe(false);
    expect(opensTimeLock(lock, 1n, 1n, plainPower)).toBe(false);
  });
});

describe('a chain of memory', () => {
  /** Cheap, and of the same shape. */
  const quick: MemoryHash = (message, salt, kib) =>
    new Uint8Array(createHash('sha256').update(salt).update(message).update(String(kib)).digest().subarray(0, 16));
  const puzzle = (changes: Partial<MemoryPuzzle> = {}): MemoryPuzzle => ({
    kind: 'memory',
    issuedMs: 0,
    beganMs: 0,
    seed: '00112233445566778899aabbccddeeff',
    searches: 3,
    tries: 5,
    kib: 64,
    ...changes,
  });

  it('is taken whichever find is looked at first, and a change of any byte of it is not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 8 }),
        hex(32),
        fc.nat(),
        (searches, tries, seed, at) => {
          const asked = puzzle({ searches, tries, seed });
          const finds = searchChain(asked, quick);
          const text = writeFinds(finds);
          expect(readFinds(text)).toEqual(finds);
          for (let first = 0; first < searches; first += 1) expect(isChain(asked, finds, first, quick)).toBe(true);
          const place = at % text.length;
          for (const put of '0a:,') {
            const changed = text.slice(0, place) + put + text.slice(place + 1);
            const read = changed === text ? null : readFinds(changed);
            // A leading nought is another spelling of the same number, and nothing won.
            if (read !== null && writeFinds(read) !== text) expect(isChain(asked, read, at % searches, quick)).toBe(false);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('of another seed, length, bound or size is none', () => {
    const finds = searchChain(puzzle(), quick);
    for (const other of [
      { seed: 'ff112233445566778899aabbccddeeff' },
      { searches: 2 },
      { searches: 4 },
      { kib: 65 },
      { searches: 0 },
    ])
      expect(isChain(puzzle(other), finds, 0, quick), JSON.stringify(other)).toBe(false);
    expect(isChain(puzzle({ tries: 1_000_000 }), finds, 0, quick)).toBe(false);
    expect(isChain(puzzle({ searches: 0 }), [], 0, quick)).toBe(false);
    expect(isChain(puzzle(), finds.toReversed(), 1, quick)).toBe(false);
  });

  it('that is rubbish costs one hash', () => {
    let hashes = 0;
    const counted: MemoryHash = (...all) => {
      hashes += 1;
      return quick(...all);
    };
    const rubbish = Array.from({ length: 3 }, (_, counter) => ({ counter, digest: new Uint8Array(16) }));
    expect(isChain(puzzle(), rubbish, 2, counted)).toBe(false);
    expect(hashes).toBe(1);
  });

  it('is the same by Node’s own Argon2id', () => {
    const argon: MemoryHash = (message, nonce, memory) =>
      new Uint8Array(argon2Sync('argon2id', { message, nonce, memory, parallelism: 1, passes: 1, tagLength: 16 }));
    const asked = puzzle({ searches: 2, tries: 2 });
    expect(isChain(asked, searchChain(asked, argon), 1, argon)).toBe(true);
  });

  it('is read only in its own form', () => {
    for (const text of [
      '',
      ',',
      '1:',
      '1:zz',
      `1:${'0'.repeat(31)}`,
      `-1:${'0'.repeat(32)}`,
      `1:${'0'.repeat(32)},`,
      `1:${'0'.repeat(32)}\n`,
    ])
      expect(readFinds(text), text).toBeNull();
    expect(readFinds(Array.from({ length: 33 }, () => `1:${'0'.repeat(32)}`).join(','))).toBeNull();
  });
});

describe('the size of the work', () => {
  it('fits the device, has a floor and a top, and believes no claim that the clock does not bear out', () => {
    expect(memoryWork(18, 400)).toEqual({ searches: 3, tries: 5 });
    expect(memoryWork(null, 400)).toEqual({ searches: 3, tries: 5 });
    expect(memoryWork(108, 2500)).toEqual({ searches: 3, tries: 5 });
    expect(memoryWork(300, 6000)).toEqual({ searches: 5, tries: 1 });
    expect(memoryWork(60_000, 90_000)).toEqual({ searches: 3, tries: 1 });
    // Says three seconds a hash, was back after 200 ms.
    expect(memoryWork(3000, 200)).toEqual(memoryWork(200, 200));
    fc.assert(
      fc.property(
        fc.option(fc.double({ min: -1e9, max: 1e9, noNaN: true })),
        fc.double({ min: -1e9, max: 1e9, noNaN: true }),
        (hashMs, elapsedMs) => {
          const { searches, tries } = memoryWork(hashMs, elapsedMs);
          expect(searches * tries).toBeGreaterThanOrEqual(3);
          expect(searches * tries).toBeLessThanOrEqual(15);
          // On average no longer than its budget, where that allows the floor.
          const hash = Math.max(1, Math.min(hashMs ?? 1, elapsedMs));
          if (hash * 3 < memoryBudgetMs) expect(searches * tries * hash).toBeLessThanOrEqual(memoryBudgetMs * 1.5);
        },
      ),
    );
  });
});

it('who gave up is counted when answers are no longer taken, and who passed is not', () => {
  const giveUps = new GiveUps();
  const start = 1_700_000_000_000;
  for (let index = 0; index < 10; index += 1) giveUps.began(start + index * 100);
  for (let index = 0; index < 4; index += 1) giveUps.passed(start + 5);
  giveUps.passed(start - 900_000);
  expect(giveUps.total(start + 60_000)).toBe(0);
  expect(giveUps.total(start + (2 * answerSeconds + 2) * 1000)).toBe(6);
  expect(giveUps.total(start + 9_000_000)).toBe(6);
});
