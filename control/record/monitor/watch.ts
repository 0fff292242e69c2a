/**
 * What a monitor finds in somebody's record: that it went on from what was seen before, whole, signed, and in the order of time.
 *
 * Reads every leaf once and keeps the tree's right edge, so that each look needs only what is new, and proves more than a consistency proof does: the
 * leaves themselves make the root that was signed. Pure but for what fetches. Does not find: what was never logged, and, without witnesses, another
 * record that is shown to somebody else.
 * After: C2SP tlog-tiles, “monitors”; RFC 9162, 8.
 */
import { z } from 'zod';
import { fromBase64, toBase64 } from '../../../contract/record/base64.ts';
import { openCheckpoint, readNote, witnessedAt } from '../../../contract/record/note.ts';
import type { NoteKey } from '../../../contract/record/note.ts';
import { hashBytes, sameBytes } from '../../../contract/record/tree.ts';
import { appendHashes, emptyEdge, leafHashes, readEntries, rootOfEdge, tilePath, tileWidth } from '../../../core/record/tiles.ts';
import type { Edge } from '../../../core/record/tiles.ts';
import { textVerifier } from '../../../kit/ed25519.ts';
import { sha256 } from '../../../kit/sha256.ts';

/** What a monitor remembers between looks. */
export type Kept = { readonly checkpoint: string | null; readonly edge: Edge; readonly lastAt: string | null };

export const nothingKept: Kept = { checkpoint: null, edge: emptyEdge, lastAt: null };

export type Finding =
  /** `backDated`: places of leaves that say an earlier time than the one before them by more than an hour. */
  | {
      readonly kind: 'goes-on';
      readonly from: number;
      readonly size: number;
      readonly backDated: readonly number[];
      readonly kept: Kept;
    }
  | { readonly kind: 'unsigned' | 'shorter' | 'rewritten' | 'incomplete' | 'unwitnessed'; readonly why: string };

/** Bytes at a path below the record's address; rejects when there are none. */
export type Fetch = (path: string) => Promise<Uint8Array>;

/** Clocks of several control processes differ, and an act's leaf can wait for another's transaction. */
const patienceMs = 3_600_000;

const At = z.looseObject({ at: z.iso.datetime() });

/** Looks once. Rejects as `fetch` does. */
export async function look(fetch: Fetch, keys: readonly NoteKey[], kept: Kept): Promise<Finding> {
  const verify = (publicKey: string, text: string, signature: string) => textVerifier(publicKey)(text, signature);
  const text = new TextDecoder().decode(await fetch('checkpoint'));
  const head = openCheckpoint(text, keys, verify);
  const note = readNote(text);
  if (head === null || note === null) return { kind: 'unsigned', why: 'no key that was given signed the checkpoint' };
  const missing = keys.find((key) => key.use === 'witness' && witnessedAt(note, key, verify) === null);
  if (missing !== undefined) return { kind: 'unwitnessed', why: `the witness ${missing.name} has not signed the checkpoint` };
  const from = kept.edge.size;
  if (head.size < from) return { kind: 'shorter', why: `there were ${from} leaves, and there are ${head.size} now` };
  let edge = kept.edge;
  let lastAt = kept.lastAt;
  const backDated: number[] = [];
  while (edge.size < head.size) {
    const index = Math.floor(edge.size / tileWidth);
    const width = Math.min(tileWidth, head.size - index * tileWidth);
    const bundle = readEntries(await entriesAt(fetch, index, width));
    const leaves = bundle?.slice(0, width);
    if (leaves?.length !== width) return { kind: 'incomplete', why: `the leaves from ${index * tileWidth} on do not read` };
    const news = leaves.slice(edge.size - index * tileWidth);
    for (const [place, leaf] of news.entries()) {
      const at = timeOf(leaf);
      if (at === null) continue;
      if (lastAt !== null && Date.parse(at) < Date.parse(lastAt) - patienceMs) backDated.push(edge.size + place);
      if (lastAt === null || at > lastAt) lastAt = at;
    }
    ({ edge } = appendHashes(sha256, edge, leafHashes(sha256, news)));
  }
  if (!sameBytes(rootOfEdge(sha256, edge), head.root))
    return {
      kind: 'rewritten',
      why: `what was seen before (${from} leaves) and what came since do not make the tree that was signed`,
    };
  return { kind: 'goes-on', from, size: head.size, backDated, kept: { checkpoint: text, edge, lastAt } };
}

/** A bundle that is not full is replaced by the full one once there are more leaves. */
async function entriesAt(fetch: Fetch, index: number, width: number): Promise<Uint8Array> {
  const path = tilePath({ level: 'entries', index, width });
  if (width === tileWidth) return fetch(path);
  return fetch(path).catch(() => fetch(tilePath({ level: 'entries', index, width: tileWidth })));
}

function timeOf(leaf: Uint8Array): string | null {
  try {
    const read = At.safeParse(JSON.parse(new TextDecoder().decode(leaf)));
    return read.success ? read.data.at : null;
  } catch {
    return null;
  }
}

const KeptFile = z.strictObject({
  v: z.literal(1),
  checkpoint: z.string().nullable(),
  lastAt: z.string().nullable(),
  size: z.int().min(0),
  levels: z.array(z.array(z.string())),
});

export function keptText({ checkpoint, edge, lastAt }: Kept): string {
  const levels = edge.levels.map((hashes) => hashes.map(toBase64));
  return `${JSON.stringify({ v: 1, checkpoint, lastAt, size: edge.size, levels })}\n`;
}

/** Null when it is not what `keptText` wrote. */
export function readKept(text: string): Kept | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const read = KeptFile.safeParse(value);
  if (!read.success) return null;
  const { checkpoint, lastAt, size, levels: texts } = read.data;
  const levels: Uint8Array[][] = [];
  for (const row of texts) {
    const hashes = row.flatMap((one) => fromBase64(one) ?? []);
    if (hashes.length !== row.length || hashes.some((hash) => hash.length !== hashBytes)) return null;
    levels.push(hashes);
  }
  return { checkpoint, lastAt, edge: { size, levels } };
}
