/** Two that hold all reports of a case lock them in one order, whatever the order of their ids: they wait, and never in a circle. */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CaseId, ReceiptNumber } from '../../contract/ids.ts';
import { until } from '../../tests/harness/ports.ts';
import { startReadingHouse } from '../../tests/harness/reading-house.ts';
import type { ReadingHouse } from '../../tests/harness/reading-house.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';
import { lockClaimOf, lockReportsOfCase } from './moves.ts';
import { lockReports } from './case-reports.ts';
import { lockReportsOf } from './shredding.ts';

describeOnBoth('reports of a case', (databases) => {
  let house: ReadingHouse;
  beforeAll(async () => {
    house = await startReadingHouse(await databases.fresh());
  });
  afterAll(async () => house?.stop());

  // The embedded database has one connection: there two transactions never meet.
  it.skipIf(databases.kind === 'embedded')(
    'are locked by number, the first before any other, by whoever locks them',
    async () => {
      const { db } = house.store;
      for (let n = 0; n < 12; n += 1) await house.send({ text: 'the same words', hostname: 'forum.example' });
      await house.read();
      const rows = await db.selectFrom('report').select(['report_id', 'case_id', 'cluster_id', 'receipt_number']).execute();
      const caseId = CaseId.parse(rows[0]?.case_id);
      expect(new Set(rows.map((row) => row.case_id)).size).toBe(1);
      // Their numbers go against their ids, so that an order by id would be another one.
      const byId = rows.map((row) => row.report_id).toSorted();
      for (const [place, reportId] of byId.entries()) {
        const number = ReceiptNumber.parse(1000 - place);
        await db.updateTable('report').set({ receipt_number: number }).where('report_id', '=', reportId).execute();
      }
      const first = byId.at(-1);
      const clusterId = rows[0]?.cluster_id ?? null;
      if (first === undefined || clusterId === null) throw new Error('no reports');
      const ways: readonly ((tx: Parameters<typeof lockReportsOf>[0]) => Promise<unknown>)[] = [
        (tx) => lockReportsOf(tx, caseId),
        (tx) => lockReportsOfCase(tx, caseId),
        (tx) => lockClaimOf(tx, caseId, [clusterId]),
        (tx) => lockReports(tx, byId),
      ];
      for (const way of ways) {
        const waiting: Promise<string>[] = [];
        await db.transaction().execute(async (holder) => {
          await holder.selectFrom('report').select('report_id').where('report_id', '=', first).forUpdate().execute();
          waiting.push(
            db.transaction().execute(async (tx) => {
              await way(tx);
              return 'done';
            }),
          );
          await until('it waits for the first', async () => {
            const { rows: blocked } = await sql`select pid from pg_stat_activity
            where datname = current_database() and wait_event_type = 'Lock'`.execute(db);
            return blocked.length > 0;
          });
          // While it waits it holds no other.
          const free = await db
            .transaction()
            .execute((tx) => tx.selectFrom('report').select('report_id').forUpdate().skipLocked().execute());
          expect(free).toHaveLength(11);
        });
        expect(await Promise.all(waiting)).toEqual(['done']);
      }
      // And all of them at once, many times.
      await Promise.all(
        Array.from({ length: 24 }, (_u, n) => db.transaction().execute(async (tx) => ways[n % ways.length]?.(tx))),
      );
    },
  );
});
