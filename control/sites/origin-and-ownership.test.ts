/** Names that answer, lie and move: origins and proofs of ownership against a real name server on loopback, through the front door. */
import http from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listAlarms } from '../../contract/routes/house.ts';
import * as sites from '../../contract/routes/sites.ts';
import type { SiteDraft } from '../../contract/routes/sites.ts';
import { ApiRefusal, refusalOf } from '../../tests/harness/api.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../tests/harness/control-house.ts';
import { startDns } from '../../tests/harness/dns.ts';
import type { TestDns } from '../../tests/harness/dns.ts';
import { removeFolder, temporaryFolder, until } from '../../tests/harness/ports.ts';
import { embeddedAddress } from '../../tests/harness/stores.ts';

let dns: TestDns;
let house: ControlHouse;
let folder: string;

beforeAll(async () => {
  folder = temporaryFolder('origins');
  dns = await startDns();
  house = await startControlHouse(await embeddedAddress(folder), { dnsServers: [dns.address] });
});
afterAll(async () => {
  await house?.stop();
  await dns?.stop();
  removeFolder(folder);
});

const add = (draft: Partial<SiteDraft> & { hostnames: string[] }) =>
  house.operator().call(sites.addSite, { body: { origin: 'http://127.0.0.1:8000', waiveOwnership: true, ...draft } });
const look = (siteId: sites.Site['siteId']) => house.operator().call(sites.getSite, { params: { siteId } });

it('an origin’s name is resolved, and every address must be allowed', async () => {
  dns.set('good.origin.example', { a: ['192.0.2.10', '192.0.2.9'], aaaa: ['2001:db8::9'] });
  dns.set('mixed.origin.example', { a: ['192.0.2.10', '10.0.0.1'] });
  dns.set('mapped.origin.example', { aaaa: ['::ffff:169.254.169.254'] });
  dns.set('empty.origin.example', {});
  const site = await add({ hostnames: ['named.example'], origin: 'https://good.origin.example' });
  expect(site.originAddresses).toEqual(['192.0.2.10', '192.0.2.9', '2001:db8::9']);
  expect(site.origin).toEqual({ scheme: 'https', host: 'good.origin.example', port: 443, hostHeader: null });
  expect(await refusalOf(add({ hostnames: ['a1.example'], origin: 'http://mixed.origin.example' }))).toBe('origin-refused');
  expect(await refusalOf(add({ hostnames: ['a1.example'], origin: 'http://mapped.origin.example' }))).toBe('origin-refused');
  expect(await refusalOf(add({ hostnames: ['a1.example'], origin: 'http://empty.origin.example' }))).toBe('origin-unresolved');
  expect(await refusalOf(add({ hostnames: ['a1.example'], origin: 'http://unknown.origin.example' }))).toBe('origin-unresolved');
});

it('a name that gets new addresses is followed, and edges are told', async () => {
  dns.set('moving.origin.example', { a: ['192.0.2.20'], ttl: 1 });
  const site = await add({ hostnames: ['moving.example'], origin: 'http://moving.origin.example' });
  const edge = await house.edge();
  dns.set('moving.origin.example', { a: ['192.0.2.21'], ttl: 1 });
  house.pass(60_000);
  await until('the new address is at the edge', () => edge.site(site.siteId)?.origin.addresses[0] === '192.0.2.21');
  await edge.disconnect();
});

it('a name that moves inward keeps its last good addresses, and alarms once', async () => {
  dns.set('rebinding.origin.example', { a: ['192.0.2.30'], ttl: 1 });
  const site = await add({ hostnames: ['rebinding.example'], origin: 'http://rebinding.origin.example' });
  dns.set('rebinding.origin.example', { a: ['169.254.169.254'], ttl: 1 });
  house.pass(60_000);
  await until('it is found out', async () => (await look(site.siteId)).originFinding !== null);
  const seen = await look(site.siteId);
  expect([seen.originAddresses, seen.ready, seen.propagation.revision]).toEqual([
    ['192.0.2.30'],
    true,
    site.propagation.revision,
  ]);
  const alarms = async () =>
    (await house.operator().call(listAlarms, {})).items
      .filter((alarm) => alarm.siteId === site.siteId)
      .map((alarm) => alarm.kind);
  expect(await alarms()).toEqual(['origin-moved-inward']);
  house.pass(60_000);
  dns.set('rebinding.origin.example', { a: ['192.0.2.30'], ttl: 1 });
  await until('it is good again', async () => (await look(site.siteId)).originFinding === null);
  expect(await alarms()).toEqual(['origin-moved-inward']);
});

