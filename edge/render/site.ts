/**
 * A site and the orders in force on it, as map entries: all that HAProxy knows of a tenant.
 *
 * One packed value per hostname carries what every request needs (`hosts`, `wildcards`); one value per site that is not ordinary
 * carries what changes fast (`states`: attack mode, orders); notices stand under their order's id. HAProxy reads fields by position,
 * so the layouts below are the interface between this file and config.ts.
 *
 * Orders trump the owner: under a challenge or rate-limit order the owner's `allow` networks no longer skip the guard.
 * A wider notice answers before a narrower one. Of two notices of the same width the earlier order is shown and all are named in
 * the Portcullis-Decision header.
 */
import type { Hsts } from '../../contract/certificates.ts';
import { challengeTarget } from '../../core/shield/difficulty.ts';
import { challengeLevel } from '../../core/shield/risk.ts';
import { defaultChallengeSettings, usualKeptBytes } from '../../contract/policy.ts';
import type { OrderPolicy, ProviderPolicy, SitePolicy } from '../../contract/policy.ts';
import type { NetworkData } from '../../core/shield/rules/evaluate.ts';
import { field } from './maps.ts';
import { networkTable } from './networks.ts';
import { noticeEntries } from './notice.ts';
import { hasRules, ruleEntries } from './rules.ts';
import type { MapEntry } from './types.ts';

/**
 * Fields of a value in `hosts` and `wildcards`, separated by `|`, counted from 1.
 * `flags` is `0` or letters: `a` networks, `t` the origin speaks TLS, `h` the Host header is replaced, `s` plain http is sent to https,
 * `S` browsers are told to insist on https, `r` rules, headers or maintenance of the owner's, `o` a client certificate of its own.
 */
export const factField = {
  flags: 1,
  siteId: 2,
  address: 3,
  port: 4,
  requestsPer10s: 5,
  concurrentPerClient: 6,
  concurrentPerSite: 7,
  target: 8,
  clearanceSeconds: 9,
  tlsName: 10,
  hostHeader: 11,
  hsts: 12,
} as const;

/**
 * Fields of a value in `states`. `flags`: `n` notice, `h` hosts of their own (look up `site|host`, which replaces this value),
 * `p` path notices, `P` attack mode of single paths (`site|^|/path/` in `paths`), `c` challenge by mode, `C` by order, `l` limit lowered by order. `decisions` belong to the notice. A value in `paths`
 * has the same fields and takes the state's place. `pages`: what a clearance is good for in ten minutes; `crawlers`: `1` verified ones pass;
 * `level`: how hard its challenge is for whoever is as usual, `light` where neither mode nor order asks for one (core/shield/risk.ts);
 * `bots`: `0` none that sign pass, `1` all do, `2` those with `site|name` in `bot-sites`. `keep`: bytes of a body that is kept during the check.
 */
export const stateField = {
  flags: 1,
  requestsPer10s: 2,
  orderId: 3,
  decisions: 4,
  pages: 5,
  crawlers: 6,
  level: 7,
  bots: 8,
  keep: 9,
} as const;

const noLimit = 1_000_000_000;

/**
 * Everything of one site. `orders` are those in force now; orders of other sites among them are ignored. `data`: what the edge knows of
 * networks; rules that ask for more are inert.
 */
export function renderSite(
  site: SitePolicy,
  orders: readonly OrderPolicy[],
  provider: ProviderPolicy,
  data: NetworkData = { countries: false, asns: false },
): MapEntry[] {
  const own = orders
    .filter((order) => order.scope.siteId === site.siteId)
    .sort((a, b) => compare(a.startsAt, b.startsAt) || compare(a.orderId, b.orderId));
  return [
    ...noticesOf(own, provider),
    ...pathsOf(site, own),
    ...attackPathsOf(site),
    ...networksOf(site),
    ...botSitesOf(site),
    ...ruleEntries(site, data, usualState(site)),
    ...statesOf(site, own),
    ...hostsOf(site, own),
  ];
}

