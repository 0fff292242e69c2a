/**
 * What `npm test` runs, in order of how fast it tells: format, lint, types of every project, then the whole suite.
 *
 * Stops at the first step that fails, after having printed what it said. Vitest comes last and prints the closing lines.
 * `--check` stops before the suite; other arguments go to vitest. Started by tools/setup.mjs, which has installed everything.
 * Not here: what the tests need (databases, HAProxy): each test starts its own.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
  return await loudly([...suite, ...args]);
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
