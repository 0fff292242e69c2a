/** Rules of a site's owner in a real HAProxy: that it decides as the language says, what each action does, and that orders go first. */
import http from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noRules, SiteRules } from '../contract/rules.ts';
import { compileRules, TooComplex } from '../core/shield/rules/compile.ts';
import { activeRules, allNetworkData, decide } from '../core/shield/rules/evaluate.ts';
import type { RawRequest } from '../core/shield/rules/request.ts';
import { ruleRequest } from '../core/shield/rules/request.ts';
import { createHmac } from 'node:crypto';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { order, site, startEdge } from './harness/haproxy.ts';
import { arbitraryRequest, arbitraryRules } from './harness/rules.ts';
import type { Met } from './harness/visitor.ts';
import { navigation, visit } from './harness/visitor.ts';

let echo: Echo;
let edge: Edge;

beforeAll(async () => {
  echo = await startEcho();
  edge = await startEdge({ sites: [] }, { plan: { connectionsPerClient: 500 } });
});
afterAll(async () => {
  await edge.stop();
  await echo.stop();
});

const host = 'forum.example';
type Then = Record<string, unknown> & { do: string };
const rule = (ruleId: string, when: string, then: Then) => ({ ruleId, when, enabled: true, then });
const ruled = (list: readonly unknown[], more: Partial<Record<string, unknown>> = {}, changes: Record<string, unknown> = {}) =>
  site(1, [host, 'www.forum.example'], echo.port, { rules: SiteRules.parse({ ...noRules, list, ...more }), ...changes });
const ask = (path = '/', headers: Record<string, string> = {}, more: Partial<Parameters<typeof visit>[0]> = {}) =>
  visit({ port: edge.port, host, path, headers, ...more });
const action = ({ status, headers }: Met) => `${status} ${String(headers['portcullis-action'] ?? '-')}`;

