/**
 * Web Bot Auth: what a request has to bring before its signature is worth a look (draft-ietf-webbotauth-httpsig-protocol, after RFC 9421).
 *
 * Closed: whatever is missing, unreadable, too old, too long or not of this site is refused with a word. The key is one that the operator's list knew by
 * its thumbprint before; a request cannot bring its own, and where it says that keys are (`Signature-Agent`) is never asked.
 * Not here: the signature's mathematics, nonces, keys (edge/bots).
 */
import type { InnerList } from './fields.ts';
import { parseDictionary } from './fields.ts';
import type { SignedRequest } from './base.ts';
import { headerValue, nameOf, signatureBase } from './base.ts';

export const botTag = 'web-bot-auth';
/** The draft's advice: no signature is good for longer than a day. */
const longestSeconds = 86_400;
const clockSkewSeconds = 60;

/** Why a signed request does not pass; it stands in the answer, for whoever runs the bot. */
export const botRefusals = [
  'malformed',
  'component',
  'unbound',
  'expired',
  'algorithm',
  'signature',
  'replay',
  'key',
  'busy',
] as const;
export type BotRefusal = (typeof botRefusals)[number];

/** A claim in good form: it holds when the signature (base64) over `base` does, and the nonce is new. */
export type BotClaim = {
  readonly base: string;
  readonly signature: string;
  readonly nonce: string | null;
  /** When it ends, in seconds since 1970. */
  readonly expires: number;
};

/** The claim that a request makes with a key, at a time in seconds since 1970. */
export function readBotClaim(request: SignedRequest, keyId: string, nowSeconds: number): BotClaim | BotRefusal {
  const inputs = parseDictionary(headerValue(request, 'signature-input') ?? '');
  const signatures = parseDictionary(headerValue(request, 'signature') ?? '');
  if (inputs === null || signatures === null) return 'malformed';
  const found = [...inputs].find(
    ([, member]) => member.kind === 'list' && textOf(member, 'tag') === botTag && textOf(member, 'keyid') === keyId,
  );
  const signature = signatures.get(found?.[0] ?? '');
  if (found?.[1].kind !== 'list' || signature?.kind !== 'item' || signature.bare.type !== 'bytes') return 'malformed';
  const covered = found[1];
  if ((textOf(covered, 'alg') ?? 'ed25519') !== 'ed25519') return 'algorithm';
  const created = covered.parameters.get('created');
  const expires = covered.parameters.get('expires');
  if (created?.type !== 'integer' || expires?.type !== 'integer') return 'malformed';
  const lasts = expires.value - created.value;
  if (created.value > nowSeconds + clockSkewSeconds || expires.value <= nowSeconds || lasts <= 0 || lasts > longestSeconds)
    return 'expired';
  const names = covered.items.map(nameOf);
  // Bound to this host, and to what it says about itself.
  if (!names.includes('@authority') && !names.includes('@target-uri')) return 'unbound';
  if (headerValue(request, 'signature-agent') !== null && !names.includes('signature-agent')) return 'unbound';
  const base = signatureBase(request, covered);
  if (base === null) return 'component';
  return { base, signature: signature.bare.text, nonce: textOf(covered, 'nonce'), expires: expires.value };
}

function textOf({ parameters }: InnerList, name: string): string | null {
  const bare = parameters.get(name);
  return bare?.type === 'string' ? bare.value : null;
}
