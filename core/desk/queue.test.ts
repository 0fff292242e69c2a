import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PersonId } from '../../contract/ids.ts';
import { PersonId as Person } from '../../contract/ids.ts';
import { instantOf } from '../instant.ts';
import { claimMs, judgeClaim } from './claim.ts';
import { targetLabel } from './labels.ts';
import { isMoreUrgent } from './lane.ts';
import { readPlace, readSearch, tsqueryOf, writePlace } from './queue.ts';

test('a place in the queue is read back as it was written', () => {
  const place = fc.record({
    closed: fc.boolean(),
    laneRank: fc.integer({ min: 0, max: 2 }),
    dueAt: fc.option(fc.integer({ min: 0, max: 4_000_000_000_000 }).map(instantOf)),
    order: fc.integer({ min: 1, max: 10_000_000 }),
  });
  fc.assert(fc.property(place, (one) => void expect(readPlace(writePlace(one))).toEqual(one)));
});

test('text that is no place is none, whatever it is', () => {
  fc.assert(fc.property(fc.string(), (text) => void readPlace(text)));
  for (const text of ['', '0', '2.0.-.1', '0.3.-.1', '0.0.999999999999999.1', '0.0.-.-1']) expect(readPlace(text)).toBeNull();
});

test('numbers are looked up, everything else is words', () => {
  expect(readSearch(' c-2026-0042 ')).toEqual({ kind: 'case', number: 'C-2026-0042' });
  expect(readSearch('D-2026-0001')).toEqual({ kind: 'decision', number: 'D-2026-0001' });
  expect(readSearch('#17')).toEqual({ kind: 'receipt', number: 17 });
  expect(readSearch(' ... ')).toEqual({ kind: 'nothing' });
  expect(readSearch('Forum.example threat')).toEqual({
    kind: 'words',
    words: [
      { whole: 'forum.example', parts: ['forum', 'example'], begins: false },
      { whole: 'threat', parts: ['threat'], begins: true },
    ],
  });
});

test('no text becomes an operator of the database’s query language', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const search = readSearch(text);
      if (search.kind !== 'words') return;
      const outside = tsqueryOf(search.words).replaceAll(/'(?:[^']|'')*'(?::\*)?/g, 'w');
      expect(outside).toMatch(/^[w()&| ]+$/);
    }),
  );
});

test('a claim keeps others off until its very end', () => {
  const [one, other]: PersonId[] = [Person.parse('person_000000000001'), Person.parse('person_000000000002')];
  if (one === undefined || other === undefined) throw new Error('two people');
  const claim = { by: one, untilMs: claimMs };
  expect(judgeClaim(null, one, 0)).toBe('free');
  expect(judgeClaim(claim, one, 0)).toBe('own');
  expect(judgeClaim(claim, other, claimMs - 1)).toBe('other');
  expect(judgeClaim(claim, other, claimMs)).toBe('free');
});

test('targets are A to Z, then AA', () => {
  expect([0, 1, 25, 26, 27, 51, 52, 701, 702].map(targetLabel)).toEqual(
    ['A', 'B', 'Z', 'AA', 'AB', 'AZ', 'BA', 'ZZ', 'AAA'].map((letters) => `Target ${letters}`),
  );
  expect(() => targetLabel(-1)).toThrow(RangeError);
});

test('danger comes first', () => {
  expect(isMoreUrgent('life-threat', 'serious') && isMoreUrgent('serious', 'routine')).toBe(true);
  expect(isMoreUrgent('routine', 'routine')).toBe(false);
});
