/**
 * `npm run bench -- NAME [options]`: measures one thing beside its peers, in one run, and prints what it found.
 *
 * Each bench lives in a folder of its own and is loaded only when it is asked for.
 */
import { pathToFileURL } from 'node:url';

export type Bench = (args: readonly string[]) => Promise<number>;

const benches: Readonly<Record<string, { readonly about: string; readonly load: () => Promise<Bench> }>> = {
  edge: {
    about: 'CPU per request and requests per second of the edge beside bare proxies',
    load: async () => (await import('./edge/main.ts')).main,
  },
  flood: {
    about: 'a flooded site: what its cleared visitors and its neighbours notice',
    load: async () => (await import('./flood/main.ts')).main,
  },
  fanout: {
    about: 'an order at a thousand edges, over a network that delays and loses',
    load: async () => (await import('./fanout/main.ts')).run,
  },
  scale: {
    about: 'a thousand and a million sites on one edge: cost of a request, memory, cold start',
    load: async () => (await import('./scale/main.ts')).run,
  },
  insight: {
    about: 'questions about traffic, with 30 days of a thousand sites',
    load: async () => (await import('./insight/main.ts')).run,
  },
  desk: {
    about: 'a receipt, the queue, the clusters and the alarm of the desk',
    load: async () => (await import('./desk/main.ts')).run,
  },
  captcha: {
    about: 'the captcha: beside Cap and ALTCHA, under garbage, in Chromium, and attacked natively',
    load: async () => (await import('./captcha/main.ts')).run,
  },
  record: {
    about: 'the record with a million leaves: appending, proofs, size',
    load: async () => (await import('./record/main.ts')).run,
  },
  propagation: {
    about: 'from a commit in the control plane to the next request that meets it',
    load: async () => (await import('./propagation/main.ts')).run,
  },
};

export async function run(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const bench = name === undefined ? undefined : benches[name];
  if (bench === undefined) {
    const list = Object.entries(benches).map(([known, { about }]) => `  ${known.padEnd(13)}${about}`);
    const text = ['Usage: npm run bench -- NAME [--json] [--rounds N] [--help]', '', ...list, ''].join('\n');
    const asked = name === undefined || name === '--help';
    (asked ? process.stdout : process.stderr).write(asked ? text : `There is no bench “${name}”.\n${text}`);
    return name === '--help' ? 0 : 2;
  }
  return (await bench.load())(rest);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await run(process.argv.slice(2));
}
