/**
 * Receipt: an edge's signed word that an order is enforced, or no longer is, after it has asked its own listener.
 *
 * The signature is the edge's Ed25519 key over the canonical JSON of `body`. A stolen edge can lie in its own receipts (the trust
 * table in ARCHITECTURE.md says so) but cannot sign another's.
 */
import { z } from 'zod';
import { EdgeId, GroupName, Instant, OrderId, Revision } from './ids.ts';

export const ReceiptBody = z.strictObject({
  edgeId: EdgeId,
  group: GroupName,
  orderId: OrderId,
  /** `enforced`: the order's measure answers visitors. `lifted`: it no longer does. `failed`: the probe saw something else. */
  state: z.enum(['enforced', 'lifted', 'failed']),
  revision: Revision,
  /** Digest of the policy that the edge holds at that revision. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  at: Instant,
  /** From the arrival of the frame (or the instant of start or end) to the probe's answer. */
  tookMs: z.number().min(0),
  /** What the edge's own listener answered when it was asked for a URL in the order's scope. */
  probe: z.strictObject({
    url: z.string().max(1000),
    status: z.int().min(0).max(599),
    /** The answer's `Portcullis-Action` header: which guard answered. */
    action: z.string().max(60).nullable(),
    decision: z.string().max(40).nullable(),
  }),
  detail: z.string().max(500).nullable(),
});
export type ReceiptBody = z.infer<typeof ReceiptBody>;

export const SignedReceipt = z.strictObject({ body: ReceiptBody, signature: z.base64().length(88) });
export type SignedReceipt = z.infer<typeof SignedReceipt>;
