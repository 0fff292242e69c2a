/**
 * The record's log: gives leaves their places, signs checkpoints over them, and writes the tiles that anybody may serve.
 *
 * The database decides (store/record.ts), files follow: a turn first brings the folder after the head, then signs a new head in one transaction,
 * then writes again; the checkpoint's file last. A process that dies anywhere in between leaves either the old head or the new one, and the
 * next turn writes what is missing, byte for byte the same. Several control processes write the same files, each in its own folder.
 * Fails closed: when the folder holds a checkpoint of more leaves than the database knows, or the roots differ, nothing is signed: a database
 * that was restored from an older backup would fork the log.
 * Formats: C2SP tlog-tiles and tlog-checkpoint.
 */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toBase64 } from '../../contract/record/base64.ts';
import { checkpointText, openCheckpoint, signatureLine } from '../../contract/record/note.ts';
import type { NoteKey } from '../../contract/record/note.ts';
import { proofFileText } from '../../contract/record/proof-file.ts';
import { proveConsistency, proveInclusion } from '../../core/record/prove.ts';
import {
  appendHashes,
  edgeWidths,
  emptyEdge,
  entryBytes,
  leafHashes,
  readTile,
  rootOfEdge,
  tileBytes,
  tilePath,
  tileWidth,
} from '../../core/record/tiles.ts';
import type { Edge } from '../../core/record/tiles.ts';
import { flushFolder, writeDurable } from '../../kit/durable.ts';
import { textVerifier } from '../../kit/ed25519.ts';
import type { SignText } from '../../kit/ed25519.ts';
import { sha256 } from '../../kit/sha256.ts';
import type { Store } from '../../store/open.ts';
import {
  hasWaitingLeaves,
  readHead,
  readLeaves,
  replaceCheckpoint,
  replaceHead,
  settleHead,
  takeWaitingLeaves,
} from '../../store/record.ts';
import type { RecordHead } from '../../store/record.ts';
import { transact } from '../../store/transact.ts';
import type { WitnessAsker } from './witnesses.ts';

const bytesOf = (leaf: string): Uint8Array => new TextEncoder().encode(leaf);

/** So many leaves in one transaction and in memory at once; a multiple of a tile's width. */
const batch = 40 * tileWidth;

export type RecordParts = {
  readonly store: Store;
  /** Where `checkpoint` and `tile/` are written: what a web server may serve as it is. */
  readonly folder: string;
  readonly key: NoteKey;
  readonly sign: SignText;
  /** Left out: nobody is asked. */
  readonly witnesses?: WitnessAsker;
};

export type RecordLog = {
  /** Appends what waits. Throws when the folder and the database contradict each other; nothing is signed then. */
  turn(): Promise<void>;
  /** The checkpoint that was written last; null before the first. */
  published(): { readonly size: number; readonly checkpoint: string } | null;
  /** The proof file of a leaf by its index; null when no checkpoint covers it yet. */
  prove(index: number): Promise<string | null>;
};

type Written = { readonly edge: Edge; readonly checkpoint: string };

