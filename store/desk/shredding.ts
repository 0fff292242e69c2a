/**
 * Taking away what was kept: of a whole case, or of one item whose time is over. Words and bytes go; hashes, numbers and custody stay.
 *
 * Lock order: reports, then the case, then its items. The keys themselves are the seal's to drop; here are the rows that hold words in the clear.
 */
import { sql } from 'kysely';
import type { AuthorityId, BlobId, CaseId, EvidenceId, Instant, ReportId } from '../../contract/ids.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';
import { blankAppealsOfReportsIn, blankWordsOfAppealsIn } from './appeal-joiners.ts';
import { blankAssessmentsIn } from './assessments.ts';
import { captureRecordsOf } from './captures.ts';
import { blankIncidentsIn } from './incidents.ts';
import { lockReportsOfCase } from './moves.ts';
import { dropPieces } from './seal.ts';

/** Locks the reports of a case, in the order in which a merge locks them, and names them. */
export async function lockReportsOf(tx: Tx, caseId: CaseId): Promise<ReportId[]> {
  return lockReportsOfCase(tx, caseId);
}

/** Whether a hold is in force on any item of a case. */
export async function isHeld(db: Db, caseId: CaseId, at: Instant): Promise<boolean> {
  const row = await db
    .selectFrom('evidence')
    .select('evidence_id')
    .where('case_id', '=', caseId)
    .where('hold_until', '>', at)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Cases that were merged into this one, and into those: what was sealed before lies in their files. */
export async function mergedInto(db: Db, caseId: CaseId): Promise<CaseId[]> {
  const { rows } = await sql<{ case_id: CaseId }>`with recursive gone as (
      select case_id from desk_case where merged_into = ${caseId}
      union
      select c.case_id from gone join desk_case c on c.merged_into = gone.case_id
    ) select case_id from gone order by case_id`.execute(db);
  return rows.map((row) => row.case_id);
}

/** Requests of authorities that are linked with a case: their mails and senders lie in files of their own. */
export async function authoritiesOf(db: Db, caseId: CaseId): Promise<AuthorityId[]> {
  const rows = await db
    .selectFrom('authority_request')
    .select('authority_id')
    .where('case_id', '=', caseId)
    .orderBy('authority_id')
    .execute();
  return rows.map((row) => row.authority_id);
}

/** Blanks one item: its bytes, its address and its words. What told it apart stays as a hash. */
export async function blankItemIn(tx: Tx, evidenceId: EvidenceId): Promise<void> {
  const item = await tx.selectFrom('evidence').select('blob_id').where('evidence_id', '=', evidenceId).executeTakeFirst();
  const captures = await captureRecordsOf(tx, [evidenceId]);
  const blobs = [
    item?.blob_id ?? null,
    ...captures.flatMap((one) => [one.wacz_blob_id, one.screenshot_blob_id, one.text_blob_id, one.timestamp_blob_id]),
  ].filter((blobId): blobId is BlobId => blobId !== null);
  await dropPieces(tx, blobs);
  await tx
    .updateTable('capture')
    .set({ url: null, finding: null, address: null, host: null, state: 'shredded', claimed_by: null, claimed_until: null })
    .where('evidence_id', '=', evidenceId)
    .execute();
  await tx
    .updateTable('evidence')
    .set({
      title: 'Shredded',
      url: null,
      note: null,
      confirmed_by_note: null,
      capture_state: 'shredded',
      delete_after: null,
      artefact: sql<string>`case when artefact ~ '^(sha256|url-sha256|file):' then artefact
        else 'sha256:' || encode(sha256(convert_to(artefact, 'UTF8')), 'hex') end`,
    })
    .where('evidence_id', '=', evidenceId)
    .execute();
}

/** Blanks what reporters wrote; their receipts stay. */
export async function blankReportsIn(tx: Tx, reports: readonly ReportId[]): Promise<void> {
  if (reports.length === 0) return;
  await tx
    .updateTable('report')
    .set({ text: '', urls: '[]', machine: '{}', search: null, reporter_mark: null, outcome: null })
    .where('report_id', 'in', reports)
    .execute();
  await tx.updateTable('report_message').set({ text: '' }).where('report_id', 'in', reports).execute();
  await tx.updateTable('report_file').set({ name: 'shredded' }).where('report_id', 'in', reports).execute();
  await blankAppealsOfReportsIn(tx, reports);
}

/**
 * Blanks whatever anybody typed about a case. Most of it is kept as it was typed and loses the names of targets when it is read; once their key is
 * gone nobody knows those names any more, so a word that stays would be shown with them. What followed from the case (decisions, notices, the
 * trail) is shredded-words.ts's.
 */
export async function blankWordsIn(tx: Tx, caseId: CaseId, reports: readonly ReportId[]): Promise<void> {
  const gone = 'Shredded';
  const family = [caseId, ...(await mergedInto(tx, caseId))];
  await blankReportsIn(tx, reports);
  await tx.updateTable('case_note').set({ text: '' }).where('case_id', '=', caseId).execute();
  await tx.updateTable('claim_answer').set({ text: '' }).where('case_id', '=', caseId).execute();
  await tx
    .updateTable('case_link')
    .set({ why: gone })
    .where((where) => where.or([where('case_id', 'in', family), where('other_id', 'in', family)]))
    .execute();
  await tx.updateTable('task').set({ record: gone }).where('case_id', '=', caseId).where('record', 'is not', null).execute();
  await tx.updateTable('appeal').set({ text: gone }).where('case_id', '=', caseId).execute();
  await blankWordsOfAppealsIn(tx, caseId);
  await tx.updateTable('pressure').set({ description: gone, source: null }).where('case_id', '=', caseId).execute();
  await sql`update owner_reply set text = ${gone}
    where notice_id in (select notice_id from owner_notice where case_id = ${caseId})`.execute(tx);
  // The ledger keeps who asked, by which law, who called back and when.
  await sql`update authority_request set text = ${gone}, urls = '[]', answer = case when answer is null then null else ${gone} end,
      call_back = case when call_back is null then null else call_back || jsonb_build_object('record', ${gone}::text) end
    where case_id = ${caseId}`.execute(tx);
  await blankIncidentsIn(tx, caseId);
  await blankAssessmentsIn(tx, caseId);
  await sql`update desk_case set search = null, title = ${gone}, lane_reason = case when lane_reason is null then null else ${gone} end
    where case_id = any(${family}::text[])`.execute(tx);
  await tx.deleteFrom('case_search').where('case_id', 'in', family).execute();
}

/** Items whose time is over: not held, their case closed since `closedBefore`, or since `decidedBefore` when a measure was decided in it. */
export async function itemsPastTime(
  db: Db,
  at: { readonly now: Instant; readonly closedBefore: Instant; readonly decidedBefore: Instant; readonly limit: number },
): Promise<EvidenceId[]> {
  const { rows } = await sql<{ evidence_id: EvidenceId }>`
    select e.evidence_id from evidence e join desk_case c on c.case_id = e.case_id
    where e.delete_after <= ${at.now} and (e.hold_until is null or e.hold_until <= ${at.now}) and e.capture_state <> 'shredded'
      and c.closed_at <= (case when exists (
        select 1 from desk_decision d where d.case_id = c.case_id and d.state = 'confirmed' and d.kind <> 'no-action'
      ) then ${at.decidedBefore}::timestamptz else ${at.closedBefore}::timestamptz end)
    order by e.delete_after limit ${at.limit}`.execute(db);
  return rows.map((row) => row.evidence_id);
}

/**
 * Cases that are shredded because their time is over: closed since `closedBefore`, or since `decidedBefore` when a measure was decided in them, with
 * nothing in them that is held or kept for longer, and not shredded yet.
 */
export async function casesPastTime(
  db: Db,
  at: { readonly now: Instant; readonly closedBefore: Instant; readonly decidedBefore: Instant; readonly limit: number },
): Promise<CaseId[]> {
  const { rows } = await sql<{ case_id: CaseId }>`
    select c.case_id from desk_case c left join seal_key k on k.file_id = c.case_id
    where c.closed_at <= ${at.closedBefore} and c.merged_into is null and (k.file_id is null or k.wrapped is not null)
      and (c.closed_at <= ${at.decidedBefore} or not exists (
        select 1 from desk_decision d where d.case_id = c.case_id and d.state = 'confirmed' and d.kind <> 'no-action'
      ))
      and not exists (select 1 from evidence e where e.case_id = c.case_id and (e.hold_until > ${at.now} or e.delete_after > ${at.now}))
    order by c.closed_at limit ${at.limit}`.execute(db);
  return rows.map((row) => row.case_id);
}
