/**
 * Tokens: what a page is given when a check was passed, and its server brings back once.
 *
 * Fields are length-prefixed, in one order, so no two tokens share a text; the MAC covers all of them and the format's name, and stands before them with the
 * name of the key that made it, so that two may live. Letters, digits, `_`, `-` and dots: no client has to escape one. Nothing in it is secret, and
 * nothing names the visitor: a token is never bound to an address. Which dialect it is spent in does not matter.
 * Not here: whether it was used before (captcha/provider/tokens.ts). After: the ALTCHA advisory of 2025, fields without a boundary.
 */
import type { LineMac } from './check-line.ts';

export type TokenFields = {
  /** Of this token alone: 32 hex digits. What is spent. */
  readonly tokenId: string;
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly siteKey: string;
  /** Of the page; empty when the browser told none. */
  readonly hostname: string;
  readonly action: string;
  readonly cData: string;
};

/** Never said by MACs of other things (lines, seals), so that none of them can be taken for a token. */
const domain = 'portcullis captcha token 1\n';

/** What every client takes: those of one dialect refuse shorter ones, those of another longer ones. */
export const tokenCharacters = { least: 100, most: 2048 } as const;

/** Machines whose clocks go by the database's differ by no more than this. */
const skewMs = 5 * 60_000;

/** Signs a token with a live key. Every field is visible ASCII; throws RangeError for others, which schemas at the door have refused. */
export function writeToken(token: TokenFields, keyName: string, mac: LineMac): string {
  const { tokenId, issuedMs, expiresMs, siteKey, hostname, action, cData } = token;
  const fields = [tokenId, String(issuedMs), String(expiresMs), siteKey, hostname, action, cData];
  if (!fields.every((field) => /^[\x20-\x7e]*$/.test(field))) throw new RangeError('a field of a token is not visible ASCII');
  const body = btoa(fields.map((field) => `${field.length}:${field}`).join(''))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
  const signed = mac(keyName, domain + body);
  if (signed === null) throw new RangeError('no live key bears this name');
  return `${keyName}.${signed}.${body}`;
}

/** Reads a token that a live key signed; null for everything else. `same` compares without saying where texts differ. */
export function readToken(text: string, mac: LineMac, same: (one: string, other: string) => boolean): TokenFields | null {
  if (text.length > tokenCharacters.most) return null;
  const [, keyName, signed, body] = /^([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{16,128})\.([A-Za-z0-9_-]+)$/.exec(text) ?? [];
  if (keyName === undefined || signed === undefined || body === undefined) return null;
  const wanted = mac(keyName, domain + body);
  if (wanted === null || !same(wanted, signed)) return null;
  // Signed by us: from here on only a token of another version of this program does not read.
  const fields = fieldsOf(atob(body.replaceAll('-', '+').replaceAll('_', '/')));
  if (fields?.length !== 7) return null;
  const [tokenId = '', issued = '', expires = '', siteKey = '', hostname = '', action = '', cData = ''] = fields;
  if (!/^[0-9a-f]{32}$/.test(tokenId) || !/^[1-9][0-9]{12}$/.test(issued) || !/^[1-9][0-9]{12}$/.test(expires)) return null;
  return { tokenId, issuedMs: Number(issued), expiresMs: Number(expires), siteKey, hostname, action, cData };
}

/** Whether a token may be spent now; `early` for one from a clock that is far ahead of ours. */
export function tokenAge({ issuedMs, expiresMs }: TokenFields, nowMs: number): 'good' | 'expired' | 'early' {
  if (nowMs >= expiresMs) return 'expired';
  return issuedMs > nowMs + skewMs ? 'early' : 'good';
}

function fieldsOf(body: string): string[] | null {
  const fields: string[] = [];
  for (let from = 0; from < body.length;) {
    const [prefix, length] = /^(0|[1-9][0-9]{0,3}):/.exec(body.slice(from, from + 5)) ?? [];
    if (prefix === undefined) return null;
    const start = from + prefix.length;
    from = start + Number(length);
    if (from > body.length) return null;
    fields.push(body.slice(start, from));
  }
  return fields;
}
