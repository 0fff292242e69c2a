/**
 * The program `portcullis keeper`: keeps forms of visitors who have to pass a check first. An edge starts it by itself; nobody else needs to.
 *
 * It listens on a unix socket that is for its owner alone, and ends on SIGTERM and SIGINT, and at once when its parent goes away. It is given no
 * state folder and no environment; what it keeps is sealed, in memory, for minutes.
 */
import { chmodSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Forms } from './forms.ts';
import { createKeeper } from './service.ts';

export const keeperExit = { stopped: 0, failed: 1, usage: 2 } as const;

export const keeperHelp = `portcullis keeper: keeps what visitors send while they pass a check, for an edge, which starts it by itself

  --socket FILE       the unix socket to listen on; required
  --inner FILE        HAProxy's inner listener for http; required
  --inner-tls FILE    the same for https

Exit codes: 0 stopped, 1 failed, 2 wrong usage.
`;

const tellEveryMs = 5000;
const sweepEveryMs = 10_000;
/** HAProxy opens no more than its own limits and its checks. */
const mostConnections = 512;

/** Runs the service and resolves with its exit code when it has stopped. */
export async function main(argv: readonly string[]): Promise<number> {
  const read = readArguments(argv);
  if (read === 'help') {
    process.stdout.write(keeperHelp);
    return keeperExit.stopped;
  }
  if (read === null) {
    process.stderr.write(`Give sockets with --socket FILE and --inner FILE.\n${keeperHelp}`);
    return keeperExit.usage;
  }
  process.once('disconnect', () => process.exit(keeperExit.stopped));
  try {
    const forms = new Forms(Date.now);
    const keeper = createKeeper({ forms, inner: { http: read.inner, https: read.innerTls } });
    const server = createServer({ headersTimeout: 5000, requestTimeout: 60_000, keepAliveTimeout: 60_000 }, keeper.handle);
    server.maxConnections = mostConnections;
    rmSync(read.socket, { force: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(read.socket, resolve);
    });
    chmodSync(read.socket, 0o600);
    process.stdout.write(`${JSON.stringify({ kind: 'listening', role: 'keeper', socket: read.socket })}\n`);
    const telling = setInterval(
      () => process.connected && process.send?.({ kind: 'counts', counts: keeper.counts(), held: forms.held }),
      tellEveryMs,
    );
    const sweeping = setInterval(() => forms.sweep(), sweepEveryMs);
    await new Promise<void>((resolve) => {
      for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(name, () => resolve());
    });
    clearInterval(telling);
    clearInterval(sweeping);
    server.closeAllConnections();
    server.close();
    return keeperExit.stopped;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return keeperExit.failed;
  }
}

type Arguments = { readonly socket: string; readonly inner: string; readonly innerTls: string | null };

function readArguments(argv: readonly string[]): Arguments | 'help' | null {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        socket: { type: 'string' },
        inner: { type: 'string' },
        'inner-tls': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return 'help';
    if (values.socket === undefined || values.inner === undefined) return null;
    return { socket: values.socket, inner: values.inner, innerTls: values['inner-tls'] ?? null };
  } catch {
    return null;
  }
}
