/**
 * What the captcha costs us, an honest visitor and an attacker, beside `@cap.js/server` and `altcha-lib`. `npm run bench -- captcha [--json]`.
 *
 * Four parts, each to be left out: calls beside the peers (CPU seconds), siteverify under garbage answers (the program on PostgreSQL), whole checks in
 * Chromium, plain and slowed down six times, and the same steps by OpenSSL on all processors. Everything shares this machine; `--small` is a
 * rehearsal, not a figure.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { CheckStep } from '../../contract/captcha.ts';
import { machine } from '../machine.ts';
import { percentile } from '../propagation/percentile.ts';
import { solveInBrowser } from './browser.ts';
import { underGarbage } from './garbage.ts';
import type { UnderGarbage } from './garbage.ts';
import { solveStep } from './native.ts';
import { begin, ours } from './ours.ts';
import { contenders } from './peers.ts';
import type { Rates } from './peers.ts';

const parts = ['peers', 'garbage', 'browser', 'attacker'] as const;
const usage = `Usage: npm run bench -- captcha [--json] [--only PART] [--garbage 10000] [--connections 500] [--small]

  --json      print one JSON object and nothing else
  --only      ${parts.join(', ')}: this part alone (attacker needs browser and takes it along)
  --garbage   garbage answers a second, wanted: sent in turn on connections that wait for answers, then ahead of answers on 200
  --connections   of the first way
  --small     few tries: to see that it runs
`;

type Figure = { readonly value: number; readonly unit: string; readonly goal?: string };
type Figures = Record<string, Figure>;

/** Runs the bench; `argv` is what follows its name. Returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const options = {
    json: flag,
    small: flag,
    help: flag,
    only: { type: 'string' },
    garbage: { type: 'string', default: '10000' },
    connections: { type: 'string', default: '500' },
  } as const;
  const { values } = parseArgs({ args: [...argv], options });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const only = parts.find((part) => part === values.only) ?? null;
  const [perSecond, connections] = [Number(values.garbage), Number(values.connections)];
  if ((values.only !== undefined && only === null) || [perSecond, connections].some((one) => !Number.isInteger(one) || one < 1)) {
    process.stderr.write(`--only takes a part, --garbage and --connections whole numbers above zero.\n\n${usage}`);
    return 2;
  }
  const wants = (part: (typeof parts)[number]) => only === null || only === part || (part === 'browser' && only === 'attacker');
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const ranOn = machine();
  const figures: Figures = {};
  if (wants('peers')) Object.assign(figures, await besidePeers(values.small, say));
  if (wants('garbage')) {
    const seconds = values.small ? 3 : 20;
    const [told, ahead] = [
      await underGarbage(seconds, perSecond, 'turn', connections),
      await underGarbage(seconds, perSecond, 'ahead', 200),
    ];
    for (const { checksTrouble } of [told, ahead])
      if (checksTrouble !== null) say(`  an honest visitor was turned away under garbage: ${checksTrouble}`);
    Object.assign(figures, {
      siteverify_p99_ms_under_garbage: { value: round(percentile(told.garbageMs, 0.99)), unit: 'ms', goal: '≤ 100' },
      siteverify_p50_ms_under_garbage: { value: round(percentile(told.garbageMs, 0.5)), unit: 'ms' },
      siteverify_most_ms_under_garbage: { value: round(percentile(told.garbageMs, 1)), unit: 'ms', goal: '≤ 1000' },
      siteverify_p99_ms_quiet: { value: round(percentile(told.quietMs, 0.99)), unit: 'ms' },
      siteverify_refused_under_garbage: { value: told.refused, unit: 'questions' },
      ...loadFigures('', told),
      siteverify_p99_ms_sent_ahead: { value: round(percentile(ahead.garbageMs, 0.99)), unit: 'ms' },
      siteverify_p50_ms_sent_ahead: { value: round(percentile(ahead.garbageMs, 0.5)), unit: 'ms' },
      siteverify_refused_sent_ahead: { value: ahead.refused, unit: 'questions' },
      ...loadFigures('_ahead', ahead),
    });
  }
  if (wants('browser')) {
    const [plain, slow] = [await solveInBrowser(values.small ? 3 : 40, 1), await solveInBrowser(values.small ? 2 : 30, 6)];
    const times = (all: typeof plain) => all.map(({ tookMs }) => tookMs);
    Object.assign(figures, {
      solve_p50_ms: { value: Math.round(percentile(times(plain), 0.5)), unit: 'ms', goal: '< 600' },
      solve_p95_ms: { value: Math.round(percentile(times(plain), 0.95)), unit: 'ms' },
      solve_p50_ms_throttled: { value: Math.round(percentile(times(slow), 0.5)), unit: 'ms' },
      solve_p95_ms_throttled: { value: Math.round(percentile(times(slow), 0.95)), unit: 'ms', goal: '< 3000' },
    });
    if (wants('attacker')) {
      const native = await attackerPerSecond(values.small ? 1500 : 8000);
      const browser = 1000 / (times(plain).reduce((sum, one) => sum + one, 0) / plain.length);
      const threads = availableParallelism();
      Object.assign(figures, {
        attacker_native_vs_browser: { value: round(native / browser, 2), unit: `× one tab, ${threads} processors` },
        attacker_native_checks_per_s: { value: round(native), unit: '1/s' },
        browser_checks_per_s: { value: round(browser), unit: '1/s' },
      });
    }
  }
  for (const [name, { value, unit, goal }] of Object.entries(figures))
    say(`  ${name.padEnd(34)}${value} ${unit}${goal === undefined ? '' : `   (goal ${goal})`}`);
  if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'captcha', machine: ranOn, figures })}\n`);
  return 0;
}

/** How much garbage really came, and what it took of the processors that all share. */
function loadFigures(way: string, told: UnderGarbage): Figures {
  return {
    [`garbage_wanted_per_s${way}`]: { value: told.wantedPerSecond, unit: '1/s' },
    [`garbage_sent_per_s${way}`]: { value: Math.round(told.sentPerSecond), unit: '1/s' },
    [`garbage_answered_per_s${way}`]: { value: Math.round(told.answeredPerSecond), unit: '1/s' },
    [`garbage_connections_ended_per_s${way}`]: { value: Math.round(told.endedPerSecond), unit: '1/s' },
    [`garbage_cpu${way}`]: { value: round(told.loadCpuShare, 2), unit: 'processors' },
    [`provider_cpu_under_garbage${way}`]: { value: round(told.providerCpuShare, 2), unit: 'processors' },
    [`asker_late_p99_ms${way}`]: { value: round(told.askerLateMs), unit: 'ms' },
    [`checks_passed_under_garbage${way}`]: { value: told.checksPassed, unit: 'checks' },
  };
}

