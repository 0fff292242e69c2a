/**
 * The vocabulary of rendering: what a policy becomes before HAProxy reads it.
 *
 * A policy becomes three things. The **skeleton** (`haproxy.cfg`) depends only on the EdgePlan: this machine's listeners, paths and
 * sizes, never on a tenant. **Map entries** carry every tenant and change at run time. **Pages** are files that the skeleton names.
 * A site with the orders in force on it is the unit of rendering: change any of them, render the site again, compare with what it
 * had, and send the difference. All of it is pure; applying it is edge/haproxy's.
 */
import type { SiteId } from '../../contract/ids.ts';

/** The maps of patterns, for `contains` in rules: a site's are in one of them. HAProxy reads such a map line by line (decision 0027). */
export const wordBuckets = [
  ...(['rule-words-0', 'rule-words-1', 'rule-words-2', 'rule-words-3'] as const),
  ...(['rule-words-4', 'rule-words-5', 'rule-words-6', 'rule-words-7'] as const),
  ...(['rule-words-8', 'rule-words-9', 'rule-words-10', 'rule-words-11'] as const),
  ...(['rule-words-12', 'rule-words-13', 'rule-words-14', 'rule-words-15'] as const),
] as const;

/**
 * Every map file of an edge, in the order in which additions are sent: what is pointed at stands before what points at it, so that
 * no request meets half of a change. Removals go the other way round.
 */
export const mapNames = [
  'keys',
  'current-key',
  'crawlers',
  'bot-keys',
  'bot-sites',
  'acme',
  'notice-html',
  'notice-json',
  'notice-text',
  'notices',
  'paths',
  'networks',
  ...wordBuckets,
  'countries',
  'asns',
  'rule-headers',
  'maintenance',
  'rules',
  'states',
  'hosts',
  'wildcards',
] as const;
export type MapName = (typeof mapNames)[number];

/**
 * Maps that grow with the number of sites: HAProxy 2.6 walks all of such a map for one `set map` or `del map`, so large changes go
 * by `prepare`/`commit`. The others stay small: what changes fast (orders, modes, keys) lives in them (edge.md).
 */
export const bulkMaps: ReadonlySet<MapName> = new Set<MapName>(['networks', 'rules', 'hosts', 'wildcards']);

/** Maps of patterns and of address ranges: HAProxy cannot be asked for one of their keys, so they are replaced and read back as a whole. */
export const wholeMaps: ReadonlySet<MapName> = new Set<MapName>([...wordBuckets, 'crawlers', 'countries', 'asns']);

/** One line of a map file: `key value`. Keys hold no white space; values hold no line break. */
export type MapEntry = { readonly map: MapName; readonly key: string; readonly value: string };

/** This machine's part of the configuration. Everything that can differ between two edges of one group is here. */
export type EdgePlan = {
  /** Absolute folders and files, none with white space. */
  readonly paths: {
    readonly maps: string;
    readonly pages: string;
    /** Folder of PEM files with a `crt-list.txt` that names them; read only when a listener is https. */
    readonly certificates: string;
    /** The admin socket. The peers' socket, over which stick tables reach the next worker at a reload, stands beside it. */
    readonly adminSocket: string;
    readonly pidFile: string;
    /** PEM bundle that https origins are verified against. */
    readonly originTrust: string;
  };
  /** PEM file of certificate and key that is shown to https origins which ask who we are. Null or left out: none. */
  readonly originCertificate?: string | null | undefined;
  /** Sites that show a client certificate of their own; null or left out: none does. */
  readonly ownServers?: readonly OwnServer[] | null | undefined;
  /** Unix socket of the captcha service. Null or left out: a hard check is HAProxy's own. */
  readonly captchaSocket?: string | null | undefined;
  /** The keeper of forms beside HAProxy. Null or left out: nothing is kept. */
  readonly keeper?: KeeperPlan | null | undefined;
  /** Unix socket of the verifier of signed bots. Null or left out: there is no list of bots. */
  readonly botSocket?: string | null | undefined;
  /** Challenges answered in a second from which clients without a clearance have a share. Left out: 1,000. */
  readonly challengesPerSecond?: number | undefined;
  /** Whether the agent is told whole addresses, for the operator's security log. Left out: networks. */
  readonly wholeAddresses?: boolean | undefined;
  readonly listeners: readonly Listener[];
  /** Loopback address from which the agent asks its own listener; connection limits do not count it. */
  readonly probeSource: string;
  /** Worker threads; `auto` leaves it to HAProxy. */
  readonly threads: number | 'auto';
  readonly maxConnections: number;
  /** New connections that one client address may open in ten seconds. */
  readonly connectionsPer10s: number;
  /** Connections that one client address may hold open. */
  readonly connectionsPerClient: number;
  /** Edges of the same point of presence; left out: none. */
  readonly neighbours?: Neighbours | undefined;
};

/** A server line of one site, for its client certificate: a PEM file with its key. */
export type OwnServer = { readonly siteId: SiteId; readonly certificate: string };

/** Edges that share what they know of clients (skeleton/neighbours.ts). */
export type Neighbours = {
  /** This edge's name among them. */
  readonly own: string;
  /** All of them, this edge too, in the same order on each. */
  readonly all: readonly Neighbour[];
};

/** Unix sockets: the keeper's own, and the listeners through which it sends forms on; `tls` only where visitors come over https. */
export type KeeperPlan = {
  readonly socket: string;
  readonly inner: string;
  readonly tls: { readonly socket: string; readonly certificate: string } | null;
};

export type Neighbour = { readonly name: string; readonly address: string; readonly port: number };

export type Listener = {
  readonly scheme: 'http' | 'https';
  /** An address without brackets: IPv4 and IPv6 are bound apart (edge.md, "Lessons paid for"). */
  readonly address: string;
  readonly port: number;
};
