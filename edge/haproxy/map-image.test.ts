import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MapImage, netChanges } from './map-image.ts';
import type { MapEntry } from '../render/types.ts';

const entry = fc.record({
  map: fc.constantFrom('hosts' as const, 'states' as const),
  key: fc.constantFrom('a', 'b', 'c'),
  value: fc.constantFrom('1', '2', '3'),
});
const step = fc.record({ owner: fc.constantFrom('x', 'y', 'z'), entries: fc.array(entry, { maxLength: 5 }) });

/** The same thing said in the plainest way: everybody's entries, the smallest value per key, the first per owner. */
function plain(owners: ReadonlyMap<string, readonly MapEntry[]>): Map<string, string> {
  const held = new Map<string, string>();
  for (const entries of owners.values()) {
    const own = new Map<string, string>();
    for (const { map, key, value } of entries) if (!own.has(`${map} ${key}`)) own.set(`${map} ${key}`, value);
    for (const [id, value] of own) {
      const present = held.get(id);
      if (present === undefined || value < present) held.set(id, value);
    }
  }
  return held;
}

function content(image: MapImage): Map<string, string> {
  return new Map(
    image.mapNames.flatMap((name) => [...image.entries(name)].map(({ map, key, value }) => [`${map} ${key}`, value])),
  );
}

describe('map image', () => {
  it('holds the smallest claim of each key after any sequence of replacements, and reports exactly what changed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const image = new MapImage(['hosts', 'states']);
        const owners = new Map<string, readonly MapEntry[]>();
        for (const { owner, entries } of steps) {
          const replayed = content(image);
          for (const change of image.replace(owner, entries)) {
            expect(change.before).toBe(replayed.get(`${change.map} ${change.key}`) ?? null);
            if (change.after === null) replayed.delete(`${change.map} ${change.key}`);
            else replayed.set(`${change.map} ${change.key}`, change.after);
          }
          owners.set(owner, entries);
          expect(content(image)).toEqual(plain(owners));
          expect(replayed).toEqual(content(image));
        }
      }),
    );
  });

  it('adds up changes and drops those that come back to where they began', () => {
    const change = (before: string | null, after: string | null) => ({ map: 'hosts' as const, key: 'k', before, after });
    expect(netChanges([change(null, '1'), change('1', '2')])).toEqual([change(null, '2')]);
    expect(netChanges([change('1', '2'), change('2', '1')])).toEqual([]);
  });
});
