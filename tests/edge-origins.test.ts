/** What the edge sends to an origin, over http and https, and what visitors are told when the origin fails them. */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { earnClearance } from './harness/challenge.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { site, startEdge } from './harness/haproxy.ts';
import { freePort, removeFolder, temporaryFolder } from './harness/ports.ts';
import { navigation, visit } from './harness/visitor.ts';

let echo: Echo;
let edge: Edge;
let secure: https.Server;
let pulled: https.Server;
let broken: net.Server;
let met = 0;
const folder = temporaryFolder('certificates');

/** A self-signed certificate for a name; returns key and certificate as one PEM. */
function certificate(name: string): string {
  const run = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
  ];
  execFileSync(
    'openssl',
    [...run, '-addext', `subjectAltName=DNS:${name}`, '-keyout', `${folder}/key`, '-out', `${folder}/crt`],
    { stdio: 'ignore' },
  );
  return readFileSync(`${folder}/crt`, 'utf8') + readFileSync(`${folder}/key`, 'utf8');
}

const portOf = (server: net.Server) => {
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
};
const listen = (server: net.Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

beforeAll(async () => {
  echo = await startEcho();
  const pem = certificate('origin.example');
  secure = https.createServer({ key: pem, cert: pem }, (request, response) => {
    if (request.url === '/liar')
      response.writeHead(403, { 'portcullis-action': 'notice', 'Portcullis-Decision': 'D-2026-0001', 'x-own': 'kept' });
    response.end(JSON.stringify({ host: request.headers.host, proto: request.headers['x-forwarded-proto'] }));
  });
  secure.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
  });
  const pull = certificate('edges.example');
  writeFileSync(`${folder}/pull.pem`, pull, { mode: 0o600 });
  const own = certificate('own.example');
  writeFileSync(`${folder}/own.pem`, own, { mode: 0o600 });
  // What only the agent reads of it: the server line and the flag in the host's facts are what is tried here.
  const ownCertificate = {
    certificateId: 'cert_000000000001',
    chain: own.slice(0, own.indexOf('-----END CERTIFICATE-----') + 26),
    sealedKey: Buffer.alloc(60).toString('base64'),
    fingerprint: 'a'.repeat(64),
  };
  pulled = https.createServer({ key: pem, cert: pem, ca: [pull, own], requestCert: true }, (request, response) => {
    met += 1;
    const shown = request.socket instanceof TLSSocket ? request.socket.getPeerCertificate().subject.CN : 'nothing';
    response.end(JSON.stringify({ shown }));
  });
  broken = net.createServer((socket) => socket.on('error', () => socket.destroy()).end('this is not HTTP\r\n\r\n'));
  await Promise.all([listen(secure), listen(pulled), listen(broken)]);
  const tls = (host: string, hostHeader: string | null) => ({
    origin: { scheme: 'https', host, port: portOf(secure), hostHeader, addresses: ['127.0.0.1'] },
  });
  edge = await startEdge(
    {
      sites: [
        site(1, ['forum.example'], echo.port),
        site(2, ['override.example'], echo.port, {
          origin: {
            scheme: 'http',
            host: 'o.example',
            port: echo.port,
            hostHeader: 'inside.example:81',
            addresses: ['127.0.0.1'],
          },
        }),
        site(3, ['tls.example'], 0 + portOf(secure), tls('origin.example', 'origin.example')),
        site(8, ['pulled.example'], portOf(pulled), {
          origin: {
            scheme: 'https',
            host: 'origin.example',
            port: portOf(pulled),
            hostHeader: null,
            addresses: ['127.0.0.1'],
          },
        }),
        ...['own.example', 'lost.example'].map((name, at) =>
          site(9 + at, [name], portOf(pulled), {
            origin: { scheme: 'https', host: 'origin.example', port: portOf(pulled), hostHeader: null, addresses: ['127.0.0.1'] },
            originCertificate: ownCertificate,
          }),
        ),
        site(4, ['wrong-name.example'], portOf(secure), tls('other.example', null)),
        site(5, ['down.example'], await freePort()),
        site(6, ['broken.example'], portOf(broken)),
        site(7, ['attack.example'], echo.port, { mode: 'attack', challenge: { expectedHashes: 10, clearanceSeconds: 600 } }),
      ],
    },
    {
      https: true,
      plan: {
        originCertificate: `${folder}/pull.pem`,
        ownServers: [{ siteId: site(9, ['own.example'], 1).siteId, certificate: `${folder}/own.pem` }],
      },
      originTrust: (at) => `${at}/trust.pem`,
      prepare: (at) => {
        writeFileSync(`${at}/trust.pem`, pem);
        writeFileSync(`${at}/certificates/forum.pem`, certificate('forum.example'));
        writeFileSync(`${at}/certificates/crt-list.txt`, `${at}/certificates/forum.pem\n`);
      },
    },
  );
});
afterAll(async () => {
  await edge.stop();
  await echo.stop();
  secure.closeAllConnections();
  secure.close();
  pulled.closeAllConnections();
  pulled.close();
  broken.close();
  removeFolder(folder);
});

const seenBy = async (host: string, headers: Record<string, string> = {}) =>
  JSON.parse((await visit({ port: edge.port, host, headers })).body);

