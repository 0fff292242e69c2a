/**
 * Reports as the desk reads and answers them.
 *
 * Before a case's grade is locked only its claims are read: one report for each claim (and each role, and each wish for safe contact), and every
 * report whose reporter wrote again in words of their own. They are found by steps from claim to claim in an index, so neither the answer nor the
 * time it takes depends on how many reported. Locks: the report's row before its case's (store/desk/reports.ts).
 */
import { sql } from 'kysely';
import type { Insertable, Selectable } from 'kysely';
import { MessageId, idPrefix } from '../../contract/ids.ts';
import type { CaseId, ClusterId, EvidenceId, Instant, PersonId, ReceiptNumber, ReportId, SealedId } from '../../contract/ids.ts';
import type { ReportState } from '../../contract/desk/words.ts';
import type { PersonRef } from '../../contract/routes/common.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';
import type { ClaimAnswerTable, ReportTable } from './tables.ts';

export type DeskReportRow = Omit<Selectable<ReportTable>, 'search'>;

export type ReportPage = {
  readonly reports: readonly DeskReportRow[];
  readonly next: ReceiptNumber | null;
  /** Zero before the lock. */
  readonly total: number;
};

type Page = { readonly limit: number; readonly after: number | null };

/** One report, without what the search keeps. `lock` holds its row until the transaction ends. */
export async function findReport(db: Db, reportId: ReportId, lock: 'lock' | 'look' = 'look'): Promise<DeskReportRow | null> {
  let query = db.selectFrom('report').selectAll().where('report_id', '=', reportId);
  if (lock === 'lock') query = query.forUpdate();
  const row = await query.executeTakeFirst();
  if (row === undefined) return null;
  const { search: _search, ...rest } = row;
  return rest;
}

/** These reports, locked in the order of their receipts' numbers. */
export async function lockReports(tx: Tx, reportIds: readonly ReportId[]): Promise<DeskReportRow[]> {
  if (reportIds.length === 0) return [];
  const rows = await tx
    .selectFrom('report')
    .selectAll()
    .where('report_id', 'in', [...reportIds])
    .orderBy('receipt_number')
    .forUpdate()
    .execute();
  return rows.map(({ search: _search, ...row }) => row);
}

export async function reporterSealOf(db: Db, reportId: ReportId): Promise<SealedId | null> {
  const row = await db.selectFrom('report').select('reporter_sealed_id').where('report_id', '=', reportId).executeTakeFirst();
  return row?.reporter_sealed_id ?? null;
}

/** All reports of a case, by receipt number. Only for a case whose grade is locked. */
export async function reportsOfCase(db: Db, caseId: CaseId, page: Page): Promise<ReportPage> {
  const { total } = await db
    .selectFrom('report')
    .select((select) => select.fn.countAll<number>().as('total'))
    .where('case_id', '=', caseId)
    .executeTakeFirstOrThrow();
  let query = db
    .selectFrom('report')
    .select('report_id')
    .where('case_id', '=', caseId)
    .orderBy('receipt_number')
    .limit(page.limit + 1);
  if (page.after !== null) query = query.where('receipt_number', '>', number(page.after));
  const ids = (await query.execute()).map((row) => row.report_id);
  return { ...(await read(db, ids, page.limit)), total };
}

/** One report of each claim of a case, by receipt number. */
export async function claimsOfCase(db: Db, caseId: CaseId, page: Page): Promise<ReportPage> {
  const walked = await sql<Step>`
    with recursive walk as (
      (select coalesce(cluster_id, report_id) as claim, role, wants_safety_contact as wants, receipt_number as number, report_id
        from report where case_id = ${caseId}
        order by coalesce(cluster_id, report_id), role, wants_safety_contact, receipt_number limit 1)
      union all
      select step.* from walk cross join lateral (
        select coalesce(cluster_id, report_id) as claim, role, wants_safety_contact as wants, receipt_number as number, report_id
        from report where case_id = ${caseId}
          and (coalesce(cluster_id, report_id), role, wants_safety_contact) > (walk.claim, walk.role, walk.wants)
        order by coalesce(cluster_id, report_id), role, wants_safety_contact, receipt_number limit 1) step
    )
    select claim, role, wants, number, report_id, '' as said from walk`.execute(db);
  // What a reporter wrote later is their own: it is shown although the first report of the claim is shown too. The same words are shown once.
  const wrote = await sql<Step>`
    select coalesce(report.cluster_id, report.report_id) as claim, role, wants_safety_contact as wants, receipt_number as number,
      report.report_id, md5(string_agg(message.text, chr(10) order by message.created_order)) as said
    from report join report_message message on message.report_id = report.report_id and message.sender = 'reporter'
    where report.case_id = ${caseId} and report.wrote_again
    group by report.report_id`.execute(db);
  const roots = await rootsOf(db, walked.rows.concat(wrote.rows));
  const first = new Map<string, Step>();
  for (const step of [...walked.rows, ...wrote.rows].sort((one, other) => one.number - other.number)) {
    const key = JSON.stringify([roots.get(step.claim) ?? step.claim, step.role, step.wants, step.said]);
    if (!first.has(key)) first.set(key, step);
  }
  const numbers = new Map([...first.values()].map((step) => [step.number, step.report_id]));
  const ids = [...numbers]
    .filter(([receipt]) => receipt > (page.after ?? 0))
    .sort(([one], [other]) => one - other)
    .map(([, reportId]) => reportId);
  return { ...(await read(db, ids.slice(0, page.limit + 1), page.limit)), total: 0 };
}

