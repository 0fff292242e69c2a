/** Migrations on both databases: from nothing, twice, many at once, from an older state, and a database newer than the program. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';
import { migrate, readMigrations } from '../migrate.ts';
import { openStore } from '../open.ts';
import type { Store } from '../open.ts';

describeOnBoth('migrations', (databases) => {
  const open: Store[] = [];
  const folders: string[] = [];
  const opened = async (): Promise<Store> => {
    const store = await openStore(await databases.fresh('nothing'));
    open.push(store);
    return store;
  };
  const migrationsFrom = (files: Record<string, string>) => {
    const folder = temporaryFolder('migrations');
    folders.push(folder);
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return readMigrations(folder);
  };
  afterEach(async () => {
    for (const store of open.splice(0)) await store.close();
    folders.splice(0).forEach(removeFolder);
  });

  it('bring an empty database up to date, and do nothing the second time', async () => {
    const store = await opened();
    const all = readMigrations().map((migration) => migration.name);
    expect(await migrate(store)).toEqual(all);
    expect(await migrate(store)).toEqual([]);
    expect(await store.db.selectFrom('site').selectAll().execute()).toEqual([]);
  });

  it('run once when many processes start at once', async () => {
    const address = await databases.fresh('nothing');
    const first = await openStore(address);
    open.push(first);
    // The embedded database has one process by its lock; there, many calls in that process stand for them.
    const stores = address.kind === 'embedded' ? [first, first, first, first] : [first];
    while (stores.length < 4) {
      const store = await openStore(address);
      open.push(store);
      stores.push(store);
    }
    const ran = await Promise.all(stores.map((store) => migrate(store)));
    expect(ran.flat().sort()).toEqual(readMigrations().map((migration) => migration.name));
  });

  it('continue from an older state and keep what is there', async () => {
    const store = await opened();
    const files = { '000001_one.sql': "-- One thing.\ncreate table thing (name text);\ninsert into thing values ('kept');\n" };
    await migrate(store, migrationsFrom(files));
    const more = { ...files, '000002_two.sql': '-- A second thing.\nalter table thing add column size integer;\n' };
    expect(await migrate(store, migrationsFrom(more))).toEqual(['000002_two.sql']);
    const { rows } = await sql<{ name: string; size: number | null }>`select * from thing`.execute(store.db);
    expect(rows).toEqual([{ name: 'kept', size: null }]);
  });

  it('refuse a database that is newer than the program, and a file that was changed after it ran', async () => {
    const store = await opened();
    const one = '-- One thing.\ncreate table thing (name text);\n';
    const two = '-- A second thing.\nalter table thing add column size integer;\n';
    await migrate(store, migrationsFrom({ '000001_one.sql': one, '000002_two.sql': two }));
    await expect(migrate(store, migrationsFrom({ '000001_one.sql': one }))).rejects.toThrow(
      /newer Portcullis.*nothing was changed/i,
    );
    await expect(migrate(store, migrationsFrom({ '000001_one.sql': `${one} `, '000002_two.sql': two }))).rejects.toThrow(
      /000001_one\.sql was changed/,
    );
  });

  it('that fail are undone whole', async () => {
    const store = await opened();
    const broken = { '000001_one.sql': '-- One thing.\ncreate table thing (name text);\nselect no_such_function();\n' };
    await expect(migrate(store, migrationsFrom(broken))).rejects.toThrow(/failed and was undone/);
    const { rows } = await sql<{ found: string | null }>`select to_regclass('thing')::text as found`.execute(store.db);
    expect(rows[0]?.found).toBeNull();
  });

  it('with a gap, a bad name or no first sentence are not even read', () => {
    expect(() => migrationsFrom({ '000002_two.sql': '-- Two.\n' })).toThrow(/000001/);
    expect(() => migrationsFrom({ '000001_One.sql': '-- One.\n' })).toThrow(/000001_words/);
    expect(() => migrationsFrom({ '000001_one.sql': 'select 1;\n' })).toThrow(/sentence/);
  });
});
