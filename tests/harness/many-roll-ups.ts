/** A database full of traffic, made by SQL: roll-ups of every step and lists of what is most frequent, of as many sites as wanted, all of one account. */
import { sql } from 'kysely';
import { AccountId, SiteId } from '../../contract/ids.ts';
import { defaultChallengeSettings, defaultSiteLimits } from '../../contract/policy.ts';
import { TopKind } from '../../contract/traffic.ts';
import { instantOf } from '../../core/instant.ts';
import type { Db, Store } from '../../store/open.ts';

const dayMs = 86_400_000;

/** Who owns all sites. */
export const ownerOfAll = AccountId.parse('acct_000000000001');

/** The id of a site, from 1. */
export function siteNumber(number: number): SiteId {
  return SiteId.parse(`site_${String(number).padStart(12, '0')}`);
}

/** Rows as they are when the jobs are an hour, or six hours, behind. Returns how many there are of each kind, and megabytes. */
export async function fillTraffic(store: Store, sites: number, nowMs: number): Promise<Record<string, number>> {
  const { db } = store;
  await sql`insert into account (account_id, name, created_at) values (${ownerOfAll}, 'A', now())`.execute(db);
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
    account_id: `'${ownerOfAll}'`,
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
