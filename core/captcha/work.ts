/**
 * How much stronger work is asked, in time and not in hashes.
 *
 * The first puzzle is the same for everybody and a benchmark at once: its time is signed into it, so the next one can be fitted to the
 * device that solved it. A slow phone gets less of the second, down to a floor; a fast one never more than the whole. What a browser says about
 * one hash is believed only as far as the clock bears it out: who claims to be slow has to be slow, or to sleep.
 * Figures: 2,048-bit squarings take 4.4 µs in a desktop's browser, an 8 MiB Argon2id hash 18 ms (docs/decisions/0036 has the sums).
 */

/** Some 180 ms of a desktop, one second of a phone that is six times slower; a native program needs half of it on a whole core. */
export const squarings = 40_000;
export const modulusBits = 2048;

/** Less than a graphics card has for each of its cores, and no more than an old phone can spare. */
export const memoryKib = 8192;
/** What the memory part may take on the device that is asked. */
export const memoryBudgetMs = 1500;
const mostTries = 15;
const fewestTries = 3;
const triesOfASearch = 5;

/** For how long an answer is taken after its puzzle was made: more than ten times what it should take (WCAG 2.2.1). */
export const answerSeconds = 300;

/**
 * The second puzzle's size. `hashMs`: what one hash took, by the browser's own word; `elapsedMs`: from the first puzzle to its answer,
 * by our clock. Without a word (`hashMs` null) it is the whole.
 */
export function memoryWork(
  hashMs: number | null,
  elapsedMs: number,
  most: { readonly budgetMs: number; readonly mostTries: number } = { budgetMs: memoryBudgetMs, mostTries },
): { readonly searches: number; readonly tries: number } {
  const believed = believedHashMs(hashMs, elapsedMs);
  const tries = Math.min(most.mostTries, Math.max(fewestTries, Math.floor(most.budgetMs / believed)));
  // Few tries would be won or lost by luck: then each search is one hash, and all take the same time.
  if (tries < 2 * triesOfASearch) return { searches: tries, tries: 1 };
  return { searches: Math.round(tries / triesOfASearch), tries: triesOfASearch };
}

/** What a browser says of one hash, as far as the clock bears it out. */
export function believedHashMs(hashMs: number | null, elapsedMs: number): number {
  return Math.max(1, Math.min(hashMs ?? 1, Math.max(1, elapsedMs)));
}
