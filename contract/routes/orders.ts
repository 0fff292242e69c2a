/**
 * Orders over the API: the one instrument that enforces a decision.
 *
 * States: `proposed` → `confirmed` → `lifted` | `expired`; `proposed` → `withdrawn` | `lapsed`. An order is **in force** when it is
 * confirmed (or placed by break-glass), its start has come and its end has not. Break-glass: one person places it at once with a
 * reason; it alarms everybody and ends by itself after the installation's break-glass time unless a second person confirms it.
 */
import { z } from 'zod';
import { LadderStep, Limb, ReportClass } from '../desk/words.ts';
import { DecisionNumber, Instant, OrderId, ReceiptId, Revision, SiteId } from '../ids.ts';
import { Basis, Measure, PathPrefix } from '../policy.ts';
import { SignedReceipt } from '../receipt.ts';
import { RecordReference } from '../record/statement.ts';
import { SignedCaptchaReceipt } from '../captcha-receipt.ts';
import { Nothing, PageQuery, pageOf, PersonRef } from './common.ts';
import { route } from './route.ts';

export const OrderState = z.enum(['proposed', 'confirmed', 'lifted', 'expired', 'withdrawn', 'lapsed']);
export type OrderState = z.infer<typeof OrderState>;

export const OrderDraft = z.strictObject({
  measure: Measure,
  siteId: SiteId,
  /** As typed; empty or left out means the whole site. */
  hostnames: z.array(z.string().min(1).max(300)).max(200).optional(),
  path: PathPrefix.optional(),
  requestsPer10s: z.int().min(1).max(100_000).optional(),
  basis: Basis,
  /** For the desk and the audit log; never shown outside. */
  internalReason: z.string().trim().min(10).max(4000),
  /** The sentence that visitors and the public read. */
  publicReason: z.string().trim().min(10).max(600),
  /** Left out: as soon as it is confirmed. */
  startsAt: Instant.optional(),
  endsAt: Instant,
  breakGlass: z.strictObject({ reason: z.string().trim().min(10).max(1000) }).optional(),
});
export type OrderDraft = z.input<typeof OrderDraft>;

/** Receipts against the edges that should answer; of an order that suspends captcha keys, against the provider's processes. `tookMs`: commit of the newest change to the last receipt. */
export const ReceiptTally = z.strictObject({
  expected: z.int().min(0),
  enforced: z.int().min(0),
  lifted: z.int().min(0),
  failed: z.int().min(0),
  tookMs: z.number().min(0).nullable(),
});
export type ReceiptTally = z.infer<typeof ReceiptTally>;

export const Order = z.strictObject({
  orderId: OrderId,
  decision: DecisionNumber,
  state: OrderState,
  inForce: z.boolean(),
  measure: Measure,
  siteId: SiteId,
  siteName: z.string(),
  hostnames: z.array(z.string()),
  path: z.string().nullable(),
  requestsPer10s: z.int().nullable(),
  basis: Basis,
  internalReason: z.string(),
  publicReason: z.string(),
  startsAt: Instant,
  endsAt: Instant,
  proposer: PersonRef,
  proposedAt: Instant,
  confirmer: PersonRef.nullable(),
  confirmedAt: Instant.nullable(),
  breakGlass: z.strictObject({ reason: z.string(), expiresAt: Instant }).nullable(),
  lifter: PersonRef.nullable(),
  liftedAt: Instant.nullable(),
  liftReason: z.string().nullable(),
  statementUrl: z.string(),
  /** Revision that the newest change of this order got; null before it first reached the edges. */
  revision: Revision.nullable(),
  receipts: ReceiptTally,
});
export type Order = z.infer<typeof Order>;

export const StoredReceipt = z.strictObject({
  receiptId: ReceiptId,
  receivedAt: Instant,
  edgeName: z.string(),
  receipt: SignedReceipt,
});
export type StoredReceipt = z.infer<typeof StoredReceipt>;

/** Of a process of the captcha provider, for an order that suspends keys. */
export const StoredCaptchaReceipt = z.strictObject({
  receiptId: ReceiptId,
  receivedAt: Instant,
  processName: z.string(),
  /** Against which the signature holds. */
  publicKey: z.string(),
  receipt: SignedCaptchaReceipt,
});
export type StoredCaptchaReceipt = z.infer<typeof StoredCaptchaReceipt>;

const ByOrder = z.strictObject({ orderId: OrderId });

export const listOrders = route({
  method: 'GET',
  path: '/api/v1/orders',
  summary: 'Orders, newest first.',
  needs: 'orders:read',
  params: Nothing,
  query: PageQuery.extend({
    siteId: SiteId.optional(),
    state: OrderState.optional(),
    inForce: z.enum(['true', 'false']).optional(),
  }),
  body: Nothing,
  answer: pageOf(Order),
  status: 200,
  errors: [],
});

