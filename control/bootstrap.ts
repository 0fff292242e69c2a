/**
 * What a start makes sure of: a default edge group with its first clearance key, the provider's item, the house's account, and that
 * open orders name today's public address. Safe to run at every start and in several processes at once.
 *
 * Key and provider come in one revision: an edge refuses a policy without exactly one current key.
 */
import type { AccountId } from '../contract/ids.ts';
import type { ProviderPolicy } from '../contract/policy.ts';
import { findHead, insertGroup, listHeads, lockClearanceKeys, recordChanges, setKeyNumber } from '../store/change-log.ts';
import type { PolicyChange } from '../store/change-log.ts';
import { markAllAway } from '../store/edges.ts';
import { brokenUniqueKey } from '../store/errors.ts';
import { settleHouseAccount } from '../store/house.ts';
import { listOrders, replaceOrder } from '../store/orders.ts';
import type { Store } from '../store/open.ts';
import { transact } from '../store/transact.ts';
import { nowOf } from './deps.ts';
import { nextKeys } from './edges/clearance-keys.ts';
import { defaultGroup } from './edges/routes.ts';
import { orderChange } from './orders/policy.ts';

type Needs = { readonly store: Store; readonly now: () => number; readonly provider: string; readonly publicUrl: string };

/** Makes the first things; returns the house's account. */
export async function settleHouse(deps: Needs): Promise<AccountId> {
  const { store } = deps;
  const account = await settleHouseAccount(store.db, deps.provider, nowOf(deps));
  await settleDefaultGroup(deps);
  // The embedded database has one control process, and that one has only begun: no edge can be connected.
  if (store.kind === 'embedded') await markAllAway(store.db);
  const provider: ProviderPolicy = { kind: 'provider', name: deps.provider, publicUrl: deps.publicUrl };
  for (const { group } of await listHeads(store.db)) {
    await transact(store, async (unit) => {
      const held = await lockClearanceKeys(unit.tx, group);
      const at = nowOf(deps);
      const items: PolicyChange[] = [{ upsert: provider }];
      if (held !== null && held.keys.length === 0) {
        items.push(...nextKeys([], held.nextNumber, true).items);
        await setKeyNumber(unit.tx, group, held.nextNumber, at);
      }
      await recordChanges(unit, { group, class: 'slow', at, items });
    });
  }
  await renewOrders(deps);
  return account;
}

async function settleDefaultGroup(deps: Needs): Promise<void> {
  try {
    await transact(deps.store, async (unit) => {
      if ((await findHead(unit.tx, defaultGroup)) === null) await insertGroup(unit.tx, defaultGroup, nowOf(deps));
    });
  } catch (error) {
    // Another process made it in the same moment.
    if (brokenUniqueKey(error) === null) throw error;
  }
}

/** Notices link to the statement: when the public address changes, confirmed orders go to the edges with the new one. */
async function renewOrders(deps: Needs): Promise<void> {
  const filter = { viewer: null, siteId: null, states: ['confirmed'] as const, inForce: null };
  let before: number | null = null;
  do {
    const page = await listOrders(deps.store.db, filter, { limit: 500, before });
    for (const order of page.orders) {
      await transact(deps.store, async (unit) => {
        const at = nowOf(deps);
        const items = [orderChange(order, deps.publicUrl)];
        const revision = await recordChanges(unit, { group: order.group, class: 'fast', at, items });
        if (revision !== null) await replaceOrder(unit.tx, { ...order, revision, committedAt: at });
      });
    }
    before = page.next;
  } while (before !== null);
}
