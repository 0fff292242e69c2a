/**
 * What edges say often, written down in batches: acknowledgements within 5 ms, traffic every second, health every 3 s.
 *
 * One statement for many rows instead of one for each message, so that a thousand edges do not mean thousands of transactions a second. What is in
 * memory when the process dies is lost: at most a second of counts, and acknowledgements that the next ones make good. Batches that the database
 * refuses are tried again for a minute's worth, then dropped and counted in the log.
 */
import type { Logger } from 'pino';
import type { EdgeId, GroupName, Instant, SiteId } from '../../contract/ids.ts';
import { Revision } from '../../contract/ids.ts';
import type { EdgeHealth, FromEdge, OutcomeCounts } from '../../contract/stream.ts';
import type { KeptAddress } from '../../contract/traffic.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { keptNetwork } from '../../core/shield/networks.ts';
import { insertAcks, setHealth } from '../../store/edges.ts';
import type { Acknowledgement } from '../../store/edges.ts';
import { addTraffic } from '../../store/house.ts';
import { addRefused } from '../../store/insight.ts';
import type { ToldRefusal } from '../../store/insight.ts';
import type { Store } from '../../store/open.ts';
import type { LiveHub } from '../events.ts';

type Telemetry = Extract<FromEdge, { kind: 'telemetry' }>;

export type Notebook = {
  ack(group: GroupName, ack: Acknowledgement): void;
  telemetry(group: GroupName, edgeId: EdgeId, said: Telemetry): void;
  seen(edgeId: EdgeId): void;
  forget(edgeId: EdgeId): void;
  /** Writes everything down now and stops. */
  close(): Promise<void>;
};

const bucketMs = 10_000;
const mostSums = 200_000;
const mostAcks = 20_000;
/** Refused requests that wait to be written; what is more is forgotten, for they are a sample under a flood anyway. */
const mostRefused = 20_000;

export function openNotebook(deps: { store: Store; log: Logger; now: () => number; live: LiveHub; keep: KeptAddress }): Notebook {
  const { store, log, live } = deps;
  let acks: { group: GroupName; ack: Acknowledgement }[] = [];
  let sums = new Map<string, { group: GroupName; siteId: SiteId; bucket: Instant; counts: OutcomeCounts }>();
  let refused: { group: GroupName; told: ToldRefusal }[] = [];
  let seenEdges = new Map<EdgeId, { edgeId: EdgeId; at: Instant; health: EdgeHealth | null }>();
  let ackTimer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  function later(work: () => Promise<void>): Promise<void> {
    writing = writing.then(work).catch((error: unknown) => log.warn({ err: error }, 'what edges said could not be written yet'));
    return writing;
  }

  async function writeAcks(): Promise<void> {
    ackTimer = undefined;
    const batch = acks;
    if (batch.length === 0) return;
    acks = [];
    try {
      await insertAcks(
        store.db,
        batch.map(({ ack }) => ack),
      );
    } catch (error) {
      acks = [...batch, ...acks].slice(-mostAcks);
      throw error;
    }
    for (const { group, ack } of batch) {
      live.tellHere({
        kind: 'applied',
        group,
        edgeId: ack.edgeId,
        revision: Revision.parse(ack.revision),
        tookMs: ack.tookMs ?? 0,
      });
    }
  }

  async function writeTraffic(): Promise<void> {
    const batch = sums;
    if (batch.size === 0) return;
    sums = new Map();
    try {
      for (const [group, rows] of Map.groupBy(batch.values(), (row) => row.group)) await addTraffic(store.db, group, rows);
    } catch (error) {
      for (const row of batch.values()) if (sums.size < mostSums) add(row);
      throw error;
    }
  }

  async function writeRefused(): Promise<void> {
    const batch = refused;
    if (batch.length === 0) return;
    refused = [];
    try {
      for (const [group, rows] of Map.groupBy(batch, (row) => row.group)) {
        await addRefused(
          store.db,
          group,
          rows.map(({ told }) => told),
        );
      }
    } catch (error) {
      refused = [...batch, ...refused].slice(-mostRefused);
      throw error;
    }
  }

  function add(row: { group: GroupName; siteId: SiteId; bucket: Instant; counts: OutcomeCounts }): void {
    const key = `${row.siteId} ${row.bucket}`;
    const held = sums.get(key);
    sums.set(key, held === undefined ? row : { ...row, counts: plus(held.counts, row.counts) });
  }

  async function writeSeen(): Promise<void> {
    const batch = seenEdges;
    if (batch.size === 0) return;
    seenEdges = new Map();
    await setHealth(store.db, [...batch.values()]);
    for (const edgeId of batch.keys()) live.tellHere({ kind: 'edge', edgeId });
  }

  const timers = [
    setInterval(() => void later(writeTraffic), 1000),
    setInterval(() => void later(writeRefused), 1000),
    setInterval(() => void later(writeSeen), 3000),
    setInterval(() => void (acks.length > 0 && later(writeAcks)), 1000),
  ];

  return {
    ack(group, ack) {
      acks.push({ group, ack });
      ackTimer ??= setTimeout(() => void later(writeAcks), 5);
    },
    telemetry(group, edgeId, said) {
      const nowMs = deps.now();
      // The middle of the interval by the edge's clock, but never far from ours: a wrong clock must not write into another day.
      const middle = msOf(said.from) + said.seconds * 500;
      const at = Math.abs(middle - nowMs) > 120_000 ? nowMs : middle;
      const bucket = instantOf(Math.floor(at / bucketMs) * bucketMs);
      for (const { siteId, counts } of said.sites) {
        add({ group, siteId, bucket, counts });
        if (live.hasListeners()) live.tellHere({ kind: 'traffic', siteId, at: said.from, seconds: said.seconds, counts });
      }
      for (const one of said.refused ?? []) {
        // The edge's clock is not trusted with a time that is far from ours: it says how long a row is kept.
        const toldAt = Math.abs(msOf(one.at) - nowMs) > 120_000 ? instantOf(nowMs) : one.at;
        if (refused.length < mostRefused)
          refused.push({ group, told: { ...one, network: keptNetwork(one.network, deps.keep), at: toldAt, edgeId } });
      }
      seenEdges.set(edgeId, { edgeId, at: instantOf(nowMs), health: said.health });
    },
    seen(edgeId) {
      const health = seenEdges.get(edgeId)?.health ?? null;
      seenEdges.set(edgeId, { edgeId, at: instantOf(deps.now()), health });
    },
    forget(edgeId) {
      seenEdges.delete(edgeId);
    },
    async close() {
      for (const timer of timers) clearInterval(timer);
      clearTimeout(ackTimer);
      await later(writeAcks);
      await later(writeTraffic);
      await later(writeRefused);
      await later(writeSeen);
    },
  };
}

function plus(one: OutcomeCounts, other: OutcomeCounts): OutcomeCounts {
  return {
    passed: one.passed + other.passed,
    challenged: one.challenged + other.challenged,
    solved: one.solved + other.solved,
    limited: one.limited + other.limited,
    denied: one.denied + other.denied,
    noticed: one.noticed + other.noticed,
    'origin-error': one['origin-error'] + other['origin-error'],
  };
}
