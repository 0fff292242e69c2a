/**
 * Back-off: how long a guesser must wait after failed attempts to sign in.
 *
 * Pure: the caller brings the stored count and the time, and keeps the new count. An attempt is counted **before** the proof is
 * checked and taken back when it was right, so that a hundred guesses sent at once are a hundred attempts, not one.
 * Hazard: who knows a name can make its owner wait (at most `longestMs`); passkeys are not held by the person's bucket, so a person
 * with one is never locked out by somebody else.
 */

export type Attempts = { readonly failures: number; readonly lastAtMs: number };

/** `free` attempts cost nothing; the next waits `firstMs`, each further one twice as long, up to `longestMs`; all is forgotten after `forgetMs` of quiet. */
export type BackoffRule = {
  readonly free: number;
  readonly firstMs: number;
  readonly longestMs: number;
  readonly forgetMs: number;
};

export const personRule: BackoffRule = { free: 5, firstMs: 2_000, longestMs: 15 * 60_000, forgetMs: 24 * 3_600_000 };
/** Many people may share an address (an office, a Tor exit): more room, the same end. */
export const networkRule: BackoffRule = { free: 30, firstMs: 1_000, longestMs: 15 * 60_000, forgetMs: 3_600_000 };

export type Verdict = { readonly kind: 'go'; readonly next: Attempts } | { readonly kind: 'wait'; readonly retryAfterMs: number };

/** Whether one more attempt may be made at `nowMs`, and what to store if so. A refused attempt is not counted. */
export function judgeAttempt(rule: BackoffRule, stored: Attempts | null, nowMs: number): Verdict {
  if (stored === null) return { kind: 'go', next: { failures: 1, lastAtMs: nowMs } };
  // A clock that went back counts as no time passed: fails closed.
  const quietMs = Math.max(0, nowMs - stored.lastAtMs);
  if (quietMs >= rule.forgetMs) return { kind: 'go', next: { failures: 1, lastAtMs: nowMs } };
  const waitMs = waitAfter(rule, stored.failures);
  if (quietMs < waitMs) return { kind: 'wait', retryAfterMs: waitMs - quietMs };
  return { kind: 'go', next: { failures: stored.failures + 1, lastAtMs: nowMs } };
}

/** Milliseconds to wait after so many failures. */
export function waitAfter(rule: BackoffRule, failures: number): number {
  if (failures < rule.free) return 0;
  // 2 ** 40 overflows nothing and is beyond every longestMs.
  return Math.min(rule.longestMs, rule.firstMs * 2 ** Math.min(40, failures - rule.free));
}
