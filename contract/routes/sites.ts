/**
 * Sites over the API: hostnames, origin, settings, proof of ownership, traffic.
 *
 * A site is served when it is `ready`: its ownership is proved or waived and its origin has an allowed address. An owner sees the
 * sites of their own account; operators see all.
 */
import { z } from 'zod';
import { AccountId, AttackId, GroupName, Instant, OrderId, Revision, SiteId } from '../ids.ts';
import { Hostname } from '../hostname.ts';
import { HttpsSettings } from '../certificates.ts';
import { IpAddress, Port } from '../network.ts';
import { ChallengeSettings, mostAttackPaths, NetworkRule, OriginScheme, PathPrefix, SiteLimits, SiteMode } from '../policy.ts';
import { OutcomeCounts } from '../stream.ts';
import { Nothing, PageQuery, pageOf } from './common.ts';
import { route } from './route.ts';

export const Origin = z.strictObject({
  scheme: OriginScheme,
  host: z.string().trim().min(1).max(253),
  port: Port,
  hostHeader: z.string().trim().min(1).max(260).nullable(),
});
export type Origin = z.infer<typeof Origin>;

/** `pending`: proof not seen yet. `proved`: DNS record or file seen. `waived`: an operator vouches for it. */
export const OwnershipState = z.enum(['pending', 'proved', 'waived']);

export const Ownership = z.strictObject({
  state: OwnershipState,
  /** The owner publishes this as TXT at `_portcullis.<hostname>`, or in the file below. */
  dnsName: z.string(),
  dnsValue: z.string(),
  fileUrl: z.string(),
  fileContent: z.string(),
  checkedAt: Instant.nullable(),
  /** What the last check saw, or that another site owns a hostname meanwhile, in a sentence. */
  finding: z.string().nullable(),
  /** Hostnames of the site that nobody has proved or waived yet; they are not served. Left out when there are none. */
  pending: z.array(Hostname).optional(),
});

/** How far the newest change of something has come: revision needed, edges that hold it. */
export const Propagation = z.strictObject({
  revision: Revision,
  committedAt: Instant,
  edges: z.int().min(0),
  applied: z.int().min(0),
  /** Slowest edge's time from commit to its acknowledgement, once all have it. */
  tookMs: z.number().min(0).nullable(),
});
export type Propagation = z.infer<typeof Propagation>;

export const Site = z.strictObject({
  siteId: SiteId,
  accountId: AccountId,
  group: GroupName,
  name: z.string(),
  hostnames: z.array(Hostname),
  origin: Origin,
  /** Addresses last resolved and allowed, and why not if none. */
  originAddresses: z.array(IpAddress),
  originFinding: z.string().nullable(),
  mode: SiteMode,
  /** The attack for which edges hold it in attack mode, whatever `mode` says. Left out: none. */
  attackId: AttackId.optional(),
  /** The path that this attack is on. Left out: the whole site. */
  attackPath: PathPrefix.optional(),
  /** Paths that people have put into attack mode. Left out: none. */
  attackPaths: z.array(PathPrefix).optional(),
  limits: SiteLimits,
  networks: z.array(NetworkRule),
  challenge: ChallengeSettings,
  https: HttpsSettings,
  ownership: Ownership,
  ready: z.boolean(),
  ordersInForce: z.array(OrderId),
  createdAt: Instant,
  /** Grows with each change; send it back as `version` to refuse a change made on an old picture. */
  version: z.int().min(1),
  propagation: Propagation,
});
export type Site = z.infer<typeof Site>;

/** Hostnames as typed (IDN, case); parsed by contract/hostname.ts at the door. */
const TypedHostnames = z.array(z.string().min(1).max(300)).min(1).max(1000);

