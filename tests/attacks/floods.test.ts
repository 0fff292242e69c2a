/**
 * Floods of connections, handshakes, frames and half-sent requests against a provider as production starts it, while somebody reads.
 *
 * Last, a scanner of TLS looks at the same edge. Claims are about who is served, what is bounded and what is left afterwards, never about speed (bench/flood measures that). Attackers come from
 * 127.0.0.1, or one address each; the reader from another. PORTCULLIS_ATTACKS=full lasts longer and sends more.
 */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { askOnce, parseInfo } from '../../edge/haproxy/runtime-socket.ts';
import { block, endHeaders, endStream, frame, frameType, openH2 } from '../harness/http2-frames.ts';
import type { RawH2 } from '../harness/http2-frames.ts';
import { until } from '../harness/ports.ts';
import { startParts } from '../harness/provider.ts';
import type { Parts } from '../harness/provider.ts';
import { visit } from '../harness/visitor.ts';

const run = promisify(execFile);
const full = process.env['PORTCULLIS_ATTACKS'] === 'full';
const host = 'busy.example';
/** What machine.ts plans for each client address. */
const mostPerClient = 400;

let origin: http.Server;
let house: Parts;
let admin = '';

beforeAll(async () => {
  const large = Buffer.alloc(2 << 20, 'a');
  origin = http.createServer((request, response) => {
    request.resume();
    request.once('end', () => response.end(request.url === '/large' ? large : 'ok'));
  });
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve));
  const address = origin.address();
  house = await startParts();
  admin = join(house.folders.edge, 'haproxy', 'admin.sock');
  await house.protect(host, typeof address === 'object' ? (address?.port ?? 0) : 0, {
    limits: { requestsPer10s: 600, concurrentPerClient: 100, concurrentPerSite: 2000 },
  });
}, 180_000);

afterAll(async () => {
  await house?.stop();
  origin?.closeAllConnections();
  await new Promise((resolve) => (origin === undefined ? resolve(null) : origin.close(resolve)));
}, 60_000);

const info = async () => parseInfo(await askOnce(admin, 'show info'));
const connections = async () => Number((await info()).get('CurrConns'));
const worker = async () => Number((await info()).get('Pid'));
const residentMb = (pid: number) =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

/** Nobody is shut out for what the claim before this one did. */
beforeEach(async () => {
  await askOnce(admin, 'clear table addresses');
});

