/**
 * One `portcullis` process as an operator would start it, watched from outside: its output, its end, its descendants.
 *
 * Not here: what the roles need as flags (tests/harness/provider.ts). A program that a test forgot is killed when the test process
 * exits, so that a failing test leaves nothing behind; children in other process groups (HAProxy) are found by /proc and killed too.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isRunning, until } from './ports.ts';

export const checkout = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const entry = path.join(checkout, 'portcullis.ts');

export type Program = {
  readonly pid: number;
  /** Everything that it has printed on either stream so far. */
  readonly output: () => string;
  readonly running: () => boolean;
  /** Waits for its end; resolves to the exit code, or the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Sends the signal and waits (default 20 s) until it and all its descendants are gone. Returns how it ended. */
  readonly stop: (name?: NodeJS.Signals, timeoutMs?: number) => Promise<number | NodeJS.Signals>;
};

/**
 * What every program gets: nothing of the test's own environment but where to look, and a folder in which Node keeps what it compiled. Without it each start
 * of a control plane spends a third of its processor time, 0.8 s, on compiling what the start before had compiled.
 */
function environment(more: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH = '/usr/bin:/bin', HOME = '/tmp' } = process.env;
  return { PATH, HOME, NODE_COMPILE_CACHE: path.join(tmpdir(), 'compiled'), ...more };
}

const started = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL');
});

/** Starts `portcullis <args>` with only the given environment beside PATH and HOME. */
export function startProgram(args: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: checkout,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`portcullis ${args.join(' ')} did not start`);
  started.add(child);
  let text = '';
  const keep = (chunk: Buffer): void => {
    text += chunk.toString('utf8');
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('exit', (code, signal) => {
      started.delete(child);
      resolve(code ?? signal ?? 0);
    });
  });
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    output: () => text,
    running,
    ended,
    signal: (name) => {
      child.kill(name);
    },
    stop: async (name = 'SIGINT', timeoutMs = 20_000) => {
      const family = await descendants(pid);
      if (running()) child.kill(name);
      await until(`portcullis ${args.join(' ')} ends after ${name}; it printed:\n${text}`, () => !running(), { timeoutMs });
      const left = async (): Promise<number[]> => {
        const alive: number[] = [];
        for (const member of family) if (await isRunning(member)) alive.push(member);
        return alive;
      };
      await until('its descendants end as well', async () => (await left()).length === 0, { timeoutMs });
      return ended;
    },
  };
}

/** Runs `portcullis <args>` to its end (default 60 s). For commands of the CLI. */
export async function runProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [entry, ...args], {
    cwd: checkout,
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  const code = await new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? -1)));
  return { code, stdout, stderr };
}

/** A process of this machine, as /proc tells it. */
export type ProcessInfo = { readonly pid: number; readonly parent: number; readonly command: string };

/** All processes that run now (zombies left out). */
async function processes(): Promise<ProcessInfo[]> {
  const found: ProcessInfo[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8');
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (state === 'Z' || parent === undefined) continue;
      const command = (await readFile(`/proc/${name}/cmdline`, 'utf8')).replaceAll('\0', ' ').trim();
      found.push({ pid: Number(name), parent: Number(parent), command });
    } catch {
      // It ended while we read: then it is not there.
    }
  }
  return found;
}

/** Children, grandchildren and so on of a process. */
async function descendants(pid: number): Promise<number[]> {
  const all = await processes();
  const family = [pid];
  for (let index = 0; index < family.length; index++) {
    for (const one of all) if (one.parent === family[index]) family.push(one.pid);
  }
  return family.slice(1);
}

/** Processes whose command line names this text (a state folder, for instance), ours left out. */
export async function processesNaming(text: string): Promise<ProcessInfo[]> {
  return (await processes()).filter((one) => one.pid !== process.pid && one.command.includes(text));
}
