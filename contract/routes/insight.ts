/**
 * Insight over the API: series, the most frequent, single refusals, live, exports, and what a reference on a page stands for.
 *
 * An owner sees their own sites only, whatever is asked; without `siteId` all that the caller may see is summed. Times are UTC; `from` is brought
 * to a whole step and the answer says which was taken. Ranges reach back as far as roll-ups are kept (docs/handbook/insight.md).
 * `seen` and `sampled` say how much stands behind estimates (contract/traffic.ts).
 */
import { z } from 'zod';
import { EdgeId, Instant, SiteId } from '../ids.ts';
import { RefusedRequest, RequestReference } from '../insight.ts';
import { Cidr } from '../network.ts';
import { RuleId } from '../rules.ts';
import { OutcomeCounts } from '../stream.ts';
import { Seen, StatusCounts, TopEntry, TopKind } from '../traffic.ts';
import { Nothing } from './common.ts';
import { route } from './route.ts';

export const Explanation = RefusedRequest.extend({
  edgeId: EdgeId,
  siteName: z.string(),
  /** What happened, for people. */
  sentence: z.string(),
});
export type Explanation = z.infer<typeof Explanation>;

export const explainReference = route({
  method: 'GET',
  path: '/api/v1/explain/{reference}',
  summary: 'Why the request with this reference was not answered by its origin. Under a flood not every one is kept.',
  needs: 'sites:read',
  params: z.strictObject({ reference: RequestReference }),
  query: Nothing,
  body: Nothing,
  answer: Explanation,
  status: 200,
  errors: ['not-found'],
});

/** Of what: all sites of the caller, or one; all edges, or one. From when to when: the last hour, unless said. */
const Range = z.strictObject({
  siteId: SiteId.optional(),
  edgeId: EdgeId.optional(),
  from: Instant.optional(),
  until: Instant.optional(),
});

export const SeriesQuery = Range.extend({
  /** Seconds of one point. Left out, or finer than what is kept of the range: the finest that gives at most 300 points. */
  stepSeconds: z.coerce.number().int().min(10).max(86_400).optional(),
});

/** `null` where nothing of it was sampled. Milliseconds from the request to the first byte of the origin's answer; each may be off by half of its value at worst. */
export const LatencyQuantiles = z.strictObject({ p50Ms: z.number(), p95Ms: z.number(), p99Ms: z.number() }).nullable();

export const SeriesSum = z.strictObject({
  /** Exact. */
  counts: OutcomeCounts,
  bytesIn: z.int().min(0),
  bytesOut: z.int().min(0),
  /** Estimated from `seen`. */
  statuses: StatusCounts,
  latency: LatencyQuantiles,
  seen: Seen,
  /** Requests in the sample: of those that passed, one in `counts.passed / sampled`. */
  sampled: z.int().min(0),
});
export type SeriesSum = z.infer<typeof SeriesSum>;

export const SeriesPoint = SeriesSum.extend({ at: Instant });
export type SeriesPoint = z.infer<typeof SeriesPoint>;

/** Points without requests are left out. The newest seconds may be on their way still. */
export const Series = z.strictObject({
  from: Instant,
  until: Instant,
  stepSeconds: z.int(),
  points: z.array(SeriesPoint),
  total: SeriesSum,
});
export type Series = z.infer<typeof Series>;

export const getSeries = route({
  method: 'GET',
  path: '/api/v1/insight/series',
  summary: 'Requests by outcome, bytes, statuses and latency in steps of ten seconds or more, back to 30 days.',
  needs: 'sites:read',
  params: Nothing,
  query: SeriesQuery,
  body: Nothing,
  answer: Series,
  status: 200,
  errors: ['not-found'],
});

export const TopsQuery = Range.extend({ of: TopKind, limit: z.coerce.number().int().min(1).max(100).default(20) });

export const Tops = z.strictObject({
  of: TopKind,
  /** What was asked for, in whole steps of ten minutes or six hours. */
  from: Instant,
  until: Instant,
  seen: Seen,
  /** The most frequent first. */
  items: z.array(TopEntry),
});
export type Tops = z.infer<typeof Tops>;

export const getTops = route({
  method: 'GET',
  path: '/api/v1/insight/tops',
  summary: 'The most frequent networks, countries, AS numbers, paths, agents, hosts or rules, from a sample.',
  needs: 'sites:read',
  params: Nothing,
  query: TopsQuery,
  body: Nothing,
  answer: Tops,
  status: 200,
  errors: ['not-found'],
});

/** Every filter that is given must hold. `path`: how it begins. `network`: this one, as it was kept. */
export const EventsQuery = Range.extend({
  guard: z
    .string()
    .regex(/^[a-z-]{1,30}$/)
    .optional(),
  ruleId: RuleId.optional(),
  network: Cidr.optional(),
  path: z.string().min(1).max(200).optional(),
  status: z.coerce.number().int().min(-1).max(599).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** `next` of the page before. */
  cursor: z.string().max(200).optional(),
});

/** Without a total: counts are in the series, and exact there. */
export const Events = z.strictObject({ items: z.array(Explanation), next: z.string().nullable() });
export type Events = z.infer<typeof Events>;

export const listEvents = route({
  method: 'GET',
  path: '/api/v1/insight/events',
  summary: 'Refused requests and failed origins one by one, newest first. Under a flood not every one is kept.',
  needs: 'sites:read',
  params: Nothing,
  query: EventsQuery,
  body: Nothing,
  answer: Events,
  status: 200,
  errors: ['not-found'],
});

/** Server-sent events (needs `sites:read`), with `siteId` and `edgeId` as filters: each `data:` line is one of these. */
export const insightLivePath = '/api/v1/insight/live';
export const LiveQuery = Range.pick({ siteId: true, edgeId: true });

export const InsightLive = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('hello'), at: Instant }),
  /** Every few seconds of each site with requests, from each edge. */
  z.strictObject({
    kind: z.literal('counts'),
    siteId: SiteId,
    edgeId: EdgeId,
    at: Instant,
    seconds: z.number(),
    counts: OutcomeCounts,
  }),
  z.strictObject({ kind: z.literal('event'), event: Explanation }),
  /** So many events were left out, because they came faster than anybody could read. */
  z.strictObject({ kind: z.literal('left-out'), events: z.int().min(1) }),
]);
export type InsightLive = z.infer<typeof InsightLive>;

/** A file of any of the three (needs `sites:read`), with the same filters; `of` is needed for tops. Events: the newest 5,000 that fit. */
export const insightExportPath = '/api/v1/insight/export/{file}';
export const ExportFile = z.enum(['series.csv', 'series.json', 'tops.csv', 'tops.json', 'events.csv', 'events.json']);
export type ExportFile = z.infer<typeof ExportFile>;
export const ExportQuery = EventsQuery.omit({ limit: true, cursor: true }).extend({
  stepSeconds: SeriesQuery.shape.stepSeconds,
  of: TopKind.optional(),
});
