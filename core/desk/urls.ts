/**
 * Evidence addresses: many spellings of one address are one artefact.
 *
 * Canonical form: host in lower case and punycode without a trailing dot, no user name, no default port, no dot segments, no fragment, no
 * parameters that only track people or sessions, the others sorted by name, percent codes in one form. With a default port http and https
 * are one. Null for what is no address of the web. Its own canonical form is itself.
 * Not for fetching: what is captured is what was typed. Hazard: a site that shows something else by fragment or by session is one artefact here.
 * After: RFC 3986 section 6, WHATWG URL; SURT of web archives for what to drop.
 */
import { getDomain, getPublicSuffix } from 'tldts';

const longest = 4000;
/** What says where a reader came from or who they are, and nothing about what is shown. */
const dropped =
  /^(?:utm_.*|fbclid|gclid|gclsrc|dclid|msclkid|yclid|twclid|igshid|mc_[ce]id|_ga|_gl|ref_src|ref_url|sid|phpsessid|jsessionid|sessionid|session_id)$/i;

/** The one form of an address, or null. */
export function canonicalUrl(typed: string): string | null {
  const url = parseWeb(typed);
  if (url === null) return null;
  const host = hostIn(url);
  if (host === null) return null;
  const origin = url.port === '' ? `https://${host}` : `${url.protocol}//${host}:${url.port}`;
  const path = percentNormal(url.pathname);
  const query = canonicalQuery(url.search);
  const canonical = `${origin}${path}${query}`;
  return canonical.length > longest * 3 ? null : canonical;
}

/** The exact host of an address in stored form, or null. */
export function hostOfUrl(typed: string): string | null {
  const url = parseWeb(typed);
  return url === null ? null : hostIn(url);
}

function hostIn(url: URL): string | null {
  const host = url.hostname.replace(/\.$/, '');
  if (!/^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])$/.test(host)) return null;
  if (host.startsWith('.') || host.endsWith('.') || host.includes('..')) return null;
  return host.includes('.') || host === 'localhost' || host.startsWith('[') ? host : null;
}

function parseWeb(typed: string): URL | null {
  if (typed.length > longest) return null;
  let text = typed
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
    .replace(/^[<"'“‘«([]+/u, '')
    .replace(/[>"'”’»]+$/u, '');
  // As careful people write addresses that nobody shall open by mistake.
  text = text
    .replace(/^h(?:xx|\*\*)p/i, 'http')
    .replace(/^(https?)\[:\]/i, '$1:')
    .replace(/^(?:https?:\/\/)?[^/?#]*/i, (start) => start.replaceAll(/\[\.\]|\(\.\)|\{\.\}|\[dot\]/gi, '.'));
  text = text.replace(/;jsessionid=[^/?#;]*/gi, '');
  if (text.startsWith('//')) text = `https:${text}`;
  // A scheme, or a hostname with a port: `forum.example:8443/x`.
  const scheme = /^([a-z][a-z0-9+.-]*):(?!\d{1,5}(?:[/?#]|$))/i.exec(text)?.[1];
  if (scheme === undefined) text = `https://${text}`;
  else if (!/^https?$/i.test(scheme)) return null;
  else if (!/^https?:\/\//i.test(text)) return null;
  try {
    const url = new URL(text);
    // What a browser repairs by guessing (blanks in the host, an empty one) is no address of ours.
    return /^https?:$/.test(url.protocol) && url.hostname !== '' ? url : null;
  } catch {
    return null;
  }
}

function canonicalQuery(search: string): string {
  if (search.length < 2) return '';
  const pairs = search
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const cut = pair.indexOf('=');
      const name = cut < 0 ? pair : pair.slice(0, cut);
      return {
        name: percentNormal(name.replaceAll('+', '%20')),
        rest: cut < 0 ? '' : percentNormal(pair.slice(cut).replaceAll('+', '%20')),
      };
    })
    .filter(({ name }) => !dropped.test(name));
  // Stable: the same name twice keeps the order of its values, which may mean something.
  pairs.sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
  return pairs.length === 0 ? '' : `?${pairs.map(({ name, rest }) => name + rest).join('&')}`;
}

/** Percent codes of letters, digits and `-._~` are written plainly, all others in upper case. */
function percentNormal(text: string): string {
  return text
    .replaceAll("'", '%27')
    .replaceAll(/%(?![0-9a-f]{2})/gi, '%25')
    .replaceAll(/%[0-9a-f]{2}/gi, (code) => {
      const char = String.fromCharCode(parseInt(code.slice(1), 16));
      return /[A-Za-z0-9._~-]/.test(char) ? char : code.toUpperCase();
    });
}

const withScheme = String.raw`h(?:tt|xx|\*\*)ps?(?:\[:\]|:)\/\/[^\s<>"'${'`'}“”«»]+`;
const bare = String.raw`(?<![\p{L}\p{N}@._/-])(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,62})(?:\.|\[\.\]|\(\.\))){1,10}\p{L}{2,24}(?::\d{1,5})?\/[^\s<>"'${'`'}“”«»]*`;
const inText = new RegExp(`${withScheme}|${bare}`, 'giu');
const reserved = /\.(?:example|test|invalid|localhost|onion)$/i;
const mostInText = 250;

/** Addresses that a text holds, as they were typed, each once, without the punctuation of the sentence around them. */
export function urlsInText(text: string): string[] {
  const found = new Set<string>();
  for (const [match] of text.matchAll(inText)) {
    if (match.length > longest) continue;
    const typed = trimmed(match);
    const host = hostOfUrl(typed);
    if (host === null) continue;
    const isSure =
      /^h..ps?(?:\[:\]|:)\/\//i.test(typed) ||
      reserved.test(host) ||
      getPublicSuffix(host, { allowPrivateDomains: false }) !== null;
    if (isSure) found.add(typed);
    if (found.size >= mostInText) break;
  }
  return [...found];
}

function trimmed(typed: string): string {
  let text = typed;
  for (;;) {
    const next = text.replace(/[.,;:!?…'"*_]+$/u, '');
    const closes = /[)\]}]$/.exec(next)?.[0];
    const opens = closes === ')' ? '(' : closes === ']' ? '[' : '{';
    const shorter = closes !== undefined && !next.slice(0, -1).includes(opens) ? next.slice(0, -1) : next;
    if (shorter === text) return text;
    text = shorter;
  }
}

/** Whose machines an address asks: its registrable domain, or host and port where there is none; null for what is no address of the web. */
export function machinesOfUrl(typed: string): string | null {
  const canonical = canonicalUrl(typed);
  if (canonical === null) return null;
  const url = new URL(canonical);
  return getDomain(url.hostname, { allowPrivateDomains: false }) ?? url.host;
}

/** What makes a thing one artefact in its case. Long addresses by their hash: an index takes no more than some 2,700 bytes. */
export function artefactOfUrl(canonical: string, sha256: (text: string) => string): string {
  return canonical.length <= 500 ? `url:${canonical}` : `url-sha256:${sha256(canonical)}`;
}

/** An address that is criminal to hold: only its hash. */
export function artefactOfHiddenUrl(canonicalOrTyped: string, sha256: (text: string) => string): string {
  return `url-sha256:${sha256(canonicalOrTyped)}`;
}

/** A file, by the SHA-256 of its bytes in hex. */
export function artefactOfFile(sha256Hex: string): string {
  return `file:${sha256Hex}`;
}
