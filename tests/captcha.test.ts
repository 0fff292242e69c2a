/** Stronger work through the programs as production starts them: a browser passes, nothing else does, and a service that is gone opens nothing. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { levelTarget } from '../core/shield/risk.ts';
import { startBrowser } from './harness/browser.ts';
import { handIn, meetChallenge, solve } from './harness/challenge.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import { until } from './harness/ports.ts';
import { processesNaming } from './harness/program.ts';
import type { Parts } from './harness/provider.ts';
import { startParts } from './harness/provider.ts';
import { answerOf, beginStrong, earnStrong, handInAnswer, post, stepOf } from './harness/strong.ts';
import { navigation, visit } from './harness/visitor.ts';

let echo: Echo;
let parts: Parts;
let browser: Browser;
const challenge = { expectedHashes: 500, work: 'strong' as const };

const door = (host = 'forum.example', from = '127.0.0.1') => ({ port: parts.edge.http, host, from });
const see = (cookie: string, host?: string) => visit({ ...door(host), headers: { ...navigation, cookie } });
const page = async (from?: string) => (await visit({ ...door('forum.example', from), headers: navigation })).body;
const isStrong = (text: string) => text.includes('data-strong="1"');
const service = async () => (await processesNaming(parts.state)).find(({ command }) => command.includes('portcullis.ts captcha'));

beforeAll(async () => {
  echo = await startEcho();
  parts = await startParts();
  for (const host of ['forum.example', 'other.example']) await parts.protect(host, echo.port, { mode: 'attack', challenge });
  browser = await startBrowser(['forum.example']);
  await until('the service is there', async () => isStrong(await page()), { timeoutMs: 60_000 });
}, 180_000);
afterAll(async () => {
  await browser.close();
  await parts.stop();
  await echo.stop();
});

it.each([
  ['with WebAssembly', true],
  ['without it', false],
])(
  'a browser does the stronger work %s and gets to the page that was asked for',
  async (_name, wasm) => {
    const context = await browser.newContext();
    const tab = await context.newPage();
    const fetched: string[] = [];
    tab.on('request', (request) => fetched.push(new URL(request.url()).pathname.split('/').at(-1) ?? ''));
    if (!wasm) await context.route('**/captcha/argon2.js', (route) => route.abort());
    const problems: string[] = [];
    tab.on('pageerror', (error) => problems.push(error.message));
    const asked = `http://forum.example:${parts.edge.http}/thread?x=1#last`;
    const opened = tab.waitForResponse((response) => response.url().includes('/thread') && response.status() === 200, {
      timeout: 60_000,
    });
    await tab.goto(asked);
    await opened;
    expect([tab.url(), problems]).toEqual([asked, []]);
    expect(fetched.filter((name) => name === 'answer')).toHaveLength(2);
    expect(fetched.includes('utils.js')).toBe(!wasm);
    await context.close();
  },
  90_000,
);

it('only the whole work earns a clearance: not its first part, not a puzzle that was changed, is of another site, or was brought before', async () => {
  const puzzle = await meetChallenge(door());
  expect((await handIn(door(), puzzle.token, solve(puzzle))).body).toBe('signature');
  expect((await post(door(), 'begin', { t: puzzle.token, c: solve(puzzle, false) })).body).toBe('work');
  expect((await post(door('other.example'), 'begin', { t: puzzle.token, c: solve(puzzle) })).body).toBe('signature');

  const first = stepOf(await post(door(), 'begin', { t: puzzle.token, c: solve(puzzle) }));
  const answer = answerOf(first);
  for (const path of ['verify', 'captcha/begin'])
    expect(
      (await visit({ ...door(), path: `/.well-known/portcullis/${path}`, method: 'POST', body: `t=${first.token}&c=1` })).status,
    ).toBe(403);
  for (let at = 0; at < first.token.length; at += 1) {
    const other = first.token[at] === '1' ? '2' : '1';
    const changed = first.token.slice(0, at) + other + first.token.slice(at + 1);
    expect((await post(door(), 'answer', { t: changed, a: answer })).body, changed).toMatch(/^(malformed|signature|expired)$/);
  }
  expect((await post(door('other.example'), 'answer', { t: first.token, a: answer })).body).toBe('signature');
  const forged = { 'portcullis-puzzle': 'x', 'portcullis-verdict': 'solved', 'portcullis-site': 'site_000000000001' };
  const sneaked = await visit({
    ...door(),
    path: '/.well-known/portcullis/captcha/answer',
    method: 'POST',
    headers: forged,
    body: `t=${first.token}&a=1`,
  });
  expect([sneaked.status, sneaked.headers['set-cookie']]).toEqual([403, undefined]);
  // That was the one answer which it is good for.
  expect((await post(door(), 'answer', { t: first.token, a: answer })).body).toBe('replay');

  const again = await beginStrong(door());
  const second = stepOf(await handInAnswer(door(), again, answerOf(again)));
  const last = answerOf(second);
  const both = await Promise.all(Array.from({ length: 10 }, () => post(door(), 'answer', { t: second.token, a: last })));
  expect(both.filter(({ status }) => status === 204)).toHaveLength(1);
  expect(both.filter(({ body }) => body === 'replay')).toHaveLength(9);
  const cookie = both.find(({ status }) => status === 204)?.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  expect([(await see(cookie)).status, (await see(cookie, 'other.example')).status]).toEqual([200, 403]);
}, 90_000);

