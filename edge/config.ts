/**
 * What an edge is told when it starts: flags and environment, parsed once, every mistake at once.
 *
 * Flags win over the environment. The control plane must be reached over https, or on this machine: enrolment trusts whoever answers,
 * and the token and the clearance keys travel there. Policy itself is signed, so plain http would not let anyone forge orders; it would
 * let them enrol the edge into a control plane of their own and read its keys.
 */
import { parseArgs } from 'node:util';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import type { NetworkFiles } from './network-data/keeper.ts';
import type { Listener, Neighbour, Neighbours } from './render/types.ts';

export type EdgeConfig = {
  readonly controlUrl: string;
  /** Addresses of relays, tried before the control plane. */
  readonly relays: readonly string[];
  readonly token: string | null;
  readonly tokenFile: string | null;
  /** The edge's own folder, below the state folder. */
  readonly folder: string;
  readonly name: string;
  readonly listeners: readonly Listener[];
  readonly metrics: { readonly address: string; readonly port: number } | null;
  readonly haproxyBinary: string;
  readonly originTrust: string | null;
  /** Files of networks by country and by AS number, MMDB or CSV; null: rules that name one do nothing here. */
  readonly networkFiles: NetworkFiles;
  /** Folder with the networks of crawlers; null: they are known by DNS only. */
  readonly crawlerFolder: string | null;
  /** Folder with keys of bots that sign their requests; null: there are none. */
  readonly botFolder: string | null;
  /** Where refusals are written down for programs of the operator: `stdout` or a file; null: nowhere. */
  readonly securityLog: string | null;
  /** Whether that log has whole addresses. */
  readonly wholeAddresses: boolean;
  readonly originCa: string | null;
  readonly originCertificate: string | null;
  readonly threads: number | 'auto';
  /** Threads that check stronger work; null: there is none. */
  readonly captcha: number | 'auto' | null;
  /** Whether forms of visitors who have to pass the check are kept. */
  readonly keepsForms: boolean;
  readonly maxConnections: number;
  /** Edges of the same point of presence; null: none. */
  readonly neighbours: Neighbours | null;
  readonly leaveHaproxy: boolean;
  readonly logLevel: string;
};

export type ConfigResult =
  | { readonly kind: 'config'; readonly config: EdgeConfig }
  | { readonly kind: 'help' }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly string[] };

