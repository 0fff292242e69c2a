/**
 * Orders: propose (or break glass), confirm, withdraw, lift, and what time does to them. Each act is one transaction with its change
 * for the edges and its audit line; core/shield/orders.ts decides whether it may happen, on a locked record.
 */
import type { z } from 'zod';
import { ExactHostname, hostnameCovers, parseHostname } from '../../contract/hostname.ts';
import { OrderId, idPrefix } from '../../contract/ids.ts';
import type { Instant } from '../../contract/ids.ts';
import type { OrderDraft } from '../../contract/routes/orders.ts';
import { instantOf } from '../../core/instant.ts';
import { accessIsFreshDays, mayBeOneHand } from '../../core/identity/one-hand.ts';
import { draftMistakes, step } from '../../core/shield/orders.ts';
import type { OrderAct } from '../../core/shield/orders.ts';
import { randomId } from '../../kit/random-id.ts';
import { accessGivenSince, addAudit } from '../../store/audit.ts';
import { recordChanges } from '../../store/change-log.ts';
import { raiseAlarm } from '../../store/house.ts';
import { findOrder, insertOrder, nextDecision, replaceOrder } from '../../store/orders.ts';
import type { NamedPerson, OrderRecord } from '../../store/orders.ts';
import { findSite } from '../../store/sites.ts';
import type { SiteRecord, Viewer } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import type { Work } from '../../store/transact.ts';
import { suspendKeysOf } from '../captcha/suspend.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import type { FieldMistake } from '../http/failure.ts';
import { factsOf, orderChange } from './policy.ts';
import { recordOrder } from '../record/leaves.ts';

export type OrderDeps = Pick<ControlDeps, 'store' | 'now' | 'publicUrl' | 'breakGlassSeconds' | 'orderChanges'>;
type Deps = OrderDeps;

/** Proposes an order, or with break-glass puts it in force at once. Throws Failure: see the route's errors. */
export function placeOrder(deps: Deps, caller: Caller, draft: z.output<typeof OrderDraft>): Promise<OrderRecord> {
  return transact(deps.store, (unit) => placeOrderIn(unit, deps, caller, draft));
}

