/**
 * Requests of authorities: what each kind lacks, and what may be done to one. A table and three rules.
 *
 * An order is complete only with its agency, its law and the addresses that it names. An emergency request is complete only after somebody called
 * back on a number found independently and a second person confirmed it. A preservation request needs its agency and what is to be preserved.
 * The sender's domain, DKIM or letterhead are no input here: hacked mailboxes of authorities send genuine signatures (FBI notice, 2024).
 * After: desk.md 5.9; 18 U.S.C. 2702(b)(8), (c)(4) and 2703(f); Digital Services Act, articles 9 and 18.
 */
import type { PersonId } from '../../contract/ids.ts';
import type { AuthorityKind, AuthorityState } from '../../contract/desk/words.ts';

export type AuthorityFacts = {
  readonly kind: AuthorityKind;
  readonly state: AuthorityState;
  readonly agency: string;
  readonly law: string | null;
  readonly reference: string | null;
  readonly urls: readonly string[];
  readonly hasCase: boolean;
  readonly callBackBy: PersonId | null;
  readonly secondBy: PersonId | null;
};

/** What is missing before it is complete, in sentences. */
export function missingOf(facts: Omit<AuthorityFacts, 'state'>): string[] {
  const missing: string[] = [];
  if (facts.agency.trim() === '') missing.push('Which agency asks.');
  switch (facts.kind) {
    case 'order':
      if (facts.law === null || facts.law.trim() === '') missing.push('The law that the order rests on.');
      if (facts.reference === null || facts.reference.trim() === '') missing.push('The agency’s own reference.');
      if (facts.urls.length === 0) missing.push('The addresses that it is about.');
      return missing;
    case 'emergency-request':
      if (facts.callBackBy === null) missing.push('A call back on a number that was found independently of the request.');
      if (facts.secondBy === null) missing.push('A second person who confirms it.');
      return missing;
    case 'preservation':
      if (facts.urls.length === 0 && !facts.hasCase) missing.push('What is to be preserved: addresses, or the case.');
      return missing;
    default:
      return facts.kind satisfies never;
  }
}

/** The state that the facts make; what was answered or refused stays so. */
export function stateOf(facts: AuthorityFacts): AuthorityState {
  if (facts.state === 'answered' || facts.state === 'refused') return facts.state;
  if (missingOf(facts).length === 0) return 'complete';
  return facts.kind === 'emergency-request' ? 'call-back-due' : 'incomplete';
}

export type AuthorityAct = 'complete' | 'call-back' | 'second' | 'link' | 'preserve' | 'answer' | 'refuse';

/** In which states an act is possible at all. */
export const actsIn: Readonly<Record<AuthorityState, readonly AuthorityAct[]>> = {
  incomplete: ['complete', 'call-back', 'second', 'link', 'preserve', 'refuse'],
  'call-back-due': ['complete', 'call-back', 'second', 'link', 'preserve', 'refuse'],
  complete: ['complete', 'call-back', 'second', 'link', 'preserve', 'answer', 'refuse'],
  // Holds are renewed long after the answer.
  answered: ['preserve'],
  refused: [],
};

export type ActVerdict =
  { readonly ok: true } | { readonly ok: false; readonly code: 'wrong-state' | 'same-person'; readonly why: string };

/** Whether somebody may do this now. */
export function mayAct(facts: AuthorityFacts, act: AuthorityAct, by: PersonId): ActVerdict {
  if (!actsIn[facts.state].includes(act)) {
    const why =
      act === 'answer' && facts.state !== 'answered' && facts.state !== 'refused' ? lacking(facts) : `It is ${facts.state}.`;
    return { ok: false, code: 'wrong-state', why };
  }
  if (act === 'second') {
    if (facts.callBackBy === null) return { ok: false, code: 'wrong-state', why: 'Nobody has called back yet.' };
    if (facts.callBackBy === by)
      return { ok: false, code: 'same-person', why: 'Whoever called back cannot be the second person.' };
  }
  if (act === 'call-back' && facts.secondBy !== null) {
    return { ok: false, code: 'wrong-state', why: 'A second person has confirmed the call back already.' };
  }
  if (act === 'preserve' && !facts.hasCase) {
    return { ok: false, code: 'wrong-state', why: 'Link it with a case first: the case’s evidence is what is held.' };
  }
  return { ok: true };
}

function lacking(facts: AuthorityFacts): string {
  return `It is not complete. Missing: ${missingOf(facts).join(' ')}`;
}
