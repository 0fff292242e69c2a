/** What the desk of certificates does by itself: failures, back-off, wildcards without DNS, alarms before an end, renewal windows. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Agent } from 'node:https';
import { axios } from 'acme-client';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as certificates from '../../contract/routes/certificates.ts';
import { addAccount, addPersonWithToken } from '../../contract/routes/identity.ts';
import { listAlarms } from '../../contract/routes/house.ts';
import { addSite } from '../../contract/routes/sites.ts';
import type { Site } from '../../contract/routes/sites.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { claimWishes } from '../../store/certificates.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { apiClient } from '../../tests/harness/api.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../tests/harness/control-house.ts';
import { startPebble } from '../../tests/harness/pebble.ts';
import { postgresDatabase } from '../../tests/harness/stores.ts';
import type { SharedDatabase } from '../../tests/harness/stores.ts';
import { makeCertificate } from '../../tests/harness/tls.ts';
import { newAccountKey, openAuthority } from './authority.ts';
import type { AccountBinding, Authority } from './authority.ts';
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
      binding: null,
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

it('an authority that takes no strangers makes an account for a customer who shows its key, and for nobody else', async () => {
  const macKey = Buffer.alloc(32, 5).toString('base64url');
  const pebble = await startPebble({ httpPort: 9, dns: '127.0.0.1:9', customers: { 'customer-7': macKey } });
  const agent = new Agent({ ca: readFileSync(pebble.trust, 'utf8') });
  axios.defaults.httpsAgent = agent;
  try {
    const ask = async (binding: AccountBinding | null) => {
      const made: string[] = [];
      const authority = openAuthority({
        directory: pebble.directory,
        contact: null,
        binding,
        account: { key: await newAccountKey(), url: null },
        onAccount: (url) => Promise.resolve(void made.push(url)),
        fetch: globalThis.fetch,
      });
      const answer = () => Promise.reject(new Error('far enough'));
      const forget = () => Promise.resolve();
      const order = authority.order({ hostname: 'forum.example', way: 'http-01', answer, forget, replaces: null });
      return { said: await order.then(() => '', String), made: made.length };
    };
    expect(await ask({ keyId: 'customer-7', macKey })).toEqual({ said: 'Error: far enough', made: 1 });
    const stranger = await ask(null);
    expect(stranger.said).toMatch(/externalAccountBinding/);
    const liar = await ask({ keyId: 'customer-7', macKey: Buffer.alloc(32, 6).toString('base64url') });
    expect(liar.said).not.toContain('far enough');
    expect([stranger.made, liar.made]).toEqual([0, 0]);
  } finally {
    delete axios.defaults.httpsAgent;
    agent.destroy();
    await pebble.stop();
  }
}, 60_000);

it('the list of all certificates goes from the soonest end to the latest, page by page, and finds what is asked for', async () => {
  const ask = (query: object) => house.operator().call(certificates.listAllCertificates, { query: { limit: 100, ...query } });
  const site = await add(['one.list.example', 'two.list.example', 'three.list.example']);
  const params = { siteId: site.siteId };
  for (const [name, days] of [
    ['two.list.example', '50'],
    ['one.list.example', '20'],
    ['three.list.example', '400'],
  ] as const)
    await house.operator().call(certificates.addCertificate, { params, body: makeCertificate([name], ['-days', days]) });
  const names = (page: { items: { names: string[] }[] }) => page.items.flatMap((item) => item.names);
  const all = await ask({ search: 'LIST.example' });
  expect(names(all)).toEqual(['one.list.example', 'two.list.example', 'three.list.example']);
  expect(all).toMatchObject({ total: 3, next: null });
  expect(all.items[0]).toMatchObject({ siteId: site.siteId, siteName: site.name, source: 'own', renewAt: null });
  expect(JSON.stringify(all)).not.toMatch(/PRIVATE KEY|sealed/i);
  const turned: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof ask>> = await ask({
      search: 'list.example',
      limit: 1,
      ...(cursor === null ? {} : { cursor }),
    });
    expect([page.items.length, page.total]).toEqual([1, 3]);
    turned.push(...names(page));
    cursor = page.next;
  } while (cursor !== null);
  expect(turned).toEqual(names(all));
  expect(names(await ask({ search: 'list.example', endsWithinDays: 60 }))).toEqual(['one.list.example', 'two.list.example']);
  expect(names(await ask({ search: 'list.example', source: 'acme' }))).toEqual([]);
  expect(names(await ask({ search: '%list_example' }))).toEqual([]);
  // A customer's list has its own sites' certificates, and counts no others.
  const body = { name: 'Customer', ownerName: 'Customer invited' };
  const { accountId } = (await house.operator().call(addAccount, { body })).account;
  const program = { name: 'Customer program', roles: ['owner' as const], accountId };
  const { token } = await house.operator().call(addPersonWithToken, { body: program });
  const seen = await apiClient(house.url(), token).call(certificates.listAllCertificates, { query: { limit: 100 } });
  expect(seen).toEqual({ items: [], next: null, total: 0 });
  await expect(ask({ cursor: 'bm9uZQ' })).rejects.toMatchObject({ problem: { code: 'bad-request' } });
});
