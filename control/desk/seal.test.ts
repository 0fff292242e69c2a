/** The seal: what is sealed opens only with its key and in its place; a wrong or missing key is said at start. */
import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CaseId, Instant, ReportId } from '../../contract/ids.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { transact } from '../../store/transact.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { openSeal } from './seal.ts';

const file = CaseId.parse('case_000000000001');
const other = ReportId.parse('rep_000000000002');
const at = Instant.parse('2026-01-02T03:04:05.000Z');
const now = () => Date.parse(at);

describeOnBoth('the seal', ({ fresh }) => {
  const folder = temporaryFolder('seal');
  let store: Store;
  beforeAll(async () => {
    store = await openStore(await fresh());
    await migrate(store);
  });
  afterAll(async () => {
    await store.close();
    removeFolder(folder);
  });

  it('makes its key once, readable by nobody else, and opens with it what it sealed before', async () => {
    const first = await openSeal({ now, store }, folder, null);
    const sealedId = await transact(store, ({ tx }) => first.keep(tx, file, 'target', { name: 'Ada Placeholder' }));
    expect(statSync(path.join(folder, 'seal.key')).mode & 0o777).toBe(0o600);
    const again = await openSeal({ now, store }, folder, null);
    expect(await again.open(store.db, sealedId)).toEqual({ name: 'Ada Placeholder' });
    expect(again.mark('ada@reporter.example')).toBe(first.mark('ada@reporter.example'));
    expect(again.decrypt(first.encrypt('on call'))).toBe('on call');
    const row = await store.db.selectFrom('sealed_record').select('ciphertext').executeTakeFirstOrThrow();
    expect(row.ciphertext.includes('Placeholder')).toBe(false);
  });

  it('says in a sentence that a key is another one or missing, and never makes a new one for a database that has one', async () => {
    const wrong = randomBytes(32).toString('base64');
    await expect(openSeal({ now, store }, folder, wrong)).rejects.toThrow(
      /PORTCULLIS_SEAL_KEY is not the one that this database/,
    );
    const keyFile = path.join(folder, 'seal.key');
    const kept = readFileSync(keyFile);
    writeFileSync(keyFile, `${wrong}\n`);
    await expect(openSeal({ now, store }, folder, null)).rejects.toThrow(/seal\.key is not the one that this database/);
    rmSync(keyFile);
    await expect(openSeal({ now, store }, folder, null)).rejects.toThrow(/is missing, and this database was sealed with one/);
    expect(() => statSync(keyFile)).toThrow();
    writeFileSync(keyFile, kept);
    await openSeal({ now, store }, folder, null);
  });

  it('keeps bytes of any size and gives back the very same ones', async () => {
    const seal = await openSeal({ now, store }, folder, null);
    for (const size of [0, 1, 1024 * 1024, 3 * 1024 * 1024 + 7]) {
      const bytes = randomBytes(size);
      const kept = await transact(store, ({ tx }) => seal.keepBlob(tx, file, 'image/png', bytes));
      const opened = await seal.openBlob(store.db, kept.blobId);
      expect(Buffer.from(opened?.bytes ?? []).equals(bytes)).toBe(true);
      expect(opened).toMatchObject({ mediaType: 'image/png', sha256: kept.sha256 });
    }
  });

  it('does not open a record or a piece that was changed or moved to another row', async () => {
    const seal = await openSeal({ now, store }, folder, null);
    const [one, two] = await transact(store, ({ tx }) =>
      seal.keepMany(tx, [
        { file, kind: 'target', fields: { name: 'One' } },
        { file, kind: 'target', fields: { name: 'Two' } },
      ]),
    );
    if (one === undefined || two === undefined) throw new Error('two were sealed');
    const { ciphertext } = await store.db
      .selectFrom('sealed_record')
      .select('ciphertext')
      .where('sealed_id', '=', two)
      .executeTakeFirstOrThrow();
    await store.db.updateTable('sealed_record').set({ ciphertext }).where('sealed_id', '=', one).execute();
    await expect(seal.open(store.db, one)).rejects.toThrow(/does not open/);

    const { blobId } = await transact(store, ({ tx }) => seal.keepBlob(tx, file, 'text/plain', randomBytes(2_500_000)));
    await store.db.updateTable('blob').set({ bytes: 1_048_576 }).where('blob_id', '=', blobId).execute();
    await expect(seal.openBlob(store.db, blobId)).rejects.toThrow(/does not open/);
  });

  it('reads nothing of a shredded file, seals nothing into it, and leaves other files alone', async () => {
    const seal = await openSeal({ now, store }, folder, null);
    const { sealedId, blob, kept } = await transact(store, async ({ tx }) => ({
      sealedId: await seal.keep(tx, file, 'target', { name: 'Gone' }),
      blob: await seal.keepBlob(tx, file, 'text/plain', Buffer.from('gone')),
      kept: await seal.keep(tx, other, 'reporter', { mail: 'stays@reporter.example' }),
    }));
    expect(await transact(store, ({ tx }) => seal.shred(tx, file, at))).toBe(true);
    expect(await transact(store, ({ tx }) => seal.shred(tx, file, at))).toBe(false);
    expect(await seal.open(store.db, sealedId)).toBeNull();
    expect(await seal.openBlob(store.db, blob.blobId)).toBeNull();
    expect(await seal.open(store.db, kept)).toEqual({ mail: 'stays@reporter.example' });
    await expect(transact(store, ({ tx }) => seal.keep(tx, file, 'target', { name: 'New' }))).rejects.toThrow(/sealed-away/);
    const pieces = await store.db.selectFrom('blob_piece').select('n').where('blob_id', '=', blob.blobId).execute();
    expect(pieces).toEqual([]);
  });

  it('gives two transactions that seal into a new file at the same time one key', async () => {
    const seal = await openSeal({ now, store }, folder, null);
    const fresh = CaseId.parse('case_00000000000q');
    const ids = await Promise.all(
      ['a', 'b', 'c'].map((name) => transact(store, ({ tx }) => seal.keep(tx, fresh, 'target', { name }))),
    );
    const opened = await Promise.all(ids.map((id) => seal.open(store.db, id)));
    expect(opened.map((fields) => fields?.['name'])).toEqual(['a', 'b', 'c']);
  });
});
