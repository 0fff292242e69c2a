/**
 * Certificates over the API: what a site has, its owner's own, what an authority is asked for. Private keys go in and never come out.
 *
 * Which hostnames an authority is asked for follows the site's settings (`https.certificates` of contract/routes/sites.ts); here is how that went.
 */
import { z } from 'zod';
import { Hostname } from '../hostname.ts';
import { CertificateId, Instant, SiteId } from '../ids.ts';
import { Nothing, pageOf, PageQuery } from './common.ts';
import { route } from './route.ts';

export const Certificate = z.strictObject({
  certificateId: CertificateId,
  siteId: SiteId,
  /** Of an authority that was asked for it, or the owner's own. */
  source: z.enum(['acme', 'own']),
  names: z.array(Hostname),
  /** Hostnames of the site that are answered with it now; none when others cover them for longer. */
  serves: z.array(Hostname),
  issuer: z.string(),
  /** SHA-256, lower-case hex. */
  fingerprint: z.string(),
  notBefore: Instant,
  notAfter: Instant,
  /** When it is going to be replaced by itself; null: somebody must do it. */
  renewAt: Instant.nullable(),
  createdAt: Instant,
  renewedAt: Instant,
});
export type Certificate = z.infer<typeof Certificate>;

/** `waiting`: due or due later. `working`: the authority is being asked. `failed`: tried, and will be again. `stuck`: only a person can help. */
export const WishState = z.enum(['waiting', 'working', 'failed', 'stuck', 'held']);

export const HostnameCertificate = z.strictObject({
  hostname: Hostname,
  /** What it is answered with; null: nothing that a browser trusts. */
  certificateId: CertificateId.nullable(),
  /** What an authority is asked for it; null: nothing. */
  wish: z
    .strictObject({ state: WishState, nextAt: Instant.nullable(), failures: z.int().min(0), finding: z.string().nullable() })
    .nullable(),
});

/** The authority of this installation; `directory` null: none is set up, and nothing is asked for. */
export const AuthorityStatus = z.strictObject({
  directory: z.string().nullable(),
  /** Whether it knows us already. */
  registered: z.boolean(),
  /** Whether wildcards can be had: a program publishes DNS records. */
  dns: z.boolean(),
});
export type AuthorityStatus = z.infer<typeof AuthorityStatus>;

export const SiteCertificates = z.strictObject({
  certificates: z.array(Certificate),
  hostnames: z.array(HostnameCertificate),
  authority: AuthorityStatus,
});
export type SiteCertificates = z.infer<typeof SiteCertificates>;

const BySite = z.strictObject({ siteId: SiteId });

export const listCertificates = route({
  method: 'GET',
  path: '/api/v1/sites/{siteId}/certificates',
  summary: 'A site’s certificates, what each hostname is answered with, and how asking an authority went.',
  needs: 'sites:read',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: SiteCertificates,
  status: 200,
  errors: ['not-found'],
});

/** A certificate in the list of all; what it serves at this moment is told with its site. */
export const ListedCertificate = Certificate.omit({ serves: true }).extend({ siteName: z.string() });
export type ListedCertificate = z.infer<typeof ListedCertificate>;

export const listAllCertificates = route({
  method: 'GET',
  path: '/api/v1/certificates',
  summary: 'Certificates of all sites, those that end soonest first; ended ones are among them. `search` looks in names.',
  needs: 'sites:read',
  params: Nothing,
  query: PageQuery.extend({
    search: z.string().max(200).optional(),
    source: Certificate.shape.source.optional(),
    /** Only those that have ended, or will within so many days. */
    endsWithinDays: z.coerce.number().int().min(0).max(3650).optional(),
  }),
  body: Nothing,
  answer: pageOf(ListedCertificate),
  status: 200,
  errors: [],
});

/** Generous: what is too large for an edge is refused with a sentence, not with a schema's. */
const Pem = z.string().min(1).max(100_000);

export const addCertificate = route({
  method: 'POST',
  path: '/api/v1/sites/{siteId}/certificates',
  summary: 'Takes an owner’s own certificate (PEM chain and key). One with the same names takes the place of the one before.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: z.strictObject({ chain: Pem, key: Pem }),
  answer: SiteCertificates,
  status: 201,
  errors: ['not-found', 'certificate-refused'],
});

export const orderCertificates = route({
  method: 'POST',
  path: '/api/v1/sites/{siteId}/certificates/order',
  summary: 'Asks the authority now for every hostname that wants a certificate, also for those that have one.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: SiteCertificates,
  status: 202,
  errors: ['not-found', 'wrong-state'],
});

export const removeCertificate = route({
  method: 'DELETE',
  path: '/api/v1/sites/{siteId}/certificates/{certificateId}',
  summary: 'Removes a certificate. Its hostnames are answered with another that covers them, or with none that browsers trust.',
  needs: 'sites:write',
  params: z.strictObject({ siteId: SiteId, certificateId: CertificateId }),
  query: Nothing,
  body: Nothing,
  answer: SiteCertificates,
  status: 200,
  errors: ['not-found'],
});