describe('HAProxy decides as the language says', () => {
  const networkData = {
    countries: [
      ['127.0.0.0/16', 'DE'],
      ['127.0.2.0/24', 'FR'],
    ],
    asns: [['127.0.1.0/24', '64500']],
  } as const;
  const places: Readonly<Record<string, Pick<RawRequest, 'country' | 'asn'>>> = {
    '47F000001': { country: 'DE', asn: null },
    '47F000101': { country: 'DE', asn: 64500 },
    '47F000201': { country: 'FR', asn: null },
    '47F000303': { country: 'DE', asn: null },
    '47F010203': { country: null, asn: null },
  };
  const dotted = (digits: string) => [1, 3, 5, 7].map((at) => Number.parseInt(digits.slice(at, at + 2), 16)).join('.');

  it('for any rules and any requests', { timeout: 120_000 }, async () => {
    const agent = new http.Agent({ keepAlive: true });
    const drawn = fc.sample(arbitraryRules, { numRuns: 60, ...seed() });
    const sets = drawn.filter(({ list, maintenance }) => {
      try {
        return compileRules(activeRules(list, allNetworkData), maintenance) !== null;
      } catch (error) {
        if (error instanceof TooComplex) return false;
        throw error;
      }
    });
    const sites = sets.map((rules, index) => site(index + 1, [`s${index}.example`, `*.s${index}.example`], echo.port, { rules }));
    await edge.change({ sites, networkData });
    const requests = fc.sample(arbitraryRequest, { numRuns: 15 * sets.length, ...seed() });
    let decided = 0;
    for (const [index, raw] of requests.entries()) {
      const rules = sets[index % sets.length] ?? noRules;
      // The host has to be the site's own; that rules read it is shown below.
      const at = { ...raw, host: `s${index % sets.length}.example`, ...places[raw.address] };
      const made = ruleRequest({ ...at, country: at.country, asn: at.asn });
      const wanted = made === null ? null : decide(activeRules(rules.list, allNetworkData), rules.maintenance, made);
      const met = await visit({
        port: edge.port,
        host: at.host,
        method: raw.method,
        path: raw.query === '' ? raw.path : `${raw.path}?${raw.query}`,
        headers: { ...raw.headers },
        from: dotted(raw.address),
        agent,
      });
      const expected =
        wanted === null
          ? 'ambiguous'
          : wanted.verdict === 'maintenance'
            ? 'maintenance'
            : wanted.rule === null
              ? undefined
              : `/to/${rules.list.indexOf(wanted.rule)}`;
      const seen = met.headers.location ?? met.headers['portcullis-action'];
      expect([seen, rules.list.map(({ when }) => when), at]).toEqual([expected, rules.list.map(({ when }) => when), at]);
      if (expected !== undefined) decided += 1;
    }
    agent.destroy();
    expect(decided).toBeGreaterThan(requests.length / 10);
  });

  it('about hosts, and not about what we answer ourselves', async () => {
    await edge.change({
      sites: [
        ruled([
          rule('a', 'host is "www.forum.example"', { do: 'deny' }),
          rule('b', 'path contains "portcullis"', { do: 'deny' }),
        ]),
      ],
    });
    expect(action(await ask())).toBe('200 -');
    expect(action(await visit({ port: edge.port, host: 'WWW.forum.example:80' }))).toBe('403 deny');
    expect(action(await ask('/.well-known/portcullis/challenge.js'))).toBe('200 asset');
  });

  it('and refuses what two programs could read differently, in a site with rules', async () => {
    await edge.change({ sites: [ruled([rule('a', 'path is "/admin" or header("user-agent") is "x"', { do: 'deny' })])] });
    for (const path of ['/admin', '//admin', '/ADMIN;x=1', '/%61dmin']) expect(action(await ask(path))).toBe('403 deny');
    for (const path of ['/a/./admin', '/a/%2e/admin', '/%zz', '/x/..;/admin'])
      expect(action(await ask(path))).toBe('400 ambiguous');
    const twice = await new Promise<string>((resolve) => {
      const request = http.request({
        host: '127.0.0.1',
        port: edge.port,
        headers: [
          ['Host', host],
          ['User-Agent', 'x'],
          ['User-Agent', 'y'],
        ].flat(),
      });
      request.on('response', (response) => resolve(String(response.headers['portcullis-action'])));
      request.end();
    });
    expect(twice).toBe('ambiguous');
  });
});

