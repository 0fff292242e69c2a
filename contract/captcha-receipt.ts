/**
 * A process of the captcha provider says, signed, that an order's keys are suspended there, or no longer are.
 *
 * The signature is Ed25519 over the canonical JSON of `body`, with a key that the process made at its start and keeps in memory; its public half
 * stands in the database. Whoever owns the database can invent processes; a process cannot sign for another one.
 */
import { z } from 'zod';
import { CaptchaProcessId, Instant, OrderId } from './ids.ts';

export const CaptchaReceiptBody = z.strictObject({
  processId: CaptchaProcessId,
  orderId: OrderId,
  /** `enforced`: its own listener says `suspended`. `lifted`: it no longer does. `failed`: it says something else. */
  state: z.enum(['enforced', 'lifted', 'failed']),
  at: Instant,
  /** From when the process could know (or the instant of start or end) to the last answer. */
  tookMs: z.number().min(0),
  /** Keys that the order suspends, and how many of them were asked about. */
  keys: z.int().min(0),
  asked: z.int().min(0),
  detail: z.string().max(500).nullable(),
});
export type CaptchaReceiptBody = z.infer<typeof CaptchaReceiptBody>;

export const SignedCaptchaReceipt = z.strictObject({ body: CaptchaReceiptBody, signature: z.base64().length(88) });
export type SignedCaptchaReceipt = z.infer<typeof SignedCaptchaReceipt>;
