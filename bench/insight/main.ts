/**
 * What insight's questions cost with 30 days of a thousand sites on PostgreSQL. `npm run bench -- insight [--json]`, on a server of its own.
 *
 * The rows are made by SQL, not by edges: every site has requests in each hour and minute that is kept, and in a quarter of the ten seconds; lists
 * are full. Asked are the questions that the console asks, each with other sites, one after another; timed is control/insight/query.ts as the routes
 * call it, and one turn of the jobs that make coarser rows. Database and asker share the machine; `--small` is a rehearsal, not a figure.
 */
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { sql } from 'kysely';
import { AccountId, SiteId } from '../../contract/ids.ts';
import { defaultChallengeSettings, defaultSiteLimits } from '../../contract/policy.ts';
import { TopKind } from '../../contract/traffic.ts';
import { defaultInsight } from '../../control/insight/config.ts';
import { seriesOf, topsOf } from '../../control/insight/query.ts';
import { instantOf } from '../../core/instant.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Db, Store } from '../../store/open.ts';
import { rollUp } from '../../store/roll-ups.ts';
import { startPostgres } from '../../tests/harness/postgres.ts';
import { machine } from '../machine.ts';
import { percentile } from '../propagation/percentile.ts';

const usage = `Usage: npm run bench -- insight [--json] [--small]

  --json    print one JSON object and nothing else
  --small   a fiftieth of the sites and fewer tries: to see that it runs
`;

const dayMs = 86_400_000;
const account = AccountId.parse('acct_000000000001');
const siteNumber = (number: number) => SiteId.parse(`site_${String(number).padStart(12, '0')}`);

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
      const rows = await fill(store, sites, nowMs);
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
    ask: (turn) => seriesOf(deps, { siteId: of(turn), from: since(days), until }, account),
  });
  const tops = (days: number): Question => ({
    ask: (turn) => topsOf(deps, { siteId: of(turn), of: 'paths', limit: 20, from: since(days), until }, account),
  });
  return {
    'series of a site, 15 minutes': series(1 / 96),
    'series of a site, 24 hours': series(1),
    'series of a site, 7 days': series(7),
    'series of a site, 30 days': series(30),
    'series of an owner of all sites, 30 days': { ask: () => seriesOf(deps, { from: since(30), until }, account), times: 5 },
    'series of all sites for the operator, 30 days': { ask: () => seriesOf(deps, { from: since(30), until }, null) },
    'most frequent of a site, 1 hour': tops(1 / 24),
    'most frequent of a site, 30 days': tops(30),
    'most frequent of an owner of all sites, 30 days': {
      ask: () => topsOf(deps, { of: 'paths', limit: 20, from: since(30), until }, account),
      times: 5,
    },
    'an hour of all sites made into minutes': { ask: () => rollUp(store.db, 'minute', { until, mostSeconds: 3600 }), times: 1 },
    'six hours of all sites made into hours': { ask: () => rollUp(store.db, 'hour', { until, mostSeconds: 21_600 }), times: 1 },
  };
}

