/** What a visitor sends while the check is asked for: kept, sealed, and at the origin once, byte for byte; through the programs as production starts them. */
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import http from 'node:http';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { startBrowser } from './harness/browser.ts';
import { earnClearance } from './harness/challenge.ts';
import { freePort, until } from './harness/ports.ts';
import { processesNaming } from './harness/program.ts';
import type { Parts } from './harness/provider.ts';
import { startParts } from './harness/provider.ts';
import type { Met } from './harness/visitor.ts';
import { navigation, visit } from './harness/visitor.ts';

type Arrived = {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: number;
  readonly hash: string;
};
type Scheme = 'http' | 'https';

let arrived: Arrived[] = [];
let origin: Server;
let originPort = 0;
let parts: Parts;
let browser: Browser;
const host = 'forum.example';
const mib = 1_048_576;
const hashOf = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

function startOrigin(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks);
      const { method = '', url = '', headers } = request;
      if (method !== 'GET') arrived.push({ method, url, headers, bytes: body.byteLength, hash: hashOf(body) });
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.setHeader('set-cookie', 'origin=1; Path=/');
      response.end(`<title>Arrived</title><p>${method} ${url}</p><a href="next?y=2">next</a>`);
    });
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}

function stopOrigin(): Promise<void> {
  origin.closeAllConnections();
  return new Promise((resolve) => origin.close(() => resolve()));
}

const door = (scheme: Scheme = 'http', name = host, from = '127.0.0.1') => ({
  port: scheme === 'http' ? parts.edge.http : parts.edge.https,
  host: name,
  scheme,
  from,
});
const sameOrigin = { ...navigation, 'sec-fetch-site': 'same-origin' };

type Sent = {
  readonly scheme?: Scheme;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly from?: string;
};
function post(body: Buffer | string, { scheme = 'http', path = '/contact?x=1', headers = {}, from }: Sent = {}): Promise<Met> {
  return visit({
    ...door(scheme, host, from),
    path,
    method: 'POST',
    headers: { ...sameOrigin, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
    timeoutMs: 30_000,
  });
}

const said = (page: Met) => /data-kept="([^"]*)"/.exec(page.body)?.[1];
/** Where the page sends the kept form, and the cookie with its key. */
function ticketOf(page: Met): { readonly path: string; readonly cookie: string } {
  expect([page.status, said(page)]).toEqual([403, 'kept']);
  const path = decodeURIComponent(/data-deliver="([^"]*)"/.exec(page.body)?.[1] ?? '');
  const set = page.headers['set-cookie']?.[0] ?? '';
  expect(set).toContain(`Path=${path.slice(0, '/.well-known/portcullis/form/'.length + 32)};`);
  expect(set).toContain('HttpOnly; SameSite=Strict');
  return { path, cookie: set.split(';')[0] ?? '' };
}

const deliver = (
  ticket: { path: string; cookie: string },
  clearance: string,
  more: { scheme?: Scheme; name?: string; from?: string } = {},
) =>
  visit({
    ...door(more.scheme, more.name, more.from),
    path: ticket.path,
    method: 'POST',
    headers: { ...sameOrigin, 'content-type': 'application/x-www-form-urlencoded', cookie: `${ticket.cookie}; ${clearance}` },
    body: '',
    timeoutMs: 30_000,
  });

beforeAll(async () => {
  originPort = await freePort();
  origin = await startOrigin(originPort);
  parts = await startParts();
  for (const name of [host, 'other.example'])
    await parts.protect(name, originPort, { mode: 'attack', challenge: { expectedHashes: 200 } });
  browser = await startBrowser([host]);
  await until('the keeper is there', async () => said(await post('a=1')) === 'kept', { timeoutMs: 60_000 });
}, 180_000);
beforeEach(() => {
  arrived = [];
});
afterAll(async () => {
  await browser.close();
  await parts.stop();
  await stopOrigin();
});

