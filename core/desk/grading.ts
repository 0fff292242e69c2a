/**
 * Who grades an incident, when its grade is locked, and what each person may see of the others' work until then.
 *
 * One person grades; from G3 on, suggested or assigned, a second one grades without seeing the first; when they differ a third one, a lead, settles. All
 * three stay on record. Blindness is more than hiding a grade: that a second person is needed already tells that the first found G3 or worse, so whoever
 * may still be the second reads "none", and takes "the" seat without being told which it is. Fails closed: who is not named here sees nothing.
 * Hazard: whoever reads the audit trail can see that somebody graded; it never says what.
 */
import type { Grade } from '../../contract/desk/words.ts';
import type { GradingState, Seat } from '../../contract/desk/shapes.ts';
import type { PersonId } from '../../contract/ids.ts';
import { needsSecond } from './assessment.ts';

export type Given = {
  readonly seat: Seat;
  readonly suggested: Grade;
  readonly assigned: Grade;
  readonly assessorId: PersonId;
};

export type Grading = { readonly state: Exclude<GradingState, 'locked'> } | { readonly state: 'locked'; readonly grade: Grade };

/** Where the grading of an incident stands, from what was given. */
export function gradingOf(given: readonly Given[]): Grading {
  const from = (seat: Seat) => given.find((one) => one.seat === seat);
  const first = from('first');
  const second = from('second');
  const lead = from('lead');
  if (first === undefined) return { state: 'none' };
  if (lead !== undefined) return { state: 'locked', grade: lead.assigned };
  if (second !== undefined) {
    return second.assigned === first.assigned ? { state: 'locked', grade: first.assigned } : { state: 'lead-needed' };
  }
  if (needsSecond(first.assigned) || needsSecond(first.suggested)) return { state: 'second-needed' };
  return { state: 'locked', grade: first.assigned };
}

export type Seated =
  | { readonly ok: true; readonly seat: Seat }
  | { readonly ok: false; readonly code: 'same-person' | 'wrong-state' | 'not-allowed'; readonly why: string };

/**
 * The seat that a person takes, or why none. To whoever sits down `first` and `second` are one; which of them it becomes is not for them to know.
 * `isLead`: whether they may settle.
 */
export function takeSeat(
  given: readonly Given[],
  asks: { readonly by: PersonId; readonly seat: Seat; readonly isLead: boolean },
): Seated {
  const { state } = gradingOf(given);
  const graded = given.some(({ assessorId }) => assessorId === asks.by);
  if (state === 'locked') return { ok: false, code: 'wrong-state', why: 'The grade of this incident is locked.' };
  if (graded) return { ok: false, code: 'same-person', why: 'You have graded this incident: somebody else goes on.' };
  if (asks.seat === 'lead') {
    if (!asks.isLead) return { ok: false, code: 'not-allowed', why: 'Only a lead settles two grades.' };
    if (state === 'lead-needed') return { ok: true, seat: 'lead' };
    return { ok: false, code: 'wrong-state', why: 'There are no two grades to settle.' };
  }
  if (state === 'lead-needed')
    return { ok: false, code: 'wrong-state', why: 'Two people graded it differently: a lead settles it.' };
  return { ok: true, seat: state === 'none' ? 'first' : 'second' };
}

/** Where the grading stands as one person may know it. */
export function stateSeenBy(given: readonly Given[], personId: PersonId): GradingState {
  const { state } = gradingOf(given);
  return state === 'second-needed' && !given.some(({ assessorId }) => assessorId === personId) ? 'none' : state;
}

/** What of the assessments one person may see: until two are there, their own. */
export function assessmentsSeenBy<One extends Given>(given: readonly One[], personId: PersonId): One[] {
  const { state } = gradingOf(given);
  return state === 'locked' || state === 'lead-needed' ? [...given] : given.filter(({ assessorId }) => assessorId === personId);
}
