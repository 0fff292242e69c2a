/**
 * Orders, their decision numbers and their receipts: rows in, records out.
 *
 * Decision numbers are dense: the counter's row is locked in the transaction that makes the order, so a rollback takes the number back. An
 * order is never deleted. What may happen to one is decided by core/shield/orders.ts, on a locked record.
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { z } from 'zod';
import { ExactHostname } from '../contract/hostname.ts';
import { DecisionNumber } from '../contract/ids.ts';
import type { AccountId, EdgeId, GroupName, Instant, OrderId, PersonId, ReceiptId, SiteId } from '../contract/ids.ts';
import { Basis } from '../contract/policy.ts';
import type { Measure } from '../contract/policy.ts';
import { ReceiptBody } from '../contract/receipt.ts';
import type { SignedReceipt } from '../contract/receipt.ts';
import type { OrderState } from '../contract/routes/orders.ts';
import type { Db } from './open.ts';
import { pageOf } from './paging.ts';
import type { Viewer } from './sites.ts';
import type { ShieldOrderTable } from './tables.ts';

export type NamedPerson = { readonly personId: PersonId; readonly name: string };

export type OrderRecord = {
  readonly orderId: OrderId;
  readonly decision: DecisionNumber;
  readonly state: OrderState;
  readonly measure: Measure;
  readonly siteId: SiteId;
  readonly accountId: AccountId;
  readonly group: GroupName;
  readonly siteName: string;
  readonly hostnames: readonly ExactHostname[];
  readonly path: string | null;
  readonly requestsPer10s: number | null;
  readonly basis: Basis;
  readonly internalReason: string;
  readonly publicReason: string;
  readonly startsAt: Instant | null;
  readonly endsAt: Instant;
  readonly proposer: NamedPerson;
  readonly proposedAt: Instant;
  readonly confirmer: NamedPerson | null;
  readonly confirmedAt: Instant | null;
  readonly breakGlass: { readonly reason: string; readonly expiresAt: Instant } | null;
  readonly lifter: NamedPerson | null;
  readonly liftedAt: Instant | null;
  readonly liftReason: string | null;
  readonly revision: number | null;
  readonly committedAt: Instant | null;
};

export type OrderPage = { readonly orders: readonly OrderRecord[]; readonly next: number | null; readonly total: number };

/** The next number of a year. Held until the transaction ends, so numbers come in order of commit without a gap. */
export async function nextDecision(tx: Db, year: number): Promise<DecisionNumber> {
  const { last } = await tx
    .insertInto('decision_counter')
    .values({ year, last: 1 })
    .onConflict((conflict) => conflict.column('year').doUpdateSet({ last: sql<number>`decision_counter.last + 1` }))
    .returning('last')
    .executeTakeFirstOrThrow();
  return DecisionNumber.parse(`D-${year}-${String(last).padStart(4, '0')}`);
}

export async function insertOrder(db: Db, order: OrderRecord): Promise<void> {
  await db.insertInto('shield_order').values(rowOf(order)).execute();
}

/** Writes every column of an order. */
export async function replaceOrder(db: Db, order: OrderRecord): Promise<void> {
  const { order_id: orderId, ...row } = rowOf(order);
  await db.updateTable('shield_order').set(row).where('order_id', '=', orderId).execute();
}

/** States of orders that an owner may know of. Not proposals: who hears of one could be gone before it is confirmed. */
const ownersStates: readonly OrderState[] = ['confirmed', 'lifted', 'expired'];

