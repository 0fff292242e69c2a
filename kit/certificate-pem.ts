/**
 * Reads what somebody uploads as a certificate: a PEM chain and a private key, with every mistake named at once.
 *
 * Mistakes are of the files alone: what they are, whether they belong together, whether the chain is in order, whether they are good now. Not
 * here: whose names they are, whether anybody trusts the issuer (a private authority is a choice). Sentences never hold a key's bytes.
 * What can still go wrong: a chain that lacks an intermediate cannot be told from one whose issuer every client has.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export type PemMistake = { readonly part: 'chain' | 'key'; readonly message: string };

export type ReadPem = {
  readonly kind: 'certificate';
  /** DNS names in the certificate, lower-case, in its order. */
  readonly names: readonly string[];
  /** The chain in PEM without anything between the blocks, a self-signed root left out. */
  readonly chain: string;
  /** The key in PEM, PKCS 8. */
  readonly key: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly issuer: string;
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string;
};

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
/** A certificate that begins a little later than now is one whose issuer's clock is a little ahead. */
const clockSkewMs = 5 * 60_000;

/**
 * Reads a chain and a key. `atMs`: now, in milliseconds since 1970. `use`: a server's certificate names hostnames; a client's need not, and may be its own
 * authority.
 */
export function readCertificate(
  chainText: string,
  keyText: string,
  atMs: number,
  use: 'server' | 'client' = 'server',
): ReadPem | { readonly kind: 'mistakes'; readonly mistakes: readonly PemMistake[] } {
  const mistakes: PemMistake[] = [];
  const wrong = (part: PemMistake['part'], message: string) => void mistakes.push({ part, message });
  const chain = readChain(chainText, wrong);
  const key = readKey(keyText, wrong);
  const [own, ...above] = chain;
  if (own === undefined) return { kind: 'mistakes', mistakes };

  const notBeforeMs = Date.parse(own.validFrom);
  const notAfterMs = Date.parse(own.validTo);
  if (notAfterMs <= atMs) wrong('chain', `The certificate has expired on ${dateOf(notAfterMs)}. Ask its issuer for a new one.`);
  if (notBeforeMs > atMs + clockSkewMs) wrong('chain', `The certificate is not valid before ${dateOf(notBeforeMs)}.`);
  if (own.ca && use === 'server')
    wrong('chain', 'The first certificate is an authority’s. Put the site’s own first, then the one that issued it.');
  const names = dnsNames(own);
  if (names.length === 0 && use === 'server')
    wrong('chain', 'The certificate names no hostname (it has no DNS name among its alternative names).');
  if (isWeak(own.publicKey)) wrong('chain', 'The certificate’s key is too short: RSA needs 2048 bits, and elliptic curves 256.');
  const weak = chain.findIndex(isWeaklySigned);
  if (weak !== -1)
    wrong(
      'chain',
      `Certificate ${weak + 1} is signed by way of ${chain[weak]?.signatureAlgorithm ?? 'an old digest'}, which TLS programs refuse. Ask its issuer for a new one.`,
    );
  if (key !== null && !own.checkPrivateKey(key)) {
    const other = above.findIndex((one) => one.checkPrivateKey(key));
    wrong(
      'key',
      other === -1
        ? 'The private key does not belong to the certificate.'
        : `The private key belongs to certificate ${other + 2} of the chain: put that one first.`,
    );
  }
  for (const [index, issuer] of above.entries()) {
    const issued = chain[index];
    if (issued === undefined || issued.checkIssued(issuer)) continue;
    wrong(
      'chain',
      `The chain is not in order: certificate ${index + 2} did not issue certificate ${index + 1}. Each is followed by its issuer.`,
    );
    break;
  }
  for (const [index, one] of above.entries()) {
    if (Date.parse(one.validTo) <= atMs) wrong('chain', `Certificate ${index + 2} of the chain has expired.`);
  }
  if (mistakes.length > 0 || key === null) return { kind: 'mistakes', mistakes };
  const sent = chain.filter((one, index) => index === 0 || !isSelfSigned(one));
  return {
    kind: 'certificate',
    names,
    chain: sent.map((one) => one.toString()).join(''),
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    notBeforeMs,
    notAfterMs,
    issuer: commonName(own.issuer),
    fingerprint: own.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}

function readChain(text: string, wrong: (part: 'chain', message: string) => void): X509Certificate[] {
  if (/PRIVATE KEY/.test(text)) wrong('chain', 'There is a private key among the certificates. Give it in its own field.');
  const blocks = text.match(block) ?? [];
  if (blocks.length === 0)
    wrong(
      'chain',
      'No certificate was found: it begins with -----BEGIN CERTIFICATE-----. A .p12 or .der file must be converted to PEM.',
    );
  if (blocks.length > 10)
    wrong('chain', 'More than ten certificates are in the chain. Give the site’s own and its intermediates.');
  const chain: X509Certificate[] = [];
  for (const [index, pem] of blocks.slice(0, 10).entries()) {
    try {
      chain.push(new X509Certificate(pem));
    } catch {
      wrong('chain', `Certificate ${index + 1} cannot be read: it is damaged or cut short.`);
      return [];
    }
  }
  return chain;
}

function readKey(text: string, wrong: (part: 'key', message: string) => void): KeyObject | null {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    wrong('key', 'No private key was found: it begins with -----BEGIN PRIVATE KEY-----.');
    return null;
  }
  if (/ENCRYPTED/.test(text)) {
    wrong('key', 'The private key is protected by a password. Remove it first: openssl pkey -in key.pem -out plain.pem');
    return null;
  }
  try {
    return createPrivateKey(
      text.replace(/[\s\S]*?(-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----)[\s\S]*/, '$1\n'),
    );
  } catch {
    wrong('key', 'The private key cannot be read: it is damaged or of a kind that is not known.');
    return null;
  }
}

