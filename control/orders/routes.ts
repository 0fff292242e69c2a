/** The routes of contract/routes/orders.ts, served. */
import * as contract from '../../contract/routes/orders.ts';
import { listCaptchaReceipts } from '../../store/captcha-words.ts';
import { findOrder, listOrders, listReceipts } from '../../store/orders.ts';
import type { OrderRecord } from '../../store/orders.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { notFound } from '../http/failure.ts';
import { readCursor, writeCursor } from '../http/page.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { confirmOrder, liftOrder, placeOrder, withdrawOrder } from './service.ts';
import { viewOrders } from './view.ts';

/** Newest receipts that one answer holds; an order that was changed often has more. */
const mostReceipts = 500;

export function registerOrderRoutes(app: App, deps: ControlDeps): void {
  const { db } = deps.store;
  const view = async (order: OrderRecord | null, caller: Caller) => {
    const [shown] = order === null ? [] : await viewOrders(deps, [order], caller.accountId);
    if (shown === undefined) throw notFound('order');
    return shown;
  };

  registerRoute(app, deps, contract.listOrders, async ({ query, caller }) => {
    const filter = {
      viewer: caller.accountId,
      siteId: query.siteId ?? null,
      states: query.state === undefined ? null : [query.state],
      inForce: query.inForce === undefined ? null : { wanted: query.inForce === 'true', at: nowOf(deps) },
    };
    const page = await listOrders(db, filter, { limit: query.limit, before: readCursor(query.cursor) });
    return { items: await viewOrders(deps, page.orders, caller.accountId), next: writeCursor(page.next), total: page.total };
  });
  registerRoute(app, deps, contract.placeOrder, async ({ body, caller }) => view(await placeOrder(deps, caller, body), caller));
  registerRoute(app, deps, contract.getOrder, async ({ params, caller }) => {
    const order = await view(await findOrder(db, params.orderId, caller.accountId), caller);
    const receipts = await listReceipts(db, params.orderId, mostReceipts);
    if (order.measure !== 'suspend-captcha-keys') return { order, receipts };
    return { order, receipts, captchaReceipts: await listCaptchaReceipts(db, params.orderId, mostReceipts) };
  });
  registerRoute(app, deps, contract.confirmOrder, async ({ params, caller }) =>
    view(await confirmOrder(deps, caller, params.orderId), caller),
  );
  registerRoute(app, deps, contract.withdrawOrder, async ({ params, body, caller }) =>
    view(await withdrawOrder(deps, caller, params.orderId, body.reason), caller),
  );
  registerRoute(app, deps, contract.liftOrder, async ({ params, body, caller }) =>
    view(await liftOrder(deps, caller, params.orderId, body.reason), caller),
  );
}
