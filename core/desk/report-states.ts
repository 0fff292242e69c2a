/**
 * What may happen to a report, from its receipt to its answer.
 *
 * received → acknowledged → (more-asked) → linked → decided → answered → closed; `withdrawn` from any state in which it is not yet answered.
 * A report is closed by its own answer only: there is no act by which a cluster or a case closes its members. Fails closed.
 */
import type { ReportState } from '../../contract/desk/words.ts';

export const reportActs = [
  /** Its receipt was handed out. */
  'acknowledge',
  /** It was read into a case, or moved to another. */
  'link',
  'ask-more',
  /** The reporter wrote again. */
  'reporter-adds',
  /** The case that it belongs to was decided. */
  'decide',
  /** Its outcome was told to its reporter. */
  'answer',
  'close',
  'withdraw',
  /** The decision was appealed, or the case was taken up again. */
  'take-up-again',
] as const;
export type ReportStep = (typeof reportActs)[number];

type Row = Readonly<Record<ReportStep, ReportState | null>>;

const never: Row = {
  acknowledge: null,
  link: null,
  'ask-more': null,
  'reporter-adds': null,
  decide: null,
  answer: null,
  close: null,
  withdraw: null,
  'take-up-again': null,
};

/** From each state, where each act leads; null where it is not possible. */
export const reportTable = {
  received: { ...never, acknowledge: 'acknowledged', link: 'linked', 'reporter-adds': 'received', withdraw: 'withdrawn' },
  acknowledged: {
    ...never,
    link: 'linked',
    'ask-more': 'more-asked',
    'reporter-adds': 'acknowledged',
    decide: 'decided',
    answer: 'answered',
    withdraw: 'withdrawn',
  },
  'more-asked': {
    ...never,
    link: 'linked',
    'ask-more': 'more-asked',
    'reporter-adds': 'linked',
    decide: 'decided',
    answer: 'answered',
    withdraw: 'withdrawn',
  },
  linked: {
    ...never,
    link: 'linked',
    'ask-more': 'more-asked',
    'reporter-adds': 'linked',
    decide: 'decided',
    answer: 'answered',
    withdraw: 'withdrawn',
  },
  decided: {
    ...never,
    link: 'decided',
    'ask-more': 'decided',
    'reporter-adds': 'decided',
    decide: 'decided',
    answer: 'answered',
    withdraw: 'withdrawn',
    'take-up-again': 'linked',
  },
  answered: {
    ...never,
    link: 'linked',
    'ask-more': 'more-asked',
    'reporter-adds': 'answered',
    decide: 'answered',
    answer: 'answered',
    close: 'closed',
    'take-up-again': 'linked',
  },
  // New words from its reporter open it again: nothing that somebody tells is thrown away.
  closed: { ...never, link: 'linked', 'reporter-adds': 'answered', answer: 'closed', close: 'closed', 'take-up-again': 'linked' },
  // Its evidence stays: withdrawing takes the reporter out, not what they showed.
  withdrawn: { ...never, withdraw: 'withdrawn' },
} as const satisfies Record<ReportState, Row>;

export type ReportStepped = { readonly ok: true; readonly state: ReportState } | { readonly ok: false; readonly why: string };

/** Where an act leads a report, or why it is not possible. */
export function stepReport(state: ReportState, act: ReportStep): ReportStepped {
  const row: Row = reportTable[state];
  const next = row[act];
  return next === null ? { ok: false, why: `${sentences[state]} That is not possible now.` } : { ok: true, state: next };
}

const sentences = {
  received: 'The report has just come in.',
  acknowledged: 'The report waits to be read.',
  'more-asked': 'The report waits for an answer of its reporter.',
  linked: 'The report is being worked on.',
  decided: 'The report’s case is decided.',
  answered: 'The report is answered.',
  closed: 'The report is closed.',
  withdrawn: 'The report was withdrawn by its reporter.',
} as const satisfies Record<ReportState, string>;
