/**
 * The record's tree as tiles (c2sp.org/tlog-tiles): where each is, what an append adds to them, and the tree's root from its right edge.
 *
 * A tile holds up to 256 hashes of one level; level L+1 holds the roots of full tiles of level L. An append needs only the right edge: the last,
 * not yet full tile of each level. Full tiles never change; one that is not full is written under its width, `.p/W`, so no file ever changes.
 * Not here: files, hashing (handed in), proofs (prove.ts).
 */
import { hashBytes, leafHash, nodeHash } from '../../contract/record/tree.ts';
import type { Sha256 } from '../../contract/record/tree.ts';

export const tileWidth = 256;

/** Two bytes say how long an entry is. */
export const longestLeafBytes = 65_535;

/** `level` of a tile of hashes, or the tile of the leaves themselves; `width` 1 to 256. */
export type TileAt = { readonly level: number | 'entries'; readonly index: number; readonly width: number };

/** Its path below the log's address, such as `tile/0/x001/234.p/12`. */
export function tilePath({ level, index, width }: TileAt): string {
  const digits = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000))
    digits.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  return `tile/${level}/${digits.join('/')}${width === tileWidth ? '' : `.p/${width}`}`;
}

/** The right edge: for each level the hashes of its last tile that is not full (0 to 255), from level 0. */
export type Edge = { readonly size: number; readonly levels: readonly (readonly Uint8Array[])[] };

export const emptyEdge: Edge = { size: 0, levels: [] };

/** How many hashes the last, not full tile of each level has in a tree of this size. */
export function edgeWidths(size: number): number[] {
  const widths: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / tileWidth)) widths.push(rest % tileWidth);
  return widths;
}

export type WrittenTile = { readonly at: TileAt; readonly hashes: readonly Uint8Array[] };

/** What an append of these leaf hashes adds: tiles to write (full and not), and the edge after it. */
export function appendHashes(sha256: Sha256, edge: Edge, leaves: readonly Uint8Array[]): { edge: Edge; tiles: WrittenTile[] } {
  const tiles: WrittenTile[] = [];
  const levels: Uint8Array[][] = [];
  let coming: readonly Uint8Array[] = leaves;
  let full = edge.size;
  for (let level = 0; coming.length > 0 || level < edge.levels.length; level += 1) {
    let held = [...(edge.levels[level] ?? [])];
    // Where the tile of `held` stands: as many full ones are before it.
    full = Math.floor(full / tileWidth);
    let index = full;
    const up: Uint8Array[] = [];
    for (const hash of coming) {
      held.push(hash);
      if (held.length < tileWidth) continue;
      tiles.push({ at: { level, index, width: tileWidth }, hashes: held });
      up.push(perfectRoot(sha256, held));
      held = [];
      index += 1;
    }
    if (coming.length > 0 && held.length > 0) tiles.push({ at: { level, index, width: held.length }, hashes: held });
    levels.push(held);
    coming = up;
  }
  return { edge: { size: edge.size + leaves.length, levels }, tiles };
}

/** The root over a power of two of hashes. */
export function perfectRoot(sha256: Sha256, hashes: readonly Uint8Array[]): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    const next: Uint8Array[] = [];
    for (let at = 0; at + 1 < row.length; at += 2) {
      const [left, right] = [row[at], row[at + 1]];
      if (left !== undefined && right !== undefined) next.push(nodeHash(sha256, left, right));
    }
    row = next;
  }
  const [root] = row;
  if (root === undefined) throw new RangeError('no hashes have no perfect root');
  return root;
}

/** The root of the whole tree (RFC 9162, 2.1.1): of no leaves, the hash of nothing. */
export function rootOfEdge(sha256: Sha256, edge: Edge): Uint8Array {
  let root: Uint8Array | null = null;
  for (const held of edge.levels) {
    // Perfect subtrees, the largest first: the width's bits.
    const peaks: Uint8Array[] = [];
    for (let start = 0, bit = tileWidth / 2; bit >= 1; bit /= 2) {
      if ((held.length & bit) === 0) continue;
      peaks.push(perfectRoot(sha256, held.slice(start, start + bit)));
      start += bit;
    }
    for (const peak of peaks.toReversed()) root = root === null ? peak : nodeHash(sha256, peak, root);
  }
  return root ?? sha256(new Uint8Array(0));
}

/** A tile's bytes: its hashes one after another. */
export function tileBytes(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * hashBytes);
  hashes.forEach((hash, at) => bytes.set(hash, at * hashBytes));
  return bytes;
}

/** The hashes of a tile's bytes; null when they are not `width` whole hashes. */
export function readTile(bytes: Uint8Array, width: number): Uint8Array[] | null {
  if (bytes.length !== width * hashBytes) return null;
  return Array.from({ length: width }, (_, at) => bytes.slice(at * hashBytes, (at + 1) * hashBytes));
}

/** An entry bundle: each leaf behind its length in two bytes. Throws a RangeError on a leaf that is too long. */
export function entryBytes(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.some((leaf) => leaf.length > longestLeafBytes)) throw new RangeError('a leaf is longer than 65,535 bytes');
  const bytes = new Uint8Array(leaves.reduce((sum, leaf) => sum + 2 + leaf.length, 0));
  let at = 0;
  for (const leaf of leaves) {
    bytes[at] = leaf.length >> 8;
    bytes[at + 1] = leaf.length & 255;
    bytes.set(leaf, at + 2);
    at += 2 + leaf.length;
  }
  return bytes;
}

/** The leaves of an entry bundle; null when its lengths do not add up. */
export function readEntries(bytes: Uint8Array): Uint8Array[] | null {
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const [high, low] = [bytes[at], bytes[at + 1]];
    if (high === undefined || low === undefined) return null;
    const end = at + 2 + high * 256 + low;
    if (end > bytes.length) return null;
    leaves.push(bytes.slice(at + 2, end));
    at = end;
  }
  return leaves;
}

/** Hashes of leaves' bytes, for `appendHashes`. */
export function leafHashes(sha256: Sha256, leaves: readonly Uint8Array[]): Uint8Array[] {
  return leaves.map((leaf) => leafHash(sha256, leaf));
}