/** The same in the transaction of a larger act, such as a decision of the desk. With break-glass it locks the edge group: the last lock of a unit. */
export async function placeOrderIn(
  unit: Work,
  deps: Deps,
  caller: Caller,
  draft: z.output<typeof OrderDraft>,
): Promise<OrderRecord> {
  // One person alone must at least be one who could have been the second: an analyst's token cannot break glass.
  if (draft.breakGlass !== undefined && !caller.scopes.has('orders:confirm')) {
    throw new Failure(
      'not-allowed',
      'Break-glass needs “orders:confirm”. Propose the order; a second person confirms it. Nothing was changed.',
    );
  }
  const site = await findSite(unit.tx, draft.siteId, caller.accountId, 'lock');
  if (site === null) throw notFound('site');
  const atMs = deps.now();
  const at = nowOf(deps);
  const mistakes: FieldMistake[] = [];
  const hostnames = parseScope(draft.hostnames ?? [], site, mistakes);
  const facts = {
    measure: draft.measure,
    path: draft.path ?? null,
    requestsPer10s: draft.requestsPer10s ?? null,
    startsAt: draft.startsAt ?? null,
    endsAt: draft.endsAt,
    breakGlass: draft.breakGlass !== undefined,
  };
  mistakes.push(...draftMistakes(facts, atMs));
  if (mistakes.length > 0) {
    const told = mistakes.slice(0, 3).map(({ path, message }) => `${path}: ${message}`);
    throw new Failure('bad-request', `${told.join('; ')}. Nothing was changed.`, { fields: mistakes });
  }
  const proposer: NamedPerson = { personId: caller.personId, name: caller.name };
  const decision = await nextDecision(unit.tx, new Date(atMs).getUTCFullYear());
  const order: OrderRecord = {
    orderId: OrderId.parse(randomId(idPrefix.order)),
    decision,
    state: draft.breakGlass === undefined ? 'proposed' : 'confirmed',
    measure: facts.measure,
    siteId: site.siteId,
    accountId: site.accountId,
    group: site.group,
    siteName: site.name,
    hostnames,
    path: facts.path,
    requestsPer10s: facts.requestsPer10s,
    basis: draft.basis,
    internalReason: draft.internalReason,
    publicReason: draft.publicReason,
    startsAt: draft.breakGlass === undefined ? facts.startsAt : at,
    endsAt: facts.endsAt,
    proposer,
    proposedAt: at,
    confirmer: null,
    confirmedAt: null,
    breakGlass:
      draft.breakGlass === undefined
        ? null
        : { reason: draft.breakGlass.reason, expiresAt: instantOf(atMs + deps.breakGlassSeconds * 1000) },
    lifter: null,
    liftedAt: null,
    liftReason: null,
    revision: null,
    committedAt: null,
  };
  await insertOrder(unit.tx, order);
  await addAudit(unit.tx, {
    at,
    who: proposer,
    act: order.breakGlass === null ? 'order.propose' : 'order.break-glass',
    subject: order.orderId,
    detail: { decision, measure: order.measure, siteId: site.siteId, hostnames: [...hostnames], path: order.path },
  });
  if (order.breakGlass === null) {
    unit.tellAfter({ kind: 'order', orderId: order.orderId, siteId: site.siteId });
    return order;
  }
  await raiseAlarm(unit, {
    kind: 'break-glass',
    at,
    sentence: `${proposer.name} alone put ${decision} in force on ${site.name}: “${order.breakGlass.reason}” It ends at ${order.breakGlass.expiresAt} unless a second person confirms it.`,
    orderId: order.orderId,
    siteId: site.siteId,
  });
  return send(deps, unit, order);
}

/** A second person confirms. Throws Failure `not-found`, `same-person`, `wrong-state`. */
export function confirmOrder(deps: Deps, caller: Caller, orderId: OrderId): Promise<OrderRecord> {
  return transact(deps.store, (unit) => confirmOrderIn(unit, deps, caller, orderId));
}

export function confirmOrderIn(unit: Work, deps: Deps, caller: Caller, orderId: OrderId): Promise<OrderRecord> {
  const who: NamedPerson = { personId: caller.personId, name: caller.name };
  return act(unit, deps, orderId, caller.accountId, { kind: 'confirm', by: caller.personId }, async (order, at) => {
    const confirmed: OrderRecord = {
      ...order,
      state: 'confirmed',
      startsAt: order.startsAt ?? at,
      confirmer: who,
      confirmedAt: at,
    };
    await audit(unit, 'order.confirm', confirmed, who, null, at);
    await alarmAboutOneHand(deps, unit, confirmed, who);
    const what = order.breakGlass === null ? 'confirm' : 'endorse';
    const afterwards = await deps.orderChanges.tell(unit, { order: confirmed, what, who, reason: null, at });
    const sent = await send(deps, unit, confirmed);
    await afterwards();
    return sent;
  });
}

/** Tells everybody when proposer and confirmer may be one person. The order stands (core/identity/one-hand.ts says why). */
async function alarmAboutOneHand(deps: Deps, unit: Work, order: OrderRecord, confirmer: NamedPerson): Promise<void> {
  const { proposer, decision, orderId, siteId } = order;
  const given = await accessGivenSince(unit.tx, instantOf(deps.now() - accessIsFreshDays * 86_400_000));
  if (!mayBeOneHand(proposer.personId, confirmer.personId, given, deps.now())) return;
  const at = nowOf(deps);
  const detail = { decision, proposerId: proposer.personId, confirmerId: confirmer.personId };
  await addAudit(unit.tx, { at, who: null, act: 'order.confirmer-made-by-proposer', subject: orderId, detail });
  await raiseAlarm(unit, {
    kind: 'confirmer-made-by-proposer',
    at,
    sentence: `${confirmer.name} confirmed ${decision}, which ${proposer.name} proposed. In the last ${accessIsFreshDays} days one of them let the other in, or one person let in both. Make sure that they are two people; the order stands until somebody lifts it.`,
    orderId,
    siteId,
  });
}

