/**
 * The desk's clocks: what is due when in each lane, from the facts of a case. The one table of timings.
 *
 * Pure: instants in, instants out; UTC throughout, so no clock is moved by daylight saving. A business day is Monday to Friday in UTC; holidays are
 * not known here, so a routine clock may fall on one. Nothing here depends on how many reports there are.
 * After: desk.md 5.5 (targets of the design: the Digital Services Act's "without undue delay", 72 hours provisional, 7/30/90 days of review).
 */
import type { z } from 'zod';
import type { Lane, TaskKind } from '../../contract/desk/words.ts';
import type { Instant } from '../../contract/ids.ts';
import type { Clock as ClockSchema } from '../../contract/routes/desk/cases.ts';
import { instantOf, msOf } from '../instant.ts';

export type Clock = z.infer<typeof ClockSchema>;
export type ClockName = Clock['what'];

/** A length of time: hours by the clock, or business days (Monday to Friday, UTC). */
export type Span = { readonly hours: number } | { readonly businessDays: number };

const minutes = (count: number): Span => ({ hours: count / 60 });
const hours = (count: number): Span => ({ hours: count });
const days = (count: number): Span => ({ hours: count * 24 });

export type LaneTimings = {
  readonly capture: Span;
  readonly eyes: Span;
  /** Grade, with a second one where it needs one. */
  readonly grade: Span | null;
  readonly decision: Span;
  /** Warning a target and the police, from the moment in which it is known to be needed. */
  readonly warning: Span;
  readonly referral: Span;
  /** From the confirmation of a measure. */
  readonly ownerNotice: Span;
  readonly statement: Span | null;
  readonly appeal: Span;
};

export const timings = {
  'life-threat': {
    capture: minutes(1),
    eyes: minutes(15),
    grade: minutes(45),
    decision: hours(1),
    warning: hours(1),
    referral: hours(1),
    ownerNotice: hours(0),
    statement: hours(24),
    appeal: hours(72),
  },
  serious: {
    capture: minutes(15),
    eyes: hours(4),
    grade: hours(24),
    decision: hours(48),
    warning: hours(24),
    referral: hours(24),
    ownerNotice: hours(0),
    statement: days(7),
    appeal: days(7),
  },
  routine: {
    capture: hours(1),
    eyes: { businessDays: 1 },
    grade: null,
    decision: { businessDays: 5 },
    warning: hours(24),
    referral: hours(24),
    ownerNotice: hours(0),
    statement: null,
    appeal: days(14),
  },
} as const satisfies Record<Lane, LaneTimings>;

/** The window in which the escalation monitor looks, and the longest that a provisional measure stands without a second panel. */
export const escalationWindowHours = 48;
export const provisionalHours = 72;
/** A provisional measure on a reporter's own copy (A1) only. */
export const provisionalOnCopyHours = 24;

/** How long after a measure an appeal may be made: six months of 31 days, so that no month is cut short. */
export const appealOpenDays = 186;

/** An instant and a span later. Business days keep the time of day and skip Saturdays and Sundays (UTC); a span begun on one starts on Monday 00:00. */
export function later(from: Instant, span: Span): Instant {
  const fromMs = msOf(from);
  if ('hours' in span) return instantOf(fromMs + Math.round(span.hours * 3_600_000));
  let atMs = fromMs;
  if (isWeekend(atMs)) {
    const midnight = Math.floor(atMs / dayMs) * dayMs;
    atMs = midnight;
    while (isWeekend(atMs)) atMs += dayMs;
  }
  for (let left = span.businessDays; left > 0; left -= 1) {
    atMs += dayMs;
    while (isWeekend(atMs)) atMs += dayMs;
  }
  return instantOf(atMs);
}

const dayMs = 86_400_000;

function isWeekend(ms: number): boolean {
  const day = new Date(ms).getUTCDay();
  return day === 0 || day === 6;
}

