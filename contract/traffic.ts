/**
 * Traffic in numbers: what edges sum up per site and ten seconds, what is asked of it, and what was only sampled.
 *
 * Exact: requests by outcome and bytes; HAProxy counts every one. From a sample of what passed, multiplied by what each stands for: statuses,
 * latency, and what is most frequent ("tops"); of refusals as many as an edge is told one by one. Every answer says which is which.
 * Of a visitor stand here the network as policy cuts it, path, agent and host; no address, no value of a query, no cookie.
 * Not here: single requests (contract/insight.ts).
 */
import { z } from 'zod';
import { Instant, SiteId } from './ids.ts';

/** A roll-up of the finest kind covers so many seconds, and those of tops so many. */
export const rollUpSeconds = 10;
export const topsSeconds = 600;

/**
 * Upper bounds of the histogram's buckets in milliseconds; the last bucket has none. Each is 1.33 or 1.5 times the one before, so a quantile read
 * from it is off by at most half of its value. The same everywhere and for good: histograms are added up.
 */
export const latencyBoundsMs = [
  1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12_288,
  16_384, 24_576, 32_768, 49_152,
] as const;
export const latencyBuckets = latencyBoundsMs.length + 1;

/** `none`: the connection ended without an answer. */
export const StatusClass = z.enum(['1xx', '2xx', '3xx', '4xx', '5xx', 'none']);
export type StatusClass = z.infer<typeof StatusClass>;
export const StatusCounts = z.record(StatusClass, z.int().min(0));
export type StatusCounts = z.infer<typeof StatusCounts>;

/**
 * What the most frequent are counted of: networks (/24 and /48, or what policy leaves of them), countries and AS numbers (where the operator supplied
 * data), paths without their query, agents, hostnames, and rules that acted.
 */
export const TopKind = z.enum(['networks', 'countries', 'asns', 'paths', 'agents', 'hosts', 'rules']);
export type TopKind = z.infer<typeof TopKind>;

/** Most entries of one kind in one roll-up; of longer lists the rest is in `over` of those that stayed. */
export const mostTops = 20;
const mostCounted = 1_000_000_000_000;
const Count = z.int().min(0).max(mostCounted);

/**
 * One of the most frequent: how many passed (estimated from the sample) and how many were refused (as many as were told). The true number of what
 * was seen lies between `passed + refused` and `passed + refused + over`: a short memory counts, and says how far off it may be.
 */
export const TopEntry = z.strictObject({ key: z.string().max(300), passed: Count, refused: Count, over: Count });
export type TopEntry = z.infer<typeof TopEntry>;

/** How many requests stand behind estimates: `passed` of the sample, each times what it stands for, and `refused` one by one. */
export const Seen = z.strictObject({ passed: Count, refused: Count });
export type Seen = z.infer<typeof Seen>;

/** What an edge sums up of one site: since its last message, beside the counts by outcome of its telemetry. */
export const SiteMeasures = z.strictObject({
  siteId: SiteId,
  bytesIn: Count,
  bytesOut: Count,
  /** Requests in the sample, not multiplied. */
  sampled: Count,
  seen: Seen,
  statuses: z.partialRecord(StatusClass, Count),
  /** Time from the request to the first byte of the origin's answer, by bucket; trailing zeros are left out. */
  latency: z.array(Count).max(latencyBuckets),
});
export type SiteMeasures = z.infer<typeof SiteMeasures>;

/** The most frequent of one site in one roll-up, so far: each message replaces the one before about the same. `siteId` is null for all sites together. */
export const SiteTops = z.strictObject({
  siteId: SiteId.nullable(),
  from: Instant,
  seen: Seen,
  tops: z.partialRecord(TopKind, z.array(TopEntry).max(mostTops)),
});
export type SiteTops = z.infer<typeof SiteTops>;

/** How many leading bits of a visitor's address are kept, wherever anything is kept of one; 0 and 0: nothing is. Never more than /24 and /48. */
export const KeptAddress = z.strictObject({ v4: z.int().min(0).max(24), v6: z.int().min(0).max(48) });
export type KeptAddress = z.infer<typeof KeptAddress>;
export const mostKeptAddress: KeptAddress = { v4: 24, v6: 48 };

export const mostMeasuredSites = 2000;
export const mostToppedSites = 200;

/** Sent every ten seconds to a control plane that has said `insight-wanted`: an older one would not know it. */
export const InsightMessage = z.strictObject({
  kind: z.literal('insight'),
  /** Start and length of the interval that `sites` covers; a lost message loses its interval and no more. */
  from: Instant,
  seconds: z.number().min(0).max(3600),
  sites: z.array(SiteMeasures).max(mostMeasuredSites),
  tops: z.array(SiteTops).max(mostToppedSites),
});
export type InsightMessage = z.infer<typeof InsightMessage>;

/** Asks an edge for it, and says how much of an address it may tell. An edge of an older version passes it over. */
export const InsightWanted = z.strictObject({ kind: z.literal('insight-wanted'), keep: KeptAddress });
