/**
 * The program `portcullis edge`: reads flags and environment, wires the agent, runs until it is told to stop.
 *
 * Stops on SIGTERM and SIGINT, and when its parent goes away (IPC `disconnect`, under `portcullis up`). HAProxy stops with it unless
 * `--keep-haproxy` was given; an agent that is killed leaves HAProxy serving, and the next one adopts it.
 * On stdout one JSON line says when it listens; logs go to stderr.
 */
import { systemDns } from './crawlers/dns.ts';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import type { Logger } from 'pino';
import packageFile from '../package.json' with { type: 'json' };
import { logLines } from '../kit/log-lines.ts';
import { takeProcessLock } from '../kit/process-lock.ts';
import { EdgeAgent } from './agent.ts';
import { directoryFetcher } from './bots/directory.ts';
import { BotKeeper } from './bots/keeper.ts';
import { BotsProcess } from './bots/process.ts';
import { CaptchaProcess } from './captcha.ts';
import { KeeperProcess } from './keeper/process.ts';
import { edgeHelp, readConfig } from './config.ts';
import type { EdgeConfig } from './config.ts';
import { StartFailed } from './haproxy/process.ts';
import type { MapEntry } from './render/types.ts';
import { EnrolmentFailed, loadOrEnrol } from './identity.ts';
import { botSocket, captchaSocket, haproxyVersion, keeperPlan, MachineNotReady, preparePlan } from './machine.ts';
import { createMetrics, listenForMetrics } from './telemetry/metrics.ts';
import type { EdgeMetrics } from './telemetry/metrics.ts';

/** Exit codes of the program. */
export const edgeExit = { stopped: 0, failed: 1, usage: 2, enrolmentRefused: 5 } as const;

/**
 * Runs an edge and resolves with its exit code when it has stopped. `argv` is without the program's and the command's names; `entry` is the
 * program's own file.
 */
export async function main(argv: readonly string[], env: NodeJS.ProcessEnv, entry: string): Promise<number> {
  const read = readConfig(argv, env);
  if (read.kind === 'help') {
    process.stdout.write(edgeHelp);
    return edgeExit.stopped;
  }
  if (read.kind === 'mistakes') {
    process.stderr.write(`${read.mistakes.join('\n')}\nSee portcullis edge --help.\n`);
    return edgeExit.usage;
  }
  const { config } = read;
  const log = pino({ name: 'edge', level: config.logLevel }, logLines(2));
  mkdirSync(config.folder, { recursive: true, mode: 0o700 });
  const lock = takeProcessLock(join(config.folder, 'agent.lock'));
  if (!lock.ok) {
    process.stderr.write(
      `Another edge agent (process ${lock.owner?.pid ?? 'unknown'}) uses ${config.folder}. Stop it, or give another --state.\n`,
    );
    return edgeExit.failed;
  }
  const stop = stopSignal();
  try {
    await runUntil(config, log, stop.signal, entry);
    return edgeExit.stopped;
  } catch (error) {
    if (stop.signal.aborted) return edgeExit.stopped;
    const expected = error instanceof StartFailed || error instanceof MachineNotReady || error instanceof EnrolmentFailed;
    log.fatal(expected ? { reason: error.message } : { err: error }, 'the edge could not start');
    process.stderr.write(`${sentence(error, config)}\n`);
    return error instanceof EnrolmentFailed ? edgeExit.enrolmentRefused : edgeExit.failed;
  } finally {
    stop.dispose();
    lock.release();
  }
}

async function runUntil(config: EdgeConfig, log: Logger, signal: AbortSignal, entry: string): Promise<void> {
  const versions = { agent: packageFile.version, haproxy: await haproxyVersion(config.haproxyBinary) };
  const plan = await preparePlan(config);
  const { folder, controlUrl, name } = config;
  const identity = await loadOrEnrol({
    folder,
    controlUrl,
    name,
    versions,
    token: () => readToken(config, log, signal),
    log,
    signal,
  });
  signal.throwIfAborted();
  const metrics = createMetrics();
  const captcha = startCaptcha(config, metrics, log, entry);
  const keeper = startKeeper(config, metrics, log, entry);
  const bots = startBots(config, metrics, log, entry);
  const agent = await EdgeAgent.start({
    folder,
    identity,
    controlUrl,
    relays: config.relays,
    versions,
    plan,
    haproxyBinary: config.haproxyBinary,
    networkFiles: config.networkFiles,
    crawlerFolder: config.crawlerFolder,
    crawlerDns: systemDns(),
    securityLog: config.securityLog,
    metrics,
    log: log.child({ edgeId: identity.edgeId }),
    nowMs: Date.now,
    chance: Math.random,
    signal,
  }).catch(async (error: unknown) => {
    await captcha?.stop();
    await keeper?.stop();
    await bots?.stop();
    throw error;
  });
  bots?.tell((entries) => agent.hold('bot-keys', entries));
  try {
    const health = () => ({ haproxy: agent.haproxy, revision: agent.revision, connected: agent.isConnected });
    const listener = config.metrics === null ? null : await listenForMetrics(config.metrics, metrics, health);
    announce(config, listener?.port ?? null, identity.edgeId);
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    log.info({ haproxy: config.leaveHaproxy ? 'left serving' : 'stopped too' }, 'the edge stops');
    listener?.server.closeAllConnections();
    listener?.server.close();
  } finally {
    await captcha?.stop();
    await keeper?.stop();
    await bots?.stop();
    await agent.stop(config.leaveHaproxy ? 'leave-haproxy' : 'with-haproxy');
  }
}

