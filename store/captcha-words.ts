/**
 * What the captcha provider's processes say (that they are there, and signed receipts for orders) and what people found about those who gave up.
 *
 * A process writes its receipts itself: it has the database anyway, and its signature says who wrote. What it counts for is decided by
 * readers (control/orders/view.ts): only words of processes that were seen lately.
 */
import { sql } from 'kysely';
import { CaptchaReceiptBody } from '../contract/captcha-receipt.ts';
import type { SignedCaptchaReceipt } from '../contract/captcha-receipt.ts';
import type { CaptchaKeyId, CaptchaProcessId, Instant, OrderId, ReceiptId, SiteId } from '../contract/ids.ts';
import type { PersonRef } from '../contract/routes/common.ts';
import type { ReviewVerdict } from '../contract/routes/captcha-keys.ts';
import type { Db } from './open.ts';
import { relaxed } from './transact.ts';

export type CaptchaProcess = {
  readonly processId: CaptchaProcessId;
  readonly name: string;
  readonly publicKey: string;
};

export async function beginProcess(db: Db, { processId, name, publicKey }: CaptchaProcess, at: Instant): Promise<void> {
  await db
    .insertInto('captcha_process')
    .values({ process_id: processId, name, public_key: publicKey, started_at: at, seen_at: at })
    .execute();
}

/** That it still runs. */
export async function seeProcess(db: Db, processId: CaptchaProcessId, at: Instant): Promise<void> {
  await relaxed(db, async (tx) => {
    await tx.updateTable('captcha_process').set({ seen_at: at }).where('process_id', '=', processId).execute();
  });
}

export async function endProcess(db: Db, processId: CaptchaProcessId, at: Instant): Promise<void> {
  await db.updateTable('captcha_process').set({ stopped_at: at }).where('process_id', '=', processId).execute();
}

/** Processes that did not stop and were seen since an instant. */
export async function runningProcesses(db: Db, seenSince: Instant): Promise<CaptchaProcess[]> {
  return db
    .selectFrom('captcha_process')
    .select(['process_id as processId', 'name', 'public_key as publicKey'])
    .where('stopped_at', 'is', null)
    .where('seen_at', '>=', seenSince)
    .orderBy('started_at')
    .execute();
}

/** Forgets processes that were last seen before then and said nothing about any order. */
export async function forgetProcesses(db: Db, before: Instant): Promise<void> {
  await db
    .deleteFrom('captcha_process')
    .where('seen_at', '<', before)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('captcha_receipt')
            .select('receipt_id')
            .whereRef('captcha_receipt.process_id', '=', 'captcha_process.process_id'),
        ),
      ),
    )
    .execute();
}

/** An order that suspends keys, as a process follows it. */
export type SuspendingOrder = {
  readonly orderId: OrderId;
  readonly siteId: SiteId;
  readonly decision: string;
  readonly inForce: boolean;
};

/** Those in force at an instant, and how the others of `known` stand. The same sentence as core/shield/orders.ts `isOrderInForce`. */
export async function suspendingOrders(db: Db, now: Instant, known: readonly OrderId[]): Promise<SuspendingOrder[]> {
  const inForce = sql<boolean>`coalesce(state = 'confirmed' and starts_at <= ${now} and ends_at > ${now}
    and (break_glass_expires_at is null or confirmer_id is not null or break_glass_expires_at > ${now}), false)`;
  return db
    .selectFrom('shield_order')
    .select(['order_id as orderId', 'site_id as siteId', 'decision', inForce.as('inForce')])
    .where((where) =>
      where.or([
        ...(known.length === 0 ? [] : [where('order_id', 'in', known)]),
        where.and([where('state', 'in', ['proposed', 'confirmed']), where('ends_at', '>', now), where(inForce, '=', true)]),
      ]),
    )
    .where('measure', '=', 'suspend-captcha-keys')
    .orderBy('created_order')
    .execute();
}

export async function insertCaptchaReceipt(
  db: Db,
  receipt: {
    readonly receiptId: ReceiptId;
    readonly receivedAt: Instant;
    readonly bodyText: string;
    readonly signed: SignedCaptchaReceipt;
  },
): Promise<void> {
  const { body, signature } = receipt.signed;
  await db
    .insertInto('captcha_receipt')
    .values({
      receipt_id: receipt.receiptId,
      order_id: body.orderId,
      process_id: body.processId,
      state: body.state,
      at: body.at,
      received_at: receipt.receivedAt,
      body: receipt.bodyText,
      signature,
    })
    .onConflict((conflict) => conflict.columns(['process_id', 'signature']).doNothing())
    .execute();
}

export type CaptchaReceiptRecord = {
  readonly receiptId: ReceiptId;
  readonly receivedAt: Instant;
  readonly processName: string;
  readonly publicKey: string;
  readonly receipt: SignedCaptchaReceipt;
};

/** Receipts of an order, newest first. */
export async function listCaptchaReceipts(db: Db, orderId: OrderId, limit: number): Promise<CaptchaReceiptRecord[]> {
  const rows = await db
    .selectFrom('captcha_receipt')
    .innerJoin('captcha_process', 'captcha_process.process_id', 'captcha_receipt.process_id')
    .select(['receipt_id', 'received_at', 'body', 'signature', 'name', 'public_key'])
    .where('order_id', '=', orderId)
    .orderBy('arrival', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    receiptId: row.receipt_id,
    receivedAt: row.received_at,
    processName: row.name,
    publicKey: row.public_key,
    receipt: { body: CaptchaReceiptBody.parse(JSON.parse(row.body)), signature: row.signature },
  }));
}

export type ProcessWord = {
  readonly orderId: OrderId;
  readonly processId: CaptchaProcessId;
  readonly state: 'enforced' | 'lifted' | 'failed';
  readonly receivedAt: Instant;
};

/** The newest word of each process on each of these orders. */
export async function newestProcessWords(db: Db, orderIds: readonly OrderId[]): Promise<ProcessWord[]> {
  if (orderIds.length === 0) return [];
  return db
    .selectFrom('captcha_receipt')
    .select(['order_id as orderId', 'process_id as processId', 'state', 'received_at as receivedAt'])
    .distinctOn(['order_id', 'process_id'])
    .where('order_id', 'in', orderIds)
    .orderBy('order_id')
    .orderBy('process_id')
    .orderBy('arrival', 'desc')
    .execute();
}

export type Review = {
  readonly day: string;
  readonly verdict: ReviewVerdict;
  readonly note: string;
  readonly by: PersonRef;
  readonly at: Instant;
};

/** Takes the place of what was said of that day before. */
export async function putReview(db: Db, keyId: CaptchaKeyId, { day, verdict, note, by, at }: Review): Promise<void> {
  const said = { verdict, note, person_id: by.personId, person_name: by.name, at };
  await db
    .insertInto('captcha_review')
    .values({ key_id: keyId, day, ...said })
    .onConflict((conflict) => conflict.columns(['key_id', 'day']).doUpdateSet(said))
    .execute();
}

export async function reviewsOf(db: Db, keyId: CaptchaKeyId): Promise<Review[]> {
  const rows = await db
    .selectFrom('captcha_review')
    .select([sql<string>`to_char(day, 'YYYY-MM-DD')`.as('day'), 'verdict', 'note', 'person_id', 'person_name', 'at'])
    .where('key_id', '=', keyId)
    .execute();
  return rows.map(({ person_id: personId, person_name: name, ...rest }) => ({ ...rest, by: { personId, name } }));
}
