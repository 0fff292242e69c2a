/** The record on both databases: leaves with their acts, tiles after them, what dies in between, what was restored; and through the front door. */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { publishCriteria } from '../../contract/routes/desk/decisions.ts';
import { noteKey, readNoteKey, openCheckpoint } from '../../contract/record/note.ts';
import { checkProofFile } from '../../contract/record/proof-file.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../../kit/ed25519.ts';
import { findLeaf, forgetSalt, queueLeaf, readHead, saltOf } from '../../store/record.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import { removeFolder, temporaryFolder, until } from '../../tests/harness/ports.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';
import { sha256 } from '../../kit/sha256.ts';
import { openRecordLog } from './log.ts';

const verify = (key: string, text: string, signature: string): boolean => textVerifier(key)(text, signature);
const pair = generateSigningKeyPair();
const key = noteKey(sha256, 'shield.example/record', pair.publicKey);
const trust = { keys: [key], sha256, verify };
const hashOf = (leaf: string): string => Buffer.from(sha256(Buffer.from(leaf))).toString('hex');

describeOnBoth('the record', (databases) => {
  let store: Store;
  const folders: string[] = [];
  const newFolder = () => {
    const folder = temporaryFolder('record');
    folders.push(folder);
    return folder;
  };
  const open = (folder: string) => openRecordLog({ store, folder, key, sign: textSigner(pair.privateKey) });
  const tell = async (from: number, to: number) => {
    for (let at = from; at < to; at += 1) await queueLeaf(store.db, `{"leaf":${at}}`);
  };
  const folder = newFolder();

  beforeAll(async () => {
    store = await openStore(await databases.fresh());
    await migrate(store);
  });
  afterAll(async () => {
    await store?.close();
    for (const one of folders) removeFolder(one);
  });

  it('gives every leaf a place and a proof, once, however often it is told', async () => {
    await tell(0, 300);
    await tell(0, 3);
    const log = open(folder);
    await log.turn();
    await tell(300, 310);
    await log.turn();
    expect(log.published()?.size).toBe(310);
    for (const leaf of [0, 255, 256, 309]) {
      const found = await findLeaf(store.db, hashOf(`{"leaf":${leaf}}`));
      const proof = await log.prove(found?.index ?? -1);
      expect(checkProofFile(proof ?? '', Buffer.from(`{"leaf":${leaf}}`), trust)).toMatchObject({ kind: 'holds', index: leaf });
    }
    expect(await log.prove(310)).toBe(null);
  });

  it('goes on where the files ended, and writes anew what is missing, to the same root', async () => {
    await open(folder).turn();
    const elsewhere = newFolder();
    const other = open(elsewhere);
    await other.turn();
    expect(other.published()?.checkpoint).toBe((await readHead(store.db))?.checkpoint);
    rmSync(path.join(elsewhere, 'tile', '0'), { recursive: true });
    await tell(310, 312);
    const again = open(elsewhere);
    await again.turn();
    expect(again.published()?.size).toBe(312);
    expect(existsSync(path.join(elsewhere, 'tile', '0', '000'))).toBe(true);
  });

  it('is one log, not two, when processes append at once', async () => {
    const logs = [open(newFolder()), open(newFolder())];
    for (let round = 0; round < 5; round += 1) {
      await tell(312 + round * 4, 316 + round * 4);
      await Promise.all(logs.map((log) => log.turn()));
    }
    for (const log of logs) await log.turn();
    expect(logs.map((log) => log.published()?.checkpoint)).toEqual(Array(2).fill((await readHead(store.db))?.checkpoint));
    expect((await readHead(store.db))?.size).toBe(332);
  });

  it('signs nothing when its database knows less than was published, or other leaves', async () => {
    await open(folder).turn();
    await store.db.updateTable('record_leaf').set({ leaf: '{"leaf":"other"}' }).where('leaf_index', '=', 5).execute();
    await tell(332, 333);
    await expect(open(newFolder()).turn()).rejects.toThrow('do not give the root');
    await store.db.updateTable('record_head').set({ size: 300 }).execute();
    await expect(open(folder).turn()).rejects.toThrow('older backup');
    expect((await findLeaf(store.db, hashOf('{"leaf":332}')))?.index).toBe(null);
  });

  it('forgets by the salt: the same subject has another afterwards', async () => {
    const first = await saltOf(store.db, 'subject');
    expect(await saltOf(store.db, 'subject')).toEqual(first);
    expect(await forgetSalt(store.db, 'subject')).toBe(true);
    expect((await saltOf(store.db, 'subject')).salt).not.toBe(first.salt);
  });

  it('holds a policy version from its publication on, proved by what everybody may fetch', async () => {
    const house = await startControlHouse(await databases.fresh());
    try {
      const ask = (rest: string) => fetch(`${house.url()}/record/${rest}`);
      const words = (
        await house.lead().call(publishCriteria, {
          body: { title: 'Second', text: 'Words that are long enough to be published as criteria. '.repeat(3) },
        })
      ).sha256;
      const published = readNoteKey(sha256, (await (await ask('key')).text()).trim());
      if (published === null) throw new Error('the key does not read');
      const inPublic = { ...trust, keys: [published] };
      let bundle = '';
      await until('the policy version is in a checkpoint', async () => {
        const size = openCheckpoint(await (await ask('checkpoint')).text(), [published], verify)?.size ?? 0;
        bundle = size === 0 ? '' : Buffer.from(await (await ask(`tile/entries/000.p/${size}`)).arrayBuffer()).toString();
        return bundle.includes(words);
      });
      const leaf = bundle.match(/\{[^{}]*\}/g)?.find((one) => one.includes(words)) ?? '';
      expect(await (await ask(`leaf/${hashOf(leaf)}`)).text()).toBe(leaf);
      expect(checkProofFile(await (await ask(`proof/${hashOf(leaf)}`)).text(), Buffer.from(leaf), inPublic).kind).toBe('holds');
      for (const wrong of ['tile/../record.key', 'tile/0/%2e%2e/%2e%2e/record.key', 'proof/abc', `leaf/${'0'.repeat(64)}`])
        expect((await ask(wrong)).status).toBe(404);
    } finally {
      await house.stop();
    }
  });
});