export function openRecordLog({ store, folder, key, sign, witnesses }: RecordParts): RecordLog {
  let written: Written | null = null;

  async function turn(): Promise<void> {
    const first = rootOfEdge(sha256, emptyEdge);
    const head = (await readHead(store.db)) ?? (await begin(first));
    const now = await follow(head);
    const cosigned = (await append(now)) ?? head;
    if (witnesses !== undefined && cosigned.size > 0) await witness(witnesses, cosigned);
  }

  /** Signs a head over what waits; null when nothing waits, or another process was faster. */
  async function append(now: Written): Promise<RecordHead | null> {
    if (!(await hasWaitingLeaves(store.db))) return null;
    const next = await transact(store, async ({ tx }) => {
      const locked = await readHead(tx, 'lock');
      // Another process was faster; its leaves are written at the next turn.
      if (locked?.size !== now.edge.size) return null;
      const leaves = await takeWaitingLeaves(tx, locked.size, batch);
      if (leaves.length === 0) return null;
      const { edge } = appendHashes(sha256, now.edge, leafHashes(sha256, leaves.map(bytesOf)));
      const made = signedHead(edge.size, rootOfEdge(sha256, edge));
      await replaceHead(tx, made);
      return made;
    });
    if (next !== null) await follow(next);
    return next;
  }

  /** Adds witnesses' lines to a head that was published already, unless it has moved on. */
  async function witness(asked: WitnessAsker, head: RecordHead): Promise<void> {
    const { size, checkpoint } = head;
    const proveFrom = (oldSize: number) => proveConsistency({ sha256, size, read: readHashes }, oldSize);
    const signed = await asked.cosign({ size, checkpoint }, proveFrom);
    if (signed === checkpoint) return;
    await replaceCheckpoint(store.db, checkpoint, signed);
    const newest = await readHead(store.db);
    if (newest !== null) await follow(newest);
  }

  function signedHead(size: number, root: Uint8Array): RecordHead {
    const text = checkpointText({ origin: key.name, size, root });
    return { size, root: toBase64(root), checkpoint: `${text}\n${signatureLine(key, sign(text))}` };
  }

  async function begin(root: Uint8Array): Promise<RecordHead> {
    await settleHead(store.db, signedHead(0, root));
    const head = await readHead(store.db);
    if (head === null) throw new Error('the record has no head');
    return head;
  }

  /** Brings the folder after the head; the checkpoint's file last. */
  async function follow(head: RecordHead): Promise<Written> {
    const held = written ?? (await load());
    let edge = held?.edge ?? emptyEdge;
    if (edge.size > head.size) {
      throw new Error(
        `The record was published with ${edge.size} leaves and the database knows ${head.size}: it was restored from an older backup. ` +
          'Nothing is signed. Restore a newer one; the handbook’s page on the record says what else there is.',
      );
    }
    while (edge.size < head.size) {
      const to = Math.min(head.size, (Math.floor(edge.size / batch) + 1) * batch);
      edge = await write(edge, (await readLeaves(store.db, edge.size, to)).map(bytesOf));
    }
    if (toBase64(rootOfEdge(sha256, edge)) !== head.root)
      throw new Error('The record’s tiles do not give the root that was signed. Nothing is signed until somebody has looked.');
    if (held?.checkpoint !== head.checkpoint) await put('checkpoint', new TextEncoder().encode(head.checkpoint));
    written = { edge, checkpoint: head.checkpoint };
    return written;
  }

  /** Writes the tiles that these leaves add. Their entries begin in the tile where the last ones ended. */
  async function write(before: Edge, leaves: readonly Uint8Array[]): Promise<Edge> {
    const { edge, tiles } = appendHashes(sha256, before, leafHashes(sha256, leaves));
    const start = before.size - (before.size % tileWidth);
    const again = (await readLeaves(store.db, start, before.size)).map(bytesOf);
    const entries = [...again, ...leaves];
    for (let at = 0; at < entries.length; at += tileWidth) {
      const part = entries.slice(at, at + tileWidth);
      const index = (start + at) / tileWidth;
      await putTile(tilePath({ level: 'entries', index, width: part.length }), entryBytes(part));
    }
    for (const { at, hashes } of tiles) await putTile(tilePath(at), tileBytes(hashes));
    return edge;
  }

  async function putTile(path: string, bytes: Uint8Array): Promise<void> {
    await put(path, bytes);
    // A tile that is full replaces those of its beginning.
    if (!path.includes('.p/')) await rm(`${join(folder, path)}.p`, { recursive: true, force: true });
  }

  async function put(path: string, bytes: Uint8Array): Promise<void> {
    const file = join(folder, path);
    const made = await mkdir(dirname(file), { recursive: true });
    // Names of new folders survive a power cut only when each folder above is flushed.
    if (made !== undefined)
      for (let at = dirname(file); at.length >= dirname(made).length; at = dirname(at)) await flushFolder(at);
    await writeDurable(file, bytes, 0o644);
  }

  async function readHashes(level: number, index: number, width: number): Promise<Uint8Array[]> {
    const exact = await readFile(join(folder, tilePath({ level, index, width }))).catch(() => null);
    const bytes = exact ?? (await readFile(join(folder, tilePath({ level, index, width: tileWidth })))).subarray(0, width * 32);
    const hashes = readTile(new Uint8Array(bytes), width);
    if (hashes === null) throw new Error(`the tile ${tilePath({ level, index, width })} is not whole`);
    return hashes;
  }

  /** What the folder holds; null when nothing, or nothing whole: it is then written again from the first leaf. */
  async function load(): Promise<Written | null> {
    const checkpoint = await readFile(join(folder, 'checkpoint'), 'utf8').catch(() => null);
    const read =
      checkpoint && openCheckpoint(checkpoint, [key], (publicKey, text, signature) => textVerifier(publicKey)(text, signature));
    if (checkpoint === null || read === null || read === '') return null;
    const widths = edgeWidths(read.size);
    const edge = await Promise.all(
      widths.map(async (width, level) =>
        width === 0 ? [] : await readHashes(level, Math.floor(read.size / tileWidth ** (level + 1)), width),
      ),
    ).then(
      (levels): Edge => ({ size: read.size, levels }),
      () => null,
    );
    if (edge !== null && toBase64(rootOfEdge(sha256, edge)) === toBase64(read.root)) return { edge, checkpoint };
    // Tiles are gone or spoilt, the checkpoint is ours: what was promised must still be in the database.
    const head = await readHead(store.db);
    if (head === null || head.size < read.size)
      throw new Error(
        `The record was published with ${read.size} leaves, its tiles are not whole, and the database knows fewer. Nothing is signed.`,
      );
    return null;
  }

  return {
    turn,
    published: () => written && { size: written.edge.size, checkpoint: written.checkpoint },
    async prove(index) {
      const now = written;
      if (now === null || index >= now.edge.size) return null;
      const path = await proveInclusion({ sha256, size: now.edge.size, read: readHashes }, index);
      return proofFileText({ index, path, checkpoint: now.checkpoint });
    },
  };
}
