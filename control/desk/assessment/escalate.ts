/**
 * What follows from a grade that was just locked: the monitor looks, the emergency clock opens, people are woken, warnings become tasks.
 *
 * All in the transaction of the lock, so an alarm is as quick as the lock itself and neither exists without the other. Nothing here blocks anything.
 * The same danger alarms once: a finding that an earlier alarm of the same site held already is not told again, so an incident that was verified late
 * does not alarm anew.
 */
import { createHash } from 'node:crypto';
import { AlarmId, idPrefix } from '../../../contract/ids.ts';
import type { IncidentId, Instant } from '../../../contract/ids.ts';
import type { Grade } from '../../../contract/desk/words.ts';
import { gradeSteps } from '../../../core/desk/assessment.ts';
import { taskDueAt } from '../../../core/desk/clocks.ts';
import { Explanation, sentencesOf } from '../../../core/desk/escalation/explanation.ts';
import type { Finding, MonitoredIncident, MonitorScope } from '../../../core/desk/escalation/explanation.ts';
import { explanationText, monitor, parametersNow } from '../../../core/desk/escalation/monitor.ts';
import { isMoreUrgent, laneRank } from '../../../core/desk/lane.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addAudit } from '../../../store/audit.ts';
import { assessmentsOf } from '../../../store/desk/assessments.ts';
import type { AssessmentRecord } from '../../../store/desk/assessments.ts';
import { changeCase } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { insertEscalation, listEscalations } from '../../../store/desk/escalation.ts';
import { countingIncidents } from '../../../store/desk/incidents.ts';
import type { IncidentRecord } from '../../../store/desk/incidents.ts';
import { ensureTaskIn } from '../../../store/desk/tasks.ts';
import { raiseAlarm } from '../../../store/house.ts';
import type { Db } from '../../../store/open.ts';
import type { Work } from '../../../store/transact.ts';
import type { Outbox } from '../deps.ts';

/** Newest alarms that are looked through for what was told already. What an older one told may be told again. */
const mostAlarms = 50;

/** What the monitor judges for a case: its whole site, or the case alone when it has none. */
export function scopeOf(found: Pick<CaseRecord, 'case_id' | 'site_id'>): MonitorScope {
  return found.site_id === null ? { kind: 'case', caseId: found.case_id } : { kind: 'site', siteId: found.site_id };
}

/** The monitor's judgement at an instant. */
export async function judge(db: Db, scope: MonitorScope, at: Instant): Promise<Explanation> {
  const since = instantOf(msOf(at) - parametersNow.pastDays * 86_400_000);
  const rows = await countingIncidents(db, scope, since);
  const assessments = await assessmentsOf(
    db,
    rows.map((row) => row.incident_id),
  );
  const incidents = rows.flatMap((row): MonitoredIncident[] => {
    if (row.grade === null) return [];
    const settled = settling(assessments.filter((one) => one.incidentId === row.incident_id));
    const says = (found: (one: AssessmentRecord) => boolean) => settled.some(found);
    return [
      {
        incidentId: row.incident_id,
        eventAt: row.event_at,
        eventAtSource: row.event_at_source,
        grade: row.grade,
        targetId: row.target_id,
        timeOrPlace: says(({ axes }) => axes.timePlace.value !== 'unknown' && axes.timePlace.value !== 'none'),
        preparation: says(({ axes }) => axes.preparation.value === 'evidenced'),
        operatorRefused: says(({ axes }) => axes.operatorResponse.value === 'refused'),
        offlineAct: row.offline_act,
        independentKey: row.independent_key,
      },
    ];
  });
  return monitor({ at, scope, incidents, parameters: parametersNow });
}

/** The assessments that speak for an incident: the lead's when there is one, else all; what either of two saw counts. */
function settling(given: readonly AssessmentRecord[]): readonly AssessmentRecord[] {
  const lead = given.filter(({ seat }) => seat === 'lead');
  return lead.length > 0 ? lead : given;
}

export type Locked = {
  readonly found: CaseRecord;
  readonly incident: IncidentRecord;
  readonly grade: Grade;
  readonly at: Instant;
};

