/**
 * Canonical JSON (RFC 8785): the one text that stands for a value when it is hashed or signed.
 *
 * Keys sorted by UTF-16 code units, no white space, JavaScript's own number and string forms (which RFC 8785 takes as its own).
 * Not a validator: callers parse with a schema first. `undefined` members are left out, as JSON.stringify does.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** The canonical text of a JSON value. Throws a RangeError on a number that JSON cannot carry. */
export function canonicalJson(value: Json): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new RangeError('a number that JSON cannot carry has no canonical form');
    return JSON.stringify(value);
  }
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members: string[] = [];
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(',')}}`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