/** The reports of one claim that the desk sees before the grade; how many there are does not depend on how many reported. */
export async function shownOfClaim(db: Db, caseId: CaseId, clusters: readonly ClusterId[]): Promise<ReportId[]> {
  const { reports } = await claimsOfCase(db, caseId, { limit: mostShown, after: null });
  return reports.flatMap((one) => (one.cluster_id !== null && clusters.includes(one.cluster_id) ? [one.report_id] : []));
}

const mostShown = 10_000;

type Step = {
  readonly claim: string;
  readonly role: string;
  readonly wants: boolean;
  readonly number: ReceiptNumber;
  readonly report_id: ReportId;
  readonly said: string;
};

/** The clusters into which the clusters of these steps were joined. */
async function rootsOf(db: Db, steps: readonly Step[]): Promise<ReadonlyMap<string, string>> {
  const claims = [...new Set(steps.map((step) => step.claim))];
  if (claims.length === 0) return new Map();
  const { rows } = await sql<{ start: string; root: string }>`
    with recursive up as (
      select cluster_id as start, cluster_id as at, parent from cluster where cluster_id = any(${claims})
      union
      select up.start, cluster.cluster_id, cluster.parent from up join cluster on cluster.cluster_id = up.parent
    )
    select start, at as root from up where parent is null or parent = at`.execute(db);
  return new Map(rows.map((row) => [row.start, row.root]));
}

/** The cluster that a report's cluster was joined into, and every cluster that was joined into that one. */
export async function clusterFamily(db: Db, clusterId: ClusterId): Promise<ClusterId[]> {
  const { rows } = await sql<{ cluster_id: ClusterId }>`
    with recursive up as (
      select cluster_id, parent from cluster where cluster_id = ${clusterId}
      union
      select cluster.cluster_id, cluster.parent from up join cluster on cluster.cluster_id = up.parent
    ), down as (
      select cluster_id from up
      union
      select cluster.cluster_id from down join cluster on cluster.parent = down.cluster_id
    )
    select cluster_id from down order by cluster_id`.execute(db);
  return rows.map((row) => row.cluster_id);
}

async function read(db: Db, ids: readonly ReportId[], limit: number): Promise<Omit<ReportPage, 'total'>> {
  const shown = ids.slice(0, limit);
  if (shown.length === 0) return { reports: [], next: null };
  const rows = await db.selectFrom('report').selectAll().where('report_id', 'in', shown).orderBy('receipt_number').execute();
  const reports = rows.map(({ search: _search, ...row }) => row);
  return { reports, next: ids.length > limit ? (reports.at(-1)?.receipt_number ?? null) : null };
}

function number(value: number) {
  return sql<ReceiptNumber>`${value}::bigint`;
}

export type ShownMessage = {
  readonly at: Instant;
  readonly sender: 'reporter' | 'desk';
  readonly text: string;
  readonly by: PersonRef | null;
};

/** Messages of these reports, both ways, oldest first. */
export async function messagesOf(db: Db, reportIds: readonly ReportId[]): Promise<Map<ReportId, ShownMessage[]>> {
  const found = new Map<ReportId, ShownMessage[]>(reportIds.map((reportId) => [reportId, []]));
  if (reportIds.length === 0) return found;
  const rows = await db
    .selectFrom('report_message')
    .selectAll()
    .where('report_id', 'in', reportIds)
    .orderBy('created_order')
    .execute();
  for (const row of rows) {
    found.get(row.report_id)?.push({
      at: row.at,
      sender: row.sender,
      text: row.text,
      by: row.person_id === null ? null : { personId: row.person_id, name: row.person_name ?? '' },
    });
  }
  return found;
}

