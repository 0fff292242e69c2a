/**
 * Captcha keys as the provider reads them, what was used already, and the sealed keys that tokens are signed with.
 *
 * Not here: making and changing keys (store/captcha-keys.ts), their figures (store/captcha-counts.ts). Whoever changes a key, a secret or a
 * suspension rings `captcha-keys` with the site key after the commit, so that providers look again at once.
 */
import { sql } from 'kysely';
import { z } from 'zod';
import type { CheckKind, CheckLevel } from '../contract/captcha.ts';
import { Hostname } from '../contract/hostname.ts';
import type { CaptchaKeyId, Instant } from '../contract/ids.ts';
import type { Db } from './open.ts';
import type { Tx } from './transact.ts';

const Hostnames = z.array(Hostname);

export type CaptchaKeyRecord = {
  readonly keyId: CaptchaKeyId;
  readonly siteKey: string;
  readonly name: string;
  /** Exact, or `*.` and a parent. Empty: any. */
  readonly hostnames: readonly Hostname[];
  readonly kind: CheckKind;
  readonly level: CheckLevel;
  /** Since when an order suspends it, and the address of its public statement. */
  readonly suspended: { readonly since: Instant; readonly statement: string | null } | null;
};

/** The key of a page; null when there is none or it was removed. */
export async function findCaptchaKey(db: Db, siteKey: string, now: Instant): Promise<CaptchaKeyRecord | null> {
  const row = await db
    .selectFrom('captcha_key')
    .select(['key_id', 'site_key', 'name', 'hostnames', 'kind', 'level'])
    .where('site_key', '=', siteKey)
    .where('removed_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return null;
  const suspended = await db
    .selectFrom('captcha_suspension')
    .select(['since', 'statement'])
    .where('key_id', '=', row.key_id)
    .where('since', '<=', now)
    .where((where) => where.or([where('until', 'is', null), where('until', '>', now)]))
    .orderBy('since')
    .executeTakeFirst();
  const { key_id: keyId, site_key, name, hostnames, kind, level } = row;
  return { keyId, siteKey: site_key, name, hostnames: Hostnames.parse(hostnames), kind, level, suspended: suspended ?? null };
}

/** The site key that a secret is for, while both live. */
export async function findCaptchaSecret(db: Db, sha256: string, now: Instant): Promise<string | null> {
  const row = await db
    .selectFrom('captcha_secret')
    .innerJoin('captcha_key', 'captcha_key.key_id', 'captcha_secret.key_id')
    .select('site_key')
    .where('sha256', '=', sha256)
    .where('removed_at', 'is', null)
    .where((where) => where.or([where('ends_at', 'is', null), where('ends_at', '>', now)]))
    .executeTakeFirst();
  return row?.site_key ?? null;
}

/** Marks as used; false when it was used before. Of many processes that say it at once, one is told true. */
export async function spendOnce(db: Db, tokenId: string, expiresAt: Instant): Promise<boolean> {
  const row = await db
    .insertInto('captcha_spent')
    .values({ token_id: tokenId, expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .returning('token_id')
    .executeTakeFirst();
  return row !== undefined;
}

export type AnsweredSpending = {
  readonly tokenId: string;
  readonly expiresAt: Instant;
  readonly idempotencyKey: string;
  readonly answer: unknown;
};

/**
 * As `spendOnce`, with the answer kept under the asker's own key: the answer that holds now (this one, or that of the first time), or null
 * when the token was used under another key or none. In one transaction: a token is never used without its answer.
 */
export async function spendAnswered(tx: Tx, { tokenId, expiresAt, idempotencyKey, answer }: AnsweredSpending): Promise<unknown> {
  if (await spendOnce(tx, tokenId, expiresAt)) {
    await tx
      .insertInto('captcha_answered')
      .values({ idempotency_key: idempotencyKey, token_id: tokenId, answer: JSON.stringify(answer), expires_at: expiresAt })
      .execute();
    return answer;
  }
  const row = await tx
    .selectFrom('captcha_answered')
    .select('answer')
    .where('token_id', '=', tokenId)
    .where('idempotency_key', '=', idempotencyKey)
    .executeTakeFirst();
  return row?.answer ?? null;
}

/** Forgets what was used and has expired by then. */
export async function forgetSpent(db: Db, before: Instant): Promise<void> {
  await db.deleteFrom('captcha_answered').where('expires_at', '<', before).execute();
  await db.deleteFrom('captcha_spent').where('expires_at', '<', before).execute();
}

export type SealedMacKey = { readonly name: string; readonly sealed: Uint8Array; readonly madeAt: Instant };

/** The live keys, the newest first. */
export async function listMacKeys(db: Db): Promise<SealedMacKey[]> {
  const rows = await db.selectFrom('captcha_mac_key').selectAll().orderBy('made_at', 'desc').orderBy('name').execute();
  return rows.map(({ name, sealed, made_at: madeAt }) => ({ name, sealed, madeAt }));
}

/**
 * Adds a key when the newest is older than that, and forgets all but the newest two. Of several processes that do it at once, one adds.
 * Returns the live keys, the newest first.
 */
export async function renewMacKeys(tx: Tx, olderThan: Instant, make: () => SealedMacKey): Promise<SealedMacKey[]> {
  await sql`lock table captcha_mac_key in share row exclusive mode`.execute(tx);
  const [newest, before] = await listMacKeys(tx);
  if (newest !== undefined && newest.madeAt >= olderThan) return before === undefined ? [newest] : [newest, before];
  const made = make();
  await tx
    .insertInto('captcha_mac_key')
    .values({ name: made.name, sealed: Buffer.from(made.sealed), made_at: made.madeAt })
    .execute();
  const live = newest === undefined ? [made] : [made, newest];
  await tx
    .deleteFrom('captcha_mac_key')
    .where(
      'name',
      'not in',
      live.map(({ name }) => name),
    )
    .execute();
  return live;
}

/** The database's own time: what several processes go by. */
export async function databaseNow(db: Db): Promise<Instant> {
  const { rows } = await sql<{ now: Instant }>`select clock_timestamp() as now`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('the database told no time');
  return row.now;
}
