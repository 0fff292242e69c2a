import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Order } from '../contract/routes/orders.ts';
import { Site } from '../contract/routes/sites.ts';
import { Status } from '../contract/routes/house.ts';
import { exitCodes } from './exit-codes.ts';
import { run } from './program.ts';

const status = Status.parse({
  provider: 'Gate co-op',
  version: '0.1.0',
  now: '2026-11-22T16:00:00.000Z',
  database: 'embedded',
  sites: 2,
  sitesReady: 1,
  ordersInForce: 0,
  ordersWaiting: 1,
  alarmsOpen: 0,
  groups: [{ group: 'default', head: 7, edges: 1, current: 1, away: 0, p50Ms: 12, p99Ms: 40 }],
});

function order(enforced: number, tookMs: number | null): Order {
  return Order.parse({
    orderId: 'order_000000000001',
    decision: 'D-2026-0001',
    state: 'confirmed',
    inForce: true,
    measure: 'notice-on-host',
    siteId: 'site_000000000001',
    siteName: 'forum.example',
    hostnames: [],
    path: null,
    requestsPer10s: null,
    basis: { kind: 'own-decision' },
    internalReason: 'An internal reason.',
    publicReason: 'Somebody is in danger.\u001b[2J',
    startsAt: '2026-11-22T16:00:00.000Z',
    endsAt: '2026-11-25T16:00:00.000Z',
    proposer: { personId: 'person_000000000001', name: 'Ada' },
    proposedAt: '2026-11-22T16:00:00.000Z',
    confirmer: { personId: 'person_000000000002', name: 'Grace' },
    confirmedAt: '2026-11-22T16:00:00.000Z',
    breakGlass: null,
    lifter: null,
    liftedAt: null,
    liftReason: null,
    statementUrl: 'http://localhost:8600/decisions/D-2026-0001',
    revision: 7,
    receipts: { expected: 1, enforced, lifted: 0, failed: 0, tookMs },
  });
}

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

/** A control plane by its wire format only: what the commands do is judged by what they send and how they take the answers. */
let answers: Map<string, Answer>;
let seen: { line: string; token: string | undefined; body: string }[];
let server: Server;
let url: string;
let state: string;

beforeEach(async () => {
  answers = new Map();
  seen = [];
  state = mkdtempSync(join(tmpdir(), 'portcullis-cli-'));
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('utf8')));
    request.on('end', () => {
      const line = `${request.method ?? ''} ${request.url ?? ''}`;
      seen.push({ line, token: request.headers.authorization, body });
      const answer = answers.get(line);
      if (answer === undefined) json(response, 404, problem('not-found', 404));
      else answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(state, { recursive: true, force: true });
});

function json(response: ServerResponse, code: number, value: unknown): void {
  response
    .writeHead(code, { 'content-type': code < 400 ? 'application/json' : 'application/problem+json' })
    .end(JSON.stringify(value));
}

function problem(code: string, status: number): unknown {
  return {
    type: `http://localhost/errors/${code}`,
    code,
    title: 'It is so',
    status,
    detail: 'Because of that.',
    reference: 'ref-1',
  };
}

async function portcullis(line: string, env: Record<string, string> = {}): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await run(line.split(' '), {
    version: '0.1.0',
    roles: {
      control: async () => 70,
      edge: async (args) => 80 + args.length,
      captcha: async () => 90,
      captchaProvider: async () => 91,
      keeper: async () => 92,
      bots: async () => 91,
      witness: () => Promise.resolve(0),
      monitor: () => Promise.resolve(0),
      relay: async (args) => 60 + args.length,
    },
    up: { execPath: '/nonexistent', entry: '/nonexistent' },
    terminal: () => ({
      out: (text) => (out += text),
      err: (text) => (err += text),
      env: { PORTCULLIS_CONTROL: url, PORTCULLIS_TOKEN: 'pcl_secret', ...env },
      cwd: state,
      nowMs: () => Date.parse('2026-11-22T16:00:00.000Z'),
      fetch,
      interrupted: new AbortController().signal,
    }),
  });
  return { code, out, err };
}

