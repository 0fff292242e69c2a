/**
 * Reports and their evidence moved between cases, one by one or all of a case. Nothing is lost on the way and each item gets a line of custody.
 *
 * An artefact is once in a case: where the other case has it already, the reports that brought it are noted there, and the item stays where it is with
 * a line that says so. Locks: reports before cases (store/desk/reports.ts); call `lockReportsOfCase` before the cases are locked.
 */
import { sql } from 'kysely';
import { EvidenceId, idPrefix } from '../../contract/ids.ts';
import type { CaseId, ClusterId, Instant, ReportId } from '../../contract/ids.ts';
import type { PersonRef } from '../../contract/routes/common.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Tx } from '../transact.ts';
import { shareWordsIn } from './case-words.ts';
import { addCustodyIn } from './custody.ts';

/**
 * Holds every report of a case until the transaction ends, and names them. By receipt number, as everybody who holds several reports does
 * (store/desk/reading.ts, case-reports.ts): two that meet wait for each other at the first one and never in a circle.
 */
export async function lockReportsOfCase(tx: Tx, caseId: CaseId): Promise<ReportId[]> {
  const rows = await tx
    .selectFrom('report')
    .select('report_id')
    .where('case_id', '=', caseId)
    .orderBy('receipt_number')
    .forUpdate()
    .execute();
  return rows.map((row) => row.report_id);
}

export type Move = {
  readonly from: CaseId;
  readonly to: CaseId;
  readonly at: Instant;
  readonly who: PersonRef;
  /** For the custody lines. Names nobody. */
  readonly why: string;
};

/** Everything that hangs on a case, but its decisions, moved to another. The caller has locked both. */
export async function moveAllIn(tx: Tx, move: Move): Promise<void> {
  const { from, to } = move;
  await tx.updateTable('report').set({ case_id: to }).where('case_id', '=', from).execute();
  await tx.updateTable('cluster').set({ case_id: to }).where('case_id', '=', from).execute();
  await tx
    .updateTable('claim_answer')
    .set({ case_id: to })
    .where('case_id', '=', from)
    .where('finished_at', 'is', null)
    .execute();
  await shareWordsIn(tx, from, to);
  for (const item of await itemsOf(tx, from)) await moveItem(tx, item, move);
  await tx.updateTable('incident').set({ case_id: to }).where('case_id', '=', from).execute();
  await tx.updateTable('assessment').set({ case_id: to }).where('case_id', '=', from).execute();
  await tx.updateTable('escalation').set({ case_id: to }).where('case_id', '=', from).execute();
  await tx.updateTable('task').set({ case_id: to }).where('case_id', '=', from).execute();
  await tx.updateTable('case_note').set({ case_id: to }).where('case_id', '=', from).execute();
  await tx.updateTable('pressure').set({ case_id: to }).where('case_id', '=', from).execute();
  await tx.updateTable('authority_request').set({ case_id: to }).where('case_id', '=', from).execute();
  await tx.updateTable('owner_notice').set({ case_id: to }).where('case_id', '=', from).execute();
}

/** Gives the tasks of a case, done ones too, the labels that its targets get in another. Before the tasks are moved there. */
export async function relabelTasksIn(tx: Tx, caseId: CaseId, renamed: ReadonlyMap<string, string>): Promise<void> {
  const tasks = await tx.selectFrom('task').select(['task_id', 'subject']).where('case_id', '=', caseId).execute();
  for (const task of tasks) {
    const label = task.subject === null ? undefined : renamed.get(task.subject);
    if (label !== undefined) await tx.updateTable('task').set({ subject: label }).where('task_id', '=', task.task_id).execute();
  }
}

/** The reports of one claim within a case, locked: what moves together before the grade is locked. */
export async function lockClaimOf(tx: Tx, caseId: CaseId, clusters: readonly ClusterId[]): Promise<ReportId[]> {
  if (clusters.length === 0) return [];
  const rows = await tx
    .selectFrom('report')
    .select('report_id')
    .where('case_id', '=', caseId)
    .where('cluster_id', 'in', clusters)
    .orderBy('receipt_number')
    .forUpdate()
    .execute();
  return rows.map((row) => row.report_id);
}

/**
 * Moves reports with what only they brought. What others of the old case brought too stays there, and the new case gets an item of its own on the same
 * bytes. `clusters`: claims that go along whole.
 */
