/**
 * `npm run bench -- flood`: what a flood of one site does to a cleared visitor of it, and to a visitor of a neighbour on the same edge.
 *
 * Probes are sent at a fixed rate whether or not earlier ones were answered (open loop), so waiting shows; quiet and flood take turns, and
 * each ratio is taken within its round. The peer is bare HAProxy with one origin for both sites: what the same flood does without a shield.
 * What can go wrong: flood, probes and origin share a CPU, which the quiet half does not have to share; so ratios are upper bounds.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import http from 'node:http';
import { cpus, setPriority } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultSiteLimits } from '../../contract/policy.ts';
import { site, startEdge } from '../../tests/harness/haproxy.ts';
import { clearance, takePriority } from '../edge/main.ts';
import { pin } from '../edge/load.ts';
import { startBareHaproxy, startOrigin } from '../edge/peers.ts';
import { machine } from '../machine.ts';
import { whileRunning } from '../running.ts';

const help = `Usage: npm run bench -- flood [--json] [--rounds N] [--seconds N] [--connections N]

A flood of requests without a clearance at one site, from many addresses: goodput and p99 of a cleared visitor of it and of a visitor of
another site, quiet and in the flood, beside bare HAProxy. Needs haproxy, nginx and taskset (Debian: apt install haproxy nginx-light util-linux).

  --json           print one JSON object and nothing else
  --rounds N       rounds (default 3)
  --seconds N      length of each half of a round (default 4)
  --connections N  of the flood, each from an address of its own (default 500)
`;

const probesPerSecond = 100;
const probeTimeoutMs = 3000;
/** Twenty visitors, each far below the limits of one. */
const addresses = Array.from({ length: 20 }, (_, index) => `127.200.0.${index + 1}`);

