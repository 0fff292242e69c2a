/**
 * Six digits from an authenticator app (RFC 6238: SHA-1, 30 s, which is what every app speaks), one step of clock error either way.
 *
 * Secrets are stored as they are, because both sides need them: who reads the database can make codes, and still lacks the password.
 * That a code works once is held by the database, which keeps the newest step that was accepted (store/identity/keys.ts).
 */
import { Secret, TOTP } from 'otpauth';

const periodSeconds = 30;

/** 160 random bits in base 32, as apps take them. */
export function newTotpSecret(): string {
  return new Secret({ size: 20 }).base32;
}

/** The `otpauth://` text of a QR code. */
export function totpUri(secret: string, provider: string, person: string): string {
  return totp(secret, provider, person).toString();
}

/** The time step that a code belongs to, or null when it is wrong. */
export function totpStep(secret: string, code: string, nowMs: number): number | null {
  const delta = totp(secret, 'portcullis', '').validate({ token: code, timestamp: nowMs, window: 1 });
  return delta === null ? null : Math.floor(nowMs / 1000 / periodSeconds) + delta;
}

/** The code of an instant: what an app shows. For tests and for the console's own check of its clock. */
export function totpCode(secret: string, nowMs: number): string {
  return totp(secret, 'portcullis', '').generate({ timestamp: nowMs });
}

function totp(secret: string, issuer: string, label: string): TOTP {
  return new TOTP({ issuer, label, algorithm: 'SHA1', digits: 6, period: periodSeconds, secret: Secret.fromBase32(secret) });
}
