/** Back-off: claims about what a guesser can and cannot do. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeAttempt, personRule, waitAfter, type Attempts } from './backoff.ts';

test('the first five attempts cost nothing, the sixth waits two seconds', () => {
  let stored: Attempts | null = null;
  for (let n = 0; n < personRule.free; n += 1) {
    const verdict = judgeAttempt(personRule, stored, 1000);
    expect(verdict.kind).toBe('go');
    if (verdict.kind === 'go') stored = verdict.next;
  }
  expect(judgeAttempt(personRule, stored, 1000)).toEqual({ kind: 'wait', retryAfterMs: 2000 });
  expect(judgeAttempt(personRule, stored, 3000).kind).toBe('go');
});

test('a guesser gets fewer than 120 guesses a day whatever the rhythm', () => {
  let stored: Attempts | null = null;
  let guesses = 0;
  for (let nowMs = 0; nowMs < 86_400_000; nowMs += 1000) {
    const verdict = judgeAttempt(personRule, stored, nowMs);
    if (verdict.kind === 'go') {
      guesses += 1;
      stored = verdict.next;
    }
  }
  expect(guesses).toBeLessThan(120);
});

test('waits never shrink as failures grow, and end at the longest', () => {
  fc.assert(
    fc.property(fc.nat({ max: 100_000 }), (failures) => {
      expect(waitAfter(personRule, failures + 1)).toBeGreaterThanOrEqual(waitAfter(personRule, failures));
      expect(waitAfter(personRule, failures)).toBeLessThanOrEqual(personRule.longestMs);
    }),
  );
});

test('a clock that goes back does not open the door', () => {
  expect(judgeAttempt(personRule, { failures: 10, lastAtMs: 50_000 }, 10_000).kind).toBe('wait');
});

test('a day of quiet is forgiven', () => {
  expect(judgeAttempt(personRule, { failures: 50, lastAtMs: 0 }, personRule.forgetMs)).toEqual({
    kind: 'go',
    next: { failures: 1, lastAtMs: personRule.forgetMs },
  });
});
