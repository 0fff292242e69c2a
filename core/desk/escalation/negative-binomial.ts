/**
 * The upper tail of the negative binomial: how surprising so many events are, given how many there were before.
 *
 * A rate with the prior Gamma(a0, b0) that has seen n events in T days predicts, for the next w days, a negative binomial with r = a0 + n and
 * q = w / (b0 + T + w). P(X ≥ k) is the sum of the terms from k on over the sum of all, each term made from the one before by (r + x) / (x + 1) · q.
 * Only + − × ÷ are used, which IEEE 754 rounds alike everywhere: no logarithm or power, whose last bit differs between machines, and no
 * "one minus the rest", which loses small tails.
 * After: desk.md 2.3; checked against its seven worked numbers.
 */

export type Prior = { readonly shape: number; readonly days: number };

/** The smallest share of the sum that a term may still change. */
const negligible = 1e-18;
const tooLarge = 1e200;

/**
 * P(X ≥ k) for the events of `windowDays`, after `seen` events in `baselineDays`. `k` and `seen` are whole and not negative.
 * Takes about `seen · windowDays / baselineDays` plus some hundred steps.
 */
export function predictiveTail(
  k: number,
  seen: number,
  { prior, baselineDays, windowDays }: { readonly prior: Prior; readonly baselineDays: number; readonly windowDays: number },
): number {
  const r = prior.shape + seen;
  const q = windowDays / (prior.days + baselineDays + windowDays);
  let term = 1;
  let below = 0;
  let from = 0;
  for (let x = 0; ; x += 1) {
    if (x < k) below += term;
    else from += term;
    const ratio = ((r + x) / (x + 1)) * q;
    const next = term * ratio;
    // Past the largest term, and past k, what is left shrinks faster than a geometric series.
    if (x >= k && ratio < 1 && next / (1 - ratio) <= (below + from) * negligible) return from / (below + from);
    term = next;
    if (term > tooLarge || below > tooLarge) {
      term /= tooLarge;
      below /= tooLarge;
      from /= tooLarge;
    }
  }
}
