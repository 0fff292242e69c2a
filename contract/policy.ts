/**
 * Policy: all that an edge must know, as a set of items, each under its own key.
 *
 * The control plane changes items one at a time (a delta) or hands over the whole set (a snapshot); contract/stream.ts says how
 * they travel. Items are complete: an edge never needs the database or another item's history to enforce one. Secrets inside:
 * clearance keys (a certificate's key is sealed); so a policy is written with mode 600 and never logged.
 * Not here: how an item becomes HAProxy maps (edge/render), who may change it (control).
 */
import { z } from 'zod';
import { AcmeAnswerPolicy, CertificatePolicy, HttpsPolicy, OriginCertificatePolicy } from './certificates.ts';
import { ExactHostname, Hostname } from './hostname.ts';
import { DecisionNumber, Instant, KeyId, OrderId, SiteId } from './ids.ts';
import { Cidr, IpAddress, Port } from './network.ts';
import { SiteRules } from './rules.ts';

/** What the shield asks of a visitor. `off`: limits and networks only. `attack`: every navigation needs a clearance. */
export const SiteMode = z.enum(['off', 'attack']);
export type SiteMode = z.infer<typeof SiteMode>;

/** A path prefix that starts with a slash, matched by whole segments, case-insensitively, after decoding. */
export const PathPrefix = z
  .string()
  .min(2)
  .max(500)
  .regex(/^\/[\x21-\x7e]*$/, 'must start with a slash and hold visible ASCII characters only')
  .refine((path) => !/[?#%;\\|"'<>]|\/\/|(^|\/)\.{1,2}(\/|$)/.test(path), {
    error: 'must be a plain path: no query, fragment, parameter, percent sign, back-slash, empty or dot segment',
  });
export type PathPrefix = z.infer<typeof PathPrefix>;

/** How much is an attack (core/shield/attack-signals.ts). */
export const Sensitivity = z.enum(['low', 'normal', 'high']);
export type Sensitivity = z.infer<typeof Sensitivity>;

/** Most paths of a site that people can have in attack mode at once; one more may come by itself. */
export const mostAttackPaths = 20;

/** Limits of a site, enforced by every edge on its own. `null` means no limit of that kind. */
export const SiteLimits = z.strictObject({
  /** Requests that one client address (IPv4, or IPv6 /64) may send in ten seconds. */
  requestsPer10s: z.int().min(1).max(1_000_000).nullable(),
  /** Requests of one client address that may be in progress at once. */
  concurrentPerClient: z.int().min(1).max(10_000),
  /** Requests of all clients that may be in progress at once: one attacked site must not eat its neighbours' room. */
  concurrentPerSite: z.int().min(1).max(1_000_000),
});
export type SiteLimits = z.infer<typeof SiteLimits>;

export const defaultSiteLimits: SiteLimits = { requestsPer10s: 500, concurrentPerClient: 100, concurrentPerSite: 2000 };

/** Whether one network may pass without limits and challenge (`allow`) or not at all (`deny`). The longest prefix wins. */
export const NetworkRule = z.strictObject({ cidr: Cidr, action: z.enum(['allow', 'deny']) });
export type NetworkRule = z.infer<typeof NetworkRule>;

/** What the operator of the edges calls a bot whose keys they have. */
export const BotName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/, 'must be lower-case letters, digits, hyphens and underscores, at most 40');
/** Bytes of a form that is kept for a visitor who has to pass the check first: unless a site says otherwise, and at most. */
export const usualKeptBytes = 1_048_576;
export const mostKeptBytes = 8 * 1_048_576;
/** Names of bots that a site can list. */
export const mostBotNames = 50;

