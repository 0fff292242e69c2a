/**
 * The text that a signature over a request signs (RFC 9421, section 2.5).
 *
 * Closed: a component that is not there, is there twice, or is of a kind that is not read here makes the whole base null. Of parameters only `key` (one member
 * of a dictionary) is read; `sf`, `bs`, `tr`, `req` and `name` are not, since nobody who signs for crawling needs them.
 */
import type { InnerList, Item } from './fields.ts';
import { parametersText, parseDictionary, serialize } from './fields.ts';

/** A request as the edge got it. */
export type SignedRequest = {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** The Host header. */
  readonly host: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  /** In their order; names in any case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
};

/** The signature base, without a line break at its end; null when a component cannot be had. */
export function signatureBase(request: SignedRequest, covered: InnerList): string | null {
  const lines: string[] = [];
  const seen = new Set<string>();
  for (const item of covered.items) {
    const name = nameOf(item);
    const value = name === null ? null : componentValue(request, name, item);
    const identifier = serialize(item);
    if (value === null || seen.has(identifier)) return null;
    seen.add(identifier);
    lines.push(`${identifier}: ${value}`);
  }
  return [...lines, `"@signature-params": ${serialize(covered)}`].join('\n');
}

/** A component's name; null when it is none: lower case, and a text. */
export function nameOf(item: Item): string | null {
  return item.bare.type === 'string' && /^@?[a-z0-9!#$%&'*+.^_`|~-]+$/.test(item.bare.value) ? item.bare.value : null;
}

/** All values of a header, joined as they are signed; null without any. */
export function headerValue({ headers }: Pick<SignedRequest, 'headers'>, name: string): string | null {
  const values = headers
    .filter(([one]) => one.toLowerCase() === name)
    .map(([, value]) => value.replaceAll(/^[ \t]+|[ \t]+$/g, ''));
  return values.length === 0 ? null : values.join(', ');
}

function componentValue(request: SignedRequest, name: string, item: Item): string | null {
  if (name.startsWith('@')) return item.parameters.size > 0 ? null : derived(request, name);
  const value = headerValue(request, name);
  if (value === null || item.parameters.size === 0) return value;
  const key = item.parameters.get('key');
  if (item.parameters.size > 1 || key?.type !== 'string') return null;
  const member = parseDictionary(value)?.get(key.value);
  if (member === undefined) return null;
  // A member that is only a flag is written as a value here.
  return member.kind === 'item' && member.bare.type === 'boolean' && member.bare.value
    ? `?1${parametersText(member.parameters)}`
    : serialize(member);
}

function derived(request: SignedRequest, name: string): string | null {
  const { method, scheme, target } = request;
  const mark = target.indexOf('?');
  switch (name) {
    case '@method':
      return method;
    case '@authority':
      return authority(request);
    case '@scheme':
      return scheme;
    case '@target-uri':
      return `${scheme}://${authority(request)}${target}`;
    case '@request-target':
      return target;
    case '@path':
      return (mark === -1 ? target : target.slice(0, mark)) || '/';
    case '@query':
      return mark === -1 ? '?' : target.slice(mark);
    default:
      return null;
  }
}

/** Lower case, without the scheme's usual port. */
function authority({ host, scheme }: SignedRequest): string {
  return host.toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '');
}