/** One order that the viewer may see. `lock` holds its row until the transaction ends. */
export async function findOrder(
  db: Db,
  orderId: OrderId,
  viewer: Viewer,
  lock: 'lock' | 'look' = 'look',
): Promise<OrderRecord | null> {
  let query = db.selectFrom('shield_order').selectAll().where('order_id', '=', orderId);
  if (viewer !== null) query = query.where('account_id', '=', viewer).where('state', 'in', ownersStates);
  if (lock === 'lock') query = query.forUpdate();
  const row = await query.executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

/** The order behind a public decision number. */
export async function findOrderByDecision(db: Db, decision: DecisionNumber): Promise<OrderRecord | null> {
  const row = await db.selectFrom('shield_order').selectAll().where('decision', '=', decision).executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

export type OrderFilter = {
  readonly viewer: Viewer;
  readonly siteId: SiteId | null;
  readonly states: readonly OrderState[] | null;
  /** Confirmed, begun and not ended at that instant (true), or everything else (false). */
  readonly inForce: { readonly wanted: boolean; readonly at: Instant } | null;
};

/** SQL for "answers visitors at an instant": the same sentence as core/shield/orders.ts `isOrderInForce`. */
function inForceAt(at: Instant) {
  return sql<boolean>`coalesce(state = 'confirmed' and starts_at <= ${at} and ends_at > ${at}
    and (break_glass_expires_at is null or confirmer_id is not null or break_glass_expires_at > ${at}), false)`;
}

/** A page of orders, newest first. `before` is the `next` of the page before. */
export async function listOrders(
  db: Db,
  filter: OrderFilter,
  page: { limit: number; before: number | null },
): Promise<OrderPage> {
  let matching = db.selectFrom('shield_order');
  if (filter.viewer !== null) matching = matching.where('account_id', '=', filter.viewer).where('state', 'in', ownersStates);
  if (filter.siteId !== null) matching = matching.where('site_id', '=', filter.siteId);
  if (filter.states !== null) matching = matching.where('state', 'in', filter.states);
  const { inForce } = filter;
  if (inForce !== null) matching = matching.where(inForceAt(inForce.at), '=', inForce.wanted);
  const { total } = await matching.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let rows = matching
    .selectAll()
    .orderBy('created_order', 'desc')
    .limit(page.limit + 1);
  if (page.before !== null) rows = rows.where('created_order', '<', page.before);
  const { shown, next } = pageOf(await rows.execute(), page.limit);
  return {
    orders: shown.map(recordOf),
    next,
    total,
  };
}

/** Orders in force on each of these sites at an instant. */
export async function ordersInForceOn(db: Db, siteIds: readonly SiteId[], at: Instant): Promise<Map<SiteId, OrderId[]>> {
  if (siteIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('shield_order')
    .select(['site_id', 'order_id'])
    .where('site_id', 'in', siteIds)
    .where(inForceAt(at), '=', true)
    .orderBy('created_order')
    .execute();
  const found = new Map<SiteId, OrderId[]>();
  for (const row of rows) found.set(row.site_id, [...(found.get(row.site_id) ?? []), row.order_id]);
  return found;
}

/** Confirmed orders of a site that are not over: in force or still to begin. They hold the site and its hostnames in place. */
export async function ordersHolding(db: Db, siteId: SiteId): Promise<OrderRecord[]> {
  const rows = await db
    .selectFrom('shield_order')
    .selectAll()
    .where('site_id', '=', siteId)
    .where('state', '=', 'confirmed')
    .orderBy('created_order')
    .execute();
  return rows.map(recordOf);
}

/** Open orders whose end, or break-glass time without a second person, has come. */
export async function ordersDue(db: Db, at: Instant, limit: number): Promise<OrderId[]> {
  const rows = await db
    .selectFrom('shield_order')
    .select('order_id')
    .where('state', 'in', ['proposed', 'confirmed'])
    .where((where) =>
      where.or([
        where('ends_at', '<=', at),
        where.and([
          where('break_glass_expires_at', '<=', at),
          where('confirmer_id', 'is', null),
          where('state', '=', 'confirmed'),
        ]),
      ]),
    )
    .orderBy('ends_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.order_id);
}

export async function countOrders(db: Db, viewer: Viewer, at: Instant): Promise<{ inForce: number; waiting: number }> {
  let query = db
    .selectFrom('shield_order')
    .select((select) => [
      select.fn.countAll<number>().filterWhere(inForceAt(at), '=', true).as('inForce'),
      select.fn.countAll<number>().filterWhere('state', '=', 'proposed').as('waiting'),
    ])
    .where('state', 'in', ['proposed', 'confirmed']);
  if (viewer !== null) query = query.where('account_id', '=', viewer).where('state', 'in', ownersStates);
  return query.executeTakeFirstOrThrow();
}

export type ReceiptRecord = {
  readonly receiptId: ReceiptId;
  readonly receivedAt: Instant;
  readonly edgeName: string;
  readonly receipt: SignedReceipt;
};

/** Keeps a receipt; false when it was there already (an edge sends again until it is told that it is kept). */
export async function insertReceipt(
  db: Db,
  receipt: { receiptId: ReceiptId; receivedAt: Instant; bodyText: string; signed: SignedReceipt },
): Promise<boolean> {
  const { body, signature } = receipt.signed;
  const row = await db
    .insertInto('receipt')
    .values({
      receipt_id: receipt.receiptId,
      order_id: body.orderId,
      edge_id: body.edgeId,
      state: body.state,
      at: body.at,
      received_at: receipt.receivedAt,
      body: receipt.bodyText,
      signature,
    })
    .onConflict((conflict) => conflict.columns(['edge_id', 'signature']).doNothing())
    .returning('receipt_id')
    .executeTakeFirst();
  return row !== undefined;
}

/** Receipts of an order, newest first. */
export async function listReceipts(db: Db, orderId: OrderId, limit: number): Promise<ReceiptRecord[]> {
  const rows = await db
    .selectFrom('receipt')
    .innerJoin('edge', 'edge.edge_id', 'receipt.edge_id')
    .select(['receipt_id', 'received_at', 'body', 'signature', 'edge.name as edgeName'])
    .where('order_id', '=', orderId)
    .orderBy('arrival', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    receiptId: row.receipt_id,
    receivedAt: row.received_at,
    edgeName: row.edgeName,
    receipt: { body: ReceiptBody.parse(JSON.parse(row.body)), signature: row.signature },
  }));
}

export type EdgeWord = {
  readonly orderId: OrderId;
  readonly edgeId: EdgeId;
  readonly state: 'enforced' | 'lifted' | 'failed';
  readonly receivedAt: Instant;
};

/** The newest word of each edge on each of these orders. */
export async function newestReceipts(db: Db, orderIds: readonly OrderId[]): Promise<EdgeWord[]> {
  if (orderIds.length === 0) return [];
  return db
    .selectFrom('receipt')
    .select(['order_id as orderId', 'edge_id as edgeId', 'state', 'received_at as receivedAt'])
    .distinctOn(['order_id', 'edge_id'])
    .where('order_id', 'in', orderIds)
    .orderBy('order_id')
    .orderBy('edge_id')
    .orderBy('arrival', 'desc')
    .execute();
}

const Hostnames = z.array(ExactHostname);

function recordOf(row: Selectable<ShieldOrderTable>): OrderRecord {
  return {
    orderId: row.order_id,
    decision: DecisionNumber.parse(row.decision),
    state: row.state,
    measure: row.measure,
    siteId: row.site_id,
    accountId: row.account_id,
    group: row.group_name,
    siteName: row.site_name,
    hostnames: Hostnames.parse(row.hostnames),
    path: row.path,
    requestsPer10s: row.requests_per_10s,
    basis: Basis.parse(row.basis),
    internalReason: row.internal_reason,
    publicReason: row.public_reason,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    proposer: { personId: row.proposer_id, name: row.proposer_name },
    proposedAt: row.proposed_at,
    confirmer: named(row.confirmer_id, row.confirmer_name),
    confirmedAt: row.confirmed_at,
    breakGlass:
      row.break_glass_reason === null || row.break_glass_expires_at === null
        ? null
        : { reason: row.break_glass_reason, expiresAt: row.break_glass_expires_at },
    lifter: named(row.lifter_id, row.lifter_name),
    liftedAt: row.lifted_at,
    liftReason: row.lift_reason,
    revision: row.revision,
    committedAt: row.committed_at,
  };
}

function named(personId: PersonId | null, name: string | null): NamedPerson | null {
  return personId === null || name === null ? null : { personId, name };
}

function rowOf(order: OrderRecord) {
  return {
    order_id: order.orderId,
    decision: order.decision,
    state: order.state,
    measure: order.measure,
    site_id: order.siteId,
    account_id: order.accountId,
    group_name: order.group,
    site_name: order.siteName,
    hostnames: JSON.stringify(order.hostnames),
    path: order.path,
    requests_per_10s: order.requestsPer10s,
    basis: JSON.stringify(order.basis),
    internal_reason: order.internalReason,
    public_reason: order.publicReason,
    starts_at: order.startsAt,
    ends_at: order.endsAt,
    proposer_id: order.proposer.personId,
    proposer_name: order.proposer.name,
    proposed_at: order.proposedAt,
    confirmer_id: order.confirmer?.personId ?? null,
    confirmer_name: order.confirmer?.name ?? null,
    confirmed_at: order.confirmedAt,
    break_glass_reason: order.breakGlass?.reason ?? null,
    break_glass_expires_at: order.breakGlass?.expiresAt ?? null,
    lifter_id: order.lifter?.personId ?? null,
    lifter_name: order.lifter?.name ?? null,
    lifted_at: order.liftedAt,
    lift_reason: order.liftReason,
    revision: order.revision,
    committed_at: order.committedAt,
  };
}
