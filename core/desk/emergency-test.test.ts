/** The ten limbs, the ladder and the levels of evidence: what a draft may not leave out. */
import { describe, expect, it } from 'vitest';
import { LadderStep, Limb } from '../../contract/desk/words.ts';
import { EvidenceId, Instant } from '../../contract/ids.ts';
import { Measure } from '../../contract/policy.ts';
import type { LimbFinding } from '../../contract/routes/desk/decisions.ts';
import { ladder, ladderMistakes, measureOf, narrowerThan, stepMakes } from './ladder.ts';
import type { LadderDraft } from './ladder.ts';
import { criteriaStoodBefore, evidenceCarries, levelMistakes, limbMistakes, limbNeedsEvidence } from './limbs.ts';

const evidence = [EvidenceId.parse('evid_000000000001')];
const before = Instant.parse('2026-01-01T00:00:00.000Z');
const after = Instant.parse('2026-02-01T00:00:00.000Z');
const dates = { publishedAt: before, caseOpenedAt: after };
const allMet = (): LimbFinding[] => Limb.options.map((limb) => ({ limb, finding: 'met', reason: 'It is so.', evidence }));

describe('the ten limbs', () => {
  it('are good when all are met with evidence, and when all but the dated one are not met', () => {
    expect(limbMistakes(allMet(), dates)).toEqual([]);
    const notMet = Limb.options.map((limb): LimbFinding =>
      limb === 'criteria-before-case'
        ? { limb, finding: 'met', reason: 'They stood.', evidence: [] }
        : { limb, finding: 'not-met', reason: 'It is not.' },
    );
    expect(limbMistakes(notMet, dates)).toEqual([]);
  });

  it('are each missed when empty, and noticed when doubled', () => {
    for (const limb of Limb.options) {
      const without = allMet().filter((finding) => finding.limb !== limb);
      expect(limbMistakes(without, dates).map(({ path }) => path)).toEqual(['limbs']);
      const [doubled] = allMet().filter((finding) => finding.limb === limb);
      expect(limbMistakes([...allMet(), ...(doubled === undefined ? [] : [doubled])], dates).map(({ path }) => path)).toEqual([
        'limbs.10',
      ]);
    }
    expect(limbMistakes([], dates)).toHaveLength(10);
  });

  it('that speak of the world are not met without evidence; those that speak of our decision are', () => {
    const bare = allMet().map((finding): LimbFinding => ({ ...finding, finding: 'met', evidence: [] }));
    const wanting = limbMistakes(bare, dates).map(({ message }) => message.split(' ')[0]);
    expect(wanting).toEqual(Limb.options.filter((limb) => limbNeedsEvidence[limb]));
    expect(wanting).toHaveLength(5);
  });

  it('hold the criteria’s date against the case’s, whatever the draft says', () => {
    expect(criteriaStoodBefore(before, before)).toBe(true);
    expect(limbMistakes(allMet(), { publishedAt: after, caseOpenedAt: before }).map(({ path }) => path)).toEqual([
      'limbs.9.finding',
    ]);
  });
});

describe('the levels of evidence', () => {
  const g4 = (levels: ('A0' | 'A1' | 'A2' | 'A4')[], retracted = false) => ({ grade: 'G4' as const, levels, retracted });
  const g3 = (levels: ('A0' | 'A1' | 'A2')[]) => ({ grade: 'G3' as const, levels, retracted: false });

  it('carry an emergency with our own capture of one G4 or of two G3', () => {
    expect(evidenceCarries([g4(['A2'])])).toBe('emergency');
    expect(evidenceCarries([g4(['A0', 'A4'])])).toBe('emergency');
    expect(evidenceCarries([g3(['A2']), g3(['A1', 'A2'])])).toBe('emergency');
    expect(evidenceCarries([g3(['A2'])])).toBe('copy-only');
  });
  it('carry only a provisional measure by two with a reporter’s copy, and nothing on assertion alone', () => {
    expect(evidenceCarries([g4(['A1'])])).toBe('copy-only');
    expect(evidenceCarries([g4(['A0'])])).toBe('nothing');
    expect(evidenceCarries([])).toBe('nothing');
    expect(levelMistakes([g4(['A1'])], { provisional: true, alone: false })).toEqual([]);
    expect(levelMistakes([g4(['A1'])], { provisional: true, alone: true }).map(({ path }) => path)).toEqual(['breakGlass']);
    expect(levelMistakes([g4(['A1'])], { provisional: false, alone: false }).map(({ path }) => path)).toEqual(['evidence']);
    expect(levelMistakes([g4(['A0'])], { provisional: true, alone: false }).map(({ path }) => path)).toEqual(['evidence']);
    expect(levelMistakes([g4(['A2'])], { provisional: false, alone: true })).toEqual([]);
  });
  it('count nothing that was retracted', () => {
    expect(evidenceCarries([g4(['A2'], true)])).toBe('nothing');
  });
});

