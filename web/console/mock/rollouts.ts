/** The mock's groups and rollouts: one under way, one that was taken back. It decides nothing: what goes on by itself is the real control plane's. */
import { Instant, Revision, RolloutId } from '../../../contract/ids.ts';
import { AuditEntry } from '../../../contract/routes/house.ts';
import type { LiveEvent } from '../../../contract/routes/house.ts';
import {
  changeEdge,
  changeGroup,
  createGroup,
  EdgeGroup,
  getRollout,
  hurryRollout,
  listGroups,
  listRollouts,
  resumeRollouts,
  rollBackRollout,
  Rollout,
  stopRollouts,
} from '../../../contract/routes/rollouts.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

export function registerRollouts(on: On, state: MockState, emit: (event: LiveEvent) => void): void {
  const at = (ms: number) => Instant.parse(new Date(state.nowMs() - ms).toISOString());
  const plan = { title: null, waves: [25, 100], canaryBakeSeconds: 30, waveBakeSeconds: 15, stopped: null };
  let groups = [EdgeGroup.parse({ group: 'default', ...plan, head: 1, edges: 0, canaries: 0, rolloutsRunning: 0 })];
  const site = state.sites[0];
  let rollouts: Rollout[] =
    site === undefined || state.edges.length === 0
      ? []
      : [
          { id: '000000000002', state: 'running', reached: 1, note: 'It is watched for 12 s more.', endedAt: null },
          {
            ...{ id: '000000000001', state: 'rolled-back', reached: 1, endedAt: at(3_500_000) },
            note: 'On edges that have it 92 % of requests were refused; usual is 3.1 %.',
          },
        ].map(({ id, ...rest }) =>
          Rollout.parse({
            ...{ rolloutId: RolloutId.parse(`roll_${id}`), group: 'default', items: [`site:${site.siteId}`], lanes: 3 },
            ...{ revision: state.revision, createdAt: at(3_600_000), reachedAt: at(3_600_000), ...rest },
          }),
        );

  const viewOf = (group: EdgeGroup): EdgeGroup => {
    const edges = state.edges.filter((edge) => edge.group === group.group && edge.state !== 'revoked');
    return {
      ...group,
      head: Revision.parse(state.revision),
      edges: edges.length,
      canaries: edges.filter(({ canary }) => canary === true).length,
      rolloutsRunning: rollouts.filter((one) => one.group === group.group && one.state === 'running').length,
    };
  };
  const changed = (name: string, change: Partial<EdgeGroup>): EdgeGroup => {
    const found = groups.find(({ group }) => group === name);
    if (found === undefined) throw new MockFailure('not-found', 'There is no such edge group.');
    const next = { ...found, ...change };
    groups = groups.map((one) => (one === found ? next : one));
    emit({ kind: 'rollout', group: next.group });
    return viewOf(next);
  };
  const ended = (rolloutId: RolloutId, change: Partial<Rollout>): Rollout => {
    const found = rollouts.find((one) => one.rolloutId === rolloutId);
    if (found === undefined) throw new MockFailure('not-found', 'There is no such rollout.');
    if (found.state !== 'running') throw new MockFailure('wrong-state', 'This rollout has ended. Nothing was changed.');
    const next = { ...found, ...change, endedAt: at(0) };
    rollouts = rollouts.map((one) => (one === found ? next : one));
    emit({ kind: 'rollout', group: next.group });
    return next;
  };

  on(listGroups, () => ({ items: state.edges.length === 0 ? [] : groups.map(viewOf) }));
  on(createGroup, ({ body: { group, title } }) => {
    if (groups.some((one) => one.group === group)) throw new MockFailure('conflict', `There is a group ${group} already.`);
    groups = [
      ...groups,
      EdgeGroup.parse({ ...plan, group, title: title ?? null, head: 1, edges: 0, canaries: 0, rolloutsRunning: 0 }),
    ];
    return changed(group, {});
  });
  on(changeGroup, ({ params, body }) => {
    const held = groups.find(({ group }) => group === params.group);
    const running = rollouts.some((one) => one.group === params.group && one.state === 'running');
    if (body.waves !== undefined && running)
      throw new MockFailure('wrong-state', '1 rollouts are under way in the group. Nothing was changed.');
    const change = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
    const before = Object.fromEntries(Object.entries(held ?? {}).filter(([name]) => name in change));
    const view = changed(params.group, change);
    const { personId, name } = state.me;
    state.audit.unshift(
      AuditEntry.parse({
        ...{ auditId: mockId('audit', `plan${state.audit.length}`), at: at(0), who: { personId, name } },
        ...{ act: 'edge-group.change', subject: params.group, detail: { ...change, before } },
      }),
    );
    return view;
  });
  on(changeEdge, ({ params, body: { name, group, canary } }) => {
    const index = state.edges.findIndex((edge) => edge.edgeId === params.edgeId);
    const edge = state.edges[index];
    if (edge === undefined) throw new MockFailure('not-found', 'There is no such edge.');
    const { canary: was, ...rest } = edge;
    state.edges[index] = {
      ...{ ...rest, name: name ?? edge.name, group: group ?? edge.group },
      ...((canary ?? was) === true ? { canary: true as const } : {}),
    };
    emit({ kind: 'edge', edgeId: edge.edgeId });
    return {};
  });
  on(listRollouts, ({ query }) => {
    const items = rollouts.filter(
      (one) =>
        (query.group === undefined || one.group === query.group) && (query.state === undefined || one.state === query.state),
    );
    return { items: items.slice(0, query.limit), next: null, total: items.length };
  });
  on(getRollout, ({ params }) => {
    const found = rollouts.find((one) => one.rolloutId === params.rolloutId);
    if (found === undefined) throw new MockFailure('not-found', 'There is no such rollout.');
    return found;
  });
  on(hurryRollout, ({ params }) => ended(params.rolloutId, { state: 'done', reached: 3, note: null }));
  on(rollBackRollout, ({ params, body }) =>
    ended(params.rolloutId, { state: 'rolled-back', note: `${state.me.name}: ${body.reason}` }),
  );
  on(stopRollouts, ({ params, body: { reason } }) =>
    changed(params.group, { stopped: { at: at(0), by: state.me.name, reason } }),
  );
  on(resumeRollouts, ({ params }) => changed(params.group, { stopped: null }));
}