describe('the command line', () => {
  it('prints an answer for people, and as one JSON value for scripts', async () => {
    answers.set('GET /api/v1/status', (_, response) => json(response, 200, status));
    const people = await portcullis('status');
    expect([people.code, people.err]).toEqual([exitCodes.ok.code, '']);
    expect(people.out).toContain('1 of 1 edges current, commit to edge 12 ms (p50), 40 ms (p99)');
    const scripts = await portcullis('status --json');
    expect(JSON.parse(scripts.out)).toEqual(status);
    expect(seen[0]?.token).toBe('Bearer pcl_secret');
  });

  it('tells what went wrong by its exit code and a sentence on the other stream', async () => {
    answers.set('GET /api/v1/edges', (_, response) => json(response, 401, problem('not-signed-in', 401)));
    answers.set('GET /api/v1/alarms?limit=200&open=true', (_, response) => response.writeHead(200).end('<html>a router’s page'));
    const codes = await Promise.all(
      ['frobnicate', 'site add http://192.0.2.7', 'order lift D-2026-0001', 'edge list', 'alarm list'].map((line) =>
        portcullis(line),
      ),
    );
    expect(codes.map(({ code }) => code)).toEqual([2, 2, 2, 5, 1]);
    expect(codes.map(({ out }) => out)).toEqual(['', '', '', '', '']);
    const away = await portcullis('status', { PORTCULLIS_CONTROL: 'http://127.0.0.1:9' });
    expect([away.code, away.err]).toEqual([exitCodes.unreachable.code, expect.stringContaining('does not answer')]);
    const scripts = await portcullis('edge list --json');
    expect(JSON.parse(scripts.err)).toMatchObject({ exit: 'notAllowed', problem: { code: 'not-signed-in' } });
  });

  it('answers --help everywhere with success', async () => {
    for (const line of ['--help', 'site --help', 'order place --help', 'verify --help', 'up --help', 'edge enrol --help']) {
      expect([line, (await portcullis(line)).code]).toEqual([line, 0]);
    }
  });

  it('hands everything after a role to that role, and keeps the edge’s own subcommands', async () => {
    expect((await portcullis('control --help')).code).toBe(70);
    expect((await portcullis('edge --control http://127.0.0.1:1 --help')).code).toBe(83);
    expect((await portcullis('edge list --help')).code).toBe(0);
  });

  it('lists the certificates of all sites to the last page, and takes no filter that the list does not know', async () => {
    const certificate = (id: string, more: object) => ({
      certificateId: `cert_00000000000${id}`,
      siteId: 'site_000000000001',
      siteName: 'Forum',
      source: 'own',
      names: [`${id}.forum.example`],
      issuer: 'Example CA',
      fingerprint: 'ab'.repeat(32),
      notBefore: '2026-11-01T00:00:00.000Z',
      notAfter: '2026-12-01T00:00:00.000Z',
      renewAt: null,
      createdAt: '2026-11-01T00:00:00.000Z',
      renewedAt: '2026-11-01T00:00:00.000Z',
      ...more,
    });
    const first = { items: [certificate('1', {})], next: 'more', total: 2 };
    const renews = { source: 'acme', renewAt: '2026-11-25T00:00:00.000Z' };
    const last = { items: [certificate('2', renews)], next: null, total: 2 };
    const path = 'GET /api/v1/certificates?limit=500&endsWithinDays=14';
    answers.set(path, (_, response) => json(response, 200, first));
    answers.set(`${path}&cursor=more`, (_, response) => json(response, 200, last));
    const listed = await portcullis('certificate list --days 14');
    expect([listed.code, listed.err]).toEqual([exitCodes.ok.code, '']);
    expect(listed.out).toMatch(/1\.forum\.example .*by a person\n.*2\.forum\.example .*2026-11-25/);
    const wrong = await portcullis('certificate list --days soon');
    expect([wrong.code, seen.length]).toEqual([exitCodes.usage.code, 2]);
  });

  it('never sends a token over plain http to another machine (fails closed)', async () => {
    const far = await portcullis('status', { PORTCULLIS_CONTROL: 'http://192.0.2.1' });
    expect([far.code, far.err]).toEqual([exitCodes.usage.code, expect.stringContaining('in the clear')]);
  });

  it('finds this machine’s control plane and token in the state folder', async () => {
    answers.set('GET /api/v1/status', (_, response) => json(response, 200, status));
    writeFileSync(join(state, 'operator.token'), 'pcl_operator\n');
    writeFileSync(join(state, 'running.json'), JSON.stringify({ pid: 1, startedAt: 'x', controlUrl: url }));
    const found = await portcullis(`status --state ${state}`, { PORTCULLIS_CONTROL: '', PORTCULLIS_TOKEN: '' });
    expect([found.code, seen[0]?.token]).toEqual([0, 'Bearer pcl_operator']);
  });

  it('does not let what others wrote steer the terminal', async () => {
    answers.set('GET /api/v1/orders/order_000000000001', (_, response) =>
      json(response, 200, { order: order(1, 31), receipts: [] }),
    );
    const shown = await portcullis('order show order_000000000001');
    expect(shown.out).toContain('Somebody is in danger.\ufffd[2J');
  });
});

