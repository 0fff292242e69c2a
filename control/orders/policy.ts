/** An order's record becomes the policy item that edges get, or none once it is over. Pure. */
import { ItemKey } from '../../contract/policy.ts';
import type { OrderPolicy } from '../../contract/policy.ts';
import { effectiveEnd } from '../../core/shield/orders.ts';
import type { OrderFacts } from '../../core/shield/orders.ts';
import type { PolicyChange } from '../../store/change-log.ts';
import type { OrderRecord } from '../../store/orders.ts';

/** An order as core/shield/orders.ts reads it. */
export function factsOf(order: OrderRecord): OrderFacts {
  return {
    state: order.state,
    startsAt: order.startsAt,
    endsAt: order.endsAt,
    proposerId: order.proposer.personId,
    confirmerId: order.confirmer?.personId ?? null,
    breakGlassExpiresAt: order.breakGlass?.expiresAt ?? null,
  };
}

export function statementUrl(publicUrl: string, decision: string): string {
  return `${publicUrl}/decisions/${decision}`;
}

export function appealUrl(publicUrl: string): string {
  return `${publicUrl}/appeal`;
}

/** What the change log gets for the present state of an order: edges hold confirmed ones, with the end that holds as things stand. */
export function orderChange(order: OrderRecord, publicUrl: string): PolicyChange {
  if (order.state !== 'confirmed' || order.startsAt === null) return { remove: ItemKey.parse(`order:${order.orderId}`) };
  const policy: OrderPolicy = {
    kind: 'order',
    orderId: order.orderId,
    decision: order.decision,
    measure: order.measure,
    scope: { siteId: order.siteId, hostnames: [...order.hostnames], path: order.path },
    basis: order.basis,
    publicReason: order.publicReason,
    requestsPer10s: order.requestsPer10s,
    startsAt: order.startsAt,
    endsAt: effectiveEnd(factsOf(order)),
    statementUrl: statementUrl(publicUrl, order.decision),
    appealUrl: appealUrl(publicUrl),
  };
  return { upsert: policy };
}
