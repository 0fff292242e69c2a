/**
 * Which control plane a command talks to, and as whom: flags first, then the environment, then what runs on this machine.
 *
 * `portcullis up` and `portcullis control` leave two files in the state folder: `running.json` (where the control plane listens) and
 * `operator.token` (mode 600: whoever may read it acts as the operator on this machine).
 * A token never travels over plain http to another machine: fails closed, and the test shows it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { makeClient } from './client.ts';
import type { Client } from './client.ts';
import { CommandFailure } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

export const defaultControlPort = 8600;
export const defaultStateFolder = '.portcullis';

/** What `portcullis up` writes while it runs. */
export const Running = z.object({
  pid: z.int(),
  startedAt: z.string(),
  controlUrl: z.url(),
  /** Plain http of its own edge, as this machine reaches it. */
  edgeUrl: z.url().optional(),
  /** Left out: it runs no captcha provider. */
  captchaUrl: z.url().optional(),
});
export type Running = z.infer<typeof Running>;

export const runningFile = 'running.json';
const operatorTokenFile = 'operator.token';

export type ConnectionOptions = {
  readonly control?: string;
  readonly token?: string;
  readonly state?: string;
  readonly json?: boolean;
};

/** Adds the flags by which every command finds its control plane, and `--json`. */
export function withConnection(command: Command): Command {
  return command
    .option(
      '--control <url>',
      'address of the control plane (env PORTCULLIS_CONTROL; else the one that runs on this state folder)',
    )
    .option(
      '--token <token>',
      'API token (env PORTCULLIS_TOKEN, which other people on this machine cannot see in its process list)',
    )
    .option('--state <folder>', `state folder of this machine (env PORTCULLIS_STATE; default ./${defaultStateFolder})`)
    .option('--json', 'print one JSON value and nothing else');
}

/** The state folder that was meant, as an absolute path. */
export function stateFolder(given: string | undefined, terminal: Terminal): string {
  return resolve(terminal.cwd, given ?? nonEmpty(terminal.env['PORTCULLIS_STATE']) ?? defaultStateFolder);
}

export function connect(options: ConnectionOptions, terminal: Terminal): Client {
  const state = stateFolder(options.state, terminal);
  const named = options.control ?? nonEmpty(terminal.env['PORTCULLIS_CONTROL']);
  const controlUrl = named ?? readRunning(state)?.controlUrl ?? `http://127.0.0.1:${defaultControlPort}`;
  const givenToken = options.token ?? nonEmpty(terminal.env['PORTCULLIS_TOKEN']);
  // A control plane that somebody named by hand may be another installation: it does not get this machine's token unless it is here.
  const url = parseControlUrl(controlUrl);
  const here = isLoopback(url);
  const token = givenToken ?? (here ? operatorToken(state) : null);
  if (token !== null && url.protocol === 'http:' && !here) {
    throw new CommandFailure(
      'usage',
      `${controlUrl} is plain http on another machine: a token would travel in the clear. Use https.`,
    );
  }
  return makeClient({ controlUrl: url.href, token }, terminal.fetch);
}

/** What runs here by its own word, when a command speaks to it and not to another installation. */
export function runningOn(options: ConnectionOptions, terminal: Terminal): Running | null {
  const running = readRunning(stateFolder(options.state, terminal));
  const named = options.control ?? nonEmpty(terminal.env['PORTCULLIS_CONTROL']);
  return named === undefined || named === running?.controlUrl ? running : null;
}

/** What runs on a state folder by its own word, or null. Whether it still answers is seen when it is asked. */
function readRunning(state: string): Running | null {
  const file = join(state, runningFile);
  if (!existsSync(file)) return null;
  try {
    return Running.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return null;
  }
}

function parseControlUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new CommandFailure('usage', `“${text}” is not the address of a control plane: give one such as https://console.example.`);
}

function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(url.hostname);
}

/** The token of the operator on this machine, or null. */
export function operatorToken(state: string): string | null {
  try {
    return nonEmpty(readFileSync(join(state, operatorTokenFile), 'utf8').trim()) ?? null;
  } catch {
    // Not there, or not ours to read: the server then says that a token is missing.
    return null;
  }
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : text;
}
