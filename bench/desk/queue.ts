/**
 * What the queue and its search cost with a million reports and a hundred thousand cases on PostgreSQL.
 *
 * The rows are made by SQL, not by the doors: words are drawn so that some are rare, some are in a thousandth of all reports and some in every one; one
 * case is a campaign with a tenth of all reports. Asked are the questions that the console asks, each many times with other values, one after another;
 * timed is store/desk/queue.ts `listQueue` as the route calls it. Database and asker share the machine.
 */
import { performance } from 'node:perf_hooks';
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
import { fillDesk, numberedId, rareWord } from '../../tests/harness/many-cases.ts';
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
    await fillDesk(store.db, { reports, cases });
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
    'one site': (n) => ask({ siteId: SiteId.parse(numberedId('site', n * 7)), open: null }),
    mine: (n) => ask({ mine: PersonId.parse(numberedId('person', n % 50)) }),
    unclaimed: () => ask({ unclaimed: true }),
    'search: a number': (n) => ask({ search: readSearch(`C-2025-${String(1 + n * 31).padStart(6, '0')}`), open: null }),
    'search: a receipt': (n) => ask({ search: readSearch(`#${1 + n * 977}`), open: null }),
    'search: a hostname': search((n) => `site${n * 7}.example`),
    'search: a rare word': search((n) => rareWord(n * 991)),
    'search: a word of one in a thousand': search((n) => `some${n * 13}`),
    'search: a word of one in ten': search((n) => `many${n % 10}`),
    'search: a word of all': search(() => 'everywhere'),
    'search: a word of all and a rare one': search((n) => `everywhere ${rareWord(n * 991)}`),
    'search: two words that seldom meet': search((n) => `some${n * 13} some${n * 13 + 1}`),
    'search: two words of many that never meet': search((n) => `many${n % 10} many${(n + 1) % 10}`),
    'search: the beginning of a word': search((n) => rareWord(n).slice(0, 3 + (n % 4))),
    'search: nothing': search((n) => `nowhere${n}`),
    'claims of the campaign, before its grade': () =>
      claimsOfCase(db, CaseId.parse(numberedId('case', Math.min(1, cases))), { limit: 100, after: null }),
  };
}
