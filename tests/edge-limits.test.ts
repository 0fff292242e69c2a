/** Limits per client and per site, owners' networks, orders that lower a limit, and what happens to those who go on regardless. */
import http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SitePolicy } from '../contract/policy.ts';
import { defaultSiteLimits } from '../contract/policy.ts';
import type { Edge, Policy } from './harness/haproxy.ts';
import { order, raw, site, startEdge } from './harness/haproxy.ts';
import { until } from './harness/ports.ts';
import { visit } from './harness/visitor.ts';

let edge: Edge;
let slow: http.Server;
let held: http.ServerResponse[] = [];
let originPort = 0;

beforeAll(async () => {
  slow = http.createServer((request, response) => {
    request.resume();
    if (request.url === '/hold') held.push(response);
    else response.end('ok');
  });
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const address = slow.address();
  originPort = address !== null && typeof address === 'object' ? address.port : 0;
  edge = await startEdge({ sites: [] }, { plan: { connectionsPerClient: 200, challengesPerSecond: 20 } });
});
afterAll(async () => {
  for (const response of held) response.destroy();
  await edge.stop();
  slow.closeAllConnections();
  slow.close();
});

let lastClient = 0;
/** An address that no other test uses: windows last ten seconds. */
const newClient = () => `127.0.7.${(lastClient += 1)}`;
const limited = (
  number: number,
  limits: Partial<SitePolicy['limits']>,
  changes: Partial<Record<keyof SitePolicy, unknown>> = {},
) => site(number, [`s${number}.example`], originPort, { limits: { ...defaultSiteLimits, ...limits }, ...changes });
const apply = (policy: Policy) => edge.change(policy);
const ask = (from: string, host: string, path = '/') => visit({ port: edge.port, host, from, path });
const statuses = async (from: string, host: string, times: number) => {
  const seen: Record<number, number> = {};
  for (let index = 0; index < times; index += 1) {
    const { status } = await ask(from, host);
    seen[status] = (seen[status] ?? 0) + 1;
  }
  return seen;
};

it('a client that sends more than the site allows is answered 429, other clients and other sites are not touched', async () => {
  await apply({ sites: [limited(1, { requestsPer10s: 20 }), limited(2, {})] });
  const client = newClient();
  expect(await statuses(client, 's1.example', 30)).toEqual({ 200: 20, 429: 10 });
  const refused = await ask(client, 's1.example');
  expect(refused.headers).toMatchObject({ 'portcullis-action': 'limit', 'retry-after': '10', 'cache-control': 'no-store' });
  expect((await ask(client, 's2.example')).status).toBe(200);
  expect((await ask(newClient(), 's1.example')).status).toBe(200);
  expect((await edge.counters('site_000000000001'))?.limited).toBe(11);
});

it('a threshold that is raised while HAProxy runs holds for the next request', async () => {
  await apply({ sites: [limited(1, { requestsPer10s: 3 })] });
  const client = newClient();
  expect(await statuses(client, 's1.example', 5)).toEqual({ 200: 3, 429: 2 });
  await apply({ sites: [limited(1, { requestsPer10s: null })] });
  expect((await ask(client, 's1.example')).status).toBe(200);
});

it('an order lowers the limit, and the owner’s allowed networks do not escape it', async () => {
  const one = limited(1, { requestsPer10s: 500 }, { networks: [{ cidr: '127.0.7.0/24', action: 'allow' }] });
  await apply({ sites: [one], orders: [order(1, one, { measure: 'rate-limit', requestsPer10s: 4 })] });
  expect(await statuses(newClient(), 's1.example', 6)).toEqual({ 200: 4, 429: 2 });
  await apply({ sites: [one] });
  expect(await statuses(newClient(), 's1.example', 6)).toEqual({ 200: 6 });
});

it('an order that would raise the limit does not', async () => {
  const one = limited(1, { requestsPer10s: 3 });
  await apply({ sites: [one], orders: [order(1, one, { measure: 'rate-limit', requestsPer10s: 100 })] });
  expect(await statuses(newClient(), 's1.example', 5)).toEqual({ 200: 3, 429: 2 });
});