describe('site', () => {
  const site = Site.parse({
    siteId: 'site_000000000001',
    accountId: 'acct_000000000001',
    group: 'default',
    name: 'Forum',
    hostnames: ['forum.example'],
    origin: { scheme: 'http', host: '192.0.2.7', port: 8000, hostHeader: null },
    originAddresses: ['192.0.2.7'],
    originFinding: null,
    mode: 'off',
    limits: { requestsPer10s: 500, concurrentPerClient: 100, concurrentPerSite: 2000 },
    networks: [{ cidr: '192.0.2.0/24', action: 'deny' }],
    challenge: { expectedHashes: 65_536, clearanceSeconds: 86_400 },
    https: { plain: 'serve', hsts: null, certificates: 'acme' },
    ownership: { state: 'waived', dnsName: '', dnsValue: '', fileUrl: '', fileContent: '', checkedAt: null, finding: null },
    ready: true,
    ordersInForce: [],
    createdAt: '2026-11-22T16:00:00.000Z',
    version: 3,
    propagation: { revision: 7, committedAt: '2026-11-22T16:00:00.000Z', edges: 1, applied: 1, tookMs: 31 },
  });

  /** What `site set` sent, given these flags. */
  async function sentBy(flags: string): Promise<unknown> {
    answers.set('GET /api/v1/sites?search=forum.example&limit=500', (_, response) =>
      json(response, 200, { items: [site], next: null, total: 1 }),
    );
    answers.set('PATCH /api/v1/sites/site_000000000001', (_, response) => json(response, 200, site));
    expect((await portcullis(`site set forum.example ${flags}`)).code).toBe(0);
    return JSON.parse(seen.at(-1)?.body ?? 'null');
  }

  it('set sends what was given and nothing else', async () => {
    expect(await sentBy('--attack')).toEqual({ mode: 'attack' });
    expect(await sentBy('--attack-path /search --attack-path /login')).toEqual({ attackPaths: ['/search', '/login'] });
    expect(await sentBy('--attack-path none')).toEqual({ attackPaths: [] });
    expect(await sentBy('--requests-per-10s none --clearance 2h')).toEqual({
      limits: { requestsPer10s: null },
      challenge: { clearanceSeconds: 7200 },
    });
    expect(await sentBy('--pages none --crawlers challenged')).toEqual({
      challenge: { pagesPer10Min: null, crawlers: 'challenged' },
    });
    expect(await sentBy('--keep-forms 0')).toEqual({ challenge: { keepBodiesUpTo: 0 } });
    expect(await sentBy('--bots none')).toEqual({ challenge: { bots: 'challenged' } });
    expect(await sentBy('--bots one,two')).toEqual({ challenge: { bots: ['one', 'two'] } });
    expect(await sentBy('--origin https://192.0.2.8 --host-header inner.example')).toEqual({
      origin: { scheme: 'https', host: '192.0.2.8', port: 443, hostHeader: 'inner.example' },
    });
    expect(await sentBy('--host-header inner.example')).toEqual({ origin: { ...site.origin, hostHeader: 'inner.example' } });
  });

  it('set merges networks with the present ones, under the version that it saw', async () => {
    expect(await sentBy('--allow 198.51.100.7')).toEqual({
      version: 3,
      networks: [...site.networks, { cidr: '198.51.100.7/32', action: 'allow' }],
    });
    expect(await sentBy('--forget 192.0.2.0/24')).toEqual({ version: 3, networks: [] });
  });

  it('set refuses mistakes before anything is sent', async () => {
    answers.set('GET /api/v1/sites?search=forum.example&limit=500', (_, response) =>
      json(response, 200, { items: [site], next: null, total: 1 }),
    );
    for (const flags of [
      '',
      ' --mode on',
      ' --forget 203.0.113.0/24',
      ' --deny everybody',
      ' --origin ftp://192.0.2.7',
      ' --origin http://192.0.2.7/path',
      ' --clearance 60',
    ]) {
      expect([flags, (await portcullis(`site set forum.example${flags}`)).code]).toEqual([flags, exitCodes.usage.code]);
    }
    expect(seen.every(({ line }) => line.startsWith('GET '))).toBe(true);
  });

  it('remove asks for --yes', async () => {
    expect((await portcullis('site remove forum.example')).code).toBe(exitCodes.usage.code);
    expect(seen).toEqual([]);
  });
});

