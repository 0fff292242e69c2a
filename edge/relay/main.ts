/**
 * The program `portcullis relay`: reads flags and environment, enrols once, carries until it is told to stop.
 *
 * Stops on SIGTERM, SIGINT and SIGHUP; edges behind it take another way. On stdout one JSON line says when it listens; logs go to stderr.
 */
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import packageFile from '../../package.json' with { type: 'json' };
import { logLines } from '../../kit/log-lines.ts';
import { takeProcessLock } from '../../kit/process-lock.ts';
import { EnrolmentFailed } from '../identity.ts';
import { readRelayConfig, relayHelp } from './config.ts';
import type { RelayConfig } from './config.ts';
import { openDoor } from './door.ts';
import { loadOrEnrolRelay } from './identity.ts';
import { createRelayMetrics, listenForRelayMetrics } from './metrics.ts';
import { Office } from './office.ts';

/** Exit codes of the program. */
export const relayExit = { stopped: 0, failed: 1, usage: 2, enrolmentRefused: 5 } as const;

/** Runs a relay and resolves with its exit code when it has stopped. `argv` is without the program's and the role's names. */
export async function main(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const read = readRelayConfig(argv, env);
  if (read.kind === 'help') {
    process.stdout.write(relayHelp);
    return relayExit.stopped;
  }
  if (read.kind === 'mistakes') {
    process.stderr.write(`${read.mistakes.join('\n')}\nSee portcullis relay --help.\n`);
    return relayExit.usage;
  }
  const { config } = read;
  mkdirSync(config.folder, { recursive: true, mode: 0o700 });
  const lock = takeProcessLock(join(config.folder, 'relay.lock'));
  if (!lock.ok) {
    process.stderr.write(
      `Another relay (process ${lock.owner?.pid ?? 'unknown'}) uses ${config.folder}. Give another --state.\n`,
    );
    return relayExit.failed;
  }
  const stop = new AbortController();
  const onStop = () => stop.abort();
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  for (const name of signals) process.once(name, onStop);
  try {
    await runUntil(config, stop.signal);
    return relayExit.stopped;
  } catch (error) {
    if (stop.signal.aborted) return relayExit.stopped;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof EnrolmentFailed ? relayExit.enrolmentRefused : relayExit.failed;
  } finally {
    for (const name of signals) process.off(name, onStop);
    lock.release();
  }
}

async function runUntil(config: RelayConfig, signal: AbortSignal): Promise<void> {
  const log = pino({ name: 'relay', level: config.logLevel }, logLines(2));
  const { folder, controlUrl, name, listen } = config;
  const { version } = packageFile;
  const identity = await loadOrEnrolRelay({ folder, controlUrl, name, version, token: () => readToken(config), log, signal });
  const metrics = createRelayMetrics();
  const { relayId, sign } = identity;
  const office = new Office({ controlUrl, relayId, sign, version, chance: Math.random, log, counts: metrics.counts });
  const door = await openDoor(listen, office);
  const closeMetrics = config.metrics === null ? null : await listenForRelayMetrics(config.metrics, metrics);
  try {
    office.start();
    process.stdout.write(`${JSON.stringify({ kind: 'listening', role: 'relay', relayId, port: door.port })}\n`);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    log.info('the relay stops');
  } finally {
    office.stop();
    closeMetrics?.();
    await door.close();
  }
}

async function readToken({ token, tokenFile }: RelayConfig): Promise<string> {
  if (token !== null) return token;
  if (tokenFile !== null) return (await readFile(tokenFile, 'utf8')).trim();
  throw new EnrolmentFailed(
    'This relay is not enrolled yet: make a token with “portcullis relay enrol” and start it with --token.',
  );
}