/** Opens requests that the origin does not answer until it is told to; returns when each is either held or refused. */
async function hold(host: string, clients: readonly string[]): Promise<{ statuses: () => string[]; release: () => void }> {
  held = [];
  const answers: string[] = [];
  const sockets = clients.map((from) => {
    const socket = net.connect({ host: '127.0.0.1', port: edge.port, localAddress: from });
    socket.on('data', (chunk) => answers.push(chunk.toString().slice(9, 12)));
    socket.on('error', () => socket.destroy());
    socket.write(`GET /hold HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    return socket;
  });
  await until('every request is held or refused', () => held.length + answers.length === clients.length);
  return { statuses: () => answers, release: () => sockets.forEach((socket) => socket.destroy()) };
}

it('requests in progress are capped per client (429) and per site (503)', async () => {
  await apply({ sites: [limited(1, { concurrentPerClient: 3 }), limited(2, { concurrentPerSite: 4 })] });
  const client = newClient();
  const one = await hold(
    's1.example',
    Array.from({ length: 5 }, () => client),
  );
  expect(one.statuses()).toEqual(['429', '429']);
  one.release();
  const two = await hold(
    's2.example',
    Array.from({ length: 6 }, () => newClient()),
  );
  expect(two.statuses()).toEqual(['503', '503']);
  two.release();
});

it.each([
  ['127.0.0.1', 200],
  ['127.0.9.4', 403],
  ['127.0.9.2', 200],
  ['127.0.9.3', 200],
  ['127.0.17.3', 403],
  ['127.0.18.3', 200],
])('the longest network decides: %s gets %i', async (from, status) => {
  const networks = [
    { cidr: '127.0.8.0/22', action: 'deny' },
    { cidr: '127.0.9.2/31', action: 'allow' },
    { cidr: '127.0.17.0/24', action: 'deny' },
  ];
  await apply({ sites: [limited(1, {}, { networks }), limited(2, {})] });
  const met = await ask(from, 's1.example');
  expect(met.status).toBe(status);
  if (status === 403) expect(met.headers['portcullis-action']).toBe('deny');
  expect((await ask(from, 's2.example')).status).toBe(200);
});

it('a rule for an IPv6 network whose digits begin like an IPv4 address does not match that address', async () => {
  await apply({ sites: [limited(1, {}, { networks: [{ cidr: '7f00::/16', action: 'deny' }] })] });
  expect((await ask('127.0.0.1', 's1.example')).status).toBe(200);
});

it('an allowed network passes the limits', async () => {
  await apply({ sites: [limited(1, { requestsPer10s: 2 }, { networks: [{ cidr: '127.0.7.0/24', action: 'allow' }] })] });
  expect(await statuses(newClient(), 's1.example', 5)).toEqual({ 200: 5 });
});

it('a client that goes on after its refusals is slowed, then shut out before TLS, and can be let in again', async () => {
  await apply({ sites: [limited(1, { requestsPer10s: 1 }), limited(2, {})] });
  const client = newClient();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (let index = 0; index < 101; index += 1) await visit({ port: edge.port, host: 's1.example', from: client, agent });
  const slowed = await Promise.race([
    visit({ port: edge.port, host: 's1.example', from: client, agent }).then(() => 'answered'),
    wait(500).then(() => 'waiting'),
  ]).catch(() => 'closed');
  expect(slowed).toBe('waiting');
  agent.destroy();
  await Promise.all(
    Array.from({ length: 50 }, () =>
      raw(edge.port, 'GET / HTTP/1.1\r\nHost: s1.example\r\n\r\n', { from: client, quietMs: 300 }),
    ),
  );
  await Promise.all(
    Array.from({ length: 55 }, () =>
      raw(edge.port, 'GET / HTTP/1.1\r\nHost: s1.example\r\n\r\n', { from: client, quietMs: 300 }),
    ),
  );
  expect(await edge.admin(`show table addresses key ::ffff:${client}`)).toMatch(/gpt0=1/);
  expect(await raw(edge.port, 'GET / HTTP/1.1\r\nHost: s2.example\r\n\r\n', { from: client, quietMs: 300 })).toBe('');
  await edge.admin(`set table addresses key ::ffff:${client} data.gpt0 0`);
  expect((await ask(client, 's2.example')).status).toBe(200);
});

it('in a flood of challenges a client that never passes one has a share, and who is new there, or at a neighbour, does not notice', async () => {
  const flooded = site(8, ['s8.example'], originPort, { mode: 'attack', limits: { ...defaultSiteLimits, requestsPer10s: null } });
  await apply({ sites: [flooded, limited(9, {})] });
  const flooder = newClient();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  const flood = (from: string) => visit({ port: edge.port, host: 's8.example', from, agent });
  await until(
    'the flooder is limited',
    async () => (await Promise.all(Array.from({ length: 40 }, () => flood(flooder)))).some(({ status }) => status === 429),
    { timeoutMs: 60_000, everyMs: 0 },
  );
  expect((await ask(newClient(), 's8.example')).status).toBe(403);
  expect((await ask(flooder, 's9.example')).status).toBe(200);
  agent.destroy();
}, 90_000);

it('one address holds no more connections than planned, but the agent’s probe always gets in', async () => {
  await apply({ sites: [limited(1, {})] });
  const client = newClient();
  const open = async (from: string, count: number) => {
    const sockets = await Promise.all(
      Array.from(
        { length: count },
        () =>
          new Promise<net.Socket>((resolve) => {
            const socket = net.connect({ host: '127.0.0.1', port: edge.port, localAddress: from }, () => resolve(socket));
            socket.on('error', () => socket.destroy());
          }),
      ),
    );
    return sockets;
  };
  const sockets = await open(client, 200);
  await until('HAProxy has accepted them', async () =>
    (await edge.admin(`show table addresses key ::ffff:${client}`)).includes('conn_cur=200'),
  );
  expect(await raw(edge.port, 'GET / HTTP/1.1\r\nHost: s1.example\r\n\r\n', { from: client })).toBe('');
  const probes = await open('127.84.0.1', 210);
  expect(await raw(edge.port, 'GET / HTTP/1.1\r\nHost: s1.example\r\n\r\n', { from: '127.84.0.1' })).toMatch(/^HTTP\/1\.1 200/);
  for (const socket of [...sockets, ...probes]) socket.destroy();
});

it('a header block that drips in is cut off after five seconds and holds nobody up', async () => {
  await apply({ sites: [limited(1, {})] });
  const started = performance.now();
  const drip = raw(edge.port, 'GET / HTTP/1.1\r\nHost: s1.example\r\nX-A: ', { quietMs: 8000 });
  expect((await ask('127.0.0.1', 's1.example')).status).toBe(200);
  await drip;
  expect(performance.now() - started).toBeLessThan(7000);
});

it('a body that drips in never reaches the origin', async () => {
  await apply({ sites: [limited(1, {})] });
  held = [];
  const answer = await raw(edge.port, 'POST /hold HTTP/1.1\r\nHost: s1.example\r\nContent-Length: 10\r\n\r\n12', {
    quietMs: 8000,
  });
  expect(answer).toMatch(/^HTTP\/1\.1 408[^]*portcullis-action: timeout/);
  expect(held).toEqual([]);
});

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
