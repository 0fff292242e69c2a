/** The histogram that an edge keeps of its own day: claims against a sorted list. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsualDemand } from './usual-demand.ts';

const hourMs = 3_600_000;

describe('the usual demand of a site at an edge', () => {
  it('is what 99 of 100 readings stayed at or below, at most a tenth too high and never too low', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 50, max: 100_000 }), { minLength: 100, maxLength: 400 }), (demands) => {
        const usual = new UsualDemand();
        demands.forEach((demand, index) => usual.add(index * 2000, [['a', demand]]));
        const exact = demands.toSorted((a, b) => b - a)[Math.floor(demands.length / 100)] ?? 0;
        const told = usual.of('a', demands.length * 2000, 100) ?? 0;
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told).toBeLessThanOrEqual(exact * 1.1 + 1);
      }),
    );
  });

  it('knows nothing in its first readings, forgets after a day, and takes silence for nothing', () => {
    const usual = new UsualDemand();
    for (let reading = 0; reading < 50; reading += 1) usual.add(reading * 2000, [['a', 900]]);
    expect(usual.of('a', 100_000, 100)).toBeNull();
    for (let reading = 50; reading < 200; reading += 1) usual.add(reading * 2000, []);
    expect(usual.of('a', 400_000, 100)).toBeGreaterThanOrEqual(900);
    expect(usual.of('b', 400_000, 100)).toBe(0);
    for (let reading = 0; reading < 200; reading += 1) usual.add(25 * hourMs + reading * 2000, []);
    expect(usual.of('a', 25 * hourMs + 400_000, 100)).toBe(0);
    expect(new UsualDemand(usual.hours).of('b', 25 * hourMs + 400_000, 100)).toBe(0);
  });
});
