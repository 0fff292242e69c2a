/**
 * Who may have an answer checked now: so many at once, so many of them for one site, and for one network.
 *
 * Closed for who comes beyond it: they are asked to come again in a moment, with the same answer. A flood of one site or from one network
 * therefore leaves places for the others. Nothing is remembered once an answer has been checked.
 */

export type Places = { readonly all: number; readonly perSite: number; readonly perNetwork: number };

/** Checks take some ten milliseconds each on one thread: a queue of these is gone in a third of a second. */
export const usualPlaces: Places = { all: 32, perSite: 20, perNetwork: 6 };

export class Admission {
  readonly #places: Places;
  readonly #taken = new Map<string, number>();
  #all = 0;

  constructor(places: Places = usualPlaces) {
    this.#places = places;
  }

  /** Takes a place and returns how to give it back (once), or null when there is none. */
  enter(site: string, network: string): (() => void) | null {
    const rows = [
      [`s${site}`, this.#places.perSite],
      [`n${network}`, this.#places.perNetwork],
    ] as const;
    if (this.#all >= this.#places.all || rows.some(([row, most]) => this.#count(row) >= most)) return null;
    this.#all += 1;
    for (const [row] of rows) this.#taken.set(row, this.#count(row) + 1);
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#all -= 1;
      for (const [row] of rows) {
        const left = this.#count(row) - 1;
        if (left > 0) this.#taken.set(row, left);
        else this.#taken.delete(row);
      }
    };
  }

  /** Rows held now: none when nobody is inside. */
  get rows(): number {
    return this.#taken.size;
  }

  #count(row: string): number {
    return this.#taken.get(row) ?? 0;
  }
}
