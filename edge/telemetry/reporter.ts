/**
 * The agent's clockwork: every two seconds counts and health go out, and now and then each map is read back and compared.
 *
 * Drift: maps up to 5,000 entries every 30 s, larger ones every 5 minutes. Reading 100,000 entries back takes HAProxy and the agent some
 * tenths of a second, in turns, on a connection of its own; only what seems to differ is compared again inside the agent's queue and
 * repaired there. Entries are compared one by one, which says what a hash per map would and also where.
 */
import { copyFile, stat, truncate } from 'node:fs/promises';
import type { Logger } from 'pino';
import { Instant } from '../../contract/ids.ts';
import { mostMeasuredSites, mostToppedSites, rollUpSeconds } from '../../contract/traffic.ts';
import type { Revision } from '../../contract/ids.ts';
import type { RefusedRequest } from '../../contract/insight.ts';
import type { FromEdge } from '../../contract/stream.ts';
import { counterTable } from '../render/index.ts';
import type { MapName } from '../render/types.ts';
import type { Engine } from '../haproxy/engine.ts';
import { parseInfo } from '../haproxy/runtime-socket.ts';
import { instantOf } from '../../core/instant.ts';
import type { Measures } from './measures.ts';
import type { EdgeMetrics } from './metrics.ts';
import { outcomes, TrafficCounters } from './traffic.ts';
import type { SiteTraffic } from './traffic.ts';

export type ReporterParts = {
  readonly engine: Engine;
  readonly metrics: EdgeMetrics;
  readonly log: Logger;
  readonly haproxyLog: string;
  readonly nowMs: () => number;
  readonly send: (message: FromEdge) => boolean;
  readonly policy: () => { readonly revision: Revision; readonly sites: number };
  readonly connected: () => boolean;
  readonly receiptsWaiting: () => number;
  /** What was counted in the last `seconds`, while HAProxy answers. */
  readonly onTraffic: (sites: readonly SiteTraffic[], seconds: number) => void;
  /** What was refused since the last call. */
  readonly takeRefused: () => RefusedRequest[];
  readonly measures: Measures;
  /** Whether the control plane of this connection takes sums and lists. */
  readonly insightWanted: () => boolean;
  /** Another worker than the agent's answers on the admin socket. */
  readonly onStrangeWorker: () => void;
  readonly repairDrift: (maps: readonly MapName[]) => Promise<readonly MapName[]>;
  /** How many names had another certificate than they should, before it was repaired. */
  readonly repairCertificates: () => Promise<number>;
};

const everyMs = 2000;
const smallMapEntries = 5000;
const smallMapEveryMs = 30_000;
const largeMapEveryMs = 300_000;
const certificatesEveryMs = 120_000;
const measureMs = rollUpSeconds * 1000;
const topsMs = 60_000;
const fewLists = 20;
/** HAProxy's own log is cut at this size; one older copy is kept. */
const logLimitBytes = 16 * 1024 * 1024;
const mostSitesPerMessage = 10_000;

export class Reporter {
  readonly #parts: ReporterParts;
  readonly #counters = new TrafficCounters();
  readonly #comparedMs = new Map<MapName, number>();
  #timer: NodeJS.Timeout | null = null;
  #lastMs = 0;
  #lastRequests: number | null = null;
  #measuredMs = 0;
  #toppedMs = 0;
  #certificatesMs = 0;
  #stopped = false;

