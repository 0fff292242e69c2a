/**
 * The ladder of measures, from narrow to broad: which order of the spine each step makes, and why each narrower step would not do.
 *
 * The order of the steps is contract/desk/words.ts `LadderStep`. "Account closed" is a notice on every site of the account: the desk takes no hostname
 * and no setting away, so an owner can still sign in, export and appeal (desk.md 5.2, row 33). Fails closed: a step without its reasons is a mistake.
 * Not here: what an order's own draft may hold (core/shield/orders.ts), the two people (decision-states.ts).
 * After: the handbook of the 2022 case; desk.md 5.2 row 26.
 */
import { LadderStep } from '../../contract/desk/words.ts';
import type { Measure } from '../../contract/policy.ts';
import { provisionalHours, provisionalOnCopyHours } from './clocks.ts';

/** From narrow to broad. */
export const ladder: readonly LadderStep[] = LadderStep.options;

/** What a step asks of the edges. `sites`: on the named site, or on every site of its account. */
export type StepMakes =
  | { readonly makes: 'nothing' }
  | { readonly makes: 'order'; readonly measures: readonly Measure[]; readonly sites: 'one' | 'all-of-the-account' };

export const stepMakes = {
  'owner-notice': { makes: 'nothing' },
  'notice-on-path': { makes: 'order', measures: ['notice-on-path'], sites: 'one' },
  'limit-or-challenge': { makes: 'order', measures: ['rate-limit', 'challenge'], sites: 'one' },
  'captcha-keys': { makes: 'order', measures: ['suspend-captcha-keys'], sites: 'one' },
  'provisional-notice-page': { makes: 'order', measures: ['notice-on-host'], sites: 'one' },
  'protection-withdrawn': { makes: 'order', measures: ['notice-on-host'], sites: 'one' },
  'account-closed': { makes: 'order', measures: ['notice-on-host'], sites: 'all-of-the-account' },
} as const satisfies Record<LadderStep, StepMakes>;

/** The order's measure that a step makes; null when it reaches no edge. With a limit, `limit-or-challenge` limits; without, it challenges. */
export function measureOf(step: LadderStep, facts: { readonly requestsPer10s: number | null }): Measure | null {
  if (step === 'limit-or-challenge') return facts.requestsPer10s === null ? 'challenge' : 'rate-limit';
  const made: StepMakes = stepMakes[step];
  return made.makes === 'nothing' ? null : (made.measures[0] ?? null);
}

/** The steps that are narrower than this one. */
export function narrowerThan(step: LadderStep): readonly LadderStep[] {
  return ladder.slice(0, ladder.indexOf(step));
}

export type LadderDraft = {
  readonly step: LadderStep;
  readonly provisional: boolean;
  readonly whyNotBelow: readonly { readonly step: LadderStep; readonly why: string }[];
  readonly path: string | null;
  readonly requestsPer10s: number | null;
  /** From the decision to the measure's end, in hours; null when nothing reaches the edges. */
  readonly lastsHours: number | null;
  /** The evidence holds nothing above a reporter's own copy. */
  readonly onCopyOnly: boolean;
};

export type Mistake = { readonly path: string; readonly message: string };

/** Fewest characters of a reason why a narrower step would not do. */
const shortestWhyNot = 10;

/** Every mistake of a draft's step at once, by field; empty when it is good. */
export function ladderMistakes(draft: LadderDraft): Mistake[] {
  const found: Mistake[] = [];
  const say = (path: string, message: string) => void found.push({ path, message });
  const below = narrowerThan(draft.step);
  const said = new Set<LadderStep>();
  for (const [index, { step, why }] of draft.whyNotBelow.entries()) {
    const path = `whyNotBelow.${index}`;
    if (!below.includes(step)) say(path, `${step} is not narrower than ${draft.step}`);
    else if (said.has(step)) say(path, `${step} is given more than once`);
    else if (why.trim().length < shortestWhyNot) say(path, `say why ${step} would not do`);
    said.add(step);
  }
  for (const step of below) if (!said.has(step)) say('whyNotBelow', `say why ${step} would not do`);

  const reaches = stepMakes[draft.step].makes === 'order';
  if (reaches && draft.lastsHours === null) say('measure', `is needed for ${draft.step}`);
  if (!reaches && draft.lastsHours !== null) say('measure', `${draft.step} reaches no edge: leave it out`);
  if (draft.step === 'notice-on-path' && draft.path === null) say('measure.path', 'is needed for a notice on a path');
  if (draft.step !== 'notice-on-path' && draft.path !== null) say('measure.path', 'belongs to a notice on a path only');
  if (draft.step !== 'limit-or-challenge' && draft.requestsPer10s !== null) {
    say('measure.requestsPer10s', 'belongs to limit-or-challenge only');
  }
  if (draft.step === 'provisional-notice-page' && !draft.provisional)
    say('provisional', 'a provisional notice page is provisional');
  if (draft.provisional && !reaches) say('provisional', `${draft.step} reaches no edge, so there is nothing to end by itself`);
  if (draft.provisional && (draft.step === 'protection-withdrawn' || draft.step === 'account-closed')) {
    say('provisional', `${draft.step} is not provisional: use provisional-notice-page`);
  }
  const most = draft.onCopyOnly ? provisionalOnCopyHours : provisionalHours;
  if (draft.provisional && draft.lastsHours !== null && draft.lastsHours > most) {
    const because = draft.onCopyOnly ? ' on a reporter’s own copy alone' : '';
    say('measure.endsAt', `a provisional measure${because} ends within ${most} hours`);
  }
  return found;
}
