/**
 * What the record says of policy versions, orders and published statements (contract/record/statement.ts): canonical JSON, one schema per type. Of reports it holds the leaf of the receipt (core/desk/receipt-leaf.ts).
 *
 * Public for good: no name of a person, no hostname, no reason. What an order is about stands in a commitment, whose salt is kept apart and can be
 * deleted. Not told: that a case was opened. A leaf of that right behind a report's would say whether others had reported the same.
 */
import { z } from 'zod';
import { canonicalJson } from '../../contract/canonical.ts';
import { Instant } from '../../contract/ids.ts';
import { Measure } from '../../contract/policy.ts';
import { StatementLeaf } from '../../contract/record/statement.ts';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

export const PolicyVersionLeaf = z.strictObject({
  v: z.literal(1),
  type: z.literal('policy-version'),
  at: Instant,
  /** SHA-256 of the published words. */
  sha256: Hash,
});

export const OrderLeaf = z.strictObject({
  v: z.literal(1),
  type: z.literal('order'),
  at: Instant,
  /** The same in all leaves of one order, and in nothing else. */
  ref: z.string().regex(/^[0-9a-f]{32}$/),
  state: z.string().regex(/^[a-z-]{1,32}$/),
  measure: Measure,
  basis: z.string().regex(/^[a-z-]{1,32}$/),
  startsAt: Instant.nullable(),
  endsAt: Instant,
  /** HMAC-SHA256 under the order's salt of `orderCommitmentText`. */
  commitment: Hash,
  /** It was part of a drill: nobody was in danger, no site of anybody's restricted. */
  drill: z.literal(true).optional(),
});

export const ActLeaf = z.discriminatedUnion('type', [PolicyVersionLeaf, OrderLeaf, StatementLeaf]);
export type ActLeaf = z.infer<typeof ActLeaf>;

/** The leaf's text. Throws a ZodError on what does not fit: the act is then undone, rather than told wrongly (fails closed). */
export function leafText(leaf: z.input<typeof ActLeaf>): string {
  return canonicalJson(ActLeaf.parse(leaf));
}

/** What an order's commitment is made over. */
export function orderCommitmentText(order: {
  readonly decision: string;
  readonly siteId: string;
  readonly hostnames: readonly string[];
  readonly path: string | null;
  readonly publicReason: string;
}): string {
  const { decision, siteId, hostnames, path, publicReason } = order;
  return canonicalJson({ decision, siteId, hostnames, path, publicReason });
}
