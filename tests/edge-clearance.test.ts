/** The challenge, its solutions and the clearance that they earn: who passes, who does not, and that nothing can be had twice. */
import { createHmac, randomUUID } from 'node:crypto';
import http from 'node:http';
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { challengeTarget } from '../core/shield/difficulty.ts';
import { defaultSiteLimits } from '../contract/policy.ts';
import { ownFolder } from '../edge/render/index.ts';
import { earnClearance, handIn, meetChallenge, solve, work } from './harness/challenge.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { clearanceKey, order, site, startEdge } from './harness/haproxy.ts';
import { until } from './harness/ports.ts';
import type { Met } from './harness/visitor.ts';
import { navigation, visit } from './harness/visitor.ts';

let echo: Echo;
let edge: Edge;
const challenge = { expectedHashes: 500, clearanceSeconds: 3600 };
const attacked = () => site(1, ['a.example'], echo.port, { mode: 'attack', challenge });
const second = () =>
  site(2, ['b.example'], echo.port, { mode: 'attack', challenge, limits: { ...defaultSiteLimits, requestsPer10s: 20 } });
const calm = () => site(3, ['calm.example'], echo.port);
const sites = () => [attacked(), second(), calm()];

beforeAll(async () => {
  echo = await startEcho();
  edge = await startEdge({ sites: sites() });
});
beforeEach(() => edge.change({ sites: sites() }));
afterAll(async () => {
  await edge.stop();
  await echo.stop();
});

const door = (host = 'a.example', from = '127.0.0.1') => ({ port: edge.port, host, from });
const enter = (cookie: string, host = 'a.example', from = '127.0.0.1', agent?: http.Agent) =>
  visit({ ...door(host, from), headers: { ...navigation, cookie }, ...(agent === undefined ? {} : { agent }) });
const wasChallenged = (met: Met) => met.headers['portcullis-mitigated'] === 'challenge';
const sign = (text: string, key = 1) => createHmac('sha256', Buffer.alloc(32, key)).update(text).digest('hex');
const now = () => Math.floor(Date.now() / 1000);
const net = '7F000001';

it('a navigation meets the page, a script or a program a refusal that it can read, and no origin is asked', async () => {
  const before = echo.hits();
  const page = await visit({ ...door(), path: '/thread?page=2', headers: navigation });
  expect([page.status, page.headers['portcullis-action'], page.headers['cache-control']]).toEqual([403, 'challenge', 'no-store']);
  expect([page.headers['retry-after'], page.headers.vary]).toEqual(['30', expect.stringContaining('cookie')]);
  expect(page.headers['content-security-policy']).toContain("script-src 'self'");
  expect(page.headers['content-security-policy']).not.toContain('unsafe');
  expect(page.body).not.toMatch(/<script>|onload=|javascript:/);
  const script = await visit({ ...door(), headers: { accept: 'application/json' } });
  expect([script.status, script.headers['content-type'], script.headers['portcullis-mitigated']]).toEqual([
    403,
    'application/problem+json',
    'challenge',
  ]);
  const curl = await visit({ ...door(), headers: { accept: '*/*' } });
  expect([curl.status, curl.headers['content-type'], wasChallenged(curl)]).toEqual([403, 'application/problem+json', true]);
  expect(echo.hits()).toBe(before);
});

it('a solution earns a clearance with which the visitor reaches the origin, and both are counted', async () => {
  const before = await edge.counters(attacked().siteId);
  const puzzle = await meetChallenge(door());
  const answer = await handIn(door(), puzzle.token, solve(puzzle));
  expect([answer.status, answer.headers['portcullis-action'], answer.headers.location]).toEqual([204, 'solved', undefined]);
  expect(answer.headers['set-cookie']).toEqual([
    expect.stringMatching(/^portcullis=k1\.\d{10}\.7F000001\.[0-9a-f]{64}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/),
  ]);
  const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  expect((await enter(cookie)).status).toBe(200);
  expect((await enter(`x=1; ${cookie}; y=2`)).status).toBe(200);
  const after = await edge.counters(attacked().siteId);
  expect(after).toEqual({
    ...before,
    challenged: (before?.challenged ?? 0) + 1,
    solved: (before?.solved ?? 0) + 1,
    passed: (before?.passed ?? 0) + 2,
    limited: 0,
    denied: 0,
    noticed: 0,
    'origin-error': 0,
  });
});

