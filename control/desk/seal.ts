/**
 * Envelope encryption of what names people and of evidence: a key per report or case, wrapped with the installation's seal key.
 *
 * The seal key is made at the first start and kept in `control/seal.key` (mode 600), or comes by PORTCULLIS_SEAL_KEY. It is not in the database
 * and not in its backups; whoever has only one of the two reads nothing. A check of it stands in the database: a control plane whose key
 * is another or missing says so and does not start (fails closed), because it would seal what nobody could open together with the rest.
 * Lost for ever with it: every identity and every copy of evidence. What can still go wrong: a shredded file can be read from a backup of the
 * database that is older than the shredding.
 * After: NIST SP 800-57 (key wrapping by hierarchy); the envelope encryption of cloud key services.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { BlobId, idPrefix, SealedId } from '../../contract/ids.ts';
import { writeDurable } from '../../kit/durable.ts';
import { randomId } from '../../kit/random-id.ts';
import { boxKey, boxKeyBytes, keyedHash, keyFor, newBoxKey, openBox, sealBox } from '../../kit/sealed-box.ts';
import {
  addSealKeys,
  dropSealKey,
  findBlob,
  findPiece,
  findSealed,
  findSealKeys,
  insertBlobs,
  insertSealed,
} from '../../store/desk/seal.ts';
import { findFact, settleFact } from '../../store/house.ts';
import type { Db, Store } from '../../store/open.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { Failure } from '../http/failure.ts';
import type { Seal, SealedFile, SealedKind } from './deps.ts';

const fact = 'seal-key-check';
const pieceBytes = 1024 * 1024;
const Fields = z.record(z.string(), z.string());

/**
 * `key`: base64 of 32 bytes from the environment; null: kept in `folder`/seal.key, made at the first start.
 * Throws an Error with a sentence: unreadable, missing, or another one than this database was sealed with.
 */
export async function openSeal(deps: Pick<ControlDeps, 'now' | 'store'>, folder: string, key: string | null): Promise<Seal> {
  const master = await loadSealKey(deps.store, join(folder, 'seal.key'), key);
  const wrapKey = keyFor('portcullis seal: keys of files', master);
  const ownKey = keyFor('portcullis seal: the installation’s own', master);
  const markKey = keyFor('portcullis seal: marks', master);

  const unwrap = (file: string, wrapped: Buffer): KeyObject => {
    const opened = openBox(wrapKey, `key of ${file}`, wrapped);
    if (opened === null) throw new Error(`the sealed key of ${file} does not open: the row was changed or moved`);
    return boxKey(opened);
  };

  /** Keys of files, made for those that have none. Throws Failure `sealed-away` when one was shredded. */
  async function keysOf(tx: Db, files: readonly string[]): Promise<Map<string, KeyObject>> {
    // In one order everywhere: two transactions that make keys of the same files never wait in a circle.
    const wanted = [...new Set(files)].sort();
    let kept = await findSealKeys(tx, wanted);
    const missing = wanted.filter((file) => !kept.has(file));
    if (missing.length > 0) {
      const made = missing.map((file) => ({ file, wrapped: sealBox(wrapKey, `key of ${file}`, newBoxKey()) }));
      await addSealKeys(tx, made, nowOf(deps));
      kept = await findSealKeys(tx, wanted);
    }
    const keys = new Map<string, KeyObject>();
    for (const file of wanted) {
      const wrapped = kept.get(file) ?? null;
      if (wrapped === null) throw shreddedAway();
      keys.set(file, unwrap(file, wrapped));
    }
    return keys;
  }
  const keyIn = (keys: ReadonlyMap<string, KeyObject>, file: string): KeyObject => {
    const found = keys.get(file);
    if (found === undefined) throw new Error(`no key was read for ${file}`);
    return found;
  };

  const sealFields = (key: KeyObject, kind: SealedKind, file: SealedFile, fields: Readonly<Record<string, string>>) => {
    const sealedId = SealedId.parse(randomId(idPrefix.sealed));
    const text = Buffer.from(JSON.stringify(fields));
    return { sealedId, ciphertext: sealBox(key, `${kind} ${sealedId} of ${file}`, text) };
  };

  const keepMany: Seal['keepMany'] = async (tx, drafts) => {
    const keys = await keysOf(
      tx,
      drafts.map(({ file }) => file),
    );
    const rows = drafts.map(({ file, kind, fields }) => {
      const { sealedId, ciphertext } = sealFields(keyIn(keys, file), kind, file, fields);
      return { sealed_id: sealedId, file_id: file, kind, ciphertext };
    });
    await insertSealed(tx, rows, nowOf(deps));
    return rows.map((row) => row.sealed_id);
  };

  const keepBlobs: Seal['keepBlobs'] = async (tx, drafts) => {
    const keys = await keysOf(
      tx,
      drafts.map(({ file }) => file),
    );
    const blobs = drafts.map(({ file, mediaType, bytes }) => {
      const blobId = BlobId.parse(randomId(idPrefix.blob));
      const pieces: Buffer[] = [];
      const count = piecesOf(bytes.byteLength);
      for (let n = 0; n < count; n += 1) {
        const piece = bytes.subarray(n * pieceBytes, (n + 1) * pieceBytes);
        pieces.push(sealBox(keyIn(keys, file), pieceContext(blobId, file, n, count), piece));
      }
      return { blobId, file, mediaType, sha256: sha256Of(bytes), bytes: bytes.byteLength, pieces };
    });
    await insertBlobs(tx, blobs, nowOf(deps));
    return blobs.map(({ blobId, sha256, bytes }) => ({ blobId, sha256, bytes }));
  };

  return {
    keepMany,
    keepBlobs,
    sealNew(kind, file, fields) {
      const key = newBoxKey();
      return { wrapped: sealBox(wrapKey, `key of ${file}`, key), ...sealFields(boxKey(key), kind, file, fields) };
    },
    async keep(tx, file, kind, fields) {
      const [sealedId] = await keepMany(tx, [{ file, kind, fields }]);
      if (sealedId === undefined) throw new Error('nothing was sealed');
      return sealedId;
    },
    async open(db, sealedId) {
      const row = await findSealed(db, sealedId);
      if (row === null || row.wrapped === null) return null;
      const key = unwrap(row.file_id, row.wrapped);
      const opened = openBox(key, `${row.kind} ${sealedId} of ${row.file_id}`, row.ciphertext);
      if (opened === null) throw new Error(`the sealed record ${sealedId} does not open: the row was changed or moved`);
      return Fields.parse(JSON.parse(opened.toString('utf8')));
    },
    async keepBlob(tx, file, mediaType, bytes) {
      const [blob] = await keepBlobs(tx, [{ file, mediaType, bytes }]);
      if (blob === undefined) throw new Error('nothing was kept');
      return blob;
    },
    async openBlob(db, blobId) {
      const blob = await findBlob(db, blobId);
      if (blob === null || blob.wrapped === null) return null;
      const key = unwrap(blob.file, blob.wrapped);
      const count = piecesOf(blob.bytes);
      const pieces: Buffer[] = [];
      for (let n = 0; n < count; n += 1) {
        const box = await findPiece(db, blobId, n);
        if (box === null) return null;
        const piece = openBox(key, pieceContext(blobId, blob.file, n, count), box);
        if (piece === null) throw new Error(`piece ${n} of ${blobId} does not open: it was changed or moved`);
        pieces.push(piece);
      }
      const bytes = Buffer.concat(pieces);
      if (sha256Of(bytes) !== blob.sha256) throw new Error(`the bytes of ${blobId} are not those of its hash`);
      return { mediaType: blob.mediaType, bytes, sha256: blob.sha256 };
    },
    shred: (tx, file, at) => dropSealKey(tx, file, at),
    mark: (text) => keyedHash(markKey, text),
    encrypt: (text) => sealBox(ownKey, 'own', Buffer.from(text)),
    decrypt(bytes) {
      const opened = openBox(ownKey, 'own', bytes);
      if (opened === null) throw new Error('what was encrypted with the installation’s key does not open: it was changed');
      return opened.toString('utf8');
    },
  };
}

