/** The routes of contract/routes/rollouts.ts, served: groups of edges, where an edge belongs, rollouts and the stop switch. */
import type { EdgeId, GroupName } from '../../contract/ids.ts';
import { Revision } from '../../contract/ids.ts';
import * as contract from '../../contract/routes/rollouts.ts';
import type { EdgeGroup, Rollout } from '../../contract/routes/rollouts.ts';
import { addAudit } from '../../store/audit.ts';
import { insertGroup, lockClearanceKeys, recordChanges, setKeyNumber } from '../../store/change-log.ts';
import { findEdge, listEdges } from '../../store/edges.ts';
import { brokenUniqueKey } from '../../store/errors.ts';
import type { NamedPerson } from '../../store/orders.ts';
import {
  changeEdgeRow,
  changeGroupRow,
  countRollouts,
  listGroupRecords,
  listRolloutRecords,
  setStopped,
  settleLanes,
} from '../../store/rollouts.ts';
import type { GroupRecord, RolloutRecord } from '../../store/rollouts.ts';
import { lockGroup } from '../../store/staged-changes.ts';
import { transact } from '../../store/transact.ts';
import type { Work } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { Failure, notFound } from '../http/failure.ts';
import { readCursor, writeCursor } from '../http/page.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { nextKeys } from './clearance-keys.ts';
import { steer } from './rollouts.ts';

export function registerGroupRoutes(app: App, deps: ControlDeps): void {
  const { store } = deps;

  const groupsNow = async (only: GroupName | null): Promise<EdgeGroup[]> => {
    const edges = (await listEdges(store.db, only)).filter(({ revokedAt }) => revokedAt === null);
    const views: EdgeGroup[] = [];
    for (const record of await listGroupRecords(store.db, only)) {
      const running = await countRollouts(store.db, { group: record.group, state: 'running' });
      views.push(
        groupView(
          record,
          edges.filter(({ group }) => group === record.group),
          running,
        ),
      );
    }
    return views;
  };
  const groupNow = async (group: GroupName): Promise<EdgeGroup> => {
    const [view] = await groupsNow(group);
    if (view === undefined) throw notFound('edge group');
    return view;
  };

  registerRoute(app, deps, contract.listGroups, async () => ({ items: await groupsNow(null) }));

  registerRoute(app, deps, contract.createGroup, async ({ body, caller }) => {
    const { group, title } = body;
    try {
      await transact(store, async (unit) => {
        const at = nowOf(deps);
        await insertGroup(unit.tx, group, at);
        if (title !== undefined) await changeGroupRow(unit.tx, group, { title });
        const held = await lockClearanceKeys(unit.tx, group);
        const number = held?.nextNumber ?? 1;
        await setKeyNumber(unit.tx, group, number, at);
        const provider = { kind: 'provider', name: deps.provider, publicUrl: deps.publicUrl } as const;
        const items = [{ upsert: provider }, ...nextKeys([], number, true).items];
        await recordChanges(unit, { group, class: 'slow', at, items });
        await addAudit(unit.tx, { at, who: caller, act: 'edge-group.create', subject: group, detail: { title: title ?? null } });
        unit.tellAfter({ kind: 'rollout', group });
      });
    } catch (error) {
      if (brokenUniqueKey(error) === null) throw error;
      throw new Failure('conflict', `There is a group ${group} already. Nothing was changed.`, { cause: error });
    }
    return groupNow(group);
  });

  registerRoute(app, deps, contract.changeGroup, async ({ params: { group }, body, caller }) => {
    const { title, waves, canaryBakeSeconds, waveBakeSeconds } = body;
    const change = {
      ...(title === undefined ? {} : { title }),
      ...(waves === undefined ? {} : { waves }),
      ...(canaryBakeSeconds === undefined ? {} : { canaryBakeSeconds }),
      ...(waveBakeSeconds === undefined ? {} : { waveBakeSeconds }),
    };
    await transact(store, async (unit) => {
      const locked = await lockGroup(unit.tx, group);
      if (locked === undefined) throw notFound('edge group');
      if (waves !== undefined) await refuseStaged(unit, group);
      const [held] = await listGroupRecords(unit.tx, group);
      await changeGroupRow(unit.tx, group, change);
      if (waves !== undefined) {
        await settleLanes(unit.tx, group);
        for (const { edgeId } of await listEdges(unit.tx, group)) unit.ringAfter('edge-changed', edgeId);
      }
      // With what was there before: going back is another edit, and somebody must know to what.
      const before = Object.fromEntries(Object.entries(held ?? {}).filter(([name]) => name in change));
      const detail = { ...change, before };
      await addAudit(unit.tx, { at: nowOf(deps), who: caller, act: 'edge-group.change', subject: group, detail });
      unit.tellAfter({ kind: 'rollout', group });
    });
    return groupNow(group);
  });

  registerRoute(app, deps, contract.changeEdge, async ({ params: { edgeId }, body, caller }) => {
    await transact(store, async (unit) => {
      const seen = await findEdge(unit.tx, edgeId);
      if (seen === null || seen.revokedAt !== null) throw notFound('edge');
      const at = nowOf(deps);
      const to = body.group === undefined || body.group === seen.group ? null : body.group;
      const lanesChange = to !== null || (body.canary !== undefined && body.canary !== seen.canary);
      const touched = lanesChange ? [...new Set([seen.group, to ?? seen.group])].sort() : [];
      for (const group of touched) {
        if ((await lockGroup(unit.tx, group)) === undefined) throw notFound('edge group');
        await refuseStaged(unit, group);
      }
      const { name, canary } = body;
      await changeEdgeRow(unit.tx, edgeId, {
        ...(name === undefined ? {} : { name }),
        ...(canary === undefined ? {} : { canary }),
        ...(to === null ? {} : { group: to, movedAt: at }),
      });
      for (const group of touched) await settleLanes(unit.tx, group);
      await addAudit(unit.tx, { at, who: caller, act: 'edge.change', subject: edgeId, detail: told(body) });
      // Whoever changes lanes with it, too: with the first canary of a group every other edge gets a wave.
      const moved = new Set<EdgeId>(lanesChange ? [edgeId] : []);
      for (const group of touched) for (const edge of await listEdges(unit.tx, group)) moved.add(edge.edgeId);
      for (const one of moved) unit.ringAfter('edge-changed', one);
      unit.tellAfter({ kind: 'edge', edgeId });
    });
    return {};
  });

  const setStop = (group: GroupName, reason: string | null, caller: NamedPerson) =>
    transact(store, async (unit) => {
      if ((await lockGroup(unit.tx, group)) === undefined) throw notFound('edge group');
      const at = nowOf(deps);
      await setStopped(unit.tx, group, reason === null ? null : { at, by: caller.name, reason });
      const act = reason === null ? 'rollouts.resume' : 'rollouts.stop';
      await addAudit(unit.tx, { at, who: caller, act, subject: group, detail: { reason } });
      unit.tellAfter({ kind: 'rollout', group });
    });

  registerRoute(app, deps, contract.stopRollouts, async ({ params: { group }, body: { reason }, caller }) => {
    await setStop(group, reason, caller);
    return groupNow(group);
  });

  registerRoute(app, deps, contract.resumeRollouts, async ({ params: { group }, caller }) => {
    await setStop(group, null, caller);
    return groupNow(group);
  });

  registerRoute(app, deps, contract.listRollouts, async ({ query }) => {
    const { limit, group, state } = query;
    const filter = { ...(group === undefined ? {} : { group }), ...(state === undefined ? {} : { state }) };
    const before = readCursor(query.cursor);
    const rows = await listRolloutRecords(store.db, { ...filter, ...(before === null ? {} : { before }), limit: limit + 1 });
    const shown = rows.slice(0, limit);
    const next = rows.length > limit ? (shown.at(-1)?.createdOrder ?? null) : null;
    return {
      items: shown.map(rolloutView),
      next: writeCursor(next),
      total: await countRollouts(store.db, filter),
    };
  });

  registerRoute(app, deps, contract.getRollout, async ({ params: { rolloutId } }) => {
    const [record] = await listRolloutRecords(store.db, { rolloutId, limit: 1 });
    if (record === undefined) throw notFound('rollout');
    return rolloutView(record);
  });

  registerRoute(app, deps, contract.hurryRollout, async ({ params: { rolloutId }, caller }) =>
    rolloutView(await steer(deps, caller, rolloutId, { kind: 'hurry' })),
  );

  registerRoute(app, deps, contract.rollBackRollout, async ({ params: { rolloutId }, body: { reason }, caller }) =>
    rolloutView(await steer(deps, caller, rolloutId, { kind: 'roll-back', reason })),
  );
}

