/**
 * What an agent keeps when something dies: the control plane, HAProxy, the agent itself, the machine.
 */
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ProviderPolicy } from '../contract/policy.ts';
import { askOnce } from '../edge/haproxy/runtime-socket.ts';
import { startTestEdge } from './harness/agent.ts';
import type { TestEdge } from './harness/agent.ts';
import { TestControl, testToken } from './harness/control-plane.ts';
import { startEcho } from './harness/echo.ts';
import type { Echo } from './harness/echo.ts';
import { clearanceKey, order, provider, site } from './harness/haproxy.ts';
import { freePorts, isRunning, removeFolder, temporaryFolder, until } from './harness/ports.ts';
import { processesNaming, startProgram } from './harness/program.ts';
import type { Program } from './harness/program.ts';
import { visit } from './harness/visitor.ts';

let control: TestControl;
let echo: Echo;
let state = '';
let edge: TestEdge | null = null;

beforeEach(async () => {
  state = temporaryFolder('survival');
  control = new TestControl();
  echo = await startEcho();
  await control.start();
  control.commit([provider, clearanceKey(1), forum()]);
});
afterEach(async () => {
  await edge?.stop();
  edge = null;
  await control.stop();
  await echo.stop();
  for (const { pid } of await processesNaming(state)) process.kill(pid, 'SIGKILL');
  removeFolder(state);
});

const unlimited = { requestsPer10s: null, concurrentPerClient: 100, concurrentPerSite: 2000 };
const forum = () => site(1, ['forum.example'], echo.port, { limits: unlimited });
const acked = (revision: number) =>
  until(`revision ${revision} is acknowledged`, () => control.of('ack').some((ack) => ack.revision === revision));
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const masterPid = (folder: string) => Number(readFileSync(join(folder, 'haproxy', 'haproxy.pid'), 'utf8'));

async function started(): Promise<TestEdge> {
  edge = await startTestEdge(control, state);
  await acked(control.revision);
  return edge;
}

/**
 * A visitor who asks without a pause on one kept connection until the signal.
 *
 * What must never be lost is a request that is under way: one that the origin saw (`seen`), or the first of a connection. Between two requests either side
 * may close a kept connection, and whoever meets that asks again (RFC 9112, 9.3.1 and 9.5). The edge does not do so at a reload: in 20 of them 24 such
 * visitors each got “Connection: close” with an answer, and none of 258,666 requests was cut. A stalled machine may, by a time-out for idle connections.
 */
async function askOnKept(
  port: number,
  seen: () => number,
  signal: AbortSignal,
): Promise<{ readonly statuses: number[]; readonly closedBetween: number; readonly lost: string[] }> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const statuses: number[] = [];
  const lost: string[] = [];
  let kept = false;
  let closedBetween = 0;
  while (!signal.aborted) {
    try {
      const { status, headers } = await visit({ port, host: 'forum.example', agent });
      statuses.push(status);
      kept = headers.connection !== 'close';
    } catch (error) {
      if (kept && seen() === statuses.length) closedBetween += 1;
      else lost.push(String(error));
      kept = false;
      if (lost.length > 3) break;
    }
  }
  agent.destroy();
  return { statuses, closedBetween, lost };
}

describe('without a control plane', () => {
  it('an edge boots from disk and enforces orders before it serves', async () => {
    const one = await started();
    await acked(control.change([order(1, forum())]));
    await one.stop();
    await control.stop();
    // From the first answer on it is the notice: a visitor that asks without pause never sees the site.
    const seen: number[] = [];
    let asking = true;
    const visitor = (async () => {
      while (asking) seen.push(await one.status('forum.example').catch(() => 0));
    })();
    await one.start();
    await until('the edge has answered', () => seen.includes(403));
    asking = false;
    await visitor;
    expect(new Set(seen.filter((status) => status !== 0))).toEqual(new Set([403]));
    expect(one.agent().isConnected).toBe(false);
  });

  it('an order starts and ends at its time, also across a restart, and its receipts come when the control plane is back', async () => {
    const one = await started();
    const later = order(1, forum(), { startsAt: inMs(2000), endsAt: inMs(5000) });
    const fixed = order(2, forum(), { startsAt: inMs(60_000) });
    await acked(control.change([later, fixed]));
    await control.stop();
    expect(await one.status('forum.example')).toBe(200);
    // Asked often enough to see it, and seldom enough to stay below what an edge takes from one address.
    await until('the order starts', async () => (await one.status('forum.example')) === 403, { everyMs: 100 });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(later.startsAt));
    await until('the order ends', async () => (await one.status('forum.example')) === 200, { everyMs: 100 });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(later.endsAt));
    await one.stop();
    await one.start();
    expect(await one.status('forum.example')).toBe(200);
    await control.start();
    await until(
      'both receipts come',
      () =>
        control.receipts.some(({ body }) => body.state === 'enforced') &&
        control.receipts.some(({ body }) => body.state === 'lifted'),
    );
  });

  it('an order that ended while the edge was off is not enforced when it boots', async () => {
    const one = await started();
    const short = order(1, forum(), { endsAt: inMs(1200) });
    await acked(control.change([short]));
    expect(await one.status('forum.example')).toBe(403);
    await control.stop();
    await one.stop();
    await until('its end has passed', () => Date.now() > Date.parse(short.endsAt));
    await one.start();
    expect(await one.status('forum.example')).toBe(200);
  });

  it('an edge that was offline during the block enforces it before it serves', async () => {
    const one = await started();
    await one.stop();
    control.commit([order(1, forum())]);
    await one.start();
    await acked(control.revision);
    expect(await one.status('forum.example')).toBe(403);
  });

  it('nothing is lifted when the control plane goes, and it is current within two seconds of its return', async () => {
    const one = await started();
    await acked(control.change([order(1, forum())]));
    await control.stop();
    await until('the edge has noticed', () => !one.agent().isConnected);
    expect(await one.status('forum.example')).toBe(403);
    control.commit([site(2, ['second.example'], echo.port)]);
    await control.start();
    const began = performance.now();
    await acked(control.revision);
    expect(performance.now() - began).toBeLessThan(2000);
    expect([await one.status('forum.example'), await one.status('second.example')]).toEqual([403, 200]);
  });
});

