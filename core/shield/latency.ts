/**
 * Histograms of latency: adding, and reading quantiles. Buckets are those of contract/traffic.ts, so any two can be added up.
 *
 * A quantile is placed within its bucket as if the values there were spread evenly: it is never outside the bucket in which the true one is, so it is
 * off by at most half of its value above 2 ms.
 */
import { latencyBoundsMs, latencyBuckets } from '../../contract/traffic.ts';

/** Which bucket takes a duration in milliseconds. */
export function latencyBucket(ms: number): number {
  const bucket = latencyBoundsMs.findIndex((bound) => ms < bound);
  return bucket === -1 ? latencyBuckets - 1 : bucket;
}

/** Adds `more` into `sum`, which is as long as there are buckets. */
export function addLatency(sum: number[], more: readonly number[]): void {
  for (const [bucket, count] of more.entries()) if (bucket < latencyBuckets) sum[bucket] = (sum[bucket] ?? 0) + count;
}

export function emptyLatency(): number[] {
  return Array.from({ length: latencyBuckets }, () => 0);
}

/** Without the zeros at its end, for a wire. */
export function trimmedLatency(counts: readonly number[]): number[] {
  const last = counts.findLastIndex((count) => count > 0);
  return counts.slice(0, last + 1);
}

/** The value below which a share (0 to 1) of what was counted lies, in milliseconds; null when nothing was counted. */
export function latencyQuantile(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const wanted = Math.min(1, Math.max(0, share)) * total;
  let below = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && below + count >= wanted) {
      const from = bucket === 0 ? 0 : (latencyBoundsMs[bucket - 1] ?? 0);
      // The last bucket has no end: its beginning is all that is known.
      const to = latencyBoundsMs[bucket] ?? from;
      return from + ((to - from) * Math.max(0, wanted - below)) / count;
    }
    below += count;
  }
  return null;
}

/** What the API tells of a histogram, rounded to a tenth of a millisecond. */
export function quantilesOf(counts: readonly number[]): { p50Ms: number; p95Ms: number; p99Ms: number } | null {
  const of = (share: number) => latencyQuantile(counts, share);
  const [p50Ms, p95Ms, p99Ms] = [of(0.5), of(0.95), of(0.99)];
  if (p50Ms === null || p95Ms === null || p99Ms === null) return null;
  const rounded = (ms: number) => Math.round(ms * 10) / 10;
  return { p50Ms: rounded(p50Ms), p95Ms: rounded(p95Ms), p99Ms: rounded(p99Ms) };
}
