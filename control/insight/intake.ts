/**
 * What edges sum up, written down every few seconds: roll-ups of ten seconds, and lists of what is most frequent.
 *
 * As the notebook (control/edges/notebook.ts): in memory until it is written, at most a few seconds of it; what the database refuses is tried
 * again while it fits, then dropped: counts are not receipts. Addresses are cut to what policy keeps here as well, whatever an edge was told: closed.
 * An edge's clock is used unless it is far from ours. The live view hears refusals and counts from here.
 */
import type { Logger } from 'pino';
import type { EdgeId, GroupName, Instant, SiteId } from '../../contract/ids.ts';
import { Cidr } from '../../contract/network.ts';
import type { FromEdge } from '../../contract/stream.ts';
import { mostTops, rollUpSeconds, topsSeconds } from '../../contract/traffic.ts';
import type { InsightMessage, KeptAddress, SiteTops, TopEntry } from '../../contract/traffic.ts';
import { mergedFrequent } from '../../core/shield/frequent.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { keptNetwork } from '../../core/shield/networks.ts';
import type { InsightHub } from './live.ts';
import type { Store } from '../../store/open.ts';
import { addRollUps, latencyColumns } from '../../store/roll-ups.ts';
import type { RollUp, RollUpColumn } from '../../store/roll-ups.ts';
import { putTops, topSteps } from '../../store/top-lists.ts';
import type { TopsOfEdge } from '../../store/top-lists.ts';

type Telemetry = Extract<FromEdge, { kind: 'telemetry' }>;
type Sums = Partial<Record<RollUpColumn, number>>;
type Held = { readonly group: GroupName; readonly row: RollUp & { readonly sums: Sums } };

export type InsightIntake = {
  /** Counts by outcome, of a telemetry message. */
  counts(group: GroupName, edgeId: EdgeId, said: Telemetry): void;
  sums(group: GroupName, edgeId: EdgeId, said: InsightMessage): void;
  /** Writes everything down now and stops. */
  close(): Promise<void>;
};

const writeEveryMs = 5000;
const mostRows = 200_000;
const mostLists = 5000;
const farMs = 120_000;

