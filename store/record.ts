/**
 * Leaves of the record, queued with the acts that they tell of; the head that was signed last; the salts of commitments.
 *
 * The database says which leaf has which index; the files that are served follow from it (control/record/log.ts). Indices are given under
 * the lock of the one row of `record_head`, together with root and checkpoint, so two processes never sign two trees.
 * Hazard: a database that is restored from a backup knows less than was published. Whoever appends compares before it signs.
 */
import { sql } from 'kysely';
import { randomBytes } from 'node:crypto';
import type { Db } from './open.ts';

/** Queues one leaf, canonical JSON; `tx` is the transaction of the act. The very same text is one leaf. */
export async function queueLeaf(tx: Db, leaf: string): Promise<void> {
  await sql`insert into record_leaf (leaf, leaf_sha256) values (${leaf}, encode(sha256(convert_to(${leaf}::text, 'UTF8')), 'hex'))
    on conflict (leaf_sha256) do nothing`.execute(tx);
}

/** What stands for a subject in leaves, and what salts its commitments (both hex): made at its first leaf. */
export async function saltOf(tx: Db, subject: string): Promise<{ ref: string; salt: string }> {
  const made = { subject, ref: randomBytes(16).toString('hex'), salt: randomBytes(32).toString('hex') };
  await tx
    .insertInto('record_salt')
    .values(made)
    .onConflict((conflict) => conflict.column('subject').doNothing())
    .execute();
  return await tx.selectFrom('record_salt').select(['ref', 'salt']).where('subject', '=', subject).executeTakeFirstOrThrow();
}

/** Erasure: nobody, ourselves included, can open the subject's commitments afterwards. Leaves and proofs stay valid. */
export async function forgetSalt(tx: Db, subject: string): Promise<boolean> {
  const gone = await tx.deleteFrom('record_salt').where('subject', '=', subject).executeTakeFirst();
  return gone.numDeletedRows > 0n;
}

export type RecordHead = {
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** The signed note. */
  readonly checkpoint: string;
};

/** The head; null before the first checkpoint. `lock` keeps everybody else from appending until the transaction ends. */
export async function readHead(db: Db, lock: 'lock' | null = null): Promise<RecordHead | null> {
  const query = db.selectFrom('record_head').select(['size', 'root', 'checkpoint']);
  return (await (lock === null ? query : query.forUpdate()).executeTakeFirst()) ?? null;
}

/** Writes the first head, if there is none yet: of the empty tree. */
export async function settleHead(db: Db, head: RecordHead): Promise<void> {
  await db
    .insertInto('record_head')
    .values(head)
    .onConflict((conflict) => conflict.column('only_one').doNothing())
    .execute();
}

export async function replaceHead(tx: Db, head: RecordHead): Promise<void> {
  await tx.updateTable('record_head').set(head).execute();
}

/** Puts a checkpoint with more signatures in the place of the very one; nothing happens when that has gone. */
export async function replaceCheckpoint(db: Db, one: string, other: string): Promise<void> {
  await db.updateTable('record_head').set({ checkpoint: other }).where('checkpoint', '=', one).execute();
}

export async function hasWaitingLeaves(db: Db): Promise<boolean> {
  const row = await db.selectFrom('record_leaf').select('queued').where('leaf_index', 'is', null).limit(1).executeTakeFirst();
  return row !== undefined;
}

/** Gives the next indices from `size` to at most `most` leaves that wait, in the order in which they were queued; returns their texts. */
export async function takeWaitingLeaves(tx: Db, size: number, most: number): Promise<string[]> {
  const { rows } = await sql<{ leaf: string }>`with waiting as (
      select queued, leaf, row_number() over (order by queued) - 1 as place
      from (select queued, leaf from record_leaf where leaf_index is null order by queued limit ${most}::bigint) as first
    ), given as (
      update record_leaf set leaf_index = ${size}::bigint + place from waiting where record_leaf.queued = waiting.queued
      returning record_leaf.leaf_index, record_leaf.leaf
    ) select leaf from given order by leaf_index`.execute(tx);
  return rows.map(({ leaf }) => leaf);
}

/** Texts of leaves `from` to `to` (not included), in order. Throws when one is missing: the database is not whole then. */
export async function readLeaves(db: Db, from: number, to: number): Promise<string[]> {
  const rows = await db
    .selectFrom('record_leaf')
    .select('leaf')
    .where('leaf_index', '>=', from)
    .where('leaf_index', '<', to)
    .orderBy('leaf_index')
    .execute();
  if (rows.length !== to - from) throw new Error(`the record’s leaves ${from} to ${to - 1} are not all in the database`);
  return rows.map(({ leaf }) => leaf);
}

/** A leaf by the SHA-256 of its text, in hex; `index` null while it waits for the next checkpoint. Null when there is none. */
export async function findLeaf(db: Db, sha256: string): Promise<{ index: number | null; leaf: string } | null> {
  const row = await db
    .selectFrom('record_leaf')
    .select(['leaf_index', 'leaf'])
    .where('leaf_sha256', '=', sha256)
    .executeTakeFirst();
  return row === undefined ? null : { index: row.leaf_index, leaf: row.leaf };
}
