import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sensitivity } from '../../contract/attacks.ts';
import type { OutcomeCounts } from '../../contract/stream.ts';
import {
  baselineLeastMs,
  beginsWith,
  calmWindows,
  demandOf,
  endsWith,
  leastMs,
  leftOut,
  lowestFloor,
  signalsOf,
  windowMs,
} from './attack-signals.ts';
import type { Window } from './attack-signals.ts';

const none: OutcomeCounts = { passed: 0, challenged: 0, solved: 0, limited: 0, denied: 0, noticed: 0, 'origin-error': 0 };
const count = fc.nat(1_000_000);
const counts = fc.record({
  passed: count,
  challenged: count,
  solved: count,
  limited: count,
  denied: count,
  noticed: count,
  'origin-error': count,
});
const sensitivity = fc.constantFrom<Sensitivity[]>('low', 'normal', 'high');
const baseline = fc.option(fc.nat(100_000));
const at = (index: number, passed: number): Window => ({ atMs: index * windowMs, counts: { ...none, passed } });

/** Lets windows pass one by one, as the control plane does, and says when it began and ended attacks. */
function play(windows: readonly Window[], base: number | null, how: Sensitivity) {
  const switches: { on: boolean; atMs: number }[] = [];
  let attack: { beganMs: number; calmBelow: number } | null = null;
  let notBeforeMs = 0;
  for (const [index, { atMs }] of windows.entries()) {
    const seen = windows.slice(Math.max(0, index - calmWindows), index + 1);
    if (attack === null) {
      const signals = beginsWith(seen, base, how, notBeforeMs);
      if (signals === null) continue;
      attack = { beganMs: atMs, calmBelow: signals.calmBelow };
      switches.push({ on: true, atMs });
    } else if (endsWith(seen, attack)) {
      attack = null;
      notBeforeMs = atMs + windowMs;
      switches.push({ on: false, atMs });
    }
  }
  return switches;
}

describe('attack signals', () => {
  it('begin after two hot windows and end after calm ones, not before five minutes', () => {
    const day = [...Array(10).fill(50), ...Array(6).fill(2000), ...Array(60).fill(40)];
    const switches = play(
      day.map((passed, index) => at(index, passed)),
      50,
      'normal',
    );
    expect(switches.map(({ on }) => on)).toEqual([true, false]);
    expect(switches[0]?.atMs).toBe(11 * windowMs);
    expect((switches[1]?.atMs ?? 0) + windowMs - (switches[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(leastMs);
  });

  it('do not take one short burst for an attack', () => {
    const burst = [40, 40, 90_000, 40, 40].map((passed, index) => at(index, passed));
    expect(play(burst, 40, 'high')).toEqual([]);
  });

  it('switch no more often than once in the least time, whatever comes', () => {
    const input = fc.array(fc.oneof(fc.constant(0), fc.nat(400), fc.nat(20_000)), { maxLength: 300 });
    fc.assert(
      fc.property(input, baseline, sensitivity, (loads, base, how) => {
        const windows = loads.map((passed, index) => at(index, passed));
        const switches = play(windows, base, how);
        for (const [index, { on, atMs }] of switches.entries()) {
          expect(on).toBe(index % 2 === 0);
          const before = switches[index - 1];
          if (!on && before !== undefined) expect(atMs + windowMs - before.atMs).toBeGreaterThanOrEqual(leastMs);
        }
        expect(switches.length).toBeLessThanOrEqual(2 * Math.ceil((windows.length * windowMs) / leastMs) + 1);
      }),
    );
  });

  it('are never cooler for more requests of any kind, nor for a greater sensitivity', () => {
    fc.assert(
      fc.property(counts, counts, baseline, sensitivity, (one, more, base, how) => {
        const sum: OutcomeCounts = {
          passed: one.passed + more.passed,
          challenged: one.challenged + more.challenged,
          solved: one.solved + more.solved,
          limited: one.limited + more.limited,
          denied: one.denied + more.denied,
          noticed: one.noticed + more.noticed,
          'origin-error': one['origin-error'] + more['origin-error'],
        };
        const hot = (given: OutcomeCounts, which: Sensitivity) => signalsOf({ atMs: 0, counts: given }, base, which).hot;
        if (hot(one, how)) expect(hot(sum, how)).toBe(true);
        if (hot(one, 'low')) expect(hot(one, 'normal')).toBe(true);
        if (hot(one, 'normal')) expect(hot(one, 'high')).toBe(true);
      }),
    );
  });

  it('keep a gap between hot and calm, with and without errors of the origin, and see nothing below the lowest floor', () => {
    fc.assert(
      fc.property(counts, baseline, sensitivity, (given, base, how) => {
        const signals = signalsOf({ atMs: 0, counts: given }, base, how);
        if (signals.hot) expect(signals.demand).toBeGreaterThan(signals.calmBelow);
        if (demandOf(given) < lowestFloor) expect(signals.hot).toBe(false);
      }),
    );
  });

  it('of a site without a day before take four times the floor, so that a first visitor is no attack', () => {
    expect(signalsOf(at(0, 1199), null, 'normal').hot).toBe(false);
    expect(signalsOf(at(0, 1200), null, 'normal').hot).toBe(true);
    expect(signalsOf(at(0, 300), 0, 'normal').hot).toBe(true);
    expect(baselineLeastMs).toBeGreaterThanOrEqual(360 * windowMs);
  });

  it('halve the factor when the origin fails too', () => {
    const failing = { ...none, passed: 1000, 'origin-error': 1000 };
    expect(signalsOf({ atMs: 0, counts: failing }, 1000, 'normal')).toMatchObject({
      hot: true,
      threshold: 2000,
      cause: 'demand-with-origin-errors',
    });
    expect(signalsOf(at(0, 2000), 1000, 'normal')).toMatchObject({ hot: false, threshold: 4000 });
  });

  it('leave out a quarter of an hour of a day and no more, so that a daily peak is part of the baseline', () => {
    expect(leftOut(8640)).toBe(86);
    expect(leftOut(99)).toBe(0);
  });
});
