/** The suggested grade: what raises it, what cannot, and what an assessment may not leave out. */
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { AxisName, axisValues, Indicator } from '../../contract/desk/words.ts';
import type { EvidenceLevel } from '../../contract/desk/words.ts';
import type { Axes } from '../../contract/desk/shapes.ts';
import { EvidenceId } from '../../contract/ids.ts';
import {
  assessmentMistakes,
  creditedFacts,
  grades,
  gradeSteps,
  needsSecond,
  questions,
  suggestGrade,
  withoutEvidence,
  worseGrade,
} from './assessment.ts';
import type { AssessmentFacts, AxisFacts } from './assessment.ts';

const nothing: AxisFacts = {
  target: 'unknown',
  intent: 'unknown',
  means: 'unknown',
  timePlace: 'unknown',
  preparation: 'unknown',
  authenticity: 'unknown',
  corroboration: 'unknown',
  nexus: 'unknown',
  operatorResponse: 'unknown',
  ongoing: 'unknown',
};
const gradeOf = (more: Partial<AxisFacts>) => suggestGrade({ ...nothing, ...more }).grade;
const evidence = [EvidenceId.parse('evid_000000000001')];
const levelled = (level: EvidenceLevel): ReadonlyMap<EvidenceId, EvidenceLevel> => new Map(evidence.map((id) => [id, level]));
const mistakesOf = (facts: Omit<AssessmentFacts, 'levels'>) => assessmentMistakes({ ...facts, levels: levelled('A4') });

const facts = fc.record({
  target: fc.constantFrom('unknown' as const, ...axisValues.target),
  intent: fc.constantFrom('unknown' as const, ...axisValues.intent),
  means: fc.constantFrom('unknown' as const, ...axisValues.means),
  timePlace: fc.constantFrom('unknown' as const, ...axisValues.timePlace),
  preparation: fc.constantFrom('unknown' as const, ...axisValues.preparation),
  authenticity: fc.constantFrom('unknown' as const, ...axisValues.authenticity),
  corroboration: fc.constantFrom('unknown' as const, ...axisValues.corroboration),
  nexus: fc.constantFrom('unknown' as const, ...axisValues.nexus),
  operatorResponse: fc.constantFrom('unknown' as const, ...axisValues.operatorResponse),
  ongoing: fc.constantFrom('unknown' as const, ...axisValues.ongoing),
}) satisfies fc.Arbitrary<AxisFacts>;

/** Each axis one value higher; null when it is the highest. */
function raised(from: AxisFacts, name: AxisName): AxisFacts | null {
  const order: readonly string[] = axisValues[name];
  const next = order[order.indexOf(from[name]) + 1];
  return next === undefined ? null : factsWith(from, name, next);
}

function factsWith(from: AxisFacts, name: AxisName, value: string): AxisFacts {
  const parsed = axesOf(from);
  const changed = { ...parsed, [name]: { ...parsed[name], value } };
  return creditedFacts(changed);
}

function axesOf(from: AxisFacts, ids: readonly EvidenceId[] = evidence): Axes {
  const axis = <Value>(value: Value) => ({ value, reason: 'Because it is so.', evidence: [...ids] });
  return {
    target: axis(from.target),
    intent: axis(from.intent),
    means: axis(from.means),
    timePlace: axis(from.timePlace),
    preparation: axis(from.preparation),
    authenticity: axis(from.authenticity),
    corroboration: axis(from.corroboration),
    nexus: axis(from.nexus),
    operatorResponse: axis(from.operatorResponse),
    ongoing: axis(from.ongoing),
  };
}

