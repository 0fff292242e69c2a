/**
 * Random ids: a prefix and twelve symbols of Crockford's base 32, from the system's random source.
 *
 * Knows nothing of what an id names. 60 bits: with a million ids of a kind, a new one collides once in 10^12; stores hold a
 * unique key, so a collision is an error and never a mix-up.
 */
import { secretBytes } from './random-bytes.ts';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** `prefix_` and 12 random symbols. */
export function randomId(prefix: string): string {
  let text = '';
  for (const byte of secretBytes(12)) text += alphabet[byte & 31] ?? '';
  return `${prefix}_${text}`;
}