/** When a task of a kind is due that was found to be needed at an instant; null for what has no clock of its own. */
export function taskDueAt(kind: TaskKind, lane: Lane, at: Instant): Instant | null {
  switch (kind) {
    case 'warn-target':
    case 'warn-police':
      return later(at, timings[lane].warning);
    case 'law-enforcement-referral':
    case 'hotline-referral':
      return later(at, timings[lane].referral);
    case 'answer-reporters':
      return later(at, lane === 'routine' ? { businessDays: 5 } : hours(24));
    case 'second-panel':
      return later(at, hours(provisionalHours));
    case 'review-7':
      return later(at, days(7));
    case 'review-30':
      return later(at, days(30));
    case 'review-90':
      return later(at, days(90));
    case 'recheck':
      return null;
    default:
      return kind satisfies never;
  }
}

/** A thing with a clock of its own that began, and perhaps was done. */
export type Begun = { readonly at: Instant; readonly doneAt: Instant | null };

/** A warning or a referral; `about` says whom it concerns and names nobody. */
export type ClockedTask = Begun & { readonly kind: Extract<TaskKind, ClockName>; readonly about: string | null };

/** What the clocks are computed from. Nothing here counts reports. */
export type ClockFacts = {
  readonly lane: Lane;
  /** When the lane's clocks began: the case's opening, or the emergency's. */
  readonly since: Instant;
  /** The oldest capture that was asked for and is not finished; null when none waits. */
  readonly captureWaitingSince: Instant | null;
  readonly firstEyesAt: Instant | null;
  readonly gradeLockedAt: Instant | null;
  /** The first decision that was confirmed or stands alone, and the first that was confirmed not to act. */
  readonly decidedAt: Instant | null;
  /** When a measure was confirmed; null when none was. */
  readonly measureAt: Instant | null;
  readonly ownerToldAt: Instant | null;
  /** The owner is told later, with a reason on record: no clock for it. */
  readonly ownerNoticeDelayed: boolean;
  readonly statementAt: Instant | null;
  /** Tasks that warn somebody or refer something: each has a clock. */
  readonly tasks: readonly ClockedTask[];
  /** When a provisional measure in force ends; null when none is in force. */
  readonly provisionalEndsAt: Instant | null;
  readonly appeals: readonly Begun[];
  readonly closedAt: Instant | null;
};

/** The clocks of a case, met ones included, in the order in which they are due. */
export function clocksOf(facts: ClockFacts): Clock[] {
  const lane: LaneTimings = timings[facts.lane];
  const found: Clock[] = [];
  const add = (what: ClockName, dueAt: Instant, metAt: Instant | null, about: string | null = null) =>
    void found.push({ what, ...(about === null ? {} : { about }), dueAt, metAt });

  if (facts.captureWaitingSince !== null) add('capture', later(facts.captureWaitingSince, lane.capture), null);
  // A decision settles what comes before it: whoever decided has looked and graded, or broke the glass and said why.
  add('eyes', later(facts.since, lane.eyes), facts.firstEyesAt ?? facts.gradeLockedAt ?? facts.decidedAt);
  if (lane.grade !== null) add('grade', later(facts.since, lane.grade), facts.gradeLockedAt);
  add('decision', later(facts.since, lane.decision), facts.decidedAt);
  for (const { kind, about, at, doneAt } of facts.tasks) {
    const isWarning = kind === 'warn-target' || kind === 'warn-police';
    add(kind, later(at, isWarning ? lane.warning : lane.referral), doneAt, about);
  }
  if (facts.measureAt !== null && !facts.ownerNoticeDelayed) {
    add('owner-notice', later(facts.measureAt, lane.ownerNotice), facts.ownerToldAt);
  }
  if (facts.measureAt !== null && lane.statement !== null) {
    add('statement', later(facts.measureAt, lane.statement), facts.statementAt);
  }
  if (facts.provisionalEndsAt !== null) add('provisional-end', facts.provisionalEndsAt, null);
  for (const appeal of facts.appeals) add('appeal', later(appeal.at, lane.appeal), appeal.doneAt);
  return found.sort((one, other) => msOf(one.dueAt) - msOf(other.dueAt));
}

/** The next thing due, overdue ones included; null when nothing is, or the case is closed. */
export function nextDue(clocks: readonly Clock[], closedAt: Instant | null = null): { at: Instant; what: ClockName } | null {
  if (closedAt !== null) return null;
  let next: Clock | null = null;
  for (const clock of clocks) {
    if (clock.metAt === null && (next === null || msOf(clock.dueAt) < msOf(next.dueAt))) next = clock;
  }
  return next === null ? null : { at: next.dueAt, what: next.what };
}
