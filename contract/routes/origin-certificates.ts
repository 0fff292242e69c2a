/**
 * The client certificate that edges show to one site's https origin: made here or uploaded, changed in two steps so that the origin can be told first.
 *
 * A first one is used at once. A later one waits as `next` until somebody says that the origin knows it. Private keys go in and never come out.
 */
import { z } from 'zod';
import { CertificateId, Instant, SiteId } from '../ids.ts';
import { Nothing } from './common.ts';
import { route } from './route.ts';

export const OriginCertificate = z.strictObject({
  certificateId: CertificateId,
  /** `here`: key and certificate were made by us, and the certificate vouches for itself. */
  made: z.enum(['here', 'uploaded']),
  /** The public part: what the origin is told to trust. */
  chain: z.string(),
  issuer: z.string(),
  /** SHA-256, lower-case hex. */
  fingerprint: z.string(),
  notBefore: Instant,
  notAfter: Instant,
  createdAt: Instant,
});
export type OriginCertificate = z.infer<typeof OriginCertificate>;

export const OriginCertificates = z.strictObject({
  used: OriginCertificate.nullable(),
  next: OriginCertificate.nullable(),
  /** Whether the origin is reached over https: over http nothing is shown. */
  https: z.boolean(),
});
export type OriginCertificates = z.infer<typeof OriginCertificates>;

const BySite = z.strictObject({ siteId: SiteId });
const Pem = z.string().min(1).max(100_000);

export const getOriginCertificate = route({
  method: 'GET',
  path: '/api/v1/sites/{siteId}/origin-certificate',
  summary: 'The client certificate that edges show to this site’s origin, and the one that waits to take its place.',
  needs: 'sites:read',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: OriginCertificates,
  status: 200,
  errors: ['not-found'],
});

export const addOriginCertificate = route({
  method: 'POST',
  path: '/api/v1/sites/{siteId}/origin-certificate',
  summary:
    'Makes a client certificate for this site’s origin, or takes one (PEM chain and key). The first is used at once, a later one waits.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: z.union([z.strictObject({ make: z.literal(true) }), z.strictObject({ chain: Pem, key: Pem })]),
  answer: OriginCertificates,
  status: 201,
  errors: ['not-found', 'certificate-refused', 'wrong-state'],
});

export const useOriginCertificate = route({
  method: 'POST',
  path: '/api/v1/sites/{siteId}/origin-certificate/use',
  summary: 'Shows the waiting certificate to the origin from now on, in the place of the one before.',
  needs: 'sites:write',
  params: BySite,
  query: Nothing,
  body: Nothing,
  answer: OriginCertificates,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const removeOriginCertificate = route({
  method: 'DELETE',
  path: '/api/v1/sites/{siteId}/origin-certificate/{which}',
  summary: 'Removes the waiting certificate, or the used one: the edge’s own is shown then, if it has one.',
  needs: 'sites:write',
  params: BySite.extend({ which: z.enum(['used', 'next']) }),
  query: Nothing,
  body: Nothing,
  answer: OriginCertificates,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});
