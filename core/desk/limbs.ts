/**
 * The emergency test: ten limbs, each met with evidence or said not to be met; and which levels of evidence carry which decision.
 *
 * The test asks, people answer: nothing here says that a limb is met. `criteria-before-case` is the one limb that is a matter of dates, so it is computed
 * and a finding that says otherwise is a mistake. Fails closed: an empty or doubled limb, or one that is met without evidence, is a mistake.
 * After: the six limbs of a provider's statement of 2022 and the four that it lacked (desk.md, "The emergency test"; levels: 2.5).
 */
import { Limb } from '../../contract/desk/words.ts';
import type { EvidenceLevel, Grade } from '../../contract/desk/words.ts';
import type { Instant } from '../../contract/ids.ts';
import type { LimbFinding } from '../../contract/routes/desk/decisions.ts';
import { msOf } from '../instant.ts';
import type { Mistake } from './ladder.ts';

/**
 * Limbs that speak of the world need evidence to be met. The other five speak of our own decision (what else was weighed, when it ends, where to
 * appeal, which criteria, that volume played no part): they are met by their reason, which anybody can check against the decision itself.
 */
export const limbNeedsEvidence = {
  'specific-and-targeted': true,
  'escalating-in-window': true,
  'threat-to-life': true,
  'nexus-to-site': true,
  'legal-process-too-slow': true,
  'stands-without-volume': false,
  'narrower-would-not-do': false,
  'end-and-review': false,
  'appeal-open': false,
  'criteria-before-case': false,
} as const satisfies Record<Limb, boolean>;

/** Whether the criteria stood before the case: published at or before its opening. */
export function criteriaStoodBefore(publishedAt: Instant, caseOpenedAt: Instant): boolean {
  return msOf(publishedAt) <= msOf(caseOpenedAt);
}

export type LimbFacts = {
  readonly publishedAt: Instant;
  readonly caseOpenedAt: Instant;
};

/** Every mistake of the ten limbs at once, by field; empty when all ten are answered. */
export function limbMistakes(limbs: readonly LimbFinding[], facts: LimbFacts): Mistake[] {
  const found: Mistake[] = [];
  const say = (path: string, message: string) => void found.push({ path, message });
  const seen = new Set<Limb>();
  for (const [index, finding] of limbs.entries()) {
    const path = `limbs.${index}`;
    if (seen.has(finding.limb)) say(path, `${finding.limb} is given more than once`);
    seen.add(finding.limb);
    if (finding.finding === 'met' && limbNeedsEvidence[finding.limb] && finding.evidence.length === 0) {
      say(`${path}.evidence`, `${finding.limb} is met only with evidence; otherwise say “not met”`);
    }
    if (finding.limb === 'criteria-before-case') {
      const before = criteriaStoodBefore(facts.publishedAt, facts.caseOpenedAt);
      if (before !== (finding.finding === 'met')) {
        say(
          `${path}.finding`,
          before
            ? 'these criteria were published before the case was opened: the limb is met'
            : 'these criteria were published after the case was opened: the limb is not met, and the decision says so publicly',
        );
      }
    }
  }
  for (const limb of Limb.options) if (!seen.has(limb)) say('limbs', `${limb} is empty: say that it is met, or that it is not`);
  return found;
}

/** An incident as the rule on levels sees it: its locked grade and the level of each piece of its evidence. */
export type GradedIncident = {
  readonly grade: Grade | null;
  readonly levels: readonly EvidenceLevel[];
  readonly retracted: boolean;
};

/** Which decisions the evidence carries. `copy-only`: provisional, at most 24 hours, by two. */
export type Carries = 'emergency' | 'copy-only' | 'nothing';

const atLeastA2: readonly EvidenceLevel[] = ['A2', 'A3', 'A4'];

/**
 * What the incidents' evidence carries: an emergency decision that lasts needs A2 or better on one G4 or on two G3; a reporter's own copy (A1) on a
 * G3 or G4 carries a provisional one only. Assertion alone (A0) carries nothing.
 */
export function evidenceCarries(incidents: readonly GradedIncident[]): Carries {
  const counting = incidents.filter(({ retracted }) => !retracted);
  const shown = counting.filter(({ levels }) => levels.some((level) => atLeastA2.includes(level)));
  const specific = shown.filter(({ grade }) => grade === 'G4').length;
  const high = shown.filter(({ grade }) => grade === 'G3').length;
  if (specific >= 1 || high >= 2) return 'emergency';
  const grave = counting.filter(({ grade }) => grade === 'G3' || grade === 'G4');
  return grave.some(({ levels }) => levels.some((level) => level !== 'A0')) ? 'copy-only' : 'nothing';
}

/** Every mistake of an emergency decision's evidence; empty when it carries it. How long a provisional one may last: ladder.ts. */
export function levelMistakes(
  incidents: readonly GradedIncident[],
  draft: { readonly provisional: boolean; readonly alone: boolean },
): Mistake[] {
  const carries = evidenceCarries(incidents);
  if (carries === 'emergency') return [];
  if (!draft.provisional) {
    return [
      {
        path: 'evidence',
        message: 'a lasting emergency measure needs our own capture (A2 or better) of one G4 incident or of two G3 incidents',
      },
    ];
  }
  if (carries === 'nothing') {
    return [
      { path: 'evidence', message: 'a provisional measure needs at least a reporter’s own copy (A1) of a G3 or G4 incident' },
    ];
  }
  return draft.alone ? [{ path: 'breakGlass', message: 'on a reporter’s own copy alone, a measure needs two people' }] : [];
}