/** What everybody is told about something whose key is gone. */
export function shreddedAway(): Failure {
  return new Failure('sealed-away', 'This was shredded and is unreadable for ever. Its hashes and its chain of custody remain.');
}

function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** An empty file is one empty piece, so that its absence shows. */
function piecesOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / pieceBytes));
}

function pieceContext(blobId: BlobId, file: string, n: number, count: number): string {
  return `piece ${n} of ${count} of ${blobId} of ${file}`;
}

/**
 * The installation's seal key: from the environment (`given`) or the file, made at the first start. Throws as `openSeal` does.
 */
export async function loadSealKey(store: Store, file: string, given: string | null): Promise<Buffer> {
  const from = given === null ? file : 'PORTCULLIS_SEAL_KEY';
  const known = await findFact(store.db, fact);
  const kept = given ?? readKey(file);
  if (kept === null && known !== null) {
    throw new Error(
      `The seal key ${file} is missing, and this database was sealed with one. Restore seal.key from its backup, or give it in ` +
        'PORTCULLIS_SEAL_KEY; without it, identities and evidence cannot be read. Nothing was changed.',
    );
  }
  const text = kept ?? newBoxKey().toString('base64');
  const key = Buffer.from(text, 'base64');
  if (key.byteLength !== boxKeyBytes || key.toString('base64') !== text) {
    throw new Error(`The seal key in ${from} is not 32 bytes in base64. Restore it from its backup. Nothing was changed.`);
  }
  // In the file before anything is sealed with it.
  if (kept === null) await writeDurable(file, `${text}\n`, 0o600);
  const check = keyedHash(keyFor('portcullis seal: check', key), 'check');
  const settled = known ?? (await settleFact(store.db, fact, check));
  if (!timingSafeEqual(Buffer.from(settled), Buffer.from(check))) {
    throw new Error(
      `The seal key in ${from} is not the one that this database was sealed with. Restore seal.key from its backup, or copy it from the ` +
        'other control process. Nothing was changed.',
    );
  }
  return key;
}

function readKey(file: string): string | null {
  try {
    const text = readFileSync(file, 'utf8').trim();
    chmodSync(file, 0o600);
    return text;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new Error(`The seal key in ${file} cannot be read.`, { cause: error });
  }
}
