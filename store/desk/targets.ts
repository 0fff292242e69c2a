/**
 * People in danger, as the desk may see them: a label, and the id of the sealed record that names them.
 *
 * Take the case's row first, so that two targets never get one label.
 */
import { TargetId, idPrefix } from '../../contract/ids.ts';
import type { CaseId, Instant, SealedId } from '../../contract/ids.ts';
import { targetLabel } from '../../core/desk/labels.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';

export type StoredTarget = {
  readonly targetId: TargetId;
  readonly caseId: CaseId;
  readonly label: string;
  readonly sealedId: SealedId;
};

export async function addTargetIn(
  tx: Tx,
  draft: { caseId: CaseId; sealedId: SealedId; at: Instant },
): Promise<{ targetId: TargetId; label: string }> {
  const label = await nextLabel(tx, draft.caseId);
  const targetId = TargetId.parse(randomId(idPrefix.target));
  await tx
    .insertInto('target')
    .values({ target_id: targetId, case_id: draft.caseId, label, sealed_id: draft.sealedId, created_at: draft.at })
    .execute();
  return { targetId, label };
}

async function nextLabel(tx: Tx, caseId: CaseId): Promise<string> {
  const { count } = await tx
    .selectFrom('target')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('case_id', '=', caseId)
    .executeTakeFirstOrThrow();
  return targetLabel(count);
}

/** Targets of a case, in the order of their labels. */
export async function listTargets(db: Db, caseId: CaseId): Promise<StoredTarget[]> {
  const rows = await db.selectFrom('target').selectAll().where('case_id', '=', caseId).orderBy('created_order').execute();
  return rows.map((row) => ({
    targetId: row.target_id,
    caseId: row.case_id,
    label: row.label,
    sealedId: row.sealed_id,
  }));
}

/** One target of a case; null when it is another case's. */
export async function findTarget(db: Db, caseId: CaseId, targetId: TargetId): Promise<StoredTarget | null> {
  return (await listTargets(db, caseId)).find((target) => target.targetId === targetId) ?? null;
}

/** Moves the targets of a case to another, which gives them labels of its own. Returns old and new labels. */
export async function moveTargetsIn(tx: Tx, from: CaseId, to: CaseId): Promise<ReadonlyMap<string, string>> {
  const renamed = new Map<string, string>();
  for (const target of await listTargets(tx, from)) {
    const label = await nextLabel(tx, to);
    await tx.updateTable('target').set({ case_id: to, label }).where('target_id', '=', target.targetId).execute();
    renamed.set(target.label, label);
  }
  return renamed;
}