const multipart = Buffer.concat([
  Buffer.from('--edge\r\ncontent-disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'),
  randomBytes(200_000),
  Buffer.from('\r\n--edge--\r\n'),
]);
it.each([
  ['a form over http', 'http', 'application/x-www-form-urlencoded', Buffer.from('a=1&b=%00%ff&c=ü')],
  ['a form with a file over https', 'https', 'multipart/form-data; boundary=edge', multipart],
  ['JSON', 'http', 'application/json', Buffer.from('{"a":[1,2]}')],
  ['nothing at all', 'http', 'application/x-www-form-urlencoded', Buffer.alloc(0)],
  ['exactly the limit, of all bytes', 'http', 'application/octet-stream', randomBytes(mib)],
] as const)('%s is at the origin after the check, once, byte for byte', async (_name, scheme, type, body) => {
  const own = { cookie: 'session=abc; theme=dark', authorization: 'Bearer [word]', 'x-form': 'yes' };
  const page = await post(body, { scheme, headers: { 'content-type': type, ...own } });
  const ticket = ticketOf(page);
  expect(page.body).toContain('kept, sealed, for fifteen minutes');
  expect(arrived).toEqual([]);
  const clearance = await earnClearance(door(scheme));
  const answers = await Promise.all(Array.from({ length: 12 }, () => deliver(ticket, clearance, { scheme })));
  expect(arrived).toHaveLength(1);
  expect(arrived[0]).toMatchObject({ method: 'POST', url: '/contact?x=1', bytes: body.byteLength, hash: hashOf(body) });
  expect(arrived[0]?.headers).toMatchObject({
    ...own,
    'content-type': type,
    'x-forwarded-for': '127.0.0.1',
    'x-forwarded-proto': scheme,
    host,
  });
  const through = answers.filter(({ status }) => status === 200);
  expect([through.length, through[0]?.headers['set-cookie']]).toEqual([1, ['origin=1; Path=/']]);
  expect(through[0]?.body).toContain('POST /contact?x=1');
  expect(answers.filter(({ status, body: text }) => status === 409 && text.includes('sent already'))).toHaveLength(11);
  expect((await deliver(ticket, clearance, { scheme })).status).toBe(409);
  for (const secret of [ticket.cookie.split('=')[1] ?? '-']) expect(parts.edgeAgent().output()).not.toContain(secret);
});

it('a body that comes in pieces, with Expect, is kept too; one byte over the limit is not, and the page says so beforehand', async () => {
  const body = randomBytes(50_000);
  const inPieces = (bytes: Buffer, headers: Record<string, string>) =>
    new Promise<Met>((resolve, reject) => {
      const request = http.request({ host: '127.0.0.1', port: parts.edge.http, path: '/up', method: 'POST', agent: false });
      for (const [name, value] of Object.entries({ ...sameOrigin, host, 'transfer-encoding': 'chunked', ...headers }))
        request.setHeader(name, value);
      request.once('error', reject);
      request.once('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.once('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      });
      const write = () => {
        request.write(bytes.subarray(0, 10));
        setTimeout(() => request.end(bytes.subarray(10)), 50);
      };
      if (headers['expect'] === undefined) write();
      else {
        request.once('continue', write);
        request.flushHeaders();
      }
    });
  for (const headers of [{}, { expect: '100-continue' }]) {
    arrived = [];
    const ticket = ticketOf(await inPieces(body, headers));
    await deliver(ticket, await earnClearance(door()));
    expect(arrived.map(({ hash, url }) => [hash, url])).toEqual([[hashOf(body), '/up']]);
  }
  const over = await post(randomBytes(mib + 1), { headers: { 'content-type': 'application/octet-stream' } });
  expect([over.status, said(over), over.headers['set-cookie']]).toEqual([403, 'long', undefined]);
  expect(over.body).toContain('too large to be kept');
  const german = await post(randomBytes(mib + 1), { headers: { 'accept-language': 'de' } });
  expect(german.body).toContain('zu groß');
});

it('what another site makes a browser send is not kept, and what was kept is opened by nobody but its browser, at its host', async () => {
  const old = { accept: 'text/html', 'accept-language': 'en' };
  const at = `http://${host}`;
  const send = (headers: Record<string, string>) =>
    visit({ ...door(), method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body: 'a=1' });
  for (const headers of [
    { ...sameOrigin, 'sec-fetch-site': 'cross-site', origin: at },
    { ...sameOrigin, 'sec-fetch-site': 'same-site' },
    { ...old, origin: 'https://evil.example', referer: `${at}/` },
    { ...old, origin: 'null' },
    { ...old, referer: `https://evil.example/${at}` },
    { ...old, referer: `${at}.evil.example/` },
    old,
  ]) {
    const page = await send(headers);
    expect([page.status, said(page), page.headers['set-cookie']], JSON.stringify(headers)).toEqual([403, 'unkept', undefined]);
    expect(page.body).toContain('was not kept');
  }
  for (const headers of [
    { ...old, origin: at },
    { ...old, referer: `${at}/form` },
  ])
    expect(said(await send(headers))).toBe('kept');
  const program = await visit({
    ...door(),
    method: 'POST',
    headers: { accept: 'application/json', 'sec-fetch-mode': 'cors', 'sec-fetch-site': 'same-origin' },
    body: '{}',
  });
  expect([program.status, program.headers['content-type'], program.headers['portcullis-mitigated']]).toEqual([
    403,
    'application/problem+json',
    'challenge',
  ]);

  const ticket = ticketOf(await post('a=1'));
  const clearance = await earnClearance(door());
  const elsewhere = await earnClearance(door('http', 'other.example'));
  const other = ticketOf(await post('b=2'));
  expect((await deliver({ path: ticket.path, cookie: 'x=1' }, clearance)).status).toBe(410);
  expect((await deliver({ path: ticket.path, cookie: other.cookie }, clearance)).status).toBe(410);
  expect((await deliver(ticket, elsewhere, { name: 'other.example' })).status).toBe(410);
  const forged = await visit({
    ...door(),
    path: ticket.path,
    method: 'POST',
    headers: { ...sameOrigin, 'sec-fetch-site': 'cross-site', cookie: `${ticket.cookie}; ${clearance}`, 'content-length': '0' },
  });
  expect([forged.status, forged.body.includes('<form method="post"')]).toEqual([200, true]);
  expect(arrived).toEqual([]);
  // Without a clearance it is challenged again, and kept again.
  const again = await deliver(ticket, 'x=1');
  const anew = ticketOf({ ...again, status: 403 });
  expect([again.status, arrived.length, anew.path === ticket.path]).toEqual([403, 0, false]);
  expect((await deliver(anew, clearance)).status).toBe(200);
  expect(arrived.map(({ hash }) => hash)).toEqual([hashOf('a=1')]);
});