/** What a reader met who asked all along, over both schemes, and what the edge held meanwhile at most. */
async function meanwhile(
  attack: () => Promise<unknown>,
): Promise<{ readonly bad: string[]; readonly read: number; readonly most: number }> {
  const bad: string[] = [];
  let going = true;
  let read = 0;
  let most = 0;
  const reader = (async () => {
    while (going || read < 4) {
      const [scheme, port] = read % 2 === 0 ? (['http', house.edge.http] as const) : (['https', house.edge.https] as const);
      const met = await visit({ scheme, port, host, from: '127.0.0.9', timeoutMs: 30_000 }).catch((error: unknown) => ({
        status: 0,
        body: String(error),
      }));
      if (met.status !== 200) bad.push(`${scheme} ${met.status} ${met.body.slice(0, 100)}`);
      read += 1;
      most = Math.max(most, await connections());
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
  })();
  const before = await worker();
  const memoryBefore = residentMb(before);
  await attack().finally(() => (going = false));
  await reader;
  const after = await worker();
  if (after !== before) bad.push('HAProxy has another worker');
  const grownMb = residentMb(after) - memoryBefore;
  if (grownMb > 250) bad.push(`HAProxy grew by ${grownMb.toFixed(0)} MB`);
  return { bad, read, most };
}

const allGone = () => until('the flood’s connections are gone', async () => (await connections()) < 20, { timeoutMs: 60_000 });

it('slow headers, slow bodies, ranges and slow readers of slowhttptest leave everybody else served and nothing behind', async () => {
  const seconds = full ? '60' : '7';
  const modes = ['-H', '-B', '-R', '-X'].map((mode) => [mode, '-c', full ? '300' : '90', '-r', '60', '-i', '1', '-l', seconds]);
  const target = ['-p', '20', '-d', `127.0.0.1:${house.edge.http}`, '-u', `http://${host}/large`];
  const slow = (args: readonly string[]) =>
    run('slowhttptest', [...args, ...target], { timeout: 180_000 }).catch(() => undefined);
  const { bad, read, most } = await meanwhile(() => Promise.all(modes.map(slow)));
  expect(bad).toEqual([]);
  expect(read).toBeGreaterThan(5);
  expect(most).toBeGreaterThan(50);
  expect(most).toBeLessThanOrEqual(mostPerClient + 10);
  await allGone();
}, 240_000);

it('handshakes that stop in the middle are bounded for each address before TLS, and others shake hands', async () => {
  const hello = Buffer.from('16030102000100 01fc0303'.replaceAll(' ', ''), 'hex');
  const sockets: net.Socket[] = [];
  let refused = 0;
  const open = (from: string) =>
    new Promise<void>((resolve) => {
      const socket = net.connect({ host: '127.0.0.1', port: house.edge.https, localAddress: from });
      sockets.push(socket);
      socket.once('connect', () => socket.write(hello));
      socket.on('error', () => socket.destroy());
      socket.once('close', () => (refused += 1));
      // Refused ones are closed at once; the others say nothing more.
      socket.setTimeout(1500, () => resolve());
      socket.once('close', () => resolve());
    });
  const { bad, most } = await meanwhile(() => Promise.all(Array.from({ length: 700 }, () => open('127.0.3.1'))));
  expect(bad).toEqual([]);
  expect(refused).toBeGreaterThanOrEqual(700 - mostPerClient);
  expect(most).toBeLessThanOrEqual(mostPerClient + 30);
  for (const socket of sockets) socket.destroy();
  await allGone();
}, 120_000);

it('a flood of streams by h2load is answered within its limit, then shut out, and moves nobody else', async () => {
  const much = full ? '200000' : '6000';
  const args = [
    '-n',
    much,
    '-c',
    '20',
    '-m',
    '100',
    '-t',
    '1',
    '--connection-active-timeout=20',
    `--connect-to=127.0.0.1:${house.edge.https}`,
  ];
  // It waits for answers from an edge that has dropped it in silence: until it is told to end.
  const { bad } = await meanwhile(() =>
    run('h2load', [...args, `https://${host}/`], { timeout: full ? 60_000 : 6000 }).catch(() => undefined),
  );
  expect(bad).toEqual([]);
  const row = await askOnce(admin, 'show table addresses data.gpt0 gt 0');
  expect(row).toContain('127.0.0.1');
  // Before TLS: without an answer of any kind.
  await expect(visit({ port: house.edge.http, host, from: '127.0.0.1', timeoutMs: 2000 })).rejects.toThrow();
}, 180_000);

const request = (stream: number) => {
  const fields = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', host],
    [':path', '/'],
  ] as const;
  return frame(frameType.headers, endHeaders + endStream, stream, block(fields));
};
const stream = (index: number) => 1 + 2 * index;
const word = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** Frames that cost their sender less than their reader; each is one round of a flood. */
const frameFloods: readonly (readonly [name: string, round: (index: number) => Buffer])[] = [
  ['rapid reset', (index) => Buffer.concat([request(stream(index)), frame(frameType.reset, 0, stream(index), word(8))])],
  ['pings', () => frame(frameType.ping, 0, 0, Buffer.alloc(8))],
  ['settings', () => frame(frameType.settings, 0, 0)],
  ['window updates', () => frame(frameType.windowUpdate, 0, 0, word(1))],
  ['priorities', (index) => frame(frameType.priority, 0, stream(index), Buffer.concat([word(0), Buffer.from([1])]))],
  [
    'headers that never end',
    (index) => frame(index === 0 ? frameType.headers : frameType.continuation, 0, 1, block([[`x-${index}`, 'a'.repeat(60)]])),
  ],
  [
    'empty continuations',
    (index) =>
      frame(index === 0 ? frameType.headers : frameType.continuation, 0, 1, index === 0 ? block([['x', '1']]) : Buffer.alloc(0)),
  ],
  [
    'empty data',
    (index) =>
      index === 0
        ? frame(
            frameType.headers,
            endHeaders,
            1,
            block([
              [':method', 'POST'],
              [':scheme', 'https'],
              [':authority', host],
              [':path', '/'],
            ]),
          )
        : frame(frameType.data, 0, 1),
  ],
  ['unknown frames', () => frame(200, 0, 0, Buffer.alloc(64))],
  [
    'streams that are never ended',
    (index) =>
      frame(
        frameType.headers,
        endHeaders,
        stream(index),
        block([
          [':method', 'POST'],
          [':scheme', 'https'],
          [':authority', host],
          [':path', '/'],
        ]),
      ),
  ],
];

