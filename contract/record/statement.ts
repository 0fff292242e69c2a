/**
 * How a published statement of reasons stands in the record: which text is hashed, what its leaf says, and whether the two fit.
 *
 * Hashed is the statement's own JSON, as `/decisions/<number>.json` answers it, without `receipts` (they change with every edge that answers) and
 * without `record` (it names the leaf). A statement that changes gets another leaf, and the earlier versions stay.
 * Not here: the tree and the proof (tree.ts, proof-file.ts).
 */
import { z } from 'zod';
import { canonicalJson } from '../canonical.ts';
import type { Json } from '../canonical.ts';
import { DecisionNumber, Instant } from '../ids.ts';

const Hash = z.string().regex(/^[0-9a-f]{64}$/);

export const StatementLeaf = z.strictObject({
  v: z.literal(1),
  type: z.literal('statement'),
  at: Instant,
  decision: DecisionNumber,
  /** 1 for what was published first. */
  version: z.int().min(1),
  /** SHA-256 of `statementText`. */
  sha256: Hash,
  /** It is of a drill. */
  drill: z.literal(true).optional(),
});
export type StatementLeaf = z.infer<typeof StatementLeaf>;

/** What a statement says of its own leaf. */
export const RecordReference = z.strictObject({
  /** The leaf's text, canonical JSON. */
  leaf: z.string(),
  /** SHA-256 of the leaf's text, in hex. */
  leafSha256: Hash,
  version: z.int().min(1),
  recordedAt: Instant,
  /** A proof file; not found until the next checkpoint covers the leaf. */
  proofUrl: z.string(),
  /** Every version that was published, oldest first. */
  versionsUrl: z.string(),
});
export type RecordReference = z.infer<typeof RecordReference>;

/** Any JSON object that names its decision; what else stands in it is hashed as it is, so a later version's fields are too. */
export const PublishedStatement = z.record(z.string(), z.json()).and(z.object({ decision: DecisionNumber }));
export type PublishedStatement = z.infer<typeof PublishedStatement>;

/** The text that is hashed. */
export function statementText(statement: { readonly [field: string]: Json | undefined }): string {
  const { receipts: _receipts, record: _record, ...rest } = statement;
  return canonicalJson(rest);
}

/** Reads a leaf's text; null when it is not a statement's. */
export function readStatementLeaf(text: string): StatementLeaf | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const leaf = StatementLeaf.safeParse(value);
  return leaf.success ? leaf.data : null;
}
