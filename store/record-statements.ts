/**
 * Published statements as the record holds them: each version's text, and the leaf that says when it was published.
 *
 * Append-only. Whoever shows a statement stores its version first, so nothing was ever shown that is not here.
 */
import { sql } from 'kysely';
import type { DecisionNumber, Instant } from '../contract/ids.ts';
import type { Db } from './open.ts';
import { queueLeaf } from './record.ts';

export type StatementVersion = {
  readonly version: number;
  readonly recordedAt: Instant;
  /** Of the order when it was published; `no-action` for a decision without one. */
  readonly state: string;
  /** The hashed text, canonical JSON. */
  readonly statement: string;
  readonly sha256: string;
  readonly leaf: string;
  readonly leafSha256: string;
};

/** The newest version of a decision's statement; null before the first. */
export async function newestStatement(db: Db, decision: DecisionNumber): Promise<StatementVersion | null> {
  const row = await rowsOf(db, decision).orderBy('version', 'desc').limit(1).executeTakeFirst();
  return row === undefined ? null : versionOf(row);
}

/** All versions, oldest first. */
export async function statementVersions(db: Db, decision: DecisionNumber): Promise<StatementVersion[]> {
  return (await rowsOf(db, decision).orderBy('version').execute()).map(versionOf);
}

/** Stores a version with its leaf; `tx` is one transaction. False when that version stands already: somebody else was faster. */
export async function addStatement(tx: Db, decision: DecisionNumber, added: StatementVersion): Promise<boolean> {
  const { recordedAt, leafSha256, ...rest } = added;
  const stored = await tx
    .insertInto('record_statement')
    .values({ decision, recorded_at: recordedAt, leaf_sha256: leafSha256, ...rest })
    .onConflict((conflict) => conflict.columns(['decision', 'version']).doNothing())
    .executeTakeFirst();
  const isNew = (stored.numInsertedOrUpdatedRows ?? 0n) > 0n;
  if (isNew) await queueLeaf(tx, added.leaf);
  return isNew;
}

/** Decisions that are public and have come into force, or changed their state, since their last version; at most `limit`. */
export async function statementsToRecord(db: Db, at: Instant, limit: number): Promise<DecisionNumber[]> {
  const { rows } = await sql<{ decision: DecisionNumber }>`
    select decision from shield_order as told where state in ('confirmed', 'lifted', 'expired') and starts_at <= ${at}
      and state is distinct from
        (select state from record_statement where decision = told.decision order by version desc limit 1)
    union all
    select number from desk_decision where kind = 'no-action' and state = 'confirmed' and number is not null
      and not exists (select 1 from record_statement where decision = desk_decision.number)
    limit ${limit}`.execute(db);
  return rows.map(({ decision }) => decision);
}

function rowsOf(db: Db, decision: DecisionNumber) {
  return db
    .selectFrom('record_statement')
    .select(['version', 'recorded_at', 'state', 'statement', 'sha256', 'leaf', 'leaf_sha256'])
    .where('decision', '=', decision);
}

type Row = {
  readonly version: number;
  readonly recorded_at: Instant;
  readonly state: string;
  readonly statement: string;
  readonly sha256: string;
  readonly leaf: string;
  readonly leaf_sha256: string;
};

function versionOf({ recorded_at, leaf_sha256, ...rest }: Row): StatementVersion {
  return { ...rest, recordedAt: recorded_at, leafSha256: leaf_sha256 };
}
