/**
 * `npm run attacks [-- --json] [-- file…]`: the fault and attack tests at full length, where `npm test` runs them short.
 *
 * Started by tools/setup.mjs, which installs what they attack with (slowhttptest, h2load, testssl.sh). All of it goes to loopback. Takes some twenty minutes.
 * `--json` prints one object per claim at the end. Not here: the claims (tests/attacks, tests/cross-edge.test.ts, tests/kill-loop.test.ts and others), and what an attack
 * costs (bench/flood).
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What is read of vitest's report. */
const Report = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      assertionResults: z.array(z.object({ title: z.string(), status: z.string(), duration: z.number().nullish() })),
    }),
  ),
});

async function main(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const files = args.filter((one) => !one.startsWith('-'));
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-attacks-'));
  try {
    const report = join(folder, 'report.json');
    const reporters = ['--reporter=json', `--outputFile.json=${report}`, ...(json ? [] : ['--reporter=verbose'])];
    const suite = ['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=1', ...reporters];
    const code = await run([...suite, ...(files.length === 0 ? ['tests/attacks', 'tests/kill-loop.test.ts'] : files)], json);
    if (json) console.log(JSON.stringify({ claims: claims(report) }, null, 2));
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function claims(report: string): { file: string; claim: string; held: boolean; seconds: number | null }[] {
  const { testResults } = Report.parse(JSON.parse(readFileSync(report, 'utf8')));
  return testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ title, status, duration }) => ({
      file: relative(root, name),
      claim: title,
      held: status === 'passed',
      seconds: duration === null || duration === undefined ? null : Math.round(duration / 100) / 10,
    })),
  );
}

/** Runs vitest at full length; its words go to stderr when stdout is to hold JSON. */
function run(args: readonly string[], json: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: root,
      stdio: ['inherit', json ? 2 : 'inherit', 'inherit'],
      env: { ...process.env, PORTCULLIS_ATTACKS: 'full' },
    });
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    process.on('disconnect', () => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main(process.argv.slice(2));
if (process.connected) process.disconnect();
