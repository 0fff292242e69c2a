/**
 * Versions of the criteria: published once and never changed. No function here updates or deletes one.
 *
 * `sha256` is of the text's UTF-8 bytes and unique: the same text is not published twice.
 */
import type { Selectable } from 'kysely';
import type { PolicyVersionId } from '../../contract/ids.ts';
import type { Criteria } from '../../contract/routes/desk/decisions.ts';
import type { Db } from '../open.ts';
import type { PolicyVersionTable } from './tables.ts';

/** Keeps a version; false when the same text was published before. */
export async function insertCriteria(db: Db, criteria: Criteria): Promise<boolean> {
  const row = await db
    .insertInto('policy_version')
    .values({
      policy_version_id: criteria.policyVersionId,
      title: criteria.title,
      text: criteria.text,
      sha256: criteria.sha256,
      published_at: criteria.publishedAt,
      published_by: criteria.publishedBy?.personId ?? null,
      published_name: criteria.publishedBy?.name ?? null,
    })
    .onConflict((conflict) => conflict.column('sha256').doNothing())
    .returning('policy_version_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** All versions, newest first. */
export async function listCriteria(db: Db): Promise<Criteria[]> {
  const rows = await db.selectFrom('policy_version').selectAll().orderBy('created_order', 'desc').execute();
  return rows.map(criteriaOf);
}

export async function findCriteria(db: Db, policyVersionId: PolicyVersionId): Promise<Criteria | null> {
  const row = await db
    .selectFrom('policy_version')
    .selectAll()
    .where('policy_version_id', '=', policyVersionId)
    .executeTakeFirst();
  return row === undefined ? null : criteriaOf(row);
}

export async function hasCriteria(db: Db): Promise<boolean> {
  return (await db.selectFrom('policy_version').select('policy_version_id').limit(1).executeTakeFirst()) !== undefined;
}

function criteriaOf(row: Selectable<PolicyVersionTable>): Criteria {
  return {
    policyVersionId: row.policy_version_id,
    title: row.title,
    text: row.text,
    sha256: row.sha256,
    publishedAt: row.published_at,
    publishedBy: row.published_by === null ? null : { personId: row.published_by, name: row.published_name ?? '' },
  };
}
