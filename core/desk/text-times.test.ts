import fc from 'fast-check';
import { expect, it } from 'vitest';
import { timesInText } from './text-times.ts';

it('finds days and times of day as people of four languages write them', () => {
  expect(
    timesInText(
      'on 2026-05-12T18:30, 13.05.2026 um 18.30, 14 May 2026 at 9:05, May 15, 2026, 16. Mai 2026, 17 de mayo de 2026 a las 18:30, 18 mai 2026 à 18h30',
    ),
  ).toEqual([
    '2026-05-12 18:30',
    '2026-05-13 18:30',
    '2026-05-14 09:05',
    '2026-05-15',
    '2026-05-16',
    '2026-05-17 18:30',
    '2026-05-18 18:30',
  ]);
});

it('leaves what can be read in two ways, and what is no day', () => {
  expect(timesInText('05/06/2026, 99.99.2026, 192.0.2.44, D-2026-0001, 12 reports of 2022')).toEqual([]);
});

it('never throws and is bounded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(timesInText(text).length).toBeLessThanOrEqual(10);
    }),
  );
  const begun = performance.now();
  timesInText('12. May 2026 '.repeat(8000) + '1'.repeat(100_000));
  expect(performance.now() - begun).toBeLessThan(2000);
});
