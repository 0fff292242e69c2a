/**
 * Proofs out of tiles: that a leaf is in the tree, and that a later tree begins with an earlier one (RFC 9162, 2.1.3.1 and 2.1.4.1).
 *
 * Reads only the tiles on the way: for a million leaves at most three levels. Where tiles come from is handed in; a reader that
 * answers wrongly makes proofs that do not hold, which whoever checks them notices (contract/record/tree.ts).
 */
import { nodeHash } from '../../contract/record/tree.ts';
import type { Sha256 } from '../../contract/record/tree.ts';
import { perfectRoot, tileWidth } from './tiles.ts';

/** The hashes of one tile of a level, at least `width` of them. Rejects when there are none. */
export type ReadTile = (level: number, index: number, width: number) => Promise<readonly Uint8Array[]>;

type Tree = { readonly sha256: Sha256; readonly size: number; readonly read: ReadTile };

/** The largest power of two below `count`, which is at least 2. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

/** The root over leaves `from` to `to` (not included). */
async function rootOf(tree: Tree, from: number, to: number): Promise<Uint8Array> {
  const count = to - from;
  if (Number.isInteger(Math.log2(count)) && from % count === 0) return perfect(tree, from, count);
  const split = splitOf(count);
  return nodeHash(tree.sha256, await rootOf(tree, from, from + split), await rootOf(tree, from + split, to));
}

/** The root over a power of two of leaves that begins at a multiple of it: some hashes within one tile. */
async function perfect({ sha256, size, read }: Tree, from: number, count: number): Promise<Uint8Array> {
  let level = 0;
  let unit = 1;
  while (unit * tileWidth <= count) {
    unit *= tileWidth;
    level += 1;
  }
  const first = from / unit;
  const index = Math.floor(first / tileWidth);
  const width = Math.min(tileWidth, Math.floor(size / unit) - index * tileWidth);
  const hashes = await read(level, index, width);
  const start = first - index * tileWidth;
  return perfectRoot(sha256, hashes.slice(start, start + count / unit));
}

/** The path from a leaf to the root of the tree of `size` leaves. Throws a RangeError when the leaf is not in it. */
export async function proveInclusion(tree: Tree, index: number): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(index) || index < 0 || index >= tree.size) throw new RangeError('no such leaf in this tree');
  const path: Uint8Array[] = [];
  let [from, to] = [0, tree.size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      path.unshift(await rootOf(tree, middle, to));
      to = middle;
    } else {
      path.unshift(await rootOf(tree, from, middle));
      from = middle;
    }
  }
  return path;
}

/** What shows that the tree begins with the one of `oldSize` leaves; empty for none and for all. Throws a RangeError when it is smaller. */
export async function proveConsistency(tree: Tree, oldSize: number): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(oldSize) || oldSize < 0 || oldSize > tree.size) throw new RangeError('the tree is smaller than that');
  if (oldSize === 0 || oldSize === tree.size) return [];
  const proof: Uint8Array[] = [];
  let [from, to] = [0, tree.size];
  let whole = true;
  while (oldSize !== to) {
    const middle = from + splitOf(to - from);
    if (oldSize <= middle) {
      proof.unshift(await rootOf(tree, middle, to));
      to = middle;
    } else {
      proof.unshift(await rootOf(tree, from, middle));
      from = middle;
      whole = false;
    }
  }
  return whole ? proof : [await rootOf(tree, from, to), ...proof];
}
