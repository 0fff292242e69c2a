/** One site's own client certificate, from the API to an origin that lets nobody in without it: made, rotated under way, removed, and not openable. */
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SiteId } from '../contract/ids.ts';
import {
  addOriginCertificate,
  getOriginCertificate,
  removeOriginCertificate,
  useOriginCertificate,
} from '../contract/routes/origin-certificates.ts';
import { getSite } from '../contract/routes/sites.ts';
import { makeSelfSigned } from '../kit/self-signed.ts';
import { refusalOf } from './harness/api.ts';
import { startDns } from './harness/dns.ts';
import type { TestDns } from './harness/dns.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { runProgram } from './harness/program.ts';
import { startParts } from './harness/provider.ts';
import type { Parts } from './harness/provider.ts';
import { makeCertificate } from './harness/tls.ts';
import { visit } from './harness/visitor.ts';

const folder = temporaryFolder('origin-certificates');
const own = makeCertificate(['origin.example']);
const options = { key: own.key, cert: own.chain, requestCert: true, rejectUnauthorized: false };
let dns: TestDns;
let parts: Parts;
let origin: https.Server;
let siteId: SiteId;
let visitors = 0;

beforeAll(async () => {
  dns = await startDns();
  dns.set('origin.example', { a: ['127.0.0.1'] });
  const trust = path.join(folder, 'trust.pem');
  writeFileSync(trust, own.chain);
  // It says whom it met, and whether that is whom it trusts; what it does with strangers is its own business.
  origin = https.createServer(options, (request, response) => {
    const socket = request.socket;
    const shown = socket instanceof TLSSocket ? socket.getPeerCertificate() : null;
    response.writeHead(socket instanceof TLSSocket && socket.authorized ? 200 : 401);
    response.end(shown?.fingerprint256?.replaceAll(':', '').toLowerCase() ?? 'nobody');
  });
  await new Promise<void>((done) => origin.listen(0, '127.0.0.1', done));
  const { port }: AddressInfo = JSON.parse(JSON.stringify(origin.address()));
  parts = await startParts({ env: { PORTCULLIS_ORIGIN_TRUST: trust, PORTCULLIS_DNS_SERVERS: dns.address } });
  ({ siteId } = await parts.protect('shop.example', 0, { origin: `https://origin.example:${port}` }));
  await parts.protect('other.example', 0, { origin: `https://origin.example:${port}` });
}, 180_000);

afterAll(async () => {
  await parts?.stop();
  origin?.closeAllConnections();
  await new Promise((done) => origin?.close(done));
  await dns?.stop();
  removeFolder(folder);
}, 60_000);

const trusts = (...chains: string[]) => origin.setSecureContext({ ...options, ca: chains });
const ask = async (host = 'shop.example') => {
  visitors += 1;
  const met = await visit({ port: parts.edge.http, host, from: `127.3.${visitors >> 8}.${visitors & 255}` });
  return { status: met.status, shown: met.body };
};
const params = () => ({ siteId });
const held = () => parts.operator.call(getOriginCertificate, { params: params() });
const inForce = async () => parts.applied((await parts.operator.call(getSite, { params: params() })).propagation.revision);

it('a site shows its origin a certificate of its own, another site does not, and no private key comes out', async () => {
  expect(await ask()).toMatchObject({ status: 401 });
  const made = await parts.operator.call(addOriginCertificate, { params: params(), body: { make: true } });
  expect(made).toMatchObject({ used: { made: 'here' }, next: null, https: true });
  expect(JSON.stringify(made)).not.toMatch(/PRIVATE|sealed/);
  trusts(made.used?.chain ?? '');
  await inForce();
  expect(await ask()).toEqual({ status: 200, shown: made.used?.fingerprint });
  expect((await ask('other.example')).status).toBe(401);
  expect(readFileSync(path.join(parts.folders.edge, 'haproxy', 'current', 'haproxy.cfg'), 'utf8')).toContain(`server ${siteId} `);
});

it('changes it in two steps, and loses no request by it', async () => {
  const before = (await held()).used;
  const made = await makeSelfSigned('edges of the shop', Date.now());
  const files = { chain: path.join(folder, 'next.pem'), key: path.join(folder, 'next.key') };
  writeFileSync(files.chain, made.cert);
  writeFileSync(files.key, made.key);
  const connection = ['--state', parts.state, '--control', parts.controlUrl];
  const origins = (verb: string, ...more: string[]) =>
    runProgram(['certificate', 'origin', verb, 'shop.example', ...more, ...connection]);
  const added = await origins('add', '--chain', files.chain, '--key', files.key);
  expect([added.code, added.stderr]).toEqual([0, '']);
  const { used, next } = await held();
  expect([used, next?.made]).toEqual([before, 'uploaded']);
  expect((await ask()).shown).toBe(before?.fingerprint);
  trusts(before?.chain ?? '', made.cert);
  let stop = false;
  const met: { status: number; shown: string }[] = [];
  const asking = (async () => {
    while (!stop) met.push(await ask());
  })();
  expect((await origins('use')).code).toBe(0);
  await until('the new one is shown', () => met.at(-1)?.shown === next?.fingerprint);
  stop = true;
  await asking;
  expect(met.filter(({ status }) => status !== 200)).toEqual([]);
  expect(await refusalOf(parts.operator.call(useOriginCertificate, { params: params() }))).toBe('wrong-state');
  const shown = await origins('show');
  expect(shown.stdout).toContain(made.cert.trim().split('\n')[1]);
}, 60_000);

it('is there after a start of the edge, and goes when it is removed', async () => {
  const { used } = await held();
  await parts.edgeAgent().stop('SIGTERM');
  await parts.startEdge();
  await parts.edgesCurrent();
  // Its HAProxy stopped with it: until the new one listens, nobody is served.
  await until('the edge serves again', async () => (await ask().catch(() => null)) !== null);
  expect(await ask()).toEqual({ status: 200, shown: used?.fingerprint });
  await parts.operator.call(removeOriginCertificate, { params: { siteId, which: 'used' } });
  await inForce();
  expect(await ask()).toEqual({ status: 401, shown: 'nobody' });
  const bad = parts.operator.call(addOriginCertificate, { params: params(), body: { chain: 'nonsense', key: 'nonsense' } });
  expect(await refusalOf(bad)).toBe('certificate-refused');
}, 60_000);
