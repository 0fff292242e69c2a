/**
 * What do many sites cost on one edge? `npm run bench -- scale [--json]`.
 *
 * Edges with 1,000, 100,000 and a million sites run side by side on maps that the product's renderer made, and bare HAProxy beside them. A round
 * loads each with hostnames by Zipf's law and with evenly random ones; a cost is CPU per request, a ratio is taken within its round, the median
 * counts. Then, alone: memory of the worker, seconds from its start to its first answer, the replacement of the whole map of hostnames as the agent
 * does it with a visitor looking on, and the agent's own start from its copy on disk. One thread on CPU 0, load and origin on CPU 1.
 */
import { execFile, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { MapImage } from '../../edge/haproxy/map-image.ts';
import { replaceMap } from '../../edge/haproxy/map-writer.ts';
import { RuntimeSocket } from '../../edge/haproxy/runtime-socket.ts';
import { mapFile, mapNames } from '../../edge/render/index.ts';
import type { Edge } from '../../tests/harness/haproxy.ts';
import { startEdge } from '../../tests/harness/haproxy.ts';
import { freePorts, until } from '../../tests/harness/ports.ts';
import { takePriority } from '../edge/main.ts';
import { load, pin } from '../edge/load.ts';
import { startBareHaproxy, startOrigin } from '../edge/peers.ts';
import { machine } from '../machine.ts';
import { percentile } from '../propagation/percentile.ts';
import { whileRunning } from '../running.ts';
import { askedFor, hostOf, manySites } from './sites.ts';
import type { Spread } from './sites.ts';

const usage = `Usage: npm run bench -- scale [--json] [--sizes 1000,100000,1000000] [--rounds 7] [--seconds 2]

Cost of a request, memory, cold start and bulk replacement with many sites on one edge. The first size is what the others are compared with.
Needs haproxy, nginx and wrk, two CPUs, and about 8 GB of memory for a million sites (the agent's own start takes most of it).

  --json      print one JSON object and nothing else
  --sizes     numbers of sites, the smallest first
  --rounds    rounds of load; --seconds: the length of each
`;

const connections = 64;
/** Different requests of one load: enough that a million sites do not fit any cache. */
const draws = 100_000;
const agentMemoryMb = 12_000;

type Figure = { readonly value: number; readonly unit: string; readonly goal?: number };
type Sized = { readonly name: string; readonly count: number; readonly edge: Edge };

/** Runs the bench; `argv` is what follows its name. Returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'boolean', default: false },
      sizes: { type: 'string', default: '1000,100000,1000000' },
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '2' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const sizes = values.sizes.split(',').map(Number);
  const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
  if ([...sizes, rounds, seconds].some((value) => !Number.isInteger(value) || value < 1)) {
    process.stderr.write(`--sizes, --rounds and --seconds take whole numbers above zero.\n\n${usage}`);
    return 2;
  }
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  takePriority();
  const ranOn = machine();
  const figures = await measure(sizes, rounds, seconds, say);
  if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'scale', machine: ranOn, figures })}\n`);
  else for (const [name, { value, unit, goal }] of Object.entries(figures)) process.stdout.write(line(name, value, unit, goal));
  return 0;
}

function line(name: string, value: number, unit: string, goal: number | undefined): string {
  return `${name.padEnd(34)}${value.toFixed(2)} ${unit}${goal === undefined ? '' : `  (goal ≤ ${goal})`}\n`;
}

async function measure(
  sizes: readonly number[],
  rounds: number,
  seconds: number,
  say: (line: string) => void,
): Promise<Record<string, Figure>> {
  return whileRunning('scale', async (folder, keep) => {
    const figures: Record<string, Figure> = {};
    const origin = keep(await startOrigin(folder));
    const bare = keep(await startBareHaproxy(folder, origin.port));
    const sized: Sized[] = [];
    for (const count of sizes) {
      say(`${nameOf(count)} sites: starting …`);
      const edge = keep(await startEdge({ sites: manySites(count, origin.port) }));
      await pin(edge.pid, 0);
      sized.push({ name: nameOf(count), count, edge });
    }
    Object.assign(figures, await costs(sized, bare, rounds, seconds, folder, say));
    for (const one of sized) {
      say(`${one.name} sites: cold start, bulk replacement, the agent's start …`);
      // After the load: with all that its clients left in tables.
      figures[`rss_mb_${one.name}`] = figure(residentMb(one.edge.pid), 'MB', one.count === 1_000_000 ? 700 : undefined);
      figures[`cold_start_s_${one.name}`] = figure(await coldStart(one), 's', one.count === 1_000_000 ? 10 : undefined);
      Object.assign(figures, await bulkReplace(one));
      Object.assign(figures, await agentStart(one, origin.port, `${folder}/${one.name}`));
    }
    return figures;
  });
}

async function costs(
  sized: readonly Sized[],
  bare: { readonly port: number; readonly pid: number },
  rounds: number,
  seconds: number,
  folder: string,
  say: (line: string) => void,
): Promise<Record<string, Figure>> {
  const spreads = ['zipf', 'uniform'] as const;
  const cases = sized.flatMap(({ name, count, edge }) =>
    spreads.map((spread) => ({
      name: caseName(name, spread),
      port: edge.port,
      pid: edge.pid,
      hosts: askedFor(spread, count, draws),
    })),
  );
  const [first] = sized;
  cases.push({ name: 'bare', port: bare.port, pid: bare.pid, hosts: askedFor('zipf', first?.count ?? 1, draws) });
  const results = new Map<string, number[]>(cases.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    const turned = [...cases.slice(round % cases.length), ...cases.slice(0, round % cases.length)];
    for (const { name, port, pid, hosts } of turned) {
      const { cpuPer100k, not2xx } = await load(port, pid, { host: hostOf(0), hosts }, seconds, connections, folder);
      if (not2xx > 0) throw new Error(`${name}: ${not2xx} requests got the wrong answer.`);
      results.get(name)?.push(cpuPer100k);
    }
    say(`round ${round + 1} of ${rounds}`);
  }
  const figures: Record<string, Figure> = {};
  const ratio = (of: string, against: string) => {
    const bottom = results.get(against) ?? [];
    return percentile(
      (results.get(of) ?? []).map((value, round) => value / (bottom[round] ?? Number.NaN)),
      0.5,
    );
  };
  const smallest = first?.name ?? '';
  for (const { name } of sized) {
    for (const spread of spreads) {
      const end = spread === 'zipf' ? '' : '_uniform';
      if (name !== smallest) {
        const goal = name === '1m' ? { zipf: 1.1, uniform: 1.5 }[spread] : undefined;
        figures[`cost_${name}_vs_${smallest}${end}`] = figure(
          ratio(caseName(name, spread), caseName(smallest, spread)),
          'ratio',
          goal,
        );
      }
      figures[`cost_${name}${end}_vs_bare`] = figure(ratio(caseName(name, spread), 'bare'), 'ratio');
    }
  }
  return figures;
}

const caseName = (name: string, spread: Spread) => `${name} ${spread}`;

/** Seconds from the start of a second HAProxy on the same files to its first answer of an origin. */
async function coldStart({ edge, count }: Sized): Promise<number> {
  const [port = 0] = await freePorts(1);
  const file = `${edge.folder}/cold.cfg`;
  const config = readFileSync(`${edge.folder}/haproxy.cfg`, 'utf8')
    .replaceAll(`127.0.0.1:${edge.port}`, `127.0.0.1:${port}`)
    .replaceAll(/\b(admin|peers|requests)\.sock/g, 'cold-$1.sock')
    .replaceAll('haproxy.pid', 'cold.pid');
  writeFileSync(file, config);
  const began = performance.now();
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    await until('the second HAProxy answers', async () => (await ask(port, hostOf(count - 1))).status === 200, {
      timeoutMs: 120_000,
      everyMs: 5,
    });
    return (performance.now() - began) / 1000;
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

/** Replaces the map of hostnames as the agent does, and what a visitor notices of it. */
async function bulkReplace({ name, count, edge }: Sized): Promise<Record<string, Figure>> {
  const image = new MapImage(mapNames);
  for (const row of readFileSync(mapFile(edge.plan.paths, 'hosts'), 'utf8').split('\n')) {
    const at = row.indexOf(' ');
    if (at > 0) image.replace(row.slice(0, at), [{ map: 'hosts', key: row.slice(0, at), value: row.slice(at + 1) }]);
  }
  const socket = await RuntimeSocket.open(edge.plan.paths.adminSocket, 60_000);
  const visitor = spawn(process.execPath, [programOf('visitor'), String(edge.port), hostOf(count - 1)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let told = '';
  visitor.stdout.on('data', (data: Buffer) => (told += data.toString()));
  const ended = new Promise<void>((resolve) => visitor.once('exit', () => resolve()));
  // Long enough to have asked some hundred times before.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const began = performance.now();
  try {
    await replaceMap({ socket, ask: edge.admin, fileOf: (map) => mapFile(edge.plan.paths, map), image }, 'hosts');
  } finally {
    visitor.stdin.end();
    await ended;
    socket.close();
  }
  const tookMs = performance.now() - began;
  return {
    [`bulk_replace_s_${name}`]: figure(tookMs / 1000, 's'),
    [`bulk_replace_worst_request_ms_${name}`]: figure(numberIn(told, 'worstMs'), 'ms'),
  };
}

/** The agent's start from its copy on disk until its map files are written. */
async function agentStart({ name, count }: Sized, originPort: number, folder: string): Promise<Record<string, Figure>> {
  const node = async (...args: readonly string[]) =>
    (await promisify(execFile)(process.execPath, [`--max-old-space-size=${agentMemoryMb}`, programOf('agent'), ...args])).stdout;
  await node('write', folder, String(count), String(originPort));
  const said = await node('start', folder);
  const value = (key: string) => numberIn(said, key);
  return {
    [`agent_start_s_${name}`]: figure((value('readMs') + value('renderMs') + value('writeMs')) / 1000, 's'),
    [`agent_read_s_${name}`]: figure(value('readMs') / 1000, 's'),
    [`agent_rss_mb_${name}`]: figure(value('rssMb'), 'MB'),
  };
}

function ask(port: number, host: string): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    http
      .get({ host: '127.0.0.1', port, path: '/', agent: false, headers: { host } }, (response) => {
        response.resume();
        response.once('end', () => resolve({ status: response.statusCode ?? 0 }));
      })
      .once('error', reject);
  });
}

const programOf = (name: 'agent' | 'visitor') => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));

/** A number in what one of our programs printed. */
function numberIn(text: string, key: string): number {
  const said: unknown = text === '' ? null : JSON.parse(text);
  const found: unknown = typeof said === 'object' && said !== null ? Reflect.get(said, key) : undefined;
  if (typeof found !== 'number') throw new Error(`a program of the bench did not say ${key}`);
  return found;
}

function residentMb(pid: number): number {
  const kb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return Number(kb) / 1024;
}

function figure(value: number, unit: string, goal?: number): Figure {
  return { value: Math.round(value * 1000) / 1000, unit, ...(goal === undefined ? {} : { goal }) };
}

function nameOf(count: number): string {
  if (count % 1_000_000 === 0) return `${count / 1_000_000}m`;
  return count % 1000 === 0 ? `${count / 1000}k` : String(count);
}
