/** What `portcullis site add` and `site set` share: the options, and what they mean for a site as it was. */
import { Option } from 'commander';
import type { Command } from 'commander';
import { z } from 'zod';
import { CertificateSource, PlainHttp } from '../../contract/certificates.ts';
import { Cidr } from '../../contract/network.ts';
import { BotName, mostBotNames, mostKeptBytes, PathPrefix, SiteMode } from '../../contract/policy.ts';
import type { ChallengeSettings, NetworkRule, SiteLimits } from '../../contract/policy.ts';
import type { Site, SiteChange, SiteDraft } from '../../contract/routes/sites.ts';
import { collect, durationMs, whole, withWaiting } from '../command.ts';
import type { ConnectionOptions } from '../connection.ts';
import { CommandFailure } from '../exit-codes.ts';

type Limit = number | 'none';

export type Settings = ConnectionOptions & {
  readonly wait?: boolean;
  readonly timeout: number;
  readonly name?: string;
  readonly host?: readonly string[];
  readonly origin?: string;
  readonly hostHeader?: string;
  readonly mode?: SiteMode;
  readonly attack?: boolean;
  readonly attackPath?: readonly string[];
  readonly requestsPer10s?: Limit;
  readonly concurrentPerClient?: number;
  readonly concurrentPerSite?: number;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  readonly forget?: readonly string[];
  readonly challengeHashes?: number;
  readonly clearance?: number;
  readonly pages?: Limit;
  readonly crawlers?: 'pass' | 'challenged';
  readonly bots?: NonNullable<ChallengeSettings['bots']>;
  readonly keepForms?: number;
  readonly challengeWork?: 'usual' | 'strong';
  readonly http?: 'serve' | 'redirect';
  readonly hsts?: number | 'none';
  readonly hstsSubdomains?: boolean;
  readonly certificates?: CertificateSource;
};

export function withSettings(command: Command): Command {
  return withWaiting(
    command
      .option('--host <hostname>', 'a hostname, or *.parent for all below it (repeat for more; `set` replaces them all)', collect)
      .option('--name <name>', 'what people call it (default: its first hostname)')
      .option('--host-header <host>', 'Host header that the origin gets; “none” for the visitor’s own')
      .addOption(new Option('--mode <mode>', 'attack: every navigation needs a clearance').choices(SiteMode.options))
      .option('--attack', 'the same as --mode attack')
      .option(
        '--attack-path <path>',
        'a path that is in attack mode, or “none” (repeat for more; `set` replaces them all)',
        collect,
      )
      .option('--requests-per-10s <n>', 'requests that one client may send in ten seconds, or “none”', limit)
      .option('--concurrent-per-client <n>', 'requests of one client in progress at once', whole(1, 10_000))
      .option('--concurrent-per-site <n>', 'requests of all clients in progress at once', whole(1, 1_000_000))
      .option('--allow <network>', 'a network that passes without limits and challenge (repeat for more)', collect)
      .option('--deny <network>', 'a network that does not pass at all (repeat for more)', collect)
      .option('--challenge-hashes <n>', 'mean number of hashes that solving the challenge takes', whole(1, 100_000_000))
      .option('--clearance <time>', 'how long a clearance lasts, such as 24h', durationMs)
      .option('--pages <n>', 'pages that a clearance is good for in ten minutes, or “none” for any number', pages)
      .addOption(
        new Option('--crawlers <how>', 'whether crawlers that are known or confirmed pass without the challenge').choices([
          'pass',
          'challenged',
        ]),
      )
      .option(
        '--bots <which>',
        'bots that sign their requests and pass without the challenge: all, none, or names as in a,b',
        bots,
      )
      .option(
        '--keep-forms <bytes>',
        'what visitors send is kept up to this size while they pass the challenge; 0 for nothing',
        whole(0, mostKeptBytes),
      )
      .addOption(
        new Option('--challenge-work <how>', 'strong: a normal check asks for memory and time too, not for hashes alone').choices(
          ['usual', 'strong'],
        ),
      )
      .addOption(new Option('--http <what>', 'plain http: answer it, or send it to https').choices(PlainHttp.options))
      .option('--hsts <time>', 'browsers insist on https for so long, such as 365d; “none” to say nothing', hsts)
      .option('--hsts-subdomains', 'with --hsts: for all names below the hostnames too')
      .addOption(new Option('--certificates <source>', 'where they come from').choices(CertificateSource.options)),
    'stay until every edge has it',
  );
}

function pathsOf(typed: readonly string[]): PathPrefix[] {
  return typed
    .filter((path) => path !== 'none')
    .map((path) => parsed(PathPrefix.safeParse(path), `“${path}” is no path such as /search.`));
}

function pages(typed: string): Limit {
  return typed === 'none' ? 'none' : whole(10, 10_000_000)(typed);
}

