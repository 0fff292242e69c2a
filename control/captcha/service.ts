/**
 * Captcha keys: made, changed, their secrets rotated, removed. Each act is one transaction with its audit line, and providers are told after it.
 *
 * A secret is made here, shown in the answer and kept as its hash; it is in no log and no audit line. Whoever changes a key is met by the orders
 * that cover it (control/captcha/suspend.ts): making, moving or removing a key is no way around one.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { captchaSecretPrefix } from '../../contract/captcha-secret.ts';
import { CaptchaKeyId, idPrefix } from '../../contract/ids.ts';
import type { AccountId, SiteId } from '../../contract/ids.ts';
import { mostCaptchaKeys } from '../../contract/routes/captcha-keys.ts';
import type { CaptchaKeyChange, CaptchaKeyDraft } from '../../contract/routes/captcha-keys.ts';
import { instantOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import {
  countAccountKeys,
  findOwnedKey,
  insertCaptchaKey,
  lockAccount,
  markKeyRemoved,
  renewSecret,
  replaceCaptchaKey,
  suspensionsOf,
} from '../../store/captcha-keys.ts';
import type { CaptchaKeyOwned } from '../../store/captcha-keys.ts';
import { hasAccount } from '../../store/house.ts';
import { findSite } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import type { Work } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import type { FieldMistake } from '../http/failure.ts';
import { parseHostnames } from '../sites/hostnames.ts';
import { suspendByOrders } from './suspend.ts';

type Deps = Pick<ControlDeps, 'store' | 'now' | 'publicUrl' | 'houseAccount'>;
type Draft = z.output<typeof CaptchaKeyDraft>;
type Change = z.output<typeof CaptchaKeyChange>;

export type MadeKey = { readonly key: CaptchaKeyOwned; readonly secret: string };

/** Makes a key with its first secret. Throws Failure `bad-request`, `not-found`, `wrong-state`. */
export function addCaptchaKey(deps: Deps, caller: Caller, draft: Draft): Promise<MadeKey> {
  const typed = draft.hostnames === undefined ? null : namesOf(draft.hostnames);
  return transact(deps.store, async (unit) => {
    const site = draft.siteId === undefined ? null : await siteOf(unit, caller, draft.siteId);
    const accountId = await accountOf(deps, unit, caller, draft, site);
    const hostnames = typed ?? site?.hostnames.map(({ hostname }) => hostname) ?? [];
    if (hostnames.length === 0) mayBeForAny(caller);
    await lockAccount(unit.tx, accountId);
    if ((await countAccountKeys(unit.tx, accountId)) >= mostCaptchaKeys)
      throw new Failure(
        'wrong-state',
        `This account has ${mostCaptchaKeys} keys, and no more fit. Remove one that is not used. Nothing was changed.`,
      );
    const at = nowOf(deps);
    const key: CaptchaKeyOwned = {
      keyId: CaptchaKeyId.parse(randomId(idPrefix.captchaKey)),
      siteKey: randomUUID(),
      name: draft.name,
      accountId,
      siteId: site?.siteId ?? null,
      hostnames,
      kind: draft.kind ?? 'managed',
      level: draft.level ?? 'normal',
      createdAt: at,
      version: 1,
    };
    await insertCaptchaKey(unit.tx, key);
    const { secret, hashed } = newSecret();
    await renewSecret(unit.tx, { keyId: key.keyId, ...hashed }, { at, oldEndsAt: at });
    await suspendByOrders(unit, key, deps.publicUrl);
    const detail = { siteId: key.siteId, hostnames: [...hostnames], kind: key.kind, level: key.level };
    await addAudit(unit.tx, { at, who: caller, act: 'captcha-key.add', subject: key.keyId, detail });
    unit.ringAfter('captcha-keys', key.siteKey);
    return { key, secret };
  });
}

/** Changes what is given and leaves the rest. Throws Failure: see the route's errors. */
export function changeCaptchaKey(deps: Deps, caller: Caller, keyId: CaptchaKeyId, change: Change): Promise<CaptchaKeyOwned> {
  const hostnames = change.hostnames === undefined ? null : namesOf(change.hostnames);
  return transact(deps.store, async (unit) => {
    // The site before the key, as orders do.
    const site = change.siteId === undefined || change.siteId === null ? null : await siteOf(unit, caller, change.siteId);
    const held = await lockKey(unit, caller, keyId);
    if (change.version !== undefined && change.version !== held.version)
      throw new Failure(
        'conflict',
        `Somebody changed this key meanwhile (it is at version ${held.version}, you had ${change.version}). Nothing was changed; look again.`,
      );
    if (site !== null && site.accountId !== held.accountId)
      throw badFields([{ path: 'siteId', message: 'is a site of another account' }]);
    const next: CaptchaKeyOwned = {
      ...held,
      name: change.name ?? held.name,
      siteId: change.siteId === undefined ? held.siteId : (site?.siteId ?? null),
      hostnames: hostnames ?? held.hostnames,
      kind: change.kind ?? held.kind,
      level: change.level ?? held.level,
      version: held.version + 1,
    };
    if (next.hostnames.length === 0 && held.hostnames.length > 0) mayBeForAny(caller);
    if (next.siteId !== held.siteId) await refuseUnderOrder(deps, unit, held, 'It stays with its site');
    await replaceCaptchaKey(unit.tx, next);
    await suspendByOrders(unit, next, deps.publicUrl);
    const changed = (['name', 'siteId', 'hostnames', 'kind', 'level'] as const).filter((field) => change[field] !== undefined);
    const detail = { changed: [...changed], siteId: next.siteId, hostnames: [...next.hostnames], level: next.level };
    await addAudit(unit.tx, { at: nowOf(deps), who: caller, act: 'captcha-key.change', subject: keyId, detail });
    unit.ringAfter('captcha-keys', next.siteKey);
    return next;
  });
}

