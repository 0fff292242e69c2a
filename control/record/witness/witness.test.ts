import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { addCheckpointText, readAddCheckpoint, sizeType } from '../../../contract/record/add-checkpoint.ts';
import {
  checkpointText,
  noteKey,
  noteKeyText,
  readNote,
  readNoteKey,
  signatureLine,
  witnessedAt,
} from '../../../contract/record/note.ts';
import { leafHash } from '../../../contract/record/tree.ts';
import { proveConsistency } from '../../../core/record/prove.ts';
import { appendHashes, emptyEdge, rootOfEdge } from '../../../core/record/tiles.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../../kit/ed25519.ts';
import { sha256 } from '../../../kit/sha256.ts';
import { removeFolder, temporaryFolder } from '../../../tests/harness/ports.ts';
import { openWitnessBook } from './book.ts';
import type { WitnessBook } from './book.ts';

const verify = (key: string, text: string, signature: string): boolean => textVerifier(key)(text, signature);
const [logPair, witnessPair] = [generateSigningKeyPair(), generateSigningKeyPair()];
const log = noteKey(sha256, 'shield.example/record', logPair.publicKey);
const key = noteKey(sha256, 'witness.example', witnessPair.publicKey, 'witness');
const nowMs = Date.parse('2026-11-22T16:00:00.000Z');
const folders: string[] = [];

/** A log of so many leaves; `other` makes another history from that leaf on. */
function tree(size: number, other = size) {
  const leaves = Array.from({ length: size }, (_, at) => leafHash(sha256, Buffer.from(at < other ? `${at}` : `other ${at}`)));
  const root = rootOfEdge(sha256, appendHashes(sha256, emptyEdge, leaves).edge);
  const text = checkpointText({ origin: log.name, size, root });
  return { leaves, checkpoint: `${text}\n${signatureLine(log, textSigner(logPair.privateKey)(text))}` };
}

async function ask(book: WitnessBook, oldSize: number, size: number, other = size) {
  const { leaves, checkpoint } = tree(size, other);
  const read = (level: number, index: number) => Promise.resolve(level === 0 ? leaves.slice(index * 256, (index + 1) * 256) : []);
  const proof = oldSize > size ? [] : await proveConsistency({ sha256, size, read }, oldSize);
  return { checkpoint, ...(await book.add(addCheckpointText({ oldSize, proof, checkpoint }))) };
}

const open = (folder: string): WitnessBook =>
  openWitnessBook({ folder, key, sign: textSigner(witnessPair.privateKey), logs: [log], nowMs: () => nowMs });

describe('a witness', () => {
  let folder: string;
  let book: WitnessBook;
  beforeEach(() => {
    folder = temporaryFolder('witness');
    folders.push(folder);
    book = open(folder);
  });
  afterAll(() => {
    for (const one of folders) removeFolder(one);
  });

  it('signs what goes on from what it signed, also after a restart, and says when', async () => {
    for (const [oldSize, size] of [
      [0, 3],
      [3, 3],
      [3, 100],
    ] as const) {
      const { status, body, checkpoint } = await ask(book, oldSize, size);
      expect(status).toBe(200);
      const note = readNote(checkpoint + body);
      expect(note && witnessedAt(note, key, verify)).toBe(nowMs / 1000);
      expect(note && witnessedAt(note, noteKey(sha256, key.name, logPair.publicKey, 'witness'), verify)).toBe(null);
    }
    expect((await ask(open(folder), 100, 120)).status).toBe(200);
  });

  it('never signs a shorter log or another history, not after a restart either', async () => {
    await ask(book, 0, 100);
    for (const one of [book, open(folder)]) {
      expect(await ask(one, 0, 50)).toMatchObject({ status: 409, type: sizeType, body: '100\n' });
      expect(await ask(one, 120, 50)).toMatchObject({ status: 400 });
      expect(await ask(one, 100, 100, 99)).toMatchObject({ status: 409, type: expect.stringContaining('text/plain') });
      expect(await ask(one, 100, 130, 99)).toMatchObject({ status: 422 });
    }
    expect((await ask(book, 100, 130)).status).toBe(200);
  });

  it('signs only for logs that it was told of, and only what their key signed', async () => {
    const { checkpoint } = tree(3);
    const add = (text: string) => book.add(addCheckpointText({ oldSize: 0, proof: [], checkpoint: text }));
    expect((await add(checkpoint.replaceAll('shield.example', 'other.example'))).status).toBe(404);
    const text = checkpointText({ origin: log.name, size: 3, root: new Uint8Array(32) });
    expect((await add(`${text}\n${signatureLine(log, textSigner(witnessPair.privateKey)(text))}`)).status).toBe(403);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does not start on a file of its own that does not read', async () => {
    await ask(book, 0, 3);
    for (const name of readdirSync(folder)) writeFileSync(path.join(folder, name), 'spoilt');
    expect(() => open(folder)).toThrow('is not a checkpoint');
  });

  it('answers whatever it is sent, and signs nothing of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ maxLength: 300 }),
          fc
            .tuple(fc.constantFrom('old 0', 'old 1', 'old -1', 'old 00', 'old'), fc.string({ maxLength: 60 }))
            .map(([first, rest]) => `${first}\n${rest}\n\n${tree(2).checkpoint.slice(0, -5)}`),
        ),
        async (text) => {
          expect([400, 403, 404]).toContain((await book.add(text)).status);
        },
      ),
      { numRuns: 100 },
    );
    const asked = { oldSize: 7, proof: [new Uint8Array(32).fill(7)], checkpoint: tree(9).checkpoint };
    expect(readAddCheckpoint(addCheckpointText(asked))).toEqual(asked);
    expect(readNoteKey(sha256, noteKeyText(key))).toEqual(key);
  });
});
