/** The mock's status, alarms, audit log, edges. */
import { createEnrolmentToken, listEdges, revokeEdge, rotateClearanceKeys } from '../../../contract/routes/edges.ts';
import { acknowledgeAlarm, getStatus, listAlarms, listAudit } from '../../../contract/routes/house.ts';
import type { LiveEvent } from '../../../contract/routes/house.ts';
import { Instant } from '../../../contract/ids.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import type { MockState } from './state.ts';

export function registerHouse(on: On, state: MockState, emit: (event: LiveEvent) => void): void {
  const now = () => Instant.parse(new Date(state.nowMs()).toISOString());
  const who = () => ({ personId: state.me.personId, name: state.me.name });

  on(getStatus, () => ({
    provider: 'Example Hosting Co-op',
    version: '0.1.0',
    now: now(),
    database: 'embedded' as const,
    sites: state.sites.length,
    sitesReady: state.sites.filter((site) => site.ready).length,
    ordersInForce: state.orders.filter((order) => order.inForce).length,
    ordersWaiting: state.orders.filter((order) => order.state === 'proposed').length,
    alarmsOpen: state.alarms.filter((alarm) => alarm.acknowledgedAt === null).length,
    groups:
      state.edges.length === 0
        ? []
        : [
            {
              group: 'default',
              head: state.revision,
              edges: state.edges.filter((edge) => edge.state !== 'revoked').length,
              current: state.edges.filter((edge) => edge.state === 'current').length,
              away: state.edges.filter((edge) => edge.state === 'away').length,
              p50Ms: 18,
              p99Ms: 88,
            },
          ],
  }));

  on(listAlarms, ({ query }) => {
    const items = state.alarms.filter(
      (alarm) => query.open === undefined || (query.open === 'true') === (alarm.acknowledgedAt === null),
    );
    return { items: items.slice(0, query.limit), next: null, total: items.length };
  });

  on(acknowledgeAlarm, ({ params }) => {
    const index = state.alarms.findIndex((alarm) => alarm.alarmId === params.alarmId);
    const alarm = state.alarms[index];
    if (alarm === undefined) throw new MockFailure('not-found', 'There is no such alarm.');
    const seen = { ...alarm, acknowledgedBy: who(), acknowledgedAt: now() };
    state.alarms[index] = seen;
    emit({ kind: 'alarm', alarmId: alarm.alarmId });
    return seen;
  });

  on(listAudit, ({ query }) => {
    const items = state.audit.filter((entry) => query.subject === undefined || entry.subject === query.subject);
    return { items, next: null, total: items.length };
  });

  on(listEdges, ({ query }) => ({
    items: state.edges.filter((edge) => query.group === undefined || edge.group === query.group),
  }));

  on(createEnrolmentToken, ({ body }) => ({
    token: 'pcenrol-4f2m8k1v9q7r3s5t0w6x',
    group: body.group ?? 'default',
    expiresAt: new Date(state.nowMs() + body.validMinutes * 60_000).toISOString(),
  }));

  on(revokeEdge, ({ params }) => {
    const index = state.edges.findIndex((edge) => edge.edgeId === params.edgeId);
    const edge = state.edges[index];
    if (edge === undefined) throw new MockFailure('not-found', 'There is no such edge.');
    state.edges[index] = { ...edge, state: 'revoked', health: null };
    emit({ kind: 'edge', edgeId: edge.edgeId });
    return {};
  });

  on(rotateClearanceKeys, () => {
    state.revision += 1;
    return { current: 'k4', accepted: ['k3'], revision: state.revision };
  });
}
