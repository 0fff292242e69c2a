/**
 * The HAProxy process of one edge: start, check, adopt, reload, stop. It knows nothing of policy.
 *
 * Master-worker (`-W`), in a session of its own, its output in a file: it outlives an agent that is killed and a terminal that closes,
 * and the next agent adopts it. Who it is comes from its admin socket (the worker) and /proc (the master, whose command line names
 * our configuration), so a recycled process id is never mistaken for it. Linux only.
 * Hazard: when the master is killed its worker ends by itself a moment later; a new one shares its ports with SO_REUSEPORT, so what
 * is left of an old one is killed before a start: it would answer with stale orders.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { processStartTicks } from '../../kit/process-lock.ts';
import { askOnce, parseInfo } from './runtime-socket.ts';

export type HaproxyPlaces = {
  /** The program, as a path or a name on PATH. */
  readonly binary: string;
  /** The configuration file as HAProxy is told of it; the same name for its whole life. */
  readonly config: string;
  readonly adminSocket: string;
  readonly masterSocket: string;
  readonly log: string;
};

/** HAProxy did not start, or refused its configuration. The message is a sentence with HAProxy's own words. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';
}

type Running = { readonly master: number; readonly ticks: string; readonly child: ChildProcess | null };

const startLimitMs = 120_000;
const answerLimitMs = 5000;

/** Asks a HAProxy whether it would take a configuration file; resolves with its complaint, or `null`. Rejects with StartFailed when it is not there. */
export async function checkConfig(binary: string, config: string): Promise<string | null> {
  const child = spawn(binary, ['-c', '-f', config], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(new StartFailed(notFound(binary, error))));
    child.once('close', resolve);
  });
  return code === 0 ? null : alerts(said);
}

export class HaproxyProcess {
  readonly #places: HaproxyPlaces;
  #running: Running | null = null;

  constructor(places: HaproxyPlaces) {
    this.#places = places;
  }

  get isAlive(): boolean {
    return this.#running !== null && processStartTicks(this.#running.master) === this.#running.ticks;
  }

