/**
 * The reporters of an appeal: what they say, the same words once, and who of them was told the answer.
 *
 * Take the case's row first (lockCase): it orders all who join, leave and decide. Nothing that is read before the grade is locked depends on how many
 * said the same: words are numbered as they are new, found by that number, and counted only for `timesOf` and `countJoined`.
 * Locks: reports before their case (store/desk/reports.ts), the case before the appeal.
 */
import { sql } from 'kysely';
import type { AppealId, CaseId, DeskDecisionId, Instant, ReportId } from '../../contract/ids.ts';
import type { AppealState } from '../../contract/desk/words.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';

export type Joining = {
  readonly appealId: AppealId;
  /** Null when the desk entered it for a reporter whom no link reaches. */
  readonly reportId: ReportId | null;
  /** Of the words in their plain form: whether somebody said the same before. */
  readonly sha256: string;
  /** Without what names their reporter. */
  readonly text: string;
  readonly at: Instant;
};

/** Adds a reporter and their words, which stand once however many say the same. */
export async function joinAppealIn(tx: Tx, joining: Joining): Promise<void> {
  const { appealId, sha256, text, at } = joining;
  const known = await tx
    .selectFrom('appeal_words')
    .select('n')
    .where('appeal_id', '=', appealId)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  const n = known?.n ?? (await lastWords(tx, appealId)) + 1;
  if (known === undefined) {
    await tx.insertInto('appeal_words').values({ appeal_id: appealId, n, sha256, text, at }).execute();
  }
  await tx.insertInto('appeal_joiner').values({ appeal_id: appealId, report_id: joining.reportId, n, at }).execute();
}