/** Makes a new secret; the one before is taken for so many hours more. Throws Failure `not-found`. */
export function renewCaptchaSecret(deps: Deps, caller: Caller, keyId: CaptchaKeyId, oldEndsInHours: number): Promise<MadeKey> {
  return transact(deps.store, async (unit) => {
    const key = await lockKey(unit, caller, keyId);
    const at = nowOf(deps);
    const { secret, hashed } = newSecret();
    await renewSecret(unit.tx, { keyId, ...hashed }, { at, oldEndsAt: instantOf(deps.now() + oldEndsInHours * 3_600_000) });
    const detail = { lastFour: hashed.lastFour, oldEndsInHours };
    await addAudit(unit.tx, { at, who: caller, act: 'captcha-key.renew-secret', subject: keyId, detail });
    unit.ringAfter('captcha-keys', key.siteKey);
    return { key, secret };
  });
}

/** Removes a key. Throws Failure `not-found`, `site-under-order`. */
export async function removeCaptchaKey(deps: Deps, caller: Caller, keyId: CaptchaKeyId): Promise<void> {
  await transact(deps.store, async (unit) => {
    const key = await lockKey(unit, caller, keyId);
    await refuseUnderOrder(deps, unit, key, 'It stays, with its statement');
    const at = nowOf(deps);
    await markKeyRemoved(unit.tx, keyId, at);
    const detail = { siteKey: key.siteKey, name: key.name };
    await addAudit(unit.tx, { at, who: caller, act: 'captcha-key.remove', subject: keyId, detail });
    unit.ringAfter('captcha-keys', key.siteKey);
  });
}

/** A secret of 256 bits, and what is kept of it. */
function newSecret() {
  const secret = `${captchaSecretPrefix}${randomBytes(32).toString('base64url')}`;
  return { secret, hashed: { sha256: createHash('sha256').update(secret).digest('hex'), lastFour: secret.slice(-4) } };
}

async function lockKey(unit: Work, caller: Caller, keyId: CaptchaKeyId): Promise<CaptchaKeyOwned> {
  const key = await findOwnedKey(unit.tx, keyId, caller.accountId, 'lock');
  if (key === null) throw notFound('captcha key');
  return key;
}

async function siteOf(unit: Work, caller: Caller, siteId: SiteId): Promise<SiteRecord> {
  const site = await findSite(unit.tx, siteId, caller.accountId, 'lock');
  if (site === null) throw notFound('site');
  return site;
}

async function accountOf(deps: Deps, unit: Work, caller: Caller, draft: Draft, site: SiteRecord | null): Promise<AccountId> {
  const wanted = draft.accountId;
  if (site !== null) {
    if (wanted !== undefined && wanted !== site.accountId)
      throw badFields([{ path: 'accountId', message: 'is not the account of this site' }]);
    return site.accountId;
  }
  if (caller.accountId !== null) {
    if (wanted !== undefined && wanted !== caller.accountId) throw notFound('account');
    return caller.accountId;
  }
  if (wanted !== undefined && !(await hasAccount(unit.tx, wanted))) throw notFound('account');
  return wanted ?? deps.houseAccount;
}

function namesOf(typed: readonly string[]) {
  const mistakes: FieldMistake[] = [];
  const hostnames = parseHostnames(typed, mistakes);
  if (mistakes.length > 0) throw badFields(mistakes);
  return hostnames;
}

/** A customer's key names its pages: else no order on one of their sites would find it. */
function mayBeForAny(caller: Caller): void {
  if (caller.accountId !== null)
    throw badFields([{ path: 'hostnames', message: 'name at least one hostname on whose pages the key is used' }]);
}

async function refuseUnderOrder(deps: Deps, unit: Work, key: CaptchaKeyOwned, stays: string): Promise<void> {
  const found = (await suspensionsOf(unit.tx, [key.keyId], nowOf(deps), 'all')).get(key.keyId);
  if (found === undefined) return;
  throw new Failure(
    'site-under-order',
    `Order ${found.decision} suspends this key until ${found.until}. ${stays} until then. Nothing was changed.`,
  );
}

function badFields(mistakes: readonly FieldMistake[]): Failure {
  const told = mistakes.slice(0, 3).map(({ path, message }) => `${path}: ${message}`);
  return new Failure('bad-request', `${told.join('; ')}. Nothing was changed.`, { fields: mistakes });
}
