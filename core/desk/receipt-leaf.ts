/**
 * The leaf of a report's receipt: what the record holds for it, and what the reporter can open later.
 *
 * The leaf says a number, an instant and a commitment, and nothing of what was reported: whoever watches the record for a report about
 * themselves learns neither class nor channel nor address. The commitment is the SHA-256 of `committedText`, whose salt comes from the
 * reporter's private token (`saltOf`). So a reporter who kept what they sent proves it with their link alone; nobody else can guess the
 * content against the leaf, and neither can we, since the token is not stored.
 * Not here: hashing (handed in by whoever calls), the tree of the record.
 * After: canonical JSON as leaves, RFC 8785 and desk.md 5.7; salted commitments as in certificate redaction drafts.
 */
import { canonicalJson } from '../../contract/canonical.ts';
import type { Instant, ReceiptNumber } from '../../contract/ids.ts';
import type { ReportChannel, ReportClass } from '../../contract/desk/words.ts';

/** What a report says, as it is committed to. */
export type CommittedContent = {
  readonly channel: ReportChannel;
  readonly class: ReportClass;
  readonly text: string;
  /** As they were typed. */
  readonly urls: readonly string[];
  readonly hostname: string | null;
  readonly happenedAt: Instant | null;
  /** SHA-256 of each file, in hex, in the order given. */
  readonly files: readonly string[];
};

/** What is hashed to get the salt from the token in the private link. */
export function saltSource(token: string): string {
  return `portcullis report receipt 1\n${token}`;
}

/** What is hashed to get the commitment. `salt`: the hash of `saltSource`, in hex. */
export function committedText(salt: string, content: CommittedContent): string {
  const { channel, class: kind, text, urls, hostname, happenedAt, files } = content;
  return canonicalJson({ salt, channel, class: kind, text, urls, hostname, happenedAt, files });
}

/**
 * The leaf's canonical text before and after its number: the number is given where the report is stored, in the same statement, and nothing else
 * of the leaf is known there.
 */
export function leafAround(leaf: { readonly receivedAt: Instant; readonly commitment: string }): {
  readonly before: string;
  readonly after: string;
} {
  const { receivedAt, commitment } = leaf;
  // Canonical JSON, its keys in their order: a test compares it.
  return {
    before: `{"commitment":${JSON.stringify(commitment)},"number":`,
    after: `,"receivedAt":${JSON.stringify(receivedAt)},"type":"report","v":1}`,
  };
}

/** The leaf's canonical text; the receipt shows its SHA-256. */
export function receiptLeaf(leaf: {
  readonly number: ReceiptNumber;
  readonly receivedAt: Instant;
  /** SHA-256 of `committedText`, in hex. */
  readonly commitment: string;
}): string {
  const { before, after } = leafAround(leaf);
  return `${before}${leaf.number}${after}`;
}