/** Sends rounds as fast as they are taken, until all are out, the other side closes, or some seconds have passed. */
async function pour(h2: RawH2, round: (index: number) => Buffer, rounds: number): Promise<void> {
  const ending = performance.now() + (full ? 20_000 : 3000);
  for (let index = 0; index < rounds && !h2.socket.destroyed && performance.now() < ending; index += 1) {
    if (h2.socket.write(round(index))) continue;
    await Promise.race([
      new Promise((resolve) => h2.socket.once('drain', resolve)),
      h2.closed,
      new Promise((resolve) => setTimeout(resolve, 1000)),
    ]);
  }
}

it('floods of HTTP/2 frames (resets, pings, settings, headers without an end) cost nobody else an answer', async () => {
  const attack = async () => {
    await Promise.all(
      frameFloods.map(async ([, round], index) => {
        const h2 = await openH2(house.edge.https, host, `127.0.4.${index + 1}`);
        await pour(h2, round, full ? 2_000_000 : 20_000);
        h2.socket.destroy();
      }),
    );
  };
  const { bad, read } = await meanwhile(attack);
  expect(bad).toEqual([]);
  expect(read).toBeGreaterThan(3);
}, 180_000);

const Finding = z.object({ id: z.string(), severity: z.string(), finding: z.string(), cve: z.string().optional() });
/** What an authority's certificate brings and the machine's own lacks; issued certificates are tests/certificates.test.ts. */
const ofCertificates = /^(cert|DNS_CAA)/;
/** An origin's own, or set by its owner's rules. */
const ofOrigins = /^security_headers$/;

it('testssl.sh finds nothing of medium severity or worse', async () => {
  const report = join(tmpdir(), `testssl-${process.pid}.json`);
  // Each look takes ten seconds, on a busy machine thirty.
  const looks = full ? [] : ['--protocols'];
  const quiet = ['--quiet', '--color', '0', '--warnings', 'off', '--nodns', 'none', '--ip', '127.0.0.1'];
  try {
    const args = [...quiet, ...looks, '--jsonfile', report, `${host}:${house.edge.https}`];
    const { stdout } = await run('testssl', args, { timeout: 900_000, maxBuffer: 64 << 20 }).catch((error: unknown) => ({
      stdout: String(error),
    }));
    const findings = z.array(Finding).parse(JSON.parse(readFileSync(report, 'utf8')));
    const bad = findings.filter(
      ({ id, severity }) =>
        !ofCertificates.test(id) && !ofOrigins.test(id) && !['OK', 'INFO', 'LOW', 'DEBUG', 'WARN'].includes(severity),
    );
    expect(bad).toEqual([]);
    expect(findings.find(({ id }) => id === 'TLS1_3')?.severity, stdout.slice(-2000)).toBe('OK');
    await allGone();
  } finally {
    rmSync(report, { force: true });
  }
}, 1_000_000);
