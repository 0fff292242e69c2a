/** The escalation monitor: what is loud, what is quiet, and that its explanation is computed again to the same bytes. */
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { CaseId, IncidentId, Instant, TargetId } from '../../../contract/ids.ts';
import { instantOf, msOf } from '../../instant.ts';
import { allowanceFor, cusum, heightFor } from './cusum.ts';
import { Explanation, sentencesOf } from './explanation.ts';
import type { MonitoredIncident } from './explanation.ts';
import { explanationText, monitor, parametersNow, replay } from './monitor.ts';
import type { MonitorInput } from './monitor.ts';
import { predictiveTail } from './negative-binomial.ts';

const at = Instant.parse('2026-03-30T12:00:00.000Z');
const scope = { kind: 'case', caseId: CaseId.parse('case_000000000001') } as const;
const ago = (hours: number): Instant => instantOf(msOf(at) - hours * 3_600_000);
const digits = (number: number) => String(number).padStart(12, '0');
const target = (number: number) => TargetId.parse(`targ_${digits(number)}`);

let made = 0;
function incident(hoursAgo: number, more: Partial<MonitoredIncident> = {}): MonitoredIncident {
  made += 1;
  return {
    incidentId: IncidentId.parse(`inc_${digits(made)}`),
    eventAt: ago(hoursAgo),
    eventAtSource: 'stated',
    grade: 'G3',
    targetId: null,
    timeOrPlace: false,
    preparation: false,
    operatorRefused: false,
    offlineAct: false,
    independentKey: `artefact ${made}`,
    ...more,
  };
}

const run = (incidents: readonly MonitoredIncident[]) => monitor({ at, scope, incidents, parameters: parametersNow });
const rules = (incidents: readonly MonitoredIncident[]) => run(incidents).findings.map(({ rule }) => rule);

describe('the negative binomial', () => {
  it('gives the worked numbers of the design', () => {
    const model = { prior: { shape: 0.5, days: 5 }, baselineDays: 88, windowDays: 2 };
    const smallestSurprise = (seen: number): number => {
      let k = 3;
      while (predictiveTail(k, seen, model) >= 0.01) k += 1;
      return k;
    };
    const table = [0, 3, 9, 22, 44, 88, 176].map(smallestSurprise);
    expect(table).toEqual([3, 3, 3, 4, 5, 7, 10]);
  });

  it('is a probability that falls with the count and rises with the past, and is exact where that is easy to say', () => {
    const model = { prior: { shape: 0.5, days: 5 }, baselineDays: 88, windowDays: 2 };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 60 }), (seen, k) => {
        const tail = predictiveTail(k, seen, model);
        expect(tail).toBeGreaterThanOrEqual(0);
        expect(tail).toBeLessThanOrEqual(1);
        expect(predictiveTail(k + 1, seen, model)).toBeLessThanOrEqual(tail);
        expect(predictiveTail(k, seen + 1, model)).toBeGreaterThanOrEqual(tail * (1 - 1e-12));
      }),
    );
    expect(predictiveTail(0, 7, model)).toBe(1);
    // P(X ≥ 1) = 1 − p^r, with r = 2 and p = 3/4.
    const simple = { prior: { shape: 1, days: 1 }, baselineDays: 5, windowDays: 2 };
    expect(predictiveTail(1, 1, simple)).toBeCloseTo(1 - 0.75 ** 2, 14);
  });

  it('stays a number for counts and pasts that are far too large', () => {
    const model = { prior: { shape: 0.5, days: 5 }, baselineDays: 88, windowDays: 2 };
    expect(predictiveTail(5000, 0, model)).toBeLessThan(1e-300);
    const tail = predictiveTail(21_505, 1_000_000, model);
    expect(tail).toBeGreaterThan(0.4);
    expect(tail).toBeLessThan(0.6);
  });
});

describe('the CUSUM', () => {
  it('has the allowances and heights of the worked table', () => {
    expect([0.1, 0.25, 0.5, 1, 2].map((rate) => Math.round(allowanceFor(rate) * 1000) / 1000)).toEqual([
      0.182, 0.455, 0.91, 1.82, 3.641,
    ]);
    expect([0.1, 0.2, 0.25, 0.5, 0.7, 1, 2, 50].map(heightFor)).toEqual([2.5, 2.75, 2.75, 3.25, 3.5, 3.5, 3.5, 3.5]);
  });
  it('adds up what is above the allowance and forgets what is below', () => {
    expect(cusum([0, 2, 0, 3], 1)).toEqual([0, 1, 0, 2]);
    expect(cusum([], 1)).toEqual([]);
  });
});

