/**
 * The edge's own copy of its policy: a snapshot, and a journal of the deltas since, so that it boots with the control plane dead.
 *
 * Generation N is `snapshot-N` (the whole policy at one revision) and `journal-N` (what was applied after it). An append is one
 * write and one fdatasync (0.4 ms measured on a virtual disk), whatever the number of sites; map files are not part of the copy, they
 * are rendered from it at boot. Every journal line carries a checksum and the revisions it leads from and to; a snapshot ends with a
 * checksum of itself. At boot the newest whole snapshot is taken and journals are applied from its generation on, up to the first line
 * that is torn or does not follow: the last whole state. The generation before is kept, so a snapshot that rots on disk is rebuilt
 * from the one before and its journal. Checksums find accidents; whoever can write here owns the edge (ARCHITECTURE.md, trust).
 * A failed append (full disk) leaves the journal as it was: what was half written is cut off before the next append.
 * After: LevelDB's log and manifest, SQLite's WAL; files are mode 600, for they hold clearance keys.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Revision } from '../../contract/ids.ts';
import { itemKey, ItemKey, PolicyItem } from '../../contract/policy.ts';
import { Sha256Hex } from '../../contract/stream.ts';
import { itemHash } from '../../core/shield/digest.ts';
import { flushFolder, removeLeftovers } from '../../kit/durable.ts';
import { PolicyState, sha256Hex } from './policy-state.ts';
import type { Delta, HeldItem } from './policy-state.ts';

const JournalRecord = z.strictObject({
  from: Revision,
  to: Revision,
  digest: Sha256Hex,
  upserts: z.array(z.strictObject({ hash: Sha256Hex, item: PolicyItem })),
  removals: z.array(ItemKey),
});
/** What one revision, or several at once, changed. */
export type JournalRecord = z.infer<typeof JournalRecord>;

const SnapshotHead = z.strictObject({ format: z.literal(1), revision: Revision, digest: Sha256Hex, items: z.int().min(0) });

/** A delta as it is written down. */
export function recordOf({ from, to, digest, upserts, removals }: Delta): JournalRecord {
  return { from, to, digest, removals, upserts: upserts.map((item) => ({ item, hash: itemHash(item, sha256Hex) })) };
}

/** An open file that only grows; the door through which tests make a disk full. */
export type GrowingFile = {
  /** Appends; rejects when the disk refuses, and may then have written a part. */
  write(text: string): Promise<void>;
  /** Resolves when all that was written survives a power cut. */
  flush(): Promise<void>;
  close(): Promise<void>;
};
export type OpenGrowing = (path: string) => Promise<GrowingFile>;

/** What was found at boot. `mended` says in a sentence what was lost or repaired, `null` when all was whole. */
export type Loaded = { readonly state: PolicyState; readonly mended: string | null };

/** Bytes of journal after which the copy is written anew, unless the snapshot itself is larger. */
const journalLimitBytes = 4 * 1024 * 1024;

export class DiskCopy {
  readonly #folder: string;
  readonly #openGrowing: OpenGrowing;
  #generation: number;
  #journal: GrowingFile | null = null;
  #length = 0;
  #previousLength = 0;
  #snapshotBytes = 0;
  /** The journal may hold more than `#length` bytes: they are cut off before the next append. */
  #torn = false;
  #compacting: Promise<void> | null = null;

  private constructor(folder: string, openGrowing: OpenGrowing, generation: number) {
    this.#folder = folder;
    this.#openGrowing = openGrowing;
    this.#generation = generation;
  }

