/**
 * What every map is meant to hold, and which entries change when one owner is rendered again.
 *
 * An owner is a site (or the edge's own global entries); it brings a list of entries. Replacing one owner's list costs time in the
 * size of that list, never of all sites. Two owners that claim one key of one map are a mistake of the control plane: the smaller
 * value wins, as in edge/render/maps.ts, so that every edge decides alike; the loser gets the key when the winner lets go.
 * Pure bookkeeping: writing to HAProxy is map-writer.ts.
 */
import type { MapEntry, MapName } from '../render/types.ts';

/** One key of one map; `null` means that there is no such entry. */
export type MapChange = {
  readonly map: MapName;
  readonly key: string;
  readonly before: string | null;
  readonly after: string | null;
};

type Slot = { readonly owner: string; readonly value: string };

export class MapImage {
  readonly #maps = new Map<MapName, Map<string, Slot>>();
  readonly #owned = new Map<string, readonly MapEntry[]>();
  /** All claims of keys that more than one owner claims, by `map key`; the winner among them stands in `#maps`. */
  readonly #rivals = new Map<string, Slot[]>();

  constructor(mapNames: readonly MapName[]) {
    for (const name of mapNames) this.#maps.set(name, new Map());
  }

  get mapNames(): readonly MapName[] {
    return [...this.#maps.keys()];
  }

  get owners(): readonly string[] {
    return [...this.#owned.keys()];
  }

  /** How many keys are claimed by more than one owner. */
  get conflicts(): number {
    return this.#rivals.size;
  }

  size(map: MapName): number {
    return this.#maps.get(map)?.size ?? 0;
  }

  /** What a key is meant to hold. */
  value(map: MapName, key: string): string | null {
    return this.#maps.get(map)?.get(key)?.value ?? null;
  }

  /** The entries that one map is meant to hold. Live: do not change the image while walking it. */
  *entries(map: MapName): Iterable<MapEntry> {
    for (const [key, { value }] of this.#maps.get(map) ?? []) yield { map, key, value };
  }

  /** Replaces all entries of one owner (an empty list removes it) and returns what that changed. A key named twice: the first counts. */
  replace(owner: string, entries: readonly MapEntry[]): MapChange[] {
    for (const { map } of entries)
      if (!this.#maps.has(map)) throw new RangeError(`an entry names the map ${map}, which does not exist`);
    const old = this.#owned.get(owner) ?? [];
    const before = new Map<string, MapChange>();
    for (const { map, key } of [...old, ...entries]) {
      const id = `${map} ${key}`;
      if (!before.has(id)) before.set(id, { map, key, before: this.value(map, key), after: null });
    }
    for (const { map, key } of old) this.#drop(owner, map, key);
    const seen = new Set<string>();
    for (const { map, key, value } of entries) {
      const id = `${map} ${key}`;
      if (!seen.has(id)) this.#claim({ owner, value }, map, key);
      seen.add(id);
    }
    if (entries.length === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, entries);
    const changes: MapChange[] = [];
    for (const change of before.values()) {
      const after = this.value(change.map, change.key);
      if (after !== change.before) changes.push({ ...change, after });
    }
    return changes;
  }

  #claim(slot: Slot, map: MapName, key: string): void {
    const id = `${map} ${key}`;
    const present = this.#maps.get(map)?.get(key);
    const rivals = this.#rivals.get(id);
    if (present === undefined) this.#maps.get(map)?.set(key, slot);
    else if (rivals !== undefined) this.#settle([...rivals, slot], map, key);
    else this.#settle([present, slot], map, key);
  }

  #drop(owner: string, map: MapName, key: string): void {
    const rivals = this.#rivals.get(`${map} ${key}`);
    if (rivals !== undefined)
      this.#settle(
        rivals.filter((slot) => slot.owner !== owner),
        map,
        key,
      );
    else if (this.#maps.get(map)?.get(key)?.owner === owner) this.#maps.get(map)?.delete(key);
  }

  #settle(claims: readonly Slot[], map: MapName, key: string): void {
    const ordered = claims.toSorted((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : a.owner < b.owner ? -1 : 1));
    const winner = ordered[0];
    if (winner !== undefined) this.#maps.get(map)?.set(key, winner);
    if (ordered.length > 1) this.#rivals.set(`${map} ${key}`, ordered);
    else this.#rivals.delete(`${map} ${key}`);
  }
}

/** Adds up changes in the order in which they happened: one per key, and none where the end is the beginning. */
export function netChanges(changes: Iterable<MapChange>): MapChange[] {
  const net = new Map<string, MapChange>();
  for (const change of changes) {
    const id = `${change.map} ${change.key}`;
    net.set(id, { ...change, before: (net.get(id) ?? change).before });
  }
  return [...net.values()].filter((change) => change.before !== change.after);
}
