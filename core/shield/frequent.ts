/**
 * What is most frequent, in little memory: "Space-Saving" (Metwally, Agrawal and El Abbadi, 2005), with weights, and mergeable (Agarwal et al., 2012).
 *
 * Of any stream, whatever visitors send, at most `capacity` keys are held. What is known of a key: its true count is at least `passed + refused` and at
 * most `passed + refused + over`. Every key with more than `total / capacity` is held, and no `over` is larger than that (before merging).
 * A key that came when all places were taken inherits the smallest count as its `over`: it may have been here before.
 */
import type { TopEntry } from '../../contract/traffic.ts';

type Held = { passed: number; refused: number; over: number };

const mostOf = ({ passed, refused, over }: Held) => passed + refused + over;

export class Frequent {
  readonly #capacity: number;
  readonly #held = new Map<string, Held>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(key: string, { passed, refused }: { readonly passed: number; readonly refused: number }): void {
    const known = this.#held.get(key);
    if (known !== undefined) {
      known.passed += passed;
      known.refused += refused;
      return;
    }
    let over = 0;
    if (this.#held.size >= this.#capacity) {
      let least: readonly [string, number] | null = null;
      for (const [other, held] of this.#held) {
        const most = mostOf(held);
        if (least === null || most < least[1]) least = [other, most];
      }
      if (least !== null) {
        this.#held.delete(least[0]);
        over = least[1];
      }
    }
    this.#held.set(key, { passed, refused, over });
  }

  /** At most `limit`, for merging: those that may have been most frequent, so that no key that is left out was more often than the last. */
  list(limit: number): TopEntry[] {
    return byMost([...this.#held].map(([key, held]) => ({ key, ...held }))).slice(0, limit);
  }
}

/**
 * Several lists as one, for merging again. A key that is missing in a list which was full (`full` entries) may have been there as often as its last one:
 * so much is added to its `over`. What was said of bounds holds for the result.
 */
export function mergedFrequent(lists: readonly (readonly TopEntry[])[], full: number): TopEntry[] {
  const sums = new Map<string, Held & { floor: number }>();
  let floors = 0;
  for (const list of lists) {
    const floor = list.length >= full ? Math.min(...list.map(mostOf)) : 0;
    floors += floor;
    for (const { key, passed, refused, over } of list) {
      const sum = sums.get(key) ?? { passed: 0, refused: 0, over: 0, floor: 0 };
      sum.passed += passed;
      sum.refused += refused;
      sum.over += over;
      sum.floor += floor;
      sums.set(key, sum);
    }
  }
  const merged = [...sums].map(([key, { passed, refused, over, floor }]) => ({
    key,
    passed,
    refused,
    over: over + floors - floor,
  }));
  return byMost(merged);
}

/** For people: by what is certain; names decide between equals, so that a list is the same each time. */
export function byCertain(entries: readonly TopEntry[]): TopEntry[] {
  const certain = ({ passed, refused }: TopEntry) => passed + refused;
  return entries.toSorted((one, other) => certain(other) - certain(one) || (one.key < other.key ? -1 : 1));
}

function byMost(entries: readonly TopEntry[]): TopEntry[] {
  return entries.toSorted((one, other) => mostOf(other) - mostOf(one) || (one.key < other.key ? -1 : 1));
}
