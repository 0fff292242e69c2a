/**
 * What may happen to an order, and to whom it is allowed: the state table, as pure decisions.
 *
 * `proposed` → `confirmed` → `lifted` | `expired`; `proposed` → `withdrawn` | `lapsed`. Break-glass: placed as `confirmed` without a
 * confirmer; it ends at `breakGlassExpiresAt` unless a second person confirms it before. Nobody confirms what they proposed.
 * Fails closed: an act that the table does not name is refused.
 * Times are arguments (milliseconds since 1970, UTC). Not here: who holds which role (contract/access.ts), where orders are kept.
 */
import type { Instant, PersonId } from '../../contract/ids.ts';
import type { Measure } from '../../contract/policy.ts';
import type { OrderState } from '../../contract/routes/orders.ts';

export type OrderFacts = {
  readonly state: OrderState;
  /** Null while it is proposed to start with its confirmation. */
  readonly startsAt: Instant | null;
  readonly endsAt: Instant;
  readonly proposerId: PersonId;
  readonly confirmerId: PersonId | null;
  /** Null unless it was placed by break-glass. */
  readonly breakGlassExpiresAt: Instant | null;
};

export type OrderAct =
  | { readonly kind: 'confirm'; readonly by: PersonId }
  | { readonly kind: 'withdraw'; readonly by: PersonId }
  | { readonly kind: 'lift'; readonly by: PersonId }
  /** What the clock alone does. */
  | { readonly kind: 'time' };

export type OrderStep =
  | {
      readonly ok: true;
      readonly change: 'confirm' | 'endorse' | 'withdraw' | 'lift' | 'expire' | 'lapse';
      readonly state: OrderState;
    }
  | { readonly ok: true; readonly change: 'none'; readonly state: OrderState }
  | { readonly ok: false; readonly code: 'same-person' | 'wrong-state'; readonly why: string };

/** What an act does to an order at an instant, or why not. */
export function step(order: OrderFacts, act: OrderAct, atMs: number): OrderStep {
  const over = atMs >= Date.parse(effectiveEnd(order));
  switch (order.state) {
    case 'proposed':
      if (act.kind === 'time') return over ? done('lapse', 'lapsed') : unchanged(order);
      if (act.kind === 'withdraw') return done('withdraw', 'withdrawn');
      if (act.kind === 'lift') return wrong('It is only proposed: withdraw it, or let it lapse.');
      if (order.proposerId === act.by) return samePerson();
      return over ? wrong('Its end has passed, so it can no longer be confirmed.') : done('confirm', 'confirmed');
    case 'confirmed':
      if (act.kind === 'time') return over ? done('expire', 'expired') : unchanged(order);
      if (over) return wrong('Its end has passed.');
      if (act.kind === 'lift') return done('lift', 'lifted');
      if (act.kind === 'withdraw') return wrong('It was confirmed: lift it.');
      if (!isUnendorsed(order)) return wrong('It was confirmed already.');
      return order.proposerId === act.by ? samePerson() : done('endorse', 'confirmed');
    case 'lifted':
    case 'expired':
    case 'withdrawn':
    case 'lapsed':
      return act.kind === 'time' ? unchanged(order) : wrong(`It is ${order.state}: nothing can happen to it any more.`);
    default:
      return order.state satisfies never;
  }
}

/** The instant at which the order ends by itself as things stand: its end, or the break-glass time if that is sooner. */
export function effectiveEnd(order: Pick<OrderFacts, 'endsAt' | 'confirmerId' | 'breakGlassExpiresAt'>): Instant {
  const { endsAt, breakGlassExpiresAt } = order;
  if (breakGlassExpiresAt === null || order.confirmerId !== null) return endsAt;
  return Date.parse(breakGlassExpiresAt) < Date.parse(endsAt) ? breakGlassExpiresAt : endsAt;
}

/** Whether an order answers visitors at an instant. */
export function isOrderInForce(order: OrderFacts, atMs: number): boolean {
  return publicState(order, atMs) === 'in-force';
}

/** What the public may know: nothing of proposals, and of the others how they stand. */
export function publicState(order: OrderFacts, atMs: number): 'in-force' | 'scheduled' | 'lifted' | 'expired' | null {
  switch (order.state) {
    case 'proposed':
    case 'withdrawn':
    case 'lapsed':
      return null;
    case 'lifted':
    case 'expired':
      return order.state;
    case 'confirmed':
      if (order.startsAt === null || atMs < Date.parse(order.startsAt)) return 'scheduled';
      return atMs < Date.parse(effectiveEnd(order)) ? 'in-force' : 'expired';
    default:
      return order.state satisfies never;
  }
}

/** Whether one person placed it by break-glass and no second one has confirmed it yet. */
function isUnendorsed(order: Pick<OrderFacts, 'confirmerId' | 'breakGlassExpiresAt'>): boolean {
  return order.breakGlassExpiresAt !== null && order.confirmerId === null;
}

export type DraftFacts = {
  readonly measure: Measure;
  readonly path: string | null;
  readonly requestsPer10s: number | null;
  readonly startsAt: Instant | null;
  readonly endsAt: Instant;
  readonly breakGlass: boolean;
};

/** The longest time that an order may be in force; after that it must be decided again. */
const longestOrderDays = 400;

/** Every mistake of a draft at once, by field; empty when it is good. */
export function draftMistakes(draft: DraftFacts, atMs: number): { path: string; message: string }[] {
  const found: { path: string; message: string }[] = [];
  const say = (path: string, message: string) => void found.push({ path, message });
  if (draft.measure === 'notice-on-path' && draft.path === null) say('path', 'is needed for a notice on a path');
  if (draft.measure !== 'notice-on-path' && draft.path !== null) say('path', 'belongs to a notice on a path only');
  if (draft.measure === 'rate-limit' && draft.requestsPer10s === null) say('requestsPer10s', 'is needed for a rate limit');
  if (draft.measure !== 'rate-limit' && draft.requestsPer10s !== null) say('requestsPer10s', 'belongs to a rate limit only');
  const ends = Date.parse(draft.endsAt);
  const starts = draft.startsAt === null ? atMs : Date.parse(draft.startsAt);
  if (ends <= atMs) say('endsAt', 'must be in the future');
  else if (ends <= starts) say('endsAt', 'must be after the start');
  else if (ends - starts > longestOrderDays * 86_400_000)
    say('endsAt', `must be at most ${longestOrderDays} days after the start`);
  if (draft.breakGlass && starts > atMs)
    say('startsAt', 'must be left out with break-glass, which is for danger that does not wait');
  return found;
}

function done(change: 'confirm' | 'endorse' | 'withdraw' | 'lift' | 'expire' | 'lapse', state: OrderState): OrderStep {
  return { ok: true, change, state };
}

function unchanged(order: OrderFacts): OrderStep {
  return { ok: true, change: 'none', state: order.state };
}

function wrong(why: string): OrderStep {
  return { ok: false, code: 'wrong-state', why };
}

function samePerson(): OrderStep {
  return { ok: false, code: 'same-person', why: 'You proposed it: somebody else must confirm it.' };
}
