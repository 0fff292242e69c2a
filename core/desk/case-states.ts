/**
 * What may happen to a case: its states, the acts that move it, and nothing else.
 *
 * open → assessing → no-action | measure-proposed → confirmed → enforced → ended → reviewed, with two side branches: `provisional` (a measure that
 * ends by itself: break-glass, or provisional by two) and `appealed`. An act that the table does not name is refused: fails closed.
 * Not here: who may act (contract/access.ts), the states of each decision and appeal (their own tables), claims and clocks. Closing sets a date beside
 * the state (desk_case.closed_at) and does not change it; `close` stands here only to say from which states a case may be closed.
 */
import type { CaseState } from '../../contract/desk/words.ts';

export const caseActs = [
  /** Somebody records an incident, grades one, or opens the question again. */
  'assess',
  'propose-measure',
  /** A proposed measure was withdrawn or lapsed, and no other proposal is left. */
  'proposal-gone',
  'confirm-no-action',
  /** A measure that ends by itself is in force: break-glass by one, or provisional by two. */
  'begin-provisional',
  /** The provisional measure ended without a second panel. */
  'provisional-lapsed',
  'confirm-measure',
  /** Every edge has said that it enforces. */
  'all-edges-enforce',
  'appeal',
  /** The last open appeal is answered, and a measure stands. */
  'appeal-answered-in-force',
  /** The last open appeal is answered, and the decision not to act stands. */
  'appeal-answered-no-action',
  /** The last open appeal is answered, and no measure stands any more. */
  'appeal-answered-over',
  /** The last open appeal is answered, and the question is open again. */
  'appeal-answered-again',
  /** The last measure was lifted or came to its end. */
  'measure-over',
  /** The last review of its effects is written. */
  'reviews-done',
  'close',
  'reopen',
] as const;
export type CaseStep = (typeof caseActs)[number];

type Row = Readonly<Record<CaseStep, CaseState | null>>;

/** Nothing is possible, but for what a row says. */
const never: Row = {
  assess: null,
  'propose-measure': null,
  'proposal-gone': null,
  'confirm-no-action': null,
  'begin-provisional': null,
  'provisional-lapsed': null,
  'confirm-measure': null,
  'all-edges-enforce': null,
  appeal: null,
  'appeal-answered-in-force': null,
  'appeal-answered-no-action': null,
  'appeal-answered-over': null,
  'appeal-answered-again': null,
  'measure-over': null,
  'reviews-done': null,
  close: null,
  reopen: null,
};

/** From each state, where each act leads; null where it is not possible. */
export const caseTable = {
  open: {
    ...never,
    assess: 'assessing',
    'propose-measure': 'measure-proposed',
    'confirm-no-action': 'no-action',
    // Break-glass does not wait for a grade.
    'begin-provisional': 'provisional',
  },
  assessing: {
    ...never,
    assess: 'assessing',
    'propose-measure': 'measure-proposed',
    'confirm-no-action': 'no-action',
    'begin-provisional': 'provisional',
    // One of two proposals was withdrawn, and the other is confirmed.
    'confirm-measure': 'confirmed',
  },
  'no-action': {
    ...never,
    assess: 'assessing',
    'propose-measure': 'measure-proposed',
    'confirm-no-action': 'no-action',
    'begin-provisional': 'provisional',
    appeal: 'appealed',
    close: 'no-action',
    reopen: 'assessing',
  },
  'measure-proposed': {
    ...never,
    assess: 'measure-proposed',
    'propose-measure': 'measure-proposed',
    'proposal-gone': 'assessing',
    'begin-provisional': 'provisional',
    'confirm-measure': 'confirmed',
  },
  provisional: {
    ...never,
    assess: 'provisional',
    'propose-measure': 'provisional',
    'proposal-gone': 'provisional',
    'begin-provisional': 'provisional',
    'provisional-lapsed': 'assessing',
    'confirm-measure': 'confirmed',
    'all-edges-enforce': 'provisional',
    appeal: 'appealed',
    'measure-over': 'ended',
  },
  confirmed: {
    ...never,
    assess: 'confirmed',
    'propose-measure': 'confirmed',
    'proposal-gone': 'confirmed',
    'begin-provisional': 'confirmed',
    'provisional-lapsed': 'confirmed',
    'confirm-measure': 'confirmed',
    'all-edges-enforce': 'enforced',
    appeal: 'appealed',
    'measure-over': 'ended',
  },
  enforced: {
    ...never,
    assess: 'enforced',
    'propose-measure': 'enforced',
    'proposal-gone': 'enforced',
    'begin-provisional': 'enforced',
    'provisional-lapsed': 'enforced',
    'confirm-measure': 'confirmed',
    'all-edges-enforce': 'enforced',
    appeal: 'appealed',
    'measure-over': 'ended',
  },
  appealed: {
    ...never,
    assess: 'appealed',
    'propose-measure': 'appealed',
    'proposal-gone': 'appealed',
    'begin-provisional': 'appealed',
    'provisional-lapsed': 'appealed',
    'confirm-measure': 'appealed',
    'all-edges-enforce': 'appealed',
    appeal: 'appealed',
    'appeal-answered-in-force': 'confirmed',
    'appeal-answered-no-action': 'no-action',
    'appeal-answered-over': 'ended',
    'appeal-answered-again': 'assessing',
    'measure-over': 'appealed',
  },
  ended: {
    ...never,
    assess: 'assessing',
    'propose-measure': 'measure-proposed',
    'confirm-no-action': 'no-action',
    'begin-provisional': 'provisional',
    appeal: 'appealed',
    'reviews-done': 'reviewed',
    close: 'ended',
    reopen: 'assessing',
  },
  reviewed: {
    ...never,
    assess: 'assessing',
    // Appeals are open for six months, longer than the last review is away.
    appeal: 'appealed',
    'begin-provisional': 'provisional',
    'reviews-done': 'reviewed',
    close: 'reviewed',
    reopen: 'assessing',
  },
} as const satisfies Record<CaseState, Row>;

export type CaseStepped = { readonly ok: true; readonly state: CaseState } | { readonly ok: false; readonly why: string };

/** Where an act leads a case, or why it is not possible. */
export function stepCase(state: CaseState, act: CaseStep): CaseStepped {
  const row: Row = caseTable[state];
  const next = row[act];
  return next === null ? { ok: false, why: whyNot(state, act) } : { ok: true, state: next };
}

function whyNot(state: CaseState, act: CaseStep): string {
  const standing = sentences[state];
  if (act === 'close') return `${standing} Decide first: a decision not to act is a decision too.`;
  if (act === 'confirm-no-action') return `${standing} Withdraw or end that first.`;
  return `${standing} That is not possible now.`;
}

const sentences = {
  open: 'The case is open and nobody has graded it.',
  assessing: 'The case is being graded.',
  'no-action': 'It was decided not to act.',
  'measure-proposed': 'A measure is proposed.',
  provisional: 'A measure that ends by itself is in force.',
  confirmed: 'A measure is confirmed.',
  enforced: 'A measure is in force.',
  appealed: 'An appeal is open.',
  ended: 'The measure is over.',
  reviewed: 'The measure is over and reviewed.',
} as const satisfies Record<CaseState, string>;
