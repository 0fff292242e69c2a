/**
 * Sealed files: wrapped keys, sealed records, encrypted bytes. Only ciphertext passes through here; control/desk/seal.ts has the keys.
 *
 * Deleting a file's wrapped key is the shredding: what is sealed with it is unreadable for ever (as soon as backups of the database
 * have run out too). A file that was shredded stays known, so that nothing new is sealed into it.
 */
import type { BlobId, Instant, SealedId } from '../../contract/ids.ts';
import type { Db } from '../open.ts';
import type { SealedRecordTable } from './tables.ts';

/** A file's wrapped key; null when the file was shredded. */
export type WrappedKey = Buffer | null;

/** Wrapped keys of files; a file that has none yet is not in the map. */
export async function findSealKeys(db: Db, files: readonly string[]): Promise<Map<string, WrappedKey>> {
  if (files.length === 0) return new Map();
  const rows = await db.selectFrom('seal_key').select(['file_id', 'wrapped']).where('file_id', 'in', files).execute();
  return new Map(rows.map((row) => [row.file_id, row.wrapped]));
}

/** Adds keys of files that have none. Another transaction may have been first: read again what is kept. */
export async function addSealKeys(
  db: Db,
  keys: readonly { readonly file: string; readonly wrapped: Buffer }[],
  at: Instant,
): Promise<void> {
  if (keys.length === 0) return;
  await db
    .insertInto('seal_key')
    .values(keys.map(({ file, wrapped }) => ({ file_id: file, wrapped, created_at: at, shredded_at: null })))
    .onConflict((conflict) => conflict.column('file_id').doNothing())
    .execute();
}

/** Deletes a file's key and what it sealed; false when that was done before. A file without a key is marked, so that it never gets one. */
export async function dropSealKey(db: Db, file: string, at: Instant): Promise<boolean> {
  const dropped = await db
    .insertInto('seal_key')
    .values({ file_id: file, wrapped: null, created_at: at, shredded_at: at })
    .onConflict((conflict) =>
      conflict.column('file_id').doUpdateSet({ wrapped: null, shredded_at: at }).where('seal_key.wrapped', 'is not', null),
    )
    .returning('file_id')
    .execute();
  await db
    .deleteFrom('blob_piece')
    .where('blob_id', 'in', db.selectFrom('blob').select('blob_id').where('file_id', '=', file))
    .execute();
  return dropped.length > 0;
}

export type SealedRow = Omit<SealedRecordTable, 'created_at'>;

export async function insertSealed(db: Db, rows: readonly SealedRow[], at: Instant): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insertInto('sealed_record')
    .values(rows.map((row) => ({ ...row, created_at: at })))
    .execute();
}

/** A sealed record with its file's key; null when there is none. */
export async function findSealed(db: Db, sealedId: SealedId): Promise<(SealedRow & { wrapped: WrappedKey }) | null> {
  const row = await db
    .selectFrom('sealed_record')
    .innerJoin('seal_key', 'seal_key.file_id', 'sealed_record.file_id')
    .select(['sealed_id', 'sealed_record.file_id', 'kind', 'ciphertext', 'wrapped'])
    .where('sealed_id', '=', sealedId)
    .executeTakeFirst();
  return row ?? null;
}

export type BlobRow = {
  readonly blobId: BlobId;
  readonly file: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly bytes: number;
};

export async function insertBlobs(
  db: Db,
  blobs: readonly (BlobRow & { readonly pieces: readonly Buffer[] })[],
  at: Instant,
): Promise<void> {
  if (blobs.length === 0) return;
  await db
    .insertInto('blob')
    .values(
      blobs.map(({ blobId, file, mediaType, sha256, bytes }) => ({
        blob_id: blobId,
        file_id: file,
        media_type: mediaType,
        sha256,
        bytes,
        created_at: at,
      })),
    )
    .execute();
  // A few pieces at a time: a statement is held whole in memory on both sides.
  const pieces = blobs.flatMap(({ blobId, pieces }) => pieces.map((ciphertext, n) => ({ blob_id: blobId, n, ciphertext })));
  let batch: typeof pieces = [];
  let size = 0;
  for (const piece of pieces) {
    batch.push(piece);
    size += piece.ciphertext.byteLength;
    if (size < 4 * 1024 * 1024 && batch.length < 500) continue;
    await db.insertInto('blob_piece').values(batch).execute();
    batch = [];
    size = 0;
  }
  if (batch.length > 0) await db.insertInto('blob_piece').values(batch).execute();
}

/** What is known of a blob, with its file's key; null when there is none. */
export async function findBlob(db: Db, blobId: BlobId): Promise<(BlobRow & { readonly wrapped: WrappedKey }) | null> {
  const row = await db
    .selectFrom('blob')
    .innerJoin('seal_key', 'seal_key.file_id', 'blob.file_id')
    .select(['blob_id', 'blob.file_id', 'media_type', 'sha256', 'bytes', 'wrapped'])
    .where('blob_id', '=', blobId)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    blobId: row.blob_id,
    file: row.file_id,
    mediaType: row.media_type,
    sha256: row.sha256,
    bytes: row.bytes,
    wrapped: row.wrapped,
  };
}

export async function findPiece(db: Db, blobId: BlobId, n: number): Promise<Buffer | null> {
  const row = await db
    .selectFrom('blob_piece')
    .select('ciphertext')
    .where('blob_id', '=', blobId)
    .where('n', '=', n)
    .executeTakeFirst();
  return row?.ciphertext ?? null;
}

/** Deletes the bytes of blobs; what is known of them (hash, size) stays. */
export async function dropPieces(db: Db, blobIds: readonly BlobId[]): Promise<void> {
  if (blobIds.length > 0) await db.deleteFrom('blob_piece').where('blob_id', 'in', blobIds).execute();
}
