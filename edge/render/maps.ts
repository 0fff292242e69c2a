/**
 * Map entries as bytes: which entry wins, how a file is laid out, and what may stand in a field.
 *
 * Two sites that claim one hostname are prevented by the control plane. Should an edge meet it all the same, the smaller value
 * wins, always: an arbitrary rule, but the same one on every edge and after every restart.
 */
import type { EdgePlan, MapEntry, MapName } from './types.ts';
import { mapNames } from './types.ts';

/** Most bytes of one entry: HAProxy reads a map line into one buffer, and its admin socket drops payloads above 15 KB in silence. */
export const maxEntryBytes = 12_000;

/** Where the skeleton expects a map. Every one must exist when HAProxy starts: a missing file is fatal. */
export function mapFile(paths: Pick<EdgePlan['paths'], 'maps'>, map: MapName): string {
  return `${paths.maps}/${map}.map`;
}

/** What each map should hold. Of two values for one key the smaller (by code units) stays. */
export function mergeEntries(entries: Iterable<MapEntry>): ReadonlyMap<MapName, ReadonlyMap<string, string>> {
  const merged = new Map<MapName, Map<string, string>>(mapNames.map((name) => [name, new Map<string, string>()]));
  for (const { map, key, value } of entries) {
    const values = merged.get(map);
    const present = values?.get(key);
    if (present === undefined || value < present) values?.set(key, value);
  }
  return merged;
}

/** The bytes of one map file: sorted by key, one line each, deterministic. Entries of other maps must not be among them. */
export function mapText(entries: Iterable<MapEntry>): string {
  const values = new Map<string, string>();
  for (const { key, value } of entries) {
    const present = values.get(key);
    if (present === undefined || value < present) values.set(key, value);
  }
  return [...values.keys()]
    .sort()
    .map((key) => `${key} ${values.get(key) ?? ''}\n`)
    .join('');
}

/** Text for one field of a packed value: no separator, no line break, no other control character. */
export function field(text: string): string {
  return text.replaceAll(/[|\p{Cc}\p{Zl}\p{Zp}]/gu, ' ').trim();
}

/**
 * Text for one field that HAProxy passes through `url_dec`: nothing in it is lost, not even the separator. `+` and `?` are encoded
 * too, because `url_dec` reads what follows a question mark as a form.
 */
export function urlEncodedValue(text: string): string {
  return text.replaceAll(/[%+?|\p{Cc}\u2028\u2029]/gu, (character) => encodeURIComponent(character));
}
