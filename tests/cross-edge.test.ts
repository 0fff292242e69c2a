/** Limits across edges: two real HAProxies, the agent's part of each and the control plane's sums between them; the clock is the test's own. */
import http from 'node:http';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { overLimitSeconds } from '../contract/cross-edge.ts';
import { EdgeId, GroupName } from '../contract/ids.ts';
import type { SiteId } from '../contract/ids.ts';
import { defaultSiteLimits } from '../contract/policy.ts';
import { openCrossEdge } from '../control/edges/cross-edge.ts';
import { CrossEdge } from '../edge/cross-edge.ts';
import { clientTables } from '../edge/render/index.ts';
import { generateSigningKeyPair, textSigner, textVerifier } from '../kit/ed25519.ts';
import type { Edge } from './harness/haproxy.ts';
import { site, startEdge } from './harness/haproxy.ts';
import { visit } from './harness/visitor.ts';

const group = GroupName.parse('default');
const limit = 20;
const keys = generateSigningKeyPair();
const sign = textSigner(keys.privateKey);
const log = pino({ level: 'silent' });

let origin: http.Server;
let edges: readonly Edge[];
let nowMs = Date.now();
let house: ReturnType<typeof wire>;

beforeAll(async () => {
  origin = http.createServer((request, response) => {
    request.resume();
    response.end('ok');
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const address = origin.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const limits = { ...defaultSiteLimits, requestsPer10s: limit };
  const protectedSite = site(1, ['s1.example'], port, { limits, networks: [{ cidr: '127.0.9.0/24', action: 'allow' }] });
  edges = await Promise.all([startEdge({ sites: [protectedSite] }), startEdge({ sites: [protectedSite] })]);
});
beforeEach(() => {
  house?.close();
  house = wire(edges);
});
afterAll(async () => {
  house.close();
  for (const edge of edges) await edge.stop();
  origin.close();
});

function wire(members: readonly Edge[]) {
  const said: { readonly payload: string; readonly signature: string }[] = [];
  const arrivals: Promise<void>[] = [];
  const sums = openCrossEdge({ sign, log, now: () => nowMs });
  sums.close();
  const agents = members.map((edge, index) => {
    const edgeId = EdgeId.parse(`edge_${String(index + 1).padStart(12, '0')}`);
    const agent = new CrossEdge({
      group,
      tables: clientTables(edge.plan),
      ask: edge.admin,
      limitOf: (siteId: SiteId) => (siteId === 'site_000000000001' ? limit : null),
      verify: textVerifier(keys.publicKey),
      send: (message) => {
        sums.heard(edgeId, message);
        return true;
      },
      onHeld: () => undefined,
      log,
      nowMs: () => nowMs,
    });
    // One reading at a time is the test's own, not the timer's.
    agent.stop();
    sums.joined(edgeId, group, (message) => {
      if (message.kind !== 'over-limit') return;
      said.push(message);
      arrivals.push(agent.hear(message.payload, message.signature));
    });
    return agent;
  });
  const second = async () => {
    nowMs += 1000;
    for (const agent of agents) await agent.turn();
    sums.turn();
    await Promise.all(arrivals);
  };
  sums.turn();
  return { agents, said, second, settle: () => Promise.all(arrivals), close: () => agents.forEach((agent) => agent.stop()) };
}

let lastClient = 0;
const newClient = (network = 8) => `127.0.${network}.${(lastClient += 1)}`;
const ask = async (edge: Edge | undefined, from: string, times: number) => {
  const seen: Record<number, number> = {};
  for (let index = 0; index < times; index += 1) {
    const { status } = await visit({ port: edge?.port ?? 0, host: 's1.example', from });
    seen[status] = (seen[status] ?? 0) + 1;
  }
  return seen;
};

it('a client that is below its limit at each edge and above it in sum is refused by all of them, and by none when it has calmed down', async () => {
  await house.settle();
  const [client, other] = [newClient(), newClient()];
  expect(await ask(edges[0], client, 12)).toEqual({ 200: 12 });
  expect(await ask(edges[1], client, 12)).toEqual({ 200: 12 });
  await ask(edges[0], other, 12);
  await house.second();
  for (const edge of edges) expect(await ask(edge, client, 3)).toEqual({ 429: 3 });
  for (const edge of edges) expect(await ask(edge, other, 3)).toEqual({ 200: 3 });

  nowMs += overLimitSeconds * 1000;
  await house.second();
  for (const edge of edges) expect(await ask(edge, client, 3)).toEqual({ 200: 3 });
});

it('a client that goes on while it is refused stays refused', async () => {
  await house.settle();
  const client = newClient();
  for (const edge of edges) await ask(edge, client, 12);
  await house.second();
  for (const edge of edges) expect(await ask(edge, client, 14)).toEqual({ 429: 14 });
  nowMs += overLimitSeconds * 1000 - 3000;
  await house.second();
  nowMs += 5000;
  await house.second();
  for (const edge of edges) expect(await ask(edge, client, 1)).toEqual({ 429: 1 });
});

it('a client on one edge alone is left to that edge, and an allowed network is refused by none', async () => {
  await house.settle();
  const [alone, allowed] = [newClient(), newClient(9)];
  expect(await ask(edges[0], alone, 30)).toEqual({ 200: limit, 429: 10 });
  for (const edge of edges) expect(await ask(edge, allowed, 30)).toEqual({ 200: 30 });
  await house.second();
  expect(await ask(edges[1], alone, 1)).toEqual({ 200: 1 });
  for (const edge of edges) expect(await ask(edge, allowed, 3)).toEqual({ 200: 3 });
});

it('a decision that is forged, repeated, old, or of another group refuses nobody', async () => {
  await house.settle();
  const [agent] = house.agents;
  const client = newClient();
  const key = client
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase();
  const decision = (changes: object) =>
    JSON.stringify({
      kind: 'over-limit',
      group,
      at: new Date(nowMs + 2000).toISOString(),
      edges: 2,
      clients: [{ siteId: 'site_000000000001', client: key, rate: limit * 5 }],
      ...changes,
    });
  const stranger = textSigner(generateSigningKeyPair().privateKey);
  const old = new Date(nowMs - 60_000).toISOString();
  await agent?.hear(decision({}), stranger(decision({})));
  for (const changes of [{ group: 'other' }, { at: old }, { clients: [{ siteId: 'site_000000000001', client: '', rate: 9 }] }])
    await agent?.hear(decision(changes), sign(decision(changes)));
  expect(await ask(edges[0], client, 3)).toEqual({ 200: 3 });

  await agent?.hear(decision({}), sign(decision({})));
  expect(await ask(edges[0], client, 1)).toEqual({ 429: 1 });
  await edges[0]?.admin(`set table clients key site_000000000001${key} data.http_req_rate 0`);
  await agent?.hear(decision({}), sign(decision({})));
  expect(await ask(edges[0], client, 1)).toEqual({ 200: 1 });
});
