/**
 * Groups with their plans, rollouts as they are read, and what edges counted. The writing of a rollout's steps is staged-changes.ts.
 *
 * A group's lanes (1 without canaries) change only while nothing is staged in it: a rollout counts steps in them.
 */
import { sql } from 'kysely';
import { z } from 'zod';
import { Revision } from '../contract/ids.ts';
import type { EdgeId, GroupName, Instant, RolloutId } from '../contract/ids.ts';
import type { ItemKey } from '../contract/policy.ts';
import type { RolloutState } from '../contract/routes/rollouts.ts';
import type { Pulse } from '../core/shield/rollout.ts';
import type { Db } from './open.ts';
import { relaxed } from './transact.ts';
import type { Tx } from './transact.ts';

const Waves = z.array(z.number());

export type GroupRecord = {
  readonly group: GroupName;
  readonly title: string | null;
  readonly head: Revision;
  readonly lanes: number;
  readonly waves: number[];
  readonly canaryBakeSeconds: number;
  readonly waveBakeSeconds: number;
  readonly staged: number;
  readonly stopped: { readonly at: Instant; readonly by: string; readonly reason: string } | null;
};

export async function listGroupRecords(db: Db, group: GroupName | null = null): Promise<GroupRecord[]> {
  let query = db.selectFrom('edge_group').selectAll().orderBy('group_name');
  if (group !== null) query = query.where('group_name', '=', group);
  return (await query.execute()).map((row) => ({
    group: row.group_name,
    title: row.title,
    head: Revision.parse(row.revision),
    lanes: row.lanes,
    waves: Waves.parse(row.waves),
    canaryBakeSeconds: row.canary_bake_seconds,
    waveBakeSeconds: row.wave_bake_seconds,
    staged: row.staged,
    stopped: row.stopped_at === null ? null : { at: row.stopped_at, by: row.stopped_by ?? '', reason: row.stop_reason ?? '' },
  }));
}

export async function findPlan(db: Db, group: GroupName): Promise<GroupRecord | null> {
  return (await listGroupRecords(db, group))[0] ?? null;
}

export type GroupChange = {
  readonly title?: string | null;
  readonly waves?: readonly number[];
  readonly canaryBakeSeconds?: number;
  readonly waveBakeSeconds?: number;
};

export async function changeGroupRow(tx: Tx, group: GroupName, change: GroupChange): Promise<void> {
  const set = {
    ...(change.title === undefined ? {} : { title: change.title }),
    ...(change.waves === undefined ? {} : { waves: JSON.stringify(change.waves) }),
    ...(change.canaryBakeSeconds === undefined ? {} : { canary_bake_seconds: change.canaryBakeSeconds }),
    ...(change.waveBakeSeconds === undefined ? {} : { wave_bake_seconds: change.waveBakeSeconds }),
  };
  if (Object.keys(set).length > 0) await tx.updateTable('edge_group').set(set).where('group_name', '=', group).execute();
}

/** Counts a group's lanes anew, after its canaries or waves changed. Nothing may be staged: all lanes hold the same. */
export async function settleLanes(tx: Tx, group: GroupName): Promise<void> {
  await sql`update edge_group set lane_digests = null, lanes = case
      when exists (select 1 from edge where edge.group_name = ${group} and canary and revoked_at is null)
      then 1 + jsonb_array_length(waves) else 1 end
    where group_name = ${group} and staged = 0`.execute(tx);
}

export async function setStopped(
  tx: Tx,
  group: GroupName,
  stopped: { readonly at: Instant; readonly by: string; readonly reason: string } | null,
): Promise<void> {
  await tx
    .updateTable('edge_group')
    .set({ stopped_at: stopped?.at ?? null, stopped_by: stopped?.by ?? null, stop_reason: stopped?.reason ?? null })
    .where('group_name', '=', group)
    .execute();
}

export async function changeEdgeRow(
  tx: Tx,
  edgeId: EdgeId,
  change: { readonly name?: string; readonly canary?: boolean; readonly group?: GroupName; readonly movedAt?: Instant },
): Promise<void> {
  const set = {
    ...(change.name === undefined ? {} : { name: change.name }),
    ...(change.canary === undefined ? {} : { canary: change.canary }),
    ...(change.group === undefined ? {} : { group_name: change.group, revision: 0 }),
    ...(change.movedAt === undefined ? {} : { moved_at: change.movedAt }),
  };
  if (Object.keys(set).length > 0) await tx.updateTable('edge').set(set).where('edge_id', '=', edgeId).execute();
  // Acknowledgements of another group's revisions say nothing about this one's.
  if (change.group !== undefined) await tx.deleteFrom('edge_ack').where('edge_id', '=', edgeId).execute();
}