function hostsOf(site: SitePolicy, orders: readonly OrderPolicy[]): MapEntry[] {
  const { origin, limits } = site;
  const challenge = challengeOf(site, orders);
  const hsts = site.https?.hsts ?? null;
  const flags = `${site.networks.length > 0 ? 'a' : ''}${origin.scheme === 'https' ? 't' : ''}${origin.hostHeader === null ? '' : 'h'}${site.https?.plain === 'redirect' ? 's' : ''}${hsts === null ? '' : 'S'}${hasRules(site.rules) ? 'r' : ''}${origin.scheme === 'https' && site.originCertificate !== undefined ? 'o' : ''}`;
  const fields: Record<keyof typeof factField, string | number> = {
    flags: flags === '' ? '0' : flags,
    siteId: site.siteId,
    requestsPer10s: limits.requestsPer10s ?? noLimit,
    concurrentPerClient: limits.concurrentPerClient,
    concurrentPerSite: limits.concurrentPerSite,
    address: origin.addresses[0] ?? '0.0.0.0',
    port: origin.port,
    target: challengeTarget(challenge.expectedHashes),
    clearanceSeconds: challenge.clearanceSeconds,
    tlsName: origin.scheme === 'https' ? headerWord(origin.host) : '-',
    hostHeader: origin.hostHeader === null ? '-' : headerWord(origin.hostHeader),
    hsts: hsts === null ? '-' : hstsValue(hsts),
  };
  const value = packed(fields, factField);
  return site.hostnames.map((hostname) =>
    hostname.startsWith('*.') ? { map: 'wildcards', key: hostname.slice(2), value } : { map: 'hosts', key: hostname, value },
  );
}

/** An order's challenge is not made easy by the owner whom it is against: at least the usual work, at most the usual time. */
function challengeOf({ challenge }: SitePolicy, orders: readonly OrderPolicy[]): SitePolicy['challenge'] {
  if (!orders.some((order) => order.measure === 'challenge')) return challenge;
  return {
    ...challenge,
    expectedHashes: Math.max(challenge.expectedHashes, defaultChallengeSettings.expectedHashes),
    clearanceSeconds: Math.min(challenge.clearanceSeconds, defaultChallengeSettings.clearanceSeconds),
  };
}

function networksOf(site: SitePolicy): MapEntry[] {
  return [...networkTable(site.networks)].map(([prefix, action]) => ({
    map: 'networks',
    key: `${site.siteId}|${prefix}`,
    value: action,
  }));
}

function statesOf(site: SitePolicy, orders: readonly OrderPolicy[]): MapEntry[] {
  const hosts = [...new Set(orders.flatMap((order) => order.scope.hostnames))].sort();
  const siteWide = orders.filter((order) => order.scope.hostnames.length === 0);
  const whole = stateValue(site, siteWide, hosts.length > 0);
  if (whole === null) return [];
  const own = hosts.map((host): MapEntry => {
    const covering = orders.filter(
      (order) => order.scope.hostnames.length === 0 || order.scope.hostnames.some((name) => name === host),
    );
    return { map: 'states', key: `${site.siteId}|${host}`, value: stateValue(site, covering, false) ?? '0|0|-|-|0|0|light|0|0' };
  });
  return [...own, { map: 'states', key: site.siteId, value: whole }];
}

function stateValue(site: SitePolicy, orders: readonly OrderPolicy[], hasHosts: boolean): string | null {
  const notices = orders.filter((order) => order.measure === 'notice-on-host');
  const shown = widestFirst(notices)[0];
  const lowered = orders.flatMap((order) =>
    order.measure === 'rate-limit' && order.requestsPer10s !== null ? [order.requestsPer10s] : [],
  );
  const flags = [
    shown === undefined ? '' : 'n',
    hasHosts ? 'h' : '',
    orders.some((order) => order.measure === 'notice-on-path') ? 'p' : '',
    site.mode === 'attack' ? 'c' : '',
    isPartlyAttacked(site) ? 'P' : '',
    orders.some((order) => order.measure === 'challenge') ? 'C' : '',
    lowered.length > 0 ? 'l' : '',
  ].join('');
  if (flags === '') return null;
  const fields: Record<keyof typeof stateField, string | number> = {
    flags,
    requestsPer10s: lowered.length > 0 ? Math.min(...lowered, site.limits.requestsPer10s ?? noLimit) : 0,
    orderId: shown?.orderId ?? '-',
    decisions: decisionList(notices),
    pages: pagesOf(site, orders),
    crawlers: site.challenge.crawlers === 'challenged' ? 0 : 1,
    level: challengeLevel({
      site: orders.some((order) => order.measure === 'challenge') ? 'order' : isPartlyAttacked(site) ? 'attack' : site.mode,
      rule: true,
      signs: 'none',
      strong: site.challenge.work === 'strong',
    }),
    bots: botsOf(site),
    keep: keepOf(site),
  };
  return packed(fields, stateField);
}

/** The end of the state that a rule of the owner's gives to a request of a site that is otherwise in none: from `orderId` on. */
function usualState(site: SitePolicy): string {
  const crawlers = site.challenge.crawlers === 'challenged' ? 0 : 1;
  const level = challengeLevel({ site: 'off', rule: true, signs: 'none' });
  const fields = {
    flags: '',
    requestsPer10s: '',
    orderId: '-',
    decisions: '-',
    pages: pagesOf(site, []),
    crawlers,
    level,
    bots: botsOf(site),
    keep: keepOf(site),
  };
  return packed(fields, stateField).slice('||'.length);
}

