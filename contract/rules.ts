/**
 * A site's own rules, as they are stored and as edges get them: conditions in the rules' language, each with what follows from it.
 *
 * A condition travels as the text that its owner wrote; core/shield/rules parses it wherever it is needed, so that there is one
 * reading of it. The first rule that is true decides. An order always goes before all of this.
 * Also here: what the edge keeps of a sampled request, since a dry run answers from it. Never in it: cookies, Authorization, bodies.
 */
import { z } from 'zod';
import { Hostname } from './hostname.ts';
import { Instant } from './ids.ts';
import { Cidr } from './network.ts';

/** Most rules of one site, and most characters of one condition. */
export const mostRules = 100;
export const longestCondition = 2000;

/** The headers that a rule may read. HAProxy names a header in its configuration, so the list is closed. */
export const readableHeaders = ['user-agent', 'referer', 'content-type', 'origin', 'accept-language'] as const;
export const ReadableHeader = z.enum(readableHeaders);
export type ReadableHeader = z.infer<typeof ReadableHeader>;

/** Where a redirect leads: a path on the same site, or an http(s) address. Never anything that the visitor sent. */
export const RedirectTarget = z
  .string()
  .min(1)
  .max(1000)
  .regex(/^[\x21-\x7e]+$/, 'must hold visible ASCII characters only')
  .refine((to) => !/[|"'<>\\^`{}]/.test(to), 'must not hold | " \' < > \\ ^ ` { }')
  .refine(
    (to) => /^\/(?![/\\])/.test(to) || isWebAddress(to),
    'must be a path such as /new or an address such as https://www.example/',
  );

function isWebAddress(text: string): boolean {
  return z.url({ protocol: /^https?$/ }).safeParse(text).success && !/^https?:\/\/[^/]*@/.test(text);
}

/** The salt and HMAC-SHA256 of a shared password. */
export const PasswordHash = z.strictObject({
  /** 16 random bytes, base64. */
  salt: z.base64().length(24),
  /** hex(hmac-sha256(salt, password)). */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
});
export type PasswordHash = z.infer<typeof PasswordHash>;

const Redirect = z.strictObject({
  do: z.literal('redirect'),
  status: z.union([z.literal(301), z.literal(302), z.literal(307), z.literal(308)]),
  to: RedirectTarget,
  /** Appends the path and query that were asked for: `to` is then an address without a path, such as https://www.example. */
  keepPath: z.boolean(),
});
const simpleActions = [
  /** Passes limits and challenge (not those of an order). */
  z.strictObject({ do: z.literal('allow') }),
  z.strictObject({ do: z.literal('challenge') }),
  z.strictObject({ do: z.literal('deny') }),
  /** Requests that one client may send to what the rule names in ten seconds, counted apart from its other requests. */
  z.strictObject({ do: z.literal('limit'), requestsPer10s: z.int().min(1).max(100_000) }),
] as const;

const redirectsWell = (action: { do: string; to?: string; keepPath?: boolean }) =>
  action.do !== 'redirect' || action.keepPath !== true || /^https?:\/\/[^/?#]+$/.test(action.to ?? '');
const redirectAdvice = 'keeps the path only with an address that has none, such as https://www.example';

/** What follows from a rule, as edges get it. */
export const RuleAction = z
  .discriminatedUnion('do', [...simpleActions, Redirect, z.strictObject({ do: z.literal('password'), ...PasswordHash.shape })])
  .refine(redirectsWell, { path: ['to'], error: redirectAdvice });
export type RuleAction = z.infer<typeof RuleAction>;

/** The same as its owner writes it: a password comes in clear once, or is left out to keep the one that the rule has. */
export const RuleActionDraft = z
  .discriminatedUnion('do', [
    ...simpleActions,
    Redirect,
    z.strictObject({ do: z.literal('password'), password: z.string().min(12).max(200).optional() }),
  ])
  .refine(redirectsWell, { path: ['to'], error: redirectAdvice });
export type RuleActionDraft = z.infer<typeof RuleActionDraft>;

/** Names a rule in events and answers of the API. */
export const RuleId = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'must be 1 to 40 lower-case letters, digits and hyphens')
  .brand<'RuleId'>();
export type RuleId = z.infer<typeof RuleId>;

const ruleParts = {
  ruleId: RuleId,
  when: z.string().trim().min(1).max(longestCondition),
  enabled: z.boolean(),
} as const;

export const Rule = z.strictObject({ ...ruleParts, then: RuleAction });
export type Rule = z.infer<typeof Rule>;
export const RuleDraft = z.strictObject({ ...ruleParts, enabled: z.boolean().default(true), then: RuleActionDraft });
export type RuleDraft = z.infer<typeof RuleDraft>;

/** Answer headers that an owner may set or take away: a closed list, since HAProxy names headers in its configuration. */
export const answerHeaders = [
  'content-security-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'permissions-policy',
  'referrer-policy',
  'x-content-type-options',
  'x-frame-options',
  'x-robots-tag',
  'cache-control',
  'server',
  'x-powered-by',
] as const;
export const AnswerHeader = z.enum(answerHeaders);
export type AnswerHeader = z.infer<typeof AnswerHeader>;

const HeaderValue = z
  .string()
  .trim()
  .min(1)
  .max(1000)
  .regex(/^[\x20-\x7e]+$/, 'must hold visible ASCII characters and spaces only');

/** One change of the origin's answers; `null` takes the header away. */
export const HeaderChange = z.strictObject({ header: AnswerHeader, value: HeaderValue.nullable() });
export type HeaderChange = z.infer<typeof HeaderChange>;

export const Headers = z.strictObject({
  answers: z.array(HeaderChange).max(answerHeaders.length),
  /** Sent to the origin as X-Portcullis-Secret, so that it can refuse whoever did not come through the shield. */
  originSecret: z
    .string()
    .regex(/^[A-Za-z0-9._~-]{16,200}$/, 'must be 16 to 200 letters, digits and . _ ~ -')
    .nullable(),
});
export type Headers = z.infer<typeof Headers>;

/** The owner's page for planned work: 503 for everybody but networks and rules that are allowed. */
export const Maintenance = z.strictObject({
  sentence: z.string().trim().min(3).max(500),
  retryAfterSeconds: z.int().min(10).max(604_800),
});
export type Maintenance = z.infer<typeof Maintenance>;

/** All of it, as it stands in a site's policy. */
export const SiteRules = z.strictObject({
  list: z.array(Rule).max(mostRules),
  headers: Headers,
  maintenance: Maintenance.nullable(),
});
export type SiteRules = z.infer<typeof SiteRules>;

export const noRules: SiteRules = { list: [], headers: { answers: [], originSecret: null }, maintenance: null };

/** What a visitor's request meets, as far as rules decide it. */
export const Verdict = z.enum(['pass', 'allow', 'challenge', 'deny', 'limit', 'password', 'redirect', 'maintenance']);
export type Verdict = z.infer<typeof Verdict>;

/** The same for a request that is only tried; `ambiguous`: it can be read in two ways, so a site with rules refuses it. */
export const TriedVerdict = z.enum([...Verdict.options, 'ambiguous']);
export type TriedVerdict = z.infer<typeof TriedVerdict>;

/**
 * Why what is said of a rule may not hold of a sample: it names networks narrower than those that are kept, or countries and AS numbers that no
 * rule of the site named before, so that edges had not loaded them.
 */
export const Unsure = z.enum(['networks', 'network-data']);
export type Unsure = z.infer<typeof Unsure>;

/** What is kept of one request: what rules may read, and what became of it. */
export const SampledRequest = z.strictObject({
  at: Instant,
  method: z.string().max(40),
  host: Hostname.or(z.string().max(260)),
  /** As it was asked for, without the query. */
  path: z.string().max(2000),
  /** Names of the query's parameters and `=`; values are not kept. */
  query: z.string().max(2000),
  headers: z.partialRecord(ReadableHeader, z.string().max(500)),
  /** The client's network, as much of its address as policy keeps. */
  network: Cidr,
  country: z.string().max(8).nullable(),
  asn: z.int().min(0).nullable(),
  /** It stands for so many requests: an edge keeps one in 32, of many at once one in 512. One that was given and not sampled stands for itself. */
  oneIn: z.int().min(1).max(1_000_000).default(1),
});
export type SampledRequest = z.infer<typeof SampledRequest>;
