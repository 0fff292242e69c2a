/**
 * The digest of a policy: one number by which two sides know that they hold the same set of items.
 *
 * Each item's hash is SHA-256 over `key "\n" canonical JSON`; the digest is the sum of all hashes modulo 2^256, in 64 hex digits.
 * A sum, so that one item can be changed without reading the others and order does not matter. It guards against mistakes (a lost
 * delta, a truncated copy), not against whoever may sign policy: sums of SHA-256 can be made to collide by someone who chooses
 * many items (generalised birthday), and the signature over the frame is what keeps that someone out.
 * Pure: the caller brings SHA-256. After: AdHash (Bellare, Micciancio 1997), as used for set reconciliation.
 */
import { canonicalJson } from '../../contract/canonical.ts';
import { itemKey } from '../../contract/policy.ts';
import type { ItemKey, PolicyItem } from '../../contract/policy.ts';

/** SHA-256 of a text's UTF-8 bytes, as 64 lower-case hex digits. */
export type Sha256HexOf = (text: string) => string;

const modulus = 1n << 256n;

/** The digest of a policy without items: 64 zeros. */
export const emptyDigest = '0'.repeat(64);

/** The text whose hash stands for one item. */
function itemText(item: PolicyItem, key: ItemKey = itemKey(item)): string {
  return `${key}\n${canonicalJson(item)}`;
}

/** The hash of one item, 64 lower-case hex digits. Keep it beside the item: the digest changes by it when the item goes. */
export function itemHash(item: PolicyItem, sha256: Sha256HexOf): string {
  return sha256(itemText(item));
}

/** The digest after some item hashes were taken out and others put in. A replaced item is one of each. O(changed items). */
export function changeDigest(
  digest: string,
  change: { readonly removed: Iterable<string>; readonly added: Iterable<string> },
): string {
  let sum = BigInt(`0x${digest}`);
  for (const hash of change.removed) sum -= BigInt(`0x${hash}`);
  for (const hash of change.added) sum += BigInt(`0x${hash}`);
  return hex(sum);
}

/** The digest of a whole set of item hashes. */
export function digestOf(hashes: Iterable<string>): string {
  return changeDigest(emptyDigest, { removed: [], added: hashes });
}

function hex(sum: bigint): string {
  return (((sum % modulus) + modulus) % modulus).toString(16).padStart(64, '0');
}
