/**
 * What `npm test` runs, in order of how fast it tells: format, lint, types of every project, then the whole suite.
 *
 * Stops at the first step that fails, after having printed what it said. Vitest comes last and prints the closing lines.
 * A file with a failed test is run once more, alone: most of the suite waits for real programs, and a busy machine may let one of a thousand
 * waits run out. What passes only then is named as unsteady beside what it said the first time; more than five files are never run again.
 * `--check` stops before the suite; other arguments go to vitest. Started by tools/setup.mjs, which has installed everything.
 * Not here: what the tests need (databases, HAProxy): each test starts its own.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

type Step = { readonly name: string; readonly args: readonly string[] };

const types = (name: string, project: string): Step => ({
  name,
  args: ['node_modules/typescript/bin/tsc', '-p', project],
});

const lint: Step = {
  name: 'lint',
  args: ['tools/lint/node_modules/eslint/bin/eslint.js', '--config', 'tools/lint/eslint.config.mjs', '--no-warn-ignored', '.'],
};

/** Steps of one line run side by side: two cores are what a small machine has. */
const checks: readonly (readonly Step[])[] = [
  [{ name: 'format', args: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'] }],
  [types('types of core, pure', 'core'), types('types of contract, pure', 'contract')],
  [types('types of the Node rooms', 'tsconfig.json'), types('types of web, browser', 'web')],
  [lint],
];

async function main(args: readonly string[]): Promise<number> {
  const began = performance.now();
  for (const together of checks) {
    const answers = await Promise.all(together.filter(isThere).map(quietly));
    for (const answer of answers) {
      console.log(`${answer.ok ? '✓' : '✗'} ${answer.name} (${Math.round(answer.tookMs)} ms)`);
      if (!answer.ok) console.log(answer.output);
    }
    if (answers.some((answer) => !answer.ok)) return 1;
  }
  console.log(`Static checks passed in ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  const suite = ['node_modules/vitest/vitest.mjs', 'run'];
  if (args[0] === '--check') return await loudly([...suite, 'tests/rooms.test.ts', 'tests/conventions.test.ts']);
  return await twiceAtMost(suite, args);
}

/** What is read of vitest's report. */
const Report = z.object({ testResults: z.array(z.object({ name: z.string(), status: z.string() })) });

async function twiceAtMost(suite: readonly string[], args: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-report-'));
  const file = join(folder, 'report.json');
  const code = await loudly([...suite, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args]);
  const failed = code === 0 ? [] : failedFiles(file);
  rmSync(folder, { recursive: true, force: true });
  if (failed.length === 0 || failed.length > mostRunAgain) return code;
  console.log(`\nOnce more, alone: ${failed.join(' ')}`);
  const again = await loudly([...suite, '--maxWorkers=1', ...failed]);
  if (again === 0) console.log(`\nUnsteady: passed only when run again: ${failed.join(' ')}. What they said first is above.`);
  return again;
}

const mostRunAgain = 5;

/** The files, relative to the root, in which a test failed; none when the report cannot be read, and then nothing is run again. */
function failedFiles(file: string): string[] {
  try {
    const report = Report.parse(JSON.parse(readFileSync(file, 'utf8')));
    return report.testResults.filter(({ status }) => status !== 'passed').map(({ name }) => relative(root, name));
  } catch {
    return [];
  }
}

/** A room that does not exist yet has no project to check. */
function isThere(step: Step): boolean {
  const project = step.args[2];
  return step.args[1] !== '-p' || project === undefined || existsSync(join(root, project));
}

function quietly(step: Step): Promise<Step & { ok: boolean; output: string; tookMs: number }> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, step.args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => (output += text));
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...step, ok: code === 0, output, tookMs: performance.now() - began }));
  });
}

function loudly(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    process.on('SIGINT', () => {});
    process.on('SIGTERM', () => child.kill('SIGTERM'));
    process.on('disconnect', () => child.kill('SIGTERM'));
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

process.exitCode = await main(process.argv.slice(2));
if (process.connected) process.disconnect();
