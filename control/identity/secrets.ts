/**
 * Random secrets and their hashes: link codes, session cookies, API tokens, recovery codes, ceremony ids.
 *
 * Everything here has at least 80 bits from the system's random source, so a plain SHA-256 is enough to store it: there is nothing to
 * guess. Passwords are not of this kind; see argon.ts. Looking a hash up in an index leaks timing of the hash only.
 */
import { hash } from 'node:crypto';
import { CeremonyId, tokenPrefix } from '../../contract/routes/identity.ts';
import { secretBytes } from '../../kit/random-bytes.ts';

/** 256 bits, 43 characters of base64url. */
export function newSecret(): string {
  return secretBytes(32).toString('base64url');
}

export function newApiToken(): string {
  return tokenPrefix + newSecret();
}

export function newCeremonyId(): CeremonyId {
  return CeremonyId.parse(secretBytes(16).toString('base64url'));
}

/** What is stored in a secret's place. */
export function hashOf(secret: string): string {
  return hash('sha256', secret, 'hex');
}

const symbols = '0123456789abcdefghjkmnpqrstvwxyz';
const recoveryCodeCount = 10;

/** Ten codes of 80 bits, such as `k3v9-0m7x-q2ta-8hzc`: Crockford's base 32, to be written on paper. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: recoveryCodeCount }, () => {
    const text = Array.from(secretBytes(16), (byte) => symbols[byte & 31] ?? '').join('');
    return text.match(/.{4}/g)?.join('-') ?? text;
  });
}

/** The hash of a recovery code as typed: case, dashes and spaces do not matter, o reads as 0, i and l as 1. */
export function recoveryHash(personId: string, typed: string): string {
  const plain = typed.toLowerCase().replace(/[\s-]/g, '').replaceAll('o', '0').replace(/[il]/g, '1');
  return hashOf(`${personId}\n${plain}`);
}
