/** Edges of one point of presence: two real HAProxies that see each other's clients. What an edge alone promises, two promise together. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultSiteLimits } from '../contract/policy.ts';
import { earnClearance, handIn, meetChallenge, solve } from './harness/challenge.ts';
import type { Edge } from './harness/haproxy.ts';
import { site, startEdge } from './harness/haproxy.ts';
import { freePorts, until } from './harness/ports.ts';
import { navigation, visit } from './harness/visitor.ts';

let origin: Server;
let edges: Edge[] = [];

beforeAll(async () => {
  origin = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end('<p>A page.</p>');
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const address = origin.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const challenge = { expectedHashes: 1, clearanceSeconds: 3600, pagesPer10Min: 12 };
  const sites = [
    site(1, ['limited.example'], port, { limits: { ...defaultSiteLimits, requestsPer10s: 20 } }),
    site(2, ['attacked.example'], port, { mode: 'attack', challenge }),
  ];
  const [first = 0, second = 0] = await freePorts(2);
  const all = [
    { name: 'here', address: '127.0.0.1', port: first },
    { name: 'there', address: '127.0.0.1', port: second },
  ];
  edges = await Promise.all(['here', 'there'].map((own) => startEdge({ sites }, { plan: { neighbours: { own, all } } })));
  // A row that one makes is the other's a moment after their first word.
  await edges[0]?.admin('set table solutions key first data.gpc0 1');
  await until('the neighbours know each other', async () => (await row(1, 'solutions', 'first')).includes('gpc0=1'));
});
afterAll(async () => {
  for (const edge of edges) await edge.stop();
  origin.closeAllConnections();
  origin.close();
});

const portOf = (index: number) => edges[index % 2]?.port ?? 0;
const row = async (index: number, table: string, key: string) =>
  (await edges[index]?.admin(`show table ${table} key ${key}`)) ?? '';

it('thirty requests in turns over two neighbours are counted as thirty', async () => {
  const seen: Record<number, number> = {};
  for (let index = 0; index < 30; index += 1) {
    const { status } = await visit({ port: portOf(index), host: 'limited.example', from: '127.0.6.1' });
    seen[status] = (seen[status] ?? 0) + 1;
    // The neighbour hears of a request within the millisecond; what it has not heard of yet it cannot count (open).
    const name = index % 2 === 0 ? 'here' : 'there';
    const counted = `http_req_rate(10000)=${Math.floor(index / 2) + 1}`;
    await until('the neighbour knows', async () =>
      (await row((index + 1) % 2, `clients-${name}`, 'site_0000000000017F000601')).includes(counted),
    );
  }
  expect(seen).toEqual({ 200: 20, 429: 10 });
});

it('a client that one has shut out is shut out by its neighbour, before TLS', async () => {
  await edges[0]?.admin('set table addresses key ::ffff:127.0.6.2 data.gpt0 1');
  await until('the neighbour knows', async () => (await row(1, 'addresses', '::ffff:127.0.6.2')).includes('gpt0=1'));
  const request = visit({ port: portOf(1), host: 'limited.example', from: '127.0.6.2', timeoutMs: 300 });
  await expect(request).rejects.toThrow();
  expect((await visit({ port: portOf(1), host: 'limited.example', from: '127.0.6.3' })).status).toBe(200);
});

it('a solution that one has taken is a replay at its neighbour, and the clearance is good at both', async () => {
  const door = (index: number) => ({ port: portOf(index), host: 'attacked.example', from: '127.0.6.4' });
  const puzzle = await meetChallenge(door(0));
  const counter = solve(puzzle);
  const solved = await handIn(door(0), puzzle.token, counter);
  expect(solved.status).toBe(204);
  const signature = puzzle.token.split('.')[4] ?? '';
  await until('the neighbour knows', async () => (await row(1, 'solutions', signature)).includes('gpc0=1'));
  const replayed = await handIn(door(1), puzzle.token, counter);
  expect([replayed.status, replayed.headers['portcullis-reason']]).toEqual([403, 'replay']);
  const cookie = solved.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  for (const index of [0, 1]) expect((await visit({ ...door(index), headers: { ...navigation, cookie } })).status).toBe(200);
});

it('pages at one neighbour are pages of the same budget at the other', async () => {
  const door = (index: number) => ({ port: portOf(index), host: 'attacked.example', from: '127.0.6.5' });
  const headers = { ...navigation, cookie: await earnClearance(door(0)) };
  const key = 'site_0000000000027F000605';
  for (let page = 1; page <= 12; page += 1) expect((await visit({ ...door(0), headers })).status).toBe(200);
  await until('the neighbour knows', async () => (await row(1, 'visitors-here', key)).includes('gpc0=12'));
  // The check that it passed bought a budget of its own; both are used up at the second.
  for (let page = 1; page <= 12; page += 1) expect((await visit({ ...door(1), headers })).status).toBe(200);
  expect((await visit({ ...door(1), headers })).status).toBe(403);
});
