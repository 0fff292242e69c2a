/**
 * What may happen to an appeal, and by whom: it is decided by somebody who had no hand in what it is about.
 *
 * open → taken → upheld | modified | reversed; `withdrawn` by whoever appealed. Fails closed: without a third person it stays open, and its clock runs.
 */
import type { AppealState } from '../../contract/desk/words.ts';
import type { PersonId } from '../../contract/ids.ts';

export const appealActs = ['take', 'give-back', 'uphold', 'modify', 'reverse', 'withdraw'] as const;
export type AppealStep = (typeof appealActs)[number];

type Row = Readonly<Record<AppealStep, AppealState | null>>;

const over: Row = { take: null, 'give-back': null, uphold: null, modify: null, reverse: null, withdraw: null };

/** From each state, where each act leads; null where it is not possible. */
export const appealTable = {
  open: { ...over, take: 'taken', withdraw: 'withdrawn' },
  taken: {
    // Taken over from somebody who does not come back to it.
    take: 'taken',
    'give-back': 'open',
    uphold: 'upheld',
    modify: 'modified',
    reverse: 'reversed',
    withdraw: 'withdrawn',
  },
  upheld: over,
  modified: over,
  reversed: over,
  withdrawn: over,
} as const satisfies Record<AppealState, Row>;

export type AppealFacts = {
  readonly state: AppealState;
  /** Who proposed and confirmed the decision, and who graded its case. */
  readonly involved: readonly PersonId[];
  readonly takenBy: PersonId | null;
};

/** `withdraw` is the appellant's; all else is done by somebody of the house. */
export type AppealAct = { readonly kind: 'withdraw' } | { readonly kind: Exclude<AppealStep, 'withdraw'>; readonly by: PersonId };

export type AppealStepped =
  | { readonly ok: true; readonly state: AppealState }
  | { readonly ok: false; readonly code: 'same-person' | 'wrong-state'; readonly why: string };

/** What an act does to an appeal, or why not. */
export function stepAppeal(appeal: AppealFacts, act: AppealAct): AppealStepped {
  const row: Row = appealTable[appeal.state];
  const next = row[act.kind];
  if (next === null) return { ok: false, code: 'wrong-state', why: `The appeal is ${said[appeal.state]}.` };
  if (act.kind === 'withdraw') return { ok: true, state: next };
  if (appeal.involved.includes(act.by)) {
    return {
      ok: false,
      code: 'same-person',
      why: 'You proposed, confirmed or graded what this appeal is about: somebody else must decide it.',
    };
  }
  if (act.kind !== 'take' && appeal.takenBy !== act.by) {
    return { ok: false, code: 'wrong-state', why: 'Somebody else has taken this appeal: take it first.' };
  }
  return { ok: true, state: next };
}

const said = {
  open: 'not taken by anybody yet: take it first',
  taken: 'taken',
  upheld: 'answered: the decision stands',
  modified: 'answered: the decision is to be narrowed',
  reversed: 'answered: the decision was reversed',
  withdrawn: 'withdrawn',
} as const satisfies Record<AppealState, string>;
