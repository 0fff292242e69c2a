/** The word that was probably meant: the nearest of some by edit distance, or null when none is near. */
export function nearest(said: string, words: readonly string[]): string | null {
  const ranked = words
    .map((word) => ({ word, distance: distanceOf(said.toLowerCase(), word) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && said !== '' && best.distance <= Math.max(1, Math.floor(best.word.length / 3)) ? best.word : null;
}

function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
