/**
 * Where an edge takes its policy from: its relays, and last the control plane itself.
 *
 * Each edge begins the same list at another place, by its id, so that edges spread over relays. It stays with what works; when that fails, the next
 * one is tried. From a lower place it looks for a better one every minute at first, ever more rarely while moving there did not last.
 */
import { createHash } from 'node:crypto';
import type { EdgeId } from '../../contract/ids.ts';
import { backoffMs } from '../../kit/backoff.ts';

export type Place = { readonly url: string; readonly isRelay: boolean };

const homeAfter = { firstMs: 120_000, longestMs: 3_600_000 };
/** A stream through a relay that lasted so long was a good one. */
const lastingMs = 600_000;

export class Addresses {
  readonly #places: readonly Place[];
  #at = 0;
  #moves = 0;

  constructor(edgeId: EdgeId, controlUrl: string, relays: readonly string[]) {
    const first = relays.length === 0 ? 0 : createHash('sha256').update(edgeId).digest().readUInt32BE(0) % relays.length;
    const turned = [...relays.slice(first), ...relays.slice(0, first)];
    this.#places = [...turned.map((url) => ({ url, isRelay: true })), { url: controlUrl, isRelay: false }];
  }

  get current(): Place {
    return this.#places[this.#at] ?? { url: '', isRelay: false };
  }

  /** Places before the present one. */
  get better(): readonly Place[] {
    return this.#places.slice(0, this.#at);
  }

  /** The present place did not do: on to the next one, and around. */
  failed(): void {
    this.#at = (this.#at + 1) % this.#places.length;
  }

  /** A better place answers: its turn. */
  moveTo(place: Place): void {
    this.#at = Math.max(0, this.#places.indexOf(place));
    this.#moves += 1;
  }

  /** A stream through a relay has ended. */
  lasted(ms: number): void {
    if (ms >= lastingMs) this.#moves = 0;
  }

  /** How long to wait until better places are asked. */
  homeMs(chance: number): number {
    return backoffMs(homeAfter, this.#moves, chance);
  }
}
