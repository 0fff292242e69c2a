/**
 * A supervised role: one child process that is started again when it ends unasked, and ended when it is asked.
 *
 * The child is a process group of its own, so that Ctrl-C in the terminal reaches only `portcullis up`, which then stops its children in order.
 * Its output goes straight into a log file, not through a pipe: when `up` is killed outright, a child must not fail at writing its
 * log while it stops (it hears of that death by the closed IPC channel). The log is cut when it grows beyond its limit.
 * A child that was never ready backs off (0.2 s doubling to 10 s); one that was ready starts again at once.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync, renameSync, statSync, truncateSync } from 'node:fs';
import { backoffMs } from '../../kit/backoff.ts';

export type ChildPlan = {
  readonly role: 'control' | 'edge';
  readonly execPath: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  /** Whether a message of the child says that it is ready. */
  readonly isReady: (message: unknown) => boolean;
  /** Told to people: an unexpected end, a new start. */
  readonly say: (sentence: string) => void;
};

export type Supervised = {
  /** Resolves with the message of the first time that the child was ready; rejects if it ended before that, or was stopped. */
  readonly ready: Promise<unknown>;
  /** Ends the child: SIGTERM, then after `graceMs` SIGKILL to its whole group. Resolves when it is gone. */
  readonly stop: (graceMs: number) => Promise<void>;
};

const roleName = { control: 'control plane', edge: 'edge' } as const;

const mostLogBytes = 20 * 1024 * 1024;
const backoff = { firstMs: 200, longestMs: 10_000 };

/** Starts the child and keeps it running until `stop`. */
export function supervise(plan: ChildPlan): Supervised {
  let child: ChildProcess | null = null;
  let restart: NodeJS.Timeout | null = null;
  let stopping = false;
  let everReady = false;
  let failures = 0;
  let settle: { resolve: (message: unknown) => void; reject: (error: Error) => void } = {
    resolve: () => undefined,
    reject: () => undefined,
  };
  const ready = new Promise<unknown>((resolve, reject) => (settle = { resolve, reject }));
  ready.catch(() => undefined);

  const start = (): void => {
    restart = null;
    const log = openLog(plan.logFile);
    const startedAt = fstatSync(log).size;
    const started = spawn(plan.execPath, plan.args, {
      stdio: ['ignore', log, log, 'ipc'],
      env: { ...plan.env },
      detached: true,
    });
    closeSync(log);
    child = started;
    let wasReady = false;
    started.on('message', (message) => {
      if (!plan.isReady(message)) return;
      if (everReady && !wasReady) plan.say(`The ${roleName[plan.role]} is back.`);
      wasReady = true;
      everReady = true;
      failures = 0;
      settle.resolve(message);
    });
    started.on('error', (error) => settle.reject(new Error(`The ${roleName[plan.role]} cannot be started: ${error.message}`)));
    started.on('exit', (code, signal) => {
      child = null;
      const how = signal === null ? `code ${code ?? 'unknown'}` : signal;
      if (stopping) return settle.reject(new Error(`The ${roleName[plan.role]} was stopped before it was ready.`));
      if (!everReady)
        return settle.reject(
          new Error(`The ${roleName[plan.role]} ended before it was ready (${how}).\n${logSince(plan.logFile, startedAt)}`),
        );
      const waitMs = wasReady ? 0 : backoffMs(backoff, failures, Math.random());
      failures += 1;
      plan.say(`The ${roleName[plan.role]} ended (${how}) and is started again. Its log: ${plan.logFile}`);
      restart = setTimeout(start, waitMs);
    });
  };
  start();
  const trimming = setInterval(() => trimLog(plan.logFile), 60_000);
  trimming.unref();

  return {
    ready,
    stop: async (graceMs) => {
      stopping = true;
      clearInterval(trimming);
      if (restart !== null) clearTimeout(restart);
      const running = child;
      if (running?.pid === undefined) return;
      const { pid } = running;
      const gone = new Promise<void>((resolve) => running.once('exit', () => resolve()));
      running.kill('SIGTERM');
      const killing = setTimeout(() => killGroup(pid), graceMs);
      await gone;
      clearTimeout(killing);
    },
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended meanwhile.
  }
}

/** Opened for appending, readable by its owner only; a large one of an earlier run is kept aside once. */
function openLog(file: string): number {
  try {
    if (statSync(file).size > mostLogBytes / 2) renameSync(file, `${file}.1`);
  } catch {
    // There is none yet.
  }
  return openSync(file, 'a', 0o600);
}

/** The child appends, so that after a cut its next line is the first. */
function trimLog(file: string): void {
  try {
    if (statSync(file).size > mostLogBytes) truncateSync(file, 0);
  } catch {
    // Nothing to cut.
  }
}

/** The last lines that a child wrote since it started: what a person needs to see when it did not come up. */
function logSince(file: string, from: number): string {
  try {
    const fd = openSync(file, 'r');
    try {
      const end = fstatSync(fd).size;
      const begin = Math.max(from, end - 6000);
      const bytes = Buffer.alloc(Math.max(0, end - begin));
      readSync(fd, bytes, 0, bytes.length, begin);
      return lastWords(bytes.toString('utf8').trim().split('\n'));
    } finally {
      closeSync(fd);
    }
  } catch {
    return `Its log: ${file}`;
  }
}

/** Both programs end with a sentence for people, after their structured lines; without one (a crash) the structured lines must do. */
function lastWords(lines: readonly string[]): string {
  const plain = lines.filter((line) => !line.startsWith('{'));
  return (plain.length > 0 ? plain.slice(-12) : lines.slice(-5).map(plainLine)).join('\n');
}

/** A structured log line as a sentence; any other line as it is. */
function plainLine(line: string): string {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null || !('msg' in entry)) return line;
    const cause =
      'err' in entry && typeof entry.err === 'object' && entry.err !== null && 'message' in entry.err
        ? `: ${String(entry.err.message)}`
        : '';
    return `${String(entry.msg)}${cause}`;
  } catch {
    return line;
  }
}
