/**
 * Takes receipts in: checks who signed, keeps each once, counts, tells consoles, alarms on a failed one.
 *
 * Fails closed: a receipt that is not signed by the edge that sends it, or speaks for another edge or group, is not kept and the stream
 * ends. An order that is unknown here (a database that was put back) is answered as kept, so that the edge does not send it for ever.
 */
import { canonicalJson } from '../../contract/canonical.ts';
import { ReceiptId, idPrefix } from '../../contract/ids.ts';
import type { SignedReceipt } from '../../contract/receipt.ts';
import { randomId } from '../../kit/random-id.ts';
import { raiseAlarm } from '../../store/house.ts';
import { findOrder, insertReceipt } from '../../store/orders.ts';
import type { OrderRecord } from '../../store/orders.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { tallyOrders } from '../orders/view.ts';
import type { Subscribed } from './connection.ts';

export type ReceiptVerdict = 'kept' | 'not-its-own';

/** Keeps a receipt. Rejects when the database is away; the edge then sends it again. */
export async function takeReceipt(deps: ControlDeps, edge: Subscribed, receipt: SignedReceipt): Promise<ReceiptVerdict> {
  const { body, signature } = receipt;
  const bodyText = canonicalJson(body);
  if (body.edgeId !== edge.edgeId || body.group !== edge.group || !edge.verify(bodyText, signature)) return 'not-its-own';
  const order = await transact(deps.store, async (unit): Promise<OrderRecord | null> => {
    const about = await findOrder(unit.tx, body.orderId, null);
    // Of an order of another group an edge knows nothing: its word counts for nobody, and raises no alarm.
    if (about === null || about.group !== edge.group) return null;
    const at = nowOf(deps);
    const receiptId = ReceiptId.parse(randomId(idPrefix.receipt));
    const isNew = await insertReceipt(unit.tx, { receiptId, receivedAt: at, bodyText, signed: receipt });
    if (!isNew) return null;
    if (body.state === 'failed') {
      await raiseAlarm(unit, {
        kind: 'receipt-failed',
        at,
        sentence: `An edge could not show that ${about.decision} is enforced: its probe of ${body.probe.url} answered ${body.probe.status}. ${body.detail ?? ''}`,
        orderId: body.orderId,
        siteId: about.siteId,
        edgeId: edge.edgeId,
      });
    }
    return about;
  });
  if (order === null) return 'kept';
  const tally = (await tallyOrders(deps, [order])).get(order.orderId);
  if (tally !== undefined) {
    const event = { kind: 'receipt', orderId: order.orderId, edgeId: edge.edgeId, state: body.state, tally };
    deps.store.doorbell.ring('live', JSON.stringify(event));
  }
  return 'kept';
}
