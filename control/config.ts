/**
 * What the control plane is told at start: flags first, then the environment, then defaults. Every mistake at once, each by its name.
 *
 * Pure but for what it is handed. Secrets (DATABASE_URL, PORTCULLIS_POLICY_KEY) come by the environment only: a command line is
 * readable by everybody on the machine.
 */
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readNoteKey } from '../contract/record/note.ts';
import { sha256 } from '../kit/sha256.ts';
import type { Witness } from './record/witnesses.ts';
import { Cidr } from '../contract/network.ts';
import type { CertificateConfig } from './certificates/deps.ts';
import type { DeskConfig } from './desk/deps.ts';
import { defaultInsight, readKept, readKeptAddress } from './insight/config.ts';
import type { InsightConfig } from './insight/config.ts';
import type { StoreAddress } from '../store/open.ts';

export type ControlConfig = {
  readonly state: string;
  readonly host: string;
  /** Zero: any free port. */
  readonly port: number;
  /** Null: `http://localhost:<port>`. */
  readonly publicUrl: string | null;
  readonly provider: string;
  readonly allowOrigins: readonly Cidr[];
  readonly breakGlassSeconds: number;
  /** Where appeals are sent: a `mailto:` or `https:` address; null when the operator gave none. */
  readonly contact: string | null;
  readonly localEdge: boolean;
  /** Where a captcha provider in this process listens; null: there is none. */
  readonly captchaListen: { readonly host: string; readonly port: number } | null;
  /** Proxies that it believes; empty: those on loopback. */
  readonly captchaProxies: readonly Cidr[];
  /** Asked to sign the record's checkpoints. */
  readonly recordWitnesses: readonly Witness[];
  readonly database: StoreAddress;
  readonly policyKey: string | null;
  readonly sealKey: string | null;
  readonly desk: DeskConfig;
  readonly certificates: CertificateConfig;
  readonly insight: InsightConfig;
  readonly dnsServers: readonly string[];
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
};

export type ConfigResult =
  | { readonly kind: 'config'; readonly config: ControlConfig }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'mistakes'; readonly mistakes: readonly string[] };

