/**
 * Captcha keys as their owners have them: made, listed, changed, their secrets rotated, removed; and which orders suspend them.
 *
 * Of a secret only its hash is written. A removed key keeps its row: figures and orders name it. A suspension is never taken away but by
 * its order: whoever changes a key's site or hostnames afterwards keeps it. What providers read: store/captcha.ts.
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { z } from 'zod';
import type { CheckKind, CheckLevel } from '../contract/captcha.ts';
import { Hostname } from '../contract/hostname.ts';
import type { AccountId, CaptchaKeyId, DecisionNumber, Instant, OrderId, SiteId } from '../contract/ids.ts';
import type { CaptchaKeyTable } from './captcha-tables.ts';
import type { Db } from './open.ts';
import type { Viewer } from './sites.ts';

export type CaptchaKeyOwned = {
  readonly keyId: CaptchaKeyId;
  readonly siteKey: string;
  readonly name: string;
  readonly accountId: AccountId;
  readonly siteId: SiteId | null;
  readonly hostnames: readonly Hostname[];
  readonly kind: CheckKind;
  readonly level: CheckLevel;
  readonly createdAt: Instant;
  readonly version: number;
};

export async function insertCaptchaKey(db: Db, key: CaptchaKeyOwned): Promise<void> {
  await db.insertInto('captcha_key').values(rowOf(key)).execute();
}

/** Writes every column of a key. */
export async function replaceCaptchaKey(db: Db, key: CaptchaKeyOwned): Promise<void> {
  const { key_id: keyId, ...row } = rowOf(key);
  await db.updateTable('captcha_key').set(row).where('key_id', '=', keyId).execute();
}

