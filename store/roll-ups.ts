/**
 * Roll-ups of traffic: written as edges tell of them, made coarser with time, read as series, forgotten.
 *
 * Three steps of one table: ten seconds, a minute, an hour. Coarser ones are made from finer ones when a minute or an hour is well over, and are made
 * whole again if that is done twice. A series takes the coarsest rows that fit its own step, so a month of one site is some hundred rows. Rows with
 * an empty site are all sites of an edge. An edge writes rows of sites of its own group only. What comes later than five minutes after its time is
 * in the finest rows and no others.
 */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { EdgeId, GroupName, Instant, SiteId } from '../contract/ids.ts';
import type { Db } from './open.ts';
import type { Viewer } from './sites.ts';
import { relaxed } from './transact.ts';

const outcomeColumns = ['passed', 'challenged', 'solved', 'limited', 'denied', 'noticed', 'origin_error'] as const;
const sampleColumns = ['bytes_in', 'bytes_out', 'sampled', 'seen_passed', 'seen_refused'] as const;
const statusColumns = ['status_1xx', 'status_2xx', 'status_3xx', 'status_4xx', 'status_5xx', 'status_none'] as const;
/** Buckets of the histogram, in the order of contract/traffic.ts. */
export const latencyColumns = [
  ...(['l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7', 'l8', 'l9', 'l10', 'l11', 'l12', 'l13', 'l14', 'l15', 'l16'] as const),
  ...(['l17', 'l18', 'l19', 'l20', 'l21', 'l22', 'l23', 'l24', 'l25', 'l26', 'l27', 'l28', 'l29', 'l30', 'l31', 'l32'] as const),
] as const;
const columns = [...outcomeColumns, ...sampleColumns, ...statusColumns, ...latencyColumns] as const;
export type RollUpColumn = (typeof columns)[number];
export type RollUpSums = Readonly<Partial<Record<RollUpColumn, number>>>;

/** `siteId` null: all sites of the edge. */
export type RollUp = { readonly siteId: SiteId | null; readonly edgeId: EdgeId; readonly at: Instant; readonly sums: RollUpSums };

export const rollUpSteps = { fine: 10, minute: 60, hour: 3600 } as const;

const names = (prefix = '') => sql.join(columns.map((column) => sql.raw(`${prefix}${column}`)));
const each = (form: (column: RollUpColumn) => string) => sql.join(columns.map((column) => sql.raw(form(column))));
const rowsPerStatement = 500;

/** Adds to rows of ten seconds. Sums of sites that the group does not have are dropped. */
export async function addRollUps(db: Db, group: GroupName, rows: readonly RollUp[]): Promise<void> {
  if (rows.length === 0) return;
  await relaxed(db, async (tx) => {
    for (let start = 0; start < rows.length; start += rowsPerStatement) {
      const sent = rows
        .slice(start, start + rowsPerStatement)
        .map(({ siteId, edgeId, at, sums }) => ({ site_id: siteId ?? '', edge_id: edgeId, at, ...sums }));
      await sql`insert into roll_up (step_seconds, site_id, edge_id, at, ${names()})
        select ${rollUpSteps.fine}::integer, v.site_id, v.edge_id, v.at, ${each((column) => `nullif(v.${column}, 0)`)}
        from jsonb_to_recordset(${JSON.stringify(sent)}::jsonb) as v(site_id text, edge_id text, at timestamptz, ${each((column) => `${column} bigint`)})
        where v.site_id = '' or exists (select from site where site.site_id = v.site_id and site.group_name = ${group})
        on conflict (site_id, step_seconds, at, edge_id) do update set
        ${each((column) => `${column} = nullif(coalesce(roll_up.${column}, 0) + coalesce(excluded.${column}, 0), 0)`)}`.execute(
        tx,
      );
    }
  });
}

/**
 * Makes the rows of a coarser step from those of a finer one, from where it was left until `until` (a whole step), at most `mostSeconds` of it at once.
 * Returns whether more is left.
 */
export async function rollUp(
  db: Db,
  step: 'minute' | 'hour',
  { until, mostSeconds }: { readonly until: Instant; readonly mostSeconds: number },
): Promise<boolean> {
  const to = rollUpSteps[step];
  const from = step === 'minute' ? rollUpSteps.fine : rollUpSteps.minute;
  const bin = (at: RawBuilder<unknown>) => sql`date_bin(make_interval(secs => ${to}), ${at}, timestamptz 'epoch')`;
  // An hour is whole when its minutes are: never further than they have come.
  const ready = step === 'minute' ? sql`${until}::timestamptz` : sql`least(${until}::timestamptz, ${bin(markOf(from))})`;
  // From the first row after the mark: stretches without any take no turns.
  const { rows } = await sql<{ since: Instant | null; ready: Instant | null }>`
    select ${bin(sql`(select min(at) from roll_up where step_seconds = ${from} and at >= ${markOf(to)})`)} as since, ${ready} as ready`.execute(
    db,
  );
  const since = rows[0]?.since ?? null;
  const end = rows[0]?.ready ?? null;
  if (since === null || end === null || since >= end) return false;
  const reach = sql<Instant>`least(${end}::timestamptz, ${since}::timestamptz + make_interval(secs => ${mostSeconds}))`;
  await relaxed(db, async (tx) => {
    await sql`insert into roll_up (step_seconds, site_id, edge_id, at, ${names()})
      select ${to}::integer, site_id, edge_id, ${bin(sql`at`)}, ${each((column) => `nullif(sum(${column}), 0)::bigint`)}
      from roll_up where step_seconds = ${from} and at >= ${since}::timestamptz and at < ${reach}
      group by site_id, edge_id, 4
      on conflict (site_id, step_seconds, at, edge_id) do update set ${each((column) => `${column} = excluded.${column}`)}`.execute(
      tx,
    );
    await sql`insert into roll_up_mark (step_seconds, done_until) values (${to}, ${reach})
      on conflict (step_seconds) do update set done_until = greatest(roll_up_mark.done_until, excluded.done_until)`.execute(tx);
  });
  const { rows: marked } = await sql<{ left: boolean }>`
    select done_until < ${end}::timestamptz as left from roll_up_mark where step_seconds = ${to}`.execute(db);
  return marked[0]?.left ?? false;
}

