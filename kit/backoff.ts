/**
 * Waiting times between attempts: they double from a first to a longest, each shortened by chance to spread a crowd.
 *
 * The caller brings chance as a number in [0, 1). After: "Exponential Backoff And Jitter" (AWS, 2015), the equal-jitter form: at
 * least half of the full time, so that a failing peer is never hammered.
 */
export type Backoff = { readonly firstMs: number; readonly longestMs: number };

/** Milliseconds to wait before attempt `attempt` (0 is the first retry). */
export function backoffMs({ firstMs, longestMs }: Backoff, attempt: number, chance: number): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * chance;
}
