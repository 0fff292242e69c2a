/** What is typed at the desk, and what comes of it: grades, seats, decisions, and where a mistake of the server belongs on the form. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AxisName, axisValues, LadderStep, Limb } from '../../../../contract/desk/words.ts';
import { AssessmentDraft } from '../../../../contract/routes/desk/assessments.ts';
import { DecisionDraft } from '../../../../contract/routes/desk/decisions.ts';
import { mockId, populated } from '../../mock/state.ts';
import { bodyOf, unknownAxes } from './assess-draft.ts';
import { acts, answered, below, draftFrom, emptyDecision, endOf, onForm, provisionalOf, reaches } from './decide-draft.ts';
import type { TypedDecision, TypedLimb } from './decide-draft.ts';
import { seatFor } from './seat.ts';

const now = Date.parse('2026-11-22T12:00:00.000Z');
const words = { finding: 'needs a finding', step: 'needs a step', instant: 'needs a date', reverses: 'needs a decision' };
const policyVersionId = mockId('polv', 'first');
const thread = mockId('evid', 'thread');
const met: TypedLimb = { finding: 'met', reason: 'As two people saw.', evidence: [thread] };
const allMet = new Map(Limb.options.map((limb) => [limb, met] as const));
const reasons = { publicReason: 'A board was used to threaten somebody.', internalReason: 'Seen and graded by two people.' };
const whole = (over: Partial<TypedDecision>): TypedDecision =>
  emptyDecision({ policyVersionId, limbs: allMet, evidence: [thread], ...reasons, ...over });
const whyNot = (step: LadderStep) => new Map(below(step).map((narrower) => [narrower, 'It would not end the danger.'] as const));

describe('a grade', () => {
  const typed = { axes: unknownAxes(), indicators: new Map(), assigned: null, differsReason: '' };

  it('begins with every axis unknown, and fits the contract so', () => {
    const body = AssessmentDraft.parse(bodyOf(typed));
    expect(AxisName.options.map((axis) => body.axes[axis].value)).toEqual(AxisName.options.map(() => 'unknown'));
  });

  it('carries every value of every axis as it was chosen, with its reason and evidence', () => {
    for (const axis of AxisName.options) {
      for (const value of axisValues[axis]) {
        const chosen = { value, reason: 'Read there.', evidence: [thread] };
        const body = bodyOf({ ...typed, axes: { ...unknownAxes(), [axis]: chosen } });
        expect(body.axes[axis]).toEqual(chosen);
      }
    }
  });

  it('never claims by accident: what is no value of an axis is unknown, and an indicator without evidence is left out', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const body = bodyOf({ ...typed, axes: { ...unknownAxes(), intent: { value, reason: '', evidence: [] } } });
        const known: readonly string[] = axisValues.intent;
        expect(body.axes.intent.value).toBe(known.includes(value) ? value : 'unknown');
      }),
    );
    expect(bodyOf({ ...typed, indicators: new Map([['bounty', []]]) }).indicators).toEqual([]);
  });
});

describe('the seat of a grade', () => {
  const incident = populated(() => now).desk.cases.flatMap((held) => held.incidents);
  const graded = incident.find((one) => one.grading === 'second-needed');
  const fresh = incident.find((one) => one.grading === 'none');

  it('is the first for whom nothing is told, none for whoever graded, and the lead’s only for a lead', () => {
    if (graded === undefined || fresh === undefined) throw new Error('the mock holds no such incident');
    const ada = mockId('person', 'ada');
    const ben = mockId('person', 'ben');
    expect(seatFor(fresh, ben, false)).toBe('first');
    expect(seatFor(graded, ada, true)).toBeNull();
    expect(seatFor(graded, ben, false)).toBe('second');
    expect(seatFor({ ...fresh, grading: 'lead-needed' }, ben, false)).toBeNull();
    expect(seatFor({ ...fresh, grading: 'lead-needed' }, ben, true)).toBe('lead');
    expect(seatFor({ ...fresh, grading: 'locked' }, ben, true)).toBeNull();
  });
});

describe('a decision', () => {
  it('with an empty limb is not whole: each empty one is told, by its name', () => {
    fc.assert(
      fc.property(fc.subarray([...Limb.options]), (empty) => {
        const limbs = new Map(allMet);
        for (const limb of empty) limbs.delete(limb);
        const typed = whole({ step: 'notice-on-path', path: '/board', whyNot: whyNot('notice-on-path'), limbs });
        const { mistakes } = draftFrom(typed, now, words);
        expect(mistakes.map(({ path }) => path)).toEqual(empty.map((limb) => `limb.${limb}`));
        expect(answered(typed)).toBe(10 - empty.length);
      }),
    );
  });

  it('of every step fits the contract once each narrower step has its reason', () => {
    for (const step of LadderStep.options) {
      const { body, mistakes } = draftFrom(whole({ step, path: '/board', whyNot: whyNot(step) }), now, words);
      expect(mistakes).toEqual([]);
      const sent = DecisionDraft.parse(body);
      expect(sent.whyNotBelow.map(({ step: narrower }) => narrower)).toEqual(below(step));
      expect(sent.measure === undefined).toBe(!reaches(step));
      if (provisionalOf(step) !== 'may-be') expect(sent.provisional).toBe(provisionalOf(step) === 'always');
    }
  });

  it('without a reason for a narrower step tells which', () => {
    const { mistakes } = draftFrom(whole({ step: 'limit-or-challenge' }), now, words);
    expect(mistakes.map(({ path }) => path)).toEqual(['whyNot.owner-notice', 'whyNot.notice-on-path']);
  });

  it('not to act sends no limbs, no measure and no break-glass, and needs a day to look again', () => {
    const typed = whole({
      kind: 'no-action',
      step: 'protection-withdrawn',
      breakGlass: true,
      strike: true,
      namedUrls: 'x',
      delay: true,
    });
    expect(draftFrom(typed, now, words).mistakes.map(({ path }) => path)).toEqual(['recheckAt']);
    const { body, mistakes } = draftFrom({ ...typed, recheckLocal: '2026-12-01T10:00' }, now, words);
    expect(mistakes).toEqual([]);
    const sent = DecisionDraft.parse(body);
    for (const left of ['step', 'measure', 'breakGlass', 'deadline', 'ownerNoticeDelayReason'])
      expect(sent).not.toHaveProperty(left);
    expect(body).toMatchObject({ limbs: [], whyNotBelow: [], namedUrls: [], strike: false, provisional: false });
  });

  it('that ends another one names it', () => {
    for (const kind of ['modify', 'reverse'] as const) {
      const typed = whole({ kind, step: acts(kind) ? 'owner-notice' : null });
      expect(draftFrom(typed, now, words).mistakes.map(({ path }) => path)).toEqual(['reverses']);
    }
  });

  it('that is provisional stays within its 72 hours though a browser’s clock is a little ahead', () => {
    const end = endOf(whole({ length: '72' }), now + 30_000);
    expect(Date.parse(end ?? '') - now).toBeLessThanOrEqual(72 * 3_600_000);
    expect(endOf(whole({ length: 'exact' }), now)).toBeNull();
  });

  it('finds the server’s mistakes their places on the form', () => {
    const { body } = draftFrom(whole({ step: 'notice-on-path', path: '/board', whyNot: whyNot('notice-on-path') }), now, words);
    const told = onForm(body, [
      { path: 'limbs.2.evidence', message: 'a' },
      { path: 'whyNotBelow.0', message: 'b' },
      { path: 'publicReason', message: 'c' },
    ]);
    expect(told.map(({ path }) => path)).toEqual(['limb.threat-to-life', 'whyNot.owner-notice', 'publicReason']);
  });
});