describe('HAProxy', () => {
  it('is brought up again with every order in force when it is killed, worker or master, again and again', async () => {
    const one = await started();
    await acked(control.change([order(1, forum()), site(2, ['open.example'], echo.port)]));
    for (let round = 0; round < 6; round += 1) {
      const worker = one.agent().workerPid ?? 0;
      process.kill(round % 2 === 0 ? worker : masterPid(one.state), 'SIGKILL');
      await until('another worker serves', () => one.agent().haproxy === 'up' && one.agent().workerPid !== worker);
      expect([await one.status('forum.example'), await one.status('open.example')]).toEqual([403, 200]);
      const revision = control.change([site(3 + round, [`round${round}.example`], echo.port)]);
      await acked(revision);
      expect(await one.status(`round${round}.example`)).toBe(200);
    }
  });

  it('acknowledges a change that came while HAProxy was dead only when it is in force', async () => {
    const one = await started();
    process.kill(masterPid(one.state), 'SIGKILL');
    const revision = control.change([order(1, forum())]);
    await acked(revision);
    // The worker may outlive its master for a moment, take the change, and end: then nothing answers before the next one holds it too.
    expect(await until('it answers', () => one.status('forum.example'))).toBe(403);
  });

  it('is adopted by the next agent, which brings it to the policy without a restart', async () => {
    const one = await started();
    await acked(control.change([order(1, forum())]));
    await until('HAProxy has settled', () => one.agent().haproxy === 'up');
    const worker = one.agent().workerPid;
    await one.stop('leave-haproxy');
    expect(await one.status('forum.example')).toBe(403);
    await askOnce(join(one.state, 'haproxy', 'admin.sock'), `clear map ${join(one.state, 'haproxy', 'maps', 'states.map')}`);
    expect(await one.status('forum.example')).toBe(200);
    control.commit([site(2, ['second.example'], echo.port)]);
    await one.start();
    expect(one.agent().workerPid).toBe(worker);
    expect(await one.status('forum.example')).toBe(403);
    await acked(control.revision);
    expect(await one.status('second.example')).toBe(200);
  });

  it('is brought back to the policy when someone else reloads it from old map files', async () => {
    const one = await started();
    await acked(control.change([order(1, forum())]));
    await until('HAProxy has settled', () => one.agent().haproxy === 'up');
    process.kill(masterPid(one.state), 'SIGUSR2');
    await until('the old maps are loaded', async () => (await one.status('forum.example')) === 200);
    await until('the order is in force again', async () => (await one.status('forum.example')) === 403);
    expect(one.log()).toContain('reloaded by someone else');
  });

  it('reloads for new pages without losing a request, an order or a change that comes meanwhile', async () => {
    const one = await started();
    const before = echo.hits();
    const asking = new AbortController();
    const visitor = askOnKept(one.port, () => echo.hits() - before, asking.signal);
    try {
      const worker = one.agent().workerPid;
      control.change([ProviderPolicy.parse({ kind: 'provider', name: 'Renamed Shield', publicUrl: 'https://renamed.example' })]);
      await acked(control.change([order(1, site(2, ['second.example'], echo.port)), site(2, ['second.example'], echo.port)]));
      expect(one.agent().workerPid).not.toBe(worker);
      expect((await one.get('second.example')).status).toBe(403);
      expect((await one.get('unknown.example')).status).toBe(421);
    } finally {
      asking.abort();
    }
    const { statuses, closedBetween, lost } = await visitor;
    expect(lost).toEqual([]);
    expect(closedBetween).toBeLessThanOrEqual(1);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(echo.hits() - before).toBe(statuses.length);
  });

  it('does not answer with old orders on connections that an ending worker still holds', async () => {
    const one = await started();
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const kept = () => visit({ port: one.port, host: 'forum.example', agent }).then(({ status }) => status);
    expect(await kept()).toBe(200);
    await acked(
      control.change([ProviderPolicy.parse({ kind: 'provider', name: 'Renamed Shield', publicUrl: 'https://renamed.example' })]),
    );
    await acked(control.change([order(1, forum())]));
    expect(await kept()).toBe(403);
    agent.destroy();
  });

  it('keeps the last good configuration when a new one is refused', async () => {
    const one = await started();
    await one.stop();
    const broken = startTestEdge(control, state, {
      plan: (plan) => ({ ...plan, paths: { ...plan.paths, originTrust: '/nowhere/trust.pem' } }),
    });
    edge = await broken;
    await until('it is connected', () => edge?.agent().isConnected === true);
    expect(edge.log()).toContain('the last good one is used');
    const goods = readdirSync(join(edge.state, 'haproxy')).filter((name) => name === 'good');
    expect(goods).toEqual(['good']);
    expect(edge.agent().haproxy).toBe('up');
    await acked(control.change([order(1, forum())]));
    control.forgetDeltas();
    control.commit([ProviderPolicy.parse({ kind: 'provider', name: 'Renamed Shield', publicUrl: 'https://renamed.example' })]);
    control.commit([site(2, ['second.example'], echo.port)]);
    await control.stop();
    await control.start();
    await acked(control.revision);
    // The last good configuration listens where the edge before did.
    expect([await one.status('forum.example'), await one.status('second.example')]).toEqual([403, 200]);
  });
});

