/**
 * The jobs: orders that end, origins that are resolved again, edges that stay away, keys that rotate, rows that are old enough to go.
 *
 * Edges lift orders by their own clocks; the job here brings the record and the change log after them. Everything is safe to run twice.
 */
import { instantOf, msOf } from '../../core/instant.ts';
import { listHeads, lockClearanceKeys, trimLog } from '../../store/change-log.ts';
import { edgesAwaySince, trimEdges } from '../../store/edges.ts';
import { hasAlarmSince, raiseAlarm, trimTraffic } from '../../store/house.ts';
import { ordersDue } from '../../store/orders.ts';
import { sitesToResolve } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import { refusedKeptDays } from '../../contract/insight.ts';
import { trimRefused } from '../../store/insight.ts';
import { checkpoint, listTables, vacuum } from '../../store/upkeep.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { rotateKeys } from '../edges/clearance-keys.ts';
import { passTime } from '../orders/service.ts';
import { recheckOrigin } from '../sites/service.ts';
import type { Job } from './runner.ts';

const awayAlarmMs = 60_000;
const rotateAfterMs = 30 * 86_400_000;
const trafficKeptMs = 24 * 3_600_000;
const resolveAtOnce = 8;

export function houseJobs(deps: ControlDeps): Job[] {
  const { db } = deps.store;
  const begunMs = deps.now();
  return [
    {
      name: 'orders that end',
      everyMs: 500,
      afterMs: 0,
      run: async () => {
        for (const orderId of await ordersDue(db, nowOf(deps), 100)) await passTime(deps, orderId);
      },
    },
    {
      name: 'origins resolved again',
      everyMs: 1000,
      afterMs: 1000,
      run: async () => {
        const due = await sitesToResolve(db, nowOf(deps), 200);
        for (let start = 0; start < due.length; start += resolveAtOnce) {
          await Promise.all(due.slice(start, start + resolveAtOnce).map((site) => recheckOrigin(deps, site)));
        }
      },
    },
    {
      name: 'edges that stay away',
      everyMs: 5000,
      afterMs: 1000,
      run: async () => {
        // Edges that were connected to the process before this one need a moment to come back.
        if (deps.now() - begunMs >= awayAlarmMs) await alarmAboutAway(deps);
      },
    },
    {
      name: 'clearance keys',
      everyMs: 3_600_000,
      afterMs: 10_000,
      run: async () => {
        for (const { group } of await listHeads(db)) {
          await transact(deps.store, async (unit) => {
            const held = await lockClearanceKeys(unit.tx, group);
            if (held === null || deps.now() - msOf(held.rotatedAt) < rotateAfterMs) return;
            await rotateKeys(deps, unit, { group, dropOlder: true, who: null });
          });
        }
      },
    },
    {
      name: 'old rows',
      everyMs: 60_000,
      afterMs: 30_000,
      run: async () => {
        await transact(deps.store, (unit) => trimLog(unit.tx));
        await trimTraffic(db, instantOf(deps.now() - trafficKeptMs));
        await trimEdges(db, instantOf(deps.now() - 7 * 86_400_000));
        await trimRefused(db, instantOf(deps.now() - refusedKeptDays * 86_400_000));
      },
    },
    ...(deps.store.kind === 'embedded' ? upkeepJobs(deps) : []),
  ];
}

const checkpointEveryMs = 120_000;
/** One table at a time, so that no turn blocks for long; all of them in about six hours. */
const vacuumEveryMs = 15 * 60_000;

function upkeepJobs({ store: { db } }: ControlDeps): Job[] {
  let turn = 0;
  return [
    { name: 'checkpoint', everyMs: checkpointEveryMs, afterMs: checkpointEveryMs, run: () => checkpoint(db) },
    {
      name: 'vacuum',
      everyMs: vacuumEveryMs,
      afterMs: vacuumEveryMs,
      run: async () => {
        const tables = await listTables(db);
        const table = tables[turn % tables.length];
        turn += 1;
        if (table !== undefined) await vacuum(db, table);
      },
    },
  ];
}

async function alarmAboutAway(deps: ControlDeps): Promise<void> {
  for (const edge of await edgesAwaySince(deps.store.db, instantOf(deps.now() - awayAlarmMs))) {
    const since = edge.lastSeenAt;
    if (since === null) continue;
    await transact(deps.store, async (unit) => {
      // One alarm for each time that it goes away, also when somebody has seen it already.
      if (await hasAlarmSince(unit.tx, 'edge-away', edge.edgeId, since)) return;
      await raiseAlarm(unit, {
        kind: 'edge-away',
        at: nowOf(deps),
        sentence: `The edge ${edge.name} has not been heard of since ${since}. It goes on with the policy that it has; changes do not reach it.`,
        edgeId: edge.edgeId,
      });
    });
  }
}
