/** A reload (new pages, new listeners) loses no request and forgets neither bans, nor spent solutions, nor counts. */
import http from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { handIn, meetChallenge, solve } from './harness/challenge.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { raw, site, startEdge } from './harness/haproxy.ts';
import { until } from './harness/ports.ts';
import { visit } from './harness/visitor.ts';

let echo: Echo;
let edge: Edge;

beforeAll(async () => {
  echo = await startEcho();
  edge = await startEdge(
    {
      sites: [
        site(1, ['forum.example'], echo.port),
        site(2, ['attack.example'], echo.port, { mode: 'attack', challenge: { expectedHashes: 10, clearanceSeconds: 600 } }),
      ],
    },
    { master: true },
  );
});
afterAll(async () => {
  await edge.stop();
  await echo.stop();
});

it('bans, spent solutions and counts survive', async () => {
  const door = { port: edge.port, host: 'attack.example' };
  const puzzle = await meetChallenge(door);
  const counter = solve(puzzle);
  expect((await handIn(door, puzzle.token, counter)).status).toBe(204);
  await visit({ port: edge.port, host: 'forum.example' });
  const before = await edge.counters('site_000000000001');
  expect(before?.passed).toBe(1);
  await edge.admin('set table addresses key ::ffff:127.0.3.3 data.gpt0 1');
  // A worker that was started cold teaches nobody before it has given up (after five seconds) to learn from somebody itself.
  await until('the worker considers itself in the know', async () => /flags=0x\d*3 /.test(await edge.admin('show peers')));
  await edge.reload();
  await until('the tables have arrived', async () => (await edge.counters('site_000000000001'))?.passed === 1);
  expect((await handIn(door, puzzle.token, counter)).headers['portcullis-reason']).toBe('replay');
  expect(await raw(edge.port, 'GET / HTTP/1.1\r\nHost: forum.example\r\n\r\n', { from: '127.0.3.3' })).toBe('');
});

it('kept connections and new ones are served throughout', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  let running = true;
  const statuses: number[] = [];
  const clients = Array.from({ length: 4 }, async (_, index) => {
    while (running)
      statuses.push((await visit({ port: edge.port, host: 'forum.example', ...(index % 2 === 0 ? { agent } : {}) })).status);
  });
  try {
    await edge.reload();
    await edge.reload();
  } finally {
    running = false;
    await Promise.allSettled(clients);
    agent.destroy();
  }
  await Promise.all(clients);
  expect(statuses.length).toBeGreaterThan(20);
  expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
});