it('who waits instead of computing gets a button; relative links of the answer lead to where they belong, and never to another host', async () => {
  const page = await post('a=1', { path: '/a/b.php?x=1&y=2' });
  const ticket = ticketOf(page);
  const line = /href="\/\.well-known\/portcullis\/wait\?r=([^"]+)"/.exec(page.body)?.[1] ?? '';
  const back = decodeURIComponent(line);
  expect(back).toBe(ticket.path.replace(/^(.*\/form\/[0-9a-f]{32})/, '$1/!'));
  const clearance = await earnClearance(door());
  const headers = { ...navigation, cookie: `${ticket.cookie}; ${clearance}` };
  const shown = await visit({ ...door(), path: back, headers });
  expect([shown.status, shown.body.includes('Send it now')]).toEqual([200, true]);
  expect(/action="([^"]+)"/.exec(shown.body)?.[1]?.replaceAll('&amp;', '&')).toBe(ticket.path);
  expect((await visit({ ...door(), path: back, headers: { ...navigation, cookie: clearance } })).status).toBe(410);
  expect((await deliver(ticket, clearance)).status).toBe(200);
  const onward = async (rest: string, method = 'GET') => {
    const met = await visit({
      ...door(),
      path: `${ticket.path.slice(0, '/.well-known/portcullis/form/'.length + 32)}${rest}`,
      method,
      headers,
      ...(method === 'POST' ? { body: 'q=1' } : {}),
    });
    return [met.status, met.headers['location']];
  };
  expect(await onward('/a/next?y=2')).toEqual([307, '/a/next?y=2']);
  expect(await onward('/a/b.php?x=1', 'POST')).toEqual([307, '/a/b.php?x=1']);
  expect(await onward('//evil.example/')).toEqual([307, '/']);
  expect(arrived).toHaveLength(1);
});

it('while the origin is away nothing is lost: the form is sent when it is back', async () => {
  const ticket = ticketOf(await post('a=1'));
  const clearance = await earnClearance(door());
  await stopOrigin();
  const away = await deliver(ticket, clearance);
  expect([away.status, away.body.includes('still kept')]).toEqual([503, true]);
  origin = await startOrigin(originPort);
  expect((await deliver(ticket, clearance)).status).toBe(200);
  expect(arrived).toHaveLength(1);
});

it('in a browser a form goes through the check by itself and arrives once', async () => {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const tab = await context.newPage();
  await tab.goto(`https://${host}:${parts.edge.https}/`);
  await until('the front page is there', async () => (await tab.title()) === 'Arrived', { timeoutMs: 30_000 });
  await tab.evaluate(
    `document.body.innerHTML = '<form method="post" action="/folder/send?x=1&y=2"><textarea name="text"></textarea><button>Send</button></form>'`,
  );
  await tab.fill('textarea', '[a long message]\nwith two lines');
  await context.clearCookies();
  await tab.click('button');
  await until('it arrived', () => Promise.resolve(arrived.length > 0), { timeoutMs: 60_000 });
  await tab.waitForURL(/\/form\/[0-9a-f]{32}\/folder\/send/, { timeout: 30_000 });
  expect(arrived.map(({ url, hash }) => [url, hash])).toEqual([
    ['/folder/send?x=1&y=2', hashOf('text=%5Ba+long+message%5D%0D%0Awith+two+lines')],
  ]);
  await tab.click('a');
  await tab.waitForURL(/\/folder\/next\?y=2$/, { timeout: 30_000 });
  await context.close();
}, 90_000);

it('without the keeper visitors are challenged as ever, and told that nothing was kept', async () => {
  const keeper = async () => (await processesNaming(parts.state)).find(({ command }) => command.includes('portcullis.ts keeper'));
  const pid = (await keeper())?.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    await until('HAProxy noticed', async () => said(await post('a=1')) === 'unkept', { timeoutMs: 40_000 });
    const page = await post('a=1');
    expect([page.status, said(page), page.body.includes('data-token='), arrived.length]).toEqual([403, 'unkept', true, 0]);
    const clearance = await earnClearance(door());
    expect((await post('a=1', { headers: { cookie: clearance } })).status).toBe(200);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
  await until('another one is there', async () => said(await post('a=1')) === 'kept', { timeoutMs: 60_000 });
}, 120_000);