export function openInsightIntake(deps: {
  store: Store;
  log: Logger;
  now: () => number;
  keep: KeptAddress;
  hub: InsightHub;
}): InsightIntake {
  const { store, log, keep, hub } = deps;
  let rows = new Map<string, Held>();
  let lists = new Map<string, { readonly group: GroupName; readonly told: TopsOfEdge }>();
  let writing: Promise<void> = Promise.resolve();

  function bucketOf(from: Instant, seconds: number): Instant {
    const middle = msOf(from) + seconds * 500;
    const at = Math.abs(middle - deps.now()) > farMs ? deps.now() : middle;
    return instantOf(Math.floor(at / (rollUpSeconds * 1000)) * rollUpSeconds * 1000);
  }

  function add(group: GroupName, edgeId: EdgeId, siteId: SiteId | null, at: Instant, more: Sums): void {
    const key = `${siteId ?? ''} ${edgeId} ${at}`;
    const held = rows.get(key);
    if (held === undefined) {
      if (rows.size < mostRows) rows.set(key, { group, row: { siteId, edgeId, at, sums: { ...more } } });
      return;
    }
    plus(held.row.sums, more);
  }

  /** Adds for a site and for all sites of the edge. */
  function addBoth(group: GroupName, edgeId: EdgeId, siteId: SiteId, at: Instant, more: Sums): void {
    add(group, edgeId, siteId, at, more);
    add(group, edgeId, null, at, more);
  }

  async function write(): Promise<void> {
    const [rowsNow, listsNow] = [rows, lists];
    rows = new Map();
    lists = new Map();
    try {
      for (const [group, held] of Map.groupBy(rowsNow.values(), (one) => one.group)) {
        await addRollUps(
          store.db,
          group,
          held.map(({ row }) => row),
        );
      }
      for (const [group, held] of Map.groupBy(listsNow.values(), (one) => one.group)) {
        await putTops(
          store.db,
          group,
          topSteps.fine,
          held.map(({ told }) => told),
        );
      }
    } catch (error) {
      // Each statement is whole or not at all; a group that was written before another failed is not written twice, for its rows would add up.
      log.warn({ err: error }, 'sums of edges could not be written and are dropped');
    }
  }

  const later = () => (writing = writing.then(write));
  const timer = setInterval(() => void later(), writeEveryMs);

  return {
    counts(group, edgeId, said) {
      const at = bucketOf(said.from, said.seconds);
      for (const { siteId, counts } of said.sites) {
        const { 'origin-error': failed, ...others } = counts;
        addBoth(group, edgeId, siteId, at, { ...others, origin_error: failed });
        if (hub.hasListeners()) hub.tell({ kind: 'counts', siteId, edgeId, at: said.from, seconds: said.seconds, counts });
      }
      if (!hub.hasListeners()) return;
      for (const one of said.refused ?? []) {
        const told = { ...one, network: keptNetwork(one.network, keep), edgeId };
        hub.tell({ kind: 'refused', siteId: one.siteId, edgeId, told });
      }
    },
    sums(group, edgeId, said) {
      const at = bucketOf(said.from, said.seconds);
      for (const { siteId, bytesIn, bytesOut, sampled, seen, statuses, latency } of said.sites) {
        addBoth(group, edgeId, siteId, at, {
          ...{ bytes_in: bytesIn, bytes_out: bytesOut, sampled, seen_passed: seen.passed, seen_refused: seen.refused },
          ...Object.fromEntries(Object.entries(statuses).map(([answered, count]) => [`status_${answered}`, count])),
          ...Object.fromEntries(latency.map((count, bucket) => [latencyColumns[bucket] ?? 'l32', count])),
        });
      }
      for (const told of said.tops) {
        const fromMs = Math.floor(msOf(told.from) / (topsSeconds * 1000)) * topsSeconds * 1000;
        // A list of another day by a wrong clock would stay there for good.
        if (Math.abs(fromMs - deps.now()) > topsSeconds * 2000 || lists.size >= mostLists) continue;
        const kept = keptTops(told, keep);
        lists.set(`${told.siteId ?? ''} ${edgeId} ${fromMs}`, { group, told: { ...kept, from: instantOf(fromMs), edgeId } });
      }
    },
    async close() {
      clearInterval(timer);
      await later();
    },
  };
}

function plus(sums: Sums, more: Sums): void {
  for (const column of columnsOf(more)) sums[column] = (sums[column] ?? 0) + (more[column] ?? 0);
}

function columnsOf(sums: Sums): RollUpColumn[] {
  return allColumns.filter((column) => sums[column] !== undefined);
}

const allColumns: readonly RollUpColumn[] = [
  ...(['passed', 'challenged', 'solved', 'limited', 'denied', 'noticed', 'origin_error'] as const),
  ...(['bytes_in', 'bytes_out', 'sampled', 'seen_passed', 'seen_refused'] as const),
  ...(['status_1xx', 'status_2xx', 'status_3xx', 'status_4xx', 'status_5xx', 'status_none'] as const),
  ...latencyColumns,
];

/** Lists whose networks have no more bits than policy keeps; those that become the same are one. */
function keptTops(told: SiteTops, keep: KeptAddress): SiteTops {
  const { networks, ...others } = told.tops;
  if (networks === undefined) return told;
  const cut = networks.flatMap((entry): TopEntry[][] => {
    const network = Cidr.safeParse(entry.key);
    const kept = network.success ? keptNetwork(network.data, keep) : null;
    return kept === null || kept.endsWith('/0') ? [] : [[{ ...entry, key: kept }]];
  });
  return { ...told, tops: { ...others, networks: mergedFrequent(cut, mostTops).slice(0, mostTops) } };
}
