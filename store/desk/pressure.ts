/**
 * The pressure log: letters, calls, campaigns, trending tags. Kept apart from evidence; nothing reads it but the pressure screen, after the lock.
 *
 * Rows are never changed. Texts are as they were handed in: whoever shows them redacts them.
 */
import { PressureId, idPrefix } from '../../contract/ids.ts';
import type { CaseId, Instant, SiteId } from '../../contract/ids.ts';
import type { PressureKind } from '../../contract/desk/words.ts';
import type { PersonRef } from '../../contract/routes/common.ts';
import type { PressureEntry } from '../../contract/routes/desk/pressure.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';

export type PressureDraft = {
  readonly siteId: SiteId | null;
  readonly caseId: CaseId | null;
  readonly kind: PressureKind;
  readonly at: Instant;
  readonly description: string;
  readonly count: number | null;
  readonly source: string | null;
  readonly by: PersonRef;
};

export async function insertPressure(tx: Tx, draft: PressureDraft): Promise<PressureId> {
  const pressureId = PressureId.parse(randomId(idPrefix.pressure));
  await tx
    .insertInto('pressure')
    .values({
      pressure_id: pressureId,
      site_id: draft.siteId,
      case_id: draft.caseId,
      kind: draft.kind,
      at: draft.at,
      description: draft.description,
      count: draft.count,
      source: draft.source,
      person_id: draft.by.personId,
      person_name: draft.by.name,
    })
    .execute();
  return pressureId;
}

/** Entries of a case, and those of its site that belong to no case; newest first. */
export async function listPressure(
  db: Db,
  of: { readonly caseId: CaseId; readonly siteId: SiteId | null },
  limit: number,
): Promise<PressureEntry[]> {
  const { caseId, siteId } = of;
  const rows = await db
    .selectFrom('pressure')
    .selectAll()
    .where((where) =>
      where.or([
        where('case_id', '=', caseId),
        ...(siteId === null ? [] : [where.and([where('site_id', '=', siteId), where('case_id', 'is', null)])]),
      ]),
    )
    .orderBy('created_order', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    pressureId: row.pressure_id,
    siteId: row.site_id,
    caseId: row.case_id,
    kind: row.kind,
    at: row.at,
    description: row.description,
    count: row.count,
    source: row.source,
    by: { personId: row.person_id, name: row.person_name },
  }));
}
