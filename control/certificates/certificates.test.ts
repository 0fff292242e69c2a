/** What the desk of certificates does by itself: failures, back-off, wildcards without DNS, alarms before an end, renewal windows. */
import { createServer } from 'node:http';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as certificates from '../../contract/routes/certificates.ts';
import { listAlarms } from '../../contract/routes/house.ts';
import { addSite } from '../../contract/routes/sites.ts';
import type { Site } from '../../contract/routes/sites.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { claimWishes } from '../../store/certificates.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../tests/harness/control-house.ts';
import { postgresDatabase } from '../../tests/harness/stores.ts';
import type { SharedDatabase } from '../../tests/harness/stores.ts';
import { makeCertificate } from '../../tests/harness/tls.ts';
import { newAccountKey, openAuthority } from './authority.ts';
import type { Authority } from './authority.ts';
import type { CertificateParts } from './deps.ts';
import { dnsHook } from './dns-hook.ts';
import { lookAtEnds } from './jobs.ts';
import { certificateKeys } from './keys.ts';
import { fulfil } from './obtain.ts';

const day = 86_400_000;
const keys = certificateKeys(Buffer.alloc(32, 7));
const log = pino({ level: 'silent' });
let database: SharedDatabase;
let house: ControlHouse;
let store: Store;
let atMs = Date.now();

beforeAll(async () => {
  database = await postgresDatabase();
  house = await startControlHouse(database.address);
  store = await openStore(database.address);
});
afterAll(async () => {
  await house?.stop();
  await store?.close();
  await database?.drop();
});

const refusing = (why: string): Authority => ({
  directory: 'https://authority.example/dir',
  order: () => Promise.reject(new Error(why)),
  renewal: () => Promise.resolve(null),
});
const parts = (authority: Authority | null): CertificateParts => ({ store, now: () => atMs, log, keys, authority, dns: null });
const add = (hostnames: string[]): Promise<Site> =>
  house.operator().call(addSite, { body: { hostnames, origin: 'http://192.0.2.7', waiveOwnership: true } });
const list = (site: Site) => house.operator().call(certificates.listCertificates, { params: { siteId: site.siteId } });
const alarms = async (kind: string) =>
  (await house.operator().call(listAlarms, { query: { limit: 100 } })).items.filter((alarm) => alarm.kind === kind);
/** Works on everything that is due; returns how many wishes were. */
const work = async (authority: Authority): Promise<number> => {
  const until = instantOf(atMs + 60_000);
  const wishes = await claimWishes(store.db, { by: 'test', at: instantOf(atMs), until, limit: 10 });
  for (const wish of wishes) await fulfil(parts(authority), wish, new AbortController().signal);
  return wishes.length;
};

it('a name that cannot be had is tried ever more rarely, says why, and people are told once', async () => {
  const site = await add(['forum.example']);
  atMs = Date.now() + 1000;
  const authority = refusing('DNS problem: NXDOMAIN looking up A for forum.example');
  const waits: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    expect(await work(authority)).toBe(1);
    const [wish] = (await list(site)).hostnames.map((hostname) => hostname.wish);
    expect(wish).toMatchObject({ state: 'failed', failures: round + 1 });
    expect(wish?.finding).toMatch(/NXDOMAIN/);
    const nextMs = msOf(wish?.nextAt ?? instantOf(0));
    waits.push(nextMs - atMs);
    atMs = nextMs - 1;
    expect(await work(authority)).toBe(0);
    atMs = nextMs;
  }
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(waits[0]).toBeGreaterThanOrEqual(300_000);
  expect(await alarms('certificate-failed')).toMatchObject([{ siteId: site.siteId }]);
});

it('a wildcard without a program for DNS waits for a person, not for the clock', async () => {
  const site = await add(['*.wild.example']);
  atMs = Math.max(atMs, Date.now() + 1000);
  await work(refusing('never asked'));
  const [hostname] = (await list(site)).hostnames;
  expect(hostname?.wish).toMatchObject({ state: 'stuck', nextAt: null });
  expect(hostname?.wish?.finding).toMatch(/needs a DNS record/);
});

it('one process works on a wish at a time, and a process that died lets go of it', async () => {
  await add(['once.example']);
  atMs = Math.max(atMs, Date.now()) + 40 * day;
  const claim = (by: string, at: number) =>
    claimWishes(store.db, { by, at: instantOf(at), until: instantOf(at + 60_000), limit: 100 });
  const [one, other] = await Promise.all([claim('a', atMs), claim('b', atMs)]);
  const names = [...one, ...other].map(({ hostname }) => hostname);
  expect(names).toContain('once.example');
  expect(new Set(names).size).toBe(names.length);
  expect(await claim('c', atMs + 59_000)).toEqual([]);
  expect((await claim('d', atMs + 61_000)).map(({ hostname }) => hostname)).toContain('once.example');
});

it('a certificate of the owner’s own that ends raises an alarm at 30, 14, 7 and 2 days, and none once another covers its names', async () => {
  const site = await add(['shop.example']);
  const params = { siteId: site.siteId };
  await house.operator().call(certificates.addCertificate, { params, body: makeCertificate(['shop.example'], ['-days', '60']) });
  const [held] = (await list(site)).certificates;
  const endMs = msOf(held?.notAfter ?? instantOf(0));
  const told: number[] = [];
  for (const days of [40, 30, 29, 14, 10, 7, 2, 1]) {
    atMs = endMs - days * day;
    await lookAtEnds(parts(null));
    told.push((await alarms('certificate-expiring')).length);
  }
  expect(told).toEqual([0, 1, 1, 2, 2, 3, 4, 4]);
  const [alarm] = await alarms('certificate-expiring');
  expect(alarm?.sentence).toMatch(/shop\.example ends within 2 days, at .* Upload a new one\./);
  // A longer one covers its names now.
  await house.operator().call(certificates.addCertificate, { params, body: makeCertificate(['shop.example', 'a.example']) });
  atMs = endMs - 1000;
  await lookAtEnds(parts(null));
  expect(await alarms('certificate-expiring')).toHaveLength(4);
});

it('the authority’s own window says when to renew, and when to ask again', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const suggestedWindow = { start: '2026-12-01T00:00:00Z', end: '2026-12-02T00:00:00Z' };
    if (request.url === '/dir') response.end(JSON.stringify({ renewalInfo: `${base}/ari/` }));
    else response.setHeader('retry-after', '7200').end(JSON.stringify({ suggestedWindow }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  try {
    const account = { key: await newAccountKey(), url: null };
    const authority = openAuthority({
      directory: `${base}/dir`,
      contact: null,
      account,
      onAccount: () => Promise.resolve(),
      fetch: globalThis.fetch,
    });
    const told = await authority.renewal(makeCertificate(['forum.example']).chain);
    expect(told).toEqual({
      window: { startMs: Date.parse('2026-12-01T00:00:00Z'), endMs: Date.parse('2026-12-02T00:00:00Z') },
      askAgainMs: 7_200_000,
    });
    expect(asked[1]).toMatch(/^\/ari\/[A-Za-z0-9_-]{27}\.[A-Za-z0-9_-]+$/);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

it('a program for DNS that fails or hangs is a failed order with its last line', async () => {
  await expect(dnsHook('/bin/false')('present', 'a', 'b')).rejects.toThrow('The DNS program ended with code 1.');
  await expect(dnsHook('/nowhere/hook')('present', 'a', 'b')).rejects.toThrow('The DNS program could not be run');
  await expect(dnsHook('/usr/bin/yes', 200)('present', 'a', 'b')).rejects.toThrow('was ended after 0.2 s');
});
