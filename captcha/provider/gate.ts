/**
 * The door before the door: which requests are let in while this process is late, decided from the head alone, before a body is read.
 *
 * Three rules, each for a way to make honest servers wait:
 * - A connection has one request in hand, and one behind it. No client and no proxy of ours sends ahead of its answers; who does could put hundreds of
 *   requests before everybody else's with one packet. The connection ends.
 * - While the process is late and much comes, requests to doors that know how to be busy (`Route.busy`) are let in by a meter; beyond it they
 *   wait unread, try once more, and are answered that; their connection ends. Except those from networks whose requests were good lately, which go on.
 * - So many connections of one network that is no proxy of ours.
 * Waiting is the point: ending a connection costs us no less than answering garbage does, but a flood of n connections that all wait half a second is one of
 * 2 n requests a second.
 * Fail-closed for what is turned away: it hears the dialect's own no, or 429 with Retry-After, and nothing was read, spent or passed. Fail-open for
 * networks that were good: up to the limits that each door has of its own. What is known of networks is in memory, bounded, and only ever decides who
 * waits.
 * What can still go wrong: an attacker who has a good secret, or works through checks, is good too; and one who has thousands of connections and
 * lets each wait still has the meter's share; only the edge in front refuses them for less.
 */
import { randomInt } from 'node:crypto';

/** Later than this, and so many requests in the time that is looked back at: neither a pause of the machine nor a busy hour alone is a flood. */
const lateMs = 15;
const manyPerSecond = 1000;
const lookEveryMs = 10;
/** So long after the last late turn strangers are still metered: else every other turn would be late. */
const staysMs = 1000;
/** Of strangers, each time the clock is looked at: 2,000 a second when it is on time, fewer the later it is. */
const mostStrangers = 20;
/** How long a stranger waits: with its answer below the second after which servers of sites give up. Spread, or all who came at once would come at once again. */
const holdMs = { least: 400, most: 700 } as const;
const goodForMs = 10 * 60_000;
const mostGood = 20_000;
const mostOfNetwork = 256;
const mostInHand = 2;

/** What was good lately, longest ago first. */
export class Gate {
  readonly #nowMs: () => number;
  readonly #good = new Map<string, number>();
  readonly #connections = new Map<string, number>();
  #looking: NodeJS.Timeout | null = null;
  #lookedMs: number;
  #perSecond = 0;
  #came = 0;
  #strangers = 0;
  #busyUntilMs = -Infinity;

  /** `nowMs`: a clock that does not go back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
    this.#lookedMs = nowMs();
  }

  /** Begins to measure how late this process is. */
  start(): void {
    this.#lookedMs = this.#nowMs();
    this.#looking ??= setInterval(() => this.look(), lookEveryMs).unref();
  }

  stop(): void {
    if (this.#looking !== null) clearInterval(this.#looking);
    this.#looking = null;
  }

  /** What the timer does: how late is it, and how much came since. */
  look(): void {
    const now = this.#nowMs();
    const tookMs = Math.max(1, now - this.#lookedMs);
    this.#lookedMs = now;
    // Over a tenth of a second or so.
    const share = Math.min(1, tookMs / 100);
    this.#perSecond += (this.#came / (tookMs / 1000) - this.#perSecond) * share;
    this.#came = 0;
    this.#strangers = 0;
    if (tookMs - lookEveryMs > lateMs && this.#perSecond > manyPerSecond) this.#busyUntilMs = now + staysMs;
  }

  /** Counts a request, and says whether one from this network is let in now. */
  letsIn(network: () => string): boolean {
    this.#came += 1;
    const now = this.#nowMs();
    if (now >= this.#busyUntilMs) {
      // The timer waits behind everything that came in one turn: a long turn is noticed within it.
      if (now - this.#lookedMs < 2 * lateMs + lookEveryMs || this.#came * 1000 < manyPerSecond * (now - this.#lookedMs))
        return true;
      this.#busyUntilMs = now + staysMs;
    }
    const untilMs = this.#good.get(network());
    if (untilMs !== undefined && untilMs > now) return true;
    this.#strangers += 1;
    return this.#strangers <= mostStrangers;
  }

  /** Waits unread, for what is turned away. */
  hold(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, randomInt(holdMs.least, holdMs.most)).unref());
  }

  /** A request of this network was good: a secret that is live, a step that was worked through. */
  wasGood(network: string): void {
    this.#good.delete(network);
    this.#good.set(network, this.#nowMs() + goodForMs);
    const [oldest] = this.#good.keys();
    if (this.#good.size > mostGood && oldest !== undefined) this.#good.delete(oldest);
  }

  /** Takes a connection; null when its network has too many, else how to give it back. */
  connect(network: string): (() => void) | null {
    const count = this.#connections.get(network) ?? 0;
    if (count >= mostOfNetwork) return null;
    this.#connections.set(network, count + 1);
    return () => {
      const left = (this.#connections.get(network) ?? 1) - 1;
      if (left > 0) this.#connections.set(network, left);
      else this.#connections.delete(network);
    };
  }

  /** Whether a connection with so many unanswered requests, this one among them, may go on. */
  mayWait(inHand: number): boolean {
    return inHand <= mostInHand;
  }
}