describe('the program', () => {
  async function program(): Promise<{ readonly run: () => Program; readonly http: number }> {
    const [web = 0, metrics = 0] = await freePorts(2);
    const run = () =>
      startProgram([
        'edge',
        ...['--control', control.url, '--token', testToken, '--state', state],
        ...['--http', `127.0.0.1:${web}`, '--https', 'off', '--metrics', `127.0.0.1:${metrics}`],
      ]);
    return { run, http: web };
  }
  const status = (port: number, host: string) => visit({ port, host }).then((met) => met.status);

  it('killed at any moment loses nothing that it acknowledged, and HAProxy serves on', async () => {
    const { run, http: port } = await program();
    let agent = run();
    await acked(1);
    let sites = 0;
    for (let round = 0; round < 5; round += 1) {
      const ends = [0, 3, 11, 40, 120][round] ?? 0;
      const killed = new Promise((resolve) => setTimeout(resolve, ends)).then(() => agent.signal('SIGKILL'));
      for (let change = 0; change < 20; change += 1) {
        sites += 1;
        control.change([site(sites + 1, [`s${sites}.example`], echo.port)]);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await killed;
      await agent.ended;
      expect(await status(port, 'forum.example')).toBe(200);
      const most = Math.max(...control.of('ack').map(({ revision }) => revision));
      control.said.length = 0;
      agent = run();
      const held = await until('the edge subscribes again', () => control.of('subscribe')[0]?.revision);
      expect(held).toBeGreaterThanOrEqual(most);
      if (held < control.revision) await acked(control.revision);
      expect(await status(port, `s${sites}.example`)).toBe(200);
    }
    await agent.stop('SIGTERM');
    expect(await processesNaming(join(state, 'edge', 'haproxy'))).toEqual([]);
  });

  it('refuses a second agent on the same state, and a token that is not valid, each with a sentence', async () => {
    const { run } = await program();
    const first = run();
    await acked(1);
    const second = run();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(`Another edge agent (process ${first.pid})`);
    await first.stop('SIGTERM');
    const other = temporaryFolder('refused');
    const refused = startProgram([
      'edge',
      '--control',
      control.url,
      '--token',
      'not-the-token-0123456789',
      '--state',
      other,
      '--metrics',
      'off',
    ]);
    expect(await refused.ended).toBe(5);
    expect(refused.output()).toContain('refused to enrol this edge');
    removeFolder(other);
  });

  it('says which port is taken', async () => {
    const [metrics = 0] = await freePorts(1);
    const taken = echo.port;
    const agent = startProgram([
      'edge',
      ...['--control', control.url, '--token', testToken, '--state', state],
      ...['--http', `127.0.0.1:${taken}`, '--https', 'off', '--metrics', `127.0.0.1:${metrics}`],
    ]);
    expect(await agent.ended).toBe(1);
    expect(agent.output()).toContain(`HAProxy cannot listen on 127.0.0.1:${taken}`);
  });

  it('stops HAProxy with it on SIGTERM, and leaves no process', async () => {
    const { run, http: port } = await program();
    const agent = run();
    await acked(1);
    expect(await status(port, 'forum.example')).toBe(200);
    const pids = (await processesNaming(state)).map(({ pid }) => pid);
    expect(await agent.stop('SIGTERM')).toBe(0);
    for (const pid of pids) expect(await isRunning(pid)).toBe(false);
  });
});
