/**
 * The desk's queue: a page of cases in their order, filtered and searched.
 *
 * Pages go on from a place (keyset), so the thousandth costs what the first does. Totals are counted up to `mostCounted` (a search with very many
 * matches: up to 100) and stop there.
 * A search has two ways. Few cases match: they are collected from the indexes first. Many match: the queue is walked in its order and asked case
 * by case, which ends soon because many match. Measured by bench/desk/queue.ts at 100,000 cases and a million reports.
 * Nothing here counts reports; a case is found or it is not.
 */
import { sql } from 'kysely';
import type { Expression, SqlBool } from 'kysely';
import type { CaseState, Lane } from '../../contract/desk/words.ts';
import type { CaseId, Instant, PersonId, SiteId } from '../../contract/ids.ts';
import { laneRank } from '../../core/desk/lane.ts';
import { tsqueryOf } from '../../core/desk/queue.ts';
import type { QueuePlace, QueueSearch } from '../../core/desk/queue.ts';
import type { Db } from '../open.ts';
import { caseColumns } from './cases.ts';
import type { CaseRecord } from './cases.ts';

export type QueueFilter = {
  /** Null: open and closed. */
  readonly open: boolean | null;
  readonly lane: Lane | null;
  readonly state: CaseState | null;
  readonly siteId: SiteId | null;
  /** Cases that this person holds or leads. */
  readonly mine: PersonId | null;
  readonly unclaimed: boolean;
  readonly search: QueueSearch;
  /** For claims that have run out. */
  readonly at: Instant;
};

export type QueueRow = CaseRecord & { readonly openTasks: number };

export type QueuePage = { readonly rows: readonly QueueRow[]; readonly next: QueuePlace | null; readonly total: number };

/** Where counting stops: a total of this many means "at least". */
const mostCounted = 2000;
/** The same for a search that walks the queue, where each case counted costs a look into its words. */
const mostCountedWalking = 100;
/** Above so many matching cases, a search walks the queue instead. */
const mostCollected = 2000;