/** How hard the challenge is and how long the clearance lasts that it earns. */
export const ChallengeSettings = z.strictObject({
  /** Mean number of SHA-256 evaluations that a solution takes; about 1.2 million a second in one browser worker. */
  expectedHashes: z.int().min(1).max(100_000_000),
  clearanceSeconds: z
    .int()
    .min(60)
    .max(30 * 86_400),
  /** HTML pages that one clearance is good for in any ten minutes before another check; `null`: any number. Left out: the usual one. */
  pagesPer10Min: z.int().min(10).max(10_000_000).nullable().optional(),
  /** Whether crawlers that are known by their network or confirmed by DNS pass without the check. Left out: they do. */
  crawlers: z.enum(['pass', 'challenged']).optional(),
  /** Bytes of a body that is kept while its sender passes the check; 0: none is. Left out: 1 MiB. */
  keepBodiesUpTo: z.int().min(0).max(mostKeptBytes).optional(),
  /** Which bots that sign their requests with a key that the operator listed pass without the check: none, or these. Left out: all of them. */
  bots: z.union([z.enum(['pass', 'challenged']), z.array(BotName).min(1).max(mostBotNames)]).optional(),
  /** `strong`: whoever is asked for a normal check is asked for a hard one. Left out: the usual work. */
  work: z.enum(['usual', 'strong']).optional(),
});
export type ChallengeSettings = z.infer<typeof ChallengeSettings>;

export const defaultChallengeSettings: ChallengeSettings = {
  expectedHashes: 65_536,
  clearanceSeconds: 86_400,
  pagesPer10Min: 300,
  crawlers: 'pass',
};

export const OriginScheme = z.enum(['http', 'https']);

/** Where a site's answers come from, with the addresses that its name had when the control plane last checked it. */
export const OriginPolicy = z.strictObject({
  scheme: OriginScheme,
  /** A hostname or an address as the owner gave it: the name that TLS verifies and the default Host header for https. */
  host: z.string().min(1).max(253),
  port: Port,
  /** Sent instead of the visitor's Host header; `null` keeps the visitor's. */
  hostHeader: z.string().min(1).max(260).nullable(),
  /** Checked addresses, never empty; the first is used, the others are for later fail-over. */
  addresses: z.array(IpAddress).min(1).max(16),
});
export type OriginPolicy = z.infer<typeof OriginPolicy>;

export const SitePolicy = z.strictObject({
  kind: z.literal('site'),
  siteId: SiteId,
  hostnames: z.array(Hostname).min(1).max(1000),
  origin: OriginPolicy,
  mode: SiteMode,
  limits: SiteLimits,
  networks: z.array(NetworkRule).max(2000),
  challenge: ChallengeSettings,
  /** Left out: the edge's own is shown to the origin, if it has one. */
  originCertificate: OriginCertificatePolicy.optional(),
  /** Left out: plain http is served and browsers are told nothing. */
  https: HttpsPolicy.optional(),
  /** Left out: the owner has no rules. */
  rules: SiteRules.optional(),
  /** Paths that are in attack mode while the rest of the site is not. Left out: none. */
  attackPaths: z
    .array(PathPrefix)
    .min(1)
    .max(mostAttackPaths + 1)
    .optional(),
  /** An edge that cannot reach the control plane may turn attack mode on by itself, by these rules. Left out: it may not. */
  automatic: z.strictObject({ sensitivity: Sensitivity }).optional(),
});
export type SitePolicy = z.infer<typeof SitePolicy>;

/** What an order does. The ladder from narrow to broad is the desk's; the edge enforces any of them. */
export const Measure = z.enum(['notice-on-path', 'notice-on-host', 'challenge', 'rate-limit', 'suspend-captcha-keys']);
export type Measure = z.infer<typeof Measure>;

/** The measures that edges enforce and sign receipts for; captcha keys are suspended by the captcha service. */
export const edgeMeasures: readonly Measure[] = ['notice-on-path', 'notice-on-host', 'challenge', 'rate-limit'];