export const helpText = `Usage: portcullis control [options]

Runs the control plane: API, console, public pages, and the stream that edges follow.

  --state <folder>            where everything is kept              PORTCULLIS_STATE                 ./.portcullis
  --listen <address:port>     where it listens                      PORTCULLIS_LISTEN                127.0.0.1:8600
  --public-url <url>          console and public pages, as people   PORTCULLIS_PUBLIC_URL            http://localhost:<port>
                              type it; notices link to it
  --provider-name <name>      who runs this, for every page         PORTCULLIS_PROVIDER_NAME         Portcullis
  --allow-origin <network>    inward network in which origins may   PORTCULLIS_ALLOW_ORIGINS         none
                              be (repeat; by comma in the env)
  --break-glass-seconds <n>   how long one person's order stands    PORTCULLIS_BREAK_GLASS_SECONDS   43200
                              without a second person
  --contact <url>             where appeals are sent: mailto: or    PORTCULLIS_CONTACT               none
                              https: address, for public pages
  --dns-server <address>      asked instead of the machine's own    PORTCULLIS_DNS_SERVERS           none
  --mail-listen <addr:port>   where reports are taken in by mail    PORTCULLIS_MAIL_LISTEN           off
  --mail-domain <domain>      the domain of our own mailboxes,      PORTCULLIS_MAIL_DOMAIN           public address
                              such as abuse@
  --mail-relay <url>          smtp: or smtps: server that sends     PORTCULLIS_MAIL_RELAY            none: mail waits
                              our mail (a password: by the env)
  --allow-capture <network>   inward network that captures of       PORTCULLIS_ALLOW_CAPTURES        none
                              evidence may reach (repeat)
  --timestamp-url <url>       RFC 3161 authority for captures,      PORTCULLIS_TIMESTAMP_URLS        none
                              in order of trust (repeat)
  --timestamp-roots <file>    PEM of the roots that may vouch for   PORTCULLIS_TIMESTAMP_ROOTS       none: not asked
                              those authorities
  --chromium <path>           browser for screenshots of evidence   PORTCULLIS_CHROMIUM              where it is, or off
  --allow-notify <network>    inward network that webhooks and      PORTCULLIS_ALLOW_NOTIFY          none
                              pushes may reach (repeat)
  --acme-directory <url>      certificate authority: its directory, PORTCULLIS_ACME_DIRECTORY        none
                              or letsencrypt; naming one agrees
                              to its terms
  --acme-contact <mailto:>    where the authority may write to      PORTCULLIS_ACME_CONTACT          none
  --acme-key-id <text>        who we are to an authority that takes PORTCULLIS_ACME_KEY_ID           none
                              no strangers (its key: by the env)
  --acme-dns-hook <path>      program that publishes DNS records,   PORTCULLIS_ACME_DNS_HOOK         none
                              for wildcard certificates
  --captcha-listen <addr:port> where a captcha provider in this     PORTCULLIS_CAPTCHA_LISTEN        off
                              process listens
  --captcha-proxy <network>   proxies that it believes what they    PORTCULLIS_CAPTCHA_PROXIES       loopback
                              say of a visitor (repeat)
  --record-witness <key url>  a witness of the record: its key and      PORTCULLIS_RECORD_WITNESSES      none
                              address (repeat; by comma in the env)
  --keep-address <v4,v6>      bits of a visitor's address that are  PORTCULLIS_KEEP_ADDRESS          24,48
                              kept wherever one is; or none
  --insight-kept <times>      roll-ups of 10 s, a minute, an hour:  PORTCULLIS_INSIGHT_KEPT          24h,3d,30d
                              how long each is kept
  --log-level <level>         debug, info, warn or error            PORTCULLIS_LOG_LEVEL             info
  --local-edge                leave an enrolment token for an edge on this machine in control/local-edge.token
  --help                      this text

Environment only, because they are secrets:
  DATABASE_URL                a PostgreSQL server (15 or newer) instead of the embedded database
  PORTCULLIS_SEAL_KEY         the key that seals identities and evidence, base64 of 32 bytes, instead of control/seal.key
  PORTCULLIS_ACME_MAC_KEY     with --acme-key-id: the key that the authority gave beside it, base64url
  PORTCULLIS_POLICY_KEY       the key that signs policy, base64 of 32 bytes, instead of control/policy.key
`;

