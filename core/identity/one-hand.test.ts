/** Two people or one: claims about who gave whom a way in. */
import { expect, test } from 'vitest';
import { Instant, PersonId } from '../../contract/ids.ts';
import { accessIsFreshDays, mayBeOneHand } from './one-hand.ts';

const atMs = Date.parse('2026-11-22T12:00:00.000Z');
const person = (letter: string) => PersonId.parse(`person_00000000000${letter}`);
const [ada, ben, cem] = [person('a'), person('b'), person('c')];
const gave = (by: PersonId, of: PersonId, daysAgo = 1) => ({
  by,
  of,
  at: Instant.parse(new Date(atMs - daysAgo * 86_400_000).toISOString()),
});

test('who lately let the other in may be both, whichever of them proposed', () => {
  expect(mayBeOneHand(ada, ben, [gave(ada, ben)], atMs)).toBe(true);
  expect(mayBeOneHand(ben, ada, [gave(ada, ben)], atMs)).toBe(true);
});

test('who let two in may be both of them, and so may a chain of people', () => {
  expect(mayBeOneHand(ben, cem, [gave(ada, ben), gave(ada, cem)], atMs)).toBe(true);
  expect(mayBeOneHand(ada, cem, [gave(ben, cem), gave(ada, ben)], atMs)).toBe(true);
  expect(mayBeOneHand(ada, cem, [gave(ada, ada), gave(ben, ben), gave(ada, ben)], atMs)).toBe(false);
});

test('after a week they are two people', () => {
  expect(mayBeOneHand(ada, ben, [gave(ada, ben, accessIsFreshDays - 0.01)], atMs)).toBe(true);
  expect(mayBeOneHand(ada, ben, [gave(ada, ben, accessIsFreshDays)], atMs)).toBe(false);
  expect(mayBeOneHand(ada, ben, [], atMs)).toBe(false);
});
