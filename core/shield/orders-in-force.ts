/**
 * Which orders are in force at an instant, and when that changes next.
 *
 * An order is in force from `startsAt` up to, not including, `endsAt`. Edges decide this by their own clock, so that an order starts
 * and ends with the control plane dead. Hazard: an edge whose clock is wrong is wrong by as much.
 * Pure: the time is an argument, in milliseconds since 1970 (UTC).
 */
import type { OrderPolicy } from '../../contract/policy.ts';

type Span = Pick<OrderPolicy, 'startsAt' | 'endsAt'>;

/** Whether an order is in force at an instant. */
export function isInForce(order: Span, atMs: number): boolean {
  return Date.parse(order.startsAt) <= atMs && atMs < Date.parse(order.endsAt);
}

/** The first instant after `atMs` at which an order of the list starts or ends; `null` when none ever will. */
export function nextChangeMs(orders: Iterable<Span>, atMs: number): number | null {
  let next: number | null = null;
  for (const order of orders) {
    for (const edge of [Date.parse(order.startsAt), Date.parse(order.endsAt)]) {
      if (edge > atMs && (next === null || edge < next)) next = edge;
    }
  }
  return next;
}