/** A page of the queue after a place, or from its beginning. */
export async function listQueue(
  db: Db,
  filter: QueueFilter,
  page: { readonly limit: number; readonly after: QueuePlace | null },
): Promise<QueuePage> {
  const found = await searchCondition(db, filter.search);
  if (found === null) return { rows: [], next: null, total: 0 };
  const conditions = [...plainConditions(filter), ...found.conditions];
  const matching = () => conditions.reduce((query, condition) => query.where(condition), db.selectFrom('desk_case'));
  let rows = matching()
    .select(caseColumns)
    .select((select) =>
      select
        .selectFrom('task')
        .select((task) => task.fn.countAll<number>().as('open'))
        .whereRef('task.case_id', '=', 'desk_case.case_id')
        .where('task.state', '=', 'open')
        .as('openTasks'),
    )
    .orderBy(isClosed)
    .orderBy('lane_rank')
    .orderBy(dueOrNever)
    .orderBy('created_order')
    .limit(page.limit + 1);
  if (page.after !== null) rows = rows.where(isAfter(page.after));
  const read = await rows.execute();
  const shown = read.slice(0, page.limit).map((row) => ({ ...row, openTasks: row.openTasks ?? 0 }));
  const last = shown.at(-1);
  const counted = await db
    .selectFrom(matching().select('case_id').limit(found.countTo).as('counted'))
    .select((select) => select.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  return {
    rows: shown,
    next: read.length > page.limit && last !== undefined ? placeOf(last) : null,
    total: counted.total,
  };
}

// As the index desk_case_queue has them, word for word.
const isClosed = sql<boolean>`(closed_at is not null)`;
const dueOrNever = sql<Instant>`coalesce(due_at, timestamptz 'infinity')`;

function placeOf(row: CaseRecord): QueuePlace {
  return { closed: row.closed_at !== null, laneRank: row.lane_rank, dueAt: row.due_at, order: row.created_order };
}

function isAfter(place: QueuePlace): Expression<SqlBool> {
  return sql<SqlBool>`((closed_at is not null), lane_rank, coalesce(due_at, timestamptz 'infinity'), created_order)
    > (${place.closed}::boolean, ${place.laneRank}::integer, ${place.dueAt ?? 'infinity'}::timestamptz, ${place.order}::bigint)`;
}

function plainConditions(filter: QueueFilter): Expression<SqlBool>[] {
  const { open, lane, state, siteId, mine, at } = filter;
  return [
    ...(open === null ? [] : [sql<SqlBool>`(closed_at is not null) = ${!open}::boolean`]),
    ...(lane === null ? [] : [sql<SqlBool>`lane_rank = ${laneRank[lane]}`]),
    ...(state === null ? [] : [sql<SqlBool>`state = ${state}`]),
    ...(siteId === null ? [] : [sql<SqlBool>`site_id = ${siteId}`]),
    ...(mine === null ? [] : [sql<SqlBool>`((claimed_by = ${mine} and claimed_until > ${at}) or lead_id = ${mine})`]),
    ...(filter.unclaimed ? [sql<SqlBool>`(claimed_until is null or claimed_until <= ${at})`] : []),
  ];
}

type Found = { readonly conditions: readonly Expression<SqlBool>[]; readonly countTo: number };

/** What a search asks of a case; null when nothing can match. */
async function searchCondition(db: Db, search: QueueSearch): Promise<Found | null> {
  const only = (condition: Expression<SqlBool>): Found => ({ conditions: [condition], countTo: mostCounted });
  switch (search.kind) {
    case 'nothing':
      return { conditions: [], countTo: mostCounted };
    case 'case':
      return only(sql<SqlBool>`number = ${search.number}`);
    case 'decision':
      return only(sql<SqlBool>`case_id in (select case_id from desk_decision where number = ${search.number})`);
    case 'receipt':
      return only(sql<SqlBool>`case_id in (${caseOfReceipt(search.number)})`);
    case 'words': {
      const query = tsqueryOf(search.words);
      const collected = await collect(db, query);
      if (collected !== null) return collected.length === 0 ? null : only(sql<SqlBool>`case_id = any(${collected})`);
      // A value for each case that is walked past. As `exists` it is one for all cases, made beforehand: half a second at 100,000 cases.
      const walked = sql<SqlBool>`(desk_case.search @@ ${query}::tsquery or coalesce((select words.search @@ ${query}::tsquery
        from case_search words where words.case_id = desk_case.case_id), false))`;
      return { conditions: [walked], countTo: mostCountedWalking };
    }
    default:
      return search satisfies never;
  }
}

/**
 * The case of a report by its receipt number. Before the grade is locked only of a report that the case shows (store/desk/case-reports.ts): numbers are
 * dense, so whoever could ask for each of them would count a case's reports.
 */
function caseOfReceipt(receipt: number) {
  return sql`select found.case_id from report found join desk_case held on held.case_id = found.case_id
    where found.receipt_number = ${receipt} and (held.grade_locked_at is not null or found.wrote_again or not exists (
      select from report earlier where earlier.case_id = found.case_id and earlier.role = found.role
        and coalesce(earlier.cluster_id, earlier.report_id) = coalesce(found.cluster_id, found.report_id)
        and earlier.wants_safety_contact = found.wants_safety_contact and earlier.receipt_number < found.receipt_number))`;
}

/** Every case that matches, by its own words or by its reports'; null when there are too many to collect. */
async function collect(db: Db, query: string): Promise<CaseId[] | null> {
  const { rows } = await sql<{ case_id: CaseId }>`
    (select case_id from desk_case where search @@ ${query}::tsquery limit ${mostCollected + 1})
    union all
    (select case_id from case_search where search @@ ${query}::tsquery limit ${mostCollected + 1})`.execute(db);
  if (rows.length > mostCollected) return null;
  return [...new Set(rows.map((row) => row.case_id))];
}
