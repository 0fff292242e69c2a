/**
 * Which case a claim goes on in when reports of several turn out to say the same: the one in which it is looked at soonest.
 *
 * Open before closed, then the more urgent lane, then where the question is still open, then the older. A total order, so neither the order of arrival of
 * what joined them nor how many reports each has plays a part; otherwise an early case in a calm lane, opened on purpose, would take in a later threat.
 */
import type { CaseState, Lane } from '../../contract/desk/words.ts';
import { laneRank } from './lane.ts';

export type CaseOfClaim = {
  readonly isClosed: boolean;
  readonly lane: Lane;
  readonly state: CaseState;
  /** Place in the order in which cases were opened; no two have the same. */
  readonly order: number;
};

/** Undecided cases before those with a measure, those before what is over. */
const stateRank: Readonly<Record<CaseState, number>> = {
  open: 0,
  assessing: 0,
  'measure-proposed': 1,
  provisional: 1,
  confirmed: 2,
  enforced: 2,
  appealed: 2,
  'no-action': 3,
  ended: 3,
  reviewed: 3,
};

/** Below zero when a claim goes on in `one`, above when in `other`. */
export function compareForClaim(one: CaseOfClaim, other: CaseOfClaim): number {
  return (
    Number(one.isClosed) - Number(other.isClosed) ||
    laneRank[one.lane] - laneRank[other.lane] ||
    stateRank[one.state] - stateRank[other.state] ||
    one.order - other.order
  );
}
