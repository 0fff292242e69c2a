/**
 * When HAProxy is brought up again after it went away: at once, and later each time that it died of its start or would not come up. Not here: how
 * (enforcer.ts). Nobody is served meanwhile, so it is tried for ever.
 */
import type { Logger } from 'pino';
import { backoffMs } from '../kit/backoff.ts';
import { messageOf } from './refusals.ts';

export type RevivalParts = {
  /** Brings it up if it still is down. Rejects when it does not come up. */
  readonly attempt: () => Promise<void>;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly chance: () => number;
};

/** HAProxy that lived this long did not die of its start. */
const livedMs = 10_000;
const afterDeath = { firstMs: 50, longestMs: 5000 } as const;
const afterFailure = { firstMs: 100, longestMs: 5000 } as const;

export class Revival {
  readonly #parts: RevivalParts;
  #timer: NodeJS.Timeout | null = null;
  #restarts = 0;
  #upSinceMs = 0;

  constructor(parts: RevivalParts) {
    this.#parts = parts;
  }

  onUp(): void {
    this.#upSinceMs = this.#parts.nowMs();
  }

  onDown(): void {
    this.#restarts = this.#parts.nowMs() - this.#upSinceMs > livedMs ? 0 : this.#restarts + 1;
    this.#in(this.#restarts <= 1 ? 0 : backoffMs(afterDeath, this.#restarts - 2, this.#parts.chance()));
  }

  /** It did not come up just now. */
  soon(): void {
    this.#in(backoffMs(afterFailure, 0, this.#parts.chance()));
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #in(waitMs: number): void {
    this.#timer = setTimeout(() => {
      this.#parts.attempt().catch((error: unknown) => {
        this.#parts.log.error({ error: messageOf(error) }, 'HAProxy could not be brought up; this is tried again');
        this.#restarts += 1;
        this.#in(backoffMs(afterFailure, this.#restarts, this.#parts.chance()));
      });
    }, waitMs);
  }
}
