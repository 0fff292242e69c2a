/**
 * Difficulty: how a mean number of hashes becomes the target that a solution must stay under.
 *
 * A solution is good when the first 48 bits of SHA-256(token "|" counter) are below the target. 48 bits, because HAProxy compares
 * them as one integer; a target instead of "N zero digits", because it can be set as finely as one likes.
 */
const space = 2 ** 48;

/** Targets are below 2^48; the mean number of tries until a hash is below one is `2^48 / target`. */
export function challengeTarget(expectedHashes: number): number {
  return Math.min(space - 1, Math.max(1, Math.floor(space / Math.max(1, expectedHashes))));
}
