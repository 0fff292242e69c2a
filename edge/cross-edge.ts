/**
 * Limits across edges, this edge's part: tells which clients are busiest, and refuses those that are over in sum.
 *
 * HAProxy counts anyway, in the rows that the limits read; here they are looked at each second, once the control plane says that there are
 * other edges. A decision is put into the very row, as a rate just above the limit: HAProxy then refuses by the rule that it has, an ordinary
 * request pays nothing, exempt networks stay exempt, and what nobody renews fades by itself within twenty seconds, agent or not. While it
 * holds, what the row shows above that rate are requests since: they are told, so that a client that goes on stays refused.
 * Open: without the control plane, with a table that takes too long to read, or beyond `mostHeld`, each edge limits by itself.
 * Closed: only what is signed with the policy key, for this group, newer than the last and not older than half a minute, and only above
 * this edge's own limit. Source of the trick: HAProxy's `set table … data.http_req_rate` ("allows external tools to push measures").
 */
import type { Logger } from 'pino';
import { BusyClient, ClientKey, OverLimit, overLimitSeconds } from '../contract/cross-edge.ts';
import type { Busiest } from '../contract/cross-edge.ts';
import { SiteId } from '../contract/ids.ts';
import type { GroupName } from '../contract/ids.ts';
import { busiest } from '../core/shield/cross-edge.ts';
import type { VerifyText } from '../kit/ed25519.ts';

export type CrossEdgeParts = {
  readonly group: GroupName;
  /** HAProxy's tables of clients. A client may have a row in each. */
  readonly tables: readonly string[];
  /** One command on HAProxy's admin socket. */
  readonly ask: (command: string) => Promise<string>;
  /** Requests in ten seconds that a client of a site may send, orders included; `null`: any number, or no such site. */
  readonly limitOf: (siteId: SiteId) => number | null;
  readonly verify: VerifyText;
  readonly send: (message: Busiest) => boolean;
  readonly onHeld: (clients: number) => void;
  readonly log: Logger;
  readonly nowMs: () => number;
};

const everyMs = 1000;
/** Reading takes at most this part of the time: a table of a million rows takes HAProxy 45 to 85 ms, in which requests wait. */
const readingPart = 1 / 20;
const leastFirst = 5;
/** Above so many rows fewer are asked for, below so many more. */
const manyRows = 4000;
const fewRows = 1000;
const mostHeld = 5000;
const oldestMs = 30_000;
const holdMs = overLimitSeconds * 1000;

type Hold = { readonly pushed: number; readonly untilMs: number };

export class CrossEdge {
  readonly #parts: CrossEdgeParts;
  readonly #held = new Map<string, Hold>();
  #edges = 0;
  #least = leastFirst;
  #lastAtMs = 0;
  #timer: NodeJS.Timeout | null = null;
  #toldSome = true;
  #stopped = false;

  constructor(parts: CrossEdgeParts) {
    this.#parts = parts;
  }

  /** Another connection to the control plane, which may be an older one: nothing is told before it says again how many edges there are. */
  forget(): void {
    this.#edges = 0;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Takes what the control plane says: how many edges there are, and who is over. What does not verify or fit is left out and logged. */
  async hear(payload: string, signature: string): Promise<void> {
    const { verify, group, log, nowMs } = this.#parts;
    const parsed = verify(payload, signature) ? OverLimit.safeParse(parseJson(payload)) : null;
    if (parsed?.success !== true || parsed.data.group !== group) {
      log.warn('limits across edges that are not signed for this group were left out');
      return;
    }
    const { at, edges, clients } = parsed.data;
    const atMs = Date.parse(at);
    if (atMs <= this.#lastAtMs) return;
    if (Math.abs(nowMs() - atMs) > oldestMs) {
      log.warn({ at }, 'limits across edges came with a time that is far from this machine’s: look at the clocks');
      return;
    }
    this.#lastAtMs = atMs;
    this.#edges = edges;
    this.#toldSome = true;
    if (edges > 1 && this.#timer === null && !this.#stopped) this.#next(0);
    for (const { siteId, client, rate } of clients) {
      const limit = this.#parts.limitOf(siteId);
      if (limit !== null && rate > limit) await this.#hold(siteId + client, limit + 1);
    }
    this.#parts.onHeld(this.#held.size);
  }

  /** Lets go of what is over, reads the tables and tells who is busiest. Rejects when HAProxy does not answer. */
  async turn(): Promise<void> {
    const { tables, ask, limitOf, send, onHeld, nowMs } = this.#parts;
    const counted = new Map<string, number>();
    let rows = 0;
    for (const table of tables) {
      for (const { key, rate } of parseRates(await ask(`show table ${table} data.http_req_rate gt ${this.#least - 1}`))) {
        rows += 1;
        counted.set(key, (counted.get(key) ?? 0) + Math.max(0, rate - (this.#held.get(key)?.pushed ?? 0)));
      }
    }
    const atMs = nowMs();
    for (const [key, { untilMs }] of this.#held) {
      if (untilMs > atMs) continue;
      this.#held.delete(key);
      // Its requests since are its rate again, instead of what was put there.
      for (const table of tables) await ask(`set table ${table} key ${key} data.http_req_rate ${counted.get(key) ?? 0}`);
    }
    onHeld(this.#held.size);
    const clients = [...counted].flatMap(([key, rate]): BusyClient[] => {
      const siteId = SiteId.parse(key.slice(0, siteIdLength));
      const limit = limitOf(siteId);
      return limit === null ? [] : [{ siteId, client: ClientKey.parse(key.slice(siteIdLength)), rate, limit }];
    });
    const told = busiest(clients, this.#edges, this.#least);
    if (rows > manyRows) this.#least *= 2;
    else if (rows < fewRows) this.#least = Math.max(leastFirst, Math.floor(this.#least / 2));
    // Silence is told once: the control plane forgets what is some seconds old.
    if (this.#edges > 1 && (told.clients.length > 0 || this.#toldSome))
      this.#toldSome = send({ kind: 'busiest', ...told }) && told.clients.length > 0;
  }

  async #hold(key: string, rate: number): Promise<void> {
    if (!this.#held.has(key) && this.#held.size >= mostHeld) return;
    this.#held.set(key, { pushed: rate, untilMs: this.#parts.nowMs() + holdMs });
    for (const table of this.#parts.tables) await this.#parts.ask(`set table ${table} key ${key} data.http_req_rate ${rate}`);
  }

  #next(waitMs: number): void {
    this.#timer = setTimeout(() => {
      const beganMs = this.#parts.nowMs();
      this.turn()
        .catch((error: unknown) =>
          this.#parts.log.debug({ error: String(error) }, 'clients were not counted across edges this time'),
        )
        .finally(() => {
          this.#timer = null;
          const tookMs = this.#parts.nowMs() - beganMs;
          if (!this.#stopped && (this.#edges > 1 || this.#held.size > 0)) this.#next(Math.max(everyMs, tookMs / readingPart));
        });
    }, waitMs).unref();
  }
}

const siteIdLength = 'site_000000000000'.length;

/** Clients in HAProxy's answer to `show table`; rows of other kinds (the open paths' shares) are passed over. */
export function parseRates(answer: string): { readonly key: string; readonly rate: number }[] {
  return [
    ...answer.matchAll(/ key=(site_[0-9a-z]{12}(?:[0-9A-F]{8}|[0-9A-F]{16}|m[0-9a-f]{16})) .*?http_req_rate\(\d+\)=(\d+)/g),
  ].flatMap(([, key, rate]) => (key === undefined ? [] : [{ key, rate: Number(rate) }]));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