it('the origin learns the visitor’s address from us alone, whatever the visitor claims', async () => {
  const claims = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
    'x-real-ip': '203.0.113.9',
    forwarded: 'for=203.0.113.9',
  };
  const { headers } = await seenBy('forum.example', claims);
  expect(headers).toMatchObject({
    host: 'forum.example',
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'forum.example',
  });
  expect(headers).not.toHaveProperty('x-real-ip');
  expect(headers).not.toHaveProperty('forwarded');
});

it('the Host header is replaced when the owner asks for it, and the visitor’s is passed on beside it', async () => {
  const { headers } = await seenBy('override.example');
  expect(headers).toMatchObject({ host: 'inside.example:81', 'x-forwarded-host': 'override.example' });
});

it('an https origin is reached when its certificate bears the name, and not when it does not', async () => {
  expect(await seenBy('tls.example')).toEqual({ host: 'origin.example', proto: 'http' });
  const refused = await visit({ port: edge.port, host: 'wrong-name.example' });
  expect([refused.status, refused.headers['portcullis-action']]).toEqual([503, 'origin-error']);
});

it('an origin that demands our certificate is reached with it, and refuses everybody who comes past us', async () => {
  expect(await seenBy('pulled.example')).toEqual({ shown: 'edges.example' });
  const past = new Promise<string>((resolve) => {
    const options = { port: portOf(pulled), host: '127.0.0.1', rejectUnauthorized: false, agent: false };
    https.get(options, (answer) => resolve(`answered ${answer.statusCode}`)).once('error', () => resolve('refused'));
  });
  expect(await past).toBe('refused');
});

it('a site shows the certificate of its own, and one whose own is not there is refused, not sent without it', async () => {
  expect(await seenBy('own.example')).toEqual({ shown: 'own.example' });
  const before = met;
  const refused = await visit({ port: edge.port, host: 'lost.example' });
  expect([refused.status, refused.headers['portcullis-action'], met]).toEqual([503, 'origin-error', before]);
});

it.each([
  ['down.example', 503, 'The site’s server does not answer'],
  ['broken.example', 502, 'The site gave a broken answer'],
])('%s answers %i with a page that says whose fault it is', async (host, status, title) => {
  const met = await visit({ port: edge.port, host, headers: navigation });
  expect([met.status, met.headers['portcullis-action'], met.headers['cache-control']]).toEqual([
    status,
    'origin-error',
    'no-store',
  ]);
  expect(met.body).toContain(title);
  expect(met.body).toContain('The fault is there, not with you.');
});

it('failures of an origin are counted as such, answers as passed', async () => {
  const before = (await edge.counters('site_000000000005'))?.['origin-error'] ?? 0;
  await visit({ port: edge.port, host: 'down.example' });
  expect(await edge.counters('site_000000000005')).toMatchObject({ 'origin-error': before + 1, passed: 0 });
  expect((await edge.counters('site_000000000001'))?.passed).toBeGreaterThan(0);
});

it('a clearance does not reach the origin, the visitor’s other cookies do', async () => {
  const cookie = await earnClearance({ port: edge.port, host: 'attack.example' });
  const cookies = async (sent: string) => (await seenBy('attack.example', { cookie: sent })).headers.cookie;
  expect(await cookies(cookie)).toBeUndefined();
  expect(await cookies(`${cookie}; b=2`)).toBe('b=2');
  expect(await cookies(`a=1; ${cookie}; b=2`)).toBe('a=1; b=2');
  expect((await cookies(`a=1; xportcullis=3; ${cookie}`)).trim()).toMatch(/^a=1; xportcullis=3;?$/);
});

it('an origin cannot answer in our name', async () => {
  const met = await visit({ port: edge.port, host: 'tls.example', path: '/liar' });
  expect(met.status).toBe(403);
  expect(met.headers['x-own']).toBe('kept');
  expect(Object.keys(met.headers).filter((name) => name.startsWith('portcullis-'))).toEqual([]);
});

it('a websocket passes through', async () => {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  };
  expect((await visit({ port: edge.port, host: 'tls.example', headers })).status).toBe(101);
});

it('over TLS the origin hears https, and the clearance is a cookie that only this host can set', async () => {
  const met = await visit({ port: edge.httpsPort, scheme: 'https', host: 'forum.example' });
  expect(JSON.parse(met.body).headers['x-forwarded-proto']).toBe('https');
  const door = { port: edge.httpsPort, scheme: 'https' as const, host: 'attack.example' };
  const cookie = await earnClearance(door);
  expect(cookie).toMatch(/^__Host-portcullis=/);
  expect((await visit({ ...door, headers: { cookie } })).status).toBe(200);
  expect((await visit({ ...door, headers: { cookie: cookie.replace('__Host-', '') } })).status).toBe(403);
});

it('HTTP/2 is spoken, and two sites on one connection do not share a clearance', async () => {
  const cookie = await earnClearance({ port: edge.httpsPort, scheme: 'https', host: 'attack.example' });
  const session = http2.connect(`https://127.0.0.1:${edge.httpsPort}`, { rejectUnauthorized: false });
  const get = (authority: string) =>
    new Promise<number>((resolve, reject) => {
      const stream = session.request({ ':authority': authority, ':path': '/', cookie });
      stream.once('response', (headers) => resolve(headers[':status'] ?? 0));
      stream.once('error', reject);
      stream.resume();
    });
  expect(await get('attack.example')).toBe(200);
  expect(await get('attack.example')).toBe(200);
  expect(await get('forum.example')).toBe(200);
  expect(await get('nope.example')).toBe(421);
  session.close();
});
