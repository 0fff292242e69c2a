/**
 * Appeals: opened by an owner, by reporters or for a target, taken and decided by a third person. Who joins reporters' appeals: appeal-joiners.ts.
 *
 * Take the case's row first (lockCase). Whether an act may happen is core/desk/appeal-states.ts's; here are only the rows. `status_hash` is the hash
 * of a token: nothing here can be opened by whoever reads the table.
 */
import type { Selectable } from 'kysely';
import type { AppealId, CaseId, DeskDecisionId, Instant, MessageId, PersonId, ReportId } from '../../contract/ids.ts';
import type { AppealBy, AppealState } from '../../contract/desk/words.ts';
import type { Db } from '../open.ts';
import type { NamedPerson } from '../orders.ts';
import type { Tx } from '../transact.ts';
import type { AppealTable } from './tables.ts';

export type AppealRecord = {
  readonly appealId: AppealId;
  readonly caseId: CaseId;
  readonly decisionId: DeskDecisionId;
  readonly by: AppealBy;
  readonly state: AppealState;
  readonly text: string;
  readonly openedAt: Instant;
  readonly dueAt: Instant;
  readonly takenBy: NamedPerson | null;
  readonly decider: NamedPerson | null;
  readonly decidedAt: Instant | null;
  readonly reasons: string | null;
  readonly reportId: ReportId | null;
  /** Place in the order of arrival, for cursors. */
  readonly order: number;
};

export type NewAppeal = Pick<
  AppealRecord,
  'appealId' | 'caseId' | 'decisionId' | 'by' | 'text' | 'openedAt' | 'dueAt' | 'reportId'
> & {
  readonly statusHash: string;
};

export async function insertAppeal(tx: Tx, appeal: NewAppeal): Promise<void> {
  await tx
    .insertInto('appeal')
    .values({
      appeal_id: appeal.appealId,
      case_id: appeal.caseId,
      decision_id: appeal.decisionId,
      by: appeal.by,
      state: 'open',
      text: appeal.text,
      opened_at: appeal.openedAt,
      due_at: appeal.dueAt,
      taken_by: null,
      taken_name: null,
      decided_at: null,
      decider_id: null,
      decider_name: null,
      reasons: null,
      status_hash: appeal.statusHash,
      report_id: appeal.reportId,
    })
    .execute();
}