describe('--wait', () => {
  const confirm = 'order confirm order_000000000001 --wait --timeout';

  it('is woken by the live stream and ends with the last receipt', async () => {
    let enforced = 0;
    let asked = 0;
    answers.set('POST /api/v1/orders/order_000000000001/confirm', (_, response) => json(response, 200, order(0, null)));
    answers.set('GET /api/v1/orders/order_000000000001', (_, response) => {
      asked += 1;
      json(response, 200, { order: order(enforced, enforced === 0 ? null : 31), receipts: [] });
    });
    answers.set('GET /api/v1/events', (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      setTimeout(() => {
        enforced = 1;
        const event = {
          kind: 'receipt',
          orderId: 'order_000000000001',
          edgeId: 'edge_000000000001',
          state: 'enforced',
          tally: order(1, 31).receipts,
        };
        response.write(`data: ${JSON.stringify(event)}\n\n`);
      }, 150);
    });
    const began = performance.now();
    const waited = await portcullis(`${confirm} 20s`);
    expect([waited.code, waited.out, asked]).toEqual([0, expect.stringContaining('1 of 1 edge, 31 ms'), 2]);
    expect(performance.now() - began).toBeLessThan(900);
  });

  it('falls back to asking when there is no stream', async () => {
    let asked = 0;
    answers.set('POST /api/v1/orders/order_000000000001/confirm', (_, response) => json(response, 200, order(0, null)));
    answers.set('GET /api/v1/orders/order_000000000001', (_, response) => {
      asked += 1;
      json(response, 200, { order: order(asked > 1 ? 1 : 0, asked > 1 ? 31 : null), receipts: [] });
    });
    expect((await portcullis(`${confirm} 20s`)).code).toBe(0);
  });

  it('says so when the time is up; what was asked stays done', async () => {
    answers.set('POST /api/v1/orders/order_000000000001/confirm', (_, response) => json(response, 200, order(0, null)));
    answers.set('GET /api/v1/orders/order_000000000001', (_, response) =>
      json(response, 200, { order: order(0, null), receipts: [] }),
    );
    const waited = await portcullis(`${confirm} 300ms`);
    expect([waited.code, waited.err]).toEqual([exitCodes.timedOut.code, expect.stringContaining('0 of 1 edge')]);
  });
});
