/**
 * Attacks: what may be done by itself for a site, which sites look attacked, the record.
 *
 * A site has at most one attack that is not over, by an index; of several control processes that see the same one, one begins it. Not here:
 * what an attack is (core/shield/attack-signals.ts), and telling edges and people (control/attacks).
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { AttackSignals, AutomaticAttack } from '../contract/attacks.ts';
import type { Attack } from '../contract/attacks.ts';
import { SiteId } from '../contract/ids.ts';
import type { AttackId, Instant } from '../contract/ids.ts';
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

export async function openAttacks(db: Db): Promise<Attack[]> {
  const rows = await db.selectFrom('attack').selectAll().where('state', '!=', 'ended').orderBy('created_order').execute();
  return rows.map(attackOf);
}

export async function listAttacks(
  db: Db,
  ask: { viewer: Viewer; siteId: SiteId | null; open: boolean | null; limit: number; before: number | null },
): Promise<{ items: Attack[]; next: number | null; total: number }> {
  let matching = db.selectFrom('attack');
  const { viewer, siteId } = ask;
  if (viewer !== null) matching = matching.where('account_id', '=', viewer);
  if (siteId !== null) matching = matching.where('site_id', '=', siteId);
  if (ask.open !== null) matching = matching.where('state', ask.open ? '!=' : '=', 'ended');
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

/** Ends the attack on a site that is not over, if there is one; `by` null: by itself. */
export async function endAttackOn(tx: Db, siteId: SiteId, at: Instant, by: NamedPerson | null): Promise<void> {
  await tx
    .updateTable('attack')
    .set({ state: 'ended', ended_at: at, ended_by: by?.personId ?? null, ended_name: by?.name ?? null })
    .where('site_id', '=', siteId)
    .where('state', '!=', 'ended')
    .execute();
}

export async function raisePeak(db: Db, attackId: AttackId, peak: number): Promise<void> {
  await db.updateTable('attack').set({ peak }).where('attack_id', '=', attackId).where('peak', '<', peak).execute();
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
    signals: AttackSignals.parse(row.signals),
  };
}