export async function moveReportsIn(
  tx: Tx,
  reportIds: readonly ReportId[],
  clusters: readonly ClusterId[],
  move: Move,
): Promise<void> {
  const ids = [...reportIds];
  await tx.updateTable('report').set({ case_id: move.to }).where('report_id', 'in', ids).execute();
  if (clusters.length > 0) {
    await tx
      .updateTable('cluster')
      .set({ case_id: move.to })
      .where('cluster_id', 'in', [...clusters])
      .where('case_id', '=', move.from)
      .execute();
  }
  await shareWordsIn(tx, move.from, move.to);
  const items = await tx
    .selectFrom('evidence')
    .select(['evidence_id', 'artefact'])
    .select(
      sql<boolean>`exists (select from evidence_source other where other.evidence_id = evidence.evidence_id
        and not (other.report_id = any(${ids})))`.as('shared'),
    )
    .where('case_id', '=', move.from)
    .where(
      sql<boolean>`exists (select from evidence_source own where own.evidence_id = evidence.evidence_id
      and own.report_id = any(${ids}))`,
    )
    .orderBy('created_order')
    .execute();
  for (const item of items) {
    if (item.shared || (await isInUse(tx, item.evidence_id))) await copyItem(tx, item, ids, move);
    else await moveItem(tx, item, move);
  }
}

type Item = { readonly evidence_id: EvidenceId; readonly artefact: string };

async function itemsOf(tx: Tx, caseId: CaseId): Promise<Item[]> {
  return tx
    .selectFrom('evidence')
    .select(['evidence_id', 'artefact'])
    .where('case_id', '=', caseId)
    .orderBy('created_order')
    .execute();
}

/** An incident or decision of the old case rests on it: it stays. */
async function isInUse(tx: Tx, evidenceId: EvidenceId): Promise<boolean> {
  const row = await tx
    .selectFrom('incident_evidence')
    .select('incident_id')
    .where('evidence_id', '=', evidenceId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

async function moveItem(tx: Tx, item: Item, move: Move): Promise<void> {
  const same = await sameArtefact(tx, item, move.to);
  if (same === null) {
    await tx.updateTable('evidence').set({ case_id: move.to }).where('evidence_id', '=', item.evidence_id).execute();
    await line(tx, item.evidence_id, move, `moved from ${move.from} to ${move.to}: ${move.why}`);
    return;
  }
  await shareSources(tx, item.evidence_id, same, null);
  // Incidents that came along rest on the item of the case in which they are now.
  await sql`update incident_evidence set evidence_id = ${same} where evidence_id = ${item.evidence_id}
    and not exists (select from incident_evidence other where other.incident_id = incident_evidence.incident_id and other.evidence_id = ${same})`.execute(
    tx,
  );
  await line(tx, item.evidence_id, move, `kept in ${move.from}; ${move.to} has the same artefact as ${same}: ${move.why}`);
  await line(tx, same, move, `the same artefact came from ${move.from} as ${item.evidence_id}: ${move.why}`);
}

async function copyItem(tx: Tx, item: Item, reportIds: readonly ReportId[], move: Move): Promise<void> {
  const same = await sameArtefact(tx, item, move.to);
  const evidenceId = same ?? EvidenceId.parse(randomId(idPrefix.evidence));
  if (same === null) {
    await sql`insert into evidence (evidence_id, case_id, kind, level, artefact, title, url, blob_id, sha256, media_type, bytes, event_at, event_fixed,
        first_seen_at, added_by, added_name, sensitive, capture_state, hold_until, delete_after, note, confirmed_by_note)
      select ${evidenceId}, ${move.to}, kind, level, artefact, title, url, blob_id, sha256, media_type, bytes, event_at, event_fixed,
        first_seen_at, added_by, added_name, sensitive, case when capture_state in ('waiting', 'running') then 'none' else capture_state end,
        hold_until, delete_after, note, confirmed_by_note from evidence where evidence_id = ${item.evidence_id}`.execute(tx);
    await line(tx, evidenceId, move, `the same artefact as ${item.evidence_id} of ${move.from}: ${move.why}`, 'create');
  }
  await shareSources(tx, item.evidence_id, evidenceId, reportIds);
  await line(tx, item.evidence_id, move, `${move.to} has the same artefact as ${evidenceId}: ${move.why}`);
}

/** Notes the reports that brought one item at another too: all of them, or these. */
async function shareSources(tx: Tx, from: EvidenceId, to: EvidenceId, only: readonly ReportId[] | null): Promise<void> {
  await sql`insert into evidence_source (evidence_id, report_id) select ${to}, report_id from evidence_source
    where evidence_id = ${from} and (${only === null}::boolean or report_id = any(${[...(only ?? [])]}::text[]))
    on conflict do nothing`.execute(tx);
}

async function sameArtefact(tx: Tx, item: Item, caseId: CaseId): Promise<EvidenceId | null> {
  const row = await tx
    .selectFrom('evidence')
    .select('evidence_id')
    .where('case_id', '=', caseId)
    .where('artefact', '=', item.artefact)
    .executeTakeFirst();
  return row?.evidence_id ?? null;
}

async function line(
  tx: Tx,
  evidenceId: EvidenceId,
  move: Move,
  why: string,
  act: 'relabel' | 'create' = 'relabel',
): Promise<void> {
  await addCustodyIn(tx, {
    evidenceId,
    at: move.at,
    personId: move.who.personId,
    personName: move.who.name,
    act,
    why,
    sha256: null,
  });
}