it('under a flood of rubbish nobody passes by it, and who does the work does', async () => {
  const rubbish = async (index: number) => {
    const from = `127.0.${index % 20}.${1 + (index % 200)}`;
    const step = await beginStrong(door('forum.example', from));
    return post(door('forum.example', from), 'answer', { t: step.token, a: 'abcdef' });
  };
  const flood = Promise.all(Array.from({ length: 60 }, (_, index) => rubbish(index)));
  const honest = earnStrong(door('forum.example', '127.0.99.1'));
  for (const { status, headers } of await flood) {
    expect([403, 429]).toContain(status);
    if (status === 429) expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  }
  const cookie = await honest;
  expect((await visit({ ...door('forum.example', '127.0.99.1'), headers: { ...navigation, cookie } })).status).toBe(200);
}, 90_000);

it('a service that is killed under load opens nothing: a hard check is HAProxy’s own at its hardest until the service is back', async () => {
  const agent = (await parts.members()).edge.find(({ command }) => command.includes('portcullis.ts edge'));
  const before = await service();
  if (agent === undefined || before === undefined) throw new Error('the parts are not there');
  let done = false;
  const served: number[] = [];
  const load = async () => {
    for (let visitor = 0; !done; visitor += 1) {
      const from = door('forum.example', `127.0.50.${1 + (visitor % 200)}`);
      const { status, body } = await visit({ ...from, headers: navigation });
      served.push(status);
      const token = /data-token="([^"]+)"/.exec(body)?.[1] ?? '';
      if (isStrong(body)) served.push((await post(from, 'answer', { t: token, a: '1' })).status);
    }
  };
  const loads = Promise.all([load(), load()]);
  const hits = echo.hits();
  // An agent that stands still cannot start another.
  process.kill(agent.pid, 'SIGSTOP');
  try {
    const begun = await beginStrong(door());
    process.kill(before.pid, 'SIGKILL');
    await until('the page asks for the floor', async () => !isStrong(await page()), { timeoutMs: 20_000 });
    expect((await post(door(), 'answer', { t: begun.token, a: answerOf(begun) })).status).toBe(503);
    const floor = await meetChallenge(door());
    expect(floor.target).toBe(levelTarget('hard', challenge.expectedHashes));
    expect(echo.hits()).toBe(hits);
    const solved = await handIn(door(), floor.token, solve(floor));
    expect((await see(solved.headers['set-cookie']?.[0]?.split(';')[0] ?? '')).status).toBe(200);
  } finally {
    process.kill(agent.pid, 'SIGCONT');
    done = true;
    await loads;
  }
  expect(served.filter((status) => status < 400)).toEqual([]);
  await until('another service is there', async () => isStrong(await page()), { timeoutMs: 60_000 });
  expect((await service())?.pid).not.toBe(before.pid);
  expect((await see(await earnStrong(door()))).status).toBe(200);
}, 120_000);

it('what was begun, passed and refused is counted', async () => {
  await until(
    'the counts are told',
    async () => {
      const text = await (await fetch(`http://127.0.0.1:${parts.edge.metrics}/metrics`)).text();
      const count = (outcome: string) =>
        Number(new RegExp(`captcha_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
      return count('began') > 0 && count('passed') > 0;
    },
    { timeoutMs: 30_000 },
  );
}, 60_000);