/** Lets the monitor look after a lock; on an alarm opens the emergency clock and wakes the people on call. Returns the case as it is then. */
export async function escalateIn(outbox: Outbox, unit: Work, locked: Locked): Promise<CaseRecord> {
  const { found, incident, grade, at } = locked;
  const scope = scopeOf(found);
  const explanation = await judge(unit.tx, scope, at);
  const told = (await listEscalations(unit.tx, scope, mostAlarms)).flatMap((record) => findingsOf(record.explanation));
  const isNew = explanation.findings.some((finding) => !told.some((earlier) => covers(earlier, finding)));
  if (explanation.alarm && isNew) return alarm(outbox, unit, found, incident.incident_id, explanation);
  // G3 and G4 have the clocks of the serious lane at least, even when nothing rises.
  if (gradeSteps('G3', grade) >= 0 && isMoreUrgent('serious', found.lane)) {
    return changeLane(unit, found, { lane: 'serious', lane_reason: `An incident was graded ${grade}.`, clock_since: at });
  }
  return found;
}

async function alarm(
  outbox: Outbox,
  unit: Work,
  found: CaseRecord,
  incidentId: IncidentId,
  explanation: Explanation,
): Promise<CaseRecord> {
  const { at } = explanation;
  const text = explanationText(explanation);
  const because = sentencesOf(explanation);
  const record = {
    alarmId: AlarmId.parse(randomId(idPrefix.alarm)),
    caseId: found.case_id,
    incidentId,
    at,
    explanation: text,
    sha256: createHash('sha256').update(text).digest('hex'),
  };
  await insertEscalation(unit.tx, record);
  const sentence = `Danger rises in case ${found.number}: ${because[0] ?? ''} Its emergency clock runs; nothing is blocked by itself.`;
  await raiseAlarm(unit, { kind: 'escalation', at, sentence, caseId: found.case_id });
  await addAudit(unit.tx, {
    at,
    who: null,
    act: 'case.escalate',
    subject: found.case_id,
    detail: { alarmId: record.alarmId, incidentId, sha256: record.sha256, rules: rulesOf(explanation) },
  });
  // More of the same on the same day wakes nobody again; another kind of danger does.
  const dedupe = `escalation ${found.case_id} ${at.slice(0, 10)} ${rulesOf(explanation).join(' ')}`;
  await outbox.wake(unit, { dedupe, sentence, caseId: found.case_id });
  const runs = found.lane === 'life-threat' && !hasStanding(found);
  return changeLane(unit, found, {
    lane: 'life-threat',
    lane_reason: because.join(' '),
    // A clock that runs already is not set back; where something was decided before, this needs eyes and a decision of its own.
    emergency_since: runs ? (found.emergency_since ?? at) : at,
  });
}

/** Whether a decision stands already, or stood: new danger then needs a new one. */
function hasStanding({ state }: CaseRecord): boolean {
  return state !== 'open' && state !== 'assessing' && state !== 'measure-proposed';
}

type LaneChange = Pick<CaseRecord, 'lane' | 'lane_reason'> & Partial<Pick<CaseRecord, 'emergency_since' | 'clock_since'>>;

async function changeLane(unit: Work, found: CaseRecord, change: LaneChange): Promise<CaseRecord> {
  const next = { ...found, ...change, lane_rank: laneRank[change.lane] };
  await changeCase(unit.tx, found.case_id, { ...change, lane_rank: next.lane_rank });
  return next;
}

/** Warnings that a grade asks for, as tasks that hold the case: targets and police from G3 on, law enforcement for G4. */
export async function ensureWarningsIn(unit: Work, { found, incident, grade, at }: Locked): Promise<void> {
  if (gradeSteps('G3', grade) < 0) return;
  const kinds = ['warn-target', 'warn-police', ...(grade === 'G4' ? (['law-enforcement-referral'] as const) : [])] as const;
  for (const kind of kinds) {
    const subject = kind === 'law-enforcement-referral' ? null : incident.targetLabel;
    const dueAt = taskDueAt(kind, found.lane, at);
    await ensureTaskIn(unit.tx, { caseId: found.case_id, kind, subject, dueAt, holds: true, at });
  }
}

function findingsOf(text: string): readonly Finding[] {
  const parsed = Explanation.safeParse(JSON.parse(text));
  // Of an older version of the rules: what it told does not silence this one.
  return parsed.success ? parsed.data.findings : [];
}

/** Whether an earlier finding told all of this one already. */
function covers(earlier: Finding, finding: Finding): boolean {
  return earlier.rule === finding.rule && finding.incidents.every((id) => earlier.incidents.includes(id));
}

function rulesOf({ findings }: Explanation): string[] {
  return [...new Set(findings.map(({ rule }) => rule))];
}
