/**
 * Cases: opened, found, locked, changed, and their next due time. The queue's SQL is in queue.ts beside this.
 *
 * Case numbers are dense: the counter's row is locked in the transaction that opens the case, so a rollback takes the number back. The
 * counter is locked last (store/transact.ts on the order of locks): a unit that opens a case has locked what else it needs before.
 * `due_at` is what core/desk/clocks.ts computes from the case's own times; nothing of volume goes into it.
 */
import type { Selectable, Updateable } from 'kysely';
import { sql } from 'kysely';
import { CaseId, CaseNumber, idPrefix } from '../../contract/ids.ts';
import type { AccountId, Instant, SiteId } from '../../contract/ids.ts';
import type { PersonRef } from '../../contract/routes/common.ts';
import type { Lane, ReportClass } from '../../contract/desk/words.ts';
import { clocksOf, nextDue } from '../../core/desk/clocks.ts';
import { laneRank } from '../../core/desk/lane.ts';
import { msOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../audit.ts';
import type { Db } from '../open.ts';
import type { Tx, Work } from '../transact.ts';
import { clockFactsOf } from './clocks.ts';
import type { DeskCaseTable } from './tables.ts';

export type CaseRecord = Omit<Selectable<DeskCaseTable>, 'search'>;

export type CaseDraft = {
  readonly at: Instant;
  /** Already redacted: the queue shows it as it is stored. */
  readonly title: string;
  readonly class: ReportClass;
  readonly lane: Lane;
  readonly laneReason: string | null;
  readonly site: { readonly siteId: SiteId; readonly accountId: AccountId; readonly name: string } | null;
  readonly hostname: string | null;
  /** Why it was opened, for the audit trail. Names nobody. */
  readonly reason: string;
  /** Null when the program opens it from a report. */
  readonly who: PersonRef | null;
};

/** Opens a case with its number, its lane's clocks and the newest criteria. Tells the desk after the commit. */
export async function openCaseIn(unit: Work, draft: CaseDraft): Promise<CaseId> {
  const { tx } = unit;
  const caseId = CaseId.parse(randomId(idPrefix.case));
  const criteria = await tx
    .selectFrom('policy_version')
    .select('policy_version_id')
    .orderBy('created_order', 'desc')
    .limit(1)
    .executeTakeFirst();
  const number = await nextNumber(tx, new Date(msOf(draft.at)).getUTCFullYear());
  const siteName = draft.site?.name ?? draft.hostname ?? '';
  await tx
    .insertInto('desk_case')
    .values({
      case_id: caseId,
      number,
      state: 'open',
      lane: draft.lane,
      lane_rank: laneRank[draft.lane],
      lane_reason: draft.laneReason,
      class: draft.class,
      site_id: draft.site?.siteId ?? null,
      account_id: draft.site?.accountId ?? null,
      site_name: siteName,
      hostname: draft.hostname,
      title: draft.title,
      opened_at: draft.at,
      due_at: null,
      due_what: null,
      overdue_for: null,
      first_eyes_at: null,
      grade: null,
      grade_locked_at: null,
      emergency_since: draft.lane === 'life-threat' ? draft.at : null,
      clock_since: draft.at,
      claimed_by: null,
      claimed_name: null,
      claimed_until: null,
      lead_id: null,
      lead_name: null,
      policy_version_id: criteria?.policy_version_id ?? null,
      law_enforcement_at: null,
      merged_into: null,
      recheck_at: null,
      ended_at: null,
      closed_at: null,
      search: null,
    })
    .execute();
  await touchSearch(tx, caseId);
  await touchDue(tx, caseId);
  await addAudit(tx, {
    at: draft.at,
    who: draft.who,
    act: 'case.open',
    subject: caseId,
    detail: { number, class: draft.class, lane: draft.lane, siteId: draft.site?.siteId ?? null, reason: draft.reason },
  });
  unit.tellAfter({ kind: 'case', caseId });
  return caseId;
}

async function nextNumber(tx: Db, year: number): Promise<CaseNumber> {
  const { last } = await tx
    .insertInto('case_counter')
    .values({ year, last: 1 })
    .onConflict((conflict) => conflict.column('year').doUpdateSet({ last: sql<number>`case_counter.last + 1` }))
    .returning('last')
    .executeTakeFirstOrThrow();
  return CaseNumber.parse(`C-${year}-${String(last).padStart(4, '0')}`);
}

/** Every column of a case but its search vector. */
export const caseColumns = [
  'case_id',
  'created_order',
  'number',
  'state',
  'lane',
  'lane_rank',
  'lane_reason',
  'class',
  'site_id',
  'account_id',
  'site_name',
  'hostname',
  'title',
  'opened_at',
  'due_at',
  'due_what',
  'overdue_for',
  'first_eyes_at',
  'grade',
  'grade_locked_at',
  'emergency_since',
  'fast_lane_at',
  'clock_since',
  'claimed_by',
  'claimed_name',
  'claimed_until',
  'lead_id',
  'lead_name',
  'policy_version_id',
  'law_enforcement_at',
  'merged_into',
  'recheck_at',
  'ended_at',
  'closed_at',
] as const satisfies readonly (keyof CaseRecord)[];

/** One case; null when there is none. */
export async function findCase(db: Db, caseId: CaseId): Promise<CaseRecord | null> {
  return (await db.selectFrom('desk_case').select(caseColumns).where('case_id', '=', caseId).executeTakeFirst()) ?? null;
}

/** One case, its row locked until the transaction ends. Lock it before its children. */
export async function lockCase(tx: Tx, caseId: CaseId): Promise<CaseRecord | null> {
  const row = await tx.selectFrom('desk_case').select(caseColumns).where('case_id', '=', caseId).forUpdate().executeTakeFirst();
  return row ?? null;
}

export type CaseChange = Omit<Updateable<DeskCaseTable>, 'case_id' | 'number' | 'search' | 'due_at' | 'due_what'>;

/** Writes columns of a case. A change of its words or times is followed by `touchSearch` or `touchDue`. */
export async function changeCase(tx: Tx, caseId: CaseId, change: CaseChange): Promise<void> {
  if (Object.keys(change).length === 0) return;
  await tx.updateTable('desk_case').set(change).where('case_id', '=', caseId).execute();
}

/** Computes the next due time anew. Call it in the transaction of whatever moved one of the case's clocks. */
export async function touchDue(tx: Tx, caseId: CaseId): Promise<void> {
  const found = await findCase(tx, caseId);
  if (found === null) return;
  const due = earliest(nextDue(clocksOf(await clockFactsOf(tx, found)), found.closed_at), await nextTaskDue(tx, found));
  await tx
    .updateTable('desk_case')
    .set({ due_at: due?.at ?? null, due_what: due?.what ?? null })
    .where('case_id', '=', caseId)
    .execute();
}

type Due = { readonly at: Instant; readonly what: string };

function earliest(one: Due | null, other: Due | null): Due | null {
  if (one === null) return other;
  return other === null || one.at <= other.at ? one : other;
}

/** Tasks with a date of their own, such as a recheck; warnings and referrals have clocks. */
async function nextTaskDue(db: Db, { case_id: caseId, closed_at: closedAt }: CaseRecord): Promise<Due | null> {
  if (closedAt !== null) return null;
  const row = await db
    .selectFrom('task')
    .select(['due_at', 'kind'])
    .where('case_id', '=', caseId)
    .where('state', '=', 'open')
    .where('due_at', 'is not', null)
    .orderBy('due_at')
    .limit(1)
    .executeTakeFirst();
  return row === undefined || row.due_at === null ? null : { at: row.due_at, what: row.kind };
}

/** Writes what the search finds of a case's own words: title, site and hostname, whole and in parts. */
export async function touchSearch(tx: Tx, caseId: CaseId): Promise<void> {
  await sql`update desk_case set search = to_tsvector('simple',
      title || ' ' || site_name || ' ' || coalesce(hostname, '') || ' ' || translate(site_name || ' ' || coalesce(hostname, ''), '.-/:@', '     '))
    where case_id = ${caseId}`.execute(tx);
}

/** Open cases in danger whose next due time has come and was not told yet. */
export async function overdueCases(db: Db, at: Instant, limit: number): Promise<CaseId[]> {
  const rows = await db
    .selectFrom('desk_case')
    .select('case_id')
    .where(sql<boolean>`(closed_at is not null) = false`)
    .where('lane_rank', '=', laneRank['life-threat'])
    .where(sql<boolean>`coalesce(due_at, timestamptz 'infinity') <= ${at}`)
    .where(sql<boolean>`overdue_for is distinct from due_at`)
    .orderBy(sql`coalesce(due_at, timestamptz 'infinity')`)
    .limit(limit)
    .execute();
  return rows.map((row) => row.case_id);
}
