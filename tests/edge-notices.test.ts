/** What visitors meet when an order withdraws a site, one host of it, or a part of it; and what every such answer promises. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { mapFile } from '../edge/render/index.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { legalBasis, order, raw, site, startEdge } from './harness/haproxy.ts';
import { navigation, visit } from './harness/visitor.ts';

let echo: Echo;
let edge: Edge;
const whole = () => site(1, ['forum.example', 'www.forum.example', '*.forum.example'], echo.port);
const other = () => site(2, ['other.example'], echo.port);

beforeAll(async () => {
  echo = await startEcho();
  edge = await startEdge({ sites: [whole(), other()] });
});
beforeEach(() => edge.change({ sites: [whole(), other()] }));
afterAll(async () => {
  await edge.stop();
  await echo.stop();
});

const under = (...orders: Parameters<typeof order>[2][]) =>
  edge.change({ sites: [whole(), other()], orders: orders.map((changes, index) => order(index + 1, whole(), changes)) });
const ask = (path = '/', host = 'forum.example', headers: Record<string, string> = {}) =>
  visit({ port: edge.port, host, path, headers });
const scope = (path: string | null, ...hostnames: string[]) => ({ siteId: whole().siteId, hostnames, path });

it('a decision of our own answers 403 and leads to its statement', async () => {
  await under({});
  const met = await ask('/any?x=1', 'forum.example', navigation);
  expect(met.status).toBe(403);
  expect(met.headers).toMatchObject({
    'portcullis-action': 'notice',
    'portcullis-decision': 'D-2026-0001',
    link: '<http://shield.example/decisions/D-2026-0001>; rel="describedby"',
    'cache-control': 'no-store',
    'x-robots-tag': 'noindex',
    'content-language': 'en',
  });
  expect(met.headers['set-cookie']).toBeUndefined();
});

it('a legal order answers 451 and names the authority', async () => {
  await under({ basis: legalBasis });
  const met = await ask('/', 'forum.example', navigation);
  expect(met.status).toBe(451);
  expect(met.headers.link).toBe(
    '<http://shield.example/decisions/D-2026-0001>; rel="describedby", <https://court.example/orders/12-O-34-26>; rel="blocked-by"',
  );
  expect(met.body).toContain('District Court of Example');
});

it('the page says who decided, what, why, on which basis, since and until when, and what one can do', async () => {
  await under({});
  const { body } = await ask('/', 'forum.example', navigation);
  for (const text of [
    'Example Shield, which protects this site, decided this',
    'This site, all of it.',
    'Messages on this site put the life of a person in danger.',
    'Our own terms. No authority ordered it.',
    '2026-01-02 03:04 UTC',
    '2036-01-02 03:04 UTC',
    'D-2026-0001',
    'The number of reports played no part in it.',
    'http://shield.example/appeals/D-2026-0001',
    'http://shield.example/help',
    'We keep no list of who saw this page.',
  ]) {
    expect(body).toContain(text);
  }
  expect(body).toMatch(/<code>[0-9a-f-]{3,36}<\/code>/);
});

it('programs get a problem, terminals get text, HEAD gets no body, and an upgrade is refused like the rest', async () => {
  await under({});
  const problem = await ask('/', 'forum.example', { accept: 'application/json, text/plain, */*' });
  expect(problem.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(problem.body)).toMatchObject({
    status: 403,
    action: 'notice',
    decision: 'D-2026-0001',
    statement: 'http://shield.example/decisions/D-2026-0001',
  });
  const text = await ask('/', 'forum.example', { accept: '*/*' });
  expect(text.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(text.body).toContain('\nWhy: Messages on this site put the life of a person in danger.\n');
  expect(text.body).not.toContain('%');
  const head = await raw(edge.port, 'HEAD / HTTP/1.1\r\nHost: forum.example\r\nAccept: text/html\r\nConnection: close\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 403[^]*\r\n\r\n$/);
  const upgrade = await visit({
    port: edge.port,
    host: 'forum.example',
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    },
  });
  expect([upgrade.status, upgrade.headers['portcullis-action']]).toEqual([403, 'notice']);
  const post = await visit({ port: edge.port, host: 'forum.example', method: 'POST', body: 'x'.repeat(50_000) });
  expect(post.status).toBe(403);
});