export type RolloutRecord = {
  readonly rolloutId: RolloutId;
  readonly createdOrder: number;
  readonly group: GroupName;
  readonly state: RolloutState;
  readonly items: readonly ItemKey[];
  readonly lanes: number;
  readonly reached: number;
  readonly revision: number;
  readonly createdAt: Instant;
  readonly reachedAt: Instant;
  readonly endedAt: Instant | null;
  readonly note: string | null;
  readonly hurried: boolean;
};

export type RolloutFilter = {
  readonly rolloutId?: RolloutId;
  readonly group?: GroupName;
  readonly state?: RolloutState;
  readonly before?: number;
  readonly limit: number;
};

export async function listRolloutRecords(db: Db, filter: RolloutFilter): Promise<RolloutRecord[]> {
  let query = rolloutsOf(db, filter)
    .innerJoin('edge_group', 'edge_group.group_name', 'rollout.group_name')
    .selectAll('rollout')
    .select('edge_group.lanes')
    .select(
      sql<
        ItemKey[]
      >`(select coalesce(array_agg(i.item_key order by i.item_key), '{}') from rollout_item i where i.rollout_id = rollout.rollout_id)`.as(
        'items',
      ),
    )
    .orderBy('rollout.created_order', 'desc')
    .limit(filter.limit);
  if (filter.before !== undefined) query = query.where('rollout.created_order', '<', filter.before);
  return (await query.execute()).map((row) => ({
    rolloutId: row.rollout_id,
    createdOrder: row.created_order,
    group: row.group_name,
    state: row.state,
    items: row.items,
    lanes: row.lanes,
    reached: row.reached,
    revision: row.revision,
    createdAt: row.created_at,
    reachedAt: row.reached_at,
    endedAt: row.ended_at,
    note: row.note,
    hurried: row.hurried,
  }));
}

export async function countRollouts(db: Db, filter: Omit<RolloutFilter, 'limit' | 'before'>): Promise<number> {
  const row = await rolloutsOf(db, filter)
    .select(sql<number>`count(*)::int`.as('count'))
    .executeTakeFirst();
  return row?.count ?? 0;
}

function rolloutsOf(db: Db, filter: Omit<RolloutFilter, 'limit' | 'before'>) {
  let query = db.selectFrom('rollout');
  if (filter.rolloutId !== undefined) query = query.where('rollout.rollout_id', '=', filter.rolloutId);
  if (filter.group !== undefined) query = query.where('rollout.group_name', '=', filter.group);
  if (filter.state !== undefined) query = query.where('rollout.state', '=', filter.state);
  return query;
}

export async function setRollout(
  tx: Db,
  rolloutId: RolloutId,
  set: { readonly note?: string; readonly hurried?: boolean },
): Promise<void> {
  await tx.updateTable('rollout').set(set).where('rollout_id', '=', rolloutId).where('state', '=', 'running').execute();
}

/** Adds what edges counted to their step of ten seconds. */
export async function addPulses(db: Db, rows: readonly ({ edgeId: EdgeId; bucket: Instant } & Pulse)[]): Promise<void> {
  if (rows.length === 0) return;
  await relaxed(db, async (tx) => {
    for (const { edgeId, bucket, requests, refused, failed } of rows) {
      await sql`insert into edge_pulse (edge_id, bucket, requests, refused, failed)
        values (${edgeId}, ${bucket}::timestamptz, ${requests}, ${refused}, ${failed})
        on conflict (edge_id, bucket) do update set requests = edge_pulse.requests + excluded.requests,
          refused = edge_pulse.refused + excluded.refused, failed = edge_pulse.failed + excluded.failed`.execute(tx);
    }
  });
}

/** What each edge of a group counted between two instants. */
export async function pulsesOf(db: Db, group: GroupName, from: Instant, to: Instant): Promise<Map<EdgeId, Pulse>> {
  const { rows } = await sql<{ edgeId: EdgeId } & Pulse>`
    select e.edge_id as "edgeId", sum(p.requests)::bigint as requests, sum(p.refused)::bigint as refused, sum(p.failed)::bigint as failed
    from edge_pulse p join edge e on e.edge_id = p.edge_id
    where e.group_name = ${group} and p.bucket >= ${from} and p.bucket < ${to} group by 1`.execute(db);
  return new Map(rows.map(({ edgeId, requests, refused, failed }) => [edgeId, { requests, refused, failed }]));
}

/** Forgets counts older than an hour or so, and rollouts that ended long ago. */
export async function trimRollouts(db: Db, pulsesBefore: Instant, rolloutsBefore: Instant): Promise<void> {
  await db.deleteFrom('edge_pulse').where('bucket', '<', pulsesBefore).execute();
  await db.deleteFrom('rollout').where('ended_at', '<', rolloutsBefore).execute();
}