/** Takes a proposal back. Throws Failure `not-found`, `wrong-state`. */
export function withdrawOrder(deps: Deps, caller: Caller, orderId: OrderId, reason: string): Promise<OrderRecord> {
  return transact(deps.store, (unit) => withdrawOrderIn(unit, deps, caller, orderId, reason));
}

export function withdrawOrderIn(unit: Work, deps: Deps, caller: Caller, orderId: OrderId, reason: string): Promise<OrderRecord> {
  const who: NamedPerson = { personId: caller.personId, name: caller.name };
  return act(unit, deps, orderId, caller.accountId, { kind: 'withdraw', by: caller.personId }, async (order, at) => {
    const withdrawn: OrderRecord = { ...order, state: 'withdrawn' };
    await replaceOrder(unit.tx, withdrawn);
    await audit(unit, 'order.withdraw', withdrawn, who, reason, at);
    const afterwards = await deps.orderChanges.tell(unit, { order: withdrawn, what: 'withdraw', who, reason, at });
    await afterwards();
    unit.tellAfter({ kind: 'order', orderId, siteId: order.siteId });
    return withdrawn;
  });
}

/** Ends an order before its end. Throws Failure `not-found`, `wrong-state`. */
export function liftOrder(deps: Deps, caller: Caller, orderId: OrderId, reason: string): Promise<OrderRecord> {
  const who: NamedPerson = { personId: caller.personId, name: caller.name };
  return transact(deps.store, (unit) => liftFor(unit, deps, who, caller.accountId, orderId, reason));
}

/** The same in a larger act; the caller has asked whether this person may. */
export function liftOrderBy(unit: Work, deps: Deps, who: NamedPerson, orderId: OrderId, reason: string): Promise<OrderRecord> {
  return liftFor(unit, deps, who, null, orderId, reason);
}

function liftFor(
  unit: Work,
  deps: Deps,
  who: NamedPerson,
  viewer: Viewer,
  orderId: OrderId,
  reason: string,
): Promise<OrderRecord> {
  return act(unit, deps, orderId, viewer, { kind: 'lift', by: who.personId }, async (order, at) => {
    const lifted: OrderRecord = { ...order, state: 'lifted', lifter: who, liftedAt: at, liftReason: reason };
    await audit(unit, 'order.lift', lifted, who, reason, at);
    const afterwards = await deps.orderChanges.tell(unit, { order: lifted, what: 'lift', who, reason, at });
    const sent = await send(deps, unit, lifted);
    await afterwards();
    return sent;
  });
}

/** Does what time alone does to an order: expire, lapse, or nothing. Called by a job. */
export async function passTime(deps: Deps, orderId: OrderId): Promise<void> {
  await transact(deps.store, (unit) =>
    act(unit, deps, orderId, null, { kind: 'time' }, async (order, at) => {
      const result = step(factsOf(order), { kind: 'time' }, deps.now());
      if (!result.ok || result.change === 'none') return order;
      const next: OrderRecord = { ...order, state: result.state };
      const what = result.change === 'lapse' ? 'lapse' : 'expire';
      await audit(unit, `order.${what}`, next, null, null, at);
      const afterwards = await deps.orderChanges.tell(unit, { order: next, what, who: null, reason: null, at });
      if (what === 'expire') await send(deps, unit, next);
      else {
        await replaceOrder(unit.tx, next);
        unit.tellAfter({ kind: 'order', orderId, siteId: order.siteId });
      }
      await afterwards();
      return next;
    }),
  );
}

