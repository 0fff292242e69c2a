/** The gate by a clock of the test's own, and a door that it guards over real sockets. */
import { connect } from 'node:net';
import type { Server } from 'node:http';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gate } from './gate.ts';
import { createHttp, json } from './http.ts';
import { trustOf, usualProxies } from './visitor.ts';

let nowMs: number;
let gate: Gate;
let server: Server | null;

beforeEach(() => {
  nowMs = 1000;
  gate = new Gate(() => nowMs);
  server = null;
});
afterEach(async () => {
  const listening = server;
  if (listening === null) return;
  listening.closeAllConnections();
  await new Promise((resolve) => listening.close(resolve));
});

const from = (network: string) => gate.letsIn(() => network);

/** Turns of the event loop that take so long, in each of which so much comes. */
function flood(turns: number, tookMs: number, came: number): boolean[] {
  const letIn: boolean[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    nowMs += tookMs;
    for (let one = 0; one < came; one += 1) letIn.push(from(`11.${turn % 256}.${one % 256}.0/24`));
    gate.look();
  }
  return letIn;
}

describe('the gate', () => {
  it('lets everybody in while it is late and little comes, and while much comes and it is on time', () => {
    expect(flood(50, 100, 20)).not.toContain(false);
    expect(flood(50, 10, 100)).not.toContain(false);
  });

  it('lets in whose requests were good and a few strangers while a flood makes it late, and everybody a second later', () => {
    gate.wasGood('192.0.2.0/24');
    flood(10, 100, 1000);
    const during = flood(10, 10, 100);
    expect(during.filter((one) => one)).toHaveLength(200);
    expect(from('192.0.2.0/24')).toBe(true);
    nowMs += 1000;
    gate.look();
    expect(flood(1, 10, 10)).not.toContain(false);
  });

  it('takes nobody for good for ever', () => {
    gate.wasGood('192.0.2.0/24');
    nowMs += 10 * 60_000;
    gate.look();
    flood(10, 100, 1000);
    flood(1, 5, 30);
    for (let one = 0; one < 30; one += 1) from('11.0.0.0/24');
    expect(from('192.0.2.0/24')).toBe(false);
  });

  it('holds so many connections of one network, and forgets those that are gone', () => {
    const leave = Array.from({ length: 256 }, () => gate.connect('192.0.2.0/24'));
    expect(leave).not.toContain(null);
    expect(gate.connect('192.0.2.0/24')).toBeNull();
    expect(gate.connect('198.51.100.0/24')).not.toBeNull();
    leave[0]?.();
    expect(gate.connect('192.0.2.0/24')).not.toBeNull();
  });
});

/** What comes back on one connection until it ends. */
async function send(bytes: string): Promise<string> {
  const log = pino({ level: 'silent' });
  const busy = json({ do: 'again' }, 429, { 'retry-after': '3' });
  const later = () => new Promise<ReturnType<typeof json>>((resolve) => setImmediate(() => resolve(json('heard'))));
  const routes = [{ method: 'POST', path: '/say', handle: later, busy } as const];
  const listening = createHttp({ routes, trust: trustOf(usualProxies), log, gate });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  // Only the test's clock tells here.
  gate.stop();
  const address = listening.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return await new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    socket.on('error', () => undefined).on('close', () => resolve(text));
  });
}

const post = (length: number, more = '') => `POST /say HTTP/1.1\r\nhost: x\r\n${more}content-length: ${length}\r\n\r\n`;

it('a stranger in a flood waits, then hears 429 and when to come again, before the body came', async () => {
  flood(10, 100, 1000);
  for (let one = 0; one < 30; one += 1) from('11.0.0.0/24');
  const text = await send(post(60_000));
  expect(text).toMatch(/^HTTP\/1\.1 429 .*\r\nconnection: close\r\n\r\n\{"do":"again"\}$/s);
  expect(text).toContain('retry-after: 3\r\n');
});

it('who sends ahead of his answers has his connection ended', async () => {
  expect(await send(post(2).repeat(40).replaceAll('\r\n\r\n', '\r\n\r\nab'))).toBe('');
});

it('one request behind another is answered', async () => {
  const text = await send(`${post(2)}ab${post(2, 'connection: close\r\n')}ab`);
  expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
});
