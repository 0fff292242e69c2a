/**
 * How many began stronger work and never finished it: a check that people give up is too hard, whatever its figures say.
 *
 * Counted without remembering anybody: beginnings stand in one slot a second, a pass is taken out of the slot in which it began (its puzzle
 * says when), and what is left of a slot when its answers are no longer taken has given up.
 */
import { answerSeconds } from './work.ts';

export class GiveUps {
  readonly #slots = new Map<number, number>();
  #total = 0;

  began(nowMs: number): void {
    const second = Math.floor(nowMs / 1000);
    this.#slots.set(second, (this.#slots.get(second) ?? 0) + 1);
  }

  passed(beganMs: number): void {
    const second = Math.floor(beganMs / 1000);
    const left = this.#slots.get(second);
    if (left !== undefined && left > 0) this.#slots.set(second, left - 1);
  }

  /** All since the start, by now. */
  total(nowMs: number): number {
    const oldest = Math.floor(nowMs / 1000) - 2 * answerSeconds;
    for (const [second, left] of this.#slots) {
      if (second >= oldest) break;
      this.#total += left;
      this.#slots.delete(second);
    }
    return this.#total;
  }
}
