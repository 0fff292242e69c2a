/**
 * Requests that were refused, one by one: what an edge tells of them, and what a reference on a page stands for.
 *
 * Of a visitor stand here the network (/24, /48), the method and the path: no whole address, no query, no cookie, no header.
 */
import { z } from 'zod';
import { Instant, OrderId, SiteId } from './ids.ts';
import { Cidr } from './network.ts';
import { RuleId } from './rules.ts';

/** The reference that stands on every page of ours. */
export const RequestReference = z
  .string()
  .regex(
    // An edge of before 24 November 2026 words it as a UUID.
    /^(?:\d{1,10}-\d{1,10}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
    'must be a reference as it stands on a page, such as 3023456789-194872113',
  )
  .brand<'RequestReference'>();
export type RequestReference = z.infer<typeof RequestReference>;

/** A request that did not get the origin's answer. */
export const RefusedRequest = z.strictObject({
  reference: RequestReference,
  at: Instant,
  siteId: SiteId,
  /** What answered: the name of the guard, such as `limit`, `notice`, `rule-deny`, or `origin-error`. */
  guard: z.string().regex(/^[a-z-]{1,30}$/),
  ruleId: RuleId.nullable(),
  orderId: OrderId.nullable(),
  status: z.int().min(-1).max(999),
  network: Cidr,
  method: z.string().max(40),
  path: z.string().max(1000),
});
export type RefusedRequest = z.infer<typeof RefusedRequest>;

/** Most of them in one telemetry message, so that a flood costs the stream nothing that is felt. */
export const mostRefusedPerMessage = 200;

/** How long one is kept, and how many of one site. */
export const refusedKeptDays = 7;
export const mostRefusedPerSite = 5000;
