/**
 * A desk with very many cases and reports, made by SQL in minutes instead of by the doors in hours. For what must stay fast when there is much.
 *
 * Words of the reports are drawn so that some are rare, some stand in one of a thousand, some in one of ten, and one in all; the first case is a
 * campaign with a tenth of all reports. Indexes are dropped while it fills and made anew as the migration made them.
 */
import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from '../../store/open.ts';

/** An id with a number in it. */
export function numberedId(prefix: string, n: number): string {
  return `${prefix}_${String(n).padStart(12, '0')}`;
}

/** `rareWord` in SQL. */
function rareWordOf(number: string) {
  return sql.raw(`left(translate(md5((${number})::text), '0123456789', 'ghijklmnop'), 9)`);
}

/** A word of letters that looks like no other: what names, handles and misspellings are to a search. */
export function rareWord(n: number): string {
  const digest = createHash('md5').update(String(n)).digest('hex');
  return digest.replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '').slice(0, 9);
}

/** Fills an empty, migrated database. */
export async function fillDesk(db: Db, { reports, cases }: { reports: number; cases: number }): Promise<void> {
  const indexes = await sql<{ name: string; definition: string }>`select indexname as name, indexdef as definition from pg_indexes
    where tablename in ('report', 'desk_case', 'case_search') and indexdef not like 'CREATE UNIQUE%'`.execute(db);
  for (const { name } of indexes.rows) await sql.raw(`drop index ${name}`).execute(db);
  const id = (prefix: string, number: string) => sql.raw(`'${prefix}_' || lpad((${number})::text, 12, '0')`);
  await sql`insert into desk_case (case_id, number, state, lane, lane_rank, class, site_id, account_id, site_name, hostname, title, opened_at, due_at,
      due_what, clock_since, claimed_by, claimed_name, claimed_until, lead_id, lead_name, closed_at, search)
    select ${id('case', 'n')}, 'C-2025-' || lpad(n::text, 6, '0'),
      (array['open','open','assessing','confirmed','enforced','reviewed'])[1 + n % 6],
      (array['life-threat','serious','routine','routine'])[1 + n % 4], (array[0,1,2,2])[1 + n % 4], 'harassment',
      ${id('site', 'n % 5000')}, ${id('acct', 'n % 2000')}, 'site' || (n % 5000) || '.example', 'site' || (n % 5000) || '.example',
      'harassment: site' || (n % 5000) || '.example', timestamptz '2025-01-01' + n * interval '5 minutes',
      case when n % 5 = 0 then null else timestamptz '2025-12-20' + (n * 7919 % 1000000) * interval '3 seconds' end, 'eyes',
      timestamptz '2025-01-01', case when n % 20 = 0 then ${id('person', 'n / 20 % 50')} end, 'Somebody', case when n % 20 = 0 then timestamptz '2026-01-02' end,
      case when n % 3 = 0 then ${id('person', 'n / 3 % 50')} end, 'Somebody', case when n % 2 = 0 then timestamptz '2025-12-01' end,
      to_tsvector('simple', 'harassment site' || (n % 5000) || '.example site' || (n % 5000) || ' example')
    from generate_series(1, ${cases}::integer) n`.execute(db);
  const step = 100_000;
  for (let from = 1; from <= reports; from += step) {
    await sql`insert into report (report_id, receipt_number, receipt_leaf, receipt_sha256, status_hash, channel, class, fast_lane, state, received_at,
        hostname, site_id, urls, text, role, reporter_proof, forward_consent, wants_safety_contact, machine, processed_at, cluster_id, case_id, search)
      select ${id('rep', 'n')}, n, '{}', md5(n::text), md5('s' || n), 'form', 'harassment', false, 'linked', timestamptz '2025-01-01' + n * interval '30 seconds',
        'site' || (n % 5000) || '.example', ${id('site', 'n % 5000')}, '[]', words, 'bystander', 'none', false, false, '{}', now(),
        case when n % 10 = 0 then ${id('clus', '1')} else ${id('clus', 'n / 3')} end,
        case when n % 10 = 0 then ${id('case', '1')} else ${id('case', `1 + n % ${cases}`)} end, to_tsvector('simple', words)
      from generate_series(${from}::integer, ${Math.min(reports, from + step - 1)}::integer) n
      cross join lateral (select 'everywhere somebody posted a threat many' || (n % 10) || ' some' || (n % 1000) || ' some' || (n * 31 % 1009)
        || ' ' || ${rareWordOf('n % 100003')}
        || ' ' || ${rareWordOf('n::bigint * 7919 % 200003')} || ' https://site' || (n % 5000) || '.example/threads/' || (n % 700)
        || ' site' || (n % 5000) || '.example' as words) made`.execute(db);
  }
  await sql`insert into case_search (case_id, search) select case_id, array_to_tsvector(array_agg(distinct word))
    from (select case_id, unnest(tsvector_to_array(search)) as word from report) words group by case_id`.execute(db);
  await sql`update report set search = null`.execute(db);
  for (const { definition } of indexes.rows) await sql.raw(definition).execute(db);
  await sql`analyze`.execute(db);
}