function bots(typed: string): NonNullable<ChallengeSettings['bots']> {
  if (typed === 'all' || typed === 'none') return typed === 'all' ? 'pass' : 'challenged';
  const bad =
    '“--bots” takes all, none, or names of lower-case letters, digits, hyphens and underscores, with commas between them.';
  return parsed(
    z
      .array(BotName)
      .min(1)
      .max(mostBotNames)
      .safeParse(typed.split(',').map((name) => name.trim())),
    bad,
  );
}

function hsts(typed: string): number | 'none' {
  return typed === 'none' ? 'none' : durationMs(typed);
}

function limit(typed: string): Limit {
  return typed === 'none' ? 'none' : whole(1, 1_000_000)(typed);
}

export async function changeOf(options: Settings, before: Site | null, origin: string | null): Promise<SiteChange> {
  const limits: Partial<SiteLimits> = {
    ...(options.requestsPer10s === undefined
      ? {}
      : { requestsPer10s: options.requestsPer10s === 'none' ? null : options.requestsPer10s }),
    ...(options.concurrentPerClient === undefined ? {} : { concurrentPerClient: options.concurrentPerClient }),
    ...(options.concurrentPerSite === undefined ? {} : { concurrentPerSite: options.concurrentPerSite }),
  };
  const challenge = {
    ...(options.challengeHashes === undefined ? {} : { expectedHashes: options.challengeHashes }),
    ...(options.clearance === undefined ? {} : { clearanceSeconds: Math.round(options.clearance / 1000) }),
    ...(options.pages === undefined ? {} : { pagesPer10Min: options.pages === 'none' ? null : options.pages }),
    ...(options.crawlers === undefined ? {} : { crawlers: options.crawlers }),
    ...(options.bots === undefined ? {} : { bots: options.bots }),
    ...(options.keepForms === undefined ? {} : { keepBodiesUpTo: options.keepForms }),
    ...(options.challengeWork === undefined ? {} : { work: options.challengeWork }),
  };
  const https = {
    ...(options.http === undefined ? {} : { plain: options.http }),
    ...(options.certificates === undefined ? {} : { certificates: options.certificates }),
    ...(options.hsts === undefined
      ? {}
      : {
          hsts:
            options.hsts === 'none'
              ? null
              : {
                  maxAgeSeconds: Math.round(options.hsts / 1000),
                  includeSubdomains: options.hstsSubdomains === true,
                  preload: false,
                },
        }),
  };
  const mode = options.mode ?? (options.attack === true ? 'attack' : undefined);
  const networks = networksOf(options, before?.networks ?? []);
  return {
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.host === undefined ? {} : { hostnames: [...options.host] }),
    ...(origin === null && options.hostHeader === undefined ? {} : { origin: originOf(origin, options.hostHeader, before) }),
    ...(mode === undefined ? {} : { mode }),
    ...(options.attackPath === undefined ? {} : { attackPaths: pathsOf(options.attackPath) }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(challenge).length === 0 ? {} : { challenge }),
    ...(Object.keys(https).length === 0 ? {} : { https }),
    ...(networks === null ? {} : { networks, ...(before === null ? {} : { version: before.version }) }),
  };
}

export function originOf(
  typed: string | null,
  hostHeader: string | undefined,
  before: Site | null,
): NonNullable<SiteDraft['origin']> {
  if (typed === null && before !== null)
    return { ...before.origin, hostHeader: hostHeader === undefined || hostHeader === 'none' ? null : hostHeader };
  const text = typed ?? '';
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new CommandFailure('usage', `“${text}” is not an origin: give a URL such as http://192.0.2.7:8000.`);
  }
  if (url.pathname !== '/' || url.search !== '' || url.username !== '') {
    throw new CommandFailure('usage', `“${text}”: an origin has a scheme, a host and a port, but no path, query or user.`);
  }
  if (hostHeader === undefined) return text;
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  return {
    scheme,
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (scheme === 'https' ? 443 : 80) : Number(url.port),
    hostHeader: hostHeader === 'none' ? null : hostHeader,
  };
}

/** The rules after the flags, or null when no flag touches them. */
function networksOf(options: Settings, before: readonly NetworkRule[]): NetworkRule[] | null {
  const { allow = [], deny = [], forget = [] } = options;
  if (allow.length + deny.length + forget.length === 0) return null;
  const rules = new Map(before.map((rule) => [rule.cidr, rule]));
  const cidr = (typed: string): Cidr => parsed(Cidr.safeParse(typed), `“${typed}” is not a network such as 192.0.2.0/24.`);
  for (const typed of forget) {
    if (!rules.delete(cidr(typed)))
      throw new CommandFailure('usage', `There is no rule for ${cidr(typed)} that could be dropped.`);
  }
  for (const typed of allow) rules.set(cidr(typed), { cidr: cidr(typed), action: 'allow' });
  for (const typed of deny) rules.set(cidr(typed), { cidr: cidr(typed), action: 'deny' });
  return [...rules.values()];
}

export function parsed<Value>(result: { success: true; data: Value } | { success: false }, sentence: string): Value {
  if (result.success) return result.data;
  throw new CommandFailure('usage', sentence);
}