type Probe = { readonly host: string; readonly port: number; readonly visitors: readonly Visitor[] };
/** Somebody at an address of their own, with a clearance or without. */
type Visitor = { readonly address: string; readonly cookie: string | null };
type Half = { readonly sent: number; readonly good: number; readonly p99Ms: number };
type Figure = { readonly value: number; readonly unit: string; readonly goal?: number; readonly runs: number };
type Round = { readonly quiet: Half; readonly flood: Half };

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '4' },
      connections: { type: 'string', default: '500' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const [rounds, seconds, connections] = [values.rounds, values.seconds, values.connections].map(Number);
  if (![rounds, seconds, connections].every((value) => Number.isInteger(value) && Number(value) > 0) || cpus().length < 2) {
    process.stderr.write('--rounds, --seconds and --connections take whole numbers, and the machine needs two CPUs.\n');
    return 2;
  }
  const on = machine();
  takePriority();
  const results = await measure(rounds ?? 3, seconds ?? 4, connections ?? 500);
  const figures: Record<string, Figure> = {};
  for (const [name, halves] of Object.entries(results)) {
    // The peer has no goals: it is there to be compared with.
    const goals = name !== 'bare_';
    const goodput = figure(halves, 'ratio', ({ flood, quiet }) => flood.good / flood.sent / (quiet.good / quiet.sent));
    const slower = figure(halves, 'ratio', ({ flood, quiet }) => flood.p99Ms / quiet.p99Ms);
    figures[`${name}goodput_ratio`] = goals ? { ...goodput, goal: 0.99 } : goodput;
    figures[`${name}p99_vs_quiet`] = goals ? { ...slower, goal: 2 } : slower;
    figures[`${name}p99_quiet_ms`] = figure(halves, 'ms', ({ quiet }) => quiet.p99Ms);
    figures[`${name}p99_flood_ms`] = figure(halves, 'ms', ({ flood }) => flood.p99Ms);
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'flood', machine: on, figures })}\n`);
  else for (const [name, { value }] of Object.entries(figures)) process.stdout.write(`${name.padEnd(34)}${value.toFixed(3)}\n`);
  return 0;
}

async function measure(rounds: number, seconds: number, connections: number): Promise<Record<string, Round[]>> {
  return whileRunning('flood', async (folder, keep) => {
    const origin = keep(await startOrigin(folder));
    const bare = keep(await startBareHaproxy(folder, origin.port));
    const limits = defaultSiteLimits;
    const challenge = { expectedHashes: 65_536, clearanceSeconds: 86_400, pagesPer10Min: null };
    const flooded = site(1, ['flooded.example'], origin.port, { mode: 'attack', limits, challenge });
    const neighbour = site(2, ['neighbour.example'], origin.port, { limits });
    const edge = keep(await startEdge({ sites: [flooded, neighbour], orders: [] }));
    await pin(edge.pid, 0);
    await pin(process.pid, 1);
    const cases: Record<string, Probe> = {
      '': {
        host: 'flooded.example',
        port: edge.port,
        visitors: addresses.map((address) => ({ address, cookie: clearance(flooded, 0, address) })),
      },
      neighbour_: {
        host: 'neighbour.example',
        port: edge.port,
        visitors: addresses.map((address) => ({ address, cookie: null })),
      },
      bare_: { host: 'neighbour.example', port: bare.port, visitors: addresses.map((address) => ({ address, cookie: null })) },
    };
    const results: Record<string, Round[]> = {};
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, probe] of Object.entries(cases)) {
        await probes(probe, 1);
        const quiet = await probes(probe, seconds);
        const flood = await startFlood(probe.port, connections);
        try {
          // Behind the probes and the origin on their CPU: it shall not be what makes them wait.
          setPriority(flood.pid ?? 0, 0);
          await pin(flood.pid ?? 0, 1);
          await probes(probe, 1);
          (results[name] ??= []).push({ quiet, flood: await probes(probe, seconds) });
        } finally {
          await ended(flood);
        }
      }
    }
    return results;
  });
}

/** Sends probes at the fixed rate and waits for all of them. */
async function probes(probe: Probe, seconds: number): Promise<Half> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const began = performance.now();
  const all: Promise<number | null>[] = [];
  for (let index = 0; index < seconds * probesPerSecond; index += 1) {
    const dueMs = (index * 1000) / probesPerSecond;
    const waitMs = began + dueMs - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const visitor = probe.visitors[index % probe.visitors.length];
    if (visitor !== undefined) all.push(ask(probe, visitor, agent));
  }
  const took = await Promise.all(all);
  agent.destroy();
  const good = took.filter((ms) => ms !== null).sort((a, b) => a - b);
  // One that failed counts as one that took the whole time-out.
  const inOrder = [...good, ...Array.from({ length: took.length - good.length }, () => probeTimeoutMs)];
  return { sent: took.length, good: good.length, p99Ms: inOrder[Math.floor(inOrder.length * 0.99)] ?? probeTimeoutMs };
}

/** Milliseconds until the whole answer was there; null when it was not the site's own. */
function ask({ host, port }: Probe, { address, cookie }: Visitor, agent: http.Agent): Promise<number | null> {
  const began = performance.now();
  return new Promise((resolve) => {
    const request = http.request({
      host: '127.0.0.1',
      localAddress: address,
      port,
      agent,
      setHost: false,
      timeout: probeTimeoutMs,
      headers: { host, accept: 'text/html', 'user-agent': 'Mozilla/5.0', ...(cookie === null ? {} : { cookie }) },
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(null));
    request.once('response', (response) => {
      response.once('error', () => resolve(null));
      response.once('end', () => resolve(response.statusCode === 200 ? performance.now() - began : null));
      response.resume();
    });
    request.end();
  });
}

async function startFlood(port: number, connections: number): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'flooder.ts'), String(port), 'flooded.example', String(connections)],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.stdout?.once('data', () => resolve());
  });
  return child;
}

/** Its pipe is closed, which it takes for its end. */
function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.stdin?.end();
  });
}

function figure(rounds: readonly Round[], unit: string, of: (round: Round) => number): Figure {
  const sorted = rounds.map(of).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return { value: Math.round(median * 1000) / 1000, unit, runs: sorted.length };
}
