/**
 * Edges, enrolment tokens, acknowledgements: what the control plane knows of each edge.
 *
 * Tokens are kept as SHA-256 only (they are 256 random bits, so a slow hash would add nothing). A token enrols once: using it and
 * making the edge is one transaction on a locked row.
 */
import type { RawBuilder, Selectable } from 'kysely';
import { sql } from 'kysely';
import { z } from 'zod';
import { Instant, Revision } from '../contract/ids.ts';
import type { EdgeId, GroupName, RelayId } from '../contract/ids.ts';
import { EdgeHealth, EdgeNetworkData, EdgeVersions, PublicKey } from '../contract/stream.ts';
import type { Db } from './open.ts';
import type { EdgeTable } from './tables.ts';
import { relaxed } from './transact.ts';

export const LastNack = z.strictObject({ revision: Revision, reason: z.string(), detail: z.string(), at: Instant });
export type LastNack = z.infer<typeof LastNack>;

type Versions = z.infer<typeof EdgeVersions>;

export type EdgeRecord = {
  readonly edgeId: EdgeId;
  readonly name: string;
  readonly group: GroupName;
  readonly publicKey: PublicKey;
  readonly enrolledAt: Instant;
  readonly revokedAt: Instant | null;
  readonly connectedTo: string | null;
  readonly lastSeenAt: Instant | null;
  readonly revision: Revision;
  readonly digest: string;
  readonly agentVersion: string | null;
  readonly haproxyVersion: string | null;
  readonly health: EdgeHealth | null;
  readonly lastNack: LastNack | null;
  /** Null for an edge that never said. */
  readonly networkData: EdgeNetworkData | null;
  /** Gets slow changes of its group first. */
  readonly canary: boolean;
  readonly movedAt: Instant | null;
  /** Through which relay its stream comes, or came last; null: straight. */
  readonly relayId: RelayId | null;
};

export async function insertToken(
  db: Db,
  token: { hash: string; group: GroupName; createdAt: Instant; expiresAt: Instant },
): Promise<void> {
  await db
    .insertInto('enrolment_token')
    .values({
      token_hash: token.hash,
      group_name: token.group,
      created_at: token.createdAt,
      expires_at: token.expiresAt,
      used_at: null,
      used_by: null,
    })
    .execute();
}