/** Evidence that these reports brought. */
export async function evidenceOf(db: Db, reportIds: readonly ReportId[]): Promise<Map<ReportId, EvidenceId[]>> {
  const found = new Map<ReportId, EvidenceId[]>(reportIds.map((reportId) => [reportId, []]));
  if (reportIds.length === 0) return found;
  const rows = await db
    .selectFrom('evidence_source')
    .innerJoin('evidence', 'evidence.evidence_id', 'evidence_source.evidence_id')
    .select(['evidence_source.report_id', 'evidence.evidence_id'])
    .where('evidence_source.report_id', 'in', reportIds)
    .orderBy('evidence.created_order')
    .execute();
  for (const row of rows) found.get(row.report_id)?.push(row.evidence_id);
  return found;
}

/** Whether a report of the case has no answer yet. Says nothing of how many. */
export async function waitsForAnswer(db: Db, caseId: CaseId): Promise<boolean> {
  const row = await db
    .selectFrom('report')
    .select('report_id')
    .where('case_id', '=', caseId)
    .where('state', 'not in', ['answered', 'closed', 'withdrawn'])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

export type DeskMessage = {
  readonly reportId: ReportId;
  readonly at: Instant;
  readonly text: string;
  readonly personId: PersonId;
  readonly personName: string;
  /** Where the report stands afterwards, and its outcome when that is what was said. */
  readonly state: ReportState;
  readonly outcome: string | null;
};

/** Writes to one reporter. Returns the message's id, under which a mail about it is sent once. */
export async function addDeskMessageIn(tx: Tx, message: DeskMessage): Promise<MessageId> {
  const messageId = MessageId.parse(randomId(idPrefix.message));
  await tx
    .insertInto('report_message')
    .values({
      message_id: messageId,
      report_id: message.reportId,
      at: message.at,
      sender: 'desk',
      text: message.text,
      person_id: message.personId,
      person_name: message.personName,
    })
    .execute();
  await tx
    .updateTable('report')
    .set({ state: message.state, ...(message.outcome === null ? {} : { outcome: message.outcome }) })
    .where('report_id', '=', message.reportId)
    .execute();
  return messageId;
}

export type ClaimAnswer = Selectable<ClaimAnswerTable>;

/** Asks for the same answer to every other report of the claim; a job writes them. */
export async function askClaimAnswerIn(tx: Tx, answer: Omit<Insertable<ClaimAnswerTable>, 'message_id'>): Promise<void> {
  await tx
    .insertInto('claim_answer')
    .values({ ...answer, message_id: MessageId.parse(randomId(idPrefix.message)) })
    .execute();
}

/** The oldest answer that is still being written; held by this transaction, left out by others. */
export async function takeClaimAnswer(tx: Tx): Promise<ClaimAnswer | null> {
  const row = await tx
    .selectFrom('claim_answer')
    .selectAll()
    .where('finished_at', 'is', null)
    .orderBy('created_order')
    .limit(1)
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  return row ?? null;
}

/** The next reports of a claim in a case after a receipt number, locked. */
export async function lockClaimMembers(
  tx: Tx,
  ask: { caseId: CaseId; clusters: readonly ClusterId[]; after: number; limit: number },
): Promise<DeskReportRow[]> {
  if (ask.clusters.length === 0) return [];
  const rows = await tx
    .selectFrom('report')
    .selectAll()
    .where('case_id', '=', ask.caseId)
    .where('cluster_id', 'in', ask.clusters)
    .where('receipt_number', '>', number(ask.after))
    .orderBy('receipt_number')
    .limit(ask.limit)
    .forUpdate()
    .execute();
  return rows.map(({ search: _search, ...row }) => row);
}

/** Notes how far a claim's answer was written; `finishedAt` when nobody is left. */
export async function advanceClaimAnswer(
  tx: Tx,
  messageId: MessageId,
  at: { reached: number; finishedAt: Instant | null },
): Promise<void> {
  await tx
    .updateTable('claim_answer')
    .set({ reached: at.reached, finished_at: at.finishedAt })
    .where('message_id', '=', messageId)
    .execute();
}
