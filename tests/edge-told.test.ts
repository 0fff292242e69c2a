/** What HAProxy tells the agent of single requests: every refusal, and of what passes only a sample. */
import http from 'node:http';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defaultSiteLimits } from '../contract/policy.ts';
import { parseRequestLine } from '../edge/telemetry/request-line.ts';
import type { LoggedRequest } from '../edge/telemetry/request-line.ts';
import { Frames } from '../edge/telemetry/requests.ts';
import { requestSocket } from '../edge/render/skeleton/log.ts';
import { order, site, startEdge } from './harness/haproxy.ts';
import type { Edge } from './harness/haproxy.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { until } from './harness/ports.ts';
import { visit } from './harness/visitor.ts';

let origin: Echo;
let edge: Edge;
let listener: Server;
const sockets = new Set<Socket>();
const told: LoggedRequest[] = [];

beforeAll(async () => {
  origin = await startEcho();
  const noticed = site(2, ['noticed.example'], origin.port);
  edge = await startEdge({
    sites: [site(1, ['open.example'], origin.port, { limits: { ...defaultSiteLimits, requestsPer10s: 10_000 } }), noticed],
    orders: [order(1, noticed)],
  });
  listener = createServer((socket) => {
    const frames = new Frames(8192);
    sockets.add(socket);
    socket.on('data', (data: Buffer) => {
      for (const text of frames.take(data) ?? []) {
        const line = parseRequestLine(text);
        if (line !== null) told.push(line);
      }
    });
  }).listen(requestSocket(edge.plan.paths));
}, 60_000);

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  listener.close();
  await edge.stop();
  await origin.stop();
});

it('a refusal is told, and of five hundred requests that passed only those of the sample, each with what it stands for', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (let count = 0; count < 500; count += 1) await visit({ port: edge.port, host: 'open.example', path: `/${count}`, agent });
  agent.destroy();
  const refused = await visit({ port: edge.port, host: 'noticed.example' });
  await until('the refusal is told', () => told.some(({ act }) => act === 'notice'), { timeoutMs: 20_000 });
  const passed = told.filter(({ act }) => act === null);
  // 500 of one in 32: 16. More than 60 comes once in ten to the power of seventeen runs, none at all once in eight million.
  expect(passed.length).toBeGreaterThan(0);
  expect(passed.length).toBeLessThan(60);
  expect(passed.every(({ sample }) => sample?.oneIn === 32)).toBe(true);
  expect(refused.body).toContain(told.find(({ act }) => act === 'notice')?.reference ?? 'not told');
}, 60_000);
