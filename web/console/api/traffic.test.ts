/** Series of requests: whole steps, no gaps, sums that add up. */
import { describe, expect, it } from 'vitest';
import { getTraffic } from '../../../contract/routes/sites.ts';
import { addTraffic, fillSteps, sumOf, totalOf, windowOf } from './traffic.ts';

const base = Date.parse('2026-11-22T12:00:00.000Z');
const counts = (passed: number, limited = 0) => ({
  passed,
  challenged: 0,
  solved: 0,
  limited,
  denied: 0,
  noticed: 0,
  'origin-error': 0,
});
const at = (seconds: number) => new Date(base + seconds * 1000).toISOString();
const traffic = (points: { at: string; counts: ReturnType<typeof counts> }[]) =>
  getTraffic.answer.parse({ from: at(0), stepSeconds: 10, points });

describe('a series', () => {
  it('has a zero where nothing was counted', () => {
    const steps = fillSteps(traffic([{ at: at(20), counts: counts(5) }]), base, base + 40_000);
    expect(steps.map((step) => totalOf(step.counts))).toEqual([0, 0, 5, 0, 0]);
  });

  it('sums the points of one step, those that arrived live among them', () => {
    const held = addTraffic(traffic([{ at: at(20), counts: counts(5) }]), base + 27_000, counts(2, 1));
    const steps = fillSteps(held, base, base + 40_000);
    expect(steps[2]?.counts).toEqual(counts(7, 1));
    expect(sumOf(steps)).toEqual(counts(7, 1));
  });

  it('ends with the last finished step, so that the newest is never half counted', () => {
    const { fromMs, toMs } = windowOf(traffic([]), 1, base + 33_000);
    expect([fromMs - base, toMs - base]).toEqual([-30_000, 20_000]);
    expect(fillSteps(traffic([]), fromMs, toMs)).toHaveLength(6);
  });

  it('forgets what no window shows', () => {
    const old = traffic([{ at: at(-26 * 3600), counts: counts(1) }]);
    expect(addTraffic(old, base, counts(1)).points).toHaveLength(1);
  });
});
