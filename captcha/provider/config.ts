/**
 * What a captcha provider is told at start: flags, the environment, defaults; every mistake at once. Secrets come by the environment or by a file that only
 * their owner reads: a command line is readable by everybody on the machine.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { Cidr } from '../../contract/network.ts';
import { boxKeyBytes } from '../../kit/sealed-box.ts';
import type { StoreAddress } from '../../store/open.ts';
import { usualProxies } from './visitor.ts';

export type ProviderConfig = {
  readonly database: StoreAddress;
  readonly sealKey: Uint8Array;
  readonly listen: { readonly host: string; readonly port: number };
  readonly trustedProxies: readonly Cidr[];
  readonly threads: number;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
};

export type ProviderConfigResult =
  | { readonly kind: 'config'; readonly config: ProviderConfig }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly string[] };

export const defaultProviderPort = 8610;

export const providerHelp = `Usage: portcullis captcha-provider [options]

Runs the captcha as a service of its own: widgets, checks and siteverify. Several may run on one PostgreSQL.
Publish it as a protected site: TLS and floods are the edge's.

  --listen <address:port>     where it listens                      –                                127.0.0.1:${defaultProviderPort}
  --state <folder>            the control plane's state folder, for PORTCULLIS_STATE                 ./.portcullis
                              its captcha key; and its embedded
                              database, when that is not in use
  --trusted-proxy <network>   believed what it says of a visitor    PORTCULLIS_CAPTCHA_PROXIES       loopback
                              (repeat; by comma in the env)
  --threads <n>               threads that check answers, 1 to 16   –                                half of the cores
  --log-level <level>         debug (each request, without query    PORTCULLIS_LOG_LEVEL             info
                              and body), info, warn or error
  --help                      this text

Environment only, because they are secrets:
  DATABASE_URL                the control plane's PostgreSQL server
  PORTCULLIS_CAPTCHA_KEY      the captcha key, base64 of 32 bytes, instead of control/captcha.key in the state folder

Exit codes: 0 stopped, 1 failed, 2 wrong usage.
`;

const options = {
  listen: { type: 'string' },
  state: { type: 'string' },
  'trusted-proxy': { type: 'string', multiple: true },
  threads: { type: 'string' },
  'log-level': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

const LogLevel = z.enum(['debug', 'info', 'warn', 'error']);

/** Reads flags and environment, and the key's file. `cwd` is what relative folders are relative to. */
export function readProviderConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): ProviderConfigResult {
  const mistakes: string[] = [];
  let values;
  try {
    values = parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    return { kind: 'mistakes', mistakes: [error instanceof Error ? error.message : String(error)] };
  }
  if (values.help === true) return { kind: 'help' };
  const state = resolve(cwd, values.state ?? env['PORTCULLIS_STATE'] ?? '.portcullis');
  const listen = parseListen(values.listen ?? `127.0.0.1:${defaultProviderPort}`);
  if (listen === null) mistakes.push('--listen: give an address and a port, such as 127.0.0.1:8610 or [::1]:8610.');
  const typed =
    values['trusted-proxy'] ?? (env['PORTCULLIS_CAPTCHA_PROXIES'] ?? '').split(',').filter((text) => text.trim() !== '');
  const networks = typed.map((text) => Cidr.safeParse(text.trim()));
  if (networks.some(({ success }) => !success)) mistakes.push('--trusted-proxy: give a network such as 192.0.2.0/24.');
  const proxies = networks.flatMap(({ data }) => (data === undefined ? [] : [data]));
  const threads = Number(values.threads ?? Math.min(4, Math.max(1, Math.floor(availableParallelism() / 2))));
  if (!Number.isInteger(threads) || threads < 1 || threads > 16) mistakes.push('--threads: give a number from 1 to 16.');
  const logLevel = LogLevel.safeParse(values['log-level'] ?? env['PORTCULLIS_LOG_LEVEL'] ?? 'info');
  if (!logLevel.success) mistakes.push('--log-level: debug, info, warn or error.');
  const sealKey = readCaptchaKey(env['PORTCULLIS_CAPTCHA_KEY'] ?? null, join(state, 'control', 'captcha.key'));
  if (typeof sealKey === 'string') mistakes.push(sealKey);
  if (listen === null || !logLevel.success || typeof sealKey === 'string' || mistakes.length > 0)
    return { kind: 'mistakes', mistakes };
  const url = env['DATABASE_URL'];
  const database: StoreAddress =
    url === undefined || url === '' ? { kind: 'embedded', folder: join(state, 'control') } : { kind: 'postgresql', url };
  const trustedProxies = proxies.length === 0 ? usualProxies : proxies;
  return { kind: 'config', config: { database, sealKey, listen, trustedProxies, threads, logLevel: logLevel.data } };
}

/** `address:port` or `[address]:port`; null for anything else. */
export function parseListen(text: string): ProviderConfig['listen'] | null {
  const [, six, four, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = six ?? four;
  const port = Number(digits);
  return host === undefined || port > 65_535 ? null : { host, port };
}

function readCaptchaKey(given: string | null, file: string): Uint8Array | string {
  let text = given;
  try {
    text ??= readFileSync(file, 'utf8').trim();
  } catch {
    return (
      `There is no captcha key: neither PORTCULLIS_CAPTCHA_KEY nor ${file}. The control plane writes that file when it starts; start it ` +
      'first, or copy its key.'
    );
  }
  const key = Buffer.from(text, 'base64');
  if (key.byteLength === boxKeyBytes && key.toString('base64') === text) return key;
  return `The captcha key in ${given === null ? file : 'PORTCULLIS_CAPTCHA_KEY'} is not 32 bytes in base64.`;
}