describe('the ladder', () => {
  const why = 'It would leave the page that names the home open.';
  const draft = (step: LadderStep, more: Partial<LadderDraft> = {}): LadderDraft => ({
    step,
    provisional: step === 'provisional-notice-page',
    whyNotBelow: narrowerThan(step).map((below) => ({ step: below, why })),
    path: step === 'notice-on-path' ? '/thread/7' : null,
    requestsPer10s: null,
    lastsHours: step === 'owner-notice' ? null : 48,
    onCopyOnly: false,
    ...more,
  });

  it('goes from narrow to broad, and each step is good with a reason for every narrower one', () => {
    expect(ladder[0]).toBe('owner-notice');
    for (const step of LadderStep.options) expect(ladderMistakes(draft(step))).toEqual([]);
  });

  it('misses each reason that is left out, too short, doubled, or for a step that is not narrower', () => {
    for (const step of LadderStep.options) {
      for (const [index, below] of narrowerThan(step).entries()) {
        const all = draft(step).whyNotBelow;
        const without = all.filter((said) => said.step !== below);
        expect(ladderMistakes(draft(step, { whyNotBelow: without })).map(({ path }) => path)).toEqual(['whyNotBelow']);
        const short = all.map((said) => (said.step === below ? { ...said, why: 'no' } : said));
        expect(ladderMistakes(draft(step, { whyNotBelow: short })).map(({ path }) => path)).toEqual([`whyNotBelow.${index}`]);
      }
    }
    const same = draft('owner-notice', { whyNotBelow: [{ step: 'owner-notice', why }] });
    expect(ladderMistakes(same).map(({ path }) => path)).toEqual(['whyNotBelow.0']);
    const twice = draft('notice-on-path', {
      whyNotBelow: [...draft('notice-on-path').whyNotBelow, { step: 'owner-notice', why }],
    });
    expect(ladderMistakes(twice).map(({ path }) => path)).toEqual(['whyNotBelow.1']);
  });

  it('makes measures that the spine knows, and none for a notice to the owner', () => {
    for (const step of LadderStep.options) {
      const made = stepMakes[step];
      const measures = [measureOf(step, { requestsPer10s: null }), measureOf(step, { requestsPer10s: 50 })];
      if (made.makes === 'nothing') expect(measures).toEqual([null, null]);
      else for (const measure of measures) expect(Measure.options).toContain(measure);
    }
    expect(measureOf('limit-or-challenge', { requestsPer10s: null })).toBe('challenge');
    expect(measureOf('limit-or-challenge', { requestsPer10s: 50 })).toBe('rate-limit');
  });

  it('lets a provisional page stand for 72 hours at most, and for 24 on a reporter’s copy alone', () => {
    const page = 'provisional-notice-page';
    expect(ladderMistakes(draft(page, { lastsHours: 72 }))).toEqual([]);
    expect(ladderMistakes(draft(page, { lastsHours: 72.001 })).map(({ path }) => path)).toEqual(['measure.endsAt']);
    expect(ladderMistakes(draft(page, { lastsHours: 24, onCopyOnly: true }))).toEqual([]);
    expect(ladderMistakes(draft(page, { lastsHours: 25, onCopyOnly: true })).map(({ path }) => path)).toEqual(['measure.endsAt']);
    expect(ladderMistakes(draft(page, { provisional: false })).map(({ path }) => path)).toEqual(['provisional']);
    expect(ladderMistakes(draft('account-closed', { provisional: true })).map(({ path }) => path)).toEqual(['provisional']);
  });

  it('asks for what a step needs and refuses what belongs to another', () => {
    expect(ladderMistakes(draft('notice-on-path', { path: null })).map(({ path }) => path)).toEqual(['measure.path']);
    expect(ladderMistakes(draft('captcha-keys', { path: '/x' })).map(({ path }) => path)).toEqual(['measure.path']);
    expect(ladderMistakes(draft('captcha-keys', { requestsPer10s: 5 })).map(({ path }) => path)).toEqual([
      'measure.requestsPer10s',
    ]);
    expect(ladderMistakes(draft('captcha-keys', { lastsHours: null })).map(({ path }) => path)).toEqual(['measure']);
    expect(ladderMistakes(draft('owner-notice', { lastsHours: 1 })).map(({ path }) => path)).toEqual(['measure']);
  });
});