/** A decision of our own is answered with 403; 451 only with a legal order on file (RFC 7725; desk.md, truth 7). */
export const Basis = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('own-decision') }),
  z.strictObject({
    kind: z.literal('legal-order'),
    authority: z.string().trim().min(2).max(200),
    reference: z.string().trim().min(1).max(200),
    /** Where the authority or the order is described; becomes `Link: …; rel="blocked-by"`. */
    authorityUrl: z.url({ protocol: /^https?$/ }).max(1000),
  }),
]);
export type Basis = z.infer<typeof Basis>;

export const OrderScope = z.strictObject({
  siteId: SiteId,
  /** Exact hostnames that the order covers; empty means the whole site, with hostnames that it gets later. */
  hostnames: z.array(ExactHostname).max(200),
  /** Only for `notice-on-path`, where it must be set. */
  path: PathPrefix.nullable(),
});
export type OrderScope = z.infer<typeof OrderScope>;

/** An order as edges see it. Proposer, confirmer and the internal reason stay in the control plane. */
export const OrderPolicy = z.strictObject({
  kind: z.literal('order'),
  orderId: OrderId,
  decision: DecisionNumber,
  measure: Measure,
  scope: OrderScope,
  basis: Basis,
  /** The sentence that visitors read. Plain text; whatever renders it escapes it. */
  publicReason: z.string().trim().min(10).max(600),
  /** For `rate-limit`: requests that one client may send in ten seconds. */
  requestsPer10s: z.int().min(1).max(100_000).nullable(),
  startsAt: Instant,
  /** An edge lifts the order at this instant by its own clock, whether or not the control plane is there. */
  endsAt: Instant,
  statementUrl: z.url({ protocol: /^https?$/ }).max(500),
  appealUrl: z.url({ protocol: /^https?$/ }).max(500),
});
export type OrderPolicy = z.infer<typeof OrderPolicy>;

/** A key that signs and checks clearances. Exactly one key of a policy is `current`; the others are still `accepted`. */
export const ClearanceKeyPolicy = z.strictObject({
  kind: z.literal('clearance-key'),
  keyId: KeyId,
  /** 32 random bytes, base64. */
  secret: z.base64().length(44),
  state: z.enum(['current', 'accepted']),
});
export type ClearanceKeyPolicy = z.infer<typeof ClearanceKeyPolicy>;

/** Who runs this installation, for every page that an edge serves itself. */
export const ProviderPolicy = z.strictObject({
  kind: z.literal('provider'),
  name: z.string().trim().min(1).max(80),
  /** Base of the public pages, without a trailing slash. */
  publicUrl: z.url({ protocol: /^https?$/ }).max(300),
});
export type ProviderPolicy = z.infer<typeof ProviderPolicy>;

export const PolicyItem = z.discriminatedUnion('kind', [
  SitePolicy,
  OrderPolicy,
  ClearanceKeyPolicy,
  ProviderPolicy,
  CertificatePolicy,
  AcmeAnswerPolicy,
]);
export type PolicyItem = z.infer<typeof PolicyItem>;

export const ItemKey = z
  .string()
  .regex(
    /^(site:site_[0-9a-z]{12}|order:order_[0-9a-z]{12}|clearance-key:k[0-9]{1,9}|provider|certificate:cert_[0-9a-z]{12}|acme-answer:[A-Za-z0-9_-]{20,128})$/,
  )
  .brand<'ItemKey'>();
export type ItemKey = z.infer<typeof ItemKey>;

/** The key under which an item is stored and replaced. */
export function itemKey(item: PolicyItem): ItemKey {
  switch (item.kind) {
    case 'site':
      return ItemKey.parse(`site:${item.siteId}`);
    case 'order':
      return ItemKey.parse(`order:${item.orderId}`);
    case 'clearance-key':
      return ItemKey.parse(`clearance-key:${item.keyId}`);
    case 'provider':
      return ItemKey.parse('provider');
    case 'certificate':
      return ItemKey.parse(`certificate:${item.certificateId}`);
    case 'acme-answer':
      return ItemKey.parse(`acme-answer:${item.token}`);
    default:
      return item satisfies never;
  }
}
