/** Attack mode by an edge that is alone, with its clock, its connection and its counters in the test's hand. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { OwnAttack } from '../contract/attack-signals.ts';
import type { SiteId } from '../contract/ids.ts';
import { SitePolicy } from '../contract/policy.ts';
import { OwnAttacks } from './own-attacks.ts';

const site = SitePolicy.parse({
  kind: 'site',
  siteId: 'site_000000000001',
  hostnames: ['forum.example'],
  origin: { scheme: 'http', host: '192.0.2.7', port: 80, hostHeader: null, addresses: ['192.0.2.7'] },
  mode: 'off',
  limits: { requestsPer10s: null, concurrentPerClient: 100, concurrentPerSite: 2000 },
  networks: [],
  challenge: { expectedHashes: 65_536, clearanceSeconds: 86_400 },
  automatic: { sensitivity: 'normal' },
});
const { siteId } = site;
const none = { passed: 0, challenged: 0, solved: 0, limited: 0, denied: 0, noticed: 0, 'origin-error': 0 };

let folder: string;
let nowMs: number;
let connected: boolean;
let policy: SitePolicy | null;
let changes: SiteId[][];
let attacks: OwnAttacks;

const open = () =>
  new OwnAttacks({
    file: join(folder, 'usual.json'),
    log: pino({ level: 'silent' }),
    nowMs: () => nowMs,
    connected: () => connected,
    site: () => policy,
    onChange: (sites) => void changes.push([...sites]),
  });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portcullis-own-'));
  [nowMs, connected, policy, changes] = [Date.parse('2026-11-22T16:00:00.000Z'), true, site, []];
  attacks = open();
});
afterEach(async () => {
  await attacks.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Readings of two seconds with so many requests in each. */
function reads(times: number, requests: number): void {
  for (let index = 0; index < times; index += 1) {
    nowMs += 2000;
    attacks.take(requests === 0 ? [] : [{ siteId, counts: { ...none, passed: requests } }], 2);
  }
}
const told = () => {
  const all: OwnAttack[] = [];
  attacks.tell((some) => {
    all.push(...some);
    return true;
  });
  return all;
};
const usualDay = () => reads(1900, 20);
const alone = () => {
  connected = false;
  reads(3, 20);
};

it('an edge that is alone puts a flooded site into attack mode within six seconds of hot readings, and says so once it is back', () => {
  usualDay();
  alone();
  reads(2, 4000);
  expect([attacks.has(siteId), changes]).toEqual([false, []]);
  reads(1, 4000);
  expect([attacks.has(siteId), changes]).toEqual([true, [[siteId]]]);
  reads(2, 9000);
  connected = true;
  expect(told()).toMatchObject([{ siteId, endedAt: null, peak: 45_000, signals: { sensitivity: 'normal', demand: 20_000 } }]);
  reads(29, 4000);
  expect(attacks.has(siteId)).toBe(true);
  reads(2, 4000);
  expect([attacks.has(siteId), changes.at(-1)]).toEqual([false, [siteId]]);
});

it('an edge that is not alone decides nothing, whatever it counts; nor for an owner who wants to decide', () => {
  usualDay();
  reads(20, 9000);
  expect(attacks.has(siteId)).toBe(false);
  const { automatic: _automatic, ...asked } = site;
  policy = asked;
  connected = false;
  reads(20, 9000);
  expect([attacks.has(siteId), changes]).toEqual([false, []]);
});

it('what it did alone ends by calm, by its longest time, and at the first word of the control plane', () => {
  usualDay();
  alone();
  reads(3, 4000);
  reads(140, 20);
  expect(attacks.has(siteId)).toBe(true);
  reads(20, 20);
  expect(attacks.has(siteId)).toBe(false);
  expect(told()).toMatchObject([{ siteId, endedAt: expect.any(String) }]);
  expect(told()).toEqual([]);

  reads(3, 4000);
  expect(attacks.has(siteId)).toBe(true);
  // Neither hot nor calm: a quarter of an hour and no longer.
  reads(445, 60);
  expect(attacks.has(siteId)).toBe(true);
  reads(10, 60);
  expect(attacks.has(siteId)).toBe(false);

  reads(3, 4000);
  expect(attacks.has(siteId)).toBe(true);
  attacks.siteChanged(siteId, site, { ...site, mode: 'off' });
  expect(attacks.has(siteId)).toBe(false);
});

it('a site that policy took out of attack mode is left alone for half an hour', () => {
  usualDay();
  attacks.siteChanged(siteId, { ...site, mode: 'attack' }, site);
  alone();
  reads(600, 4000);
  expect(attacks.has(siteId)).toBe(false);
  reads(300, 4000);
  expect(attacks.has(siteId)).toBe(true);
});

it('the usual of its own day outlives a restart, and so does what it holds; a file that is spoilt is learnt anew', async () => {
  reads(1900, 2000);
  alone();
  reads(10, 4000);
  expect(attacks.has(siteId)).toBe(false);
  reads(3, 9000);
  expect(attacks.has(siteId)).toBe(true);
  await attacks.stop();
  attacks = open();
  await attacks.load();
  expect(attacks.has(siteId)).toBe(true);
  reads(10, 4000);
  expect(told()).toHaveLength(1);
  await attacks.stop();
  await writeFile(join(folder, 'usual.json'), '{"hours":');
  attacks = open();
  await attacks.load();
  expect(attacks.has(siteId)).toBe(false);
});
