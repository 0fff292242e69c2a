/**
 * The program `portcullis bots`: verifies signed requests of bots for the HAProxy of one edge. An edge starts it by itself; nobody else needs to.
 *
 * It listens on a unix socket that is for its owner alone, at a low priority, and is told by its parent which keys are good. It ends on SIGTERM and
 * SIGINT, and at once when its parent goes away. It is given no state folder, no environment and no network.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { BotKey } from './keys.ts';
import { Bots } from './service.ts';

export const botsExit = { stopped: 0, failed: 1, usage: 2 } as const;

export const botsHelp = `portcullis bots: verifies signed requests of bots for an edge, which starts it by itself

  --socket FILE   the unix socket to listen on; required

Exit codes: 0 stopped, 1 failed, 2 wrong usage.
`;

/** What the parent says: all keys. */
export const ToldKeys = z.strictObject({ kind: z.literal('keys'), keys: z.array(BotKey).max(5000) });
export type ToldKeys = z.infer<typeof ToldKeys>;

/** Lower than anything that serves visitors. */
const priority = 10;
const tellEveryMs = 5000;
/** HAProxy opens no more than its own limit and its checks. */
const mostConnections = 256;

/** Runs the service and resolves with its exit code when it has stopped. */
export async function main(argv: readonly string[]): Promise<number> {
  const socket = readSocket(argv);
  if (socket === 'help') {
    process.stdout.write(botsHelp);
    return botsExit.stopped;
  }
  if (socket === null) {
    process.stderr.write(`Give a socket with --socket FILE.\n${botsHelp}`);
    return botsExit.usage;
  }
  process.once('disconnect', () => process.exit(botsExit.stopped));
  setPriority(priority);
  try {
    const bots = new Bots(Date.now);
    process.on('message', (message: unknown) => {
      const told = ToldKeys.safeParse(message);
      if (told.success) bots.hold(told.data.keys);
    });
    const server = createServer((connection) => bots.serve(connection));
    server.maxConnections = mostConnections;
    rmSync(socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(socket, resolve);
    });
    chmodSync(socket, 0o600);
    process.stdout.write(`${JSON.stringify({ kind: 'listening', role: 'bots', socket })}\n`);
    const telling = setInterval(
      () => process.connected && process.send?.({ kind: 'counts', counts: bots.counts() }),
      tellEveryMs,
    );
    await new Promise<void>((resolve) => {
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => resolve());
    });
    clearInterval(telling);
    server.close();
    process.exit(botsExit.stopped);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return botsExit.failed;
  }
}

function readSocket(argv: readonly string[]): string | 'help' | null {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { socket: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    return values.help === true ? 'help' : (values.socket ?? null);
  } catch {
    return null;
  }
}
