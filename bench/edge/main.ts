/**
 * `npm run bench -- edge`: what the protection costs, beside proxies that protect nothing, interleaved in one run.
 *
 * Every round runs each case once, in a new order; a ratio is taken within its round, and the median of the ratios is reported.
 * Our cases run with default limits on, but for the requests of one client: the load has one address, so its threshold is raised to
 * the highest that the contract knows (the comparison is made all the same). 1,000 sites are in the maps.
 * Method and findings: bench/README.md.
 */
import { execFileSync } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus, setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { challengeTarget } from '../../core/shield/difficulty.ts';
import { defaultSiteLimits } from '../../contract/policy.ts';
import type { SitePolicy } from '../../contract/policy.ts';
import { ownFolder } from '../../edge/render/index.ts';
import { order, site, startEdge } from '../../tests/harness/haproxy.ts';
import { machine } from '../machine.ts';
import { whileRunning } from '../running.ts';
import type { Measured, Request } from './load.ts';
import { load, pin } from './load.ts';
import { startBareHaproxy, startNginxProxy, startNodeProxy, startOrigin } from './peers.ts';

const help = `Usage: npm run bench -- edge [--json] [--rounds N] [--seconds N] [--only CASE,CASE]

CPU per request and requests per second of the edge: mode off, clearance checked, notice, challenge, verification; beside bare HAProxy,
nginx, and Node with undici. Needs haproxy, nginx, wrk and taskset (Debian: apt install haproxy nginx-light wrk util-linux) and two CPUs.

  --json        print one JSON object and nothing else
  --rounds N    rounds (default 9; more rounds, less noise)
  --seconds N   length of one measurement (default 2)
  --calm N      before each measurement, wait up to N seconds until nothing else runs (default 0)
  --only LIST   these cases only (bare always runs): ${'off,cleared,cleared-fresh,notice,challenge,verify,nginx,node'}
`;

type Case = {
  readonly name: string;
  readonly about: string;
  readonly port: number;
  readonly pid: number;
  readonly request: () => Request;
};
type Figure = { readonly value: number; readonly unit: string; readonly goal?: number; readonly runs: number };

