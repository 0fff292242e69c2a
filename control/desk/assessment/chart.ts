/**
 * The chart with two lines: incidents by the time they happened, reports by their arrival, so that a burst of reports without incidents shows as such.
 *
 * Reports are null, and not even counted, until the case's grade is locked.
 */
import type { z } from 'zod';
import type { CaseId, Instant } from '../../../contract/ids.ts';
import type { Grade } from '../../../contract/desk/words.ts';
import type { EscalationAlarm, EscalationPoint, getEscalation } from '../../../contract/routes/desk/assessments.ts';
import { worseGrade } from '../../../core/desk/assessment.ts';
import { Explanation, sentencesOf } from '../../../core/desk/escalation/explanation.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { findCase } from '../../../store/desk/cases.ts';
import { listEscalations } from '../../../store/desk/escalation.ts';
import type { EscalationRecord } from '../../../store/desk/escalation.ts';
import { arrivalsOf, listIncidents } from '../../../store/desk/incidents.ts';
import { nowOf } from '../../deps.ts';
import type { ControlDeps } from '../../deps.ts';
import { notFound } from '../../http/failure.ts';
import { judge, scopeOf } from './escalate.ts';

/** Alarms that one answer holds. */
const mostAlarms = 50;

/** Days up to which the chart shows six hours in one step; beyond, a day. */
const fineDays = 14;

type Chart = z.input<typeof getEscalation.answer>;

/** Throws Failure `not-found`. */
export async function chartOf(deps: Pick<ControlDeps, 'store' | 'now'>, caseId: CaseId, days: number): Promise<Chart> {
  const { db } = deps.store;
  const found = await findCase(db, caseId);
  if (found === null) throw notFound('case');
  const at = nowOf(deps);
  const stepHours = days <= fineDays ? 6 : 24;
  const stepMs = stepHours * 3_600_000;
  // Steps begin at whole hours of UTC, so that two looks at the same day draw the same steps.
  const lastMs = Math.floor(msOf(at) / stepMs) * stepMs;
  const steps = (days * 24) / stepHours;
  const fromMs = lastMs - (steps - 1) * stepMs;

  const counted = new Map<number, { incidents: number; worst: Grade | null }>();
  for (const incident of await listIncidents(db, caseId)) {
    if (incident.retracted_at !== null) continue;
    const step = Math.floor((msOf(incident.event_at) - fromMs) / stepMs);
    const so = counted.get(step) ?? { incidents: 0, worst: null };
    counted.set(step, { incidents: so.incidents + 1, worst: worseGrade(so.worst, incident.grade) });
  }
  const arrivals = found.grade_locked_at === null ? null : await arrivalsByStep(db, caseId, instantOf(fromMs), stepHours);
  const points = Array.from({ length: steps }, (_, step): EscalationPoint => {
    const { incidents, worst } = counted.get(step) ?? { incidents: 0, worst: null };
    const reports = arrivals === null ? null : (arrivals.get(step) ?? 0);
    return { from: instantOf(fromMs + step * stepMs), incidents, worst, reports };
  });
  const alarms = await listEscalations(db, { kind: 'case', caseId }, mostAlarms);
  return { stepHours, points, changed: sentencesOf(await judge(db, scopeOf(found), at)), alarms: alarms.map(viewAlarm) };
}

async function arrivalsByStep(db: Parameters<typeof arrivalsOf>[0], caseId: CaseId, since: Instant, stepHours: number) {
  return new Map((await arrivalsOf(db, caseId, since, stepHours)).map(({ step, reports }) => [step, reports]));
}

function viewAlarm({ alarmId, incidentId, at, explanation, sha256 }: EscalationRecord): EscalationAlarm {
  const parsed = Explanation.safeParse(JSON.parse(explanation));
  return {
    alarmId,
    incidentId,
    at,
    because: parsed.success ? sentencesOf(parsed.data) : ['It was computed by an older version of the rules.'],
    explanation,
    sha256,
  };
}
