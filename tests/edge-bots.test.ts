/** What HAProxy itself promises about bots that sign: over TLS and HTTP/2, to https origins, where only a rule asks, under limits, and whatever the verifier answers. */
import { writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Bots } from '../edge/bots/service.ts';
import { helloFrame, mostFrameBytes } from '../edge/bots/spop.ts';
import { mapFile } from '../edge/render/index.ts';
import { makeBot } from './harness/bot.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { site, startEdge } from './harness/haproxy.ts';
import { removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { makeCertificate } from './harness/tls.ts';
import { visit } from './harness/visitor.ts';

const bot = makeBot();
const bots = new Bots(Date.now);
const folder = temporaryFolder('edge-bots');
const connections = new Set<Socket>();
let serve: (socket: Socket) => void = (socket) => bots.serve(socket);
let verifier: net.Server;
let secure: https.Server;
let echo: Echo;
let edge: Edge;

const attack = { mode: 'attack', challenge: { expectedHashes: 500, clearanceSeconds: 600 } };
const ask = (host: string, headers: Readonly<Record<string, string>> = bot.headers({ host }), path = '/') =>
  visit({ port: edge.port, host, path, headers });
const said = async (met: ReturnType<typeof ask>) => {
  const { status, headers } = await met;
  return `${status} ${String(headers['portcullis-reason'] ?? headers['portcullis-action'] ?? '')}`.trim();
};
const drop = () => {
  for (const socket of connections) socket.destroy();
};

beforeAll(async () => {
  echo = await startEcho();
  bots.hold([{ keyId: bot.keyId, name: 'example', publicKey: bot.jwk.x, notBefore: null, notAfter: null }]);
  verifier = net.createServer((socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket)).on('error', () => socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve) => verifier.listen(join(folder, 'bots.sock'), resolve));
  const made = makeCertificate(['origin.example']);
  secure = https.createServer({ key: made.key, cert: made.chain }, (_, response) => response.end('by TLS'));
  await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
  const address = secure.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const byTls = { scheme: 'https', host: 'origin.example', port, hostHeader: null, addresses: ['127.0.0.1'] };
  const rules = {
    list: [{ ruleId: 'shop', when: 'path starts "/shop"', enabled: true, then: { do: 'challenge' } }],
    headers: { answers: [], originSecret: null },
    maintenance: null,
  };
  const few = { requestsPer10s: 5, concurrentPerClient: 100, concurrentPerSite: 100 };
  edge = await startEdge(
    {
      sites: [
        site(1, ['a.example'], echo.port, attack),
        site(2, ['tls.example'], port, { ...attack, origin: byTls }),
        site(3, ['rule.example'], echo.port, { rules }),
        site(4, ['few.example'], echo.port, { ...attack, limits: few }),
      ],
    },
    {
      https: true,
      plan: { botSocket: join(folder, 'bots.sock') },
      originTrust: (at) => `${at}/trust.pem`,
      prepare: (at) => {
        writeFileSync(`${at}/trust.pem`, made.chain);
        writeFileSync(`${at}/certificates/own.pem`, made.chain + made.key);
        writeFileSync(`${at}/certificates/crt-list.txt`, `${at}/certificates/own.pem\n`);
      },
    },
  );
  await edge.admin(`add map ${mapFile(edge.plan.paths, 'bot-keys')} ${bot.keyId} example`);
});
beforeEach(async () => {
  await until('the verifier is up', async () => (await said(ask('a.example'))) === '200', { timeoutMs: 30_000 });
});
afterAll(async () => {
  await edge.stop();
  drop();
  verifier.close();
  secure.closeAllConnections();
  secure.close();
  await echo.stop();
  removeFolder(folder);
});

it('over https and HTTP/2, to an https origin, and where only a rule asks, a signature passes and none does not', async () => {
  expect(
    await said(visit({ port: edge.httpsPort, scheme: 'https', host: 'a.example', headers: bot.headers({ host: 'a.example' }) })),
  ).toBe('200');
  expect((await ask('tls.example')).body).toBe('by TLS');
  expect(await said(ask('tls.example', {}))).toBe('403 challenge');
  expect(await said(ask('rule.example', bot.headers({ host: 'rule.example' }), '/shop/x'))).toBe('200');
  expect(await said(ask('rule.example', {}, '/shop/x'))).toBe('403 challenge');
  const session = http2.connect(`https://127.0.0.1:${edge.httpsPort}`, { rejectUnauthorized: false });
  const get = (headers: Readonly<Record<string, string>>) =>
    new Promise<number>((resolve, reject) => {
      const stream = session.request({ ':authority': 'a.example', ':path': '/', ...headers });
      stream.once('response', (answer) => resolve(answer[':status'] ?? 0));
      stream.once('error', reject);
      stream.resume();
    });
  expect([await get(bot.headers({ host: 'a.example' })), await get({})]).toEqual([200, 403]);
  session.close();
});

it('the origin sees the signature and nothing of ours; headers as long as HAProxy takes fit the verifier’s frame', async () => {
  const headers = bot.headers({ host: 'a.example' });
  const { headers: seen } = JSON.parse((await ask('a.example', headers)).body);
  expect([seen.signature, seen['signature-input']]).toEqual([headers.signature, headers['signature-input']]);
  expect(Object.keys(seen).filter((name) => name.startsWith('portcullis'))).toEqual([]);
  const long = (length: number) => ask('a.example', { ...bot.headers({ host: 'a.example' }), 'x-long': 'x'.repeat(length) });
  expect([(await long(14_500)).status, (await long(16_000)).status]).toEqual([200, 400]);
});

it('a site’s limits hold for bots', async () => {
  const answers: string[] = [];
  for (let index = 0; index < 9; index += 1) answers.push(await said(ask('few.example')));
  expect(answers.slice(0, 4)).toEqual(['200', '200', '200', '200']);
  expect(answers.at(-1)).toBe('429 limit');
});

it.each([
  ['rubbish', (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\n\r\nverified')],
  ['nothing', () => undefined],
  [
    'a greeting and then rubbish',
    (socket: Socket) => {
      socket.write(helloFrame(mostFrameBytes));
      socket.on('data', () => socket.write(Buffer.from('ffffffffverified')));
    },
  ],
  ['the end of the connection', (socket: Socket) => socket.destroy()],
])('a verifier that answers with %s opens nothing', async (_name, act) => {
  const hits = echo.hits();
  serve = act;
  drop();
  try {
    const met = await said(ask('a.example'));
    expect(['403 unavailable', '403 challenge']).toContain(met);
    expect(echo.hits()).toBe(hits);
  } finally {
    serve = (socket) => bots.serve(socket);
    drop();
  }
});
