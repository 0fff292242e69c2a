/**
 * Request smuggling: a provider as production starts it, two origins of different make behind it, and requests that two programs may read differently.
 *
 * What must hold for each: both origins understand the same list of requests; each of them carries exactly the address that the edge saw it come
 * from, so the edge decided on it; and a visitor who shares the edge's connections gets the answers to what they asked.
 * PORTCULLIS_ATTACKS=full makes fifty times as many random ones, PORTCULLIS_SEED others.
 */
import net from 'node:net';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { block, endHeaders, endStream, frame, frameType, openH2 } from '../harness/http2-frames.ts';
import { echoHeader, startOriginPair } from '../harness/origin-pair.ts';
import type { OriginPair } from '../harness/origin-pair.ts';
import { until } from '../harness/ports.ts';
import { startParts } from '../harness/provider.ts';
import type { Parts } from '../harness/provider.ts';
import { visit } from '../harness/visitor.ts';
import { h2Mutations } from './h2-mutations.ts';
import type { H2Mutation } from './h2-mutations.ts';
import { hosts, judge, kinds } from './judge.ts';
import type { Case, Kind } from './judge.ts';
import { anyMutation, mutations } from './mutations.ts';
import type { Mutation } from './mutations.ts';

const full = process.env['PORTCULLIS_ATTACKS'] === 'full';
const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_123);

let origins: OriginPair;
let house: Parts;

beforeAll(async () => {
  origins = await startOriginPair();
  house = await startParts();
  for (const kind of kinds) {
    await house.protect(hosts[kind], origins[kind].port, {
      limits: { requestsPer10s: null, concurrentPerClient: 500, concurrentPerSite: 5000 },
    });
  }
}, 180_000);

afterAll(async () => {
  await house?.stop();
  await origins?.stop();
}, 60_000);

let clients = 0;
/** An address for each attack: what the edge says of a request then tells whose it is. */
const newClient = () => {
  clients += 1;
  return `127.${20 + (clients >> 16)}.${(clients >> 8) & 255}.${clients & 255}`;
};

/** Nothing was said for so long: whoever sends ends its half, and the edge, which waits for more, gives up at once. */
const quietMs = 1500;

/** Sends bytes and reads until the edge closes. The half of a sender who is still being answered stays open. */
function sendBytes(from: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port: house.edge.http, localAddress: from, allowHalfOpen: true });
    let answer = '';
    const ending = setTimeout(() => socket.destroy(), 20_000);
    socket.setTimeout(quietMs, () => socket.end());
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
    socket.on('end', () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(ending);
      resolve(answer);
    });
    socket.write(Buffer.from(text, 'latin1'));
  });
}

async function sendH2(from: string, host: string, { fields, body, trailers }: H2Mutation): Promise<string> {
  const h2 = await openH2(house.edge.https, host, from);
  const header = block(fields(host));
  const pieces = Array.from({ length: Math.max(1, Math.ceil(header.length / 16_000)) }, (_, index) =>
    header.subarray(index * 16_000, (index + 1) * 16_000),
  );
  const ends = body === undefined && trailers === undefined ? endStream : 0;
  pieces.forEach((piece, index) => {
    const type = index === 0 ? frameType.headers : frameType.continuation;
    h2.send(frame(type, (index === 0 ? ends : 0) + (index === pieces.length - 1 ? endHeaders : 0), 1, piece));
  });
  if (body !== undefined)
    h2.send(frame(frameType.data, trailers === undefined ? endStream : 0, 1, Buffer.from(body(host), 'latin1')));
  if (trailers !== undefined) h2.send(frame(frameType.headers, endHeaders + endStream, 1, block(trailers)));
  // The answer to this ping comes after all that the edge had to say at once; the stream's end may take longer.
  const over = () =>
    h2.socket.destroyed ||
    h2
      .frames()
      .some(
        ({ type, flags, stream }) =>
          type === frameType.goAway || (stream === 1 && (type === frameType.reset || ((flags & endStream) !== 0 && type <= 1))),
      );
  await until('the stream ends', over, { timeoutMs: 20_000 }).catch(() => undefined);
  h2.socket.destroy();
  return h2
    .frames()
    .map(({ type, stream }) => `${type}:${stream}`)
    .join(' ');
}

