/**
 * The agent's end of HAProxy's ring: single requests, of which a sample of the last hour stays here and refusals go to the control plane.
 *
 * Everything is bounded and in memory: what it costs does not grow with a flood. After so many lines in a second the agent stops reading until the
 * next one: HAProxy's ring fills and drops (open: serving never waits for telling). Not here: counts by outcome (traffic.ts), which are exact.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Instant, SiteId } from '../../contract/ids.ts';
import { mostRefusedPerMessage } from '../../contract/insight.ts';
import type { RefusedRequest } from '../../contract/insight.ts';
import type { SampledRequest } from '../../contract/rules.ts';
import { mostKeptAddress } from '../../contract/traffic.ts';
import type { KeptAddress } from '../../contract/traffic.ts';
import { instantOf } from '../../core/instant.ts';
import { parseRequestLine } from './request-line.ts';
import type { LoggedRequest } from './request-line.ts';

const mostLinesPerSecond = 2000;
const longestFrame = 8192;
const sampleHourMs = 3_600_000;
const mostSamplesPerSite = 500;
const mostSampledSites = 200;
/** Refusals of one site in one message: a flood of one site leaves room for the others. */
const mostRefusedPerSiteAndMessage = 20;
/** Answers of our own that refuse nothing. */
const notRefused: ReadonlySet<string> = new Set(['own', 'acme', 'to-https', 'rule-redirect', 'unknown']);

export type RequestLogParts = {
  readonly socket: string;
  readonly log: Logger;
  readonly nowMs: () => number;
  /** Is handed each request that is told; `guard` says what refused it, or that its origin failed. */
  readonly onRequest?: (request: LoggedRequest, guard: string | null) => void;
};

export class RequestLog {
  readonly #parts: RequestLogParts;
  readonly #samples = new Map<SiteId, SampledRequest[]>();
  readonly #sockets = new Set<Socket>();
  readonly #sinceMs: number;
  #refused = new Map<SiteId, RefusedRequest[]>();
  #refusedCount = 0;
  #server: Server | null = null;
  #keep: KeptAddress = mostKeptAddress;
  #second = 0;
  #lines = 0;

  constructor(parts: RequestLogParts) {
    this.#parts = parts;
    this.#sinceMs = parts.nowMs();
  }

