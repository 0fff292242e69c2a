/**
 * The program `portcullis captcha`: checks stronger work for the HAProxy of one edge. An edge starts it by itself; nobody else needs to.
 *
 * It listens on a unix socket that is for its owner alone, with few threads and a low priority: under a flood HAProxy comes first. It ends on
 * SIGTERM and SIGINT, and at once when its parent goes away. It is given nothing secret: no state folder, no environment.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { availableParallelism, setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { Pool } from './pool.ts';
import { createCaptcha } from './service.ts';

export const captchaExit = { stopped: 0, failed: 1, usage: 2 } as const;

export const captchaHelp = `portcullis captcha: checks stronger work for an edge, which starts it by itself

  --socket FILE   the unix socket to listen on; required
  --threads N     threads that check answers (default: half of this machine's cores, at least 1, at most 4)

Exit codes: 0 stopped, 1 failed, 2 wrong usage.
`;

/** Lower than anything that serves visitors. */
const priority = 10;
const tellEveryMs = 5000;
/** HAProxy opens no more than its own limit and its checks. */
const mostConnections = 256;

/** Runs the service and resolves with its exit code when it has stopped. */
export async function main(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv);
  if (read === 'help') {
    process.stdout.write(captchaHelp);
    return captchaExit.stopped;
  }
  if (read === null) {
    process.stderr.write(`Give a socket with --socket FILE, and with --threads a number from 1 to 16.\n${captchaHelp}`);
    return captchaExit.usage;
  }
  // The parent is gone, or is killed: at once, and without taking the socket's name from who comes next.
  process.once('disconnect', () => process.exit(captchaExit.stopped));
  // Before there are threads: they inherit it.
  setPriority(priority);
  const pool = new Pool(read.threads);
  try {
    const captcha = createCaptcha({ nowMs: Date.now, check: (job) => pool.run(job) });
    const server = createServer({ headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 60_000 }, captcha.handle);
    server.maxConnections = mostConnections;
    rmSync(read.socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(read.socket, resolve);
    });
    chmodSync(read.socket, 0o600);
    process.stdout.write(`${JSON.stringify({ kind: 'listening', role: 'captcha', socket: read.socket })}\n`);
    const tell = () => process.connected && process.send?.({ kind: 'counts', counts: captcha.counts() });
    const telling = setInterval(tell, tellEveryMs);
    await new Promise<void>((resolve) => {
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => resolve());
    });
    clearInterval(telling);
    server.closeAllConnections();
    server.close();
    return captchaExit.stopped;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return captchaExit.failed;
  } finally {
    await pool.stop();
  }
}

function readArguments(argv: readonly string[]): { readonly socket: string; readonly threads: number } | 'help' | null {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { socket: { type: 'string' }, threads: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) return 'help';
    const threads = Number(values.threads ?? Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2))));
    if (values.socket === undefined || !Number.isInteger(threads) || threads < 1 || threads > 16) return null;
    return { socket: values.socket, threads };
  } catch {
    return null;
  }
}