describe('a rule', () => {
  it('denies in three forms, with a reference', async () => {
    await edge.change({ sites: [ruled([rule('no', 'path starts "/x"', { do: 'deny' })])] });
    const [page, json, text] = [await ask('/x', navigation), await ask('/x', { accept: 'application/json' }), await ask('/x')];
    expect([page.status, json.status, text.status]).toEqual([403, 403, 403]);
    expect(page.body).toMatch(/<code>[0-9a-f-]{3,36}<\/code>/);
    expect(JSON.parse(json.body)).toMatchObject({
      status: 403,
      action: 'deny',
      reference: expect.stringMatching(/^[0-9a-f-]{3,36}$/),
    });
    expect(text.body).toMatch(/Reference: [0-9a-f-]{3,36}/);
  });

  it('sends to fixed places only, with the path where its owner said so', async () => {
    await edge.change({
      sites: [
        ruled([
          rule('a', 'path is "/old"', { do: 'redirect', status: 301, to: '/new?x=1', keepPath: false }),
          rule('b', 'host is "www.forum.example"', { do: 'redirect', status: 308, to: 'https://forum.example', keepPath: true }),
        ]),
      ],
    });
    const moved = await ask('/old?evil=//x');
    expect([moved.status, moved.headers.location]).toEqual([301, '/new?x=1']);
    const kept = await visit({ port: edge.port, host: 'www.forum.example', path: '//evil.example/%2F?a=b' });
    expect([kept.status, kept.headers.location]).toEqual([308, 'https://forum.example//evil.example/%2F?a=b']);
  });

  it('limits what it names apart from everything else, per client', async () => {
    await edge.change({ sites: [ruled([rule('few', 'path is "/login"', { do: 'limit', requestsPer10s: 5 })])] });
    const from = '127.0.9.1';
    for (let index = 0; index < 20; index += 1) expect((await ask('/', {}, { from })).status).toBe(200);
    const seen: string[] = [];
    for (let index = 0; index < 8; index += 1) seen.push(action(await ask('/login', {}, { from })));
    expect(seen).toEqual([...Array<string>(5).fill('200 -'), ...Array<string>(3).fill('429 limit')]);
    expect((await ask('/', {}, { from })).status).toBe(200);
    expect((await ask('/login', {}, { from: '127.0.9.2' })).status).toBe(200);
  });

  it('challenges what it names, and nothing else', async () => {
    await edge.change({ sites: [ruled([rule('check', 'path starts "/login"', { do: 'challenge' })])] });
    expect(action(await ask('/', navigation))).toBe('200 -');
    expect((await ask('/login', navigation)).headers['portcullis-action']).toBe('challenge');
  });

  it('allows past limits and challenge', async () => {
    await edge.change({
      sites: [
        ruled(
          [rule('feed', 'path is "/feed"', { do: 'allow' })],
          {},
          { mode: 'attack', limits: { requestsPer10s: 3, concurrentPerClient: 100, concurrentPerSite: 100 } },
        ),
      ],
    });
    for (let index = 0; index < 8; index += 1)
      expect(action(await ask('/feed', navigation, { from: '127.0.9.3' }))).toBe('200 -');
    expect(action(await ask('/feed2', navigation, { from: '127.0.9.4' }))).not.toBe('200 -');
  });

  it('asks for a password that opens, is not passed on, and is guessed slowly (fails closed)', { timeout: 60_000 }, async () => {
    const salt = Buffer.alloc(16, 7);
    const hash = createHmac('sha256', salt).update('a long password').digest('hex');
    await edge.change({
      sites: [ruled([rule('staff', 'path starts "/staff"', { do: 'password', salt: salt.toString('base64'), hash })])],
    });
    const basic = (password: string) => ({ authorization: `Basic ${Buffer.from(`me:${password}`).toString('base64')}` });
    const asked = await ask('/staff', {}, { from: '127.0.9.5' });
    expect([asked.status, asked.headers['www-authenticate']]).toEqual([
      401,
      'Basic realm="This part of the site", charset="UTF-8"',
    ]);
    expect(action(await ask('/staff', basic('wrong'), { from: '127.0.9.5' }))).toBe('401 password');
    expect(action(await ask('/staff', { authorization: 'Bearer x' }, { from: '127.0.9.5' }))).toBe('401 password');
    const let_in = await ask('/staff', basic('a long password'), { from: '127.0.9.5' });
    expect(let_in.status).toBe(200);
    expect(JSON.parse(let_in.body).headers.authorization).toBeUndefined();
    expect(JSON.parse((await ask('/', basic('x'), { from: '127.0.9.5' })).body).headers.authorization).toBeDefined();
    for (let index = 0; index < 19; index += 1) await ask('/staff', basic(`guess ${index}`), { from: '127.0.9.6' });
    expect((await ask('/staff', basic('guess'), { from: '127.0.9.6' })).status).toBe(401);
    const started = performance.now();
    expect((await ask('/staff', basic('one more'), { from: '127.0.9.6', timeoutMs: 20_000 })).status).toBe(429);
    expect(performance.now() - started).toBeGreaterThan(2000);
  });

  it('closes the site for a while, but not to those who are allowed', async () => {
    const maintenance = { sentence: 'We move to <new> "disks" until noon.', retryAfterSeconds: 600 };
    await edge.change({
      sites: [
        ruled(
          [rule('us', 'path starts "/status"', { do: 'allow' }), rule('x', 'path is "/x"', { do: 'deny' })],
          { maintenance },
          { networks: [{ cidr: '127.0.9.7/32', action: 'allow' }] },
        ),
      ],
    });
    const closed = await ask('/', navigation);
    expect([action(closed), closed.headers['retry-after']]).toEqual(['503 maintenance', '600']);
    expect(closed.body).toContain('We move to &lt;new&gt; &#34;disks&#34; until noon.');
    expect(JSON.parse((await ask('/', { accept: 'application/json' })).body)).toMatchObject({
      owner: maintenance.sentence,
      status: 503,
    });
    expect(action(await ask('/status'))).toBe('200 -');
    expect(action(await ask('/x'))).toBe('403 deny');
    expect(action(await ask('/', {}, { from: '127.0.9.7' }))).toBe('200 -');
  });
});

