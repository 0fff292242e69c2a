/**
 * A token bucket: so many at once, refilled evenly. Decides whether one more fits, and when it will.
 *
 * Pure: the caller brings time and state and keeps the new state. Not here: what is counted and where (control/desk/intake/limits.ts).
 * Hazard: a clock that goes back refills nothing and takes nothing away.
 */
export type BucketRule = {
  /** How much fits at once. */
  readonly burst: number;
  readonly perHour: number;
};

export type Bucket = { readonly left: number; readonly atMs: number };

export type BucketVerdict =
  | { readonly kind: 'go'; readonly next: Bucket }
  | { readonly kind: 'wait'; readonly retryAfterMs: number; readonly next: Bucket };

const hourMs = 3_600_000;

/** Takes `cost` from a bucket; null is a full one. What is more than a whole burst waits until the bucket is full, and then goes. */
export function takeFrom(rule: BucketRule, bucket: Bucket | null, nowMs: number, cost: number): BucketVerdict {
  const sinceMs = bucket === null ? 0 : Math.max(0, nowMs - bucket.atMs);
  const left = bucket === null ? rule.burst : Math.min(rule.burst, bucket.left + (sinceMs * rule.perHour) / hourMs);
  const wanted = Math.min(cost, rule.burst);
  if (left >= wanted) return { kind: 'go', next: { left: left - wanted, atMs: nowMs } };
  return { kind: 'wait', retryAfterMs: Math.ceil(((wanted - left) * hourMs) / rule.perHour), next: { left, atMs: nowMs } };
}
