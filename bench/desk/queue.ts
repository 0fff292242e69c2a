/**
 * What the queue and its search cost with a million reports and a hundred thousand cases on PostgreSQL.
 *
 * The rows are made by SQL, not by the doors: words are drawn so that some are rare, some are in a thousandth of all reports and some in every one; one
 * case is a campaign with a tenth of all reports. Asked are the questions that the console asks, each many times with other values, one after another;
 * timed is store/desk/queue.ts `listQueue` as the route calls it. Database and asker share the machine.
 */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { sql } from 'kysely';
import { CaseId, PersonId, SiteId } from '../../contract/ids.ts';
import type { CaseState, Lane } from '../../contract/desk/words.ts';
import { readSearch } from '../../core/desk/queue.ts';
import type { QueuePlace } from '../../core/desk/queue.ts';
import { instantOf } from '../../core/instant.ts';
import { claimsOfCase } from '../../store/desk/case-reports.ts';
import { listQueue } from '../../store/desk/queue.ts';
import type { QueueFilter } from '../../store/desk/queue.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Db } from '../../store/open.ts';
import { startPostgres } from '../../tests/harness/postgres.ts';
import { percentile } from '../propagation/percentile.ts';

export type QueueFigures = {
  readonly reports: number;
  readonly cases: number;
  readonly fillSeconds: number;
  /** Over all questions, each asked as often as the others. */
  readonly p95Ms: number;
  /** By question: how often, median, 95th percentile. */
  readonly questions: readonly {
    readonly name: string;
    readonly asked: number;
    readonly p50Ms: number;
    readonly p95Ms: number;
  }[];
};

/** Fills a database and asks. Takes minutes at the full size. */
export async function measureQueue(
  options: { reports?: number; cases?: number; asked?: number; say?: (line: string) => void } = {},
): Promise<QueueFigures> {
  const { reports = 1_000_000, cases = 100_000, asked = 40, say = () => undefined } = options;
  const server = await startPostgres();
  const store = await openStore(await server.database());
  try {
    await migrate(store);
    const began = performance.now();
    await fill(store.db, { reports, cases });
    const fillSeconds = (performance.now() - began) / 1000;
    say(`filled in ${fillSeconds.toFixed(0)} s`);
    const questions = [];
    const all: number[] = [];
    for (const [name, ask] of Object.entries(questionsFor(store.db, cases))) {
      await ask(0);
      const tookMs: number[] = [];
      for (let n = 1; n <= asked; n += 1) {
        const from = performance.now();
        await ask(n);
        tookMs.push(performance.now() - from);
      }
      all.push(...tookMs);
      const line = { name, asked, p50Ms: percentile(tookMs, 0.5), p95Ms: percentile(tookMs, 0.95) };
      say(`${name}: p50 ${line.p50Ms.toFixed(1)} ms, p95 ${line.p95Ms.toFixed(1)} ms`);
      questions.push(line);
    }
    return { reports, cases, fillSeconds, p95Ms: percentile(all, 0.95), questions };
  } finally {
    await store.close();
    await server.stop();
  }
}

const at = instantOf(Date.UTC(2026, 0, 1));
const everything: QueueFilter = {
  open: true,
  lane: null,
  state: null,
  siteId: null,
  mine: null,
  unclaimed: false,
  search: { kind: 'nothing' },
  at,
};

type Question = (n: number) => Promise<unknown>;

function questionsFor(db: Db, cases: number): Record<string, Question> {
  const ask = (filter: Partial<QueueFilter>, after: QueuePlace | null = null) =>
    listQueue(db, { ...everything, ...filter }, { limit: 100, after });
  const lanes: readonly Lane[] = ['life-threat', 'serious', 'routine'];
  const states: readonly CaseState[] = ['open', 'assessing', 'confirmed', 'reviewed'];
  const search = (words: (n: number) => string) => (n: number) => ask({ open: null, search: readSearch(words(n)) });
  return {
    'first page': () => ask({}),
    'a page far in': (n) =>
      ask({}, { closed: false, laneRank: 2, dueAt: instantOf(Date.UTC(2026, 0, 1) + n * 3_600_000), order: 1 }),
    'with the closed ones': () => ask({ open: null }),
    'one lane': (n) => ask({ lane: lanes[n % 3] ?? null }),
    'one state': (n) => ask({ state: states[n % 4] ?? null, open: null }),
    'one site': (n) => ask({ siteId: SiteId.parse(idOf('site', n * 7)), open: null }),
    mine: (n) => ask({ mine: PersonId.parse(idOf('person', n % 50)) }),
    unclaimed: () => ask({ unclaimed: true }),
    'search: a number': (n) => ask({ search: readSearch(`C-2025-${String(1 + n * 31).padStart(6, '0')}`), open: null }),
    'search: a receipt': (n) => ask({ search: readSearch(`#${1 + n * 977}`), open: null }),
    'search: a hostname': search((n) => `site${n * 7}.example`),
    'search: a rare word': search((n) => rare(n * 991)),
    'search: a word of one in a thousand': search((n) => `some${n * 13}`),
    'search: a word of one in ten': search((n) => `many${n % 10}`),
    'search: a word of all': search(() => 'everywhere'),
    'search: a word of all and a rare one': search((n) => `everywhere ${rare(n * 991)}`),
    'search: two words that seldom meet': search((n) => `some${n * 13} some${n * 13 + 1}`),
    'search: two words of many that never meet': search((n) => `many${n % 10} many${(n + 1) % 10}`),
    'search: the beginning of a word': search((n) => rare(n).slice(0, 3 + (n % 4))),
    'search: nothing': search((n) => `nowhere${n}`),
    'claims of the campaign, before its grade': () =>
      claimsOfCase(db, CaseId.parse(idOf('case', Math.min(1, cases))), { limit: 100, after: null }),
  };
}

/** An id with a number in it. */
function idOf(prefix: string, n: number): string {
  return `${prefix}_${String(n).padStart(12, '0')}`;
}

/** A word of letters that looks like no other: what names, handles and misspellings are to a search. */
function rareWord(number: string) {
  return sql.raw(`left(translate(md5((${number})::text), '0123456789', 'ghijklmnop'), 9)`);
}

/** The same in this process. */
function rare(n: number): string {
  const digest = createHash('md5').update(String(n)).digest('hex');
  return digest.replaceAll(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '').slice(0, 9);
}

async function fill(db: Db, { reports, cases }: { reports: number; cases: number }): Promise<void> {
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
        || ' ' || ${rareWord('n % 100003')}
        || ' ' || ${rareWord('n::bigint * 7919 % 200003')} || ' https://site' || (n % 5000) || '.example/threads/' || (n % 700)
        || ' site' || (n % 5000) || '.example' as words) made`.execute(db);
  }
  await sql`insert into case_search (case_id, search) select case_id, array_to_tsvector(array_agg(distinct word))
    from (select case_id, unnest(tsvector_to_array(search)) as word from report) words group by case_id`.execute(db);
  await sql`update report set search = null`.execute(db);
  for (const { definition } of indexes.rows) await sql.raw(definition).execute(db);
  await sql`analyze`.execute(db);
}
