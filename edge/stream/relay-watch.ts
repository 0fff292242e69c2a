/**
 * Whether a relay passes on in time what the control plane says: a relay can forge nothing, but it can keep things back.
 *
 * The control plane says every few seconds when it speaks and which revision is newest (`head`). Heads that grow older on their way are held
 * back; a newer revision that does not come although it was announced was left out. Times of the edge are those of a clock that is never set, so
 * only how the two clocks move against each other counts. Open for as long as the limits below: that is how late a hostile relay can make an
 * order, before the edge goes elsewhere. A revision that this edge itself refuses looks the same; leaving for that costs a reconnect.
 */
import type { Held } from './client.ts';

const mostLaterMs = 15_000;
const mostBehindMs = 30_000;

export class RelayWatch {
  #leastAgeMs: number | null = null;
  #behindSinceMs: number | null = null;

  /** A head came: what the control plane's clock said when it spoke (milliseconds since 1970), and ours (milliseconds since any instant). */
  heard(head: Held, atMs: number, held: Held, nowMs: number): 'in-time' | 'held-back' {
    const ageMs = nowMs - atMs;
    this.#leastAgeMs = Math.min(this.#leastAgeMs ?? ageMs, ageMs);
    const isBehind = head.revision > held.revision || (head.revision === held.revision && head.digest !== held.digest);
    this.#behindSinceMs = isBehind ? (this.#behindSinceMs ?? nowMs) : null;
    const behindMs = this.#behindSinceMs === null ? 0 : nowMs - this.#behindSinceMs;
    return ageMs - this.#leastAgeMs > mostLaterMs || behindMs > mostBehindMs ? 'held-back' : 'in-time';
  }
}
