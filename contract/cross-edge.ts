/**
 * Limits that count across edges: what each edge tells of its busiest clients, and what the control plane says of those that are over in sum.
 *
 * Nothing of it is policy: it lives for seconds, is in no database and no change log, and without it every edge limits by itself. What
 * the control plane says is signed as a frame is, so that whoever carries it cannot have visitors refused. A client is the key of a
 * row in HAProxy's table without its site: an IPv4 address, a /64 of IPv6, or a clearance that moved. So no decision is ever wider than a /64.
 */
import { z } from 'zod';
import { GroupName, Instant, SiteId } from './ids.ts';

/** 8 hex digits of an IPv4 address, 16 of an IPv6 /64, or `m` and 16 of a clearance's signature. */
export const ClientKey = z
  .string()
  .regex(/^([0-9A-F]{8}|[0-9A-F]{16}|m[0-9a-f]{16})$/, 'must be a client as HAProxy keys it')
  .brand<'ClientKey'>();
export type ClientKey = z.infer<typeof ClientKey>;

/** Most clients that an edge tells of in one message. */
export const mostBusiest = 200;
/** Most clients in one decision. */
export const mostOverLimit = 1000;
/** How long a decision holds at an edge that hears no other: the window of the limit itself. */
export const overLimitSeconds = 10;

const mostRate = 1_000_000_000;

/** A client of a site at one edge: its requests of the last ten seconds, and how many the edge's policy allows it. */
export const BusyClient = z.strictObject({
  siteId: SiteId,
  client: ClientKey,
  rate: z.int().min(0).max(mostRate),
  limit: z.int().min(1).max(mostRate),
});
export type BusyClient = z.infer<typeof BusyClient>;

export const Busiest = z.strictObject({
  kind: z.literal('busiest'),
  clients: z.array(BusyClient).max(mostBusiest),
  /** No client that is left out has a larger part of its limit than this, */
  below: z.number().min(0),
  /** or it has fewer requests than this: such rows are not even read. */
  least: z.int().min(1).max(mostRate),
});
export type Busiest = z.infer<typeof Busiest>;

/** What the control plane signs. With no clients it only says how many edges are summed, which is what asks an edge to tell. */
export const OverLimit = z.strictObject({
  kind: z.literal('over-limit'),
  group: GroupName,
  /** Later than the one before; an edge takes none that is older than half a minute. */
  at: Instant,
  edges: z.int().min(0).max(1_000_000),
  clients: z.array(z.strictObject({ siteId: SiteId, client: ClientKey, rate: z.int().min(1).max(mostRate) })).max(mostOverLimit),
});
export type OverLimit = z.infer<typeof OverLimit>;
