/** What the operator may set, how a range becomes steps, what stands in files, and what time does: without a network. */
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Explanation } from '../../contract/routes/insight.ts';
import { EdgeId, GroupName } from '../../contract/ids.ts';
import { mostTops } from '../../contract/traffic.ts';
import { instantOf } from '../../core/instant.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { addRollUps } from '../../store/roll-ups.ts';
import { putTops } from '../../store/top-lists.ts';
import { embeddedAddress } from '../../tests/harness/stores.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { defaultInsight, readKept, readKeptAddress } from './config.ts';
import { csv, eventsCsv } from './csv.ts';
import { insightJobs } from './jobs.ts';
import { rangeOf, seriesOf, stepOf, topsOf } from './query.ts';

const nowMs = Date.parse('2026-11-23T12:34:56.000Z');
const hourMs = 3_600_000;

describe('settings of insight', () => {
  it('keep nothing finer for longer than what is made from it, and never more of an address than a /24 and a /48', () => {
    expect(readKept('24h,3d,30d')).toEqual({ fineHours: 24, minuteDays: 3, days: 30 });
    for (const wrong of ['', '24h', '11h,3d,30d', '80h,3d,30d', '24h,31d,30d', '24h,3d,401d', '24,3,30'])
      expect(readKept(wrong)).toBeNull();
    expect(readKeptAddress('16, 32')).toEqual({ v4: 16, v6: 32 });
    expect(readKeptAddress('none')).toEqual({ v4: 0, v6: 0 });
    for (const wrong of ['', '24', '25,48', '24,49', '32,128', '-1,0']) expect(readKeptAddress(wrong)).toBeNull();
  });
});

describe('a range', () => {
  it('has at most 3,000 points, in steps that are kept of it still', () => {
    const kept = defaultInsight;
    const range = (fromHours: number, untilHours = 0) => ({
      fromMs: nowMs - fromHours * hourMs,
      untilMs: nowMs - untilHours * hourMs,
    });
    expect(stepOf(range(0.25), undefined, nowMs, kept)).toBe(10);
    expect(stepOf(range(1), undefined, nowMs, kept)).toBe(30);
    expect(stepOf(range(1), 10, nowMs, kept)).toBe(10);
    expect(stepOf(range(12), 10, nowMs, kept)).toBe(30);
    // An hour of the day before yesterday is in minutes, one of last week in hours.
    expect(stepOf(range(49, 48), 10, nowMs, kept)).toBe(60);
    expect(stepOf(range(200, 199), 10, nowMs, kept)).toBe(3600);
    expect(stepOf(range(720), undefined, nowMs, kept)).toBe(10_800);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 800 * 3600 }),
        fc.option(fc.integer({ min: 10, max: 86_400 }), { nil: undefined }),
        (seconds, asked) => {
          const step = stepOf({ fromMs: nowMs - seconds * 1000, untilMs: nowMs }, asked, nowMs, kept);
          expect(seconds / step).toBeLessThanOrEqual(3000);
          expect(step).toBeGreaterThanOrEqual(asked ?? 10);
        },
      ),
    );
  });

  it('is the last hour unless said, and never the wrong way round', () => {
    expect(rangeOf({}, nowMs)).toEqual({ fromMs: nowMs - hourMs, untilMs: nowMs });
    const later = instantOf(nowMs + hourMs);
    expect(rangeOf({ from: later, until: later }, nowMs)).toEqual({ fromMs: nowMs, untilMs: nowMs });
  });
});

describe('a file of comma-separated values', () => {
  it('holds no formula, no control character and as many cells as its heading, whatever visitors called themselves', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }), (one, other) => {
        const text = csv([[one, 7, other, null]]);
        expect(text.endsWith('\r\n')).toBe(true);
        const cells = cellsOf(text.slice(0, -2));
        expect(cells).toHaveLength(4);
        expect([cells[1], cells[3]]).toEqual(['7', '']);
        for (const cell of cells) expect(cell).not.toMatch(/^[=+\-@]|\p{Cc}/u);
      }),
    );
    expect(eventsCsv(new Array<Explanation>())).toBe(
      'at,reference,site_id,site,edge_id,guard,rule_id,order_id,status,network,method,path\r\n',
    );
  });
});

/** Cells of one line, read as RFC 4180 says. */
function cellsOf(line: string): string[] {
  const cells: string[] = [];
  for (let at = 0; at <= line.length;) {
    const found = /^(?:"((?:[^"]|"")*)"|([^",]*))(?:,|$)/su.exec(line.slice(at));
    if (found === null) return [];
    cells.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (at + found[0].length >= line.length && !found[0].endsWith(',')) break;
    at += found[0].length;
  }
  return cells;
}

describe('with time', () => {
  const folder = temporaryFolder('insight-jobs');
  const edgeId = EdgeId.parse('edge_0123456789ab');
  let store: Store;
  beforeAll(async () => {
    store = await openStore(await embeddedAddress(`${folder}/database`));
  }, 60_000);
  afterAll(async () => {
    await store?.close();
    removeFolder(folder);
  });

  it('a control plane that was away for ten days catches up, forgets only what it has made coarser, and loses no request', async () => {
    const group = GroupName.parse('default');
    const dayMs = 24 * hourMs;
    const at = (days: number) => instantOf(Math.floor((nowMs - days * dayMs) / hourMs) * hourMs);
    for (const days of [40, 10, 9, 2, 0.2])
      await addRollUps(store.db, group, [{ siteId: null, edgeId, at: at(days), sums: { passed: 100, l3: 5 } }]);
    const paths = (key: string, days: number) => ({
      ...{ siteId: null, edgeId, from: at(days), seen: { passed: 32, refused: 1 } },
      tops: { paths: [{ key, passed: 32, refused: 1, over: 0 }] },
    });
    for (const list of [paths('/old', 40), paths('/a', 10), paths('/b', 9), paths('/b', 0.2)])
      await putTops(store.db, group, 600, [list]);
    const deps = { store, now: () => nowMs, insight: defaultInsight };
    const jobs = insightJobs(deps);
    for (let turn = 0; turn < 3; turn += 1) for (const job of jobs) await job.run();
    const query = { from: at(35), until: instantOf(nowMs) };
    const series = await seriesOf(deps, query, null);
    expect([series.total.counts.passed, series.points.length]).toEqual([400, 4]);
    expect(series.total.latency?.p50Ms).toBe(2.5);
    const tops = await topsOf(deps, { ...query, of: 'paths', limit: 20 }, null);
    expect(tops.items.map(({ key, passed }) => [key, passed])).toEqual([
      ['/b', 64],
      ['/a', 32],
    ]);
    expect(tops.items.length).toBeLessThanOrEqual(mostTops);
    const { rows } = await sql<{ step: number; count: number }>`
      select step_seconds as step, count(*)::integer as count from roll_up group by 1 order by 1`.execute(store.db);
    expect(rows).toEqual([
      { step: 10, count: 1 },
      { step: 60, count: 2 },
      { step: 3600, count: 4 },
    ]);
  }, 60_000);
});
