/**
 * That a line is used once: first by what this process has seen, then by an insert that all processes share, before anything is computed.
 *
 * Closed: when the database does not answer, nothing is taken. What this process remembers only saves asking: it is bounded, and what it has forgotten
 * the database still knows.
 */

/** Inserts an id until it expires; false when it was there. Rejects when the database does not answer. */
export type Spend = (id: string, expiresMs: number) => Promise<boolean>;

export class SpentLines {
  readonly #spend: Spend;
  readonly #seen = new Map<string, number>();
  readonly #most: number;

  constructor(spend: Spend, most = 100_000) {
    this.#spend = spend;
    this.#most = most;
  }

  /** Whether it is known here that the line was used: without asking anybody. */
  has(id: string): boolean {
    return this.#seen.has(id);
  }

  /** Uses a line up; false when somebody else has. */
  async use(id: string, expiresMs: number, nowMs: number): Promise<boolean> {
    if (this.#seen.has(id)) return false;
    this.#seen.set(id, expiresMs);
    for (const [oldest, until] of this.#seen) {
      if (until > nowMs && this.#seen.size <= this.#most) break;
      this.#seen.delete(oldest);
    }
    try {
      return await this.#spend(id, expiresMs);
    } catch (error) {
      this.#seen.delete(id);
      throw error;
    }
  }
}