describe('the monitor', () => {
  it('is quiet about twelve old posts, however grave, and loud about six new ones', () => {
    const old = Array.from({ length: 12 }, (_, index) =>
      incident(24 * 365 * (2 + (index % 4)), { grade: 'G4', targetId: target(1) }),
    );
    expect(run(old)).toMatchObject({ alarm: false, findings: [] });
    const fresh = Array.from({ length: 6 }, (_, index) => incident(index * 6 + 1, { targetId: target(1) }));
    expect(rules(fresh)).toContain('burst');
    expect(run([...old, ...fresh]).alarm).toBe(true);
  });

  it('has no input for reports, so no number of them can move it', () => {
    expectTypeOf<keyof MonitorInput>().toEqualTypeOf<'at' | 'scope' | 'incidents' | 'parameters'>();
    expect(Object.keys(Explanation.shape).some((name) => /report|cluster|volume/i.test(name))).toBe(false);
  });

  it('calls for the first G4 in the window, and for another after an earlier one', () => {
    expect(rules([incident(1, { grade: 'G4' })])).toEqual(['first-g4']);
    expect(rules([incident(100, { grade: 'G4' }), incident(1, { grade: 'G4' })])).toContain('another-g4');
  });

  it('does not call for the first G3 of all, which has its own lane', () => {
    expect(run([incident(1, { targetId: target(1), timeOrPlace: true, preparation: true })]).alarm).toBe(false);
  });

  it('calls for each change that a grave incident brings, against what was before', () => {
    const before = incident(200, { grade: 'G2', targetId: target(1) });
    expect(rules([before, incident(1, { targetId: target(1) })])).toEqual(['grade-up']);
    const grave = incident(200, { targetId: target(1) });
    expect(rules([grave, incident(1, { targetId: target(1) })])).toEqual([]);
    expect(rules([grave, incident(1, { targetId: target(2) })])).toEqual(['second-target']);
    expect(rules([grave, incident(190, { targetId: target(2) }), incident(1, { targetId: target(3) })])).toEqual(['new-target']);
    expect(rules([grave, incident(1, { timeOrPlace: true })])).toEqual(['first-time-or-place']);
    expect(rules([grave, incident(1, { preparation: true })])).toEqual(['first-preparation']);
    expect(rules([grave, incident(1, { operatorRefused: true })])).toEqual(['operator-refused']);
    expect(rules([grave, incident(1, { grade: 'G2', preparation: true, timeOrPlace: true, targetId: target(2) })])).toEqual([]);
  });

  it('calls for two targets within one window, and for what was done off line', () => {
    expect(rules([incident(1, { targetId: target(1) }), incident(2, { targetId: target(2) })])).toEqual(['second-target']);
    expect(rules([incident(1, { grade: 'G1', offlineAct: true })])).toEqual(['offline-act']);
    expect(rules([incident(1, { grade: 'G0', offlineAct: true })])).toEqual([]);
  });

  it('counts what rests on the same artefact once', () => {
    const same = { independentKey: 'one thread', targetId: target(1) };
    expect(rules(Array.from({ length: 9 }, (_, index) => incident(index + 1, same)))).toEqual([]);
    expect(rules(Array.from({ length: 3 }, (_, index) => incident(index + 1, { targetId: target(1) })))).toContain('burst');
  });

  it('does not call for a burst of what is not grave', () => {
    expect(run(Array.from({ length: 9 }, (_, index) => incident(index + 1, { grade: 'G2' }))).alarm).toBe(false);
  });

  it('takes a busy past into account: what is usual is no burst', () => {
    const usual = Array.from({ length: 44 }, (_, index) => incident(50 + index * 48, { targetId: target(1) }));
    const four = Array.from({ length: 4 }, (_, index) => incident(index + 1, { targetId: target(1) }));
    expect(rules([...usual, ...four])).not.toContain('burst');
    expect(rules([...usual, ...four, incident(5, { targetId: target(1) })])).toContain('burst');
  });

  it('hears slow drift that no window shows', () => {
    const drifting = Array.from({ length: 6 }, (_, index) => incident(49 + index * 72, { targetId: target(1) }));
    const explanation = run(drifting);
    expect(explanation.count.calls).toBe(false);
    expect(explanation.findings.map(({ rule }) => rule)).toEqual(['drift']);
  });

  it('draws the window’s edge at 48 hours to the millisecond', () => {
    const edge = (ms: number) => incident(0, { grade: 'G4', eventAt: instantOf(msOf(at) - 48 * 3_600_000 + ms) });
    expect(run([edge(0)]).alarm).toBe(false);
    expect(run([edge(1)]).alarm).toBe(true);
  });

  it('is not moved by daylight saving: 48 hours are 48 hours', () => {
    // Clocks in Europe changed on 2026-03-29, within this window.
    expect(run([incident(47.9, { grade: 'G4' })]).alarm).toBe(true);
    expect(run([incident(48, { grade: 'G4' })]).alarm).toBe(false);
  });

  it('does not count what has not happened yet, and says so', () => {
    const future = incident(-1, { grade: 'G4' });
    expect(run([future])).toMatchObject({ alarm: false, ignored: [{ incidentId: future.incidentId, why: 'in-the-future' }] });
  });

  it('does not take an old incident that was verified late for a new one', () => {
    const grave = incident(24 * 40, { grade: 'G4', targetId: target(1) });
    expect(run([grave]).alarm).toBe(false);
    // And with it, another one in the window is no longer the first.
    expect(rules([grave, incident(1, { grade: 'G4', targetId: target(1) })])).toEqual(['another-g4']);
  });

  it('says when a finding rests on a date that is only a first sight', () => {
    const sentences = sentencesOf(run([incident(1, { grade: 'G4', eventAtSource: 'first-seen' })]));
    expect(sentences.at(-1)).toContain('may be older');
    expect(sentencesOf(run([incident(1, { grade: 'G4' })]))).toHaveLength(1);
  });
});

