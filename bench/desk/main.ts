/**
 * What the desk costs: a receipt, the queue, the clusters, the alarm. `npm run bench -- desk [--json]`, on a PostgreSQL server of its own.
 *
 * Each part says in its own file what it times and what it leaves out; here they are run one after another and put beside their goals. At full size
 * the queue's and the clusters' databases hold a million reports, which takes some minutes to fill; `--small` is a rehearsal, not a figure.
 */
import { parseArgs } from 'node:util';
import { machine } from '../machine.ts';
import { percentile } from '../propagation/percentile.ts';
import { measureAlarm } from './alarm.ts';
import { measureClusters } from './clusters.ts';
import { measureIntake, measureIntakeOverHttp } from './intake.ts';
import { measureQueue } from './queue.ts';

const usage = `Usage: npm run bench -- desk [--json] [--part intake,queue,clusters,alarm] [--small]

  --json    print one JSON object and nothing else
  --part    only these parts
  --small   a hundredth of the rows and fewer tries: to see that it runs
`;

const parts = ['intake', 'queue', 'clusters', 'alarm'] as const;
type Part = (typeof parts)[number];

type Figure = { readonly value: number; readonly unit: 'ms' | 's' | 'ratio'; readonly goal?: number; readonly runs: number };

/** Runs the bench; `argv` is what follows its name. Returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'boolean', default: false },
      part: { type: 'string', default: parts.join(',') },
      small: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const wanted = values.part.split(',');
  const asked = parts.filter((part) => wanted.includes(part));
  if (asked.length !== wanted.length) {
    process.stderr.write(`--part takes ${parts.join(', ')}.\n\n${usage}`);
    return 2;
  }
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const ranOn = machine();
  const figures: Record<string, Figure> = {};
  for (const part of asked) {
    say(`${part} …`);
    for (const [name, figure] of Object.entries(await measure[part](values.small, say))) {
      figures[name] = figure;
      const goal = figure.goal === undefined ? '' : `   (goal: at most ${figure.goal})`;
      say(`  ${name.padEnd(30)} ${figure.value} ${figure.unit === 'ratio' ? '×' : figure.unit}${goal}`);
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'desk', machine: ranOn, figures })}\n`);
  return 0;
}

type Measured = Record<string, Figure>;

const measure: Readonly<Record<Part, (small: boolean, say: (line: string) => void) => Promise<Measured>>> = {
  async intake(small) {
    const seconds = small ? 3 : 20;
    const direct = await measureIntake({ perSecond: 1000, seconds });
    const http = await measureIntakeOverHttp({ perSecond: 1000, seconds });
    return {
      intake_p99_ms: { value: direct.p99Ms, unit: 'ms', goal: 50, runs: direct.sent },
      intake_p50_ms: { value: direct.p50Ms, unit: 'ms', runs: direct.sent },
      intake_http_p99_ms: { value: http.p99Ms, unit: 'ms', goal: 50, runs: http.sent },
      intake_http_p50_ms: { value: http.p50Ms, unit: 'ms', runs: http.sent },
      intake_cpu_ms_per_report: { value: http.cpuMs, unit: 'ms', runs: http.sent },
      intake_database_cpu_ms_per_report: { value: http.databaseCpuMs, unit: 'ms', runs: http.sent },
    };
  },
  async queue(small, say) {
    const sizes = small ? { reports: 10_000, cases: 1000, asked: 10 } : { asked: 40 };
    const found = await measureQueue({ ...sizes, say: (line) => say(`  ${line}`) });
    const runs = found.questions.reduce((sum, { asked }) => sum + asked, 0);
    const worst = Math.max(...found.questions.map(({ p95Ms }) => p95Ms));
    return {
      queue_p95_ms_1m: { value: rounded(found.p95Ms), unit: 'ms', goal: 100, runs },
      queue_worst_question_p95_ms_1m: { value: rounded(worst), unit: 'ms', runs },
    };
  },
  async clusters(small) {
    const found = await measureClusters(small ? { small: 1000, large: 10_000, batches: 10 } : {});
    return {
      cluster_cost_1m_vs_10k: { value: rounded(found.ratio), unit: 'ratio', goal: 1.5, runs: 1 },
      cluster_ms_10k: { value: rounded(found.smallMs), unit: 'ms', runs: 1 },
      cluster_ms_1m: { value: rounded(found.largeMs), unit: 'ms', runs: 1 },
      cluster_keys_ms: { value: rounded(found.keysMs), unit: 'ms', runs: 1 },
    };
  },
  async alarm(small) {
    const { tries, lockedMs, wokenMs } = await measureAlarm(small ? 3 : 20);
    const sorted = (samples: readonly number[]) => [...samples].sort((one, other) => one - other);
    return {
      alarm_s: { value: rounded(Math.max(...wokenMs) / 1000), unit: 's', goal: 5, runs: tries },
      alarm_written_ms: { value: rounded(percentile(sorted(lockedMs), 0.5)), unit: 'ms', runs: tries },
    };
  },
};

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
