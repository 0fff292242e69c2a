/**
 * Attacks: what may be done by itself for a site, which sites look attacked, the record.
 *
 * A site has at most one attack that is not over, by an index; of several control processes that see the same one, one begins it. Not here:
 * what an attack is (core/shield/attack-signals.ts), and telling edges and people (control/attacks).
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { AttackSignals, AutomaticAttack } from '../contract/attacks.ts';
import type { Attack, AttackEntry } from '../contract/attacks.ts';
import { EdgeId, SiteId } from '../contract/ids.ts';
import type { AttackId, Instant } from '../contract/ids.ts';
import { PathPrefix } from '../contract/policy.ts';
import type { AttackTable } from './attack-tables.ts';
import type { Db } from './open.ts';
import type { NamedPerson } from './orders.ts';
import { pageOf } from './paging.ts';
import type { Viewer } from './sites.ts';

/** Null when there is no such site. */
export async function findAutomatic(db: Db, siteId: SiteId): Promise<AutomaticAttack | null> {
  const row = await db.selectFrom('site').select('automatic').where('site_id', '=', siteId).executeTakeFirst();
  return row === undefined ? null : AutomaticAttack.parse(row.automatic);
}

export async function setAutomatic(tx: Db, siteId: SiteId, automatic: AutomaticAttack): Promise<void> {
  await tx
    .updateTable('site')
    .set({ automatic: JSON.stringify(automatic) })
    .where('site_id', '=', siteId)
    .execute();
}

export async function insertAttack(tx: Db, attack: Attack): Promise<void> {
  await tx
    .insertInto('attack')
    .values({
      attack_id: attack.attackId,
      site_id: attack.siteId,
      account_id: attack.accountId,
      site_name: attack.siteName,
      state: attack.state,
      began_at: attack.beganAt,
      switched_at: attack.switchedAt,
      switched_by: attack.switchedBy?.personId ?? null,
      switched_name: attack.switchedBy?.name ?? null,
      ended_at: attack.endedAt,
      ended_by: attack.endedBy?.personId ?? null,
      ended_name: attack.endedBy?.name ?? null,
      peak: attack.peak,
      path: attack.path,
      edge_id: attack.edgeId,
      signals: JSON.stringify(attack.signals),
    })
    .execute();
}

export async function findAttack(db: Db, attackId: AttackId, viewer: Viewer): Promise<Attack | null> {
  let query = db.selectFrom('attack').selectAll().where('attack_id', '=', attackId);
  if (viewer !== null) query = query.where('account_id', '=', viewer);
  const row = await query.executeTakeFirst();
  return row === undefined ? null : attackOf(row);
}

/** The attack on a site that is not over. */
export async function openAttackOn(db: Db, siteId: SiteId): Promise<Attack | null> {
  const row = await db
    .selectFrom('attack')
    .selectAll()
    .where('site_id', '=', siteId)
    .where('state', '!=', 'ended')
    .executeTakeFirst();
  return row === undefined ? null : attackOf(row);
}

