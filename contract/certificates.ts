/**
 * Certificates: how a site is met over http and https, and what edges hold so that they can answer over TLS.
 *
 * A certificate belongs to one site and is never used for another's names, whatever names it bears. Its private key travels sealed:
 * the policy, its history and an edge's copy of it hold what only the group's certificate key opens (contract/stream.ts,
 * `certificate-key`). Not here: which of several certificates serves a name and when one is renewed (core/shield/certificates.ts).
 */
import { z } from 'zod';
import { Hostname } from './hostname.ts';
import { CertificateId, Instant, SiteId } from './ids.ts';

/** Most bytes of a chain and its key together, as PEM: HAProxy's admin socket takes one payload of 15 KB. */
export const maxCertificateBytes = 12_000;

export const Hsts = z.strictObject({
  /** How long browsers insist on https after each visit. */
  maxAgeSeconds: z
    .int()
    .min(0)
    .max(2 * 366 * 86_400),
  includeSubdomains: z.boolean(),
  preload: z.boolean(),
});
export type Hsts = z.infer<typeof Hsts>;

/** `serve`: plain http is answered like https. `redirect`: it is sent to https, all but what certificate authorities ask for. */
export const PlainHttp = z.enum(['serve', 'redirect']);

/** What edges must know of how a site is met. */
export const HttpsPolicy = z.strictObject({ plain: PlainHttp, hsts: Hsts.nullable() });
export type HttpsPolicy = z.infer<typeof HttpsPolicy>;

/** Where certificates come from. `acme`: an authority is asked for each hostname. `own`: the owner's alone. `none`: neither is asked for. */
export const CertificateSource = z.enum(['acme', 'own', 'none']);
export type CertificateSource = z.infer<typeof CertificateSource>;

export const HttpsSettings = HttpsPolicy.extend({ certificates: CertificateSource });
export type HttpsSettings = z.infer<typeof HttpsSettings>;

export const defaultHttpsSettings: HttpsSettings = { plain: 'serve', hsts: null, certificates: 'acme' };

/** One or more PEM blocks of certificates and nothing else. */
export const PemChain = z
  .string()
  .min(1)
  .max(maxCertificateBytes)
  .regex(/^(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+\n-----END CERTIFICATE-----\n)+$/, 'must be certificates in PEM');

/** A certificate as edges get it. */
export const CertificatePolicy = z.strictObject({
  kind: z.literal('certificate'),
  certificateId: CertificateId,
  siteId: SiteId,
  /** The names in it that can be hostnames of a site, wildcards among them; a wildcard covers one label here, as in every client. */
  names: z.array(Hostname).min(1).max(1000),
  chain: PemChain,
  /** The private key's PEM in a box (kit/sealed-box.ts) of the group's certificate key, for the context of `certificateContext`. Base64. */
  sealedKey: z.base64().min(40).max(20_000),
  notAfter: Instant,
});
export type CertificatePolicy = z.infer<typeof CertificatePolicy>;

/** What one site shows to its https origin when that asks who we are (“authenticated origin pulls”). Sealed as a certificate's key is. */
export const OriginCertificatePolicy = z.strictObject({
  certificateId: CertificateId,
  chain: PemChain,
  sealedKey: z.base64().min(40).max(20_000),
  /** SHA-256 of the first certificate, lower-case hex. */
  fingerprint: z.string().regex(/^[0-9a-f]{64}$/),
});
export type OriginCertificatePolicy = z.infer<typeof OriginCertificatePolicy>;

/** Sites of one group that may have one: each is a server line of every edge of the group. */
export const mostOriginCertificates = 64;

/** What the key that boxes are made with is derived for (kit/sealed-box.ts, `keyFor`) from the one that travels. */
export const certificatePurpose = 'portcullis certificates: private keys';

/** What a sealed key is bound to: the key of one certificate does not open as another's. */
export function certificateContext(certificateId: CertificateId): string {
  return `key of ${certificateId}`;
}

/** A challenge's token: base64url of at least 128 random bits (RFC 8555, 8.3). */
export const AcmeToken = z.string().regex(/^[A-Za-z0-9_-]{20,128}$/, 'must be a token of an ACME challenge');

/** What every edge answers below `/.well-known/acme-challenge/`, on every hostname, until the authority has asked. No secret. */
export const AcmeAnswerPolicy = z.strictObject({
  kind: z.literal('acme-answer'),
  token: AcmeToken,
  /** Token, a dot, and the thumbprint of our account's key. */
  keyAuthorization: z.string().regex(/^[A-Za-z0-9_-]{20,128}\.[A-Za-z0-9_-]{43}$/, 'must be a token, a dot and a thumbprint'),
});
export type AcmeAnswerPolicy = z.infer<typeof AcmeAnswerPolicy>;
