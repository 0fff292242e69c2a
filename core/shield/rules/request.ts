/**
 * A request as rules see it: each field in the one form in which it is compared.
 *
 * HAProxy makes the same form with its converters (edge/render/skeleton/rules.ts); a test holds that both agree. Text is bytes: a
 * string here holds one character for each byte. Case is ignored, and white space and control characters are one and the same mark, because a
 * map key holds none. A path is decoded once, parameters (`;…`) and empty segments fall away; dot segments and what cannot be
 * decoded never get this far (400), in a site that has rules.
 */
import type { ReadableHeader, SampledRequest } from '../../../contract/rules.ts';
import { readableHeaders } from '../../../contract/rules.ts';
import type { Field, HeaderField } from './syntax.ts';
import { unknownAsn, unknownCountry } from './syntax.ts';

/** Stands for any white space or control character in a cleaned text. */
export const blank = '\x1f';
/** Ends a whole value in a key. No cleaned text holds it. */
export const end = '\x1e';

/** The values of all fields; text fields are cleaned, `network` is family and hex digits (`4C0000201`). */
export type RuleRequest = Readonly<Record<Field, string>>;

export type RawRequest = {
  readonly method: string;
  /** Without port. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Partial<Record<ReadableHeader, string>>>;
  /** Family (4 or 6) and the address in upper-case hex. */
  readonly address: string;
  readonly country: string | null;
  readonly asn: number | null;
};

/** The request in compared form, or null for one that a site with rules refuses as ambiguous. */
export function ruleRequest(raw: RawRequest): RuleRequest | null {
  const path = cleanPath(bytesOf(raw.path));
  if (path === null) return null;
  const headers = Object.fromEntries(
    readableHeaders.map((name) => [`header:${name}`, cleanText(bytesOf(raw.headers[name] ?? ''))]),
  );
  const header = (name: HeaderField) => headers[name] ?? '';
  const query = bytesOf(raw.query);
  return {
    method: cleanText(bytesOf(raw.method)),
    host: cleanText(bytesOf(raw.host)).replace(/\.+$/, ''),
    path,
    extension: extensionOf(path),
    query: cleanText(decode(query, 'form') ?? query),
    'header:user-agent': header('header:user-agent'),
    'header:referer': header('header:referer'),
    'header:content-type': header('header:content-type'),
    'header:origin': header('header:origin'),
    'header:accept-language': header('header:accept-language'),
    network: raw.address,
    country: (raw.country ?? unknownCountry).toLowerCase(),
    asn: String(raw.asn ?? unknownAsn),
  };
}

/** A sample as a request; its network stands for every address in it. */
export function sampledRequest(sample: SampledRequest, hexOf: (network: string) => string): RawRequest {
  const { method, host, path, query, headers, country, asn } = sample;
  return { method, host, path, query, headers, country, asn, address: hexOf(sample.network) };
}

/** Lower case, and one mark for white space and control characters. Takes bytes. */
export function cleanText(bytes: string): string {
  return bytes.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase()).replaceAll(/[\x00-\x20\x7f]/g, blank);
}

function cleanPath(raw: string): string | null {
  if (!/[%;]|\/\/|\/\./.test(raw)) return cleanText(raw);
  const decoded = decode(raw, 'plain');
  if (decoded === null) return null;
  const path = decoded.replaceAll(/;[^/]*/g, '').replaceAll(/\/\/+/g, '/');
  return /\/\.{1,2}(\/|$)/.test(path) ? null : cleanText(path);
}

/** What follows the last dot of the last segment; empty without one. */
export function extensionOf(path: string): string {
  return /\.([^./]+)$/.exec(path)?.[1] ?? '';
}

/** UTF-8 bytes of a text, one character each. */
export function bytesOf(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(/%([0-9A-F]{2})/g, (_all, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** The text of UTF-8 bytes; what is not UTF-8 stays as it is. */
export function textOf(bytes: string): string {
  try {
    return decodeURIComponent(
      bytes.replaceAll(/[%\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`),
    );
  } catch {
    return bytes;
  }
}

/** Percent-decoding as HAProxy's url_dec does it; null where it gives up. In a form, `+` is a space. */
function decode(bytes: string, as: 'form' | 'plain'): string | null {
  if (/%(?![0-9A-Fa-f]{2})/.test(bytes)) return null;
  const spaced = as === 'form' ? bytes.replaceAll('+', ' ') : bytes;
  return spaced.replaceAll(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
