/** Relays and their enrolment tokens (kept as SHA-256, used once), and how many edges hang on each. */
import { sql } from 'kysely';
import type { Instant, RelayId } from '../contract/ids.ts';
import { PublicKey } from '../contract/stream.ts';
import type { Db } from './open.ts';

export type RelayRecord = {
  readonly relayId: RelayId;
  readonly name: string;
  readonly publicKey: PublicKey;
  readonly version: string;
  readonly enrolledAt: Instant;
  readonly revokedAt: Instant | null;
  readonly connectedTo: string | null;
  readonly lastSeenAt: Instant | null;
};

export async function insertRelayToken(db: Db, token: { hash: string; createdAt: Instant; expiresAt: Instant }): Promise<void> {
  const { hash, createdAt, expiresAt } = token;
  await db.insertInto('relay_token').values({ token_hash: hash, created_at: createdAt, expires_at: expiresAt }).execute();
}

/** Uses a token up for a relay that is inserted in the same transaction; false when it is unknown, used or expired. */
export async function useRelayToken(tx: Db, hash: string, relayId: RelayId, at: Instant): Promise<boolean> {
  const row = await tx
    .updateTable('relay_token')
    .set({ used_at: at, used_by: relayId })
    .where('token_hash', '=', hash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', at)
    .returning('token_hash')
    .executeTakeFirst();
  return row !== undefined;
}

/** The relay that a token enrolled under this key: so that one that lost the answer can ask again. */
export async function findEnrolledRelay(db: Db, hash: string, publicKey: string): Promise<RelayId | null> {
  const row = await db
    .selectFrom('relay')
    .innerJoin('relay_token', 'relay_token.used_by', 'relay.relay_id')
    .select('relay_id')
    .where('token_hash', '=', hash)
    .where('public_key', '=', publicKey)
    .where('revoked_at', 'is', null)
    .executeTakeFirst();
  return row?.relay_id ?? null;
}

export async function insertRelay(
  db: Db,
  relay: { relayId: RelayId; name: string; publicKey: PublicKey; version: string; at: Instant },
): Promise<void> {
  const { relayId, name, publicKey, version, at } = relay;
  await db.insertInto('relay').values({ relay_id: relayId, name, public_key: publicKey, version, enrolled_at: at }).execute();
}

export async function findRelay(db: Db, relayId: RelayId): Promise<RelayRecord | null> {
  const row = await db.selectFrom('relay').selectAll().where('relay_id', '=', relayId).executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

export async function listRelays(db: Db): Promise<RelayRecord[]> {
  const rows = await db.selectFrom('relay').selectAll().orderBy('enrolled_at').orderBy('relay_id').execute();
  return rows.map(recordOf);
}

/** Connected edges by the relay that their stream comes through. */
export async function countBehindRelays(db: Db): Promise<Map<RelayId, number>> {
  const rows = await db
    .selectFrom('edge')
    .select(['relay_id', sql<number>`count(*)::int`.as('edges')])
    .where('connected_to', 'is not', null)
    .where('relay_id', 'is not', null)
    .groupBy('relay_id')
    .execute();
  return new Map(rows.flatMap(({ relay_id, edges }) => (relay_id === null ? [] : [[relay_id, edges]])));
}

/** Revokes a relay; false when there is none or it was revoked before. */
export async function revokeRelay(db: Db, relayId: RelayId, at: Instant): Promise<boolean> {
  const row = await db
    .updateTable('relay')
    .set({ revoked_at: at, connected_to: null })
    .where('relay_id', '=', relayId)
    .where('revoked_at', 'is', null)
    .returning('relay_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** It is linked to a control process; said again every few seconds. */
export async function markRelayLinked(
  db: Db,
  relay: { relayId: RelayId; process: string; at: Instant; version: string },
): Promise<void> {
  await db
    .updateTable('relay')
    .set({ connected_to: relay.process, last_seen_at: relay.at, version: relay.version })
    .where('relay_id', '=', relay.relayId)
    .where('revoked_at', 'is', null)
    .execute();
}

/** The link has ended; nothing is written when another process has it meanwhile. */
export async function markRelayAway(db: Db, relayId: RelayId, process: string, at: Instant): Promise<void> {
  await db
    .updateTable('relay')
    .set({ connected_to: null, last_seen_at: at })
    .where('relay_id', '=', relayId)
    .where('connected_to', '=', process)
    .execute();
}

function recordOf(row: {
  relay_id: RelayId;
  name: string;
  public_key: string;
  version: string;
  enrolled_at: Instant;
  revoked_at: Instant | null;
  connected_to: string | null;
  last_seen_at: Instant | null;
}): RelayRecord {
  return {
    relayId: row.relay_id,
    name: row.name,
    publicKey: PublicKey.parse(row.public_key),
    version: row.version,
    enrolledAt: row.enrolled_at,
    revokedAt: row.revoked_at,
    connectedTo: row.connected_to,
    lastSeenAt: row.last_seen_at,
  };
}
