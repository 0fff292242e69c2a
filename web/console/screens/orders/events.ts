/** The story of an order as events: what has happened, and what is still to come. Pure. */
import type { Order } from '../../../../contract/routes/orders.ts';
import { orders } from '../../words/en/orders.ts';

const words = orders.detail.events;

export type OrderEvent = { readonly at: string; readonly text: string; readonly detail: string | null; readonly past: boolean };

/** The events of an order as seen at `nowMs`. Withdrawn and lapsed orders carry no instant of their own, so they stand last. */
export function eventsOf(order: Order, nowMs: number): readonly OrderEvent[] {
  const events: Omit<OrderEvent, 'past'>[] = [];
  const broken = order.breakGlass;
  events.push({
    at: order.proposedAt,
    text: broken === null ? words.proposed(order.proposer.name) : words.broken(order.proposer.name),
    detail: broken?.reason ?? null,
  });
  if (order.confirmer !== null && order.confirmedAt !== null) {
    events.push({ at: order.confirmedAt, text: words.confirmed(order.confirmer.name), detail: null });
  }
  const began = Date.parse(order.startsAt) > Date.parse(order.confirmedAt ?? order.proposedAt) + 1000;
  if (began && (order.state === 'confirmed' || order.state === 'expired' || order.state === 'lifted')) {
    events.push({ at: order.startsAt, text: Date.parse(order.startsAt) <= nowMs ? words.started : words.starts, detail: null });
  }
  if (order.state === 'lifted' && order.liftedAt !== null) {
    events.push({ at: order.liftedAt, text: words.lifted(order.lifter?.name ?? '–'), detail: order.liftReason });
  } else if (order.state === 'expired') {
    events.push({ at: order.liftedAt ?? order.endsAt, text: words.expired, detail: null });
  } else if (order.state === 'withdrawn') {
    events.push({ at: order.liftedAt ?? order.proposedAt, text: words.withdrawn, detail: order.liftReason });
  } else if (order.state === 'lapsed') {
    events.push({ at: order.endsAt, text: words.lapsed, detail: null });
  } else if (broken !== null && order.confirmer === null) {
    events.push({ at: broken.expiresAt, text: words.breakGlassEnds, detail: null });
  } else if (order.state === 'confirmed') {
    events.push({ at: order.endsAt, text: words.ends, detail: null });
  }
  return events.map((event) => ({ ...event, past: Date.parse(event.at) <= nowMs }));
}
