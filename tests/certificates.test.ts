/**
 * Certificates from an authority to a browser: a real authority (pebble, which rejects nonces and is slow), a real edge, SNI, renewal, restart.
 * The program as production starts it.
 */
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listAudit } from '../contract/routes/house.ts';
import * as certificates from '../contract/routes/certificates.ts';
import type { SiteCertificates } from '../contract/routes/certificates.ts';
import { changeSite } from '../contract/routes/sites.ts';
import type { Site } from '../contract/routes/sites.ts';
import { askOnce } from '../edge/haproxy/runtime-socket.ts';
import { refusalOf } from './harness/api.ts';
import type { TestDns } from './harness/dns.ts';
import { startDns } from './harness/dns.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Pebble } from './harness/pebble.ts';
import { startPebble } from './harness/pebble.ts';
import { until } from './harness/ports.ts';
import type { Parts } from './harness/provider.ts';
import { somePorts, startParts } from './harness/provider.ts';
import { makeCertificate, shownFor } from './harness/tls.ts';
import { navigation, visit } from './harness/visitor.ts';

let dns: TestDns;
let echo: Echo;
let pebble: Pebble;
let parts: Parts;
let forum: Site;
let hookFolder: string;

const list = (site: Site): Promise<SiteCertificates> =>
  parts.operator.call(certificates.listCertificates, { params: { siteId: site.siteId } });
const issued = (site: Site, not: string | null = null): Promise<SiteCertificates['certificates'][number]> =>
  until(
    'a certificate is issued and nobody works on it',
    async () => {
      const { certificates: all, hostnames } = await list(site);
      const failed = hostnames.find(({ wish }) => wish?.state === 'failed' || wish?.state === 'stuck');
      if (failed !== undefined) throw new Error(`${failed.wish?.finding}\n${pebble.log()}`);
      const one = all.find(({ source, fingerprint }) => source === 'acme' && fingerprint !== not);
      return hostnames.every(({ wish }) => wish === null || wish.state === 'held') && one !== undefined && one;
    },
    { timeoutMs: 45_000 },
  );
const shown = (name: string) => shownFor(parts.edge.https, name, pebble.root);
const workers = async () => (await parts.members()).haproxy.map(({ pid }) => pid).toSorted((a, b) => a - b);

beforeAll(async () => {
  const ports = await somePorts();
  [dns, echo] = await Promise.all([startDns(), startEcho()]);
  for (const name of ['forum.example', 'late.example', 'shop.example']) dns.set(name, { a: ['127.0.0.1'] });
  pebble = await startPebble({ httpPort: ports.http, dns: dns.address, rejectNonces: 30, slowSeconds: 2 });
  hookFolder = path.dirname(pebble.trust);
  const hook = path.join(hookFolder, 'hook.sh');
  // Publishes by a file that the test reads, and ends when the test's name server has it.
  writeFileSync(
    hook,
    `#!/bin/sh\necho "$1 $2 $3" >> ${hookFolder}/asked\nn=0\nwhile [ "$1" = present ] && [ ! -e ${hookFolder}/published ] && [ $n -lt 200 ]; do n=$((n+1)); sleep 0.05; done\n`,
  );
  chmodSync(hook, 0o755);
  parts = await startParts({
    ports,
    args: ['--dns-server', dns.address, '--acme-directory', pebble.directory, '--acme-dns-hook', hook],
    env: { NODE_EXTRA_CA_CERTS: pebble.trust },
  });
}, 120_000);
afterAll(async () => {
  await parts?.stop();
  await pebble?.stop();
  await echo?.stop();
  await dns?.stop();
});

it('an authority’s certificate is obtained through a real edge and served by its name, without a reload', async () => {
  const before = await workers();
  expect((await shown('forum.example')).mistrust).not.toBeNull();
  forum = await parts.protect('forum.example', echo.port, { mode: 'attack' });
  const one = await issued(forum);
  expect(one).toMatchObject({ source: 'acme', names: ['forum.example'], serves: ['forum.example'] });
  await until('the edge shows it', async () => (await shown('forum.example')).fingerprint === one.fingerprint);
  const met = await shown('forum.example');
  expect(met).toMatchObject({ mistrust: null, protocol: 'TLSv1.3', alpn: 'h2', names: 'DNS:forum.example' });
  expect((await shown('other.example')).fingerprint).not.toBe(one.fingerprint);
  expect(await workers()).toEqual(before);
}, 60_000);