function startCaptcha(config: EdgeConfig, metrics: EdgeMetrics, log: Logger, entry: string): CaptchaProcess | null {
  if (config.captcha === null) return null;
  const captcha = new CaptchaProcess({
    execPath: process.execPath,
    entry,
    socket: captchaSocket(config),
    threads: config.captcha,
    log,
    nowMs: Date.now,
    chance: Math.random,
    onCounts: (outcome, more) => metrics.captcha.inc({ outcome }, more),
  });
  captcha.start();
  return captcha;
}

function startKeeper(config: EdgeConfig, metrics: EdgeMetrics, log: Logger, entry: string): KeeperProcess | null {
  const plan = keeperPlan(config);
  if (plan === null) return null;
  const keeper = new KeeperProcess({
    execPath: process.execPath,
    entry,
    plan,
    log,
    nowMs: Date.now,
    chance: Math.random,
    onCounts: (outcome, more) => metrics.forms.inc({ outcome }, more),
  });
  keeper.start();
  return keeper;
}

type BotsOfEdge = {
  /** From now on `hold` is told what HAProxy has to know, whenever it is something else. */
  readonly tell: (hold: (entries: readonly MapEntry[]) => void) => void;
  readonly stop: () => Promise<void>;
};

function startBots(config: EdgeConfig, metrics: EdgeMetrics, log: Logger, entry: string): BotsOfEdge | null {
  const { botFolder } = config;
  if (botFolder === null) return null;
  const verifier = new BotsProcess({
    execPath: process.execPath,
    entry,
    socket: botSocket(config),
    log,
    nowMs: Date.now,
    chance: Math.random,
    onCounts: (outcome, more) => metrics.bots.inc({ outcome }, more),
  });
  let keeper: BotKeeper | null = null;
  verifier.start();
  return {
    tell: (hold) => {
      keeper = new BotKeeper({
        folder: botFolder,
        fetchDirectory: directoryFetcher(),
        log,
        nowMs: Date.now,
        onKnown: (keys, entries) => {
          verifier.hold(keys);
          hold(entries);
        },
      });
      keeper.start();
    },
    stop: async () => {
      keeper?.stop();
      await verifier.stop();
    },
  };
}

async function readToken(config: EdgeConfig, log: Logger, signal: AbortSignal): Promise<string> {
  if (config.token !== null) return config.token;
  if (config.tokenFile === null) {
    throw new EnrolmentFailed(
      'This edge is not enrolled yet: make a token with “portcullis edge enrol” and start it with --token.',
    );
  }
  for (let round = 0; ; round += 1) {
    const token = await readFile(config.tokenFile, 'utf8').then(
      (text) => text.trim(),
      () => '',
    );
    if (token !== '') return token;
    if (round % 100 === 20) log.info({ file: config.tokenFile }, 'waiting for the enrolment token');
    await delay(50, undefined, { signal });
  }
}

function announce(config: EdgeConfig, metricsPort: number | null, edgeId: string): void {
  const at = (scheme: 'http' | 'https') =>
    config.listeners
      .filter((one) => one.scheme === scheme)
      .map(({ address, port }) => `${address.includes(':') ? `[${address}]` : address}:${port}`);
  const metrics = config.metrics === null || metricsPort === null ? null : `${config.metrics.address}:${metricsPort}`;
  const message = { kind: 'listening', role: 'edge', edgeId, http: at('http'), https: at('https'), metrics };
  process.stdout.write(`${JSON.stringify(message)}\n`);
  if (process.connected) process.send?.(message);
}

/** Aborts on SIGTERM, SIGINT and the parent's end. A second signal ends the process at once. */
function stopSignal(): { readonly signal: AbortSignal; readonly dispose: () => void } {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const names = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  for (const name of names) process.once(name, stop);
  process.once('disconnect', stop);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of names) process.off(name, stop);
      process.off('disconnect', stop);
    },
  };
}

/** The one sentence for the person who started it. */
function sentence(error: unknown, config: EdgeConfig): string {
  if (!(error instanceof Error)) return String(error);
  const taken = /cannot bind socket \(([^)]*)\).*?\[?([0-9a-f.:]+:\d+)\]?/i.exec(error.message);
  if (error instanceof StartFailed && taken !== null) {
    return `HAProxy cannot listen on ${taken[2]} (${taken[1]}). End what uses that port, or choose another with --http or --https.`;
  }
  if ('code' in error && error.code === 'EADDRINUSE' && config.metrics !== null) {
    return `The metrics port ${config.metrics.address}:${config.metrics.port} is taken. Choose another with --metrics, or --metrics off.`;
  }
  return error.message;
}
