/** The embedded database does what a server's background processes would do, when it is told to. */
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { embeddedAddress } from '../../tests/harness/stores.ts';
import { migrate } from '../migrate.ts';
import { openStore } from '../open.ts';
import { checkpoint, listTables, vacuum } from '../upkeep.ts';

it('a checkpoint bounds what a recovery reads, and every table can be vacuumed', async () => {
  const folder = temporaryFolder('upkeep');
  const store = await openStore(await embeddedAddress(folder));
  try {
    await migrate(store);
    // What a recovery after a crash would have to read.
    const toRecover = async () => {
      const { rows } = await sql<{ bytes: number }>`
        select (pg_current_wal_lsn() - redo_lsn)::float8 as bytes from pg_control_checkpoint()`.execute(store.db);
      return rows[0]?.bytes ?? Number.NaN;
    };
    await sql`create table filler (words text)`.execute(store.db);
    await sql`insert into filler select repeat(md5(g::text), 45) from generate_series(1, 15000) g`.execute(store.db);
    await sql`delete from filler`.execute(store.db);
    expect(await toRecover()).toBeGreaterThan(15_000_000);
    await checkpoint(store.db);
    expect(await toRecover()).toBeLessThan(100_000);
    const tables = await listTables(store.db);
    expect(tables).toContain('filler');
    for (const table of tables) await vacuum(store.db, table);
    const size = await sql<{ bytes: number }>`select pg_total_relation_size('filler') as bytes`.execute(store.db);
    expect(size.rows[0]?.bytes).toBeLessThan(1_000_000);
  } finally {
    await store.close();
    removeFolder(folder);
  }
});