/** How far a step has been made; long ago when it never was. */
export function markOf(stepSeconds: number): RawBuilder<unknown> {
  return sql`coalesce((select done_until from roll_up_mark where step_seconds = ${stepSeconds}), timestamptz 'epoch')`;
}

/** Whose traffic: of one site, or of all that the viewer may see; of one edge, or all. */
export type Scope = { readonly viewer: Viewer; readonly siteId: SiteId | null; readonly edgeId: EdgeId | null };

/** `table` holds `site_id` and `edge_id`, and rows without a site. */
export function inScope(table: 'roll_up' | 'top_list', { viewer, siteId, edgeId }: Scope): RawBuilder<unknown> {
  const site = sql.raw(`${table}.site_id`);
  const own = viewer === null ? null : sql`(select site_id from site where account_id = ${viewer})`;
  const whose =
    siteId === null
      ? own === null
        ? sql`${site} = ''`
        : sql`${site} in ${own}`
      : own === null
        ? sql`${site} = ${siteId}`
        : sql`${site} = ${siteId} and ${site} in ${own}`;
  return edgeId === null ? whose : sql`${whose} and ${sql.raw(`${table}.edge_id`)} = ${edgeId}`;
}

/** Points of `stepSeconds` (a whole number of minutes or hours above their kinds) from `from`, which is a whole step. Empty ones are left out. */
export async function readSeries(
  db: Db,
  scope: Scope,
  { from, until, stepSeconds }: { readonly from: Instant; readonly until: Instant; readonly stepSeconds: number },
): Promise<{ at: Instant; sums: Readonly<Record<RollUpColumn, number>> }[]> {
  const fits = (step: number) => stepSeconds % step === 0;
  const mark = (step: number) => (fits(step) ? markOf(step) : sql`timestamptz 'epoch'`);
  const { fine, minute, hour } = rollUpSteps;
  const { rows } = await sql<{ at: Instant } & Record<RollUpColumn, number | null>>`
    with cut as materialized (select ${mark(hour)} as hours, greatest(${mark(minute)}, ${mark(hour)}) as minutes)
    select date_bin(make_interval(secs => ${stepSeconds}), at, timestamptz 'epoch') as at, ${each((column) => `sum(${column})::bigint as ${column}`)}
    from roll_up, cut where ${inScope('roll_up', scope)} and at >= ${from}::timestamptz and at < ${until}::timestamptz and (
      (step_seconds = ${hour} and at < cut.hours)
      or (step_seconds = ${minute} and at >= cut.hours and at < cut.minutes)
      or (step_seconds = ${fine} and at >= cut.minutes))
    group by 1 order by 1`.execute(db);
  return rows.map(({ at, ...sums }) => ({ at, sums: zeroed(sums) }));
}

function zeroed(sums: Readonly<Record<RollUpColumn, number | null>>): Readonly<Record<RollUpColumn, number>> {
  const filled = { ...emptySums };
  for (const column of columns) filled[column] = sums[column] ?? 0;
  return filled;
}

const emptySums = {
  ...{ passed: 0, challenged: 0, solved: 0, limited: 0, denied: 0, noticed: 0, origin_error: 0 },
  ...{ bytes_in: 0, bytes_out: 0, sampled: 0, seen_passed: 0, seen_refused: 0 },
  ...{ status_1xx: 0, status_2xx: 0, status_3xx: 0, status_4xx: 0, status_5xx: 0, status_none: 0 },
  ...{ l1: 0, l2: 0, l3: 0, l4: 0, l5: 0, l6: 0, l7: 0, l8: 0, l9: 0, l10: 0, l11: 0, l12: 0, l13: 0, l14: 0, l15: 0, l16: 0 },
  ...{ l17: 0, l18: 0, l19: 0, l20: 0, l21: 0, l22: 0, l23: 0, l24: 0, l25: 0, l26: 0, l27: 0, l28: 0, l29: 0, l30: 0 },
  ...{ l31: 0, l32: 0 },
};

const deletedAtOnce = 5000;
const mostChunks = 100;

/**
 * Deletes rows of a step that are older, in chunks, so that nobody waits for long; what is left over is for the next time. What has not been made
 * into the coarser step `madeInto` stays, however old it is: a control plane that was away for days loses nothing. Null: nothing is made of them.
 */
export async function trimRollUps(
  db: Db,
  table: 'roll_up' | 'top_list',
  stepSeconds: number,
  { before, madeInto }: { readonly before: Instant; readonly madeInto: number | null },
): Promise<void> {
  const rows = sql.raw(table);
  const end = madeInto === null ? sql`${before}::timestamptz` : sql`least(${before}::timestamptz, ${markOf(madeInto)})`;
  for (let chunk = 0; chunk < mostChunks; chunk += 1) {
    const { numAffectedRows } = await sql`delete from ${rows} where ctid = any(array(
      select ctid from ${rows} where step_seconds = ${stepSeconds} and at < ${end} limit ${deletedAtOnce}))`.execute(db);
    if (Number(numAffectedRows ?? 0) < deletedAtOnce) return;
  }
}