function dnsNames({ subjectAltName }: X509Certificate): string[] {
  return (subjectAltName ?? '').split(', ').flatMap((entry) => {
    const name = /^DNS:([A-Za-z0-9*._-]+)$/.exec(entry)?.[1];
    return name === undefined ? [] : [name.toLowerCase()];
  });
}

function isWeak({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): boolean {
  if (asymmetricKeyType === 'rsa') return (asymmetricKeyDetails?.modulusLength ?? 0) < 2048;
  if (asymmetricKeyType !== 'ec') return asymmetricKeyType !== 'ed25519';
  return !['prime256v1', 'secp384r1', 'secp521r1'].includes(asymmetricKeyDetails?.namedCurve ?? '');
}

/** Debian's OpenSSL (security level 2) does not load what is signed by these, unless it vouches for itself. */
function isWeaklySigned(one: X509Certificate): boolean {
  return !isSelfSigned(one) && /md[245]|sha-?1(?!\d)/i.test(one.signatureAlgorithm ?? '');
}

function isSelfSigned(one: X509Certificate): boolean {
  return one.subject === one.issuer && one.checkIssued(one);
}

function commonName(name: string): string {
  return /^CN=(.+)$/m.exec(name)?.[1] ?? name.replaceAll('\n', ', ');
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/**
 * How a certificate is named in an authority's renewal information (RFC 9773, 4.1): its issuer's key identifier and its serial number, both
 * base64url; null when it has no such identifier.
 */
export function renewalName(chain: string): string | null {
  const own = chain.match(block)?.[0];
  if (own === undefined) return null;
  const certificate = new X509Certificate(own);
  const issuerKey = authorityKeyId(certificate.raw);
  if (issuerKey === null) return null;
  const digits = certificate.serialNumber.length % 2 === 0 ? certificate.serialNumber : `0${certificate.serialNumber}`;
  const serial = Buffer.from(digits, 'hex');
  // As in DER: a first bit that is set would make the number negative.
  const bytes = (serial[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), serial]) : serial;
  return `${issuerKey.toString('base64url')}.${bytes.toString('base64url')}`;
}

/** The key identifier inside the extension 2.5.29.35, found by its encoded object identifier. */
function authorityKeyId(der: Buffer): Buffer | null {
  const at = der.indexOf(Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x23]));
  if (at === -1) return null;
  // OCTET STRING { SEQUENCE { [0] key identifier … } }, all shorter than 128 bytes where an identifier is a hash.
  const start = at + 5;
  if (der[start] !== 0x04 || der[start + 2] !== 0x30 || der[start + 4] !== 0x80) return null;
  const length = der[start + 5] ?? 0;
  return length === 0 || length > 64 ? null : der.subarray(start + 6, start + 6 + length);
}
