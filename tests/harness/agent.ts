/**
 * An edge agent in the test's own process, with a test control plane, a real HAProxy and a real origin.
 *
 * `restart` stops the agent and starts another on the same folder, as a machine does that was switched off and on.
 */
import { join } from 'node:path';
import { pino } from 'pino';
import { createServer, connect } from 'node:net';
import type { Server } from 'node:net';
import { EdgeAgent } from '../../edge/agent.ts';
import type { AgentParts } from '../../edge/agent.ts';
import { readConfig } from '../../edge/config.ts';
import { loadOrEnrol } from '../../edge/identity.ts';
import { preparePlan } from '../../edge/machine.ts';
import { createMetrics } from '../../edge/telemetry/metrics.ts';
import type { EdgePlan } from '../../edge/render/types.ts';
import { testToken } from './control-plane.ts';
import type { TestControl } from './control-plane.ts';
import { freePort } from './ports.ts';
import { visit } from './visitor.ts';
import type { Met } from './visitor.ts';

export type TestEdge = {
  readonly agent: () => EdgeAgent;
  readonly state: string;
  readonly port: number;
  /** Log lines of the agent so far, as they were printed. */
  readonly log: () => string;
  readonly get: (host: string, path?: string) => Promise<Met>;
  readonly status: (host: string, path?: string) => Promise<number>;
  readonly stop: (how?: 'with-haproxy' | 'leave-haproxy') => Promise<void>;
  readonly start: () => Promise<void>;
};

export type TestEdgeOptions = {
  readonly parts?: Partial<AgentParts>;
  /** Changes how the agent sees the machine, such as another admin socket than HAProxy's own. */
  readonly plan?: (plan: EdgePlan, asked: 'by-renderer' | 'by-agent') => EdgePlan;
};

/** Starts an agent that enrols at a control plane. The caller stops it and removes the folder. */
export async function startTestEdge(control: TestControl, state: string, options: TestEdgeOptions = {}): Promise<TestEdge> {
  const port = await freePort();
  const read = readConfig(
    [
      '--control',
      control.url,
      '--token',
      testToken,
      '--state',
      state,
      '--http',
      `127.0.0.1:${port}`,
      '--https',
      'off',
      '--metrics',
      'off',
      '--captcha',
      'off',
      '--keep-forms',
      'off',
    ],
    {},
  );
  if (read.kind !== 'config') throw new Error('the test edge has a mistake in its flags');
  const { config } = read;
  let printed = '';
  const log = pino({ level: 'debug' }, { write: (line: string) => (printed += line) });
  let agent: EdgeAgent | null = null;
  const running = () => {
    if (agent === null) throw new Error('the edge is stopped');
    return agent;
  };
  const versions = { agent: 'test', haproxy: 'test' };
  const start = async () => {
    const made = await preparePlan(config);
    const plan = (pagesFolder: string) =>
      options.plan?.(made(pagesFolder), pagesFolder === '/' ? 'by-agent' : 'by-renderer') ?? made(pagesFolder);
    const identity = await loadOrEnrol({
      folder: config.folder,
      controlUrl: config.controlUrl,
      name: 'test',
      versions,
      token: async () => testToken,
      log,
      signal: AbortSignal.timeout(10_000),
    });
    agent = await EdgeAgent.start({
      folder: config.folder,
      identity,
      controlUrl: config.controlUrl,
      versions,
      plan,
      haproxyBinary: config.haproxyBinary,
      networkFiles: config.networkFiles,
      crawlerFolder: config.crawlerFolder,
      crawlerDns: { namesOf: () => Promise.resolve([]), addressesOf: () => Promise.resolve([]) },
      metrics: createMetrics(),
      log,
      nowMs: Date.now,
      chance: Math.random,
      ...options.parts,
    });
  };
  await start();
  const get = (host: string, path = '/') => visit({ port, host, path });
  return {
    agent: running,
    state: config.folder,
    port,
    log: () => printed,
    get,
    status: async (host, path) => (await get(host, path)).status,
    start,
    stop: async (how = 'with-haproxy') => {
      await agent?.stop(how);
      agent = null;
    },
  };
}

/**
 * Stands between an agent and the admin socket, and refuses `add map` and `set map` lines that hold a word: what a HAProxy does that
 * cannot take an entry.
 */
export async function refusingSocket(
  folder: string,
  word: string,
): Promise<{ readonly path: string; readonly close: () => Promise<void> }> {
  const path = join(folder, 'refusing.sock');
  const behind = join(folder, 'admin.sock');
  const server: Server = createServer({ allowHalfOpen: true }, (agent) => {
    const haproxy = connect({ path: behind, allowHalfOpen: true });
    agent.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8');
      if (/^(add|set) map/.test(text) && text.includes(word)) agent.write('entry refused by the test.\n\n> ');
      else haproxy.write(chunk);
    });
    haproxy.on('data', (chunk: Buffer) => agent.write(chunk));
    agent.on('end', () => haproxy.end());
    haproxy.on('end', () => agent.end());
    for (const [one, other] of [
      [agent, haproxy],
      [haproxy, agent],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return { path, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
