/** The front door: what is refused before any handler runs, what browsers may do, and what the outside may know. */
import http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PersonId } from '../../contract/ids.ts';
import { Problem } from '../../contract/errors.ts';
import { LiveEvent, eventsPath } from '../../contract/routes/house.ts';
import * as identity from '../../contract/routes/identity.ts';
import * as sites from '../../contract/routes/sites.ts';
import { apiClient } from '../../tests/harness/api.ts';
import { startControlHouse } from '../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../tests/harness/control-house.ts';
import { removeFolder, temporaryFolder, until } from '../../tests/harness/ports.ts';
import { embeddedAddress } from '../../tests/harness/stores.ts';
import { isFromThisMachine } from '../metrics.ts';
import { addressByName, consolePolicy } from './console.ts';
import type { Caller, RequestFacts } from './caller.ts';
import { allow } from './register.ts';

let house: ControlHouse;
let folder: string;

beforeAll(async () => {
  folder = temporaryFolder('front-door');
  house = await startControlHouse(await embeddedAddress(folder));
});
afterAll(async () => {
  await house?.stop();
  removeFolder(folder);
});

const OpenApi = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.object({ security: z.array(z.unknown()) }))),
});

type Sent = { body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string>; method?: string };

async function send(path: string, { body, headers = {}, method = 'POST' }: Sent = {}) {
  const response = await fetch(`${house.url()}${path}`, {
    method,
    headers: { authorization: `Bearer ${house.operator().token ?? ''}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  const parsed = Problem.safeParse(text === '' ? null : JSON.parse(text));
  return { status: response.status, headers: response.headers, problem: parsed.success ? parsed.data : null };
}

describe('bodies', () => {
  it('with many mistakes are told all of them, by name', async () => {
    const { status, problem } = await send('/api/v1/sites', {
      body: JSON.stringify({ hostnames: [], origin: 7, mode: 'maximum', colour: 'red', limits: { requestsPer10s: -1, more: 1 } }),
    });
    expect(status).toBe(400);
    const paths = problem?.fields?.map((field) => field.path) ?? [];
    expect(paths).toEqual(
      expect.arrayContaining(['hostnames', 'origin', 'mode', 'colour', 'limits.requestsPer10s', 'limits.more']),
    );
  });

  it.each([
    ['broken UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'application/json', 400],
    ['broken JSON', '{"hostnames":', 'application/json', 400],
    ['another content type', '{}', 'text/plain', 400],
    ['another character set', '{}', 'application/json; charset=latin1', 400],
    ['a form', 'hostnames=a.example', 'application/x-www-form-urlencoded', 400],
    ['two mebibytes', `"${'x'.repeat(2 * 1024 * 1024)}"`, 'application/json', 413],
  ] as const)('that are %s are refused', async (_what, body, type, status) => {
    const answer = await send('/api/v1/sites', { body, headers: { 'content-type': type } });
    expect(answer.status).toBe(status);
    expect(answer.problem?.detail).toMatch(/Nothing was changed\.$/);
  });

  it('of ten megabytes are refused without being read, announced or not', async () => {
    const url = new URL(house.url());
    const begin = (length: string) =>
      `POST /api/v1/sites HTTP/1.1\r\nHost: ${url.host}\r\nAuthorization: Bearer ${house.operator().token ?? ''}\r\nContent-Type: application/json\r\n${length}\r\n\r\n`;
    const announced = await raw(Number(url.port), [begin('Content-Length: 10485760')]);
    expect(announced.text).toMatch(/^HTTP\/1\.1 413 /);
    const piece = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 0x20), Buffer.from('\r\n')]);
    const chunked = await raw(Number(url.port), [
      begin('Transfer-Encoding: chunked'),
      ...Array.from({ length: 160 }, () => piece),
    ]);
    expect(chunked.text).toMatch(/HTTP\/1\.1 413 /);
    expect((await send('/api/v1/sites', { method: 'GET' })).status).toBe(200);
  });
});

describe('addresses', () => {
  it('with unknown, doubled or wrong parts are refused', async () => {
    const get = async (path: string) => (await send(path, { method: 'GET' })).problem?.fields?.map((field) => field.path);
    expect(await get('/api/v1/sites?limit=0&colour=red')).toEqual(['query.limit', 'query.colour']);
    expect(await get('/api/v1/sites?limit=1&limit=2')).toEqual(['query.limit']);
    expect(await get('/api/v1/sites/site_NOPE')).toEqual(['path.siteId']);
    expect(await get('/api/v1/sites/%ff%fe')).toEqual(['path.siteId']);
    expect((await send('/api/v1/nothing', { method: 'GET' })).problem?.code).toBe('not-found');
  });

  it('an error leads to its page, carries a reference that is in the log, and shows nothing of the inside', async () => {
    const { problem } = await send('/api/v1/sites/site_000000000000', { method: 'GET' });
    expect(problem?.type).toMatch(/\/errors\/not-found$/);
    expect(house.logged.some((line) => line.includes(problem?.reference ?? '?'))).toBe(true);
    expect(JSON.stringify(problem)).not.toMatch(/\.ts|at |select|node_modules/);
  });
});

describe('browsers', () => {
  it('may change things only from our own pages', async () => {
    const from = async (headers: Record<string, string>) => (await send('/api/v1/sites', { body: '{}', headers })).status;
    const reached = 400;
    expect(await from({ 'sec-fetch-site': 'same-origin' })).toBe(reached);
    expect(await from({ origin: `http://localhost:${new URL(house.url()).port}` })).toBe(reached);
    expect(await from({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await from({ 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await from({ origin: 'https://evil.example' })).toBe(403);
    expect(await from({ origin: 'null' })).toBe(403);
    expect(await from({ 'sec-fetch-site': 'cross-site', origin: house.url() })).toBe(403);
  });

  it('with a session and without a word of where they come from may only read', () => {
    const facts = (method: string, headers: Record<string, string> = {}): RequestFacts => ({
      method,
      headers: new Headers(headers),
      clientAddress: '127.0.0.1',
    });
    const caller: Caller = {
      personId: PersonId.parse('person_000000000000'),
      name: 'Ann',
      roles: ['operator'],
      scopes: new Set(['sites:write', 'sites:read']),
      accountId: null,
      via: 'session',
    };
    expect(() => allow({ needs: 'sites:write' }, caller, facts('POST'))).toThrow(/not-allowed/);
    expect(() => allow({ needs: 'sites:read' }, caller, facts('GET'))).not.toThrow();
    expect(() => allow({ needs: 'sites:write' }, caller, facts('POST', { 'sec-fetch-site': 'same-origin' }))).not.toThrow();
    expect(() => allow({ needs: 'sites:write' }, { ...caller, via: 'token' }, facts('POST'))).not.toThrow();
  });
});

describe('what the outside may know', () => {
  it('metrics are for this machine: not for what a proxy on it passes on', async () => {
    const facts = (clientAddress: string, headers: Record<string, string>): RequestFacts => ({
      method: 'GET',
      headers: new Headers(headers),
      clientAddress,
    });
    expect(isFromThisMachine(facts('127.0.0.1', { host: '127.0.0.1:8600' }))).toBe(true);
    expect(isFromThisMachine(facts('::1', { host: '[::1]:8600' }))).toBe(true);
    expect(isFromThisMachine(facts('192.0.2.1', { host: '127.0.0.1' }))).toBe(false);
    expect(isFromThisMachine(facts('127.0.0.1', { host: '127.0.0.1', 'x-forwarded-for': '192.0.2.1' }))).toBe(false);
    expect(isFromThisMachine(facts('127.0.0.1', { host: 'shield.example' }))).toBe(false);
    const forwarded = await fetch(`${house.url()}/metrics`, { headers: { 'x-forwarded-for': '192.0.2.1' } });
    expect(forwarded.status).toBe(403);
    const text = await (await fetch(`${house.url()}/metrics`)).text();
    expect(text).toMatch(/portcullis_control_revision\{group="default"\} \d/);
  });

  it('metrics answer nobody whose right is not sure, and a token that may read the status', async () => {
    const { account } = await house.operator().call(identity.addAccount, { body: { name: 'Reader', ownerName: 'Rita Reader' } });
    const { token: owners } = await house.operator().call(identity.addPersonWithToken, {
      body: { name: 'Reader program', roles: ['owner'], accountId: account.accountId },
    });
    const { token: narrow } = await house.operator().call(identity.createToken, {
      body: { name: 'sites only', scopes: ['sites:read'], expiresInDays: 1 },
    });
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${house.url()}/metrics`, { headers: { forwarded: 'for=192.0.2.1', ...headers } })).status;
    expect(await ask({})).toBe(403);
    expect(await ask({ authorization: 'Bearer pcl_wrong' })).toBe(403);
    expect(await ask({ authorization: `Bearer ${narrow}` })).toBe(403);
    expect(await ask({ authorization: `Bearer ${owners}` })).toBe(403);
    expect(await ask({ authorization: `Bearer ${house.operator().token ?? ''}` })).toBe(200);
    for (const header of ['via', 'x-forwarded-proto', 'x-real-ip', 'cf-connecting-ip']) {
      const answer = await fetch(`${house.url()}/metrics`, { headers: { [header]: '192.0.2.1' } });
      expect([header, answer.status]).toEqual([header, 403]);
    }
  });

  it('health says that we are up, and nothing more', async () => {
    expect(await (await fetch(`${house.url()}/healthz`)).text()).toBe('{"ok":true}');
  });

  it('every path answers with an error for a stranger, except the open doors', async () => {
    const document: unknown = await (await fetch(`${house.url()}/api/v1/openapi.json`)).json();
    const { paths } = OpenApi.parse(document);
    const open: string[] = [];
    for (const [path, operations] of Object.entries(paths)) {
      for (const method of Object.keys(operations)) {
        const answer = await fetch(`${house.url()}${path.replaceAll(/\{\w+\}/g, 'x')}`, {
          method: method.toUpperCase(),
          ...(method === 'get' ? {} : { headers: { 'content-type': 'application/json' }, body: '{}' }),
        });
        if (answer.status !== 401) open.push(`${method} ${path}`);
        expect(answer.status).not.toBe(500);
      }
    }
    const declared = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { security }]) => (security.length === 0 ? [`${method} ${path}`] : [])),
    );
    expect(open).toEqual(declared);
    expect(declared).toContain('post /edge/v1/enrol');
    expect(Object.keys(paths).length).toBeGreaterThan(30);
  });
});

describe('the console', () => {
  const navigation = { 'sec-fetch-mode': 'navigate', accept: 'text/html' };
  // Not by fetch, which says “cors” of itself whatever it is told.
  const open = (path: string, headers: Record<string, string> = navigation) =>
    new Promise<[number | undefined, string | undefined]>((resolve, reject) => {
      const asked = http.get(`${house.url()}${path}`, { headers, agent: false }, (response) => {
        response.resume();
        resolve([response.statusCode, response.headers.location]);
      });
      asked.once('error', reject);
    });

  it('that is opened by a loopback address is opened by its name, because passkeys belong to a name', async () => {
    const home = `http://localhost:${new URL(house.url()).port}`;
    expect(await open('/console/setup?code=abc')).toEqual([307, `${home}/console/setup?code=abc`]);
    expect(await open('/console//evil.example/')).toEqual([307, `${home}/console//evil.example/`]);
    expect((await open('/console/', { accept: 'text/html' }))[0]).toBe(307);
    expect((await open('/console/x', { 'sec-fetch-mode': 'cors', accept: 'text/html' }))[0]).toBe(503);
    expect((await open('/console/x', { accept: '*/*' }))[0]).toBe(503);
  });

  it('stays where it is under its name, through a tunnel, and on another host', () => {
    const asked = (host: string, publicUrl = 'http://localhost:8600') =>
      addressByName(`http://${host}/console/`, new Headers({ ...navigation, host }), publicUrl);
    expect(asked('127.0.0.1:8600')).toBe('http://localhost:8600/console/');
    expect(asked('[::1]:8600')).toBe('http://localhost:8600/console/');
    for (const host of ['localhost:8600', '127.0.0.1:9000', '192.0.2.5:8600', '127.0.0.1.evil.example:8600', '']) {
      expect([host, asked(host === '' ? 'none' : host)]).toEqual([host, null]);
    }
    expect(asked('127.0.0.1:8600', 'https://shield.example')).toBeNull();
  });

  it('runs nothing inline', () => {
    expect(consolePolicy).not.toMatch(/unsafe|data:|\*/);
  });
});

describe('live events', () => {
  it('tell of what changed, to an owner only of their own sites, and stop when the token is revoked', async () => {
    const operator = house.operator();
    const { account } = await operator.call(identity.addAccount, { body: { name: 'Customer', ownerName: 'Oskar Owner' } });
    const { token, person } = await operator.call(identity.addPersonWithToken, {
      body: { name: 'Olga Owner', roles: ['owner'], accountId: account.accountId },
    });
    const all = await listenTo(operator.token ?? '');
    const own = await listenTo(token);
    const draft = { origin: 'http://127.0.0.1:1', waiveOwnership: true };
    const foreign = await operator.call(sites.addSite, { body: { ...draft, hostnames: ['foreign.example'] } });
    const mine = await operator.call(sites.addSite, {
      body: { ...draft, hostnames: ['mine.example'], accountId: account.accountId },
    });
    const owner = apiClient(house.url(), token);
    expect((await owner.call(sites.listSites)).items.map((site) => site.siteId)).toEqual([mine.siteId]);
    const about = (events: LiveEvent[]) => events.flatMap((event) => ('siteId' in event ? [event.siteId] : []));
    await until('the owner hears of the own site', () => about(own.events).includes(mine.siteId));
    expect(about(own.events)).not.toContain(foreign.siteId);
    expect(about(all.events)).toEqual(expect.arrayContaining([foreign.siteId, mine.siteId]));
    expect((await fetch(`${house.url()}${eventsPath}`)).status).toBe(401);
    await operator.call(identity.changePerson, { params: { personId: person.personId }, body: { disabled: true } });
    await until('the stream of the disabled person ends', () => own.ended(), { timeoutMs: 25_000 });
    expect(all.ended()).toBe(false);
    all.stop();
  });
});

async function listenTo(token: string) {
  const stop = new AbortController();
  const response = await fetch(`${house.url()}${eventsPath}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: stop.signal,
  });
  expect(response.status).toBe(200);
  const events: LiveEvent[] = [];
  let ended = false;
  void (async () => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString('utf8');
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) if (line.startsWith('data: ')) events.push(LiveEvent.parse(JSON.parse(line.slice(6))));
    }
  })()
    .catch(() => undefined)
    .finally(() => (ended = true));
  await until('it says hello', () => events.some((event) => event.kind === 'hello'));
  return { events, ended: () => ended, stop: () => stop.abort() };
}

/** Sends pieces until the peer answers or closes. */
function raw(port: number, pieces: readonly (string | Buffer)[]): Promise<{ text: string }> {
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect({ host: '127.0.0.1', port }, () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ text }));
  });
}
