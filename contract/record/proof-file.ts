/**
 * Proof files (c2sp.org/tlog-proof@v1): that one leaf stands in the record, in one text that is checked without asking anybody.
 *
 * Lines: the format's name, perhaps `extra`, `index`, the hashes of the inclusion proof, an empty line, the checkpoint. `extra` is not
 * authenticated and is not read. What a proof does not say: that the record holds everything, or that the leaf is true.
 */
import { fromBase64, toBase64 } from './base64.ts';
import { openCheckpoint } from './note.ts';
import type { Checkpoint, NoteKey, VerifyText } from './note.ts';
import { hashBytes, inclusionHolds, leafHash } from './tree.ts';
import type { Sha256 } from './tree.ts';

const firstLine = 'c2sp.org/tlog-proof@v1';
/** A tree of 2^53 leaves has no longer path. */
const longestPath = 53;

export type ProofFile = { readonly index: number; readonly path: readonly Uint8Array[]; readonly checkpoint: string };

export function proofFileText({ index, path, checkpoint }: ProofFile): string {
  return `${[firstLine, `index ${index}`, ...path.map(toBase64)].join('\n')}\n\n${checkpoint}`;
}

/** Takes a proof file apart; null when it is none. Nothing is verified. */
export function readProofFile(text: string): ProofFile | null {
  const cut = text.indexOf('\n\n');
  if (cut < 0) return null;
  const [name, ...lines] = text.slice(0, cut).split('\n');
  if (name !== firstLine) return null;
  if (lines[0]?.startsWith('extra ') === true) lines.shift();
  const match = /^index (0|[1-9][0-9]{0,15})$/.exec(lines.shift() ?? '');
  const index = Number(match?.[1] ?? Number.NaN);
  if (!Number.isSafeInteger(index) || lines.length > longestPath) return null;
  const path: Uint8Array[] = [];
  for (const line of lines) {
    const hash = fromBase64(line);
    if (hash?.length !== hashBytes) return null;
    path.push(hash);
  }
  return { index, path, checkpoint: text.slice(cut + 2) };
}

export type ProofFinding =
  | { readonly kind: 'holds'; readonly index: number; readonly checkpoint: Checkpoint }
  /** `unreadable`: no proof file; `signature`: no trusted key signed its checkpoint; `path`: the leaf is not in the signed tree. */
  | { readonly kind: 'broken'; readonly why: 'unreadable' | 'signature' | 'path' };

/** Checks that a leaf stands where the proof file says, in a tree that one of `keys` signed. */
export function checkProofFile(
  text: string,
  leaf: Uint8Array,
  trust: { readonly keys: readonly NoteKey[]; readonly sha256: Sha256; readonly verify: VerifyText },
): ProofFinding {
  const proof = readProofFile(text);
  if (proof === null) return { kind: 'broken', why: 'unreadable' };
  const checkpoint = openCheckpoint(proof.checkpoint, trust.keys, trust.verify);
  if (checkpoint === null) return { kind: 'broken', why: 'signature' };
  const claim = { ...checkpoint, index: proof.index, leaf: leafHash(trust.sha256, leaf) };
  if (!inclusionHolds(trust.sha256, claim, proof.path)) return { kind: 'broken', why: 'path' };
  return { kind: 'holds', index: proof.index, checkpoint };
}
