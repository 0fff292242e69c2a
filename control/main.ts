/**
 * The program `portcullis control`: reads flags and environment, starts the control plane, runs until it is told to stop.
 *
 * When it listens it says so in one JSON line on standard output, and to the parent process if one started it with a channel. The link for the
 * first account is a secret: it goes to the parent if there is one (which shows it to the person), else to standard output. Logs go to standard error.
 * Stops on SIGTERM, SIGINT, or when the parent's channel closes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { z } from 'zod';
import { errorForLog } from '../kit/log-error.ts';
import { logLines } from '../kit/log-lines.ts';
import { readConfig } from './config.ts';
import { startControl } from './service.ts';
import type { Surroundings } from './service.ts';

const Package = z.object({ version: z.string() });

/** Runs to the end; resolves to the exit code: 0 stopped, 1 could not start or go on, 2 wrong flags. */
export async function main(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  guests: Pick<Surroundings, 'startCaptcha'> = {},
): Promise<number> {
  const read = readConfig(args, env, process.cwd());
  if (read.kind === 'help') {
    process.stdout.write(read.text);
    return 0;
  }
  if (read.kind === 'mistakes') {
    process.stderr.write(`${read.mistakes.join('\n')}\n`);
    return 2;
  }
  const { config } = read;
  const log = pino(
    {
      level: config.logLevel,
      base: { program: 'control' },
      redact: ['*.secret', '*.token', '*.authorization', '*.cookie'],
      serializers: { err: (error: unknown) => errorForLog(error) },
    },
    logLines(2),
  );
  const told = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
    process.once('disconnect', () => resolve('the parent process ended'));
  });
  const root = join(import.meta.dirname, '..');
  let control;
  try {
    control = await startControl(config, {
      ...guests,
      log,
      now: () => Date.now(),
      version: Package.parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).version,
      consoleFolder: join(root, 'web', 'console', 'dist'),
    });
  } catch (error) {
    log.fatal({ err: error }, 'the control plane could not start');
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  const { url, publicUrl, setupUrl, captchaUrl } = control;
  const open = { kind: 'listening', role: 'control', url, publicUrl, captchaUrl, state: config.state };
  process.stdout.write(`${JSON.stringify(process.send === undefined ? { ...open, setupUrl } : open)}\n`);
  process.send?.({ ...open, setupUrl });
  log.info({ url, publicUrl, database: config.database.kind }, 'the control plane listens');
  const why = await told;
  log.info({ why }, 'the control plane stops');
  await control.stop();
  return 0;
}