/** When the last attack on a site ended, and whether a person ended it. */
export async function lastEndOn(db: Db, siteId: SiteId): Promise<{ at: Instant; byPerson: boolean } | null> {
  const row = await db
    .selectFrom('attack')
    .select(['ended_at', 'ended_by'])
    .where('site_id', '=', siteId)
    .where('ended_at', 'is not', null)
    .orderBy('ended_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined || row.ended_at === null ? null : { at: row.ended_at, byPerson: row.ended_by !== null };
}

/** Attacks that a person ended since then, on sites whose owner's programs are told. */
export async function endedByPeopleSince(db: Db, since: Instant): Promise<Attack[]> {
  const rows = await db
    .selectFrom('attack')
    .innerJoin('site', 'site.site_id', 'attack.site_id')
    .selectAll('attack')
    .where('attack.ended_at', '>=', since)
    .where('attack.ended_by', 'is not', null)
    .where('site.attack_hook', 'is not', null)
    .orderBy('attack.created_order')
    .limit(500)
    .execute();
  return rows.map(attackOf);
}

export async function openAttacks(db: Db): Promise<Attack[]> {
  const rows = await db.selectFrom('attack').selectAll().where('state', '!=', 'ended').orderBy('created_order').execute();
  return rows.map(attackOf);
}

export async function listAttacks(
  db: Db,
  ask: {
    viewer: Viewer;
    siteId: SiteId | null;
    open: boolean | null;
    from: Instant | null;
    until: Instant | null;
    limit: number;
    before: number | null;
  },
): Promise<{ items: Attack[]; next: number | null; total: number }> {
  let matching = db.selectFrom('attack');
  const { viewer, siteId } = ask;
  if (viewer !== null) matching = matching.where('account_id', '=', viewer);
  if (siteId !== null) matching = matching.where('site_id', '=', siteId);
  if (ask.open !== null) matching = matching.where('state', ask.open ? '!=' : '=', 'ended');
  if (ask.from !== null) matching = matching.where('began_at', '>=', ask.from);
  if (ask.until !== null) matching = matching.where('began_at', '<', ask.until);
  const { total } = await matching.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let page = matching
    .selectAll()
    .orderBy('created_order', 'desc')
    .limit(ask.limit + 1);
  if (ask.before !== null) page = page.where('created_order', '<', ask.before);
  const { shown, next } = pageOf(await page.execute(), ask.limit);
  return {
    items: shown.map(attackOf),
    next,
    total,
  };
}

export async function setSwitched(tx: Db, attackId: AttackId, at: Instant, by: NamedPerson | null): Promise<void> {
  await tx
    .updateTable('attack')
    .set({ state: 'on', switched_at: at, switched_by: by?.personId ?? null, switched_name: by?.name ?? null })
    .where('attack_id', '=', attackId)
    .where('state', '=', 'suggested')
    .execute();
}

/** Ends the attack on a site that is not over; null when there is none. `by` null: by itself. */
export async function endAttackOn(tx: Db, siteId: SiteId, at: Instant, by: NamedPerson | null): Promise<AttackId | null> {
  const row = await tx
    .updateTable('attack')
    .set({ state: 'ended', ended_at: at, ended_by: by?.personId ?? null, ended_name: by?.name ?? null })
    .where('site_id', '=', siteId)
    .where('state', '!=', 'ended')
    .returning('attack_id')
    .executeTakeFirst();
  return row?.attack_id ?? null;
}

/** Whether this edge's own attack mode on this site, begun then, is recorded already. */
export async function isRecorded(db: Db, own: { edgeId: EdgeId; siteId: SiteId; beganAt: Instant }): Promise<boolean> {
  const row = await db
    .selectFrom('attack')
    .select('attack_id')
    .where('site_id', '=', own.siteId)
    .where('edge_id', '=', own.edgeId)
    .where('began_at', '=', own.beganAt)
    .executeTakeFirst();
  return row !== undefined;
}

export async function raisePeak(db: Db, attackId: AttackId, peak: number): Promise<void> {
  await db.updateTable('attack').set({ peak }).where('attack_id', '=', attackId).where('peak', '<', peak).execute();
}

export async function setPath(tx: Db, attackId: AttackId, path: PathPrefix | null): Promise<void> {
  await tx.updateTable('attack').set({ path }).where('attack_id', '=', attackId).execute();
}

export async function addEntry(tx: Db, attackId: AttackId, entry: AttackEntry): Promise<void> {
  const { at, kind, who, words } = entry;
  await tx
    .insertInto('attack_entry')
    .values({ attack_id: attackId, at, kind, who: who?.personId ?? null, who_name: who?.name ?? null, words })
    .execute();
}

export async function listEntries(db: Db, attackId: AttackId): Promise<AttackEntry[]> {
  const rows = await db.selectFrom('attack_entry').selectAll().where('attack_id', '=', attackId).orderBy('entry_order').execute();
  return rows.map(({ at, kind, who, who_name: name, words }) => ({
    at,
    kind,
    who: who === null ? null : { personId: who, name: name ?? '' },
    words,
  }));
}

export async function countNotes(db: Db, attackId: AttackId): Promise<number> {
  const { notes } = await db
    .selectFrom('attack_entry')
    .select((select) => select.fn.countAll<number>().as('notes'))
    .where('attack_id', '=', attackId)
    .where('kind', '=', 'note')
    .executeTakeFirstOrThrow();
  return notes;
}

/**
 * Requests of a site at each edge from roll-ups of one step, `from` being a whole step; most first. Solved checks and notices do not count.
 */
export async function demandByEdge(
  db: Db,
  siteId: SiteId,
  { from, until, stepSeconds }: { readonly from: Instant; readonly until: Instant; readonly stepSeconds: number },
): Promise<{ edgeId: EdgeId; name: string | null; requests: number }[]> {
  const { rows } = await sql<{ edge_id: string; name: string | null; requests: number }>`
    select r.edge_id, min(e.name) as name,
      sum(coalesce(passed, 0) + coalesce(challenged, 0) + coalesce(limited, 0) + coalesce(denied, 0) + coalesce(origin_error, 0))::bigint as requests
    from roll_up r left join edge e on e.edge_id = r.edge_id
    where r.site_id = ${siteId} and r.step_seconds = ${stepSeconds} and r.at >= ${from}::timestamptz and r.at < ${until}::timestamptz
    group by r.edge_id order by requests desc, r.edge_id limit 100`.execute(db);
  return rows.map((row) => ({ edgeId: EdgeId.parse(row.edge_id), name: row.name, requests: row.requests }));
}

/** Where the owner's programs are told: encrypted, and the host to be shown. Null: nowhere. */
export async function findHook(db: Db, siteId: SiteId): Promise<{ sealed: Buffer; host: string } | null> {
  const row = await db
    .selectFrom('site')
    .select(['attack_hook', 'attack_hook_host'])
    .where('site_id', '=', siteId)
    .executeTakeFirst();
  if (row === undefined || row.attack_hook === null) return null;
  return { sealed: Buffer.from(row.attack_hook), host: row.attack_hook_host ?? '' };
}

export async function setHook(tx: Db, siteId: SiteId, hook: { sealed: Buffer; host: string } | null): Promise<void> {
  await tx
    .updateTable('site')
    .set({ attack_hook: hook?.sealed ?? null, attack_hook_host: hook?.host ?? null })
    .where('site_id', '=', siteId)
    .execute();
}

const demand = sql<number>`(passed + challenged + limited + denied + origin_error)`;

/** Sites that are looked after, served, without an attack, and had this demand in the window; those with most of it first. */
export async function sitesWithDemand(db: Db, window: Instant, least: number, limit: number): Promise<SiteId[]> {
  const { rows } = await sql<{ site_id: string }>`
    select t.site_id from traffic t join site s on s.site_id = t.site_id
    where t.bucket = ${window}::timestamptz and ${demand} >= ${least} and s.ready and s.automatic->>'attackMode' <> 'off'
      and not exists (select from attack a where a.site_id = t.site_id and a.state <> 'ended')
    order by ${demand} desc limit ${limit}`.execute(db);
  return rows.map((row) => SiteId.parse(row.site_id));
}

/** The demand of a site's highest window between two instants after `skip` higher ones; windows of attacks are left out. 0 when there is none. */
export async function demandAfter(db: Db, siteId: SiteId, from: Instant, until: Instant, skip: number): Promise<number> {
  const { rows } = await sql<{ demand: number }>`
    select ${demand}::bigint as demand from traffic t
    where site_id = ${siteId} and bucket >= ${from}::timestamptz and bucket < ${until}::timestamptz
      and not exists (
        select from attack a where a.site_id = t.site_id and t.bucket >= a.began_at - interval '1 minute'
          and (a.ended_at is null or t.bucket < a.ended_at))
    order by 1 desc offset ${skip} limit 1`.execute(db);
  return rows[0]?.demand ?? 0;
}

function attackOf(row: Selectable<AttackTable>): Attack {
  return {
    attackId: row.attack_id,
    siteId: row.site_id,
    accountId: row.account_id,
    siteName: row.site_name,
    state: row.state,
    beganAt: row.began_at,
    switchedAt: row.switched_at,
    switchedBy: row.switched_by === null ? null : { personId: row.switched_by, name: row.switched_name ?? '' },
    endedAt: row.ended_at,
    endedBy: row.ended_by === null ? null : { personId: row.ended_by, name: row.ended_name ?? '' },
    peak: row.peak,
    path: row.path === null ? null : PathPrefix.parse(row.path),
    edgeId: row.edge_id,
    signals: AttackSignals.parse(row.signals),
  };
}