const options = {
  state: { type: 'string' },
  listen: { type: 'string' },
  'public-url': { type: 'string' },
  'provider-name': { type: 'string' },
  'allow-origin': { type: 'string', multiple: true },
  'break-glass-seconds': { type: 'string' },
  contact: { type: 'string' },
  'dns-server': { type: 'string', multiple: true },
  'mail-listen': { type: 'string' },
  'mail-domain': { type: 'string' },
  'mail-relay': { type: 'string' },
  'allow-capture': { type: 'string', multiple: true },
  'timestamp-url': { type: 'string', multiple: true },
  'timestamp-roots': { type: 'string' },
  chromium: { type: 'string' },
  'allow-notify': { type: 'string', multiple: true },
  'acme-directory': { type: 'string' },
  'acme-contact': { type: 'string' },
  'acme-key-id': { type: 'string' },
  'acme-dns-hook': { type: 'string' },
  'captcha-listen': { type: 'string' },
  'captcha-proxy': { type: 'string', multiple: true },
  'record-witness': { type: 'string', multiple: true },
  'keep-address': { type: 'string' },
  'insight-kept': { type: 'string' },
  'log-level': { type: 'string' },
  'local-edge': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** Authorities by a name that people remember. */
const authorities: Readonly<Record<string, string>> = {
  letsencrypt: 'https://acme-v02.api.letsencrypt.org/directory',
  'letsencrypt-staging': 'https://acme-staging-v02.api.letsencrypt.org/directory',
};

/** Debian's; captures carry no screenshot where there is none. */
const defaultChromium = '/usr/bin/chromium';

const LogLevel = z.enum(['debug', 'info', 'warn', 'error']);

/** Reads flags and environment. `cwd` is what relative folders are relative to. */
export function readConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): ConfigResult {
  const mistakes: string[] = [];
  const flags = new Map<string, string[]>();
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional') mistakes.push(`“${token.value}” is not known here.`);
    if (token.kind !== 'option') continue;
    const known = Object.entries(options).find(([name]) => name === token.name)?.[1];
    if (known === undefined) mistakes.push(`${token.rawName} is not known here; --help lists what is.`);
    else if (known.type === 'boolean') flags.set(token.name, ['']);
    else if (token.value === undefined || token.value === '') mistakes.push(`${token.rawName} needs a value.`);
    else flags.set(token.name, [...(flags.get(token.name) ?? []), token.value]);
  }
  if (flags.has('help')) return { kind: 'help', text: helpText };

  const one = (flag: string, name: string): { text: string; from: string } | null => {
    const given = flags.get(flag)?.at(-1);
    if (given !== undefined) return { text: given, from: `--${flag}` };
    const set = env[name];
    return set === undefined || set === '' ? null : { text: set, from: name };
  };
  const many = (flag: string, name: string): { text: string; from: string }[] => {
    const given = flags.get(flag);
    if (given !== undefined) return given.map((text) => ({ text, from: `--${flag}` }));
    const set = (env[name] ?? '').split(',').map((text) => text.trim());
    return set.filter((text) => text !== '').map((text) => ({ text, from: name }));
  };
  const check = <S extends z.ZodType>(value: { text: string; from: string }, schema: S, wanted: string): z.output<S> | null => {
    const parsed = schema.safeParse(value.text);
    if (parsed.success) return parsed.data;
    mistakes.push(`${value.from}: “${value.text}” ${wanted}.`);
    return null;
  };

  const state = resolve(cwd, one('state', 'PORTCULLIS_STATE')?.text ?? '.portcullis');
  const listen = parseListen(one('listen', 'PORTCULLIS_LISTEN') ?? { text: '127.0.0.1:8600', from: '--listen' }, mistakes);
  const publicUrl = one('public-url', 'PORTCULLIS_PUBLIC_URL');
  const provider = one('provider-name', 'PORTCULLIS_PROVIDER_NAME') ?? { text: 'Portcullis', from: '--provider-name' };
  const seconds = one('break-glass-seconds', 'PORTCULLIS_BREAK_GLASS_SECONDS');
  const contact = one('contact', 'PORTCULLIS_CONTACT');
  const mailListen = one('mail-listen', 'PORTCULLIS_MAIL_LISTEN');
  const mailAt = mailListen === null || mailListen.text === 'off' ? null : parseListen(mailListen, mistakes);
  const captchaListen = one('captcha-listen', 'PORTCULLIS_CAPTCHA_LISTEN');
  const captchaAt = captchaListen === null || captchaListen.text === 'off' ? null : parseListen(captchaListen, mistakes);
  const mailDomain = one('mail-domain', 'PORTCULLIS_MAIL_DOMAIN');
  const mailRelay = one('mail-relay', 'PORTCULLIS_MAIL_RELAY');
  const chromium = one('chromium', 'PORTCULLIS_CHROMIUM');
  const timestampRoots = one('timestamp-roots', 'PORTCULLIS_TIMESTAMP_ROOTS');
  const sealKey = env['PORTCULLIS_SEAL_KEY'] ?? '';
  if (sealKey !== '' && !/^[A-Za-z0-9+/]{43}=$/.test(sealKey)) {
    mistakes.push('PORTCULLIS_SEAL_KEY is not base64 of 32 bytes; `openssl rand -base64 32` makes one.');
  }
  const networks = (flag: string, name: string) =>
    many(flag, name).map((value) => check(value, Cidr, 'is not a network such as 10.0.0.0/8'));
  const witnesses = many('record-witness', 'PORTCULLIS_RECORD_WITNESSES').map((value) => {
    const witness = readWitness(value.text);
    if (witness === null)
      mistakes.push(`${value.from}: “${value.text}” is not a witness’s key (NAME+ID+KEY) and its http: or https: address.`);
    return witness;
  });
  const level = one('log-level', 'PORTCULLIS_LOG_LEVEL');
  const directory = one('acme-directory', 'PORTCULLIS_ACME_DIRECTORY');
  const acmeContact = one('acme-contact', 'PORTCULLIS_ACME_CONTACT');
  const acmeKeyId = one('acme-key-id', 'PORTCULLIS_ACME_KEY_ID');
  const acmeMacKey = env['PORTCULLIS_ACME_MAC_KEY'] ?? '';
  if ((acmeKeyId !== null) !== (acmeMacKey !== ''))
    mistakes.push('--acme-key-id and PORTCULLIS_ACME_MAC_KEY belong together: the authority gives both.');
  if (acmeMacKey !== '' && !/^[A-Za-z0-9_-]{16,512}=*$/.test(acmeMacKey))
    mistakes.push('PORTCULLIS_ACME_MAC_KEY is not base64url, as authorities give it.');
  const acmeHook = one('acme-dns-hook', 'PORTCULLIS_ACME_DNS_HOOK');
  const keepText = one('keep-address', 'PORTCULLIS_KEEP_ADDRESS');
  const keepOfAddresses = keepText === null ? defaultInsight.keepOfAddresses : readKeptAddress(keepText.text);
  if (keepOfAddresses === null)
    mistakes.push(`${keepText?.from}: “${keepText?.text}” is not “24,48”, less of either, or “none”.`);
  const keptText = one('insight-kept', 'PORTCULLIS_INSIGHT_KEPT');
  const kept = keptText === null ? defaultInsight : readKept(keptText.text);
  if (kept === null)
    mistakes.push(
      `${keptText?.from}: “${keptText?.text}” is not three times such as 24h,3d,30d, the first at least 12h and none longer than the next.`,
    );
  const database = env['DATABASE_URL'];
  if (database !== undefined && database !== '' && !/^postgres(ql)?:\/\//.test(database)) {
    mistakes.push('DATABASE_URL is not a PostgreSQL address such as postgresql://user@host/database.');
  }
  const PublicUrl = z.url({ protocol: /^https?$/ }).refine((text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    return url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  });
  const checked = {
    publicUrl: publicUrl && check(publicUrl, PublicUrl, 'is not scheme, host and port only, such as https://shield.example'),
    provider: check(provider, z.string().trim().min(1).max(80), 'is not a name of 1 to 80 characters'),
    allowOrigins: networks('allow-origin', 'PORTCULLIS_ALLOW_ORIGINS'),
    allowCaptures: networks('allow-capture', 'PORTCULLIS_ALLOW_CAPTURES'),
    allowNotify: networks('allow-notify', 'PORTCULLIS_ALLOW_NOTIFY'),
    captchaProxies: networks('captcha-proxy', 'PORTCULLIS_CAPTCHA_PROXIES'),
    mailDomain: mailDomain && check(mailDomain, z.hostname(), 'is not a domain such as shield.example'),
    mailRelay: mailRelay && check(mailRelay, z.url({ protocol: /^smtps?$/ }), 'is not an smtp: or smtps: address'),
    timestampUrls: many('timestamp-url', 'PORTCULLIS_TIMESTAMP_URLS').map((value) =>
      check(value, z.url({ protocol: /^https?$/ }), 'is not an http: or https: address'),
    ),
    breakGlassSeconds:
      seconds && check(seconds, z.coerce.number().int().min(1).max(604_800), 'is not a number of seconds from 1 to 604800'),
    contact: contact && check(contact, z.url({ protocol: /^(mailto|https)$/ }), 'is not a mailto: or https: address'),
    dnsServers: many('dns-server', 'PORTCULLIS_DNS_SERVERS').map((value) =>
      check(
        value,
        z.string().regex(/^(\[[0-9a-f:]+\]|[0-9.]+)(:\d{1,5})?$|^[0-9a-f:]+$/i),
        'is not an address, with a port if needed',
      ),
    ),
    acmeDirectory:
      directory &&
      check(
        { ...directory, text: authorities[directory.text] ?? directory.text },
        z.url({ protocol: /^https$/ }),
        'is no https: address and no name of an authority that is known here (letsencrypt, letsencrypt-staging)',
      ),
    acmeContact: acmeContact && check(acmeContact, z.string().regex(/^mailto:[^\s@]+@[^\s@]+$/), 'is not a mailto: address'),
    acmeDnsHook: acmeHook && check(acmeHook, z.string().regex(/^\//), 'is not the full path of a program'),
    logLevel: level && check(level, LogLevel, 'is not debug, info, warn or error'),
  };
  if (mistakes.length > 0 || listen === null || checked.provider === null || keepOfAddresses === null || kept === null)
    return { kind: 'mistakes', mistakes };
  return {
    kind: 'config',
    config: {
      state,
      ...listen,
      publicUrl: checked.publicUrl?.replace(/\/$/, '') ?? null,
      provider: checked.provider,
      allowOrigins: checked.allowOrigins.flatMap((network) => network ?? []),
      breakGlassSeconds: checked.breakGlassSeconds ?? 43_200,
      contact: checked.contact,
      localEdge: flags.has('local-edge'),
      captchaListen: captchaAt,
      captchaProxies: checked.captchaProxies.flatMap((network) => network ?? []),
      recordWitnesses: witnesses.flatMap((witness) => witness ?? []),
      database:
        database === undefined || database === ''
          ? { kind: 'embedded', folder: join(state, 'control') }
          : { kind: 'postgresql', url: database },
      policyKey: env['PORTCULLIS_POLICY_KEY'] === '' ? null : (env['PORTCULLIS_POLICY_KEY'] ?? null),
      sealKey: sealKey === '' ? null : sealKey,
      desk: {
        mailListen: mailAt,
        mailDomain: checked.mailDomain ?? new URL(checked.publicUrl ?? 'http://localhost').hostname,
        mailRelay: checked.mailRelay,
        allowCaptures: checked.allowCaptures.flatMap((network) => network ?? []),
        timestampUrls: checked.timestampUrls.flatMap((url) => url ?? []),
        timestampRootFile: timestampRoots?.text ?? null,
        chromium: chromium?.text === 'off' ? null : (chromium?.text ?? defaultChromium),
        allowNotify: checked.allowNotify.flatMap((network) => network ?? []),
      },
      certificates: {
        directory: checked.acmeDirectory,
        contact: checked.acmeContact,
        binding: acmeKeyId === null ? null : { keyId: acmeKeyId.text, macKey: acmeMacKey.replace(/=+$/, '') },
        dnsHook: checked.acmeDnsHook,
      },
      insight: { ...kept, keepOfAddresses },
      dnsServers: checked.dnsServers.flatMap((server) => server ?? []),
      logLevel: checked.logLevel ?? 'info',
    },
  };
}

function parseListen(value: { text: string; from: string }, mistakes: string[]): { host: string; port: number } | null {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(value.text);
  const host = match?.[1] ?? match?.[2] ?? '';
  const port = Number(match?.[3] ?? Number.NaN);
  if (isIP(host) !== 0 && port <= 65_535) return { host, port };
  mistakes.push(`${value.from}: “${value.text}” is not an address and a port such as 127.0.0.1:8600 or [::1]:8600.`);
  return null;
}

/** `KEY URL`; null when it is not. */
function readWitness(text: string): Witness | null {
  const [keyText = '', url = '', ...rest] = text.split(/\s+/);
  const key = readNoteKey(sha256, keyText);
  const isAddress = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
  return key?.use === 'witness' && isAddress && rest.length === 0 ? { key, url } : null;
}