/** Rows as they are when the jobs are an hour, or six hours, behind. Returns how many there are of each kind, and megabytes. */
async function fill(store: Store, sites: number, nowMs: number): Promise<Record<string, number>> {
  const { db } = store;
  await sql`insert into account (account_id, name, created_at) values (${account}, 'A', now())`.execute(db);
  await sql`insert into edge_group (group_name, revision, digest, committed_at, log_from, last_key_number, key_rotated_at)
    values ('default', 0, repeat('0', 64), now(), 0, 0, now())`.execute(db);
  await addSites(db, sites);
  const minutesUntil = Math.floor((nowMs - dayMs / 24) / 60_000) * 60_000;
  const hoursUntil = Math.floor((nowMs - dayMs / 4) / 3_600_000) * 3_600_000;
  const steps = [
    { step: 10, fromMs: nowMs - dayMs, untilMs: nowMs, every: 4 },
    { step: 60, fromMs: nowMs - 3 * dayMs, untilMs: minutesUntil, every: 1 },
    { step: 3600, fromMs: nowMs - 30 * dayMs, untilMs: hoursUntil, every: 1 },
  ];
  for (const { step, fromMs, untilMs, every } of steps) {
    await sql`insert into roll_up (step_seconds, site_id, edge_id, at, passed, limited, bytes_in, bytes_out, sampled, seen_passed, seen_refused,
        status_2xx, status_3xx, status_4xx, l3, l5, l8, l9, l10, l14)
      select ${step}::integer, case when site = 0 then '' else 'site_' || lpad(site::text, 12, '0') end, 'edge_000000000001',
        date_bin(make_interval(secs => ${step}), at, timestamptz 'epoch'),
        400, 3, 200000, 8000000, 12, 384, 3, 300, 64, 20, 64, 96, 32, 64, 96, 32
      from generate_series(0, ${sites}::integer) as site, generate_series(${instantOf(fromMs)}::timestamptz, ${instantOf(untilMs - 1)}::timestamptz,
        make_interval(secs => ${step * every})) as at on conflict do nothing`.execute(db);
  }
  await sql`insert into roll_up_mark values (60, ${instantOf(minutesUntil)}), (3600, ${instantOf(hoursUntil)}), (21600, ${instantOf(hoursUntil)})`.execute(
    db,
  );
  for (const { step, days } of [
    { step: 600, days: 1 },
    { step: 21_600, days: 30 },
  ]) {
    await sql`insert into top_list (step_seconds, site_id, edge_id, at, seen_passed, seen_refused, tops)
      select ${step}::integer, case when site = 0 then '' else 'site_' || lpad(site::text, 12, '0') end, 'edge_000000000001',
        date_bin(make_interval(secs => ${step}), at, timestamptz 'epoch'), 38400, 300, list
      from generate_series(0, ${sites}::integer) as site, generate_series(${instantOf(nowMs - days * dayMs)}::timestamptz, ${instantOf(nowMs)}::timestamptz,
        make_interval(secs => ${step})) as at, (select ${JSON.stringify(fullLists())}::jsonb as list) l on conflict do nothing`.execute(
      db,
    );
  }
  await sql`vacuum analyze roll_up`.execute(db);
  await sql`vacuum analyze top_list`.execute(db);
  const { rows } = await sql<{ table: string; rows: number; mb: number }>`
    select 'roll_up' as table, (select count(*) from roll_up)::integer as rows, (pg_total_relation_size('roll_up') / 1000000)::integer as mb
    union all select 'top_list', (select count(*) from top_list)::integer, (pg_total_relation_size('top_list') / 1000000)::integer`.execute(
    db,
  );
  return Object.fromEntries(
    rows.flatMap(({ table, rows: count, mb }) => [
      [table, count],
      [`${table}_mb`, mb],
    ]),
  );
}

function fullLists(): Partial<Record<TopKind, unknown>> {
  const entries = (kind: string) =>
    Array.from({ length: 20 }, (_, place) => ({
      key: `/${kind}/of/some/length/${place}`,
      passed: 3200 - place * 100,
      refused: place,
      over: 32,
    }));
  return Object.fromEntries(TopKind.options.map((kind) => [kind, entries(kind)]));
}

/** Sites with whatever the table asks for, owned by one account. */
async function addSites(db: Db, sites: number): Promise<void> {
  const { rows } = await sql<{ name: string; type: string }>`
    select column_name as name, data_type as type from information_schema.columns
    where table_name = 'site' and is_nullable = 'NO' and column_default is null and is_identity = 'NO'`.execute(db);
  const own: Readonly<Record<string, string>> = {
    site_id: "'site_' || lpad(n::text, 12, '0')",
    account_id: `'${account}'`,
    group_name: "'default'",
    ...Object.fromEntries(['origin_addresses', 'networks', 'attack_paths'].map((name) => [name, "'[]'::jsonb"])),
    limits: `'${JSON.stringify(defaultSiteLimits)}'::jsonb`,
    challenge: `'${JSON.stringify(defaultChallengeSettings)}'::jsonb`,
  };
  const usual: Readonly<Record<string, string>> = {
    text: "'x'",
    boolean: 'true',
    jsonb: "'{}'::jsonb",
    integer: '1',
    bigint: '1',
    'timestamp with time zone': 'now()',
    ARRAY: "'{}'",
  };
  const values = rows.map(({ name, type }) => own[name] ?? usual[type] ?? 'null');
  await sql`insert into site (${sql.raw(rows.map(({ name }) => name).join(', '))})
    select ${sql.raw(values.join(', '))} from generate_series(1, ${sites}::integer) as n`.execute(db);
}