it('the script that browsers run finds the same solution', async () => {
  const worker = await visit({ ...door(), path: `${ownFolder}/worker.js` });
  expect([worker.status, worker.headers['content-type']]).toEqual([200, 'text/javascript; charset=utf-8']);
  expect(worker.body).toBe(readFileSync(new URL('../edge/render/pages/worker.js', import.meta.url), 'utf8'));
  const { token } = await meetChallenge(door());
  for (const length of [0, 3, 20, 50, 64]) {
    const padded = token + 'x'.repeat(length);
    const target = challengeTarget(300);
    const self: { solve?: (token: string, target: number, from: number, step: number, limit: number) => number } = {};
    vm.runInNewContext(worker.body, { self });
    expect(self.solve?.(padded, target, 0, 1, 1e6)).toBe(solve({ token: padded, target }));
  }
});

type Forge = (token: string, good: number, bad: number) => readonly [token: string, counter: string | number];
const badSolutions: readonly (readonly [string, string, Forge])[] = [
  ['a counter that does not fit', 'work', (token, _good, bad) => [token, bad]],
  ['a flipped signature', 'signature', (token, good) => [token.slice(0, -1) + (token.endsWith('0') ? '1' : '0'), good]],
  ['an easier target', 'signature', (token) => [token.replace(/\.(\d+)\.([0-9a-f]{64})$/, '.281474976710655.$2'), 1]],
  ['a later time', 'signature', (token, good) => [token.replace(/^(k1)\.\d+/, `$1.${now() + 1}`), good]],
  ['an unknown key', 'signature', (token, good) => [token.replace(/^k1/, 'k9'), good]],
  ['the pointer’s name as a key', 'malformed', (token, good) => [token.replace(/^k1/, 'current'), good]],
  ['no signature', 'malformed', (token, good) => [token.replace(/[0-9a-f]{64}$/, ''), good]],
  ['no counter', 'malformed', (token) => [token, '']],
  ['a counter in another notation', 'malformed', (token) => [token, '1e9']],
  ['nothing', 'malformed', () => ['', '']],
];
it.each(badSolutions)('%s is refused as %j', async (_name, reason, forge) => {
  const puzzle = await meetChallenge(door());
  const [token, counter] = forge(puzzle.token, solve(puzzle), solve(puzzle, false));
  const answer = await handIn(door(), token, counter);
  expect([answer.status, answer.headers['portcullis-reason'], answer.headers['set-cookie']]).toEqual([403, reason, undefined]);
});

it.each([
  ['301 seconds old', -306],
  ['from the future', 60],
])('a token that is validly signed but %s has expired', async (_name, shift) => {
  const body = `k1.${now() + shift}.${randomUUID()}.${challengeTarget(1)}`;
  const token = `${body}.${sign(`challenge|${attacked().siteId}|${body}`)}`;
  expect((await handIn(door(), token, solve({ token, target: challengeTarget(1) }))).headers['portcullis-reason']).toBe(
    'expired',
  );
});

it('a solution works for its own site only, and only by POST', async () => {
  const puzzle = await meetChallenge(door());
  const counter = solve(puzzle);
  expect((await handIn(door('b.example'), puzzle.token, counter)).headers['portcullis-reason']).toBe('signature');
  const get = await visit({ ...door(), path: `${ownFolder}/verify?t=${puzzle.token}&c=${counter}&r=//evil.example` });
  expect([get.status, get.headers['portcullis-reason'], get.headers.location]).toEqual([403, 'malformed', undefined]);
  expect((await visit({ ...door(), path: `${ownFolder}/nothing` })).status).toBe(404);
});

