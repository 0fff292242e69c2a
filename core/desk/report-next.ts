/**
 * What happens next with a report and by when, as its reporter is told. Pure, and blind to how many others reported.
 *
 * Times follow from the report's own lane and its own arrival (core/desk/clocks.ts), never from the queue: what a reporter reads must not
 * tell how much else arrived. A time that has passed is shown as passed, not moved.
 */
import { laneOfClass } from '../../contract/desk/words.ts';
import type { Lane, ReportClass, ReportState } from '../../contract/desk/words.ts';
import type { Instant } from '../../contract/ids.ts';
import { later, timings } from './clocks.ts';

/**
 * `read`: somebody reads it · `your-turn`: the desk asked, its reporter answers · `decide`: it is looked into and decided ·
 * `answer`: it is decided and will be answered · `done`: it is answered · `withdrawn`.
 */
export type NextStep = 'read' | 'your-turn' | 'decide' | 'answer' | 'done' | 'withdrawn';

const stepOf = {
  received: 'read',
  acknowledged: 'read',
  'more-asked': 'your-turn',
  linked: 'decide',
  decided: 'answer',
  answered: 'done',
  closed: 'done',
  withdrawn: 'withdrawn',
} as const satisfies Record<ReportState, NextStep>;

function laneOfReport(report: { readonly class: ReportClass; readonly fastLane: boolean }): Lane {
  return report.fastLane ? 'life-threat' : laneOfClass[report.class];
}

export function nextForReport(report: {
  readonly state: ReportState;
  readonly class: ReportClass;
  readonly fastLane: boolean;
  readonly receivedAt: Instant;
}): { readonly step: NextStep; readonly at: Instant | null } {
  const step = stepOf[report.state];
  const clocks = timings[laneOfReport(report)];
  if (step === 'read') return { step, at: later(report.receivedAt, clocks.eyes) };
  if (step === 'decide') return { step, at: later(report.receivedAt, clocks.decision) };
  return { step, at: null };
}