/** One key that the viewer may see and that was not removed. `lock` holds its row until the transaction ends. */
export async function findOwnedKey(
  db: Db,
  keyId: CaptchaKeyId,
  viewer: Viewer,
  lock: 'lock' | 'look' = 'look',
): Promise<CaptchaKeyOwned | null> {
  let query = db.selectFrom('captcha_key').selectAll().where('key_id', '=', keyId).where('removed_at', 'is', null);
  if (viewer !== null) query = query.where('account_id', '=', viewer);
  if (lock === 'lock') query = query.forUpdate();
  const row = await query.executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

/** Keys go by the instant of their making and, within one, by their id: where the next page begins. */
export type KeyPlace = { readonly createdAt: Instant; readonly keyId: CaptchaKeyId };

/** A page of keys, newest first. */
export async function listOwnedKeys(
  db: Db,
  ask: {
    readonly viewer: Viewer;
    readonly siteId: SiteId | null;
    readonly search: string | null;
    readonly limit: number;
    readonly after: KeyPlace | null;
  },
): Promise<{ readonly keys: readonly CaptchaKeyOwned[]; readonly next: KeyPlace | null; readonly total: number }> {
  let matching = db.selectFrom('captcha_key').where('removed_at', 'is', null);
  const { viewer, siteId, after } = ask;
  if (viewer !== null) matching = matching.where('account_id', '=', viewer);
  if (siteId !== null) matching = matching.where('owner_site_id', '=', siteId);
  const search = ask.search?.trim().toLowerCase() ?? '';
  if (search !== '') {
    const like = `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;
    matching = matching.where(
      sql<boolean>`(lower(name) like ${like} or site_key like ${like} or array_to_string(hostnames, ' ') like ${like})`,
    );
  }
  const { total } = await matching.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let page = matching
    .selectAll()
    .orderBy('created_at', 'desc')
    .orderBy('key_id', 'desc')
    .limit(ask.limit + 1);
  if (after !== null)
    page = page.where(sql<boolean>`(created_at, key_id) < (${after.createdAt}::timestamptz, ${after.keyId}::text)`);
  const rows = await page.execute();
  const keys = rows.slice(0, ask.limit).map(recordOf);
  const last = keys.at(-1);
  return { keys, next: rows.length > ask.limit && last !== undefined ? last : null, total };
}

export async function countAccountKeys(db: Db, accountId: AccountId): Promise<number> {
  const { count } = await db
    .selectFrom('captcha_key')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow();
  return count;
}

/** All live keys of an account; what an order has to look at. */
export async function accountKeys(db: Db, accountId: AccountId): Promise<CaptchaKeyOwned[]> {
  const rows = await db
    .selectFrom('captcha_key')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('removed_at', 'is', null)
    .execute();
  return rows.map(recordOf);
}

/** Holds an account until the transaction ends: keys and orders of one account look for each other one after another. */
export async function lockAccount(db: Db, accountId: AccountId): Promise<void> {
  await db.selectFrom('account').select('account_id').where('account_id', '=', accountId).forNoKeyUpdate().execute();
}

/** Confirmed orders of an account that suspend keys, begun or not. */
export async function openSuspendingOrders(db: Db, accountId: AccountId): Promise<OrderId[]> {
  const rows = await db
    .selectFrom('shield_order')
    .select('order_id')
    .where('account_id', '=', accountId)
    .where('measure', '=', 'suspend-captcha-keys')
    .where('state', '=', 'confirmed')
    .execute();
  return rows.map((row) => row.order_id);
}

/** Marks as removed; its secrets go. */
export async function markKeyRemoved(db: Db, keyId: CaptchaKeyId, at: Instant): Promise<void> {
  await db.deleteFrom('captcha_secret').where('key_id', '=', keyId).execute();
  await db.updateTable('captcha_key').set({ removed_at: at }).where('key_id', '=', keyId).execute();
}

export type SecretRecord = { readonly lastFour: string; readonly madeAt: Instant; readonly endsAt: Instant | null };

/** Secrets that live at an instant, the newest first, by key. */
export async function liveSecrets(
  db: Db,
  keyIds: readonly CaptchaKeyId[],
  now: Instant,
): Promise<Map<CaptchaKeyId, SecretRecord[]>> {
  if (keyIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('captcha_secret')
    .select(['key_id', 'last_four as lastFour', 'made_at as madeAt', 'ends_at as endsAt'])
    .where('key_id', 'in', keyIds)
    .where((where) => where.or([where('ends_at', 'is', null), where('ends_at', '>', now)]))
    .orderBy('made_at', 'desc')
    .orderBy(sql`ends_at is null`, 'desc')
    .execute();
  const found = new Map<CaptchaKeyId, SecretRecord[]>();
  for (const { key_id: keyId, ...secret } of rows) found.set(keyId, [...(found.get(keyId) ?? []), secret]);
  return found;
}

/** Adds a secret. The one that had no end gets one; those that had one go, so that two live at most. */
export async function renewSecret(
  db: Db,
  secret: { readonly keyId: CaptchaKeyId; readonly sha256: string; readonly lastFour: string },
  { at, oldEndsAt }: { readonly at: Instant; readonly oldEndsAt: Instant },
): Promise<void> {
  const { keyId, sha256, lastFour } = secret;
  await db.deleteFrom('captcha_secret').where('key_id', '=', keyId).where('ends_at', 'is not', null).execute();
  await db
    .updateTable('captcha_secret')
    .set({ ends_at: oldEndsAt })
    .where('key_id', '=', keyId)
    .where('ends_at', 'is', null)
    .execute();
  await db
    .insertInto('captcha_secret')
    .values({ sha256, key_id: keyId, last_four: lastFour, made_at: at, ends_at: null })
    .execute();
}

export type Suspension = {
  readonly orderId: OrderId;
  readonly since: Instant;
  readonly until: Instant | null;
  readonly statement: string | null;
};

/** Puts keys under an order, or gives those that are under it already its times of now. */
export async function suspendKeys(db: Db, keyIds: readonly CaptchaKeyId[], suspension: Suspension): Promise<void> {
  if (keyIds.length === 0) return;
  const { orderId, since, until, statement } = suspension;
  await db
    .insertInto('captcha_suspension')
    .values(keyIds.map((keyId) => ({ key_id: keyId, order_id: orderId, since, until, statement })))
    .onConflict((conflict) => conflict.columns(['key_id', 'order_id']).doUpdateSet({ since, until, statement }))
    .execute();
}

/** Gives all that an order suspends its times of now, also what it would no longer find. */
export async function retimeSuspensions(
  db: Db,
  orderId: OrderId,
  { since, until }: { readonly since: Instant; readonly until: Instant },
): Promise<void> {
  await db.updateTable('captcha_suspension').set({ since, until }).where('order_id', '=', orderId).execute();
}

/** Ends whatever an order suspends, also keys that it would no longer find. */
export async function endSuspensions(db: Db, orderId: OrderId, at: Instant): Promise<void> {
  await sql`update captcha_suspension set until = least(until, ${at}::timestamptz) where order_id = ${orderId}`.execute(db);
}

/** Site keys under an order, whether it is in force or not; removed ones are left out. */
export async function suspendedSiteKeys(db: Db, orderId: OrderId): Promise<string[]> {
  const rows = await db
    .selectFrom('captcha_suspension')
    .innerJoin('captcha_key', 'captcha_key.key_id', 'captcha_suspension.key_id')
    .select('site_key')
    .where('order_id', '=', orderId)
    .where('removed_at', 'is', null)
    .orderBy('site_key')
    .execute();
  return rows.map(({ site_key: siteKey }) => siteKey);
}

/** Of the site keys under an order: those that another order suspends at an instant. */
export async function otherwiseSuspended(db: Db, orderId: OrderId, now: Instant): Promise<string[]> {
  const { rows } = await sql<{ site_key: string }>`select distinct k.site_key from captcha_suspension own
    join captcha_suspension other on other.key_id = own.key_id and other.order_id <> own.order_id
    join captcha_key k on k.key_id = own.key_id
    where own.order_id = ${orderId} and other.since <= ${now}::timestamptz and (other.until is null or other.until > ${now}::timestamptz)`.execute(
    db,
  );
  return rows.map(({ site_key: siteKey }) => siteKey);
}

export type SuspendedNow = { readonly since: Instant; readonly until: Instant; readonly decision: DecisionNumber };

/** What suspends each of these keys at an instant; of several orders the one that ends last. `all`: also those still to begin. */
export async function suspensionsOf(
  db: Db,
  keyIds: readonly CaptchaKeyId[],
  now: Instant,
  which: 'begun' | 'all' = 'begun',
): Promise<Map<CaptchaKeyId, SuspendedNow>> {
  if (keyIds.length === 0) return new Map();
  let query = db
    .selectFrom('captcha_suspension')
    .innerJoin('shield_order', 'shield_order.order_id', 'captcha_suspension.order_id')
    .select(['key_id', 'since', sql<Instant>`coalesce(until, ends_at)`.as('ends'), sql<DecisionNumber>`decision`.as('decision')])
    .where('key_id', 'in', keyIds)
    .where((where) => where.or([where('until', 'is', null), where('until', '>', now)]));
  if (which === 'begun') query = query.where('since', '<=', now);
  const rows = await query.orderBy('ends').execute();
  return new Map(rows.map(({ key_id: keyId, ends: until, ...rest }) => [keyId, { ...rest, until }]));
}

const Hostnames = z.array(Hostname);

function recordOf(row: Selectable<CaptchaKeyTable>): CaptchaKeyOwned {
  return {
    keyId: row.key_id,
    siteKey: row.site_key,
    name: row.name,
    accountId: row.account_id,
    siteId: row.owner_site_id,
    hostnames: Hostnames.parse(row.hostnames),
    kind: row.kind,
    level: row.level,
    createdAt: row.created_at,
    version: row.version,
  };
}

function rowOf(key: CaptchaKeyOwned) {
  return {
    key_id: key.keyId,
    site_key: key.siteKey,
    name: key.name,
    account_id: key.accountId,
    owner_site_id: key.siteId,
    hostnames: key.hostnames,
    kind: key.kind,
    level: key.level,
    created_at: key.createdAt,
    version: key.version,
    removed_at: null,
  };
}
