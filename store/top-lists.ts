/**
 * Lists of what is most frequent: written as edges tell of them, merged into six hours, read, forgotten (store/roll-ups.ts).
 *
 * An edge tells of the same ten minutes several times, each time with more: the list that has seen most stays, so an agent that starts afresh in
 * between does not replace a long list by a short one. Merging itself is core/shield/frequent.ts.
 */
import { sql } from 'kysely';
import { z } from 'zod';
import type { EdgeId, GroupName, Instant, SiteId } from '../contract/ids.ts';
import { TopEntry, topsSeconds } from '../contract/traffic.ts';
import type { Seen, SiteTops, TopKind } from '../contract/traffic.ts';
import type { Db } from './open.ts';
import { inScope, markOf } from './roll-ups.ts';
import type { Scope } from './roll-ups.ts';
import { relaxed } from './transact.ts';

export const topSteps = { fine: topsSeconds, coarse: 6 * 3600 } as const;

export type TopsOfEdge = SiteTops & { readonly edgeId: EdgeId };

/** Keeps lists of a step. Lists of sites that the group does not have are dropped; a null group: everything was checked before. */
export async function putTops(db: Db, group: GroupName | null, stepSeconds: number, lists: readonly TopsOfEdge[]): Promise<void> {
  for (let start = 0; start < lists.length; start += 200) {
    const sent = lists.slice(start, start + 200).map(({ siteId, edgeId, from, seen, tops }) => ({
      ...{ site_id: siteId ?? '', edge_id: edgeId, at: from },
      ...{ seen_passed: seen.passed, seen_refused: seen.refused, tops },
    }));
    const allowed =
      group === null
        ? sql`true`
        : sql`(v.site_id = '' or exists (select from site where site.site_id = v.site_id and site.group_name = ${group}))`;
    await relaxed(db, async (tx) => {
      await sql`insert into top_list (step_seconds, site_id, edge_id, at, seen_passed, seen_refused, tops)
        select ${stepSeconds}::integer, v.site_id, v.edge_id, v.at, v.seen_passed, v.seen_refused, v.tops
        from jsonb_to_recordset(${JSON.stringify(sent)}::jsonb)
          as v(site_id text, edge_id text, at timestamptz, seen_passed bigint, seen_refused bigint, tops jsonb)
        where ${allowed}
        on conflict (site_id, step_seconds, at, edge_id) do update
        set seen_passed = excluded.seen_passed, seen_refused = excluded.seen_refused, tops = excluded.tops
        where excluded.seen_passed + excluded.seen_refused >= top_list.seen_passed + top_list.seen_refused`.execute(tx);
    });
  }
}

const mostLists = 5000;

/** Lists of one kind that cover a range, newest first; of a range with more than `mostLists` the oldest are left out. */
export async function readTops(
  db: Db,
  scope: Scope,
  kind: TopKind,
  { from, until }: { readonly from: Instant; readonly until: Instant },
): Promise<{ at: Instant; seen: Seen; list: TopEntry[] }[]> {
  const { fine, coarse } = topSteps;
  const { rows } = await sql<{ at: Instant; seen_passed: number; seen_refused: number; list: unknown }>`
    with cut as materialized (select coalesce((select done_until from roll_up_mark where step_seconds = ${coarse}), timestamptz 'epoch') as coarse)
    select at, seen_passed, seen_refused, coalesce(tops->${kind}::text, '[]'::jsonb) as list
    from top_list, cut where ${inScope('top_list', scope)} and at >= ${from}::timestamptz and at < ${until}::timestamptz
      and ((step_seconds = ${coarse} and at < cut.coarse) or (step_seconds = ${fine} and at >= cut.coarse))
    order by at desc limit ${mostLists}`.execute(db);
  return rows.map(({ at, list, ...row }) => ({
    at,
    seen: { passed: row.seen_passed, refused: row.seen_refused },
    list: z.array(TopEntry).parse(list),
  }));
}

/** From when on there are finer lists only: ranges before it are in whole coarse steps. Null: there are no coarse ones. */
export async function topsCut(db: Db): Promise<Instant | null> {
  const { rows } = await sql<{ done_until: Instant }>`
    select done_until from roll_up_mark where step_seconds = ${topSteps.coarse}`.execute(db);
  return rows[0]?.done_until ?? null;
}

/** The coarse step that is to be made next, until `until`; null when none is. */
export async function nextTops(db: Db, until: Instant): Promise<{ readonly from: Instant; readonly until: Instant } | null> {
  const { fine, coarse } = topSteps;
  const { rows } = await sql<{ from: Instant | null; until: Instant | null }>`
    select since as from, since + make_interval(secs => ${coarse}) as until from (select date_bin(make_interval(secs => ${coarse}),
      (select min(at) from top_list where step_seconds = ${fine} and at >= ${markOf(coarse)}), timestamptz 'epoch') as since) s`.execute(
    db,
  );
  const next = rows[0];
  if (next === undefined || next.from === null || next.until === null || next.until > until) return null;
  return { from: next.from, until: next.until };
}

/** Sites (null: all sites of an edge) and edges with lists in a range. */
export async function topOwners(
  db: Db,
  { from, until }: { readonly from: Instant; readonly until: Instant },
): Promise<{ siteId: SiteId | null; edgeId: EdgeId }[]> {
  const { rows } = await sql<{ site_id: SiteId | ''; edge_id: EdgeId }>`
    select distinct site_id, edge_id from top_list
    where step_seconds = ${topSteps.fine} and at >= ${from}::timestamptz and at < ${until}::timestamptz`.execute(db);
  return rows.map(({ site_id, edge_id }) => ({ siteId: site_id === '' ? null : site_id, edgeId: edge_id }));
}

/** The fine lists of one site and edge in a range. */
export async function listsOf(
  db: Db,
  owner: { readonly siteId: SiteId | null; readonly edgeId: EdgeId },
  { from, until }: { readonly from: Instant; readonly until: Instant },
): Promise<{ seen: Seen; tops: Partial<Record<TopKind, TopEntry[]>> }[]> {
  const { rows } = await sql<{ seen_passed: number; seen_refused: number; tops: Partial<Record<TopKind, TopEntry[]>> }>`
    select seen_passed, seen_refused, tops from top_list where site_id = ${owner.siteId ?? ''} and edge_id = ${owner.edgeId}
      and step_seconds = ${topSteps.fine} and at >= ${from}::timestamptz and at < ${until}::timestamptz`.execute(db);
  return rows.map(({ seen_passed, seen_refused, tops }) => ({ seen: { passed: seen_passed, refused: seen_refused }, tops }));
}

export async function markTops(db: Db, until: Instant): Promise<void> {
  await sql`insert into roll_up_mark (step_seconds, done_until) values (${topSteps.coarse}, ${until}::timestamptz)
    on conflict (step_seconds) do update set done_until = greatest(roll_up_mark.done_until, excluded.done_until)`.execute(db);
}