/** Runs attacks, some at a time, each against both origins. */
async function run<One extends { readonly name: string }>(
  all: readonly One[],
  send: (one: One, from: string, host: string) => Promise<string>,
  bytes: (one: One, host: string) => string,
): Promise<Case[]> {
  const waiting = [...all];
  const done: Case[] = [];
  await Promise.all(
    Array.from({ length: 24 }, async () => {
      for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
        const from = { node: newClient(), nginx: newClient() };
        const [node, nginx] = await Promise.all([send(one, from.node, hosts.node), send(one, from.nginx, hosts.nginx)]);
        done.push({ name: one.name, from, answers: { node, nginx }, sent: bytes(one, hosts.nginx) });
      }
    }),
  );
  return done;
}

/** A visitor on one kept connection, whose answers must be to their own questions. */
async function bystander(rounds: () => boolean): Promise<string[]> {
  const wrong: string[] = [];
  for (let number = 0; rounds() || number === 0; number += 1) {
    for (const kind of kinds) {
      const path = `/bystander-${number}`;
      const met = await visit({ port: house.edge.http, host: hosts[kind], path, from: '127.9.9.9' });
      const asked = decodeURIComponent(String(met.headers[echoHeader] ?? ''));
      if (met.status !== 200 || asked !== path)
        wrong.push(`${kind} answered ${met.status} for “${asked}” to whoever asked for ${path}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return wrong;
}

async function attack<One extends { readonly name: string }>(
  all: readonly One[],
  send: (one: One, from: string, host: string) => Promise<string>,
  bytes: (one: One, host: string) => string = () => '',
): Promise<{ readonly wrong: string[]; readonly reached: number }> {
  for (const kind of kinds) origins[kind].take();
  let going = true;
  const beside = bystander(() => going);
  const cases = await run(all, send, bytes);
  going = false;
  const strangers = await beside;
  // A last request through each: what was sent before it has been written down by then.
  const seen = { node: origins.node.take(), nginx: origins.nginx.take() };
  await until('both have written down the last request', async () => {
    for (const kind of kinds) await visit({ port: house.edge.http, host: hosts[kind], path: '/settled', from: '127.9.9.9' });
    for (const kind of kinds) seen[kind].push(...origins[kind].take());
    return kinds.every((kind) => seen[kind].some(({ target }) => target === '/settled'));
  });
  const ours = (kind: Kind) => seen[kind].filter(({ from }) => from !== '127.9.9.9');
  return { wrong: [...strangers, ...judge(cases, { node: ours('node'), nginx: ours('nginx') })], reached: ours('node').length };
}

const sendRaw = (one: Mutation, from: string, host: string) => sendBytes(from, one.bytes(host));
const bytesOf = (one: Mutation, host: string) => one.bytes(host);

it('two origins of different make understand the same requests, and none that the edge did not decide on', async () => {
  const { wrong, reached } = await attack(mutations(), sendRaw, bytesOf);
  expect(wrong).toEqual([]);
  expect(reached).toBeGreaterThan(100);
}, 240_000);

it('what is smuggled over HTTP/2 for the way over HTTP/1 reaches neither', async () => {
  const { wrong, reached } = await attack(h2Mutations(), (one, from, host) => sendH2(from, host, one));
  expect(wrong).toEqual([]);
  expect(reached).toBeGreaterThan(20);
}, 240_000);

it('random compositions of them are read alike too', async () => {
  const { wrong, reached } = await attack(fc.sample(anyMutation(fc), { seed, numRuns: full ? 50_000 : 1500 }), sendRaw, bytesOf);
  expect(wrong).toEqual([]);
  expect(reached).toBeGreaterThan(40);
}, 900_000);