const incidents = fc
  .array(
    fc.record({
      hours: fc.integer({ min: -10, max: 24 * 100 }),
      grade: fc.constantFrom('G0' as const, 'G1' as const, 'G2' as const, 'G3' as const, 'G4' as const),
      targetId: fc.constantFrom(null, target(1), target(2), target(3)),
      timeOrPlace: fc.boolean(),
      preparation: fc.boolean(),
      operatorRefused: fc.boolean(),
      offlineAct: fc.boolean(),
      key: fc.integer({ min: 0, max: 20 }),
    }),
    { maxLength: 40 },
  )
  .map((list) => list.map(({ hours, key, ...more }) => incident(hours, { ...more, independentKey: `artefact ${key}` })));

describe('the explanation', () => {
  it('is computed again to the same bytes from its own text', () => {
    fc.assert(
      fc.property(incidents, (list) => {
        const text = explanationText(run(list));
        expect(replay(text)).toBe(text);
      }),
    );
  });

  it('is the same bytes whatever the order in which incidents were verified', () => {
    fc.assert(
      fc.property(incidents, fc.infiniteStream(fc.nat()), (list, chance) => {
        const shuffled = list
          .map((one) => ({ one, place: chance.next().value }))
          .sort((left, right) => (left.place ?? 0) - (right.place ?? 0))
          .map(({ one }) => one);
        expect(explanationText(run(shuffled))).toBe(explanationText(run(list)));
      }),
    );
  });

  it('that was tampered with is not what its inputs lead to', () => {
    const text = explanationText(run([incident(1, { grade: 'G4' })]));
    expect(replay(text.replace('"alarm":true', '"alarm":false'))).not.toBe(text.replace('"alarm":true', '"alarm":false'));
    expect(() => replay(text.replace('escalation-1', 'escalation-9'))).toThrow();
  });

  it('replays a text that another machine wrote', () => {
    const list = [0, 1, 2].map((index) => ({
      ...incident(index * 10 + 1, { targetId: target(1) }),
      incidentId: IncidentId.parse(`inc_00000000000${index}`),
      independentKey: `artefact ${index}`,
    }));
    const text = explanationText(run(list));
    expect(text).toMatchInlineSnapshot(
      `"{"alarm":true,"at":"2026-03-30T12:00:00.000Z","count":{"calls":true,"inPast":0,"inWindow":3,"pastDays":88,"tail":0.000002939192130574844},"drift":{"allowance":0.18204784532536747,"calls":true,"height":2.5,"rate":0.1,"sum":2.8179521546746327},"findings":[{"incidents":["inc_000000000002","inc_000000000001","inc_000000000000"],"rule":"burst"},{"incidents":["inc_000000000002","inc_000000000001","inc_000000000000"],"rule":"drift"}],"ignored":[],"incidents":[{"eventAt":"2026-03-29T15:00:00.000Z","eventAtSource":"stated","grade":"G3","incidentId":"inc_000000000002","independentKey":"artefact 2","offlineAct":false,"operatorRefused":false,"preparation":false,"targetId":"targ_000000000001","timeOrPlace":false},{"eventAt":"2026-03-30T01:00:00.000Z","eventAtSource":"stated","grade":"G3","incidentId":"inc_000000000001","independentKey":"artefact 1","offlineAct":false,"operatorRefused":false,"preparation":false,"targetId":"targ_000000000001","timeOrPlace":false},{"eventAt":"2026-03-30T11:00:00.000Z","eventAtSource":"stated","grade":"G3","incidentId":"inc_000000000000","independentKey":"artefact 0","offlineAct":false,"operatorRefused":false,"preparation":false,"targetId":"targ_000000000001","timeOrPlace":false}],"parameters":{"driftDays":30,"leastCount":3,"leastRate":0.1,"pastDays":90,"priorDays":5,"priorShape":0.5,"threshold":0.01,"windowHours":48},"scope":{"caseId":"case_000000000001","kind":"case"},"version":"escalation-1"}"`,
    );
  });
});