it.each(['forum.example', 'FORUM.example.:80', 'www.forum.example', 'a.b.forum.example'])(
  'a notice on the whole site covers %s and no origin is asked',
  async (host) => {
    await under({});
    const before = echo.hits();
    expect((await ask('/', host)).status).toBe(403);
    expect((await ask('/', 'other.example')).status).toBe(200);
    expect(echo.hits()).toBe(before + 1);
  },
);

it.each([
  ['forum.example', 200],
  ['phish.forum.example', 403],
  ['Phish.Forum.Example.', 403],
  ['x.phish.forum.example', 200],
  ['www.forum.example', 200],
])('a notice on one host answers %s with %i', async (host, status) => {
  await under({ scope: scope(null, 'phish.forum.example') });
  expect((await ask('/', host)).status).toBe(status);
});

it.each([
  '/secret',
  '/secret/',
  '/secret/x?y=1',
  '//secret/x',
  '/./secret/x',
  '/a/../secret/x',
  '/%73ecret/x',
  '/SECRET/',
  '/secret%2Fx',
  '/secret;v=1/x',
  '/secret%3bv=1/x',
  '/a/b/../../secret',
  '/secret/../secret',
])('a notice on /secret covers %s', async (path) => {
  await under({ measure: 'notice-on-path', scope: scope('/secret') });
  expect((await ask(path)).status).toBe(403);
});

it.each(['/secretary', '/public/secret.html', '/', '/?/secret', '/secret/../open', '/a%20b'])(
  'a notice on /secret does not touch %s',
  async (path) => {
    await under({ measure: 'notice-on-path', scope: scope('/secret/') });
    expect((await ask(path)).status).toBe(200);
  },
);

it.each([
  '/%2e%2e/secret',
  '/x/%2e%2e%2fsecret',
  '/a%00b',
  '/a%5c..%5csecret',
  '/%2573ecret',
  '/%2fsecret',
  '/x/.%2fsecret',
  '/..%2fsecret',
  '/%2e/secret',
  '/%2E/secret/x',
  '/a/..;/secret',
  '/a/..;x=1/secret',
  '/a/..%3b/secret',
  '/.;/secret',
  '/;/secret',
  '/%3bx/secret',
  '/%25%37%33ecret',
  '/%u0073ecret',
  '/%c0%afsecret',
  '/secret/%zz',
  '/secret%',
])('the evasion %s is refused or met by the notice', async (path) => {
  await under({ measure: 'notice-on-path', scope: scope('/secret') });
  const before = echo.hits();
  expect([400, 403]).toContain((await ask(path)).status);
  expect(echo.hits()).toBe(before);
});

