/** Who is asked and how: navigations only, shares for what nobody could answer, levels, the page budget, crawlers, languages, the waiting line. */
import { createHmac, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Cidr } from '../contract/network.ts';
import { PathPrefix } from '../contract/policy.ts';
import { levelTarget } from '../core/shield/risk.ts';
import { mapFile } from '../edge/render/index.ts';
import { backPattern, waitTokenPattern } from '../edge/render/skeleton/wait.ts';
import { earnClearance, meetChallenge } from './harness/challenge.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { order, site, startEdge } from './harness/haproxy.ts';
import { freePort, until } from './harness/ports.ts';
import type { Met } from './harness/visitor.ts';
import { navigation, visit } from './harness/visitor.ts';
import { enterLine, nextHop, pass, stand, waitPath } from './harness/waiting.ts';

let echo: Echo;
let pages: Server;
let pagesPort = 0;
let edge: Edge;
const challenge = { expectedHashes: 500, clearanceSeconds: 3600 };
const attacked = () => site(1, ['a.example'], echo.port, { mode: 'attack', challenge });
const budgeted = () =>
  site(2, ['b.example'], pagesPort, { mode: 'attack', challenge: { ...challenge, expectedHashes: 1, pagesPer10Min: 12 } });
const ordered = () => site(3, ['o.example'], echo.port, { challenge: { expectedHashes: 1, clearanceSeconds: 3600 } });
const policy = () => ({ sites: [attacked(), budgeted(), ordered()], orders: [order(1, ordered(), { measure: 'challenge' })] });

beforeAll(async () => {
  echo = await startEcho();
  pages = createServer((request, response) => {
    response.setHeader('content-type', request.url?.endsWith('.css') === true ? 'text/css' : 'text/html; charset=utf-8');
    response.end('<p>A page.</p>');
  });
  await new Promise<void>((resolve) => pages.listen(0, '127.0.0.1', resolve));
  const address = pages.address();
  pagesPort = typeof address === 'object' && address !== null ? address.port : 0;
  edge = await startEdge(policy());
});
beforeEach(async () => {
  await edge.change(policy());
  for (const table of ['addresses', 'clients', 'visitors', 'places', 'waits', 'claimants'])
    await edge.admin(`clear table ${table}`);
});
afterAll(async () => {
  await edge.stop();
  await echo.stop();
  pages.closeAllConnections();
  await new Promise<void>((resolve) => pages.close(() => resolve()));
});

const door = (host = 'a.example', from = '127.0.0.1') => ({ port: edge.port, host, from });
const ask = (path: string, headers: Record<string, string>, more: { method?: string; from?: string; host?: string } = {}) =>
  visit({ ...door(more.host, more.from), path, headers, method: more.method ?? 'GET' });
const mitigated = (met: Met) => met.headers['portcullis-mitigated'];
const sign = (text: string) => createHmac('sha256', Buffer.alloc(32, 1)).update(text).digest('hex');
const now = () => Math.floor(Date.now() / 1000);

it.each([
  ['a script', { 'sec-fetch-mode': 'cors', accept: 'text/html', origin: 'https://app.example' }],
  ['a picture', { 'sec-fetch-mode': 'no-cors', accept: 'image/avif,*/*' }],
  ['a script of an old browser', { 'x-requested-with': 'XMLHttpRequest', accept: 'text/html' }],
  ['a program', { accept: '*/*', origin: 'https://app.example' }],
])('%s meets a problem that it can read, and never a page', async (_name, headers: Record<string, string>) => {
  const met = await ask('/api?x=1', headers);
  expect([met.status, met.headers['content-type'], mitigated(met)]).toEqual([403, 'application/problem+json', 'challenge']);
  expect(JSON.parse(met.body)).toMatchObject({ status: 403, action: 'challenge' });
  expect(met.headers['access-control-allow-origin']).toBe(headers['origin']);
  expect(met.headers['access-control-expose-headers']).toContain('portcullis-mitigated');
});