/** Uses a token up, or null when it is unknown, used or expired. The edge must be inserted in the same transaction. */
export async function useToken(tx: Db, hash: string, edgeId: EdgeId, at: Instant): Promise<GroupName | null> {
  const row = await tx
    .updateTable('enrolment_token')
    .set({ used_at: at, used_by: edgeId })
    .where('token_hash', '=', hash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('group_name')
    .executeTakeFirst();
  return row?.group_name ?? null;
}

/** The edge that a token enrolled, if any: so that an edge that lost the answer can ask again with the same key. */
export async function findEnrolled(db: Db, hash: string, publicKey: string): Promise<EdgeRecord | null> {
  const row = await db
    .selectFrom('edge')
    .innerJoin('enrolment_token', 'enrolment_token.used_by', 'edge.edge_id')
    .selectAll('edge')
    .where('token_hash', '=', hash)
    .where('public_key', '=', publicKey)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

export async function insertEdge(
  db: Db,
  edge: {
    edgeId: EdgeId;
    name: string;
    group: GroupName;
    publicKey: PublicKey;
    at: Instant;
    versions: Versions;
    digest: string;
  },
): Promise<void> {
  await db
    .insertInto('edge')
    .values({
      edge_id: edge.edgeId,
      name: edge.name,
      group_name: edge.group,
      public_key: edge.publicKey,
      enrolled_at: edge.at,
      revoked_at: null,
      connected_to: null,
      last_seen_at: null,
      address: null,
      revision: 0,
      digest: edge.digest,
      agent_version: edge.versions.agent,
      haproxy_version: edge.versions.haproxy,
      health: null,
      last_nack: null,
      network_data: null,
    })
    .execute();
}

export async function findEdge(db: Db, edgeId: EdgeId): Promise<EdgeRecord | null> {
  const row = await db.selectFrom('edge').selectAll().where('edge_id', '=', edgeId).executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

export async function hasEdges(db: Db): Promise<boolean> {
  return (
    (await db.selectFrom('edge').select('edge_id').where('revoked_at', 'is', null).limit(1).executeTakeFirst()) !== undefined
  );
}

export async function listEdges(db: Db, group: GroupName | null): Promise<EdgeRecord[]> {
  let query = db.selectFrom('edge').selectAll().orderBy('enrolled_at').orderBy('edge_id');
  if (group !== null) query = query.where('group_name', '=', group);
  return (await query.execute()).map(recordOf);
}

/** Edges that should answer for their group: enrolled, not revoked, seen at least once. */
export async function listServing(db: Db): Promise<{ edgeId: EdgeId; group: GroupName; revision: number }[]> {
  return db
    .selectFrom('edge')
    .select(['edge_id as edgeId', 'group_name as group', 'revision'])
    .where('revoked_at', 'is', null)
    .where('last_seen_at', 'is not', null)
    .execute();
}

/** Revokes an edge; false when there is none or it was revoked before. */
export async function revokeEdge(db: Db, edgeId: EdgeId, at: Instant): Promise<boolean> {
  const row = await db
    .updateTable('edge')
    .set({ revoked_at: at, connected_to: null })
    .where('edge_id', '=', edgeId)
    .where('revoked_at', 'is', null)
    .returning('edge_id')
    .executeTakeFirst();
  return row !== undefined;
}

export async function markConnected(
  db: Db,
  edge: {
    edgeId: EdgeId;
    process: string;
    at: Instant;
    address: string;
    relayId: RelayId | null;
    revision: number;
    digest: string;
    versions: Versions;
  },
): Promise<void> {
  await db
    .updateTable('edge')
    .set({
      connected_to: edge.process,
      last_seen_at: edge.at,
      address: edge.address,
      relay_id: edge.relayId,
      revision: edge.revision,
      digest: edge.digest,
      agent_version: edge.versions.agent,
      haproxy_version: edge.versions.haproxy,
    })
    .where('edge_id', '=', edge.edgeId)
    .execute();
}

/** The stream has ended; nothing is written when another process has taken the edge over meanwhile. */
export async function markAway(db: Db, edgeId: EdgeId, process: string, at: Instant): Promise<void> {
  await db
    .updateTable('edge')
    .set({ connected_to: null, last_seen_at: at })
    .where('edge_id', '=', edgeId)
    .where('connected_to', '=', process)
    .execute();
}

/** At the start of the only control process: nobody is connected yet. */
export async function markAllAway(db: Db): Promise<void> {
  await db.updateTable('edge').set({ connected_to: null }).where('connected_to', 'is not', null).execute();
}

export type Acknowledgement = {
  readonly edgeId: EdgeId;
  readonly revision: number;
  readonly digest: string;
  readonly at: Instant;
  /** From the commit to this; null when the edge was catching up. */
  readonly tookMs: number | null;
};

/** Keeps acknowledgements, at most one of each edge and revision, and moves the edges to their newest one. */
export async function insertAcks(db: Db, acks: readonly Acknowledgement[]): Promise<void> {
  if (acks.length === 0) return;
  await relaxed(db, async (tx) => {
    await tx
      .insertInto('edge_ack')
      .values(acks.map((ack) => ({ edge_id: ack.edgeId, revision: ack.revision, acked_at: ack.at, took_ms: ack.tookMs })))
      .onConflict((conflict) => conflict.columns(['edge_id', 'revision']).doNothing())
      .execute();
    const newest = new Map(acks.map((ack) => [ack.edgeId, ack]));
    await sql`update edge set revision = v.revision::bigint, digest = v.digest, last_seen_at = v.at::timestamptz
    from (values ${sql.join([...newest.values()].map((ack) => sql`(${ack.edgeId}, ${ack.revision}, ${ack.digest}, ${ack.at})`))})
      as v(edge_id, revision, digest, at)
    where edge.edge_id = v.edge_id`.execute(tx);
  });
}

export async function setHealth(
  db: Db,
  seen: readonly { edgeId: EdgeId; at: Instant; health: EdgeHealth | null }[],
): Promise<void> {
  if (seen.length === 0) return;
  const rows = seen.map(
    ({ edgeId, at, health }) => sql`(${edgeId}, ${at}::timestamptz, ${health === null ? null : JSON.stringify(health)}::jsonb)`,
  );
  await relaxed(db, async (tx) => {
    await sql`update edge set last_seen_at = v.at, health = coalesce(v.health, edge.health)
      from (values ${sql.join(rows)}) as v(edge_id, at, health) where edge.edge_id = v.edge_id`.execute(tx);
  });
}

export async function setNack(db: Db, edgeId: EdgeId, nack: LastNack | null): Promise<void> {
  await db
    .updateTable('edge')
    .set({ last_nack: nack === null ? null : JSON.stringify(nack) })
    .where('edge_id', '=', edgeId)
    .execute();
}

export async function setNetworkData(db: Db, edgeId: EdgeId, data: EdgeNetworkData): Promise<void> {
  await db
    .updateTable('edge')
    .set({ network_data: JSON.stringify(data) })
    .where('edge_id', '=', edgeId)
    .execute();
}

export type ApplyTimes = { readonly p50: number; readonly p99: number };

/** Median and 99th percentile of the newest hundred acknowledgements of each edge, in milliseconds from the commit. */
export async function applyTimes(db: Db): Promise<Map<EdgeId, ApplyTimes>> {
  return percentiles<EdgeId>(db, sql`e.edge_id`);
}

/** The same over all edges of a group that are not revoked. */
export async function groupTimes(db: Db): Promise<Map<GroupName, ApplyTimes>> {
  return percentiles<GroupName>(db, sql`e.group_name`);
}

async function percentiles<Key>(db: Db, key: RawBuilder<unknown>): Promise<Map<Key, ApplyTimes>> {
  const { rows } = await sql<{ key: Key; p50: number | null; p99: number | null }>`
    select ${key} as key, percentile_cont(0.5) within group (order by a.took_ms) as p50,
      percentile_cont(0.99) within group (order by a.took_ms) as p99
    from edge e cross join lateral (
      select took_ms from edge_ack where edge_ack.edge_id = e.edge_id and took_ms is not null order by revision desc limit 100
    ) a where e.revoked_at is null group by 1`.execute(db);
  return new Map(
    rows.flatMap((row) => (row.p50 === null || row.p99 === null ? [] : [[row.key, { p50: row.p50, p99: row.p99 }]])),
  );
}

/** When each serving edge of a group first acknowledged a revision or a later one, per revision asked for. */
export async function firstAcks(
  db: Db,
  group: GroupName,
  revisions: readonly number[],
): Promise<{ revision: number; edgeId: EdgeId; at: Instant | null }[]> {
  if (revisions.length === 0) return [];
  const { rows } = await sql<{ revision: number; edgeId: EdgeId; at: Instant | null }>`
    select w.revision, e.edge_id as "edgeId", a.acked_at as at
    from unnest(${[...revisions]}::bigint[]) as w(revision)
    cross join edge e
    left join lateral (
      select acked_at from edge_ack where edge_ack.edge_id = e.edge_id and edge_ack.revision >= w.revision order by edge_ack.revision limit 1
    ) a on true
    where e.group_name = ${group} and e.revoked_at is null and e.last_seen_at is not null`.execute(db);
  return rows;
}

/** Addresses that streams come from. */
export async function edgeAddresses(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('edge')
    .select('address')
    .distinct()
    .where('address', 'is not', null)
    .where('revoked_at', 'is', null)
    .execute();
  return rows.flatMap((row) => (row.address === null ? [] : [row.address]));
}

/** Edges that had a stream and have none since before an instant. */
export async function edgesAwaySince(db: Db, before: Instant): Promise<EdgeRecord[]> {
  const rows = await db
    .selectFrom('edge')
    .selectAll()
    .where('revoked_at', 'is', null)
    .where('last_seen_at', '<', before)
    .execute();
  return rows.map(recordOf);
}

/** Forgets acknowledgements older than the newest thousand revisions, and tokens that expired a week ago. */
export async function trimEdges(db: Db, weekAgo: Instant): Promise<void> {
  await sql`delete from edge_ack a using edge e where e.edge_id = a.edge_id and a.revision < e.revision - 1000`.execute(db);
  await db.deleteFrom('enrolment_token').where('expires_at', '<', weekAgo).where('used_by', 'is', null).execute();
}

function recordOf(row: Selectable<EdgeTable>): EdgeRecord {
  return {
    edgeId: row.edge_id,
    name: row.name,
    group: row.group_name,
    publicKey: PublicKey.parse(row.public_key),
    enrolledAt: row.enrolled_at,
    revokedAt: row.revoked_at,
    connectedTo: row.connected_to,
    lastSeenAt: row.last_seen_at,
    revision: Revision.parse(row.revision),
    digest: row.digest,
    agentVersion: row.agent_version,
    haproxyVersion: row.haproxy_version,
    health: row.health === null ? null : EdgeHealth.parse(row.health),
    lastNack: row.last_nack === null ? null : LastNack.parse(row.last_nack),
    networkData: row.network_data === null ? null : EdgeNetworkData.parse(row.network_data),
    canary: row.canary,
    movedAt: row.moved_at,
    relayId: row.relay_id,
  };
}
