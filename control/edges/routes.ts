/** The routes of contract/routes/edges.ts, served. */
import * as contract from '../../contract/routes/edges.ts';
import { GroupName } from '../../contract/ids.ts';
import type { Instant } from '../../contract/ids.ts';
import { msOf } from '../../core/instant.ts';
import { addAudit } from '../../store/audit.ts';
import { listHeads } from '../../store/change-log.ts';
import { applyTimes, findEdge, listEdges, revokeEdge } from '../../store/edges.ts';
import type { EdgeRecord } from '../../store/edges.ts';
import { settleLanes } from '../../store/rollouts.ts';
import { lockGroup } from '../../store/staged-changes.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { notFound } from '../http/failure.ts';
import { registerOpenRoute, registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { rotateKeys } from './clearance-keys.ts';
import { createToken, enrol } from './enrolment.ts';
import type { PolicyKey } from './policy-key.ts';

export const defaultGroup = GroupName.parse('default');

/** An edge that was not heard of for so long is away even if its stream was never seen to end (a process that died held it). */
const silentMs = 20_000;

export function registerEdgeRoutes(app: App, deps: ControlDeps, key: PolicyKey): void {
  const { db } = deps.store;

  registerRoute(app, deps, contract.listEdges, async ({ query }) => {
    const heads = new Map((await listHeads(db)).map(({ group, revision }) => [group, revision]));
    const times = await applyTimes(db);
    const edges = await listEdges(db, query.group ?? null);
    return {
      items: edges.map((edge) => {
        const head = heads.get(edge.group) ?? edge.revision;
        const { edgeId, name, group, publicKey, revision, enrolledAt, lastSeenAt, agentVersion, haproxyVersion } = edge;
        const { health, lastNack, networkData } = edge;
        return {
          ...{ edgeId, name, group, publicKey, revision, head, enrolledAt, lastSeenAt, agentVersion, haproxyVersion },
          ...{ health, lastNack, networkData },
          ...(edge.relayId === null || edge.connectedTo === null ? {} : { relayId: edge.relayId }),
          ...(edge.canary ? { canary: true as const } : {}),
          state: stateOf(edge, head, deps.now()),
          applyP50Ms: times.get(edgeId)?.p50 ?? null,
          applyP99Ms: times.get(edgeId)?.p99 ?? null,
        };
      }),
    };
  });

  registerRoute(app, deps, contract.createEnrolmentToken, async ({ body, caller }) =>
    createToken(deps, { group: body.group ?? defaultGroup, validMinutes: body.validMinutes, who: caller }),
  );

  registerRoute(app, deps, contract.revokeEdge, async ({ params, caller }) => {
    await transact(deps.store, async (unit) => {
      const at: Instant = nowOf(deps);
      const edge = await findEdge(unit.tx, params.edgeId);
      if (edge?.canary === true) await lockGroup(unit.tx, edge.group);
      if (!(await revokeEdge(unit.tx, params.edgeId, at))) throw notFound('edge');
      // Without its last canary a group has no steps to wait for.
      if (edge?.canary === true) await settleLanes(unit.tx, edge.group);
      await addAudit(unit.tx, { at, who: caller, act: 'edge.revoke', subject: params.edgeId, detail: {} });
      unit.ringAfter('edge-revoked', params.edgeId);
      unit.tellAfter({ kind: 'edge', edgeId: params.edgeId });
    });
    return {};
  });

  registerRoute(app, deps, contract.rotateClearanceKeys, async ({ body, caller }) => {
    const { current, accepted, revision } = await transact(deps.store, (unit) =>
      rotateKeys(deps, unit, { group: body.group ?? defaultGroup, dropOlder: body.dropOlder, who: caller }),
    );
    return { current, accepted: [...accepted], revision };
  });

  registerOpenRoute(app, deps, contract.enrolEdge, async ({ body }) => enrol(deps, body, key.publicKey));
}

/** How an edge fares, from what the database knows of it. */
export function stateOf(
  edge: Pick<EdgeRecord, 'revokedAt' | 'lastSeenAt' | 'connectedTo' | 'revision'>,
  head: number,
  nowMs: number,
): 'revoked' | 'never-seen' | 'away' | 'behind' | 'current' {
  if (edge.revokedAt !== null) return 'revoked';
  if (edge.lastSeenAt === null) return 'never-seen';
  if (edge.connectedTo === null || nowMs - msOf(edge.lastSeenAt) > silentMs) return 'away';
  return edge.revision === head ? 'current' : 'behind';
}
