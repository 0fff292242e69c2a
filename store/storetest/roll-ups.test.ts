/** Roll-ups and lists on both databases: coarser steps lose nothing, a series is the same whichever rows it is read from, others see nothing. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AccountId, EdgeId, GroupName, SiteId } from '../../contract/ids.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';
import { migrate } from '../migrate.ts';
import { openStore } from '../open.ts';
import type { Store } from '../open.ts';
import { addRollUps, readSeries, rollUp, trimRollUps } from '../roll-ups.ts';
import { listsOf, markTops, nextTops, putTops, readTops, topOwners } from '../top-lists.ts';
import { sql } from 'kysely';

const group = GroupName.parse('default');
const account = AccountId.parse('acct_0123456789ab');
const stranger = AccountId.parse('acct_0123456789ac');
const mine = SiteId.parse('site_0123456789ab');
const edge = EdgeId.parse('edge_0123456789ab');
const other = EdgeId.parse('edge_0123456789ac');
const startMs = Date.parse('2026-11-20T00:00:00.000Z');
const at = (seconds: number) => instantOf(startMs + seconds * 1000);

describeOnBoth('roll-ups', (databases) => {
  let store: Store;
  beforeAll(async () => {
    store = await openStore(await databases.fresh());
    await migrate(store);
    await store.runScript(`insert into account (account_id, name, created_at) values ('${account}', 'A', now()), ('${stranger}', 'B', now());
      insert into edge_group (group_name, revision, digest, committed_at, log_from, last_key_number, key_rotated_at)
        values ('${group}', 0, '${'0'.repeat(64)}', now(), 0, 0, now());`);
    await insertSite(store);
  }, 60_000);
  afterAll(async () => store?.close());

  it('a series is the same from ten seconds, minutes and hours, of all edges or of one, and nobody else sees it', async () => {
    const rows = Array.from({ length: 1080 }, (_, step) => ({
      ...{ siteId: mine, edgeId: step % 2 === 0 ? edge : other, at: at(step * 10) },
      sums: { passed: 1, bytes_out: 100, l3: 2, status_2xx: 1 },
    }));
    await addRollUps(store.db, group, rows);
    await addRollUps(store.db, group, [
      { siteId: mine, edgeId: edge, at: at(0), sums: { passed: 5, limited: 2 } },
      { siteId: null, edgeId: edge, at: at(0), sums: { passed: 7 } },
      { siteId: SiteId.parse('site_0123456789zz'), edgeId: edge, at: at(0), sums: { passed: 1000 } },
    ]);
    const scope = { viewer: account, siteId: mine, edgeId: null };
    const range = { from: at(0), until: at(10_800), stepSeconds: 3600 };
    const fine = await readSeries(store.db, scope, range);
    expect(fine.map(({ at: from, sums }) => [from, sums.passed, sums.limited, sums.bytes_out, sums.l3])).toEqual([
      [at(0), 365, 2, 36_000, 720],
      [at(3600), 360, 0, 36_000, 720],
      [at(7200), 360, 0, 36_000, 720],
    ]);
    expect(await rollUp(store.db, 'minute', { until: at(7200), mostSeconds: 3600 })).toBe(true);
    expect(await rollUp(store.db, 'minute', { until: at(7200), mostSeconds: 3600 })).toBe(false);
    expect(await rollUp(store.db, 'hour', { until: at(3600), mostSeconds: 86_400 })).toBe(false);
    expect(await readSeries(store.db, scope, range)).toEqual(fine);
    // The finest rows of what has been made coarser are no longer needed; others stay, however old they are said to be.
    await trimRollUps(store.db, 'roll_up', 10, { before: at(9000), madeInto: 60 });
    await trimRollUps(store.db, 'roll_up', 60, { before: at(7200), madeInto: 3600 });
    expect(await readSeries(store.db, scope, range)).toEqual(fine);
    const one = await readSeries(store.db, { ...scope, edgeId: other }, range);
    expect(one.map(({ sums }) => sums.passed)).toEqual([180, 180, 180]);
    expect(await readSeries(store.db, { ...scope, siteId: null }, range)).toEqual(fine);
    expect(await readSeries(store.db, { ...scope, viewer: stranger }, range)).toEqual([]);
    expect(await readSeries(store.db, { ...scope, siteId: null, viewer: stranger }, range)).toEqual([]);
    // All sites: rows without a site, nothing of a site that the group does not have.
    const all = await readSeries(store.db, { viewer: null, siteId: null, edgeId: null }, range);
    expect(all.map(({ sums }) => sums.passed)).toEqual([7]);
  });

  it('the list that has seen most stays, and six hours take the place of their lists', async () => {
    const tops = (seen: number, key: string) => ({
      ...{ siteId: mine, edgeId: edge, from: at(600), seen: { passed: seen, refused: 0 } },
      tops: { paths: [{ key, passed: seen, refused: 0, over: 0 }] },
    });
    for (const list of [tops(64, '/long'), tops(32, '/short')]) await putTops(store.db, group, 600, [list]);
    const scope = { viewer: account, siteId: mine, edgeId: null };
    const range = { from: at(0), until: at(21_600) };
    expect((await readTops(store.db, scope, 'paths', range)).map(({ list }) => list[0]?.key)).toEqual(['/long']);
    expect(await readTops(store.db, scope, 'agents', range)).toMatchObject([{ list: [] }]);
    expect(await readTops(store.db, { ...scope, viewer: stranger }, 'paths', range)).toEqual([]);
    expect(await nextTops(store.db, at(21_599))).toBeNull();
    const next = await nextTops(store.db, at(21_600));
    expect(next).toEqual(range);
    expect(await topOwners(store.db, range)).toEqual([{ siteId: mine, edgeId: edge }]);
    expect(await listsOf(store.db, { siteId: mine, edgeId: edge }, range)).toHaveLength(1);
    await putTops(store.db, null, 21_600, [{ ...tops(64, '/merged'), from: at(0) }]);
    await markTops(store.db, at(21_600));
    expect((await readTops(store.db, scope, 'paths', range)).map(({ list }) => list[0]?.key)).toEqual(['/merged']);
    expect(msOf(at(0))).toBe(startMs);
  });

  async function insertSite({ db }: Store): Promise<void> {
    const { rows } = await sql<{ column_name: string; data_type: string }>`
      select column_name, data_type from information_schema.columns
      where table_name = 'site' and is_nullable = 'NO' and column_default is null and is_identity = 'NO'`.execute(db);
    const known: Readonly<Record<string, string>> = { site_id: mine, account_id: account, group_name: group };
    const values: Readonly<Record<string, string>> = {
      text: "'x'",
      boolean: 'true',
      jsonb: "'{}'",
      integer: '1',
      bigint: '1',
      'timestamp with time zone': 'now()',
      ARRAY: "'{}'",
    };
    const filled = rows.map(({ column_name, data_type }) => {
      const value = known[column_name];
      return value === undefined ? (values[data_type] ?? 'null') : `'${value}'`;
    });
    await sql`insert into site (${sql.raw(rows.map((row) => row.column_name).join(', '))}) values (${sql.raw(filled.join(', '))})`.execute(
      db,
    );
  }
});