  get masterPid(): number | null {
    return this.isAlive ? (this.#running?.master ?? null) : null;
  }

  /** Finds a HAProxy that an earlier agent started with this configuration file and that answers. */
  async adopt(): Promise<boolean> {
    const worker = await this.workerPid();
    if (worker === null) return false;
    const master = await parentOf(worker);
    const ticks = master === null ? null : processStartTicks(master);
    if (master === null || ticks === null || !(await this.#isOurs(master))) return false;
    this.#running = { master, ticks, child: null };
    return true;
  }

  /** The worker that answers on the admin socket now, or `null`. */
  async workerPid(): Promise<number | null> {
    try {
      const pid = Number(parseInfo(await askOnce(this.#places.adminSocket, 'show info', answerLimitMs)).get('Pid'));
      return Number.isInteger(pid) && pid > 0 ? pid : null;
    } catch {
      return null;
    }
  }

  /** Asks HAProxy whether it would take a configuration file; resolves with its complaint, or `null`. */
  async check(config: string): Promise<string | null> {
    return checkConfig(this.#places.binary, config);
  }

  /** Starts HAProxy and resolves when its worker answers on the admin socket. Rejects with StartFailed. */
  async start(): Promise<void> {
    await this.killLeftovers();
    const logStart = await sizeOf(this.#places.log);
    const log = openSync(this.#places.log, 'a', 0o600);
    const { binary, config, masterSocket } = this.#places;
    let child: ChildProcess;
    try {
      child = spawn(binary, ['-W', '-S', `${masterSocket},mode,600`, '-f', config], {
        detached: true,
        stdio: ['ignore', log, log],
      });
    } finally {
      closeSync(log);
    }
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(notFound(binary, error)));
      child.once('exit', (code, signal) => resolve(`HAProxy ended at its start (${signal ?? `exit code ${code ?? '?'}`}).`));
    });
    child.unref();
    const pid = child.pid;
    if (pid === undefined) throw new StartFailed(await ended);
    this.#running = { master: pid, ticks: processStartTicks(pid) ?? '', child };
    const deadline = Date.now() + startLimitMs;
    while (Date.now() < deadline) {
      const outcome = await Promise.race([ended, delay(20).then(() => null)]);
      if (outcome !== null) {
        this.#running = null;
        throw new StartFailed(`${outcome} ${alerts(await textFrom(this.#places.log, logStart))}`.trim());
      }
      const worker = await this.workerPid();
      if (worker !== null && (await parentOf(worker)) === pid) return;
    }
    await this.stop();
    throw new StartFailed(`HAProxy did not answer within ${startLimitMs / 1000} s of its start.`);
  }

  /**
   * Has the master load its configuration anew and resolves when a new worker answers; the old one ends when its connections have.
   * Rejects with StartFailed when the new configuration was refused: the old worker then still serves.
   */
  async reload(oldWorker: number): Promise<void> {
    const master = this.masterPid;
    if (master === null) throw new StartFailed('HAProxy is not running.');
    const logStart = await sizeOf(this.#places.log);
    const failedBefore = await this.#failedReloads();
    process.kill(master, 'SIGUSR2');
    const deadline = Date.now() + startLimitMs;
    while (Date.now() < deadline && this.isAlive) {
      const worker = await this.workerPid();
      if (worker !== null && worker !== oldWorker) return;
      if ((await this.#failedReloads()) > failedBefore) {
        throw new StartFailed(`HAProxy refused to reload. ${alerts(await textFrom(this.#places.log, logStart))}`);
      }
      await delay(20);
    }
    throw new StartFailed('HAProxy did not finish its reload.');
  }

  /** Ends HAProxy at once, with its connections. */
  async stop(): Promise<void> {
    const master = this.masterPid;
    if (master !== null) {
      signal(master, 'SIGTERM');
      for (let waitedMs = 0; waitedMs < 3000 && this.isAlive; waitedMs += 20) await delay(20);
    }
    await this.killLeftovers();
    this.#running = null;
  }

  /** Whether any process of this edge's HAProxy exists, adopted or not. */
  async isAnyLeft(): Promise<boolean> {
    return (await this.#ours()).length > 0;
  }

  /** Kills every HAProxy whose command line names our configuration file: what no agent can use any more. */
  async killLeftovers(): Promise<void> {
    for (let round = 0; round < 100; round += 1) {
      const pids = await this.#ours();
      if (pids.length === 0) return;
      for (const pid of pids) signal(pid, 'SIGKILL');
      await delay(20);
    }
  }

  async #ours(): Promise<number[]> {
    const pids: number[] = [];
    for (const name of await readdir('/proc')) {
      if (/^\d+$/.test(name) && processStartTicks(Number(name)) !== null && (await this.#isOurs(Number(name))))
        pids.push(Number(name));
    }
    return pids;
  }

  async #isOurs(pid: number): Promise<boolean> {
    const words = await commandLine(pid);
    const at = words.indexOf('-f');
    return words.includes('-W') && at !== -1 && words[at + 1] === this.#places.config;
  }

  async #failedReloads(): Promise<number> {
    try {
      const answer = await askOnce(this.#places.masterSocket, 'show proc', answerLimitMs);
      return Number(/ master .*\[failed: (\d+)\]/.exec(answer)?.[1] ?? 0);
    } catch {
      return 0;
    }
  }
}

async function parentOf(pid: number): Promise<number | null> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    const parent = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
    return parent > 1 ? parent : null;
  } catch {
    return null;
  }
}

async function commandLine(pid: number): Promise<string[]> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  } catch {
    return [];
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

async function textFrom(path: string, start: number): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16_384), 0, 16_384, start);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The lines in which HAProxy says what is wrong. */
function alerts(said: string): string {
  const lines = said.split('\n').filter((line) => /\[ALERT\]|error|cannot/i.test(line));
  const shown = (lines.length > 0 ? lines : said.split('\n')).map((line) => line.replace(/^\[\w+\]\s*\(\d+\) : /, '').trim());
  return shown
    .filter((line) => line !== '')
    .slice(0, 6)
    .join(' | ')
    .slice(0, 1500);
}

function notFound(binary: string, error: Error): string {
  return `HAProxy could not be started as “${binary}” (${error.message}). Install it (Debian: apt-get install haproxy) or name it in PORTCULLIS_HAPROXY.`;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
