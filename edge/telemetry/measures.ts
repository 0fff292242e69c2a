/**
 * What the agent sums up of requests for the control plane: statuses, latency and the most frequent from the lines about single requests, bytes from
 * HAProxy's counters.
 *
 * A request of the sample counts as many times as it stands for; what was refused, and every failed origin, is told one by one and counts once. Bounded:
 * so many sites have lists in one roll-up, and each list so many keys; a site that comes later has none until the next one (open: only lists are
 * missing). Nothing here is exact but bytes; counts by outcome are elsewhere (traffic.ts). Lost when the agent stops: what was not sent yet.
 */
import type { SiteId } from '../../contract/ids.ts';
import type { SiteMeasures, SiteTops, StatusClass } from '../../contract/traffic.ts';
import { mostTops, topsSeconds, TopKind } from '../../contract/traffic.ts';
import { Frequent } from '../../core/shield/frequent.ts';
import { emptyLatency, latencyBucket, trimmedLatency } from '../../core/shield/latency.ts';
import { instantOf } from '../../core/instant.ts';
import type { LoggedRequest } from './request-line.ts';

const mostTrackedSites = 500;
const keysHeld = 40;
const longestKey = 200;

type Sums = {
  bytesIn: number;
  bytesOut: number;
  sampled: number;
  seen: { passed: number; refused: number };
  statuses: Map<StatusClass, number>;
  latency: number[];
};
type Lists = { readonly seen: { passed: number; refused: number }; readonly kinds: Map<TopKind, Frequent>; changed: boolean };
type Weight = { readonly passed: number; readonly refused: number };

export class Measures {
  readonly #nowMs: () => number;
  #sums = new Map<SiteId, Sums>();
  #lists = new Map<SiteId | null, Lists>();
  #listsFromMs = 0;
  /** Lists of the roll-up before, as they were at its end. */
  #ended: SiteTops[] = [];

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Takes a request that was told. `failed`: it was refused, or its origin failed. */
  take(request: LoggedRequest, failed: boolean): void {
    const { siteId, status, sample, originMs } = request;
    const weight: Weight = failed ? { passed: 0, refused: 1 } : { passed: sample?.oneIn ?? 0, refused: 0 };
    const times = weight.passed + weight.refused;
    if (times === 0) return;
    const sums = this.#sumsOf(siteId);
    if (!failed) sums.sampled += 1;
    see(sums.seen, weight);
    const answered = classOf(status);
    sums.statuses.set(answered, (sums.statuses.get(answered) ?? 0) + times);
    if (originMs !== null) sums.latency[latencyBucket(originMs)] = (sums.latency[latencyBucket(originMs)] ?? 0) + times;
    this.#startLists();
    for (const owner of [null, siteId]) {
      const lists = this.#listsOf(owner);
      if (lists === null) continue;
      lists.changed = true;
      see(lists.seen, weight);
      for (const [kind, key] of keysOf(request)) {
        const list = lists.kinds.get(kind) ?? new Frequent(keysHeld);
        lists.kinds.set(kind, list);
        list.add(key.slice(0, longestKey), weight);
      }
    }
  }

  /** Bytes since the last reading of HAProxy's counters. */
  addBytes(siteId: SiteId, bytesIn: number, bytesOut: number): void {
    if (bytesIn === 0 && bytesOut === 0) return;
    const sums = this.#sumsOf(siteId);
    sums.bytesIn += bytesIn;
    sums.bytesOut += bytesOut;
  }

  /** What was summed since the last call, of each site with anything. */
  takeSums(): SiteMeasures[] {
    const taken = this.#sums;
    this.#sums = new Map();
    return [...taken].map(([siteId, { statuses, latency, ...sums }]) => ({
      siteId,
      ...sums,
      statuses: Object.fromEntries(statuses),
      latency: trimmedLatency(latency),
    }));
  }

  /** How many lists there are to tell of. */
  get changedLists(): number {
    return this.#ended.length + [...this.#lists.values()].filter(({ changed }) => changed).length;
  }

  /** Lists that changed since the last call, those of a roll-up that has ended as they were at its end. */
  takeTops(): SiteTops[] {
    this.#startLists();
    const told = this.#ended;
    this.#ended = [];
    for (const [siteId, lists] of this.#lists) {
      if (!lists.changed) continue;
      lists.changed = false;
      told.push(this.#tell(siteId, lists));
    }
    return told;
  }

  #tell(siteId: SiteId | null, { seen, kinds }: Lists): SiteTops {
    const tops = Object.fromEntries([...kinds].map(([kind, list]) => [kind, list.list(mostTops)]));
    return { siteId, from: instantOf(this.#listsFromMs), seen: { ...seen }, tops };
  }

  #startLists(): void {
    const fromMs = Math.floor(this.#nowMs() / (topsSeconds * 1000)) * topsSeconds * 1000;
    if (fromMs === this.#listsFromMs) return;
    // A control plane that was away for a roll-up misses its end: what waits is replaced, not gathered.
    this.#ended = [...this.#lists].flatMap(([siteId, lists]) => (lists.changed ? [this.#tell(siteId, lists)] : []));
    this.#lists = new Map();
    this.#listsFromMs = fromMs;
  }

  #listsOf(siteId: SiteId | null): Lists | null {
    const held = this.#lists.get(siteId);
    if (held !== undefined) return held;
    if (this.#lists.size > mostTrackedSites) return null;
    const lists: Lists = { seen: { passed: 0, refused: 0 }, kinds: new Map(), changed: false };
    this.#lists.set(siteId, lists);
    return lists;
  }

  #sumsOf(siteId: SiteId): Sums {
    const held = this.#sums.get(siteId);
    if (held !== undefined) return held;
    const sums = {
      ...{ bytesIn: 0, bytesOut: 0, sampled: 0, seen: { passed: 0, refused: 0 } },
      ...{ statuses: new Map(), latency: emptyLatency() },
    };
    this.#sums.set(siteId, sums);
    return sums;
  }
}

function see(seen: { passed: number; refused: number }, { passed, refused }: Weight): void {
  seen.passed += passed;
  seen.refused += refused;
}

function classOf(status: number): StatusClass {
  if (status < 100) return 'none';
  if (status < 200) return '1xx';
  if (status < 300) return '2xx';
  if (status < 400) return '3xx';
  return status < 500 ? '4xx' : '5xx';
}

/** What is counted of a request; what nobody knows of it is not counted. */
function keysOf({ network, country, asn, path, said, sample, ruleId }: LoggedRequest): (readonly [TopKind, string])[] {
  const agent = sample?.headers['user-agent'] ?? said?.agent;
  const host = sample?.host ?? said?.host;
  return [
    // Nothing of the address is kept: every visitor would be the same.
    ...(network.endsWith('/0') ? [] : [[TopKind.enum.networks, network] as const]),
    ...(country === null ? [] : [[TopKind.enum.countries, country] as const]),
    ...(asn === null ? [] : [[TopKind.enum.asns, `AS${asn}`] as const]),
    [TopKind.enum.paths, path],
    ...(agent === undefined || agent === '' ? [] : [[TopKind.enum.agents, agent] as const]),
    ...(host === undefined || host === '' ? [] : [[TopKind.enum.hosts, host.toLowerCase()] as const]),
    ...(ruleId === null ? [] : [[TopKind.enum.rules, ruleId] as const]),
  ];
}