it('name servers that fail take no site down', async () => {
  dns.set('steady.origin.example', { a: ['192.0.2.40'], ttl: 1 });
  const site = await add({ hostnames: ['steady.example'], origin: 'http://steady.origin.example' });
  dns.fail(true);
  house.pass(60_000);
  await until('the failure is noted', async () => (await look(site.siteId)).originFinding !== null, { timeoutMs: 30_000 });
  expect((await look(site.siteId)).originAddresses).toEqual(['192.0.2.40']);
  dns.fail(false);
});

it('a TXT record proves a hostname and what is below it; the value of another site proves nothing', async () => {
  const site = await add({ hostnames: ['proof.example', 'www.proof.example', '*.proof.example'], waiveOwnership: false });
  const other = await add({ hostnames: ['other-proof.example'], waiveOwnership: false });
  const check = (siteId: sites.Site['siteId']) => house.operator().call(sites.checkOwnership, { params: { siteId } });
  dns.set('proof.example', { a: ['10.0.0.1'] });
  const refused = await check(site.siteId).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiRefusal);
  expect(String(refused)).toMatch(/ownership-unproved.*_portcullis\.proof\.example.*private address/);
  dns.set('_portcullis.proof.example', { txt: ['unrelated', site.ownership.dnsValue] });
  dns.set('_portcullis.other-proof.example', { txt: [site.ownership.dnsValue] });
  const proved = await check(site.siteId);
  expect([proved.ownership.state, proved.ready]).toEqual(['proved', true]);
  expect(await refusalOf(check(other.siteId))).toBe('ownership-unproved');

  // A name added later needs a proof of its own; the site goes on with the names that are proved.
  const params = { siteId: site.siteId };
  const more = await house
    .operator()
    .call(sites.changeSite, { params, body: { hostnames: ['proof.example', 'victim.example'] } });
  expect([more.ready, more.ownership.state, more.ownership.dnsName]).toEqual([true, 'pending', '_portcullis.victim.example']);
  const edge = await house.edge();
  await edge.holds(more.propagation.revision);
  expect(edge.site(site.siteId)?.hostnames).toEqual(['proof.example']);
  await edge.disconnect();
});

it('a file proves the hostname that serves it, and redirects are not followed', async () => {
  const asked: string[] = [];
  let answer: (response: http.ServerResponse) => void = (response) => response.writeHead(302, { location: '/elsewhere' }).end();
  const server = http.createServer((request, response) => {
    asked.push(`${request.headers.host ?? ''}${request.url ?? ''}`);
    answer(response);
  });
  const listening = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(80, '127.0.0.77', () => resolve(true));
  });
  // Port 80 needs root, or a machine that lets everybody have it; where it cannot be had, the DNS proof above stands alone.
  if (!listening) return;
  try {
    dns.set('file-proof.example', { a: ['127.0.0.77'] });
    const site = await add({ hostnames: ['file-proof.example'], waiveOwnership: false });
    const check = () => house.operator().call(sites.checkOwnership, { params: { siteId: site.siteId } });
    expect(await refusalOf(check())).toBe('ownership-unproved');
    answer = (response) => void response.end('x'.repeat(10_000));
    expect(await refusalOf(check())).toBe('ownership-unproved');
    answer = (response) => void response.end(`${site.ownership.fileContent}\n`);
    expect((await check()).ownership.state).toBe('proved');
    expect(new Set(asked)).toEqual(new Set(['file-proof.example/.well-known/portcullis-site.txt']));
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