it('headers of the owner are set on answers and towards the origin, and those that it takes away are gone', async () => {
  const headers = {
    answers: [
      { header: 'x-frame-options', value: 'DENY' },
      { header: 'content-security-policy', value: "default-src 'self'; x %[src] | y" },
      { header: 'server', value: null },
    ],
    originSecret: 'secret-of-sixteen',
  };
  await edge.change({ sites: [ruled([], { headers })] });
  const met = await ask();
  expect(met.headers).toMatchObject({ 'x-frame-options': 'DENY', 'content-security-policy': "default-src 'self'; x %[src] | y" });
  expect(met.headers.server).toBeUndefined();
  expect(JSON.parse(met.body).headers['x-portcullis-secret']).toBe('secret-of-sixteen');
});

describe('an order goes before the owner’s rules', () => {
  const everything: readonly [string, Then][] = [
    ['allow', { do: 'allow' }],
    ['deny', { do: 'deny' }],
    ['redirect', { do: 'redirect', status: 302, to: 'https://mirror.example', keepPath: true }],
    ['challenge', { do: 'challenge' }],
    ['limit', { do: 'limit', requestsPer10s: 1000 }],
  ];
  it.each(everything)('a notice is shown whatever the rule does: %s', async (_name, then) => {
    const one = ruled([rule('all', 'path starts "/"', then)]);
    await edge.change({ sites: [one], orders: [order(1, one)] });
    expect((await ask('/x')).headers['portcullis-action']).toBe('notice');
    await edge.change({
      sites: [one],
      orders: [order(2, one, { measure: 'notice-on-path', scope: { siteId: one.siteId, hostnames: [], path: '/x' } })],
    });
    expect((await ask('/x/y')).headers['portcullis-action']).toBe('notice');
    await edge.change({
      sites: [one],
      orders: [order(3, one, { scope: { siteId: one.siteId, hostnames: [host], path: null } })],
    });
    expect((await ask('/x')).headers['portcullis-action']).toBe('notice');
  });

  it('during maintenance too, and where no order is, the rule acts although there is an order on another path', async () => {
    const one = ruled([rule('a', 'path is "/b"', { do: 'deny' })], {
      maintenance: { sentence: 'Later.', retryAfterSeconds: 60 },
    });
    await edge.change({
      sites: [one],
      orders: [order(4, one, { measure: 'notice-on-path', scope: { siteId: one.siteId, hostnames: [], path: '/a' } })],
    });
    expect(action(await ask('/a'))).toBe('403 notice');
    expect(action(await ask('/b'))).toBe('403 deny');
    expect(action(await ask('/c'))).toBe('503 maintenance');
  });

  it('an allowance passes neither an order’s challenge nor its limit, and a limit of the owner’s does not widen it', async () => {
    const one = ruled([
      rule('all', 'path is "/a"', { do: 'allow' }),
      rule('own', 'path is "/b"', { do: 'limit', requestsPer10s: 1000 }),
    ]);
    await edge.change({ sites: [one], orders: [order(5, one, { measure: 'challenge' })] });
    expect((await ask('/a', navigation)).headers['portcullis-action']).toBe('challenge');
    await edge.change({ sites: [one], orders: [order(6, one, { measure: 'rate-limit', requestsPer10s: 3 })] });
    const statuses: number[] = [];
    for (const path of ['/a', '/b', '/a', '/b', '/a', '/b']) statuses.push((await ask(path, {}, { from: '127.0.9.8' })).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429, 429]);
  });
});

function seed(): { seed?: number } {
  const given = process.env['RULES_SEED'];
  return given === undefined ? {} : { seed: Number(given) };
}
