/**
 * What a witness decides: whether a checkpoint goes on from the one that it signed last, and only then signs it.
 *
 * For each log one file with the last checkpoint, on disk before the signature is handed out: a witness that is killed at any instant has signed nothing
 * that it does not remember, so it never signs two histories. Fails closed: without its file's folder it signs nothing; a file that is there and
 * does not read ends the start. A witness that lost its files must get a new key.
 * Format and answers: C2SP tlog-witness v1.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAddCheckpoint, sizeType } from '../../../contract/record/add-checkpoint.ts';
import { cosignatureLine, cosignedText, noteHolds, readCheckpoint, readNote } from '../../../contract/record/note.ts';
import type { Checkpoint, NoteKey } from '../../../contract/record/note.ts';
import { consistencyHolds, sameBytes } from '../../../contract/record/tree.ts';
import { writeDurable } from '../../../kit/durable.ts';
import { textVerifier } from '../../../kit/ed25519.ts';
import type { SignText } from '../../../kit/ed25519.ts';
import { sha256 } from '../../../kit/sha256.ts';
import { Serial } from '../../../kit/serial.ts';

export type WitnessParts = {
  readonly folder: string;
  /** The witness's own. */
  readonly key: NoteKey;
  readonly sign: SignText;
  /** Of the logs that it watches. */
  readonly logs: readonly NoteKey[];
  readonly nowMs: () => number;
};

export type WitnessAnswer = { readonly status: number; readonly type: string; readonly body: string };

export type WitnessBook = {
  /** Answers the body of an `add-checkpoint`. */
  add(text: string): Promise<WitnessAnswer>;
  /** The checkpoint that was signed last, with our signature; null before the first. */
  last(origin: string): string | null;
};

type Known = { readonly checkpoint: Checkpoint; readonly note: string };

const emptyRoot = sha256(new Uint8Array(0));

/** Opens the book. Throws an Error with a sentence when a file does not read. */
export function openWitnessBook({ folder, key, sign, logs, nowMs }: WitnessParts): WitnessBook {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const known = new Map<string, Known>();
  const one = new Serial();
  const fileOf = (origin: string) => join(folder, createHash('sha256').update(origin, 'utf8').digest('hex'));
  for (const { name } of logs) {
    const kept = readKept(fileOf(name));
    if (kept !== null) known.set(name, kept);
  }

  async function add(text: string): Promise<WitnessAnswer> {
    const asked = readAddCheckpoint(text);
    const note = asked && readNote(asked.checkpoint);
    const next = note && readCheckpoint(note.text);
    if (asked === null || note === null || next === null) return says(400, 'This is not an add-checkpoint request.');
    const own = logs.filter(({ name }) => name === next.origin);
    if (own.length === 0) return says(404, `The log ${JSON.stringify(next.origin)} is not watched here.`);
    const verify = (publicKey: string, signed: string, signature: string) => textVerifier(publicKey)(signed, signature);
    if (!own.some((log) => noteHolds(note, log, verify))) return says(403, 'No key of this log that is known here signed it.');
    if (asked.oldSize > next.size) return says(400, 'The old size is larger than the checkpoint’s.');
    const last = known.get(next.origin)?.checkpoint ?? { origin: next.origin, size: 0, root: emptyRoot };
    if (asked.oldSize !== last.size) return { status: 409, type: sizeType, body: `${last.size}\n` };
    if (next.size === last.size && !sameBytes(next.root, last.root))
      return says(409, 'Another tree of this very size was signed before. This is a fork.');
    const claim = { oldSize: last.size, oldRoot: last.root, newSize: next.size, newRoot: next.root };
    if (!consistencyHolds(sha256, claim, asked.proof)) return says(422, 'The proof does not show that nothing was rewritten.');
    const seconds = Math.floor(nowMs() / 1000);
    const line = cosignatureLine(key, seconds, sign(cosignedText(note.text, seconds)));
    const kept = `${asked.checkpoint}${line}`;
    await writeDurable(fileOf(next.origin), kept);
    known.set(next.origin, { checkpoint: next, note: kept });
    return { status: 200, type: 'text/plain; charset=utf-8', body: line };
  }

  return { add: (text) => one.run(() => add(text)), last: (origin) => known.get(origin)?.note ?? null };
}

function says(status: number, sentence: string): WitnessAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${sentence}\n` };
}

function readKept(file: string): Known | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const note = readNote(text);
  const checkpoint = note && readCheckpoint(note.text);
  if (checkpoint === null) throw new Error(`${file} is not a checkpoint. Nothing is signed: make a new witness, with a new key.`);
  return { checkpoint, note: text };
}
