/** The state of an order as it is shown. Pure. */
import type { Order } from '../../../../contract/routes/orders.ts';

export type ShownState = Order['state'] | 'inForce' | 'scheduled';

/** A confirmed order is in force, or its start has not come. */
export function shownState(order: Pick<Order, 'state' | 'inForce'>): ShownState {
  if (order.inForce) return 'inForce';
  return order.state === 'confirmed' ? 'scheduled' : order.state;
}
