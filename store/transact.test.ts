import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { describeOnBoth } from '../tests/harness/stores.ts';
import { migrate } from './migrate.ts';
import { openStore } from './open.ts';
import { transact } from './transact.ts';

describeOnBoth('a unit of work', ({ fresh }) => {
  it('that the database ended because two waited for each other is run again, whole, and tells once', async () => {
    const store = await openStore(await fresh());
    try {
      await migrate(store);
      await sql`create table pair (name text primary key, n integer not null)`.execute(store.db);
      await sql`insert into pair values ('one', 0), ('other', 0)`.execute(store.db);
      const told: string[] = [];
      store.doorbell.onRing('live', (text) => void told.push(text));
      let runs = 0;
      const bothHoldOne = Promise.withResolvers<void>();
      const both = (first: string, second: string) =>
        transact(store, async ({ tx, ringAfter }) => {
          runs += 1;
          await sql`update pair set n = n + 1 where name = ${first}`.execute(tx);
          // The embedded database has one connection: there nobody waits in a circle, and nobody may wait here.
          if (runs === 2 || store.kind === 'embedded') bothHoldOne.resolve();
          await bothHoldOne.promise;
          await sql`update pair set n = n + 1 where name = ${second}`.execute(tx);
          ringAfter('live', first);
        });
      await Promise.all([both('one', 'other'), both('other', 'one')]);
      const { rows } = await sql<{ n: number }>`select n from pair`.execute(store.db);
      expect(rows.map(({ n }) => n)).toEqual([2, 2]);
      expect(runs).toBe(store.kind === 'embedded' ? 2 : 3);
      await expect.poll(() => told.toSorted()).toEqual(['one', 'other']);
    } finally {
      await store.close();
    }
  });

  it('that throws for a reason of its own is run once', async () => {
    const store = await openStore(await fresh());
    try {
      let runs = 0;
      const work = transact(store, async () => {
        runs += 1;
        throw new Error('no');
      });
      await expect(work).rejects.toThrow('no');
      expect(runs).toBe(1);
    } finally {
      await store.close();
    }
  });
});