  /** Opens the copy in a folder (made if missing) and reads what it holds. Only one process may have it open. */
  static async open(
    folder: string,
    openGrowing: OpenGrowing = openGrowingFile,
  ): Promise<{ readonly copy: DiskCopy; readonly loaded: Loaded }> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await removeLeftovers(folder);
    const found = await load(folder);
    const copy = new DiskCopy(folder, openGrowing, found.newest);
    if (found.journal === null) {
      await copy.replace(found.state);
    } else {
      copy.#length = found.journal.bytes;
      copy.#previousLength = found.journal.bytes;
      copy.#snapshotBytes = found.snapshotBytes;
      copy.#journal = await openGrowing(join(folder, `journal-${found.newest}`));
    }
    return { copy, loaded: { state: found.state, mended: found.mended } };
  }

  /** Appends records, durably when the promise is kept. Rejects when the disk refuses; the copy then is what it was before. */
  async append(records: readonly JournalRecord[]): Promise<void> {
    if (this.#torn || this.#journal === null) await this.#cutBack();
    const text = records.map(journalLine).join('');
    this.#torn = true;
    try {
      await this.#journal?.write(text);
      await this.#journal?.flush();
    } catch (error) {
      await this.#cutBack().catch(() => undefined);
      throw error;
    }
    this.#torn = false;
    this.#previousLength = this.#length;
    this.#length += Buffer.byteLength(text);
  }

  /** Takes back the last append: what HAProxy refused must not come back at the next boot. */
  async undoAppend(): Promise<void> {
    this.#length = this.#previousLength;
    this.#torn = true;
    await this.#cutBack();
  }

  /** Writes a whole policy as a new generation, durably when the promise is kept. Rejects when the disk refuses; the old one stays. */
  async replace(state: PolicyState): Promise<void> {
    await this.#compacting;
    const generation = this.#generation + 1;
    this.#snapshotBytes = await this.#writeSnapshot(generation, state.revision, state.digest, state.held());
    await this.#switchJournal(generation);
    await this.#sweep(generation);
  }

  /** Whether the journal has grown so long that the copy should be written anew with `compact`. */
  get wantsCompaction(): boolean {
    return this.#compacting === null && this.#length > Math.max(journalLimitBytes, this.#snapshotBytes);
  }

  /**
   * Starts a new generation: appends go to its journal at once, its snapshot is written while they do. Call it between appends, with
   * the policy that the last one led to. A failure is harmless: the old snapshot and both journals still lead to the same state.
   */
  async compact(state: PolicyState): Promise<void> {
    const generation = this.#generation + 1;
    const { revision, digest } = state;
    const held = state.held();
    await this.#switchJournal(generation);
    this.#compacting = this.#writeSnapshot(generation, revision, digest, held)
      .then(async (bytes) => {
        this.#snapshotBytes = bytes;
        await this.#sweep(generation);
      })
      .finally(() => {
        this.#compacting = null;
      });
    await this.#compacting;
  }

  async close(): Promise<void> {
    await this.#compacting?.catch(() => undefined);
    await this.#journal?.close();
    this.#journal = null;
  }

  /** Writes a snapshot durably and returns its size in bytes. */
  async #writeSnapshot(generation: number, revision: Revision, digest: string, held: readonly HeldItem[]): Promise<number> {
    const path = join(this.#folder, `snapshot-${generation}`);
    const temporary = `${path}.tmp-${'0'.repeat(12)}`;
    await rm(temporary, { force: true });
    const sum = createHash('sha256');
    let bytes = 0;
    try {
      const file = await this.#openGrowing(temporary);
      try {
        let chunk = `${JSON.stringify({ format: 1, revision, digest, items: held.length })}\n`;
        const write = async () => {
          sum.update(chunk, 'utf8');
          bytes += Buffer.byteLength(chunk);
          await file.write(chunk);
          chunk = '';
        };
        for (const { hash, item } of held) {
          chunk += `${hash} ${JSON.stringify(item)}\n`;
          if (chunk.length > 256 * 1024) await write();
        }
        await write();
        await file.write(`end ${sum.digest('hex')}\n`);
        await file.flush();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
      await flushFolder(this.#folder);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return bytes;
  }

  async #switchJournal(generation: number): Promise<void> {
    const path = join(this.#folder, `journal-${generation}`);
    await rm(path, { force: true });
    const journal = await this.#openGrowing(path);
    await flushFolder(this.#folder);
    const old = this.#journal;
    this.#journal = journal;
    this.#generation = generation;
    this.#length = 0;
    this.#previousLength = 0;
    this.#torn = false;
    await old?.close();
  }

  async #cutBack(): Promise<void> {
    const path = join(this.#folder, `journal-${this.#generation}`);
    await truncate(path, this.#length);
    this.#journal ??= await this.#openGrowing(path);
    this.#torn = false;
  }

  /** Keeps the newest generation and the one before it. */
  async #sweep(newest: number): Promise<void> {
    const generations = await listGenerations(this.#folder);
    const before = generations.snapshots.filter((generation) => generation < newest).at(-1) ?? newest;
    for (const generation of generations.snapshots) {
      if (generation < before) await rm(join(this.#folder, `snapshot-${generation}`), { force: true });
    }
    for (const generation of generations.journals) {
      if (generation < before) await rm(join(this.#folder, `journal-${generation}`), { force: true });
    }
  }
}

/** A growing file on a real disk. */
export async function openGrowingFile(path: string): Promise<GrowingFile> {
  const handle = await open(path, 'a', 0o600);
  return {
    async write(text) {
      const bytes = Buffer.from(text, 'utf8');
      let done = 0;
      while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten;
    },
    flush: () => handle.datasync(),
    close: () => handle.close(),
  };
}

function journalLine(record: JournalRecord): string {
  const json = JSON.stringify(record);
  return `${sha256Hex(json).slice(0, 32)} ${json}\n`;
}

type Found = {
  readonly state: PolicyState;
  readonly newest: number;
  /** Length of the journal to append to; `null` when the copy must be written anew first. */
  readonly journal: { readonly bytes: number } | null;
  readonly snapshotBytes: number;
  readonly mended: string | null;
};

async function load(folder: string): Promise<Found> {
  const { snapshots, journals } = await listGenerations(folder);
  const newest = Math.max(0, ...snapshots, ...journals);
  const notes: string[] = [];
  for (const generation of snapshots.toReversed()) {
    const snapshot = await readSnapshot(join(folder, `snapshot-${generation}`));
    if (snapshot === null) {
      notes.push(`snapshot-${generation} is damaged`);
      continue;
    }
    const items = new Map<ItemKey, HeldItem>(snapshot.items.map((held) => [itemKey(held.item), held]));
    const at = { revision: snapshot.revision, digest: snapshot.digest };
    let whole = true;
    let bytes: number | null = null;
    for (const journal of journals.filter((number) => number >= generation)) {
      const read = await replay(join(folder, `journal-${journal}`), items, at);
      if (!read.whole) notes.push(`journal-${journal} is whole only up to revision ${at.revision}`);
      whole &&= read.whole;
      bytes = journal === newest ? read.bytes : null;
      if (!read.whole) break;
    }
    const state = new PolicyState(at.revision, items.values());
    if (state.digest !== at.digest) {
      notes.push(`the items from snapshot-${generation} do not have their digest`);
      continue;
    }
    const appendable = whole && bytes !== null && notes.length === 0;
    const mended =
      notes.length === 0 ? null : `The disk copy was mended: ${notes.join('; ')}. Revision ${at.revision} is in use.`;
    return { state, newest, journal: appendable ? { bytes: bytes ?? 0 } : null, snapshotBytes: snapshot.bytes, mended };
  }
  const lost =
    notes.length === 0
      ? null
      : `The disk copy is lost (${notes.join('; ')}). This edge serves nothing until it has a policy again.`;
  return { state: PolicyState.empty(), newest, journal: null, snapshotBytes: 0, mended: lost };
}

async function listGenerations(folder: string): Promise<{ readonly snapshots: number[]; readonly journals: number[] }> {
  const snapshots: number[] = [];
  const journals: number[] = [];
  for (const name of await readdir(folder)) {
    const found = /^(snapshot|journal)-(\d{1,12})$/.exec(name);
    if (found !== null) (found[1] === 'snapshot' ? snapshots : journals).push(Number(found[2]));
  }
  const ascending = (a: number, b: number) => a - b;
  return { snapshots: snapshots.sort(ascending), journals: journals.sort(ascending) };
}

/** Applies a journal to `items` and `at`, up to the first line that is torn or does not follow. */
async function replay(
  path: string,
  items: Map<ItemKey, HeldItem>,
  at: { revision: Revision; digest: string },
): Promise<{ readonly whole: boolean; readonly bytes: number }> {
  const bytes = await readFile(path);
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(10, start);
    const record = end === -1 ? null : parseJournalLine(bytes.toString('utf8', start, end));
    if (record === null || record.from !== at.revision) return { whole: false, bytes: start };
    for (const key of record.removals) items.delete(key);
    for (const held of record.upserts) items.set(itemKey(held.item), held);
    at.revision = record.to;
    at.digest = record.digest;
    start = end + 1;
  }
  return { whole: true, bytes: start };
}

function parseJournalLine(line: string): JournalRecord | null {
  const json = line.slice(33);
  if (line[32] !== ' ' || sha256Hex(json).slice(0, 32) !== line.slice(0, 32)) return null;
  const parsed = JournalRecord.safeParse(parseJson(json));
  return parsed.success ? parsed.data : null;
}

type ReadSnapshot = { readonly revision: Revision; readonly digest: string; readonly items: HeldItem[]; readonly bytes: number };

/** A snapshot that is whole, or `null`. */
async function readSnapshot(path: string): Promise<ReadSnapshot | null> {
  const bytes = await readFile(path);
  const size = bytes.length;
  const tail = 'end '.length + 64 + 1;
  const body = bytes.subarray(0, size - tail);
  if (size < tail || bytes.toString('latin1', size - tail) !== `end ${createHash('sha256').update(body).digest('hex')}\n`)
    return null;
  const headEnd = body.indexOf(10);
  const head = SnapshotHead.safeParse(parseJson(body.toString('utf8', 0, headEnd)));
  if (!head.success) return null;
  const items: HeldItem[] = [];
  let start = headEnd + 1;
  while (start < body.length) {
    const end = body.indexOf(10, start);
    if (end === -1) return null;
    const item = PolicyItem.safeParse(parseJson(body.toString('utf8', start + 65, end)));
    if (!item.success) return null;
    items.push({ hash: body.toString('latin1', start, start + 64), item: item.data });
    start = end + 1;
  }
  return items.length === head.data.items ? { revision: head.data.revision, digest: head.data.digest, items, bytes: size } : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