/** Finds and locks, asks the state table, then does it. */
async function act(
  unit: Work,
  deps: Deps,
  orderId: OrderId,
  viewer: Viewer,
  wanted: OrderAct,
  work: (order: OrderRecord, at: Instant) => Promise<OrderRecord>,
): Promise<OrderRecord> {
  const seen = await findOrder(unit.tx, orderId, viewer);
  if (seen === null) throw notFound('order');
  // The site first: whoever removes it or changes its hostnames must not run beside this (store/transact.ts on the order of locks).
  const site = await findSite(unit.tx, seen.siteId, null, 'lock');
  const order = await findOrder(unit.tx, orderId, viewer, 'lock');
  if (order === null) throw notFound('order');
  const allowed = step(factsOf(order), wanted, deps.now());
  if (!allowed.ok) throw new Failure(allowed.code, `${allowed.why} Nothing was changed.`);
  if (wanted.kind === 'confirm') refuseLostScope(order, site);
  return work(order, nowOf(deps));
}

/** A proposal whose site or hostname is gone by now would enforce nothing. */
function refuseLostScope(order: OrderRecord, site: SiteRecord | null): void {
  if (site === null) throw new Failure('wrong-state', 'Its site was removed since it was proposed. Nothing was changed.');
  const lost = order.hostnames.find((exact) => !site.hostnames.some(({ hostname }) => hostnameCovers(hostname, exact)));
  if (lost !== undefined) {
    throw new Failure(
      'wrong-state',
      `The site no longer has ${lost}. Propose it again with the hostnames of today. Nothing was changed.`,
    );
  }
}

/** Writes an order with its change for the edges and for captcha keys. The last step of every act that edges must know. */
async function send(deps: Deps, unit: Work, order: OrderRecord): Promise<OrderRecord> {
  const at = nowOf(deps);
  await suspendKeysOf(unit, order, deps.publicUrl, at);
  await recordOrder(unit.tx, order, at);
  const revision = await recordChanges(unit, {
    group: order.group,
    class: 'fast',
    at,
    items: [orderChange(order, deps.publicUrl)],
  });
  const next = revision === null ? order : { ...order, revision, committedAt: at };
  await replaceOrder(unit.tx, next);
  unit.tellAfter({ kind: 'order', orderId: order.orderId, siteId: order.siteId });
  return next;
}

function audit(
  unit: Work,
  name: string,
  order: OrderRecord,
  who: NamedPerson | null,
  reason: string | null,
  at: Instant,
): Promise<void> {
  return addAudit(unit.tx, {
    at,
    who,
    act: name,
    subject: order.orderId,
    detail: { decision: order.decision, siteId: order.siteId, state: order.state, ...(reason === null ? {} : { reason }) },
  });
}

/** Exact hostnames of the order's scope; each must be one that the site owns. */
function parseScope(typed: readonly string[], site: SiteRecord, mistakes: FieldMistake[]): ExactHostname[] {
  const found = new Set<ExactHostname>();
  // A hostname that is only claimed is not served: an order on it would hold nothing, and its notice would speak of somebody else's site.
  const owned = site.hostnames.filter(({ ownership }) => ownership !== 'pending');
  for (const [index, text] of typed.entries()) {
    const path = `hostnames.${index}`;
    const parsed = parseHostname(text);
    if (!parsed.ok) {
      mistakes.push({ path, message: parsed.why });
      continue;
    }
    const exact = ExactHostname.safeParse(parsed.hostname);
    if (!exact.success) mistakes.push({ path, message: 'must be an exact hostname; leave hostnames out for the whole site' });
    else if (owned.some(({ hostname }) => hostnameCovers(hostname, exact.data))) found.add(exact.data);
    else mistakes.push({ path, message: `${exact.data} is not a hostname that this site owns` });
  }
  return [...found];
}