it('it is renewed in its place: the new one is served by the same process, the old one is gone', async () => {
  const before = await workers();
  const [old] = (await list(forum)).certificates;
  await parts.operator.call(certificates.orderCertificates, { params: { siteId: forum.siteId } });
  const one = await issued(forum, old?.fingerprint ?? '');
  expect(one.certificateId).toBe(old?.certificateId);
  await until('the edge shows the new one', async () => (await shown('forum.example')).fingerprint === one.fingerprint);
  expect((await list(forum)).certificates).toHaveLength(1);
  expect(await workers()).toEqual(before);
}, 60_000);

it('a wildcard is had by DNS, with the operator’s program', async () => {
  const publish = until(
    'the program was asked to publish',
    () => {
      if (!existsSync(path.join(hookFolder, 'asked'))) return false;
      const [, name = '', value = ''] = /^present (\S+) (\S+)$/m.exec(readFileSync(path.join(hookFolder, 'asked'), 'utf8')) ?? [];
      if (name === '') return false;
      dns.set(name, { txt: [value] });
      writeFileSync(path.join(hookFolder, 'published'), '');
      return name;
    },
    { timeoutMs: 30_000 },
  );
  const wild = await parts.protect('*.wild.example', echo.port);
  expect(await publish).toBe('_acme-challenge.wild.example');
  const one = await issued(wild);
  await until('the edge shows it', async () => (await shown('a.wild.example')).fingerprint === one.fingerprint);
  expect(readFileSync(path.join(hookFolder, 'asked'), 'utf8')).toMatch(/^remove _acme-challenge\.wild\.example \S+$/m);
}, 60_000);

it('an owner’s own certificate is taken, serves at once, and is refused with every mistake named', async () => {
  const shop = await parts.protect('shop.example', echo.port, { https: { certificates: 'own' } });
  const params = { siteId: shop.siteId };
  const mine = makeCertificate(['shop.example', 'other.example']);
  const stranger = makeCertificate(['stranger.example']);
  const add = (body: { chain: string; key: string }) => parts.operator.call(certificates.addCertificate, { params, body });
  expect(await refusalOf(add({ chain: stranger.chain, key: mine.key }))).toBe('certificate-refused');
  await expect(add({ chain: stranger.chain, key: stranger.key })).rejects.toThrow(/covers none of the site’s hostnames/);
  const taken = await add(mine);
  expect(taken.certificates).toMatchObject([{ source: 'own', serves: ['shop.example'], renewAt: null }]);
  expect(JSON.stringify(taken)).not.toContain('PRIVATE');
  const fingerprint = taken.certificates[0]?.fingerprint;
  await until('the edge shows it', async () => (await shown('shop.example')).fingerprint === fingerprint);
  // The other name in it is nobody's here.
  expect((await shown('other.example')).fingerprint).not.toBe(fingerprint);
  const next = makeCertificate(['other.example', 'shop.example']);
  const again = await add(next);
  expect(again.certificates).toHaveLength(1);
  await until(
    'the edge shows the next',
    async () => (await shown('shop.example')).fingerprint === again.certificates[0]?.fingerprint,
  );
  const certificateId = again.certificates[0]?.certificateId ?? taken.certificates[0]?.certificateId;
  if (certificateId === undefined) throw new Error('nothing was taken');
  await parts.operator.call(certificates.removeCertificate, { params: { ...params, certificateId } });
  await until('the edge shows it no longer', async () => (await shown('shop.example')).names === '');
}, 60_000);

it('private keys are in no log and no audit line, in the database and on the edge’s disk only sealed, and files are for their owner alone', async () => {
  const { items } = await parts.operator.call(listAudit, { query: { limit: 500 } });
  expect(items.map(({ act }) => act)).toEqual(
    expect.arrayContaining(['certificate.add', 'certificate.replace', 'certificate.remove']),
  );
  const told = JSON.stringify(items) + parts.control().output() + parts.edgeAgent().output();
  expect(told).not.toMatch(/PRIVATE KEY|"key":"/);
  const policy = path.join(parts.folders.edge, 'policy');
  const copies = readdirSync(policy).map((name) => readFileSync(path.join(policy, name), 'utf8'));
  expect(copies.join('')).toContain('"kind":"certificate"');
  expect(copies.join('')).not.toContain('PRIVATE KEY');
  const sites = path.join(parts.folders.edge, 'certificates', 'sites');
  expect(readdirSync(sites)).toContain('forum.example');
  for (const file of [
    ...readdirSync(sites).map((name) => path.join(sites, name)),
    path.join(parts.folders.edge, 'certificate.key'),
  ])
    expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(sites).mode & 0o777).toBe(0o700);
});