function keepOf({ challenge: { keepBodiesUpTo = usualKeptBytes } }: SitePolicy): number {
  return keepBodiesUpTo;
}

function botsOf({ challenge: { bots = 'pass' } }: SitePolicy): number {
  return bots === 'challenged' ? 0 : bots === 'pass' ? 1 : 2;
}

function botSitesOf({ siteId, challenge: { bots } }: SitePolicy): MapEntry[] {
  if (!Array.isArray(bots)) return [];
  return [...new Set(bots)].map((name) => ({ map: 'bot-sites', key: `${siteId}|${name}`, value: '1' }));
}

/** Under an order the owner cannot give more pages than usual. */
function pagesOf({ challenge }: SitePolicy, orders: readonly OrderPolicy[]): number {
  const usual = defaultChallengeSettings.pagesPer10Min ?? noLimit;
  const own = challenge.pagesPer10Min === undefined ? usual : (challenge.pagesPer10Min ?? noLimit);
  return orders.some((order) => order.measure === 'challenge') ? Math.min(own, usual) : own;
}

/** Keys are `site|host|/path/`, host being `*` for all; a closing slash marks the segment's end, so `/secret` is not `/secretary`. */
function pathsOf(site: SitePolicy, orders: readonly OrderPolicy[]): MapEntry[] {
  const byKey = new Map<string, OrderPolicy[]>();
  for (const order of orders) {
    if (order.measure !== 'notice-on-path' || order.scope.path === null) continue;
    const path = `${order.scope.path.replace(/\/$/, '')}/`.toLowerCase();
    const hosts = order.scope.hostnames.length === 0 ? ['*'] : order.scope.hostnames;
    for (const host of hosts) {
      const key = `${site.siteId}|${host}|${path}`;
      byKey.set(key, [...(byKey.get(key) ?? []), order]);
    }
  }
  return [...byKey].map(([key, covering]) => {
    const fields: Record<keyof typeof stateField, string> = {
      flags: 'n',
      pages: '0',
      crawlers: '0',
      level: 'light',
      bots: '0',
      keep: '0',
      requestsPer10s: '0',
      orderId: covering[0]?.orderId ?? '-',
      decisions: decisionList(covering),
    };
    return { map: 'paths', key, value: packed(fields, stateField) };
  });
}

/** Paths in attack mode, while the whole site is not. */
function isPartlyAttacked({ mode, attackPaths }: SitePolicy): boolean {
  return mode === 'off' && attackPaths !== undefined;
}

/** Beside the notices of paths; `^` is no host. */
function attackPathsOf(site: SitePolicy): MapEntry[] {
  if (!isPartlyAttacked(site)) return [];
  const paths = new Set((site.attackPaths ?? []).map((path) => `${path.replace(/\/$/, '')}/`.toLowerCase()));
  return [...paths].map((path): MapEntry => ({ map: 'paths', key: `${site.siteId}|^|${path}`, value: '1' }));
}

function noticesOf(orders: readonly OrderPolicy[], provider: ProviderPolicy): MapEntry[] {
  return orders
    .filter((order) => order.measure === 'notice-on-host' || order.measure === 'notice-on-path')
    .flatMap((order) => noticeEntries(order, provider));
}

function widestFirst(orders: readonly OrderPolicy[]): readonly OrderPolicy[] {
  return [...orders].sort((a, b) => Number(a.scope.hostnames.length > 0) - Number(b.scope.hostnames.length > 0));
}

function decisionList(orders: readonly OrderPolicy[]): string {
  return orders.length === 0
    ? '-'
    : orders
        .map((order) => order.decision)
        .slice(0, 10)
        .join(', ');
}

function hstsValue({ maxAgeSeconds, includeSubdomains, preload }: Hsts): string {
  return `max-age=${maxAgeSeconds}${includeSubdomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`;
}

/** A host, or host and port, as it may stand in a header: anything else in it would be an attack on the origin's parser. */
function headerWord(text: string): string {
  return field(text).replaceAll(/[^A-Za-z0-9.:[\]_-]/g, '') || 'invalid.invalid';
}

function packed<Name extends string>(fields: Record<Name, string | number>, positions: Record<Name, number>): string {
  const names = Object.keys(positions).filter((name): name is Name => name in fields);
  return names.map((name) => field(String(fields[name]))).join('|');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
