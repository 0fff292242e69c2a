import { request as ask } from 'node:http';
import type { Server } from 'node:http';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Cidr } from '../../contract/network.ts';
import { parseBody } from './asked.ts';
import { createHttp, json } from './http.ts';
import type { Asked, Route } from './http.ts';
import { siteverifyRoutes } from './siteverify.ts';
import { trustOf, usualProxies } from './visitor.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(
  routes: readonly Route[],
  networks: readonly Cidr[] = usualProxies,
): Promise<{ url: string; logged: string[] }> {
  const logged: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) });
  const server = createHttp({ routes, trust: trustOf(networks), log });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`, logged };
}

const who: Route = { method: 'GET', path: '/who', handle: ({ address, host, proto }) => json({ address, host, proto }) };

describe('requests', () => {
  it('find their route by path, by one segment, and by a rest; HEAD is GET without a body', async () => {
    const told = ({ params }: Asked) => json(params);
    const { url } = await serve([
      { method: 'GET', path: '/1/api.js', handle: () => json('exact') },
      { method: 'GET', path: '/1/:version/api.js', handle: told },
      { method: 'GET', path: '/widget/*', handle: told },
    ]);
    const bodies = ['/1/api.js?onload=x', '/1/7/api.js', '/widget/a/b'].map(async (path) => (await fetch(url + path)).json());
    expect(await Promise.all(bodies)).toEqual(['exact', { version: '7' }, { '*': 'a/b' }]);
    const head = await fetch(`${url}/1/api.js`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '7', '']);
    const statuses = ['/1//api.js', '/nothing', `/1/api.js?${'a'.repeat(9000)}`].map(
      async (path) => (await fetch(url + path)).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 404, 404]);
    const other = await fetch(`${url}/1/api.js`, { method: 'POST', body: 'a=b' });
    expect([other.status, other.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('come from whom a proxy of ours names, and from nobody whom a stranger names', async () => {
    const forwarded = {
      'x-forwarded-for': '198.51.100.9, 192.0.2.7, 127.0.0.2',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'Captcha.Example',
    };
    const own = await serve([who]);
    expect(await (await fetch(`${own.url}/who`, { headers: forwarded })).json()).toEqual({
      address: '192.0.2.7',
      host: 'captcha.example',
      proto: 'https',
    });
    const strange = await serve([who], [Cidr.parse('192.0.2.0/24')]);
    expect(await (await fetch(`${strange.url}/who`, { headers: forwarded })).json()).toEqual({
      address: '127.0.0.1',
      host: strange.url.slice(7),
      proto: 'http',
    });
    const broken = await fetch(`${own.url}/who`, { headers: { 'x-forwarded-for': 'nobody, 127.0.0.3' } });
    expect(await broken.json()).toMatchObject({ address: '127.0.0.3' });
  });

  it('stand in the log without query and body', async () => {
    const { url, logged } = await serve([who, { method: 'POST', path: '/say', handle: () => json('heard') }]);
    await fetch(`${url}/who?secret=pcs_in-the-address`);
    await fetch(`${url}/say?secret=pcs_in-the-address`, {
      method: 'POST',
      body: new URLSearchParams({ secret: 'pcs_in-the-body' }),
    });
    expect(logged).toHaveLength(2);
    expect(logged.join('')).not.toContain('pcs_');
  });

  it('that a route fails at are answered by what it says for that, by 503 while the database is away, else by 500', async () => {
    const lost = () => {
      throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    };
    const fault = () => Promise.reject(new Error('ours'));
    const { url } = await serve([
      { method: 'GET', path: '/a', handle: lost, lost: () => json('documented') },
      { method: 'GET', path: '/b', handle: lost },
      { method: 'GET', path: '/c', handle: fault },
    ]);
    expect(await Promise.all(['/a', '/b', '/c'].map(async (path) => (await fetch(url + path)).status))).toEqual([200, 503, 500]);
  });

  it('that never end, or end in the middle, harm nobody else', async () => {
    const { url } = await serve([who, { method: 'POST', path: '/say', handle: ({ body }) => json(body.kind) }]);
    const endless = new Promise((resolve) => {
      const request = ask(`${url}/say`, { method: 'POST' }, resolve);
      request.on('error', resolve);
      Readable.from(
        (function* () {
          for (;;) yield Buffer.alloc(65_536, 'a');
        })(),
      ).pipe(request);
    });
    const cut = new Promise((resolve) => {
      const request = ask(`${url}/say`, { method: 'POST', headers: { 'content-length': '100' } });
      request.on('error', resolve);
      request.write('a=b', () => request.destroy(new Error('cut')));
    });
    await Promise.all([endless, cut]);
    expect((await fetch(`${url}/who`)).status).toBe(200);
  });
});

describe('siteverify', () => {
  const question = { method: 'POST', body: new URLSearchParams({ secret: `pcs_${'a'.repeat(43)}`, response: 'token' }) };
  const parts = { nowMs: Date.now, keys: { find: () => Promise.resolve(null), bySecret: () => Promise.resolve(null) } };
  const said = async (url: string) =>
    Promise.all(
      ['/siteverify', '/recaptcha/api/siteverify', '/turnstile/v0/siteverify'].map(async (path) => {
        const answer = await fetch(url + path, question);
        return [answer.status, answer.headers.get('portcullis-reason'), await answer.json()];
      }),
    );
  const never = () => new Promise<never>(() => undefined);
  const fails = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
  const token = { tokenId: '', issuedMs: 0, expiresMs: 0, siteKey: '', hostname: '', action: '', cData: '' };
  const read = () => ({ kind: 'spent', token }) as const;

  it.each([
    ['the database is away', fails, 5000],
    ['the database does not answer in time', never, 50],
  ])('passes nothing and says so in each dialect’s words while %s', async (_name, bySecret, deadlineMs) => {
    const tokens = { read, use: fails, useNamed: fails };
    const { url } = await serve(siteverifyRoutes({ ...parts, keys: { ...parts.keys, bySecret }, tokens, deadlineMs }));
    expect(await said(url)).toEqual([
      [200, 'unavailable', { success: false, 'error-codes': ['bad-request'] }],
      [200, 'unavailable', { success: false, 'error-codes': ['bad-request'] }],
      [200, 'unavailable', { success: false, 'error-codes': ['internal-error'], messages: [] }],
    ]);
  });
});

it('no bytes under any name make reading a body fail, and every field of a readable one is there', async () => {
  const types = ['', 'application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', 'text/html'];
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.constantFrom(...types), async (bytes, type) => {
      expect(['fields', 'json', 'unreadable']).toContain((await parseBody(Buffer.from(bytes), type)).kind);
    }),
    { numRuns: 200 },
  );
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const body = await parseBody(Buffer.from(JSON.stringify(value)), 'application/json');
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
      expect(body.kind).toBe(isObject ? 'json' : 'unreadable');
      if (body.kind === 'json' && isObject) expect([...body.fields.keys()].sort()).toEqual(Object.keys(value).sort());
    }),
    { numRuns: 200 },
  );
});
