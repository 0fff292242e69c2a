/**
 * What a relay is told when it starts: flags and environment, parsed once, every mistake at once. Flags win.
 *
 * The control plane must be reached over https, or on this machine: the enrolment token travels there. Edges come in by plain http: what they say
 * and hear is sealed between them and the control plane.
 */
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseAddress, readControl } from '../config.ts';

export type At = { readonly address: string; readonly port: number };

export type RelayConfig = {
  readonly controlUrl: string;
  readonly token: string | null;
  readonly tokenFile: string | null;
  /** The relay's own folder, below the state folder: its key and its identity, nothing else. */
  readonly folder: string;
  readonly name: string;
  readonly listen: At;
  readonly metrics: At | null;
  readonly logLevel: string;
};

export type RelayConfigResult =
  | { readonly kind: 'config'; readonly config: RelayConfig }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly string[] };

const flags = {
  control: { type: 'string' },
  token: { type: 'string' },
  'token-file': { type: 'string' },
  state: { type: 'string' },
  name: { type: 'string' },
  listen: { type: 'string' },
  metrics: { type: 'string' },
  'insecure-control': { type: 'boolean' },
  'log-level': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const relayHelp = `portcullis relay: carries the policy stream between the control plane and many edges, and can read nothing of it

  --control URL            the control plane (PORTCULLIS_CONTROL)
  --token TOKEN            one-time token, first start only (PORTCULLIS_RELAY_TOKEN); made by: portcullis relay enrol
  --token-file FILE        a file that holds the token (PORTCULLIS_RELAY_TOKEN_FILE)
  --state DIR              state folder; the relay's own is DIR/relay (PORTCULLIS_STATE, default ./.portcullis)
  --name NAME              how the console calls this relay (PORTCULLIS_RELAY_NAME, default: this machine's name)
  --listen ADDRESS:PORT    where edges come in (PORTCULLIS_RELAY_LISTEN, default 127.0.0.1:9400)
  --metrics ADDRESS:PORT   /metrics, or "off" (PORTCULLIS_RELAY_METRICS, default 127.0.0.1:9185)
  --insecure-control       allows http:// to a control plane on another machine: for test networks only
  --log-level LEVEL        trace, debug, info, warn, error (PORTCULLIS_LOG_LEVEL, default info)

As subcommands: portcullis relay enrol | list | revoke (see each with --help).
Logs are JSON lines on stderr. Exit codes: 0 stopped, 1 failed, 2 wrong usage, 5 enrolment refused.
`;

/** Parses flags (without the program's and the role's name) and environment. */
export function readRelayConfig(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): RelayConfigResult {
  let values;
  try {
    values = parseArgs({ args: [...argv], options: flags, allowPositionals: false }).values;
  } catch (error) {
    return { kind: 'mistakes', mistakes: [error instanceof Error ? error.message : String(error)] };
  }
  if (values.help === true) return { kind: 'help' };
  const mistakes: string[] = [];
  const text = (flag: string | undefined, name: string) => flag ?? (env[name] === '' ? undefined : env[name]);
  const at = (flag: string, given: string): At => {
    const found = parseAddress(given);
    if (found === null) mistakes.push(`--${flag} must be ADDRESS:PORT, not “${given}”.`);
    return found ?? { address: '127.0.0.1', port: 0 };
  };
  const controlUrl = readControl(text(values.control, 'PORTCULLIS_CONTROL'), values['insecure-control'] === true, mistakes);
  const listen = at('listen', text(values.listen, 'PORTCULLIS_RELAY_LISTEN') ?? '127.0.0.1:9400');
  const metricsText = text(values.metrics, 'PORTCULLIS_RELAY_METRICS') ?? '127.0.0.1:9185';
  const metrics = metricsText === 'off' ? null : at('metrics', metricsText);
  const logLevel = text(values['log-level'], 'PORTCULLIS_LOG_LEVEL') ?? 'info';
  if (!['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].includes(logLevel))
    mistakes.push(`“${logLevel}” is no log level.`);
  if (mistakes.length > 0 || controlUrl === null) return { kind: 'mistakes', mistakes };
  return {
    kind: 'config',
    config: {
      controlUrl,
      token: text(values.token, 'PORTCULLIS_RELAY_TOKEN') ?? null,
      tokenFile: text(values['token-file'], 'PORTCULLIS_RELAY_TOKEN_FILE') ?? null,
      folder: join(resolve(text(values.state, 'PORTCULLIS_STATE') ?? './.portcullis'), 'relay'),
      name: text(values.name, 'PORTCULLIS_RELAY_NAME') ?? hostname(),
      listen,
      metrics,
      logLevel,
    },
  };
}
