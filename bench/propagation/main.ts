/**
 * How long after a commit is it in force? `npm run bench -- propagation [--json]`.
 *
 * The real thing, as an operator runs it: `portcullis control` on its embedded database, `portcullis edge` with HAProxy, both as
 * processes of their own, with 1k, 10k and 100k sites. Per try, on a site chosen at random: an order is proposed by one person and
 * confirmed by a second over the API while a visitor keeps asking; then it is lifted. Afterwards new sites are added.
 *
 * The clock: `…_ms_10k` runs from the instant that the control plane stamped inside the transaction (before the commit reached the
 * disk) to the arrival of the first enforced answer at the visitor. `from_request_…` runs from just before the confirming request
 * was sent. Both are upper bounds: the visitor asks at most once a millisecond. Everything shares this machine's processors.
 */
import { parseArgs } from 'node:util';
import { machine } from '../machine.ts';
import { loadSites } from './load.ts';
import { measureAdded, measureOrders, startInstallation } from './measure.ts';
import type { Samples } from './measure.ts';
import { percentile } from './percentile.ts';

const usage = `Usage: npm run bench -- propagation [--json] [--sites 1000,10000,100000] [--tries 40]

  --json    print one JSON object and nothing else
  --sites   numbers of sites to measure with
  --tries   orders placed and lifted for each number (at least 30 for honest percentiles)
`;

type Figure = { readonly value: number; readonly unit: 'ms'; readonly goal?: number; readonly runs: number };

/** Runs the bench; `argv` is what follows its name. Returns the exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: 'boolean', default: false },
      sites: { type: 'string', default: '1000,10000,100000' },
      tries: { type: 'string', default: '40' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const sizes = values.sites.split(',').map(Number);
  const tries = Number(values.tries);
  if (sizes.some((size) => !Number.isInteger(size) || size < 1) || !Number.isInteger(tries) || tries < 1) {
    process.stderr.write(`--sites and --tries take whole numbers above zero.\n\n${usage}`);
    return 2;
  }
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  const figures: Record<string, Figure> = {};
  const ranOn = machine();
  for (const size of sizes) {
    const name = size % 1000 === 0 ? `${size / 1000}k` : String(size);
    say(`${name} sites: loading …`);
    const installation = await startInstallation(size, loadSites, say);
    try {
      say(`${name} sites: ${tries} orders …`);
      const orders = await measureOrders(installation, tries);
      const added = await measureAdded(installation, tries);
      add(figures, `ms_${name}`, orders.fromCommit, size === 10_000 ? { p50: 20, p99: 100 } : null);
      add(figures, `from_request_ms_${name}`, orders.fromRequest, null);
      add(figures, `lift_ms_${name}`, orders.liftFromRequest, null);
      add(figures, `receipt_ms_${name}`, orders.toReceipt, null);
      add(figures, `site_added_ms_${name}`, added.fromCommit, { p50: 100, p99: 100 });
    } finally {
      await installation.stop();
    }
    const of = (figure: string): string => figures[figure]?.value.toFixed(1) ?? '?';
    say(`  commit → enforced   p50 ${of(`p50_ms_${name}`)} ms   p99 ${of(`p99_ms_${name}`)} ms`);
    say(`  request → enforced  p50 ${of(`p50_from_request_ms_${name}`)} ms   p99 ${of(`p99_from_request_ms_${name}`)} ms`);
    say(`  commit → receipt    p50 ${of(`p50_receipt_ms_${name}`)} ms   p99 ${of(`p99_receipt_ms_${name}`)} ms`);
    say(`  lift → served       p50 ${of(`p50_lift_ms_${name}`)} ms   p99 ${of(`p99_lift_ms_${name}`)} ms`);
    say(`  added → served      p50 ${of(`p50_site_added_ms_${name}`)} ms   p99 ${of(`p99_site_added_ms_${name}`)} ms`);
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ bench: 'propagation', machine: ranOn, figures })}\n`);
  return 0;
}

function add(figures: Record<string, Figure>, name: string, samples: Samples, goal: { p50: number; p99: number } | null): void {
  const rounded = (share: number): number => Math.round(percentile(samples, share) * 10) / 10;
  const runs = samples.length;
  figures[`p50_${name}`] = { value: rounded(0.5), unit: 'ms', ...(goal === null ? {} : { goal: goal.p50 }), runs };
  figures[`p99_${name}`] = { value: rounded(0.99), unit: 'ms', ...(goal === null ? {} : { goal: goal.p99 }), runs };
}
