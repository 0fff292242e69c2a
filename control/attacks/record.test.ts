/** The record of an attack as it ages: its requests grow coarser and none is lost, and what happened stays. */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Attack } from '../../contract/attacks.ts';
import { AccountId, EdgeId, GroupName, SiteId } from '../../contract/ids.ts';
import { instantOf } from '../../core/instant.ts';
import { addEntry, insertAttack } from '../../store/attacks.ts';
import { addTraffic, trimTraffic } from '../../store/house.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { addRollUps, rollUp, trimRollUps } from '../../store/roll-ups.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { embeddedAddress } from '../../tests/harness/stores.ts';
import { defaultInsight } from '../insight/config.ts';
import { recordOf } from './record.ts';

const folder = temporaryFolder('record');
const group = GroupName.parse('default');
const accountId = AccountId.parse('acct_0123456789ab');
const siteId = SiteId.parse('site_0123456789ab');
const edgeId = EdgeId.parse('edge_0123456789ab');
const beganMs = Date.parse('2026-11-20T12:00:00.000Z');
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const attack = Attack.parse({
  attackId: 'atk_0123456789ab',
  siteId,
  accountId,
  siteName: 'forum.example',
  state: 'ended',
  beganAt: instantOf(beganMs),
  switchedAt: null,
  switchedBy: null,
  endedAt: instantOf(beganMs + 20 * minuteMs),
  endedBy: null,
  peak: 700,
  path: null,
  edgeId: null,
  signals: {
    version: 1,
    ...{ sensitivity: 'normal', window: instantOf(beganMs), demand: 700, originErrors: 0, baseline: 20 },
    ...{ threshold: 300, calmBelow: 150, cause: 'demand' },
  },
});
let store: Store;

beforeAll(async () => {
  store = await openStore(await embeddedAddress(`${folder}/database`));
  await store.runScript(`insert into account (account_id, name, created_at) values ('${accountId}', 'A', now()) on conflict do nothing;
    insert into edge_group (group_name, revision, digest, committed_at, log_from, last_key_number, key_rotated_at)
      values ('${group}', 0, '${'0'.repeat(64)}', now(), 0, 0, now()) on conflict do nothing;`);
  const { rows } = await sql<{ column_name: string; data_type: string }>`
    select column_name, data_type from information_schema.columns
    where table_name = 'site' and is_nullable = 'NO' and column_default is null and is_identity = 'NO'`.execute(store.db);
  const known: Readonly<Record<string, string>> = { site_id: siteId, account_id: accountId, group_name: group };
  const values: Readonly<Record<string, string>> = {
    ...{
      text: "'x'",
      boolean: 'true',
      jsonb: "'{}'",
      integer: '1',
      bigint: '1',
      'timestamp with time zone': 'now()',
      ARRAY: "'{}'",
    },
  };
  const filled = rows.map(({ column_name: name, data_type: type }) =>
    name in known ? `'${known[name]}'` : (values[type] ?? 'null'),
  );
  await store.runScript(
    `insert into site (${rows.map(({ column_name: name }) => name).join(', ')}) values (${filled.join(', ')});`,
  );
  // 700 requests in each ten seconds of the attack, 20 in those of the hour around it.
  const steps = Array.from({ length: 360 }, (_none, index) => beganMs - 30 * minuteMs + index * 10_000);
  const passed = (atMs: number) => (atMs >= beganMs && atMs < beganMs + 20 * minuteMs ? 700 : 20);
  const none = { passed: 0, challenged: 0, solved: 0, limited: 0, denied: 0, noticed: 0, 'origin-error': 0 };
  await addTraffic(
    store.db,
    group,
    steps.map((atMs) => ({ siteId, bucket: instantOf(atMs), counts: { ...none, passed: passed(atMs) } })),
  );
  await addRollUps(
    store.db,
    group,
    steps.map((atMs) => ({ siteId, edgeId, at: instantOf(atMs), sums: { passed: passed(atMs) } })),
  );
  await insertAttack(store.db, attack);
  await addEntry(store.db, attack.attackId, { at: attack.beganAt, kind: 'began', who: null, words: 'It was seen.' });
}, 60_000);
afterAll(async () => {
  await store?.close();
  removeFolder(folder);
});

/** Its record so long after it began: the step, the sum of its requests from half an hour to the other, those by edge, and what happened. */
async function after(ms: number) {
  const deps = { store, now: () => beganMs + ms, insight: defaultInsight };
  const { timeline, edges, entries } = await recordOf(deps, { accountId }, attack.attackId);
  const sum = timeline.points.reduce((total, { counts }) => total + counts.passed, 0);
  return {
    step: timeline.stepSeconds,
    from: timeline.from,
    sum,
    edges: edges.map(({ requests }) => requests),
    entries: entries.length,
  };
}

it('an attack’s requests grow coarser with time and are not lost, and what happened stays', async () => {
  const from = instantOf(beganMs - 5 * minuteMs);
  // Twenty minutes of 700 and ten minutes around them of 20.
  const exact = { sum: 120 * 700 + 60 * 20, edges: [120 * 700], entries: 1 };
  expect(await after(hourMs)).toEqual({ step: 10, from, ...exact });
  await rollUp(store.db, 'minute', { until: instantOf(beganMs + 24 * hourMs), mostSeconds: 10 * 86_400 });
  await trimRollUps(store.db, 'roll_up', 10, { before: instantOf(beganMs + 24 * hourMs), madeInto: 60 });
  await trimTraffic(store.db, instantOf(beganMs + 24 * hourMs));
  expect(await after(30 * hourMs)).toEqual({ step: 60, from, ...exact });
  await rollUp(store.db, 'hour', { until: instantOf(beganMs + 96 * hourMs), mostSeconds: 10 * 86_400 });
  await trimRollUps(store.db, 'roll_up', 60, { before: instantOf(beganMs + 96 * hourMs), madeInto: 3600 });
  const old = await after(120 * hourMs);
  expect(old).toMatchObject({ step: 3600, from: instantOf(beganMs - hourMs), entries: 1 });
  expect(old.sum).toBe(120 * 700 + 240 * 20);
  expect(old.edges).toEqual([120 * 700 + 60 * 20]);
  await trimRollUps(store.db, 'roll_up', 3600, { before: instantOf(beganMs + 1000 * hourMs), madeInto: null });
  expect(await after(1000 * hourMs)).toMatchObject({ sum: 0, edges: [], entries: 1 });
});
