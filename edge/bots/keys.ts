/**
 * Keys of bots: JSON Web Keys as their operators publish them, as far as this edge takes them, under the name that they have here.
 *
 * Ed25519 only. A key is known by its thumbprint (RFC 7638, RFC 8037), not by what its publisher calls it. The RFC's own example keys, whose private
 * halves everybody can read, are refused.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** A bot's key. Times in seconds since 1970, null: no bound. */
export const BotKey = z.strictObject({
  keyId: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  /** What the operator of this edge calls the bot. */
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/),
  /** 32 bytes, base64url. */
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  notBefore: z.number().nullable(),
  notAfter: z.number().nullable(),
});
export type BotKey = z.infer<typeof BotKey>;

export const mostKeysOfOne = 50;

const Jwk = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  nbf: z.number().optional(),
  exp: z.number().optional(),
});
const Directory = z.object({ keys: z.array(z.unknown()).max(mostKeysOfOne) });

/** test-key-ed25519 of RFC 9421. */
const everybodysKeys: ReadonlySet<string> = new Set(['poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U']);

/** The keys of a directory that can be used. Throws a ZodError for what is no directory, a RangeError for one without any such key. */
export function readDirectory(name: string, directory: unknown): BotKey[] {
  const keys = Directory.parse(directory).keys.flatMap((one): BotKey[] => {
    const jwk = Jwk.safeParse(one);
    if (!jwk.success) return [];
    const { x, nbf = null, exp = null } = jwk.data;
    const keyId = thumbprint(x);
    if (everybodysKeys.has(keyId)) return [];
    return [BotKey.parse({ keyId, name, publicKey: x, notBefore: nbf, notAfter: exp })];
  });
  if (keys.length === 0) throw new RangeError('No Ed25519 key is in it that could be used.');
  return keys;
}

/** The thumbprint of an Ed25519 key. */
export function thumbprint(publicKey: string): string {
  return createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${publicKey}"}`).digest('base64url');
}
