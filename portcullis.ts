#!/usr/bin/env node
/**
 * The one program. Reads the process's environment, loads the role that was asked for, and ends with its exit code.
 *
 * Roles are loaded only when they run, so that `portcullis site list` does not load a database and an edge does not load a console.
 * Needs Node 24; `npm start` and the `portcullis` script beside this file see to that.
 */
import { readFileSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Terminal } from './cli/terminal.ts';
import type { StartCaptcha } from './control/captcha/guest.ts';

// Halves the CPU that a command takes to start (0.40 to 0.19 s here). Where the folder cannot be written, Node goes on without it.
enableCompileCache(fileURLToPath(new URL('node_modules/.cache/portcullis', import.meta.url)));

const packageFile: unknown = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const version =
  typeof packageFile === 'object' && packageFile !== null && 'version' in packageFile ? String(packageFile.version) : '0';

function makeTerminal(): Terminal {
  const interrupted = new AbortController();
  const interrupt = (): void => {
    // A second Ctrl-C does not wait; children of `up` stop when their channel to us closes.
    if (interrupted.signal.aborted) process.exit(130);
    interrupted.abort();
  };
  process.on('SIGINT', interrupt);
  for (const event of ['SIGTERM', 'SIGHUP', 'disconnect'] as const) process.on(event, () => interrupted.abort());
  return {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    env: process.env,
    cwd: process.cwd(),
    nowMs: () => Date.now(),
    fetch,
    interrupted: interrupted.signal,
  };
}

// A reader that has gone (`| head`) or a full disk under a log is no reason to end: what cannot be printed is lost, the work goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const { run } = await import('./cli/program.ts');

process.exitCode = await run(process.argv.slice(2), {
  terminal: makeTerminal,
  version,
  roles: {
    control: async (args) => {
      // The embedded database is one process's: with it the captcha provider is a guest of the control plane.
      const startCaptcha: StartCaptcha = async (parts) =>
        await (await import('./captcha/provider/on-store.ts')).startOnStore(parts);
      return await (await import('./control/main.ts')).main(args, process.env, { startCaptcha });
    },
    edge: async (args) => await (await import('./edge/main.ts')).main(args, process.env, fileURLToPath(import.meta.url)),
    relay: async (args) => await (await import('./edge/relay/main.ts')).main(args, process.env),
    witness: async (args) => await (await import('./control/record/witness/main.ts')).main(args),
    monitor: async (args) => await (await import('./control/record/monitor/main.ts')).main(args),
    keeper: async (args) => await (await import('./edge/keeper/main.ts')).main(args),
    bots: async (args) => await (await import('./edge/bots/main.ts')).main(args),
    captcha: async (args) => await (await import('./captcha/main.ts')).main(args),
    captchaProvider: async (args) => await (await import('./captcha/provider/main.ts')).main(args, process.env),
  },
  up: { execPath: process.execPath, entry: fileURLToPath(import.meta.url) },
});
if (process.connected) process.disconnect();