export const placeOrder = route({
  method: 'POST',
  path: '/api/v1/orders',
  summary: 'Proposes an order, or with break-glass puts it in force at once.',
  needs: 'orders:propose',
  params: Nothing,
  query: Nothing,
  body: OrderDraft,
  answer: Order,
  status: 201,
  errors: ['not-found', 'wrong-state'],
});

export const getOrder = route({
  method: 'GET',
  path: '/api/v1/orders/{orderId}',
  summary: 'One order with its receipts.',
  needs: 'orders:read',
  params: ByOrder,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({
    order: Order,
    receipts: z.array(StoredReceipt),
    /** Left out but for an order that suspends captcha keys. */
    captchaReceipts: z.array(StoredCaptchaReceipt).optional(),
  }),
  status: 200,
  errors: ['not-found'],
});

export const confirmOrder = route({
  method: 'POST',
  path: '/api/v1/orders/{orderId}/confirm',
  summary: 'A second person confirms; the order goes to the edges in the same transaction.',
  needs: 'orders:confirm',
  params: ByOrder,
  query: Nothing,
  body: Nothing,
  answer: Order,
  status: 200,
  errors: ['not-found', 'same-person', 'wrong-state'],
});

export const withdrawOrder = route({
  method: 'POST',
  path: '/api/v1/orders/{orderId}/withdraw',
  summary: 'Takes a proposal back before it is confirmed.',
  needs: 'orders:propose',
  params: ByOrder,
  query: Nothing,
  body: z.strictObject({ reason: z.string().trim().min(3).max(1000) }),
  answer: Order,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const liftOrder = route({
  method: 'POST',
  path: '/api/v1/orders/{orderId}/lift',
  summary: 'Ends an order before its end date.',
  needs: 'orders:lift',
  params: ByOrder,
  query: Nothing,
  body: z.strictObject({ reason: z.string().trim().min(3).max(1000) }),
  answer: Order,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

/**
 * What the desk publishes of a decision beside its order: the statement of reasons. Numbers below five are withheld (null), because one
 * witness is a person. Software suggested and people decided: `automated` is never anything else.
 */
export const PublicStatement = z.strictObject({
  step: LadderStep.nullable(),
  whyNotBelow: z.array(z.strictObject({ step: LadderStep, why: z.string() })),
  limbs: z.array(z.strictObject({ limb: Limb, finding: z.enum(['met', 'not-met']) })),
  criteria: z.strictObject({ title: z.string(), sha256: z.string(), publishedAt: Instant, afterCase: z.boolean() }).nullable(),
  volume: z
    .strictObject({ n: z.int().nullable(), m: z.int().nullable(), k: z.int().nullable(), w: z.int().nullable() })
    .nullable(),
  automated: z.literal(false),
  provisional: z.boolean(),
  /** The later decision that took its place, or the earlier one whose place it took. */
  replacedBy: DecisionNumber.nullable(),
  replaces: DecisionNumber.nullable(),
  /** Why two people reversed it later; null when they did not. */
  reversed: z.string().nullable(),
  appeal: z.enum(['none', 'open', 'upheld', 'modified', 'reversed']),
  reviews: z.array(z.strictObject({ afterDays: z.int(), at: Instant, harmFell: z.enum(['yes', 'no', 'unknown']) })),
});
export type PublicStatement = z.infer<typeof PublicStatement>;

/** A decision not to act, in public: no site, no hostname, no scope, because nothing was restricted and nobody shall be named by it. */
export const PublicNoAction = z.strictObject({
  decision: DecisionNumber,
  provider: z.string(),
  kind: z.literal('no-action'),
  class: ReportClass,
  reason: z.string(),
  decidedAt: Instant,
  recheckAt: Instant.nullable(),
  statement: PublicStatement,
  statementUrl: z.string(),
  appealUrl: z.string(),
  /** Left out in lists. */
  record: RecordReference.optional(),
});
export type PublicNoAction = z.infer<typeof PublicNoAction>;

/** A decision as the public sees it: what a notice page links to. No person, no internal reason, no scope before it is in force. */
export const PublicDecision = z.strictObject({
  decision: DecisionNumber,
  provider: z.string(),
  state: z.enum(['in-force', 'scheduled', 'lifted', 'expired']),
  siteName: z.string(),
  /** All of its hostnames are in the drills' zone: nobody was in danger. Left out otherwise. */
  drill: z.literal(true).optional(),
  measure: Measure,
  scope: z.strictObject({ hostnames: z.array(z.string()), wholeSite: z.boolean(), path: z.string().nullable() }),
  basis: Basis,
  reason: z.string(),
  startsAt: Instant,
  endsAt: Instant,
  endedAt: Instant.nullable(),
  decidedBy: z.enum(['two-people', 'one-person-break-glass']),
  receipts: ReceiptTally,
  statementUrl: z.string(),
  appealUrl: z.string(),
  /** Left out for an order that no case of the desk stands behind. */
  statement: PublicStatement.optional(),
  /** Left out in lists. */
  record: RecordReference.optional(),
});
export type PublicDecision = z.infer<typeof PublicDecision>;