it('plain http goes to https when the owner asks for it, with method and body, and https tells browsers to insist', async () => {
  const body = { https: { plain: 'redirect' as const, hsts: { maxAgeSeconds: 600, includeSubdomains: true, preload: false } } };
  const changed = await parts.operator.call(changeSite, { params: { siteId: forum.siteId }, body: { ...body, mode: 'off' } });
  await parts.applied(changed.propagation.revision);
  const met = await visit({ port: parts.edge.http, host: 'forum.example', path: '/a?b=c', headers: navigation });
  expect([met.status, met.headers.location, met.headers['portcullis-action']]).toEqual([
    308,
    `https://forum.example:${parts.edge.https}/a?b=c`,
    'to-https',
  ]);
  expect(met.headers['strict-transport-security']).toBeUndefined();
  const secure = await visit({ port: parts.edge.https, scheme: 'https', host: 'forum.example', headers: navigation });
  expect([secure.status, secure.headers['strict-transport-security']]).toEqual([200, 'max-age=600; includeSubDomains']);
  // What authorities ask for is not sent away: a site may have an authority of its own.
  const asked = await visit({ port: parts.edge.http, host: 'forum.example', path: '/.well-known/acme-challenge/of-the-origin' });
  expect([asked.status, asked.headers['portcullis-action']]).toEqual([200, undefined]);
  // The setting also stands in the way of a renewal only if it did.
  const [old] = (await list(forum)).certificates;
  await parts.operator.call(certificates.orderCertificates, { params: { siteId: forum.siteId } });
  expect((await issued(forum, old?.fingerprint ?? '')).certificateId).toBe(old?.certificateId);
}, 60_000);

it('an edge that starts with the control plane dead serves TLS from its disk', async () => {
  const { fingerprint } = await until('the edge shows the newest', async () => {
    const [held] = (await list(forum)).certificates;
    const met = await shown('forum.example');
    return met.fingerprint === held?.fingerprint && met;
  });
  await parts.control().stop('SIGKILL');
  await parts.edgeAgent().stop('SIGTERM');
  await parts.startEdge();
  await until('it serves', async () => (await shown('forum.example')).fingerprint === fingerprint, { timeoutMs: 30_000 });
  const met = await visit({ port: parts.edge.https, scheme: 'https', host: 'forum.example', headers: navigation });
  expect(met.status).toBe(200);
}, 60_000);

it('an agent that takes over a running HAProxy finds a certificate that is gone or another, and puts it back without a reload', async () => {
  const { fingerprint } = await shown('forum.example');
  const before = await workers();
  await parts
    .edgeAgent()
    .stop('SIGKILL')
    .catch(() => undefined);
  const socket = path.join(parts.folders.edge, 'haproxy', 'admin.sock');
  const list509 = path.join(parts.folders.edge, 'certificates', 'crt-list.txt');
  const file = (name: string) => path.join(parts.folders.edge, 'certificates', 'sites', name);
  await askOnce(socket, `del ssl crt-list ${list509} ${file('forum.example')}`);
  const other = makeCertificate(['evil.example']);
  await askOnce(socket, `set ssl cert ${file('_.wild.example')} <<\n${other.chain}${other.key}`);
  await askOnce(socket, `commit ssl cert ${file('_.wild.example')}`);
  expect((await shown('forum.example')).fingerprint).not.toBe(fingerprint);
  expect((await shown('a.wild.example')).names).toBe('DNS:evil.example');
  await parts.startEdge();
  await until('both are back', async () => {
    const wild = await shown('a.wild.example');
    return (await shown('forum.example')).fingerprint === fingerprint && wild.names === 'DNS:*.wild.example';
  });
  expect(await workers()).toEqual(before);
}, 60_000);
