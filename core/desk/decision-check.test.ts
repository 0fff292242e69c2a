/** Which drafts of decisions may be proposed, rule by rule, and that no draft with a mistake slips through. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadderStep, Limb } from '../../contract/desk/words.ts';
import { EvidenceId } from '../../contract/ids.ts';
import { DecisionDraft } from '../../contract/routes/desk/decisions.ts';
import { instantOf } from '../instant.ts';
import { blackened, checkDecision, checkQuestion } from './decision-check.ts';
import type { DecisionFactsOfCase, Draft } from './decision-check.ts';

const nowMs = Date.UTC(2026, 2, 4, 10);
const hour = 3_600_000;
const own = EvidenceId.parse('evid_00000000000a');
const copy = EvidenceId.parse('evid_00000000000b');

const facts: DecisionFactsOfCase = {
  openedAt: instantOf(nowMs - hour),
  hasSite: true,
  gradeLocked: true,
  accountSites: 1,
  levels: new Map([
    [own, 'A2'],
    [copy, 'A1'],
  ]),
  incidents: [{ grade: 'G4', levels: ['A2'], retracted: false }],
  names: ['Quillfeather'],
  criteriaAt: instantOf(nowMs - 2 * hour),
  reverses: null,
  confirms: null,
};

function draft(more: Partial<DecisionDraft> = {}): Draft {
  const step = more.step ?? 'protection-withdrawn';
  const base: DecisionDraft = {
    kind: 'measure',
    limbs: Limb.options.map((limb) => ({ limb, finding: 'met' as const, reason: 'As the page shows.', evidence: [own] })),
    step,
    measure: { endsAt: instantOf(nowMs + 700 * hour) },
    whyNotBelow: LadderStep.options
      .slice(0, LadderStep.options.indexOf(step))
      .map((below) => ({ step: below, why: 'It leaves it there.' })),
    evidence: [own],
    policyVersionId: 'polv_000000000000',
    publicReason: 'Specific threats against a named person.',
    internalReason: 'Only for us to read.',
  };
  return DecisionDraft.parse({ ...base, ...more });
}

const withoutMeasure = (more: Partial<DecisionDraft>): Draft => {
  const { step: _step, measure: _measure, ...rest } = draft();
  return DecisionDraft.parse({ ...rest, limbs: [], whyNotBelow: [], evidence: [], ...more });
};

const pathsOf = (wanted: Draft, over: Partial<DecisionFactsOfCase> = {}): string[] => {
  const check = checkDecision(wanted, { ...facts, ...over }, nowMs);
  return check.ok ? [] : check.mistakes.map(({ path }) => path);
};
const codeOf = (wanted: Draft, over: Partial<DecisionFactsOfCase> = {}): string => {
  const check = checkDecision(wanted, { ...facts, ...over }, nowMs);
  return check.ok ? 'ok' : check.code;
};

describe('a draft of a decision', () => {
  it('is good with ten limbs, every narrower step, own evidence and published criteria', () => {
    expect(codeOf(draft())).toBe('ok');
  });

  it.each(Limb.options)('lacks something without the limb %s', (limb) => {
    const limbs = draft().limbs.filter((finding) => finding.limb !== limb);
    expect(pathsOf(draft({ limbs }))).toContain('limbs');
  });

  it.each(LadderStep.options.slice(0, 5))('lacks something without saying why not %s', (step) => {
    const whyNotBelow = draft().whyNotBelow.filter((why) => why.step !== step);
    expect(pathsOf(draft({ whyNotBelow }))).toContain('whyNotBelow');
  });

  it('waits for the grade, unless the glass is broken, and then it is provisional and on our own capture', () => {
    expect(codeOf(draft(), { gradeLocked: false })).toBe('not-graded');
    const glass = { breakGlass: { reason: 'It would not wait.' } };
    expect(pathsOf(draft(glass), { gradeLocked: false })).toContain('provisional');
    const quick = { step: 'provisional-notice-page' as const, provisional: true, measure: { endsAt: instantOf(nowMs + hour) } };
    expect(codeOf(draft({ ...glass, ...quick }), { gradeLocked: false, incidents: [] })).toBe('ok');
    expect(pathsOf(draft({ ...glass, ...quick, evidence: [copy] }), { gradeLocked: false, incidents: [] })).toContain(
      'breakGlass',
    );
  });

  it('that says a life is in danger needs one G4 or two G3 on our own captures to last', () => {
    const g3 = { grade: 'G3' as const, levels: ['A2' as const], retracted: false };
    expect(pathsOf(draft(), { incidents: [g3] })).toContain('evidence');
    expect(codeOf(draft(), { incidents: [g3, g3] })).toBe('ok');
    expect(pathsOf(draft(), { incidents: [g3, { ...g3, retracted: true }] })).toContain('evidence');
    expect(pathsOf(draft(), { incidents: [{ grade: 'G4', levels: ['A1'], retracted: false }] })).toContain('evidence');
  });

  it('that rests on an order of a court needs no capture of ours', () => {
    const basis = {
      kind: 'legal-order' as const,
      authority: 'District court',
      reference: '1 O 2/26',
      authorityUrl: 'https://court.example/',
    };
    const measure = { endsAt: instantOf(nowMs + 700 * hour), basis };
    expect(codeOf(draft({ measure, evidence: [] }), { incidents: [] })).toBe('ok');
  });

  it('cites only what belongs to its case, and only criteria that are published', () => {
    const foreign = EvidenceId.parse('evid_00000000000c');
    expect(pathsOf(draft({ evidence: [own, foreign] }))).toContain('evidence.1');
    expect(codeOf(draft(), { criteriaAt: null })).toBe('criteria-unpublished');
  });

  it('closes no account of several sites by one decision', () => {
    expect(pathsOf(draft({ step: 'account-closed' }), { accountSites: 2 })).toContain('step');
    expect(codeOf(draft({ step: 'account-closed' }))).toBe('ok');
  });

  it('not to act needs a time at which it is looked at again, and restricts nothing', () => {
    expect(pathsOf(withoutMeasure({ kind: 'no-action' }))).toEqual(['recheckAt']);
    expect(codeOf(withoutMeasure({ kind: 'no-action', recheckAt: instantOf(nowMs + hour) }), { gradeLocked: false })).toBe('ok');
    expect(pathsOf(withoutMeasure({ kind: 'no-action', recheckAt: instantOf(nowMs + hour), step: 'owner-notice' }))).toContain(
      'step',
    );
    expect(pathsOf(withoutMeasure({ kind: 'no-action', recheckAt: instantOf(nowMs - hour) }))).toEqual(['recheckAt']);
  });

  it('makes lasting only what is provisional and still in force', () => {
    const confirms = 'dec_000000000000';
    const inForce = { isProvisional: true, inForce: true };
    expect(pathsOf(draft({ confirms }))).toEqual(['confirms']);
    expect(codeOf(draft({ confirms }), { confirms: inForce })).toBe('ok');
    expect(pathsOf(draft({ confirms }), { confirms: { ...inForce, inForce: false } })).toEqual(['confirms']);
    expect(pathsOf(draft({ confirms }), { confirms: { ...inForce, isProvisional: false } })).toEqual(['confirms']);
  });

  it('never passes with a sealed name in any of its words, wherever it stands and however it is written', () => {
    const disguises = ['Quillfeather', 'QUILLFEATHER', 'quill.feather', 'Qu1llfeather', 'Quillfe\u00e1ther'];
    fc.assert(
      fc.property(
        fc.constantFrom(...disguises),
        fc.constantFrom('publicReason', 'why', 'glass', 'url', 'subject', 'internal', 'limb'),
        fc.string({ minLength: 10, maxLength: 60 }),
        (name, where, around) => {
          const text = `${around} ${name} is named here.`;
          const url = [`https://forum.example/t/${name}`];
          const found =
            where === 'subject'
              ? checkQuestion({ subject: text, text: 'A question to you.', namedUrls: [] }, facts.names, nowMs).map(
                  ({ path }) => path,
                )
              : where === 'publicReason'
                ? pathsOf(draft({ publicReason: text }))
                : where === 'why'
                  ? pathsOf(draft({ whyNotBelow: draft().whyNotBelow.map((why) => ({ ...why, why: text })) }))
                  : where === 'glass'
                    ? pathsOf(draft({ breakGlass: { reason: text } }))
                    : where === 'internal'
                      ? pathsOf(draft({ internalReason: text }))
                      : where === 'limb'
                        ? pathsOf(draft({ limbs: draft().limbs.map((limb) => ({ ...limb, reason: text })) }))
                        : pathsOf(draft({ namedUrls: url }));
          expect(found.length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('what is taken out of a text', () => {
  it('is named by its kind and never by its words', () => {
    expect(blackened('Ask ada@person.example or Quillfeather.', facts.names)).toEqual(['[mail]', '[name]']);
    expect(blackened('The decision D-2026-0001 of 2026-03-04 stands.', facts.names)).toEqual([]);
    expect(blackened('A text that says [name] itself.', facts.names)).toEqual([]);
  });
});
