/**
 * The words of a case's reports, gathered into one row for each case, which is what the search looks in.
 *
 * A search in the rows of a million reports costs what there are reports; here it costs what there are cases, and a campaign of thousands that all say
 * the same adds nothing. `report.search` holds a report's words only until a job takes them over. A report that is moved leaves its words with the case
 * that it came from as well: a search finds both, and they are linked.
 * Locks: reports before their case (store/desk/reports.ts), cases' words in the order of their ids.
 */
import { sql } from 'kysely';
import type { CaseId, ReportId } from '../../contract/ids.ts';
import type { Tx } from '../transact.ts';

/** A row beyond this is not added to: a case with so many different words is found by its own words, its site and its numbers. */
const mostBytes = 200_000;

/** Takes over the words of reports that were read into cases: of how many, and into which. Safe in several processes at once. */
export async function gatherWordsIn(tx: Tx, limit: number): Promise<{ reports: number; cases: CaseId[] }> {
  const waiting = await tx
    .selectFrom('report')
    .select(['report_id', 'case_id'])
    .where('search', 'is not', null)
    .where('case_id', 'is not', null)
    .orderBy('case_id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();
  const byCase = Map.groupBy(waiting, (row) => row.case_id);
  for (const [caseId, rows] of byCase) {
    if (caseId !== null)
      await takeOver(
        tx,
        caseId,
        rows.map((row) => row.report_id),
      );
  }
  return { reports: waiting.length, cases: [...byCase.keys()].flatMap((caseId) => caseId ?? []) };
}

/** Takes over all words that still wait for one case, so that what is deleted next is all there is. */
export async function gatherWordsOfCaseIn(tx: Tx, caseId: CaseId): Promise<void> {
  const waiting = await tx
    .selectFrom('report')
    .select('report_id')
    .where('case_id', '=', caseId)
    .where('search', 'is not', null)
    .orderBy('receipt_number')
    .forUpdate()
    .execute();
  if (waiting.length > 0)
    await takeOver(
      tx,
      caseId,
      waiting.map((row) => row.report_id),
    );
}

async function takeOver(tx: Tx, caseId: CaseId, reportIds: readonly ReportId[]): Promise<void> {
  const ids = [...reportIds];
  await sql`insert into case_search (case_id, search)
    select ${caseId}, array_to_tsvector(array(
      select distinct unnest(tsvector_to_array(search)) from report where report_id = any(${ids}::text[])))
    on conflict (case_id) do update set search = strip(case_search.search || excluded.search)
    where length(case_search.search || excluded.search) > length(case_search.search)
      and pg_column_size(case_search.search) < ${mostBytes}::integer`.execute(tx);
  await tx.updateTable('report').set({ search: null }).where('report_id', 'in', ids).execute();
}

/** Words of one case are words of another too: it was merged, or a report was moved. */
export async function shareWordsIn(tx: Tx, from: CaseId, to: CaseId): Promise<void> {
  await sql`insert into case_search (case_id, search) select ${to}, search from case_search where case_id = ${from}
    on conflict (case_id) do update set search = strip(case_search.search || excluded.search)`.execute(tx);
}

/** Once a name is sealed, searching for it must not lead to the case. `words`: lower case, as the search keeps them. */
export async function forgetWordsIn(tx: Tx, caseId: CaseId, words: readonly string[]): Promise<void> {
  if (words.length === 0) return;
  await sql`update case_search set search = ts_delete(search, ${[...words]}::text[]) where case_id = ${caseId}`.execute(tx);
}
