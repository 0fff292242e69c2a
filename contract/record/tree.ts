/**
 * The record's Merkle tree, as whoever checks it sees it: hashes of leaves and nodes, and whether a proof holds (RFC 9162, 2.1; RFC 6962).
 *
 * Hashing is handed in, so that the same lines run in Node and in a browser. Never throws on what a stranger sent: a proof that does not
 * hold is `false`. Not here: making proofs (core/record/prove.ts). Sizes and indices are whole numbers below 2^53.
 */

/** SHA-256; 32 bytes. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

export const hashBytes = 32;

function joined(prefix: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
  all[0] = prefix;
  let at = 1;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The hash of a leaf's bytes. The prefix keeps a leaf from being passed off as a node. */
export function leafHash(sha256: Sha256, leaf: Uint8Array): Uint8Array {
  return sha256(joined(0, leaf));
}

export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(joined(1, left, right));
}

export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Whether a leaf with this hash stands at `index` of the tree of `size` leaves with this root (RFC 9162, 2.1.3.2). */
export function inclusionHolds(
  sha256: Sha256,
  claim: { readonly index: number; readonly size: number; readonly leaf: Uint8Array; readonly root: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  const { index, size, leaf, root } = claim;
  if (!isSize(index) || !isSize(size) || index >= size) return false;
  if (proof.some((hash) => hash.length !== hashBytes)) return false;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sha256, sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else hash = nodeHash(sha256, hash, sibling);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && sameBytes(hash, root);
}

/** Whether the tree of `newSize` leaves begins with all leaves of the one of `oldSize`, in their order (RFC 9162, 2.1.4.2). */
export function consistencyHolds(
  sha256: Sha256,
  claim: { readonly oldSize: number; readonly oldRoot: Uint8Array; readonly newSize: number; readonly newRoot: Uint8Array },
  proof: readonly Uint8Array[],
): boolean {
  const { oldSize, oldRoot, newSize, newRoot } = claim;
  if (!isSize(oldSize) || !isSize(newSize) || oldSize > newSize) return false;
  if (proof.some((hash) => hash.length !== hashBytes)) return false;
  if (oldSize === newSize) return proof.length === 0 && sameBytes(oldRoot, newRoot);
  // Every tree begins with the empty one, whose root is the hash of nothing.
  if (oldSize === 0) return proof.length === 0 && sameBytes(oldRoot, sha256(new Uint8Array(0)));
  let node = oldSize - 1;
  let last = newSize - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  // An old tree that is one perfect subtree of the new one is not repeated in the proof.
  const path = node === 0 ? [oldRoot, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let before = first;
  let after = first;
  for (const hash of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      before = nodeHash(sha256, hash, before);
      after = nodeHash(sha256, hash, after);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else after = nodeHash(sha256, after, hash);
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && sameBytes(before, oldRoot) && sameBytes(after, newRoot);
}
