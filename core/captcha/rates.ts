/**
 * How often something has happened of late, for each of many names: counts that fade, so that nobody is remembered for long.
 *
 * A count loses its e-th part in `fadeMs`; at a steady rate it stands at what happens in that time. Rows are bounded: beyond that the
 * one that was longest without news is forgotten (open: it counts as new).
 */
export class Rates {
  readonly #rows = new Map<string, { readonly count: number; readonly atMs: number }>();
  readonly #fadeMs: number;
  readonly #mostRows: number;

  constructor(fadeMs: number, mostRows = 50_000) {
    this.#fadeMs = fadeMs;
    this.#mostRows = mostRows;
  }

  /** Counts one more and returns the count with it. */
  add(name: string, nowMs: number): number {
    const count = this.of(name, nowMs) + 1;
    this.#rows.delete(name);
    this.#rows.set(name, { count, atMs: nowMs });
    for (const [oldest, { atMs }] of this.#rows) {
      if (this.#rows.size <= this.#mostRows && nowMs - atMs < 10 * this.#fadeMs) break;
      this.#rows.delete(oldest);
    }
    return count;
  }

  of(name: string, nowMs: number): number {
    const row = this.#rows.get(name);
    return row === undefined ? 0 : row.count * Math.exp(-Math.max(0, nowMs - row.atMs) / this.#fadeMs);
  }

  get rows(): number {
    return this.#rows.size;
  }
}
