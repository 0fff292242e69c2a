/**
 * What insight's questions cost with 30 days of a thousand sites on PostgreSQL. `npm run bench -- insight [--json]`, on a server of its own.
 *
 * The rows are made by SQL (tests/harness/many-roll-ups.ts), not by edges: every site has requests in each hour and minute that is kept, and in a quarter of the ten seconds; lists
 * are full. Asked are the questions that the console asks, each with other sites, one after another; timed is control/insight/query.ts as the routes
 * call it, and one turn of the jobs that make coarser rows. Database and asker share the machine; `--small` is a rehearsal, not a figure.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { defaultInsight } from '../../control/insight/config.ts';
import { seriesOf, topsOf } from '../../control/insight/query.ts';
import { instantOf } from '../../core/instant.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { rollUp } from '../../store/roll-ups.ts';
import { fillTraffic, ownerOfAll, siteNumber } from '../../tests/harness/many-roll-ups.ts';
import { startPostgres } from '../../tests/harness/postgres.ts';
import { machine } from '../machine.ts';
import { percentile } from '../propagation/percentile.ts';

const usage = `Usage: npm run bench -- insight [--json] [--small]

  --json    print one JSON object and nothing else
  --small   a fiftieth of the sites and fewer tries: to see that it runs
`;

const dayMs = 86_400_000;

/** Runs the bench; `argv` is what follows its name. Returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ args: [...argv], options: { json: flag, small: flag, help: flag } });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const [sites, tries] = values.small ? [20, 3] : [1000, 20];
  const server = await startPostgres();
  try {
    const store = await openStore(await server.database());
    try {
      await migrate(store);
      const nowMs = Math.floor(Date.now() / 10_000) * 10_000;
      const began = performance.now();
      const rows = await fillTraffic(store, sites, nowMs);
      say(`filled in ${((performance.now() - began) / 1000).toFixed(0)} s: ${JSON.stringify(rows)}`);
      const figures: Record<string, { readonly p50Ms: number; readonly p95Ms: number }> = {};
      for (const [name, { ask, times = tries }] of Object.entries(questionsFor(store, sites, nowMs))) {
        const tookMs: number[] = [];
        for (let turn = 0; turn < times; turn += 1) {
          const from = performance.now();
          await ask(turn);
          tookMs.push(performance.now() - from);
        }
        const figure = { p50Ms: round(percentile(tookMs, 0.5)), p95Ms: round(percentile(tookMs, 0.95)) };
        figures[name] = figure;
        say(`  ${name.padEnd(44)} p50 ${figure.p50Ms} ms, p95 ${figure.p95Ms} ms`);
      }
      if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'insight', machine: machine(), rows, figures })}\n`);
    } finally {
      await store.close();
    }
  } finally {
    await server.stop();
  }
  return 0;
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

type Question = { readonly ask: (turn: number) => Promise<unknown>; readonly times?: number };

function questionsFor(store: Store, sites: number, nowMs: number): Record<string, Question> {
  const deps = { store, now: () => nowMs, insight: defaultInsight };
  const until = instantOf(nowMs);
  const of = (turn: number) => siteNumber(1 + ((turn * 37) % sites));
  const since = (days: number) => instantOf(nowMs - days * dayMs);
  const series = (days: number): Question => ({
    ask: (turn) => seriesOf(deps, { siteId: of(turn), from: since(days), until }, ownerOfAll),
  });
  const tops = (days: number): Question => ({
    ask: (turn) => topsOf(deps, { siteId: of(turn), of: 'paths', limit: 20, from: since(days), until }, ownerOfAll),
  });
  return {
    'series of a site, 15 minutes': series(1 / 96),
    'series of a site, 24 hours': series(1),
    'series of a site, 7 days': series(7),
    'series of a site, 30 days': series(30),
    'series of an owner of all sites, 30 days': { ask: () => seriesOf(deps, { from: since(30), until }, ownerOfAll), times: 5 },
    'series of all sites for the operator, 30 days': { ask: () => seriesOf(deps, { from: since(30), until }, null) },
    'most frequent of a site, 1 hour': tops(1 / 24),
    'most frequent of a site, 30 days': tops(30),
    'most frequent of an owner of all sites, 30 days': {
      ask: () => topsOf(deps, { of: 'paths', limit: 20, from: since(30), until }, ownerOfAll),
      times: 5,
    },
    'an hour of all sites made into minutes': { ask: () => rollUp(store.db, 'minute', { until, mostSeconds: 3600 }), times: 1 },
    'six hours of all sites made into hours': { ask: () => rollUp(store.db, 'hour', { until, mostSeconds: 21_600 }), times: 1 },
  };
}