it('a return address in the solution leads nowhere: there is none to forge', async () => {
  const puzzle = await meetChallenge(door());
  const answer = await handIn(door(), puzzle.token, `${solve(puzzle)}&r=https%3A%2F%2Fevil.example%2F`);
  expect([answer.status, answer.headers.location]).toEqual([204, undefined]);
});

it('of forty parallel replays of one solution exactly one earns a clearance, and another counter does not help', async () => {
  const puzzle = await meetChallenge(door());
  const counter = solve(puzzle);
  const answers = await Promise.all(Array.from({ length: 40 }, () => handIn(door(), puzzle.token, counter)));
  expect(answers.filter((answer) => answer.status === 204)).toHaveLength(1);
  expect(answers.filter((answer) => answer.headers['portcullis-reason'] === 'replay')).toHaveLength(39);
  let next = counter + 1;
  while (work(puzzle.token, next) >= puzzle.target) next += 1;
  expect((await handIn(door(), puzzle.token, next)).headers['portcullis-reason']).toBe('replay');
});

const forgeries: readonly (readonly [string, (parts: readonly string[]) => string])[] = [
  ['a longer life', ([kid, expiry, where, signature]) => `${kid}.${Number(expiry) + 9999}.${where}.${signature}`],
  ['another network', ([kid, expiry, , signature]) => `${kid}.${expiry}.7F000100.${signature}`],
  ['another key', ([, expiry, where, signature]) => `k2.${expiry}.${where}.${signature}`],
  ['an unknown key', ([, expiry, where, signature]) => `k9.${expiry}.${where}.${signature}`],
  ['the pointer’s name as a key', ([, expiry, where, signature]) => `current.${expiry}.${where}.${signature}`],
  ['no signature', ([kid, expiry, where]) => `${kid}.${expiry}.${where}.`],
  ['three parts', ([kid, expiry, where]) => `${kid}.${expiry}.${where}`],
  ['nothing', () => ''],
  ['dots', () => '.....'],
  ['upper case', ([kid, expiry, where, signature]) => `${kid}.${expiry}.${where}.${signature?.toUpperCase()}`],
  ['a longer signature', ([kid, expiry, where, signature]) => `${kid}.${expiry}.${where}.${signature}00`],
  [
    'a token’s signature',
    ([kid, expiry, where]) => `${kid}.${expiry}.${where}.${sign(`challenge|site_000000000001|${kid}.${expiry}.${where}`)}`,
  ],
];
it.each(forgeries)('a clearance with %s is challenged', async (_name, forge) => {
  const earned = `k1.${now() + 100}.${net}.${sign(`clearance|${attacked().siteId}|k1|${now() + 100}|${net}`)}`;
  expect(wasChallenged(await enter(`portcullis=${forge(earned.split('.'))}`))).toBe(true);
});

const minted = (siteId: string, kid: number, expiry: number, where = net) =>
  `portcullis=k${kid}.${expiry}.${where}.${sign(`clearance|${siteId}|k${kid}|${expiry}|${where}`, kid)}`;

it('a clearance holds for its own site, until its expiry, under any key that is held', async () => {
  await edge.change({ sites: sites(), keys: [clearanceKey(1), clearanceKey(2, 'accepted')] });
  const { siteId } = attacked();
  expect((await enter(minted(siteId, 1, now() + 60))).status).toBe(200);
  expect((await enter(minted(siteId, 2, now() + 60))).status).toBe(200);
  expect(wasChallenged(await enter(minted(siteId, 1, now() - 1)))).toBe(true);
  expect(wasChallenged(await enter(minted(siteId, 1, now() + 60), 'b.example'))).toBe(true);
  expect(wasChallenged(await enter(minted(siteId, 3, now() + 60)))).toBe(true);
});