it('a request without a path does not get round a notice on a path', async () => {
  await under({ measure: 'notice-on-path', scope: scope('/secret') });
  const before = echo.hits();
  expect(await raw(edge.port, 'CONNECT forum.example:80 HTTP/1.1\r\nHost: forum.example:80\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  expect(echo.hits()).toBe(before);
});

it('under a notice on a path, nothing but a websocket may become a tunnel, and no header names another path', async () => {
  await under({ measure: 'notice-on-path', scope: scope('/secret') });
  const met = await ask('/open', 'forum.example', {
    connection: 'Upgrade, HTTP2-Settings',
    upgrade: 'h2c',
    'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA',
    'x-original-url': '/secret',
    'x-rewrite-url': '/secret',
  });
  expect(met.status).toBe(200);
  expect(met.body).not.toMatch(/h2c|x-original-url|x-rewrite-url/i);
});

it('a notice on a path of one host leaves the same path of other hosts alone', async () => {
  await under({ measure: 'notice-on-path', scope: scope('/threads/42', 'www.forum.example') });
  expect((await ask('/threads/42/page', 'www.forum.example')).status).toBe(403);
  expect((await ask('/threads/42/page')).status).toBe(200);
  expect((await ask('/threads/4', 'www.forum.example')).status).toBe(200);
});

it('the deeper of two paths is shown where both match, and the wider order where widths differ', async () => {
  await under({ measure: 'notice-on-path', scope: scope('/a') }, { measure: 'notice-on-path', scope: scope('/a/b') });
  expect((await ask('/a/b/c')).headers['portcullis-decision']).toBe('D-2026-0002');
  expect((await ask('/a/x')).headers['portcullis-decision']).toBe('D-2026-0001');
  await under({ measure: 'notice-on-path', scope: scope('/a') }, {});
  expect((await ask('/a/x')).headers['portcullis-decision']).toBe('D-2026-0002');
});

it('two orders of the same width are both named', async () => {
  await under({}, { basis: legalBasis });
  const met = await ask('/');
  expect([met.status, met.headers['portcullis-decision']]).toEqual([403, 'D-2026-0001, D-2026-0002']);
});

it('markup, quotes and percent signs in an order are shown as text and break nothing', async () => {
  const publicReason = `<script>alert("1")</script> 100 % 'sure' | a+b?c \\ %[src] é 漢`;
  await under({ publicReason });
  const page = await ask('/', 'forum.example', navigation);
  expect(page.body).toContain('&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt; 100 % &#39;sure&#39; | a+b?c \\ %[src] é 漢');
  const text = await ask('/');
  expect(text.body).toContain(`Why: ${publicReason}\n`);
  expect(JSON.parse((await ask('/', 'forum.example', { accept: 'application/json' })).body).reason).toBe(publicReason);
});

it.each(['"', '&', '漢', '|'])(
  'the longest order that the contract allows, made of %j, still fits a page in each form',
  async (character) => {
    const url = (base: string, length: number) => `${base}?${character.repeat(length - base.length - 1)}`;
    await under({
      publicReason: character.repeat(600),
      basis: {
        ...legalBasis,
        authority: character.repeat(200),
        reference: character.repeat(200),
        authorityUrl: url('https://court.example/', 1000),
      },
      statementUrl: url('https://shield.example/', 500),
      appealUrl: url('https://shield.example/', 500),
    });
    const page = await ask('/', 'forum.example', navigation);
    expect([page.status, page.headers['portcullis-action']]).toEqual([451, 'notice']);
    expect(page.body).toMatch(/<\/body><\/html>\n$/);
    expect(page.body).toContain('The number of reports played no part in it.');
    if (character === '&') expect(page.headers.link).toMatch(/rel="blocked-by"$/);
    expect(JSON.parse((await ask('/', 'forum.example', { accept: 'application/json' })).body).reason).toBe(character.repeat(600));
    expect((await ask('/')).body).toContain(character.repeat(600));
  },
);

it('a lifted order is gone with the next request on the same connection, and noticed requests are counted', async () => {
  await under({});
  const http = await import('node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const before = (await edge.counters(whole().siteId))?.noticed ?? 0;
  expect((await visit({ port: edge.port, host: 'forum.example', agent })).status).toBe(403);
  await edge.change({ sites: [whole(), other()] });
  expect((await visit({ port: edge.port, host: 'forum.example', agent })).status).toBe(200);
  agent.destroy();
  expect((await edge.counters(whole().siteId))?.noticed).toBe(before + 1);
});

it('a notice whose text is missing still refuses: closed', async () => {
  await under({ basis: legalBasis });
  for (const map of ['notices', 'notice-html', 'notice-json', 'notice-text'] as const) {
    await edge.admin(`clear map ${mapFile(edge.plan.paths, map)}`);
  }
  const before = echo.hits();
  for (const accept of ['text/html', 'application/json', '*/*']) {
    const met = await ask('/', 'forum.example', { accept });
    expect([met.status, met.headers['portcullis-action'], met.headers['portcullis-decision']]).toEqual([
      403,
      'notice',
      'D-2026-0001',
    ]);
  }
  expect(echo.hits()).toBe(before);
});
