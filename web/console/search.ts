/** The words after `?` in the URL: plain text both ways, so that a link can be read, typed and sent. Unknown words are dropped. */

export type SearchWords<Name extends string> = { readonly [Key in Name]?: string };

export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

export function stringifySearch(words: Record<string, unknown>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(words)) {
    if (typeof value === 'string' && value !== '') search.set(name, value);
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** A route's own words: keeps those, drops the rest. */
export function searchWords<Name extends string>(...names: readonly Name[]): (raw: Record<string, unknown>) => SearchWords<Name> {
  return (raw) => {
    const kept: { [Key in Name]?: string } = {};
    for (const name of names) {
      const value = raw[name];
      if (typeof value === 'string' && value !== '') kept[name] = value;
    }
    return kept;
  };
}

/** The words with one of them set, or dropped when the value is empty. */
export function withWord<Words extends Record<string, string | undefined>, Name extends keyof Words>(
  words: Words,
  name: Name,
  value: string,
): Words {
  const changed = { ...words, [name]: value };
  if (value === '') delete changed[name];
  return changed;
}