/** Rounds in turn, so that what disturbs the machine disturbs all; the median of the rounds. */
async function besidePeers(small: boolean, say: (line: string) => void): Promise<Figures> {
  const [rounds, size] = small ? [1, { issues: 300, verifies: 5 }] : [5, { issues: 10_000, verifies: 60 }];
  const all = new Map<string, Rates[]>();
  for (let round = 0; round < rounds; round += 1)
    for (const { name, measure } of contenders) {
      say(`  round ${round + 1} of ${rounds}: ${name} …`);
      all.set(name, [...(all.get(name) ?? []), await measure(size)]);
    }
  const median = (name: string, act: keyof Rates): number | null => {
    const known = (all.get(name) ?? []).flatMap((rates) => rates[act] ?? []);
    return known.length === 0 ? null : percentile(known, 0.5);
  };
  const figures: Figures = {};
  for (const act of ['issue', 'verify', 'siteverify'] as const)
    for (const { name } of contenders) {
      const [value, own] = [median(name, act), median('portcullis', act)];
      if (value === null || own === null) continue;
      figures[`${act}_per_cpu_s_${name}`] = { value: Math.round(value), unit: '1/s of CPU' };
      if (name !== 'portcullis') figures[`${act}_per_cpu_s_vs_${name}`] = { value: round(own / value, 3), unit: '×' };
    }
  return figures;
}

/** Whole checks a second by native code on all processors: steps of the size that a fast device is asked for. */
async function attackerPerSecond(forMs: number): Promise<number> {
  const steps = await stepsOfChecks(12);
  const threads = Array.from({ length: availableParallelism() }, () => attack(steps, forMs));
  return (await Promise.all(threads)).reduce((sum, one) => sum + one, 0);
}

async function stepsOfChecks(count: number): Promise<CheckStep[]> {
  const own = ours('normal');
  const steps: CheckStep[] = [];
  for (let check = 0; check < count; check += 1)
    for (let reply = await begin(own); reply.do === 'step';) {
      steps.push(reply.step);
      const body = { line: reply.line, a: solveStep(reply.step), b: 18 };
      reply = await own.checks.answer({ body, network: '192.0.2.0/24' });
    }
  return steps;
}

/** Of a check's share in the steps: two. */
const stepsPerCheck = 2;

function attack(steps: readonly CheckStep[], forMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./native.ts', import.meta.url), { workerData: { steps, forMs } });
    worker.once('error', reject);
    worker.once('message', (message) => resolve(z.object({ perSecond: z.number() }).parse(message).perSecond / stepsPerCheck));
  });
}

function round(value: number, digits = 1): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