it('a page in a frame, a form and HEAD are navigations; the start of a websocket is refused before the handshake', async () => {
  for (const headers of [
    { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe', accept: '*/*' },
    { accept: 'text/html', range: 'bytes=0-10' },
  ])
    expect((await ask('/', headers)).headers['content-type']).toBe('text/html; charset=utf-8');
  expect((await ask('/', { accept: 'text/html' }, { method: 'POST' })).headers['content-type']).toBe('text/html; charset=utf-8');
  const head = await ask('/', navigation, { method: 'HEAD' });
  expect([head.status, mitigated(head), head.body]).toEqual([403, 'challenge', '']);
  const before = echo.hits();
  const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  expect((await ask('/', { ...upgrade, 'sec-websocket-version': '13' })).headers['content-type']).toBe(
    'application/problem+json',
  );
  expect(echo.hits()).toBe(before);
  const cookie = await earnClearance(door());
  expect((await ask('/', { ...upgrade, 'sec-websocket-version': '13', cookie })).status).toBe(101);
});

it('preflights, robots.txt, well-known paths and the icon are never asked, and cannot be used as a way around', async () => {
  const preflight = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
  expect((await ask('/api', preflight, { method: 'OPTIONS' })).status).toBe(200);
  for (const path of ['/robots.txt', '/favicon.ico', '/.well-known/security.txt', '/.well-known/a/b_c'])
    expect((await ask(path, { accept: '*/*', 'x-original-url': '/admin' })).body).not.toContain('/admin');
  for (const path of [
    '/.well-known/../admin',
    '/.well-known/x/..;/admin',
    '/robots.txt/x',
    '/.well-known//x',
    '/.well-known/%61',
  ])
    expect((await ask(path, navigation)).status, path).toBeGreaterThanOrEqual(400);
  expect(mitigated(await ask('/robots.txt', navigation, { method: 'POST' }))).toBe('challenge');
  expect(mitigated(await ask('/x', {}, { method: 'OPTIONS' }))).toBe('challenge');
});

it('a network that floods the open paths uses up its share and leaves those of others', async () => {
  const statuses: number[] = [];
  for (let index = 0; index < 24; index += 1) statuses.push((await ask('/robots.txt', { accept: '*/*' })).status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(20);
  expect(statuses.at(-1)).toBe(429);
  const refused = await ask('/robots.txt', { accept: '*/*', origin: 'https://app.example' });
  expect([refused.status, refused.headers['content-type'], mitigated(refused)]).toEqual([
    429,
    'application/problem+json',
    'limit',
  ]);
  expect(refused.headers['access-control-allow-origin']).toBe('https://app.example');
  expect((await ask('/robots.txt', { accept: '*/*' }, { from: '127.0.1.1' })).status).toBe(200);
});

it('a clearance is good for its pages, its other files go a little further, and another check buys as many again', async () => {
  const home = '127.0.77.1';
  const visitB = (path: string, cookie: string, headers = navigation) =>
    ask(path, { ...headers, cookie }, { host: 'b.example', from: home });
  const first = await earnClearance(door('b.example', home));
  // The check just passed buys as many pages again for this address: 24.
  for (let index = 0; index < 24; index += 1) expect((await visitB('/page', first)).status, String(index)).toBe(200);
  expect(mitigated(await visitB('/page', first))).toBe('challenge');
  expect((await visitB('/style.css', first, { 'sec-fetch-mode': 'no-cors' })).status).toBe(200);
  // Who fetches pages and says that they are none gets a fifth more and no further.
  const disguised: number[] = [];
  for (let index = 0; index < 8; index += 1)
    disguised.push((await visitB('/page', first, { 'sec-fetch-mode': 'no-cors' })).status);
  expect(disguised).toEqual([200, 200, 200, 200, 200, 403, 403, 403]);
  const again = await earnClearance(door('b.example', home));
  expect((await visitB('/page', again)).status).toBe(200);
});

it('a clearance that is handed around has one budget for all who use it away from home', async () => {
  const cookie = await earnClearance(door('b.example'));
  const statuses: number[] = [];
  for (let index = 0; index < 15; index += 1)
    statuses.push((await ask('/page', { ...navigation, cookie }, { host: 'b.example', from: `127.0.${20 + index}.9` })).status);
  expect(statuses).toEqual([...Array.from({ length: 12 }, () => 200), 403, 403, 403]);
});

it('in its last quarter a clearance is renewed with the next page where it was earned, and not elsewhere', async () => {
  const { siteId } = attacked();
  const minted = (left: number) => {
    const body = `k1.${now() + left}.7F000001`;
    return `portcullis=${body}.${sign(`clearance|${siteId}|${body.replace(/\./, '|').replace('.', '|')}`)}`;
  };
  const early = await ask('/', { ...navigation, cookie: minted(1000) });
  expect([early.status, early.headers['set-cookie']]).toEqual([200, undefined]);
  const late = await ask('/', { ...navigation, cookie: minted(600) });
  const renewed = late.headers['set-cookie']?.[0] ?? '';
  expect(renewed).toMatch(/^portcullis=k1\.\d{10}\.7F000001\.[0-9a-f]{64}; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/);
  expect(Number(renewed.split('.')[1])).toBeGreaterThan(now() + 3500);
  expect((await ask('/', { ...navigation, cookie: renewed.split(';')[0] ?? '' })).status).toBe(200);
  expect((await ask('/', { ...navigation, cookie: minted(600) }, { from: '127.0.0.7' })).headers['set-cookie']).toBeUndefined();
});

it('the level of a challenge is the one that the pure function says', async () => {
  const target = async (host = 'a.example') => (await meetChallenge(door(host))).target;
  expect(await target()).toBe(levelTarget('normal', 500));
  expect(await target('o.example')).toBe(levelTarget('normal', 65_536));
  for (let index = 0; index < 22; index += 1) await earnClearance(door('b.example'));
  expect(await target()).toBe(levelTarget('hard', 500));
  expect(await target('o.example')).toBe(levelTarget('hard', 65_536));
});

it('crawlers of known networks pass where the owner lets them, never under an order; who only says so is noted', async () => {
  const bot = { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1)', accept: '*/*' };
  expect(mitigated(await ask('/', bot, { from: '127.0.9.9' }))).toBe('challenge');
  expect(await edge.admin('show table claimants')).toContain('127.0.9.9');
  await edge.admin(`add map ${mapFile(edge.plan.paths, 'crawlers')} 127.0.9.0/24 example`);
  try {
    expect((await ask('/', bot, { from: '127.0.9.9' })).status).toBe(200);
    expect(mitigated(await ask('/', bot, { from: '127.0.9.9', host: 'o.example' }))).toBe('challenge');
    expect(mitigated(await ask('/', bot, { from: '127.0.8.9' }))).toBe('challenge');
    await edge.change({
      sites: [site(1, ['a.example'], echo.port, { mode: 'attack', challenge: { ...challenge, crawlers: 'challenged' } })],
    });
    expect(mitigated(await ask('/', bot, { from: '127.0.9.9' }))).toBe('challenge');
  } finally {
    await edge.admin(`clear map ${mapFile(edge.plan.paths, 'crawlers')}`);
  }
});

it.each([
  ['de-AT,de;q=0.9,en;q=0.8', 'de', 'ltr'],
  ['fr;q=0.2,es-MX;q=0.7', 'es', 'ltr'],
  ['FR', 'fr', 'ltr'],
  ['ar-EG, en;q=0.5', 'ar', 'rtl'],
  ['ja,ko', 'en', 'ltr'],
  ['*;q=0.5, <script>', 'en', 'ltr'],
])('who sends Accept-Language %j reads every page in %s', async (accept, language, direction) => {
  const headers = { ...navigation, 'accept-language': accept };
  for (const path of ['/', `${waitPath}?r=%2F`]) {
    const met = await ask(path, headers);
    expect([met.headers['content-language'], met.headers.vary]).toEqual([language, expect.stringContaining('accept-language')]);
    expect(met.body).toContain(`<html lang="${language}"${direction === 'rtl' ? ' dir="rtl"' : ''}>`);
  }
  expect((await ask('/', headers, { host: 'nobody.example' })).headers['content-language']).toBe(language);
});

it('what HAProxy answers by itself, without a look at the request, is in all languages', async () => {
  await edge.change({ sites: [site(4, ['down.example'], await freePort())] });
  const down = await ask('/', navigation, { host: 'down.example' });
  expect(down.status).toBe(503);
  for (const one of ['de', 'es', 'fr', 'ar']) expect(down.body).toContain(`<div lang="${one}"`);
}, 15_000);

it('the line takes three hops of four seconds, keeps the place of who is early, and leads back to the address with a clearance', async () => {
  const back = '/thread?page=2&q=%C3%BC%2F%22#x'.replace('#x', '');
  const link = /<a href="([^"]+)" id="wait">/.exec((await ask(back, navigation)).body)?.[1]?.replaceAll('&amp;', '&') ?? '';
  expect(link).toBe(`${waitPath}?r=${encodeURIComponent(back)}`);
  const entered = await stand(door(), link, null);
  expect([entered.status, entered.headers['cache-control'], entered.headers['portcullis-action']]).toEqual([
    200,
    'no-store',
    'waiting',
  ]);
  expect(entered.headers['set-cookie']?.[0]).toMatch(/^portcullis-line=1; Path=\/\.well-known\/portcullis; /);
  let hop = nextHop(entered);
  expect(hop.seconds).toBe(4);
  const early = nextHop(await stand(door(), hop.link));
  expect(early.link).toBe(hop.link);
  expect(early.seconds).toBeGreaterThan(2);
  await pass(hop.seconds);
  // A copy of a token may go ahead: it is the same place.
  const copied = nextHop(await stand(door(), hop.link));
  hop = nextHop(await stand(door(), hop.link));
  await pass(hop.seconds);
  const others = [nextHop(await stand(door(), copied.link)), nextHop(await stand(door(), hop.link))];
  await pass(others[1]?.seconds ?? 4);
  const through = await stand(door(), others[1]?.link ?? '', 'portcullis-line=1');
  expect([through.status, through.headers.location]).toEqual([303, back]);
  const cookie = through.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  expect((await ask(back, { ...navigation, cookie })).status).toBe(200);
  for (const spent of [others[0]?.link ?? '', others[1]?.link ?? '']) {
    const second = await stand(door(), spent);
    expect([second.status, second.headers['set-cookie'], second.headers['refresh']]).toEqual([200, undefined, undefined]);
    expect(second.body).toContain('You are already through');
  }
}, 30_000);

const place = (hop: number, age: number, startAge = age, host: string = attacked().siteId, wait = randomUUID()) => {
  const body = `k1.${now() - startAge}.${now() - age}.${hop}.${wait}`;
  return `${waitPath}?t=${body}.${sign(`wait|${host}|${body}`)}&r=%2Fx`;
};

it('who does not send the first hop’s cookie is told so once, and is not sent round again', async () => {
  const met = await stand(door(), place(1, 5), null);
  expect([met.status, met.headers['refresh'], met.headers['set-cookie']]).toEqual([403, undefined, undefined]);
  expect(met.body).toContain('Your browser does not keep our cookie');
  expect(met.body).toContain('href="/x" target="_blank"');
});

it.each([
  ['late for a hop', () => place(2, 400)],
  ['late as a whole', () => place(3, 10, 800)],
  ['of another site', () => place(3, 5, 15, 'site_000000000002')],
  ['forged', () => place(3, 5).replace(/[0-9a-f](?=&r=)/, (digit) => (digit === '0' ? '1' : '0'))],
  ['from the future', () => place(3, -60)],
  ['with more hops', () => place(4, 5)],
])('a place that is %s stands in line again and earns nothing', async (_name, link) => {
  const met = await stand(door(), link());
  expect([met.status, met.headers['set-cookie']?.[0]?.startsWith('portcullis-line')]).toEqual([200, true]);
  expect(nextHop(met).link).toMatch(/\?t=k1\.\d{10}\.\d{10}\.1\./);
  expect(nextHop(met).link).toMatch(/&r=%2Fx$/);
});

it('of forty copies of one last hop exactly one earns a clearance', async () => {
  const link = place(3, 5, 15);
  const answers = await Promise.all(Array.from({ length: 40 }, () => stand(door(), link)));
  expect(answers.filter((answer) => answer.status === 303)).toHaveLength(1);
});

it('a network has thirty places a minute at a site; who finds none is asked back, and other networks are not touched', async () => {
  const entered: number[] = [];
  for (let index = 0; index < 31; index += 1) entered.push((await enterLine(door('a.example', `127.0.0.${index + 1}`))).status);
  expect(entered).toEqual([...Array.from({ length: 30 }, () => 200), 503]);
  const full = await enterLine(door());
  expect([full.headers['retry-after'], full.headers['refresh']]).toEqual(['10', `10;url=${waitPath}?r=%2F`]);
  expect((await enterLine(door('a.example', '127.0.1.1'))).status).toBe(200);
  expect((await enterLine(door('b.example'))).status).toBe(200);
});

it('without a current key there is no line: closed', async () => {
  await edge.change({ ...policy(), keys: [] });
  expect((await enterLine(door())).status).toBe(503);
  expect((await stand(door(), place(3, 5, 15))).status).toBe(503);
});

it('whatever the return address says, it stays on this site', async () => {
  const bad = [
    '//evil.example',
    '/\\evil.example',
    'https://evil.example',
    'javascript:1',
    '/x\r\nset-cookie: a=b',
    '/%',
    ' /',
    '',
  ];
  for (const back of bad) {
    const link = place(3, 5, 15).replace('r=%2Fx', `r=${encodeURIComponent(back)}`);
    const { status, headers } = await stand(door(), link);
    expect([status, headers.location], back).toEqual([303, back === '/%' ? '/%' : '/']);
  }
  const pattern = new RegExp(backPattern);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.webPath(),
        fc.string({ unit: 'binary' }),
        fc.string().map((text) => `/${text}`),
      ),
      (text) => {
        if (!pattern.test(text) || text.includes('\n')) return;
        const url = new URL(text, 'https://site.example/deep/path');
        expect([url.origin, url.username]).toEqual(['https://site.example', '']);
        expect(text).toMatch(/^[\x21-\x7e]+$/);
        expect(text).not.toMatch(/["'<>\\`]/);
      },
    ),
  );
});

it('the longest address that is carried fits every page of the line, and a longer one ends at the front page', async () => {
  const longest = `/${'%C3%BC'.repeat(166)}&&&`;
  expect(longest).toHaveLength(1000);
  const entered = await enterLine(door('a.example', '127.0.60.1'), longest);
  expect(entered.status).toBe(200);
  expect(nextHop(entered).link).toContain(`r=${encodeURIComponent(longest)}`);
  expect((await ask(longest, navigation)).body).toContain(`r=${encodeURIComponent(longest)}`);
  for (const address of [`${longest}x`, `/${'x'.repeat(6000)}`]) {
    expect(nextHop(await enterLine(door('a.example', '127.0.60.1'), address)).link).toMatch(/&r=%2F$/);
    expect((await ask(address, navigation)).body).toContain(`"${waitPath}?r=%2F"`);
  }
});

it('a token is taken only in its one form', () => {
  const pattern = new RegExp(waitTokenPattern);
  const good = `k1.1764000000.1764000001.1.${randomUUID()}.${'a'.repeat(64)}`;
  expect(pattern.test(good)).toBe(true);
  fc.assert(
    fc.property(fc.nat({ max: good.length - 1 }), fc.constantFrom('', '.', ' ', '|', 'G', '\n', '%', '-x'), (at, piece) => {
      const bent = good.slice(0, at) + piece + good.slice(at + 1);
      if (bent !== good) expect(pattern.test(bent)).toBe(false);
    }),
  );
});

it('the challenge page, its refusals and the line cost the origin nothing', async () => {
  const before = echo.hits();
  await meetChallenge(door());
  await ask('/', { accept: '*/*' });
  await enterLine(door());
  expect(echo.hits()).toBe(before);
  await until('the counters say so', async () => ((await edge.counters(attacked().siteId))?.challenged ?? 0) >= 3);
});

it('attack mode of a path asks there and in all its spellings, and nowhere else; one clearance opens it', async () => {
  const path = PathPrefix.parse('/search');
  const part = (mode: 'off' | 'attack' = 'off') => site(1, ['a.example'], echo.port, { mode, challenge, attackPaths: [path] });
  await edge.change({ sites: [part('attack')], orders: [] });
  expect((await ask('/', navigation)).status).toBe(403);
  const cookie = await earnClearance(door());
  await edge.change({ sites: [part()], orders: [] });
  for (const asked of ['/search', '/search/x', '/Search?q=1', '/%73earch', '//search', '/search;v=1', '/x/../search', '/100%25'])
    expect([asked, (await ask(asked, navigation)).status]).toEqual([asked, 403]);
  for (const asked of ['/', '/searching', '/x/search', '/a%20b'])
    expect([asked, (await ask(asked, navigation)).status]).toEqual([asked, 200]);
  expect((await ask('/search?q=1', { ...navigation, cookie })).status).toBe(200);
  await edge.change({ sites: [{ ...part(), networks: [{ cidr: Cidr.parse('127.0.0.9/32'), action: 'allow' }] }], orders: [] });
  expect((await ask('/search', navigation, { from: '127.0.0.9' })).status).toBe(200);
  await edge.change({ sites: [site(1, ['a.example'], echo.port, { challenge })], orders: [] });
  expect((await ask('/search', navigation)).status).toBe(200);
});