const connections = 64;

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '9' },
      seconds: { type: 'string', default: '2' },
      only: { type: 'string' },
      calm: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const missing = missingPrograms();
  if (missing.length > 0) {
    process.stderr.write(
      `This bench needs ${missing.join(', ')}, which this machine does not have. On Debian: apt install haproxy nginx-light wrk util-linux\n`,
    );
    return 1;
  }
  if (cpus().length < 2) {
    process.stderr.write('This bench needs two CPUs: one for the proxy, one for load and origin.\n');
    return 1;
  }
  const rounds = wholeNumber(values.rounds);
  const seconds = wholeNumber(values.seconds);
  const calmSeconds = values.calm === '0' ? 0 : wholeNumber(values.calm);
  if (rounds === null || seconds === null || calmSeconds === null) {
    process.stderr.write('--rounds, --seconds and --calm take whole numbers.\n');
    return 2;
  }
  const say = (text: string) => void process.stderr.write(text);
  takePriority();
  const results = await measure(rounds, seconds, values.only?.split(',') ?? null, calmSeconds, values.json ? () => {} : say);
  const figures = summarise(results);
  if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'edge', machine: machine(), figures })}\n`);
  else process.stdout.write(table(results, figures));
  return 0;
}

/** Whatever else runs on the machine disturbs less. Only root may; without, the noise stays. Programs started later inherit it. */
export function takePriority(): void {
  try {
    setPriority(-15);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

type Results = ReadonlyMap<string, readonly Measured[]>;

async function measure(
  rounds: number,
  seconds: number,
  only: readonly string[] | null,
  calmSeconds: number,
  say: (text: string) => void,
): Promise<Results> {
  return whileRunning('bench', async (folder, keep) => {
    const origin = keep(await startOrigin(folder));
    const bare = keep(await startBareHaproxy(folder, origin.port));
    const nginx = keep(await startNginxProxy(folder, origin.port));
    const node = keep(await startNodeProxy(origin.port));
    const sites = benchSites(origin.port);
    // One client asks for all challenges: its share in a flood would be measured instead.
    const plan = { challengesPerSecond: 1_000_000_000 };
    const edge = keep(await startEdge({ sites: sites.all, orders: [order(1, sites.noticed)] }, { plan }));
    await pin(edge.pid, 0);
    const ours = { port: edge.port, pid: edge.pid };
    const cookies = Array.from({ length: 1000 }, (_, index) => clearance(sites.cleared, index));
    const all: Case[] = [
      { name: 'bare', about: 'HAProxy, bare', ...bare, request: () => ({ host: 'off.example' }) },
      { name: 'nginx', about: 'nginx, bare', ...nginx, request: () => ({ host: 'off.example' }) },
      { name: 'node', about: 'Node and undici, bare', ...node, request: () => ({ host: 'off.example' }) },
      { name: 'off', about: 'edge, mode off', ...ours, request: () => ({ host: 'off.example' }) },
      {
        name: 'cleared',
        about: 'edge, attack mode, clearance checked',
        ...ours,
        request: () => ({ host: 'cleared.example', cookies: cookies.slice(0, 1) }),
      },
      {
        name: 'cleared-fresh',
        about: 'edge, the same, another clearance in each request',
        ...ours,
        request: () => ({ host: 'cleared.example', cookies }),
      },
      { name: 'notice', about: 'edge, notice page', ...ours, request: () => ({ host: 'noticed.example' }) },
      { name: 'challenge', about: 'edge, challenge page', ...ours, request: () => ({ host: 'cleared.example' }) },
      {
        name: 'verify',
        about: 'edge, solution checked and clearance given',
        ...ours,
        request: () => ({
          host: 'cleared.example',
          method: 'POST',
          path: `${ownFolder}/verify`,
          bodies: solutions(sites.cleared, 50_000 * seconds),
        }),
      },
    ];
    const cases = all.filter(({ name }) => name === 'bare' || only === null || only.includes(name));
    const results = new Map<string, Measured[]>(cases.map(({ name }) => [name, []]));
    for (const one of cases) await load(one.port, one.pid, one.request(), 1, connections, folder);
    for (let round = 0; round < rounds; round += 1) {
      const turned = [...cases.slice(round % cases.length), ...cases.slice(0, round % cases.length)];
      for (const one of turned) {
        await calm(calmSeconds);
        const measured = await load(one.port, one.pid, one.request(), seconds, connections, folder);
        refuseWrongAnswers(one.name, measured);
        results.get(one.name)?.push(measured);
        say(`\rround ${round + 1} of ${rounds}: ${one.name.padEnd(16)}`);
      }
    }
    say('\r');
    return results;
  });
}

/** Waits until no other task was running at ten looks in half a second, or until so many seconds have passed. */
async function calm(seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1000;
  for (let quiet = 0; quiet < 10 && performance.now() < until;) {
    const running = Number(/ (\d+)\/\d+ /.exec(readFileSync('/proc/loadavg', 'utf8'))?.[1] ?? 0);
    quiet = running <= 1 ? quiet + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A number about the wrong answer is worse than none: refusals must all be refusals, everything else must all pass. */
function refuseWrongAnswers(name: string, measured: Measured): void {
  const refusal = name === 'notice' || name === 'challenge';
  const wrong = refusal ? measured.requests - measured.not2xx : measured.not2xx;
  // A run of verification may outlive its solutions; the rest are replays, refused.
  if (wrong > measured.requests * 0.02)
    throw new Error(`${name}: ${wrong} of ${measured.requests} requests got the wrong answer.`);
}

function benchSites(originPort: number): { all: SitePolicy[]; noticed: SitePolicy; cleared: SitePolicy } {
  const limits = { ...defaultSiteLimits, requestsPer10s: 1_000_000 };
  const off = site(1, ['off.example', 'www.off.example'], originPort, { limits });
  const cleared = site(2, ['cleared.example'], originPort, {
    limits,
    mode: 'attack',
    challenge: { expectedHashes: 1, clearanceSeconds: 86_400, pagesPer10Min: null },
  });
  const noticed = site(3, ['noticed.example'], originPort, { limits });
  const others = Array.from({ length: 997 }, (_, index) =>
    site(index + 10, [`s${index}.example`, `www.s${index}.example`], originPort),
  );
  return { all: [off, cleared, noticed, ...others], noticed, cleared };
}

const secret = Buffer.alloc(32, 1);
const sign = (text: string) => createHmac('sha256', secret).update(text).digest('hex');

/** A cookie that passes the challenge of a site of startEdge, for a visitor at an IPv4 address. */
export function clearance({ siteId }: SitePolicy, index: number, address = '127.0.0.1'): string {
  const expiry = Math.floor(Date.now() / 1000) + 80_000 + index;
  const client = Buffer.from(address.split('.').map(Number)).toString('hex').toUpperCase();
  return `portcullis=k1.${expiry}.${client}.${sign(`clearance|${siteId}|k1|${expiry}|${client}`)}`;
}

/** Tokens that any counter solves, each good for one clearance. */
function solutions({ siteId }: SitePolicy, count: number): string[] {
  const issued = Math.floor(Date.now() / 1000);
  return Array.from({ length: count }, () => {
    const body = `k1.${issued}.${randomUUID()}.${challengeTarget(1)}`;
    return `t=${body}.${sign(`challenge|${siteId}|${body}`)}&c=1`;
  });
}

const goals = { off_cpu_vs_bare: 1.3, cleared_cpu_vs_bare: 1.5, notice_rps_vs_bare: 1.8 } as const;

function summarise(results: Results): Record<string, Figure> {
  const figures: Record<string, Figure> = {};
  const ratio = (name: string, of: string, against: string, by: 'cpuPer100k' | 'requestsPerSecond', goal?: number) => {
    const top = results.get(of) ?? [];
    const bottom = results.get(against) ?? [];
    const ratios = top.flatMap((measured, round) => {
      const peer = bottom[round];
      return peer === undefined ? [] : [measured[by] / peer[by]];
    });
    if (ratios.length > 0)
      figures[name] = {
        value: rounded(median(ratios)),
        unit: 'ratio',
        ...(goal === undefined ? {} : { goal }),
        runs: ratios.length,
      };
  };
  ratio('off_cpu_vs_bare', 'off', 'bare', 'cpuPer100k', goals.off_cpu_vs_bare);
  ratio('cleared_cpu_vs_bare', 'cleared', 'bare', 'cpuPer100k', goals.cleared_cpu_vs_bare);
  ratio('cleared_fresh_cpu_vs_bare', 'cleared-fresh', 'bare', 'cpuPer100k');
  ratio('cleared_cpu_vs_node', 'cleared', 'node', 'cpuPer100k');
  ratio('notice_rps_vs_bare', 'notice', 'bare', 'requestsPerSecond', goals.notice_rps_vs_bare);
  ratio('notice_cpu_vs_bare', 'notice', 'bare', 'cpuPer100k');
  ratio('challenge_cpu_vs_bare', 'challenge', 'bare', 'cpuPer100k');
  ratio('verify_cpu_vs_bare', 'verify', 'bare', 'cpuPer100k');
  ratio('nginx_cpu_vs_bare', 'nginx', 'bare', 'cpuPer100k');
  ratio('node_cpu_vs_bare', 'node', 'bare', 'cpuPer100k');
  return figures;
}

function table(results: Results, figures: Record<string, Figure>): string {
  const heading = ['case', 'CPU-s per 100k', 'min', 'requests/s', 'p50 ms', 'p99 ms'];
  const rows = [...results].map(([name, runs]) => [
    name,
    median(runs.map((run) => run.cpuPer100k)).toFixed(2),
    Math.min(...runs.map((run) => run.cpuPer100k)).toFixed(2),
    median(runs.map((run) => run.requestsPerSecond)).toFixed(0),
    median(runs.map((run) => run.p50Ms)).toFixed(2),
    median(runs.map((run) => run.p99Ms)).toFixed(2),
  ]);
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, index) => (index === 0 ? cell.padEnd(14) : cell.padStart(14))).join(' | ')} |\n`;
  const lines = Object.entries(figures).map(([name, { value, goal }]) => {
    const verdict = goal === undefined ? '' : `  (goal ${name.includes('rps') ? '≥' : '≤'} ${goal})`;
    return `${name.padEnd(28)}${value.toFixed(2)}${verdict}\n`;
  });
  return `${line(heading)}${rows.map(line).join('')}\n${lines.join('')}`;
}

function missingPrograms(): string[] {
  const programs: readonly (readonly [string, string])[] = [
    ['haproxy', '-v'],
    ['/usr/sbin/nginx', '-v'],
    ['wrk', '-v'],
    ['taskset', '-V'],
  ];
  return programs.flatMap(([program, argument]) => {
    try {
      execFileSync(program, [argument], { stdio: 'ignore' });
      return [];
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? [program.replace(/.*\//, '')] : [];
    }
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function wholeNumber(text: string): number | null {
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : null;
}