const flags = {
  control: { type: 'string' },
  relays: { type: 'string' },
  token: { type: 'string' },
  'token-file': { type: 'string' },
  state: { type: 'string' },
  name: { type: 'string' },
  http: { type: 'string', multiple: true },
  https: { type: 'string', multiple: true },
  metrics: { type: 'string' },
  haproxy: { type: 'string' },
  'origin-trust': { type: 'string' },
  'country-data': { type: 'string' },
  'asn-data': { type: 'string' },
  crawlers: { type: 'string' },
  bots: { type: 'string' },
  'security-log': { type: 'string' },
  'security-log-addresses': { type: 'string' },
  'origin-ca': { type: 'string' },
  'origin-certificate': { type: 'string' },
  threads: { type: 'string' },
  captcha: { type: 'string' },
  'keep-forms': { type: 'string' },
  'max-connections': { type: 'string' },
  peers: { type: 'string' },
  'peer-name': { type: 'string' },
  'keep-haproxy': { type: 'boolean' },
  'insecure-control': { type: 'boolean' },
  'log-level': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const edgeHelp = `portcullis edge: runs an edge, HAProxy and its agent

  --control URL            the control plane (PORTCULLIS_CONTROL)
  --relays URL,URL         relays that the policy is taken from, while one of them does (PORTCULLIS_EDGE_RELAYS)
  --token TOKEN            one-time enrolment token, first start only (PORTCULLIS_EDGE_TOKEN)
  --token-file FILE        a file that holds the token; waited for (PORTCULLIS_EDGE_TOKEN_FILE)
  --state DIR              state folder; the edge's own is DIR/edge (PORTCULLIS_STATE, default ./.portcullis)
  --name NAME              how the console calls this edge (PORTCULLIS_EDGE_NAME, default: this machine's name)
  --http ADDRESS:PORT      where visitors come in over http; repeatable, or "off" (PORTCULLIS_EDGE_HTTP, default 127.0.0.1:8080)
  --https ADDRESS:PORT     the same over https (PORTCULLIS_EDGE_HTTPS, default 127.0.0.1:8443)
  --metrics ADDRESS:PORT   /metrics and /healthz, or "off" (PORTCULLIS_EDGE_METRICS, default 127.0.0.1:9184)
  --keep-haproxy           a stop leaves HAProxy serving; the next start adopts it
  --haproxy FILE           the HAProxy program (PORTCULLIS_HAPROXY, default haproxy)
  --origin-trust FILE      PEM bundle that https origins are verified against (PORTCULLIS_ORIGIN_TRUST, default: the system's)
  --country-data FILE      networks by country, MMDB or CSV, for rules (PORTCULLIS_COUNTRY_DATA)
  --asn-data FILE          networks by AS number, the same (PORTCULLIS_ASN_DATA)
  --crawlers DIR           files of crawlers' networks, NAME.txt or NAME.json (PORTCULLIS_CRAWLERS)
  --bots DIR               files of keys of bots that sign their requests, NAME.json (PORTCULLIS_BOTS)
  --security-log FILE      a line for each refused request, for fail2ban and the like; or "stdout" (PORTCULLIS_EDGE_SECURITY_LOG)
  --security-log-addresses network|whole  how much of a visitor's address is in it (PORTCULLIS_EDGE_SECURITY_LOG_ADDRESSES, default network)
  --origin-ca FILE         PEM of further authorities that origins may have, beside those (PORTCULLIS_ORIGIN_CA)
  --origin-certificate FILE  PEM of certificate and key, shown to origins that ask who we are (PORTCULLIS_ORIGIN_CERTIFICATE)
  --threads N              HAProxy's threads (PORTCULLIS_EDGE_THREADS, default auto)
  --captcha N              threads that check stronger work, or "off" (PORTCULLIS_EDGE_CAPTCHA, default half of the cores, at most 4)
  --keep-forms on|off      what visitors send while they have to pass the check is kept in memory (PORTCULLIS_EDGE_KEEP_FORMS, default on)
  --max-connections N      client connections at once (PORTCULLIS_EDGE_MAX_CONNECTIONS, default 10000)
  --peers NAME@ADDRESS:PORT,…  edges of the same point of presence, this one too, on a private network (PORTCULLIS_EDGE_PEERS)
  --peer-name NAME         which of them this one is (PORTCULLIS_EDGE_PEER_NAME, default: --name)
  --insecure-control       allows http:// to a control plane on another machine: for test networks only
  --log-level LEVEL        trace, debug, info, warn, error (PORTCULLIS_LOG_LEVEL, default info)

Logs are JSON lines on stderr. Exit codes: 0 stopped, 1 failed, 2 wrong usage, 5 enrolment refused.
`;

/** Parses flags (without the program's name) and environment. */
export function readConfig(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): ConfigResult {
  let values;
  try {
    values = parseArgs({ args: [...argv], options: flags, allowPositionals: false }).values;
  } catch (error) {
    return { kind: 'mistakes', mistakes: [error instanceof Error ? error.message : String(error)] };
  }
  if (values.help === true) return { kind: 'help' };
  const mistakes: string[] = [];
  const text = (flag: string | undefined, name: string) => flag ?? (env[name] === '' ? undefined : env[name]);
  const number = (name: string, given: string | undefined, fallback: number, most: number) => {
    if (given === undefined) return fallback;
    const value = Number(given);
    if (Number.isInteger(value) && value >= 1 && value <= most) return value;
    mistakes.push(`${name} must be a whole number from 1 to ${most}, not “${given}”.`);
    return fallback;
  };
  const listeners = (scheme: Listener['scheme'], given: readonly string[]) =>
    given.flatMap((one): Listener[] => {
      if (one === 'off') return [];
      const at = parseAddress(one);
      if (at === null || at.port === 0) mistakes.push(`--${scheme} must be ADDRESS:PORT or “off”, not “${one}”.`);
      return at === null ? [] : [{ scheme, ...at }];
    });
  const control = readControl(text(values.control, 'PORTCULLIS_CONTROL'), values['insecure-control'] === true, mistakes);
  const relays = (split(text(values.relays, 'PORTCULLIS_EDGE_RELAYS')) ?? []).flatMap((one) => readRelay(one, mistakes));
  const state = resolve(text(values.state, 'PORTCULLIS_STATE') ?? './.portcullis');
  const folder = join(state, 'edge');
  if (!/^\/[A-Za-z0-9._/@+-]*$/.test(folder)) {
    mistakes.push(
      `The state folder ${state} cannot be used: HAProxy's configuration takes letters, digits and . _ / @ + - only.`,
    );
  }
  // A unix socket's address holds 107 bytes, and HAProxy adds a suffix while it binds.
  if (join(folder, 'haproxy', 'master.sock').length > 90)
    mistakes.push(`The state folder's path is too long for sockets: ${state}`);
  const http = values.http ?? split(env.PORTCULLIS_EDGE_HTTP) ?? ['127.0.0.1:8080'];
  const https = values.https ?? split(env.PORTCULLIS_EDGE_HTTPS) ?? ['127.0.0.1:8443'];
  const bound = [...listeners('http', http), ...listeners('https', https)];
  if (bound.length === 0 && mistakes.length === 0) mistakes.push('An edge needs at least one listener: --http or --https.');
  const metricsText = text(values.metrics, 'PORTCULLIS_EDGE_METRICS') ?? '127.0.0.1:9184';
  const metrics = metricsText === 'off' ? null : parseAddress(metricsText);
  if (metrics === null && metricsText !== 'off') mistakes.push(`--metrics must be ADDRESS:PORT or “off”, not “${metricsText}”.`);
  const threadsText = text(values.threads, 'PORTCULLIS_EDGE_THREADS') ?? 'auto';
  const threads = threadsText === 'auto' ? 'auto' : number('--threads', threadsText, 1, 64);
  const captchaText = text(values.captcha, 'PORTCULLIS_EDGE_CAPTCHA') ?? 'auto';
  const captcha = captchaText === 'auto' ? 'auto' : captchaText === 'off' ? null : number('--captcha', captchaText, 1, 16);
  const keepText = text(values['keep-forms'], 'PORTCULLIS_EDGE_KEEP_FORMS') ?? 'on';
  if (keepText !== 'on' && keepText !== 'off') mistakes.push(`--keep-forms must be “on” or “off”, not “${keepText}”.`);
  const maxConnections = number(
    '--max-connections',
    text(values['max-connections'], 'PORTCULLIS_EDGE_MAX_CONNECTIONS'),
    10_000,
    1_000_000,
  );
  const name = text(values.name, 'PORTCULLIS_EDGE_NAME') ?? hostname();
  const neighbours = readPeers(
    text(values.peers, 'PORTCULLIS_EDGE_PEERS'),
    text(values['peer-name'], 'PORTCULLIS_EDGE_PEER_NAME') ?? name,
    mistakes,
  );
  const addresses = text(values['security-log-addresses'], 'PORTCULLIS_EDGE_SECURITY_LOG_ADDRESSES') ?? 'network';
  if (addresses !== 'network' && addresses !== 'whole')
    mistakes.push(`--security-log-addresses must be “network” or “whole”, not “${addresses}”.`);
  const logLevel = text(values['log-level'], 'PORTCULLIS_LOG_LEVEL') ?? 'info';
  if (!['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].includes(logLevel))
    mistakes.push(`“${logLevel}” is no log level.`);
  if (mistakes.length > 0 || control === null) return { kind: 'mistakes', mistakes };
  return {
    kind: 'config',
    config: {
      controlUrl: control,
      relays,
      token: text(values.token, 'PORTCULLIS_EDGE_TOKEN') ?? null,
      tokenFile: text(values['token-file'], 'PORTCULLIS_EDGE_TOKEN_FILE') ?? null,
      folder,
      name,
      listeners: bound,
      metrics,
      haproxyBinary: text(values.haproxy, 'PORTCULLIS_HAPROXY') ?? 'haproxy',
      originTrust: text(values['origin-trust'], 'PORTCULLIS_ORIGIN_TRUST') ?? null,
      networkFiles: {
        countries: text(values['country-data'], 'PORTCULLIS_COUNTRY_DATA') ?? null,
        asns: text(values['asn-data'], 'PORTCULLIS_ASN_DATA') ?? null,
      },
      crawlerFolder: text(values.crawlers, 'PORTCULLIS_CRAWLERS') ?? null,
      botFolder: text(values.bots, 'PORTCULLIS_BOTS') ?? null,
      securityLog: text(values['security-log'], 'PORTCULLIS_EDGE_SECURITY_LOG') ?? null,
      wholeAddresses: addresses === 'whole',
      originCa: text(values['origin-ca'], 'PORTCULLIS_ORIGIN_CA') ?? null,
      originCertificate: text(values['origin-certificate'], 'PORTCULLIS_ORIGIN_CERTIFICATE') ?? null,
      threads,
      captcha,
      keepsForms: keepText === 'on',
      maxConnections,
      neighbours,
      leaveHaproxy: values['keep-haproxy'] === true,
      logLevel,
    },
  };
}

export function readControl(given: string | undefined, insecure: boolean, mistakes: string[]): string | null {
  if (given === undefined) {
    mistakes.push('The control plane is missing: give --control URL or set PORTCULLIS_CONTROL.');
    return null;
  }
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    mistakes.push(`--control must be a URL such as https://control.example, not “${given}”.`);
    return null;
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    mistakes.push(`--control must begin with https:// (or http:// on this machine), not ${url.protocol}//.`);
  else if (url.protocol === 'http:' && !isLoopback(url.hostname) && !insecure) {
    mistakes.push(
      `--control ${given} is plain http to another machine: the enrolment token and clearance keys could be read on the way. Use https, or --insecure-control on a test network.`,
    );
  }
  if (url.username !== '' || url.password !== '') mistakes.push('--control must not hold a name or password.');
  return url.href;
}

/** http will do, also over other people's networks: what goes through a relay is sealed between edge and control plane. */
function readRelay(given: string, mistakes: string[]): string[] {
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return [url.href];
  mistakes.push(`--relays takes addresses such as http://relay.example:9400, not “${given}”.`);
  return [];
}

const mostPeers = 8;
const privateRanges = ['loopback', 'private', 'uniqueLocal', 'linkLocal', 'carrierGradeNat'];

/** Closed: HAProxy's peers ask nobody who they are, so an address that the world could reach is refused. */
function readPeers(given: string | undefined, own: string, mistakes: string[]): Neighbours | null {
  const parts = split(given);
  if (parts === undefined) return null;
  const all = parts.flatMap((part): Neighbour[] => {
    const [name = '', ...rest] = part.split('@');
    const at = parseAddress(rest.join('@'));
    if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name) || at === null || at.port === 0) {
      mistakes.push(`--peers takes NAME@ADDRESS:PORT, names of lower-case letters, digits and hyphens, not “${part}”.`);
      return [];
    }
    if (!privateRanges.includes(ipaddr.process(at.address).range()))
      mistakes.push(
        `--peers ${part}: peers can ban visitors and prove to nobody who they are; use addresses of a private network.`,
      );
    return [{ name, ...at }];
  });
  if (new Set(all.map(({ name }) => name)).size < all.length) mistakes.push('--peers names an edge twice.');
  if (parts.length < 2 || parts.length > mostPeers)
    mistakes.push(`--peers takes 2 to ${mostPeers} edges, this one among them, not ${parts.length}.`);
  if (!all.some(({ name }) => name === own))
    mistakes.push(`--peers does not name this edge, “${own}”: add it, or say with --peer-name which one this is.`);
  return { own, all };
}

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[|\]$/g, '');
  if (bare === 'localhost') return true;
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === 'loopback';
}

export function parseAddress(text: string): { readonly address: string; readonly port: number } | null {
  const found = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  const address = found?.[1] ?? found?.[2];
  const port = Number(found?.[3]);
  if (address === undefined || !ipaddr.isValid(address) || port > 65_535) return null;
  return { address, port };
}

function split(text: string | undefined): string[] | undefined {
  return text === undefined || text === '' ? undefined : text.split(',').map((part) => part.trim());
}