it('what a connection remembers never outlives the expiry, the site, the cookie or the key', async () => {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const { siteId } = attacked();
  await edge.change({ sites: sites(), keys: [clearanceKey(1), clearanceKey(2, 'accepted')] });
  const short = minted(siteId, 1, now() + 2);
  expect((await enter(short, 'a.example', '127.0.0.1', agent)).status).toBe(200);
  expect((await enter(short, 'a.example', '127.0.0.1', agent)).status).toBe(200);
  expect(wasChallenged(await enter(short, 'b.example', '127.0.0.1', agent))).toBe(true);
  expect(wasChallenged(await enter(short.slice(0, -1), 'a.example', '127.0.0.1', agent))).toBe(true);
  expect(wasChallenged(await visit({ ...door(), headers: navigation, agent }))).toBe(true);
  await until(
    'it expires on the same connection',
    async () => wasChallenged(await enter(short, 'a.example', '127.0.0.1', agent)),
    { everyMs: 200 },
  );
  const other = minted(siteId, 2, now() + 600);
  expect((await enter(other, 'a.example', '127.0.0.1', agent)).status).toBe(200);
  await edge.change({ sites: sites(), keys: [clearanceKey(1)] });
  expect(wasChallenged(await enter(other, 'a.example', '127.0.0.1', agent))).toBe(true);
  agent.destroy();
});

it('a key is rotated without a new challenge, and its clearances die with it', async () => {
  const old = await earnClearance(door());
  await edge.change({ sites: sites(), keys: [clearanceKey(1, 'accepted'), clearanceKey(2)] });
  expect((await enter(old)).status).toBe(200);
  const fresh = await earnClearance(door());
  expect(fresh).toMatch(/^portcullis=k2\./);
  await edge.change({ sites: sites(), keys: [clearanceKey(2)] });
  expect(wasChallenged(await enter(old))).toBe(true);
  expect((await enter(fresh)).status).toBe(200);
});

it('without a current key the door is closed to those without a clearance, and open to those with one', async () => {
  const cookie = await earnClearance(door());
  const puzzle = await meetChallenge(door());
  await edge.change({ sites: sites(), keys: [clearanceKey(1, 'accepted')] });
  const closed = await visit({ ...door(), headers: navigation });
  expect([closed.status, closed.headers['portcullis-action']]).toEqual([503, 'unavailable']);
  expect((await handIn(door(), puzzle.token, solve(puzzle))).status).toBe(503);
  expect((await enter(cookie)).status).toBe(200);
});

it('a visitor who moved to another address keeps the clearance, but all who use it away from home share one client’s limit', async () => {
  const cookie = await earnClearance(door('b.example'));
  const statuses: number[] = [];
  for (let index = 0; index < 24; index += 1) statuses.push((await enter(cookie, 'b.example', `127.0.${40 + index}.1`)).status);
  expect(statuses).toEqual([...Array.from({ length: 20 }, () => 200), 429, 429, 429, 429]);
  expect((await enter(cookie, 'b.example', '127.0.0.1')).status).toBe(200);
});

it('attack mode begins and ends with the next request; an order’s challenge binds even networks that the owner allows', async () => {
  const open = (changes = {}) =>
    site(3, ['calm.example'], echo.port, { networks: [{ cidr: '127.0.0.0/8', action: 'allow' }], challenge, ...changes });
  const ask = () => visit({ ...door('calm.example'), headers: navigation });
  await edge.change({ sites: [open()] });
  expect((await ask()).status).toBe(200);
  await edge.change({ sites: [open({ mode: 'attack' })] });
  expect((await ask()).status).toBe(200);
  await edge.change({ sites: [open()], orders: [order(1, open(), { measure: 'challenge' })] });
  expect(wasChallenged(await ask())).toBe(true);
  await edge.change({
    sites: [open()],
    orders: [order(1, open(), { measure: 'challenge', scope: { siteId: open().siteId, hostnames: ['x.example'], path: null } })],
  });
  expect((await ask()).status).toBe(200);
  await edge.change({ sites: [open({ networks: [], mode: 'attack' })] });
  expect(wasChallenged(await ask())).toBe(true);
});

it('a form that meets the challenge is told that nothing is lost', async () => {
  const met = await visit({ ...door(), method: 'POST', headers: navigation, body: 'a=1' });
  expect(met.body).toContain('data-method="POST"');
});