  /** Listens; HAProxy comes within a second. Without it (a path that is too long) the edge serves and tells nothing of single requests. */
  async start(): Promise<void> {
    const { socket: path, log } = this.#parts;
    rmSync(path, { force: true });
    const server = createServer((socket) => this.#onSocket(socket));
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.once('error', (error) => {
        log.warn({ error: error.message }, 'nothing is told of single requests');
        resolve();
      });
      server.listen(path, () => {
        chmodSync(path, 0o600);
        resolve();
      });
    });
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
  }

  /** Requests of a site in the last hour, oldest first: one in so many of those that passed; and from when on none of those is missing. */
  sample(siteId: SiteId): { readonly since: Instant; readonly requests: readonly SampledRequest[] } {
    const nowMs = this.#parts.nowMs();
    const hourAgoMs = nowMs - sampleHourMs;
    const held = this.#samples.get(siteId);
    const requests = (held ?? []).filter(({ at }) => Date.parse(at) >= hourAgoMs);
    // A site that came when there were too many has no sample; one whose room is full has lost what was older than its oldest.
    if (held === undefined && this.#samples.size >= mostSampledSites) return { since: instantOf(nowMs), requests };
    const full = held !== undefined && held.length >= mostSamplesPerSite ? requests[0]?.at : undefined;
    return { since: full ?? instantOf(Math.max(hourAgoMs, this.#sinceMs)), requests };
  }

  /** What was refused since the last call, as much as is told of it. */
  takeRefused(): RefusedRequest[] {
    const taken = [...this.#refused.values()].flat();
    this.#refused = new Map();
    this.#refusedCount = 0;
    this.#forgetOld();
    return taken.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  }

  #onSocket(socket: Socket): void {
    const frames = new Frames(longestFrame);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // HAProxy connects again by itself.
    socket.on('error', () => socket.destroy());
    socket.on('data', (data: Buffer) => {
      const texts = frames.take(data);
      if (texts === null) return void socket.destroy();
      for (const text of texts) this.take(text);
      const wait = this.#overMs(texts.length);
      if (wait === 0) return;
      socket.pause();
      setTimeout(() => socket.resume(), wait).unref();
    });
  }

  /** Milliseconds until reading goes on. */
  #overMs(lines: number): number {
    const nowMs = this.#parts.nowMs();
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) this.#lines = 0;
    this.#second = second;
    this.#lines += lines;
    return this.#lines > mostLinesPerSecond ? 1000 - (nowMs % 1000) : 0;
  }

  /** From now on no more of an address is kept than this. */
  keepOfAddresses(keep: KeptAddress): void {
    this.#keep = keep;
  }

  /** Takes one line. */
  take(text: string): void {
    const request = parseRequestLine(text, this.#keep);
    if (request === null) return;
    if (request.sample !== null) this.#hold(request.siteId, request.sample);
    const answered = request.act ?? (request.status >= 500 ? 'origin-error' : null);
    if (answered !== null && notRefused.has(answered)) return;
    this.#parts.onRequest?.(request, answered);
    if (answered !== null) this.#refuse(request, answered);
  }

  #hold(siteId: SiteId, sample: SampledRequest): void {
    const held = this.#samples.get(siteId);
    if (held === undefined) {
      if (this.#samples.size < mostSampledSites) this.#samples.set(siteId, [sample]);
      return;
    }
    held.push(sample);
    if (held.length > mostSamplesPerSite) held.shift();
  }

  #refuse(request: LoggedRequest, guard: string): void {
    const { reference, at, siteId, ruleId, orderId, status, network, method, path } = request;
    const told = { reference, at, siteId, guard, ruleId, orderId, status, network, method, path };
    const ofSite = this.#refused.get(siteId) ?? [];
    if (ofSite.length >= mostRefusedPerSiteAndMessage) return makeRoom(ofSite, told);
    if (this.#refusedCount >= mostRefusedPerMessage) return;
    this.#refused.set(siteId, ofSite);
    this.#refusedCount += 1;
    ofSite.push(told);
  }

  #forgetOld(): void {
    for (const siteId of this.#samples.keys()) {
      const left = this.sample(siteId).requests;
      if (left.length === 0) this.#samples.delete(siteId);
      else this.#samples.set(siteId, [...left]);
    }
  }
}

/** In a full list a network that has fewer takes a place of the one that has most: whoever is refused once in a flood can have the reference explained. */
function makeRoom(list: RefusedRequest[], told: RefusedRequest): void {
  const places = new Map<string, number[]>();
  for (const [place, { network }] of list.entries()) places.set(network, [...(places.get(network) ?? []), place]);
  const own = places.get(told.network)?.length ?? 0;
  const most = [...places.values()].reduce((one, other) => (other.length > one.length ? other : one), []);
  const place = most.at(-1);
  if (place !== undefined && most.length > own + 1) list[place] = told;
}

/** Frames as of RFC 6587: the length in bytes, a space, and that many bytes. */
export class Frames {
  readonly #longest: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(longest: number) {
    this.#longest = longest;
  }

  /** The texts of the frames that are whole now; null for what is no such frame: the connection is of no use then. */
  take(data: Buffer): string[] | null {
    let rest = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const texts: string[] = [];
    for (;;) {
      const head = /^(\d{1,5}) /.exec(rest.toString('latin1', 0, 6))?.[1];
      if (head === undefined) {
        if (!/^\d{0,5}$/.test(rest.toString('latin1', 0, 6)) || rest.length > 5) return null;
        break;
      }
      const length = Number(head);
      const start = head.length + 1;
      if (length > this.#longest) return null;
      if (rest.length < start + length) break;
      texts.push(rest.toString('utf8', start, start + length));
      rest = rest.subarray(start + length);
    }
    this.#rest = Buffer.from(rest);
    return texts;
  }
}
