/**
 * Refused requests: written in batches, found by their reference, forgotten after a week or when a site has too many.
 *
 * An edge tells only of sites of its own group: a row of another site is left out. Not here: what an edge tells of at all (edge/telemetry/requests.ts).
 */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { EdgeId, GroupName, Instant, SiteId } from '../contract/ids.ts';
import { mostRefusedPerSite } from '../contract/insight.ts';
import type { RefusedRequest, RequestReference } from '../contract/insight.ts';
import type { Cidr } from '../contract/network.ts';
import type { RuleId } from '../contract/rules.ts';
import type { RefusedRequestTable } from './insight-tables.ts';
import type { Db } from './open.ts';
import { pageOf } from './paging.ts';
import type { Viewer } from './sites.ts';

export type ToldRefusal = RefusedRequest & { readonly edgeId: EdgeId };

/** Adds what is not there yet. */
export async function addRefused(db: Db, group: GroupName, told: readonly ToldRefusal[]): Promise<void> {
  for (let start = 0; start < told.length; start += 500) {
    const rows = told
      .slice(start, start + 500)
      .map(
        (one) =>
          sql`(${one.reference}, ${one.siteId}, ${one.edgeId}, ${one.at}::timestamptz, ${one.guard}, ${one.ruleId}::text, ${one.orderId}::text, ${one.status}::integer, ${one.network}, ${one.method}, ${one.path})`,
      );
    await sql`insert into refused_request (reference, site_id, edge_id, at, guard, rule_id, order_id, status, network, method, path)
      select v.* from (values ${sql.join(rows)}) as v(reference, site_id, edge_id, at, guard, rule_id, order_id, status, network, method, path)
      join site on site.site_id = v.site_id and site.group_name = ${group}
      on conflict (reference) do nothing`.execute(db);
  }
}

/** Null for a reference that is not kept, and for one of a site that the viewer may not see. */
export async function findRefused(db: Db, reference: RequestReference, viewer: Viewer): Promise<ToldRefusal | null> {
  let query = db
    .selectFrom('refused_request')
    .innerJoin('site', 'site.site_id', 'refused_request.site_id')
    .selectAll('refused_request')
    .where('reference', '=', reference);
  if (viewer !== null) query = query.where('site.account_id', '=', viewer);
  const row = await query.executeTakeFirst();
  return row === undefined ? null : refusalOf(row);
}

/** Every filter that is not null must hold. `path` is how it begins; `before` is the `next` of the page before. */
export type RefusedFilter = {
  readonly viewer: Viewer;
  readonly siteId: SiteId | null;
  readonly edgeId: EdgeId | null;
  readonly from: Instant;
  readonly until: Instant;
  readonly guard: string | null;
  readonly ruleId: RuleId | null;
  readonly network: Cidr | null;
  readonly path: string | null;
  readonly status: number | null;
  readonly limit: number;
  readonly before: number | null;
};

/** Newest first, with the names of their sites. */
export async function listRefused(
  db: Db,
  ask: RefusedFilter,
): Promise<{ items: (ToldRefusal & { readonly siteName: string })[]; next: number | null }> {
  let query = db
    .selectFrom('refused_request')
    .innerJoin('site', 'site.site_id', 'refused_request.site_id')
    .selectAll('refused_request')
    .select(['site.name as site_name', 'refused_request.told_order as created_order'])
    .where('at', '>=', ask.from)
    .where('at', '<', ask.until)
    .orderBy('told_order', 'desc')
    .limit(ask.limit + 1);
  if (ask.viewer !== null) query = query.where('site.account_id', '=', ask.viewer);
  if (ask.siteId !== null) query = query.where('refused_request.site_id', '=', ask.siteId);
  if (ask.edgeId !== null) query = query.where('edge_id', '=', ask.edgeId);
  if (ask.guard !== null) query = query.where('guard', '=', ask.guard);
  if (ask.ruleId !== null) query = query.where('rule_id', '=', ask.ruleId);
  if (ask.network !== null) query = query.where('network', '=', ask.network);
  if (ask.path !== null) query = query.where(sql<boolean>`starts_with(refused_request.path, ${ask.path})`);
  if (ask.status !== null) query = query.where('status', '=', ask.status);
  if (ask.before !== null) query = query.where('told_order', '<', ask.before);
  const { shown, next } = pageOf(await query.execute(), ask.limit);
  return { items: shown.map((row) => ({ ...refusalOf(row), siteName: row.site_name })), next };
}

function refusalOf(row: Selectable<RefusedRequestTable>): ToldRefusal {
  const { reference, at, guard, status, network, method, path } = row;
  const ids = { siteId: row.site_id, edgeId: row.edge_id, ruleId: row.rule_id, orderId: row.order_id };
  return { reference, at, ...ids, guard, status, network, method, path };
}

/** Forgets what is older, and of each site all but the newest. */
export async function trimRefused(db: Db, before: Instant, most: number = mostRefusedPerSite): Promise<void> {
  await db.deleteFrom('refused_request').where('at', '<', before).execute();
  const full = await db
    .selectFrom('refused_request')
    .select('site_id')
    .groupBy('site_id')
    .having((is) => is.fn.countAll(), '>', most)
    .execute();
  for (const { site_id } of full) await trimSite(db, site_id, most);
}

async function trimSite(db: Db, siteId: SiteId, most: number): Promise<void> {
  await sql`delete from refused_request where site_id = ${siteId} and told_order <=
    (select told_order from refused_request where site_id = ${siteId} order by told_order desc offset ${most} limit 1)`.execute(
    db,
  );
}
