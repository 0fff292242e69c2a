/**
 * Orders that suspend captcha keys: what they cover is written beside them, in the transaction of the order or of the key, so that a provider needs one look.
 *
 * The same two questions from both sides: an order that changes looks for its keys, a key that is made or changed looks for orders. Both hold
 * the account's row meanwhile, so that neither passes the other unseen. Times are the order's: a provider begins and ends by its own clock.
 * Closed: a key under an order stays under it, whatever becomes of its site and hostnames.
 */
import type { Instant } from '../../contract/ids.ts';
import { suspendsKey } from '../../core/captcha/suspension.ts';
import { effectiveEnd } from '../../core/shield/orders.ts';
import {
  accountKeys,
  endSuspensions,
  lockAccount,
  openSuspendingOrders,
  retimeSuspensions,
  suspendedSiteKeys,
  suspendKeys,
} from '../../store/captcha-keys.ts';
import type { CaptchaKeyOwned } from '../../store/captcha-keys.ts';
import { findOrder } from '../../store/orders.ts';
import type { OrderRecord } from '../../store/orders.ts';
import { findSite } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import type { Work } from '../../store/transact.ts';
import { factsOf, statementUrl } from '../orders/policy.ts';

/** Brings the keys of an order to its present state. Its site and its own row are locked; the edge group is not yet. */
export async function suspendKeysOf(unit: Work, order: OrderRecord, publicUrl: string, at: Instant): Promise<void> {
  if (order.measure !== 'suspend-captcha-keys') return;
  await lockAccount(unit.tx, order.accountId);
  if (order.state === 'confirmed') {
    const site = await findSite(unit.tx, order.siteId, null);
    const keys = site === null ? [] : await accountKeys(unit.tx, order.accountId);
    const found = keys.filter((key) => site !== null && suspendsKey(orderedSite(order, site), key));
    await retimeSuspensions(unit.tx, order.orderId, timesOf(order));
    await put(unit, order, found, publicUrl);
  } else await endSuspensions(unit.tx, order.orderId, at);
  for (const siteKey of await suspendedSiteKeys(unit.tx, order.orderId)) unit.ringAfter('captcha-keys', siteKey);
}

/** Puts a key under the orders that cover it as it is now. */
export async function suspendByOrders(unit: Work, key: CaptchaKeyOwned, publicUrl: string): Promise<void> {
  await lockAccount(unit.tx, key.accountId);
  for (const orderId of await openSuspendingOrders(unit.tx, key.accountId)) {
    const order = await findOrder(unit.tx, orderId, null);
    const site = order === null ? null : await findSite(unit.tx, order.siteId, null);
    if (order !== null && site !== null && suspendsKey(orderedSite(order, site), key)) await put(unit, order, [key], publicUrl);
  }
}

function put(unit: Work, order: OrderRecord, keys: readonly CaptchaKeyOwned[], publicUrl: string): Promise<void> {
  const { orderId, decision } = order;
  const keyIds = keys.map(({ keyId }) => keyId);
  return suspendKeys(unit.tx, keyIds, { orderId, ...timesOf(order), statement: statementUrl(publicUrl, decision) });
}

function timesOf(order: OrderRecord) {
  return { since: order.startsAt ?? order.proposedAt, until: effectiveEnd(factsOf(order)) };
}

function orderedSite({ siteId, accountId, hostnames: scope }: OrderRecord, { hostnames }: SiteRecord) {
  return { siteId, accountId, scope, hostnames: hostnames.map(({ hostname }) => hostname) };
}
