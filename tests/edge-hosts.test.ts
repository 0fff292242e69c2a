/** Which site a request is for, and what never reaches any origin because two programs could read it differently. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { raw, site, startEdge } from './harness/haproxy.ts';
import { navigation, visit } from './harness/visitor.ts';

let echo: Echo;
let edge: Edge;

beforeAll(async () => {
  echo = await startEcho();
  edge = await startEdge({
    sites: [
      site(1, ['forum.example', 'www.forum.example', 'xn--bcher-kva.example'], echo.port),
      site(2, ['*.wild.example'], echo.port, {
        origin: { scheme: 'http', host: 'o', port: echo.port, hostHeader: 'wide', addresses: ['127.0.0.1'] },
      }),
      site(3, ['*.deep.wild.example', 'exact.wild.example'], echo.port, {
        origin: { scheme: 'http', host: 'o', port: echo.port, hostHeader: 'deep:8080', addresses: ['127.0.0.1'] },
      }),
    ],
  });
});
afterAll(async () => {
  await edge.stop();
  await echo.stop();
});

it.each(['forum.example', 'FORUM.Example:8080', 'forum.example.', 'www.forum.example', 'xn--bcher-kva.example'])(
  'the host %j is served',
  async (host) => {
    expect((await visit({ port: edge.port, host })).status).toBe(200);
  },
);

it.each([
  ['a.wild.example', 'wide'],
  ['x.y.z.wild.example', 'wide'],
  ['A.Wild.Example.:80', 'wide'],
  ['a.deep.wild.example', 'deep:8080'],
  ['exact.wild.example', 'deep:8080'],
  ['deep.wild.example', 'wide'],
  ['1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.wild.example', 'wide'],
])('the host %j goes where the longest wildcard says', async (host, seen) => {
  expect(JSON.parse((await visit({ port: edge.port, host })).body).headers.host).toBe(seen);
});

it.each([
  'nope.example',
  'wild.example',
  'example',
  '',
  '[::1]:80',
  '127.0.0.1',
  'forum.example, nope.example',
  'nope.example,forum.example',
  'forum.example.evil.example',
  'notforum.example',
])('the unknown host %j gets 421 and no origin sees it', async (host) => {
  const before = echo.hits();
  const met = await visit({ port: edge.port, host });
  expect([met.status, met.headers['portcullis-action']]).toEqual([421, 'unknown']);
  expect(echo.hits()).toBe(before);
});

it.each([
  ['a missing Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 (400|421)/],
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: forum.example\r\nHost: a.wild.example\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400/],
  [
    'an absolute address that disagrees',
    'GET http://a.wild.example/ HTTP/1.1\r\nHost: forum.example\r\nConnection: close\r\n\r\n',
    /^HTTP\/1\.1 400/,
  ],
  ['an encoded NUL', 'GET /a%00b HTTP/1.1\r\nHost: forum.example\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400/],
  ['an encoded line break', 'GET /a%0Ab HTTP/1.1\r\nHost: forum.example\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400/],
  ['an encoded dot-dot', 'GET /%2e%2E/a HTTP/1.1\r\nHost: forum.example\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400/],
  ['a half-encoded dot-dot', 'GET /.%2e/a HTTP/1.1\r\nHost: forum.example\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400/],
  ['a back-slash', 'GET /a\\b HTTP/1.1\r\nHost: forum.example\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400/],
  ['a fragment on the wire', 'GET /a#b HTTP/1.1\r\nHost: forum.example\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400/],
  ['a tunnel', 'CONNECT forum.example:80 HTTP/1.1\r\nHost: forum.example:80\r\nConnection: close\r\n\r\n', /^HTTP\/1\.1 400/],
  ['not HTTP at all', 'hello\r\n\r\n', /^HTTP\/1\.\d 400/],
])('%s is refused', async (_name, bytes, answer) => {
  const before = echo.hits();
  expect(await raw(edge.port, bytes)).toMatch(answer);
  expect(echo.hits()).toBe(before);
});

it.each(['/a%20b?q=%00%0a', '/100%25', '/a//b/./c', '/caf%C3%A9', '/a;b=1', '/.well-known/other'])(
  'the address %j passes as it is',
  async (path) => {
    expect(JSON.parse((await visit({ port: edge.port, host: 'forum.example', path })).body).url).toBe(path);
  },
);

it('HTTP/2 in clear text is not offered to the origin: it would be a tunnel past every guard', async () => {
  const headers = { connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAARAAAAAAAIAAAAA' };
  const met = await visit({ port: edge.port, host: 'forum.example', headers });
  expect(JSON.parse(met.body).headers).not.toHaveProperty('upgrade');
});

it('an unknown site explains itself to people, to programs and on a terminal, and echoes nothing', async () => {
  const host = '<b>nope.example';
  const page = await visit({ port: edge.port, host, headers: navigation });
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.body).not.toContain('nope.example');
  const problem = await visit({ port: edge.port, host, headers: { accept: 'application/json' } });
  expect(problem.headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(problem.body)).toMatchObject({
    status: 421,
    action: 'unknown',
    reference: expect.stringMatching(/^[0-9a-f-]{3,36}$/),
  });
  const text = await visit({ port: edge.port, host });
  expect(text.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(text.body).toMatch(/^No such site here\n.*\n.*\nReference: [0-9a-f-]{3,36}\n$/);
});

it('a site added while HAProxy runs is served without a reload, and a removed one no longer', async () => {
  const added = site(9, ['late.example'], echo.port);
  await edge.change({ sites: [added] });
  expect((await visit({ port: edge.port, host: 'late.example' })).status).toBe(200);
  expect((await visit({ port: edge.port, host: 'forum.example' })).status).toBe(421);
});