  constructor(parts: ReporterParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#lastMs = this.#parts.nowMs();
    this.#measuredMs = this.#lastMs;
    this.#toppedMs = this.#lastMs;
    this.#certificatesMs = this.#lastMs;
    for (const map of this.#parts.engine.image.mapNames) this.#comparedMs.set(map, this.#lastMs);
    this.#next();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #next(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#turn()
        .catch((error: unknown) => this.#parts.log.warn({ error: String(error) }, 'a report of counts and health was left out'))
        .finally(() => this.#next());
    }, everyMs);
  }

  async #turn(): Promise<void> {
    const { engine, metrics, policy } = this.#parts;
    const fromMs = this.#lastMs;
    const nowMs = this.#parts.nowMs();
    this.#lastMs = nowMs;
    metrics.connected.set(this.#parts.connected() ? 1 : 0);
    metrics.haproxyUp.set(engine.state === 'down' ? 0 : 1);
    metrics.receiptsWaiting.set(this.#parts.receiptsWaiting());
    let connections = 0;
    let requestsPerSecond = 0;
    let sites: Extract<FromEdge, { kind: 'telemetry' }>['sites'] = [];
    const seconds = Math.max(0, (nowMs - fromMs) / 1000);
    if (engine.state !== 'down') {
      const info = parseInfo(await engine.ask('show info'));
      const known = engine.workerPid;
      if (known !== null && Number(info.get('Pid')) !== known) this.#parts.onStrangeWorker();
      connections = Number(info.get('CurrConns') ?? 0);
      metrics.requestLinesDropped.set(Number(info.get('DroppedLogs') ?? 0));
      const requests = Number(info.get('CumReq') ?? 0);
      const since = this.#lastRequests === null || requests < this.#lastRequests ? 0 : requests - this.#lastRequests;
      this.#lastRequests = requests;
      requestsPerSecond = seconds > 0 ? since / seconds : 0;
      const counted = this.#counters.take(await engine.ask(`show table ${counterTable}`));
      sites = counted.sites;
      this.#parts.onTraffic(sites, seconds);
      for (const { siteId, bytesIn, bytesOut } of counted.bytes) this.#parts.measures.addBytes(siteId, bytesIn, bytesOut);
    }
    metrics.connections.set(connections);
    for (const { counts } of sites) for (const outcome of outcomes) metrics.requests.inc({ outcome }, counts[outcome]);
    metrics.busiestSites.add(sites);
    const health = {
      haproxy: engine.state,
      driftRepairs: engine.driftRepairs,
      sites: policy().sites,
      connections,
      requestsPerSecond,
    };
    for (let start = 0; start === 0 || start < sites.length; start += mostSitesPerMessage) {
      const from = Instant.parse(new Date(fromMs).toISOString());
      this.#parts.send({
        kind: 'telemetry',
        from,
        seconds: Math.min(3600, seconds),
        sites: sites.slice(start, start + mostSitesPerMessage),
        health,
        ...(start === 0 ? { refused: this.#parts.takeRefused() } : {}),
      });
    }
    this.#tellInsight(nowMs);
    await this.#compareMaps(nowMs);
    await this.#compareCertificates(nowMs);
    await this.#cutLog();
  }

  /** Sums at the first turn of each ten seconds, lists too when they are few, else once in a minute. Nobody there to take them: they are dropped. */
  #tellInsight(nowMs: number): void {
    const { measures, metrics, send, insightWanted } = this.#parts;
    if (Math.floor(nowMs / measureMs) === Math.floor(this.#measuredMs / measureMs)) return;
    const fromMs = this.#measuredMs;
    this.#measuredMs = nowMs;
    const sites = measures.takeSums();
    metrics.measured(sites);
    metrics.busiestSites.choose();
    if (!insightWanted()) return;
    const topsDue = nowMs - this.#toppedMs >= topsMs || measures.changedLists <= fewLists;
    if (topsDue) this.#toppedMs = nowMs;
    const tops = topsDue ? measures.takeTops() : [];
    const [from, seconds] = [instantOf(fromMs), Math.min(3600, Math.max(0, (nowMs - fromMs) / 1000))];
    for (
      let start = 0;
      start < Math.max(sites.length, tops.length * (mostMeasuredSites / mostToppedSites));
      start += mostMeasuredSites
    ) {
      const first = start / (mostMeasuredSites / mostToppedSites);
      send({
        kind: 'insight',
        from,
        seconds,
        sites: sites.slice(start, start + mostMeasuredSites),
        tops: tops.slice(first, first + mostToppedSites),
      });
    }
  }

  async #compareMaps(nowMs: number): Promise<void> {
    const { engine } = this.#parts;
    for (const map of engine.image.mapNames) {
      const every = engine.image.size(map) > smallMapEntries ? largeMapEveryMs : smallMapEveryMs;
      if (engine.state === 'down' || nowMs - (this.#comparedMs.get(map) ?? 0) < every) continue;
      this.#comparedMs.set(map, nowMs);
      if (!(await engine.seemsDrifted(map))) continue;
      const repaired = await this.#parts.repairDrift([map]);
      if (repaired.length === 0) continue;
      this.#parts.metrics.driftRepairs.inc(repaired.length);
      this.#parts.log.warn({ maps: repaired }, 'a map of HAProxy differed from the policy and was repaired');
    }
  }

  async #compareCertificates(nowMs: number): Promise<void> {
    if (this.#parts.engine.state === 'down' || nowMs - this.#certificatesMs < certificatesEveryMs) return;
    this.#certificatesMs = nowMs;
    const names = await this.#parts.repairCertificates();
    if (names === 0) return;
    this.#parts.metrics.driftRepairs.inc();
    this.#parts.log.warn({ names }, 'certificates of HAProxy differed from the policy and were repaired');
  }

  async #cutLog(): Promise<void> {
    const { haproxyLog } = this.#parts;
    const size = await stat(haproxyLog).then(
      (found) => found.size,
      () => 0,
    );
    if (size < logLimitBytes) return;
    // HAProxy appends, so a file that is cut goes on from its start; lines written in between are lost.
    await copyFile(haproxyLog, `${haproxyLog}.1`);
    await truncate(haproxyLog, 0);
  }
}
