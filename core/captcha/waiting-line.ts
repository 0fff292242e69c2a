/**
 * Who waits instead of working, metered: waiting is cheap, so each network gets its places one after another.
 *
 * A network (and a site key, more widely) has a next free moment; who comes takes it and moves it on. A few may come at once, a crowd is spread over
 * minutes, and beyond that nobody is put in the line at all. No person is remembered, only a moment per row.
 * Open at one edge: with more rows than it holds, the oldest is forgotten, and its network may wait as if it were new. Each process meters by itself.
 */

export type Metering = {
  /** From one place to the next, once the first few are taken. */
  readonly spacingMs: number;
  /** So many may come at once. */
  readonly atOnce: number;
};

export const ofNetwork: Metering = { spacingMs: 2000, atOnce: 6 };
export const ofKey: Metering = { spacingMs: 50, atOnce: 200 };
/** A moment so long ago says nothing: all places at once are free again. */
const longestBurstMs = Math.max(...[ofNetwork, ofKey].map(({ spacingMs, atOnce }) => spacingMs * atOnce));
/** Whoever would have to wait longer than this beyond the usual is told to come again. */
const mostExtraMs = 120_000;

export class WaitingLine {
  readonly #next = new Map<string, number>();
  readonly #mostRows: number;

  constructor(mostRows = 50_000) {
    this.#mostRows = mostRows;
  }

  /** How long beyond the usual wait, in ms; null when the line is full. Takes the place. */
  enter(siteKey: string, network: string, nowMs: number): number | null {
    const rows = [
      { name: `n${network}`, metering: ofNetwork },
      { name: `k${siteKey}`, metering: ofKey },
    ];
    const moments = rows.map(({ name, metering: { spacingMs, atOnce } }) => {
      const free = Math.max(this.#next.get(name) ?? 0, nowMs - spacingMs * (atOnce - 1));
      return { name, after: free + spacingMs, extraMs: Math.max(0, free - nowMs) };
    });
    const extraMs = Math.max(...moments.map((one) => one.extraMs));
    if (extraMs > mostExtraMs) return null;
    for (const { name, after } of moments) {
      // Taken out and put in again, so that the oldest stand first.
      this.#next.delete(name);
      this.#next.set(name, after);
    }
    for (const [name, free] of this.#next) {
      if (free > nowMs - longestBurstMs && this.#next.size <= this.#mostRows) break;
      this.#next.delete(name);
    }
    return extraMs;
  }

  get rows(): number {
    return this.#next.size;
  }
}
