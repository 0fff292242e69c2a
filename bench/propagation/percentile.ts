/** Percentiles of a few dozen samples: nearest rank, so that a figure is always a sample that was really measured. */

/** The value below or at which `share` (0 to 1) of the samples lie. Throws a RangeError on no samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
  if (value === undefined) throw new RangeError('no samples, no percentile');
  return value;
}
