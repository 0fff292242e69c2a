/**
 * Ports, files and waiting, for tests that start real programs.
 *
 * A free port is found by binding port 0 and letting it go: another program may take it in between, which is rare enough on a
 * test machine that a start is simply an error then. Waiting is always for a condition with a deadline, never for a time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A TCP port on 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no free port was found');
  return port;
}

/** Several different free ports: all are held at once before any is let go. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<net.Server>((resolve, reject) => {
          const server = net.createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports: number[] = [];
  for (const server of servers) {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
    ports.push(address.port);
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
  return ports;
}

/** Whether something accepts connections on a port of 127.0.0.1. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Whether a process of this id exists (a zombie counts as gone: nobody can talk to it). */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

/** A new folder below the system's temporary folder. Remove it with `removeFolder`. */
export function temporaryFolder(purpose: string): string {
  return mkdtempSync(path.join(tmpdir(), `portcullis-${purpose}-`));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
}

export type WaitOptions = { readonly timeoutMs?: number; readonly everyMs?: number };

/**
 * Quick at first, then calm. An edge refuses an address that opens over 400 connections in ten seconds, and a refused one counts
 * too: a test that asked it fifty times a second shut itself out for good after eight seconds.
 */
const pauseMs = (waitedMs: number) => (waitedMs < 2_000 ? 20 : 100);

/**
 * Asks again and again until the answer is neither `undefined` nor `false`, and returns it.
 * Throws with the sentence `what`, and the last error if the question itself threw, when the deadline (default 15 s) passes.
 */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined | false> | Answer | undefined | false,
  { timeoutMs = 15_000, everyMs }: WaitOptions = {},
): Promise<Answer> {
  const began = performance.now();
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    const waitedMs = performance.now() - began;
    if (waitedMs > timeoutMs) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`, { cause: lastError });
    await new Promise((resolve) => setTimeout(resolve, everyMs ?? pauseMs(waitedMs)));
  }
}