/** One appeal. `lock` holds its row until the transaction ends. */
export async function findAppeal(db: Db, appealId: AppealId, lock: 'lock' | 'look' = 'look'): Promise<AppealRecord | null> {
  let query = db.selectFrom('appeal').selectAll().where('appeal_id', '=', appealId);
  if (lock === 'lock') query = query.forUpdate();
  const row = await query.executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

/** The appeal of a decision for which one side waits; there is one at most (a unique index holds it). */
export async function openAppealOf(
  db: Db,
  ask: { readonly decisionId: DeskDecisionId; readonly by: AppealBy },
): Promise<AppealRecord | null> {
  const row = await db
    .selectFrom('appeal')
    .selectAll()
    .where('decision_id', '=', ask.decisionId)
    .where('by', '=', ask.by)
    .where('state', 'in', ['open', 'taken'])
    .executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

export async function countOpenAppeals(db: Db, caseId: CaseId): Promise<number> {
  const { open } = await db
    .selectFrom('appeal')
    .select((select) => select.fn.countAll<number>().as('open'))
    .where('case_id', '=', caseId)
    .where('state', 'in', ['open', 'taken'])
    .executeTakeFirstOrThrow();
  return open;
}

export type AppealPage = { readonly appeals: readonly AppealRecord[]; readonly next: number | null; readonly total: number };

/** A page of appeals: open ones by what is due first, else the newest first. `before` is the `next` of the page before. */
export async function listAppeals(
  db: Db,
  ask: { readonly open: boolean | null; readonly caseId: CaseId | null; readonly limit: number; readonly after: number | null },
): Promise<AppealPage> {
  let matching = db.selectFrom('appeal');
  if (ask.open !== null) matching = matching.where('state', ask.open ? 'in' : 'not in', ['open', 'taken']);
  if (ask.caseId !== null) matching = matching.where('case_id', '=', ask.caseId);
  const { total } = await matching.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  const offset = ask.after ?? 0;
  const rows = await matching
    .selectAll()
    .orderBy('due_at')
    .orderBy('created_order')
    .offset(offset)
    .limit(ask.limit + 1)
    .execute();
  const shown = rows.slice(0, ask.limit);
  return { appeals: shown.map(recordOf), next: rows.length > ask.limit ? offset + shown.length : null, total };
}

/** Appeals of decisions, oldest first. */
export async function appealsOfDecisions(db: Db, decisionIds: readonly DeskDecisionId[]): Promise<AppealRecord[]> {
  if (decisionIds.length === 0) return [];
  const rows = await db
    .selectFrom('appeal')
    .selectAll()
    .where('decision_id', 'in', decisionIds)
    .orderBy('created_order')
    .execute();
  return rows.map(recordOf);
}

export async function takeAppealIn(tx: Tx, appealId: AppealId, who: NamedPerson): Promise<void> {
  await tx
    .updateTable('appeal')
    .set({ state: 'taken', taken_by: who.personId, taken_name: who.name })
    .where('appeal_id', '=', appealId)
    .execute();
}

export async function decideAppealIn(
  tx: Tx,
  appealId: AppealId,
  outcome: { readonly state: AppealState; readonly who: NamedPerson; readonly at: Instant; readonly reasons: string },
): Promise<void> {
  await tx
    .updateTable('appeal')
    .set({
      state: outcome.state,
      decider_id: outcome.who.personId,
      decider_name: outcome.who.name,
      decided_at: outcome.at,
      reasons: outcome.reasons,
    })
    .where('appeal_id', '=', appealId)
    .execute();
}

/** Whoever appealed takes it back: nobody is left who waits for an answer. */
export async function withdrawAppealIn(tx: Tx, appealId: AppealId, at: Instant): Promise<void> {
  await tx
    .updateTable('appeal')
    .set({ state: 'withdrawn', decided_at: at, told_at: at })
    .where('appeal_id', '=', appealId)
    .execute();
}

/** Whether an appeal of a decision ended in its reversal. */
export async function wasReversed(db: Db, decisionId: DeskDecisionId): Promise<boolean> {
  const row = await db
    .selectFrom('appeal')
    .select('appeal_id')
    .where('decision_id', '=', decisionId)
    .where('state', '=', 'reversed')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Leaves a message for a reporter behind their private link, from the house and no person of it. */
export async function tellReporter(
  tx: Tx,
  messageId: MessageId,
  message: { readonly reportId: ReportId; readonly at: Instant; readonly text: string },
): Promise<void> {
  await tx
    .insertInto('report_message')
    .values({
      message_id: messageId,
      report_id: message.reportId,
      at: message.at,
      sender: 'desk',
      text: message.text,
      person_id: null,
      person_name: null,
    })
    .execute();
}

/** Everybody who proposed, confirmed or graded anything in a case: none of them decides an appeal in it. */
export async function involvedInCases(db: Db, caseIds: readonly CaseId[]): Promise<Map<CaseId, PersonId[]>> {
  if (caseIds.length === 0) return new Map();
  const decided = await db
    .selectFrom('desk_decision')
    .select(['case_id', 'proposer_id', 'confirmer_id'])
    .where('case_id', 'in', caseIds)
    .execute();
  const graded = await db.selectFrom('assessment').select(['case_id', 'assessor_id']).where('case_id', 'in', caseIds).execute();
  const found = new Map<CaseId, PersonId[]>();
  const add = (caseId: CaseId, personId: PersonId | null) => {
    if (personId !== null) found.set(caseId, [...(found.get(caseId) ?? []), personId]);
  };
  for (const row of decided) {
    add(row.case_id, row.proposer_id);
    add(row.case_id, row.confirmer_id);
  }
  for (const row of graded) add(row.case_id, row.assessor_id);
  return found;
}

function recordOf(row: Selectable<AppealTable>): AppealRecord {
  return {
    appealId: row.appeal_id,
    caseId: row.case_id,
    decisionId: row.decision_id,
    by: row.by,
    state: row.state,
    text: row.text,
    openedAt: row.opened_at,
    dueAt: row.due_at,
    takenBy: named(row.taken_by, row.taken_name),
    decider: named(row.decider_id, row.decider_name),
    decidedAt: row.decided_at,
    reasons: row.reasons,
    reportId: row.report_id,
    order: row.created_order,
  };
}

function named(personId: PersonId | null, name: string | null): NamedPerson | null {
  return personId === null || name === null ? null : { personId, name };
}
