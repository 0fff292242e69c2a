import fc from 'fast-check';
import { expect, it } from 'vitest';
import { challengeTarget } from './difficulty.ts';

it('the mean number of hashes is what was asked for, within a thousandth', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 100_000_000 }), (expected) => {
      const mean = 2 ** 48 / challengeTarget(expected);
      expect(Math.abs(mean - expected) / expected).toBeLessThan(0.001);
    }),
  );
});

it('a target is always a whole number that HAProxy can compare with 48 bits', () => {
  for (const expected of [-1, 0, 1, 1.5, 2 ** 48, Number.MAX_SAFE_INTEGER]) {
    const target = challengeTarget(expected);
    expect(Number.isSafeInteger(target) && target >= 1 && target < 2 ** 48).toBe(true);
  }
});
