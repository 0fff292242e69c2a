/**
 * The program `portcullis captcha-provider`: the captcha as a service of its own, one process or several on one PostgreSQL.
 *
 * Floods and TLS are an edge's: it listens on loopback and is published as a protected site. It is given the captcha key, not the installation's
 * seal key: whoever broke in here could pass checks, and read no report. Stops on SIGTERM and SIGINT, and when its parent goes away.
 * On stdout one JSON line says when it listens; logs go to stderr.
 */
import { pino } from 'pino';
import { errorForLog } from '../../kit/log-error.ts';
import { logLines } from '../../kit/log-lines.ts';
import { migrate } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import { providerHelp, readProviderConfig } from './config.ts';
import { startOnStore } from './on-store.ts';

export const providerExit = { stopped: 0, failed: 1, usage: 2 } as const;

/** Runs to the end; resolves with the exit code. `argv` is without the program's and the command's names. */
export async function main(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const read = readProviderConfig(argv, env, process.cwd());
  if (read.kind === 'help') {
    process.stdout.write(providerHelp);
    return providerExit.stopped;
  }
  if (read.kind === 'mistakes') {
    process.stderr.write(`${read.mistakes.join('\n')}\nSee portcullis captcha-provider --help.\n`);
    return providerExit.usage;
  }
  const { config } = read;
  const log = pino({ level: config.logLevel, base: { program: 'captcha-provider' } }, logLines(2));
  const told = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    process.once('disconnect', () => resolve('the parent process ended'));
  });
  const closing: (() => Promise<void> | void)[] = [];
  try {
    const store = await openStore(config.database);
    closing.push(() => store.close());
    await migrate(store);
    const { sealKey, listen, trustedProxies, threads } = config;
    const provider = await startOnStore({ store, sealKey, listen, trustedProxies, threads, log });
    closing.push(() => provider.stop());
    const listening = { kind: 'listening', role: 'captcha-provider', url: provider.url };
    process.stdout.write(`${JSON.stringify(listening)}\n`);
    process.send?.(listening);
    log.info({ url: provider.url, database: config.database.kind }, 'the captcha provider listens');
    log.info({ why: await told }, 'the captcha provider stops');
    return providerExit.stopped;
  } catch (error) {
    log.fatal({ err: errorForLog(error) }, 'the captcha provider could not start');
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return providerExit.failed;
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