describe('the suggested grade', () => {
  it('is G4 for an outright threat to a named and locatable person with a time, a place, preparation or means used before', () => {
    const base = { target: 'named-and-locatable', intent: 'direct' } as const;
    expect(gradeOf(base)).toBe('G3');
    expect(gradeOf({ ...base, timePlace: 'place' })).toBe('G4');
    expect(gradeOf({ ...base, timePlace: 'time' })).toBe('G4');
    expect(gradeOf({ ...base, preparation: 'evidenced' })).toBe('G4');
    expect(gradeOf({ ...base, means: 'used-before' })).toBe('G4');
    expect(gradeOf({ ...base, preparation: 'claimed', means: 'shown' })).toBe('G3');
    expect(gradeOf({ ...base, intent: 'instruction-to-others', timePlace: 'both' })).toBe('G4');
    expect(gradeOf({ ...base, intent: 'conditional', timePlace: 'both' })).not.toBe('G4');
    expect(gradeOf({ ...base, target: 'named-person', timePlace: 'both', means: 'used-before' })).toBe('G3');
  });

  it('is G3 for intent with means but without time or place', () => {
    expect(gradeOf({ target: 'named-person', intent: 'direct', means: 'claimed' })).toBe('G3');
    expect(gradeOf({ target: 'named-person', intent: 'direct' })).toBe('G2');
    expect(gradeOf({ target: 'group', intent: 'direct', means: 'claimed' })).toBe('G2');
    expect(gradeOf({ target: 'group', intent: 'direct', means: 'shown' })).toBe('G3');
    expect(gradeOf({ target: 'named-and-locatable', intent: 'veiled', preparation: 'evidenced' })).toBe('G3');
  });

  it('is G2 for intent or specifics, G1 for what is vague, G0 for no threat', () => {
    expect(gradeOf({ intent: 'direct' })).toBe('G2');
    expect(gradeOf({ target: 'named-and-locatable' })).toBe('G2');
    expect(gradeOf({ target: 'named-person', intent: 'conditional' })).toBe('G2');
    expect(gradeOf({ intent: 'veiled', timePlace: 'place' })).toBe('G2');
    expect(gradeOf({ intent: 'veiled' })).toBe('G1');
    expect(gradeOf({ means: 'shown' })).toBe('G1');
    expect(gradeOf({ target: 'named-person' })).toBe('G0');
    expect(gradeOf({})).toBe('G0');
  });

  it('never falls when one axis rises', () => {
    fc.assert(
      fc.property(facts, fc.constantFrom(...AxisName.options), (from, name) => {
        const higher = raised(from, name);
        if (higher === null) return;
        expect(gradeSteps(suggestGrade(from).grade, suggestGrade(higher).grade)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 3000 },
    );
  });

  it('takes “unknown” for the claim of nothing, on every axis', () => {
    fc.assert(
      fc.property(facts, fc.constantFrom(...AxisName.options), (from, name) => {
        const least: string = axisValues[name][0];
        expect(suggestGrade(factsWith(from, name, 'unknown'))).toEqual(suggestGrade(factsWith(from, name, least)));
      }),
      { numRuns: 1000 },
    );
  });

  it('does not depend on proof, on the site, on the operator or on when', () => {
    fc.assert(
      fc.property(facts, (from) => {
        const { target, intent, means, timePlace, preparation } = from;
        expect(suggestGrade({ ...nothing, target, intent, means, timePlace, preparation })).toEqual(suggestGrade(from));
      }),
    );
  });

  it('has no input but the ten axes: no counts, no reporters, no hint of a machine', () => {
    expectTypeOf<Parameters<typeof suggestGrade>>().toEqualTypeOf<[AxisFacts]>();
    expectTypeOf<keyof AxisFacts>().toEqualTypeOf<AxisName>();
    expect(suggestGrade.length).toBe(1);
  });

  it('says why', () => {
    fc.assert(
      fc.property(facts, (from) => {
        const { because } = suggestGrade(from);
        expect(because.length).toBeGreaterThan(0);
        for (const sentence of because) expect(sentence).toMatch(/^[A-Z].*\.$/);
      }),
    );
  });
});

describe('evidence', () => {
  it('is needed for everything above a bare claim, on every axis', () => {
    for (const name of AxisName.options) {
      const bare: readonly string[] = withoutEvidence[name];
      for (const value of axisValues[name]) {
        const axes: Axes = { ...axesOf(nothing, []), [name]: { value, reason: 'Because it is so.', evidence: [] } };
        expect(mistakesOf({ axes, indicators: [] }).map(({ path }) => path)).toEqual(
          bare.includes(value) ? [] : [`axes.${name}.evidence`],
        );
      }
    }
  });

  it('that is missing lets no value raise the grade above its bare claim', () => {
    const grave: AxisFacts = {
      ...nothing,
      target: 'named-and-locatable',
      intent: 'direct',
      timePlace: 'both',
      means: 'used-before',
      preparation: 'evidenced',
    };
    expect(suggestGrade(creditedFacts(axesOf(grave))).grade).toBe('G4');
    expect(suggestGrade(creditedFacts(axesOf(grave, []))).grade).toBe('G1');
    fc.assert(
      fc.property(facts, (from) => {
        const without = suggestGrade(creditedFacts(axesOf(from, []))).grade;
        expect(gradeSteps('G3', without)).toBeLessThan(0);
        expect(gradeSteps(without, suggestGrade(creditedFacts(axesOf(from))).grade)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('is counted by nobody: more pieces for an axis change nothing', () => {
    const more = Array.from({ length: 40 }, (_, index) => EvidenceId.parse(`evid_0000000000${String(index + 10)}`));
    fc.assert(
      fc.property(facts, (from) => {
        expect(suggestGrade(creditedFacts(axesOf(from, more)))).toEqual(suggestGrade(creditedFacts(axesOf(from))));
      }),
    );
  });
});

describe('an assessment', () => {
  it('says no more of authenticity than its best evidence does, and names as many artefacts as it counts', () => {
    const says = (value: AxisFacts['authenticity'], level: EvidenceLevel) =>
      assessmentMistakes({ axes: axesOf({ ...nothing, authenticity: value }), indicators: [], levels: levelled(level) });
    expect(says('our-capture', 'A1').map(({ path }) => path)).toEqual(['axes.authenticity.evidence']);
    expect(says('our-capture', 'A2')).toEqual([]);
    expect(says('second-capture', 'A2')).toHaveLength(1);
    expect(says('second-capture', 'A3')).toEqual([]);
    expect(says('reporters-copy-only', 'A0')).toEqual([]);
    expect(mistakesOf({ axes: axesOf({ ...nothing, corroboration: 'one-artefact' }), indicators: [] })).toEqual([]);
    const doubled = axesOf({ ...nothing, corroboration: 'two-artefacts' }, [...evidence, ...evidence]);
    expect(mistakesOf({ axes: doubled, indicators: [] }).map(({ path }) => path)).toEqual(['axes.corroboration.evidence']);
  });

  it('rests on evidence of its own case', () => {
    const foreign = assessmentMistakes({
      axes: axesOf({ ...nothing, intent: 'veiled' }),
      indicators: [{ indicator: 'bounty', evidence }],
      levels: new Map(),
    });
    expect(foreign.map(({ path }) => path)).toContain('axes.intent.evidence');
    expect(foreign.map(({ path }) => path)).toContain('indicators.0.evidence');
  });

  it('needs a reason for every axis but an unknown one', () => {
    const axes = axesOf({ ...nothing, intent: 'veiled' });
    axes.intent.reason = ' ';
    axes.target.reason = '';
    expect(mistakesOf({ axes, indicators: [] }).map(({ path }) => path)).toEqual(['axes.intent.reason']);
  });

  it('ticks an indicator once and with evidence', () => {
    const indicators = Indicator.options.map((indicator) => ({ indicator, evidence: [] }));
    expect(mistakesOf({ axes: axesOf(nothing), indicators })).toHaveLength(Indicator.options.length);
    const twice = [
      { indicator: 'bounty', evidence },
      { indicator: 'bounty', evidence },
    ] as const;
    expect(
      mistakesOf({ axes: axesOf(nothing), indicators: twice.map((one) => ({ ...one, evidence: [...one.evidence] })) }),
    ).toHaveLength(1);
  });

  it('is asked about a tick that no axis reflects, and the grade stays', () => {
    expect(questions(nothing, [{ indicator: 'home-address' }])).toHaveLength(1);
    expect(questions({ ...nothing, target: 'named-and-locatable' }, [{ indicator: 'home-address' }])).toEqual([]);
  });
});

describe('grades', () => {
  it('are in order, and from G3 on a second person grades', () => {
    expect(grades.map(needsSecond)).toEqual([false, false, false, true, true]);
    expect(worseGrade('G1', 'G3')).toBe('G3');
    expect(worseGrade('G3', 'G1')).toBe('G3');
    expect(worseGrade(null, 'G0')).toBe('G0');
    expect(worseGrade('G0', null)).toBe('G0');
  });
});