/** What was asked for, without what was not. */
function told<Value extends string | boolean>(asked: Readonly<Record<string, Value | undefined>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Lanes are what a running rollout counts its steps in. */
async function refuseStaged({ tx }: Work, group: GroupName): Promise<void> {
  const running = await countRollouts(tx, { group, state: 'running' });
  if (running === 0) return;
  throw new Failure(
    'wrong-state',
    `${running} rollouts are under way in the group ${group}. Wait until they have ended, hurry them or take them back. Nothing was changed.`,
  );
}

function groupView(record: GroupRecord, edges: readonly { readonly canary: boolean }[], rolloutsRunning: number): EdgeGroup {
  const { group, title, head, waves, canaryBakeSeconds, waveBakeSeconds, stopped } = record;
  const canaries = edges.filter(({ canary }) => canary).length;
  return {
    group,
    title,
    head,
    edges: edges.length,
    canaries,
    waves,
    canaryBakeSeconds,
    waveBakeSeconds,
    rolloutsRunning,
    stopped,
  };
}

function rolloutView(record: RolloutRecord): Rollout {
  const { rolloutId, group, state, items, lanes, reached, revision, createdAt, reachedAt, endedAt, note } = record;
  return {
    ...{ rolloutId, group, state, lanes, createdAt, reachedAt, endedAt, note },
    items: [...items],
    reached: reached + 1,
    revision: Revision.parse(revision),
  };
}