async function lastWords(db: Db, appealId: AppealId): Promise<number> {
  const row = await db
    .selectFrom('appeal_words')
    .select('n')
    .where('appeal_id', '=', appealId)
    .orderBy('n', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.n ?? 0;
}

/** The answered appeal of a decision in which a reporter said the same; null when nobody did. */
export async function answeredWith(
  db: Db,
  ask: { readonly decisionId: DeskDecisionId; readonly sha256: string },
): Promise<AppealId | null> {
  const row = await db
    .selectFrom('appeal_words')
    .innerJoin('appeal', 'appeal.appeal_id', 'appeal_words.appeal_id')
    .select('appeal.appeal_id')
    .where('appeal.decision_id', '=', ask.decisionId)
    .where('appeal.state', 'in', ['upheld', 'modified', 'reversed'])
    .where('appeal_words.sha256', '=', ask.sha256)
    .orderBy('appeal.created_order', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.appeal_id ?? null;
}

export type AppealOfReport = { readonly appealId: AppealId; readonly decisionId: DeskDecisionId; readonly state: AppealState };

/** The newest appeal that a report opened or joined. `decisionId`: only of this decision. */
export async function appealOfReport(
  db: Db,
  reportId: ReportId,
  decisionId: DeskDecisionId | null,
): Promise<AppealOfReport | null> {
  let query = db
    .selectFrom('appeal_joiner')
    .innerJoin('appeal', 'appeal.appeal_id', 'appeal_joiner.appeal_id')
    .select(['appeal.appeal_id', 'appeal.decision_id', 'appeal.state'])
    .where('appeal_joiner.report_id', '=', reportId);
  if (decisionId !== null) query = query.where('appeal.decision_id', '=', decisionId);
  const row = await query.orderBy('appeal.created_order', 'desc').limit(1).executeTakeFirst();
  return row === undefined ? null : { appealId: row.appeal_id, decisionId: row.decision_id, state: row.state };
}

/**
 * Takes a reporter out of an appeal, with words that nobody else said. When theirs was what the appeal shows, it shows the next one's. Returns whether
 * anybody is left.
 */
export async function leaveAppealIn(tx: Tx, appealId: AppealId, reportId: ReportId): Promise<'others-left' | 'nobody-left'> {
  const gone = await tx
    .deleteFrom('appeal_joiner')
    .where('appeal_id', '=', appealId)
    .where('report_id', '=', reportId)
    .returning('n')
    .execute();
  for (const { n } of gone) {
    await tx
      .deleteFrom('appeal_words')
      .where('appeal_id', '=', appealId)
      .where('n', '=', n)
      .where((where) =>
        where.not(
          where.exists(
            where
              .selectFrom('appeal_joiner')
              .select('appeal_joiner.n')
              .where('appeal_joiner.appeal_id', '=', appealId)
              .where('appeal_joiner.n', '=', n),
          ),
        ),
      )
      .execute();
  }
  const next = await tx
    .selectFrom('appeal_joiner')
    .innerJoin('appeal_words', (join) =>
      join.onRef('appeal_words.appeal_id', '=', 'appeal_joiner.appeal_id').onRef('appeal_words.n', '=', 'appeal_joiner.n'),
    )
    .select(['appeal_joiner.report_id', 'appeal_words.text'])
    .where('appeal_joiner.appeal_id', '=', appealId)
    .orderBy('appeal_joiner.joined_order')
    .limit(1)
    .executeTakeFirst();
  if (next === undefined) return 'nobody-left';
  await tx
    .updateTable('appeal')
    .set({ report_id: next.report_id, text: next.text })
    .where('appeal_id', '=', appealId)
    .where('report_id', '=', reportId)
    .execute();
  return 'others-left';
}

export type AppealWords = {
  readonly n: number;
  readonly text: string;
  readonly at: Instant;
  /** Whoever said it first and is still there. */
  readonly reportId: ReportId | null;
};

/** A page of what the reporters of an appeal say, the same once, as it came. */
export async function wordsOfAppeal(
  db: Db,
  appealId: AppealId,
  page: { readonly limit: number; readonly after: number | null },
): Promise<{ words: AppealWords[]; next: number | null }> {
  const rows = await db
    .selectFrom('appeal_words')
    .select(['n', 'text', 'at'])
    .select((select) =>
      select
        .selectFrom('appeal_joiner')
        .select('appeal_joiner.report_id')
        .whereRef('appeal_joiner.appeal_id', '=', 'appeal_words.appeal_id')
        .whereRef('appeal_joiner.n', '=', 'appeal_words.n')
        .orderBy('appeal_joiner.joined_order')
        .limit(1)
        .as('first_report'),
    )
    .where('appeal_id', '=', appealId)
    .where('n', '>', page.after ?? 0)
    .orderBy('n')
    .limit(page.limit + 1)
    .execute();
  const words = rows.slice(0, page.limit).map((row) => ({ n: row.n, text: row.text, at: row.at, reportId: row.first_report }));
  return { words, next: rows.length > page.limit ? (words.at(-1)?.n ?? null) : null };
}

/** Whether something was said that comes after what has this number. */
export async function hasWordsAfter(db: Db, appealId: AppealId, n: number): Promise<boolean> {
  return (await lastWords(db, appealId)) > n;
}

/** How many different words an appeal has, and how often each of these was said. Only for a case whose grade is locked. */
export async function timesOf(
  db: Db,
  appealId: AppealId,
  numbers: readonly number[],
): Promise<{ total: number; times: ReadonlyMap<number, number> }> {
  const { total } = await db
    .selectFrom('appeal_words')
    .select((select) => select.fn.countAll<number>().as('total'))
    .where('appeal_id', '=', appealId)
    .executeTakeFirstOrThrow();
  if (numbers.length === 0) return { total, times: new Map() };
  const rows = await db
    .selectFrom('appeal_joiner')
    .select(['n', (select) => select.fn.countAll<number>().as('times')])
    .where('appeal_id', '=', appealId)
    .where('n', 'in', [...numbers])
    .groupBy('n')
    .execute();
  return { total, times: new Map(rows.map((row) => [row.n, row.times])) };
}

/** How many reporters are in each of these appeals. Only for cases whose grade is locked. */
export async function countJoined(db: Db, appealIds: readonly AppealId[]): Promise<ReadonlyMap<AppealId, number>> {
  if (appealIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('appeal_joiner')
    .select(['appeal_id', (select) => select.fn.countAll<number>().as('joined')])
    .where('appeal_id', 'in', [...appealIds])
    .groupBy('appeal_id')
    .execute();
  return new Map(rows.map((row) => [row.appeal_id, row.joined]));
}

/** Whether the desk entered one of its reporters, whom no link reaches. */
export async function hasUnreachable(db: Db, appealId: AppealId): Promise<boolean> {
  const row = await db
    .selectFrom('appeal_joiner')
    .select('n')
    .where('appeal_id', '=', appealId)
    .where('report_id', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Somebody joined an answered appeal: there is somebody to be told again. */
export async function tellAgainIn(tx: Tx, appealId: AppealId): Promise<void> {
  await tx.updateTable('appeal').set({ told_at: null }).where('appeal_id', '=', appealId).execute();
}

export type ToTell = {
  readonly appealId: AppealId;
  readonly told: number;
  readonly reports: readonly { order: number; reportId: ReportId | null }[];
};

/** The oldest answered appeal of which not everybody was told, and who is next: a look without a lock. Null when there is none. */
export async function nextToTell(db: Db, limit: number): Promise<ToTell | null> {
  const appeal = await db
    .selectFrom('appeal')
    .select(['appeal_id', 'told_to'])
    .where('by', '=', 'reporter')
    .where('state', 'in', ['upheld', 'modified', 'reversed'])
    .where('decided_at', 'is not', null)
    .where('told_at', 'is', null)
    .orderBy('decided_at')
    .limit(1)
    .executeTakeFirst();
  if (appeal === undefined) return null;
  const rows = await db
    .selectFrom('appeal_joiner')
    .select(['joined_order', 'report_id'])
    .where('appeal_id', '=', appeal.appeal_id)
    .where('joined_order', '>', appeal.told_to)
    .orderBy('joined_order')
    .limit(limit)
    .execute();
  return {
    appealId: appeal.appeal_id,
    told: appeal.told_to,
    reports: rows.map((row) => ({ order: row.joined_order, reportId: row.report_id })),
  };
}

/** Holds an appeal while some are told; false when somebody else told them meanwhile. */
export async function holdTelling(tx: Tx, { appealId, told }: ToTell): Promise<boolean> {
  const row = await tx.selectFrom('appeal').select('told_to').where('appeal_id', '=', appealId).forUpdate().executeTakeFirst();
  return row?.told_to === told;
}

/** Notes up to whom an answer was told, and that it was told to all when nobody is left. */
export async function toldIn(tx: Tx, appealId: AppealId, to: number, at: Instant): Promise<void> {
  await sql`update appeal set told_to = ${to}::bigint, told_at = case when exists (
      select from appeal_joiner where appeal_id = ${appealId} and joined_order > ${to}::bigint
    ) then null else ${at}::timestamptz end where appeal_id = ${appealId}`.execute(tx);
}

/** Blanks what these reporters said in appeals. */
export async function blankAppealsOfReportsIn(tx: Tx, reports: readonly ReportId[]): Promise<void> {
  const ids = [...reports];
  await sql`update appeal_words set text = '' from appeal_joiner where appeal_joiner.report_id = any(${ids}::text[])
    and appeal_words.appeal_id = appeal_joiner.appeal_id and appeal_words.n = appeal_joiner.n`.execute(tx);
  await sql`update appeal set text = 'Shredded' where report_id = any(${ids}::text[])`.execute(tx);
}

/** Blanks what reporters said in the appeals of a case. */
export async function blankWordsOfAppealsIn(tx: Tx, caseId: CaseId): Promise<void> {
  await sql`update appeal_words set text = '' where appeal_id in (select appeal_id from appeal where case_id = ${caseId})`.execute(
    tx,
  );
}