export const SiteDraft = z.strictObject({
  name: z.string().trim().min(1).max(120).optional(),
  hostnames: TypedHostnames,
  origin: z.union([
    Origin,
    /** Or a URL such as `http://192.0.2.7:8000`. */
    z.url({ protocol: /^https?$/ }).max(500),
  ]),
  mode: SiteMode.optional(),
  /** Replaces the paths that are in attack mode by hand. */
  attackPaths: z.array(PathPrefix).max(mostAttackPaths).optional(),
  limits: SiteLimits.partial().optional(),
  networks: z.array(NetworkRule).max(2000).optional(),
  challenge: ChallengeSettings.partial().optional(),
  https: HttpsSettings.partial().optional(),
  accountId: AccountId.optional(),
  group: GroupName.optional(),
  /** Needs the scope `sites:waive-ownership`. */
  waiveOwnership: z.boolean().optional(),
});
export type SiteDraft = z.input<typeof SiteDraft>;

export const SiteChange = SiteDraft.omit({ accountId: true, group: true, waiveOwnership: true })
  .partial()
  .extend({ version: z.int().min(1).optional() });
export type SiteChange = z.input<typeof SiteChange>;

const BySite = z.strictObject({ siteId: SiteId });

export const listSites = route({
  method: 'GET',
  path: '/api/v1/sites',
  summary: 'Sites, newest first; `search` looks in names and hostnames.',
  needs: 'sites:read',
  params: Nothing,
  query: PageQuery.extend({ search: z.string().max(200).optional() }),
  body: Nothing,
  answer: pageOf(Site),
  status: 200,
  errors: [],
});

export const addSite = route({
  method: 'POST',
  path: '/api/v1/sites',
  summary: 'Adds a site.',
  needs: 'sites:write',
  params: Nothing,
  query: Nothing,
  body: SiteDraft,
  answer: Site,
  status: 201,
  errors: ['hostname-taken', 'origin-refused', 'origin-unresolved', 'not-found'],
});

export const getSite = route({
  method: 'GET',
  path: '/api/v1/sites/{siteId}',
  summary: 'One site.',
  needs: 'sites:read',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: Site,
  status: 200,
  errors: ['not-found'],
});

export const changeSite = route({
  method: 'PATCH',
  path: '/api/v1/sites/{siteId}',
  summary: 'Changes what is given and leaves the rest.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: SiteChange,
  answer: Site,
  status: 200,
  errors: ['not-found', 'conflict', 'hostname-taken', 'origin-refused', 'origin-unresolved', 'site-under-order'],
});

export const removeSite = route({
  method: 'DELETE',
  path: '/api/v1/sites/{siteId}',
  summary: 'Removes a site; refused while an order is in force on it, so that removing is no way around an order.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: Nothing,
  status: 200,
  errors: ['not-found', 'site-under-order'],
});

export const checkOwnership = route({
  method: 'POST',
  path: '/api/v1/sites/{siteId}/ownership/check',
  summary: 'Looks for the DNS record and the file now.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: Site,
  status: 200,
  errors: ['not-found', 'ownership-unproved', 'hostname-taken'],
});

export const waiveOwnership = route({
  method: 'POST',
  path: '/api/v1/sites/{siteId}/ownership/waive',
  summary: 'An operator vouches that the account owns the site.',
  needs: 'sites:waive-ownership',
  params: BySite,
  query: Nothing,
  body: z.strictObject({ reason: z.string().trim().min(3).max(500) }),
  answer: Site,
  status: 200,
  errors: ['not-found', 'hostname-taken'],
});

export const TrafficPoint = z.strictObject({ at: Instant, counts: OutcomeCounts });
export type TrafficPoint = z.infer<typeof TrafficPoint>;

export const getTraffic = route({
  method: 'GET',
  path: '/api/v1/sites/{siteId}/traffic',
  summary: 'Requests by outcome, summed over edges, in steps of 10 s (or coarser) back to 24 hours.',
  needs: 'sites:read',
  params: BySite,
  query: z.strictObject({
    minutes: z.coerce.number().int().min(1).max(1440).default(10),
    stepSeconds: z.coerce.number().int().min(10).max(3600).default(10),
  }),
  body: Nothing,
  answer: z.strictObject({ from: Instant, stepSeconds: z.int(), points: z.array(TrafficPoint) }),
  status: 200,
  errors: ['not-found'],
});
