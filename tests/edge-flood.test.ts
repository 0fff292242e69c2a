/** A flood of refusals waits before it is answered: it gets a bounded part of the edge, in the same words, and a cleared visitor passes. */
import net from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pressure } from '../edge/render/skeleton/pressure.ts';
import { clearance } from '../bench/edge/main.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { site, startEdge } from './harness/haproxy.ts';
import { until } from './harness/ports.ts';
import { navigation, visit } from './harness/visitor.ts';

const connections = 150;
let echo: Echo;
let edge: Edge;
const limits = { requestsPer10s: 500, concurrentPerClient: 100, concurrentPerSite: 2000 };
const attacked = () => site(1, ['a.example'], echo.port, { mode: 'attack', limits });
/** A site with room for less than the flood has connections. */
const small = () => site(2, ['small.example'], echo.port, { mode: 'attack', limits: { ...limits, concurrentPerSite: 100 } });

beforeAll(async () => {
  echo = await startEcho();
  edge = await startEdge({ sites: [attacked(), small()], orders: [] });
});
afterAll(async () => {
  await edge.stop();
  await echo.stop();
});

/** Each connection asks again as soon as it is answered, or comes back when it is closed, from another address. */
function flood(host: string, many: number): { answered: () => number; end: () => void } {
  const sockets = new Set<net.Socket>();
  const counts = { answered: 0, over: false };
  const request = `GET /search?q=flood HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n\r\n`;
  const start = (index: number) => {
    if (counts.over) return;
    const socket = net.connect({
      port: edge.port,
      host: '127.0.0.1',
      localAddress: `127.5.${1 + (index >> 7)}.${1 + (index % 128)}`,
    });
    sockets.add(socket);
    socket.on('connect', () => socket.write(request));
    socket.on('data', (data) => {
      const answers = data.toString('latin1').match(/HTTP\/1\.1 \d/g)?.length ?? 0;
      if (answers === 0) return;
      counts.answered += answers;
      socket.write(request);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      setTimeout(() => start((index + many) % 10_000), 20);
    });
  };
  for (let index = 0; index < many; index += 1) start(index);
  return {
    answered: () => counts.answered,
    end: () => {
      counts.over = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

const ask = (host: string, headers: Record<string, string>) =>
  visit({ port: edge.port, host, from: '127.9.0.1', path: '/', headers });
const cleared = (on: ReturnType<typeof attacked>) =>
  ask(on.hostnames[0] ?? '', { ...navigation, cookie: clearance(on, 0, '127.9.0.1') });

async function slowAnswer(headers: Record<string, string>, host = 'a.example') {
  return until(
    'an answer that waited',
    async () => {
      const began = performance.now();
      const met = await ask(host, headers);
      return performance.now() - began >= pressure.waitMs * 0.9 ? met : undefined;
    },
    { timeoutMs: 30_000 },
  );
}

it('under a flood a challenge comes after a wait, whole and in the visitor’s language, and programs are told to come later', async () => {
  const calm = performance.now();
  await ask('a.example', navigation);
  expect(performance.now() - calm).toBeLessThan(pressure.waitMs);
  const attack = flood('a.example', connections);
  try {
    const page = await slowAnswer({ ...navigation, 'accept-language': 'de' });
    expect(page).toMatchObject({ status: 403, headers: { 'portcullis-action': 'challenge', 'content-language': 'de' } });
    expect(page.body).toMatch(/data-method="GET"/);
    expect(page.body).toMatch(/<html lang="de">/);
    expect(page.body).toMatch(/data-token="k1\.\d+\.[0-9a-f-]+\.\d+\.[0-9a-f]{64}"/);
    const program = await slowAnswer({ accept: 'application/json', origin: 'http://b.example' });
    expect(program).toMatchObject({
      status: 429,
      headers: {
        'portcullis-mitigated': 'challenge',
        'content-type': 'application/problem+json',
        'access-control-allow-origin': 'http://b.example',
      },
    });
    expect(JSON.parse(program.body)).toMatchObject({ status: 429, action: 'challenge' });
    expect(await cleared(attacked())).toMatchObject({ status: 200 });
    // Whoever is answered has waited: two answers a second for a connection, and what comes in before the pressure is seen.
    const [from, at] = [attack.answered(), performance.now()];
    await until('a second and a half to go by', () => (performance.now() - at > 1500 ? true : undefined));
    const perSecond = ((attack.answered() - from) * 1000) / (performance.now() - at);
    expect(perSecond).toBeLessThan(pressure.from * 1.5 + (connections * 1000) / pressure.waitMs);
  } finally {
    attack.end();
  }
});

it('a flood that waits leaves half of a site’s room to visitors with a clearance', async () => {
  const attack = flood('small.example', connections);
  try {
    await until('the flood to be slowed', () => (attack.answered() > pressure.from ? true : undefined), {
      timeoutMs: 30_000,
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => cleared(small())));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  } finally {
    attack.end();
  }
});
