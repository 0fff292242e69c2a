/** The routes of contract/routes/house.ts, served; the event stream is control/events.ts. */
import * as contract from '../../contract/routes/house.ts';
import type { Status } from '../../contract/routes/house.ts';
import { addAudit } from '../../store/audit.ts';
import { listHeads } from '../../store/change-log.ts';
import { groupTimes, listEdges } from '../../store/edges.ts';
import { acknowledgeAlarm, countOpenAlarms, listAlarms, listAudit } from '../../store/house.ts';
import { countOrders } from '../../store/orders.ts';
import { countSites } from '../../store/sites.ts';
import type { Viewer } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { stateOf } from '../edges/routes.ts';
import { notFound } from '../http/failure.ts';
import { readCursor, writeCursor } from '../http/page.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';

export function registerHouseRoutes(app: App, deps: ControlDeps): void {
  const { db } = deps.store;

  registerRoute(app, deps, contract.getStatus, async ({ caller }) => readStatus(deps, caller.accountId));

  registerRoute(app, deps, contract.listAlarms, async ({ query }) => {
    const open = query.open === undefined ? null : query.open === 'true';
    const page = await listAlarms(db, { open, limit: query.limit, before: readCursor(query.cursor) });
    return { ...page, next: writeCursor(page.next) };
  });

  registerRoute(app, deps, contract.acknowledgeAlarm, async ({ params, caller }) =>
    transact(deps.store, async (unit) => {
      const at = nowOf(deps);
      const alarm = await acknowledgeAlarm(unit.tx, params.alarmId, { personId: caller.personId, name: caller.name }, at);
      if (alarm === null) throw notFound('alarm');
      if (alarm.acknowledgedAt === at) {
        const detail = { kind: alarm.kind };
        await addAudit(unit.tx, { at, who: caller, act: 'alarm.acknowledge', subject: params.alarmId, detail });
        unit.tellAfter({ kind: 'alarm', alarmId: params.alarmId });
      }
      return alarm;
    }),
  );

  registerRoute(app, deps, contract.listAudit, async ({ query }) => {
    const page = await listAudit(db, { subject: query.subject ?? null, limit: query.limit, before: readCursor(query.cursor) });
    return { ...page, next: writeCursor(page.next) };
  });
}

/** Numbers of the whole installation; for an owner, sites and orders of their own account, no proposals and no alarms. */
export async function readStatus(deps: ControlDeps, viewer: Viewer): Promise<Status> {
  const { db, kind } = deps.store;
  const at = nowOf(deps);
  const sites = await countSites(db, viewer);
  const orders = await countOrders(db, viewer, at);
  const times = await groupTimes(db);
  const edges = Map.groupBy(await listEdges(db, null), (edge) => edge.group);
  const heads = await listHeads(db);
  return {
    provider: deps.provider,
    version: deps.version,
    now: at,
    database: kind,
    sites: sites.all,
    sitesReady: sites.ready,
    ordersInForce: orders.inForce,
    ordersWaiting: orders.waiting,
    alarmsOpen: viewer === null ? await countOpenAlarms(db) : 0,
    groups: heads.map(({ group, revision }) => {
      const states = (edges.get(group) ?? []).map((edge) => stateOf(edge, revision, deps.now()));
      return {
        group,
        head: revision,
        edges: states.filter((state) => state !== 'revoked').length,
        current: states.filter((state) => state === 'current').length,
        away: states.filter((state) => state === 'away').length,
        p50Ms: times.get(group)?.p50 ?? null,
        p99Ms: times.get(group)?.p99 ?? null,
      };
    }),
  };
}
