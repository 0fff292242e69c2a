/**
 * Incidents and their grades: recording, grading blind, settling, locking, retracting. Each act is one transaction with its audit line.
 *
 * A case's grade is locked when every incident of it that stands is locked; from then on its volume may be seen, and it stays so. Who grades a later
 * incident may have seen it, and the assessment says so. Audit lines of a grade hold no grade before the lock: whoever reads the trail may be the second.
 * Locks: the site's judgement (an advisory lock), then the case's row, then what is below it.
 */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { AssessmentId, IncidentId, idPrefix } from '../../../contract/ids.ts';
import type { CaseId, Instant } from '../../../contract/ids.ts';
import type { Grade } from '../../../contract/desk/words.ts';
import type * as contract from '../../../contract/routes/desk/assessments.ts';
import { assessmentMistakes, creditedFacts, gradeRules, questions, suggestGrade } from '../../../core/desk/assessment.ts';
import { gradingOf, takeSeat } from '../../../core/desk/grading.ts';
import type { Mistake } from '../../../core/desk/ladder.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addAudit } from '../../../store/audit.ts';
import { addNoteIn } from '../../../store/desk/case-file.ts';
import { assessmentsOf, insertAssessment } from '../../../store/desk/assessments.ts';
import type { AssessmentRecord } from '../../../store/desk/assessments.ts';
import { changeCase, findCase, lockCase, touchDue } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { clockSince } from '../../../store/desk/clocks.ts';
import {
  caseOfIncident,
  evidenceFacts,
  findIncident,
  insertIncident,
  judgeAloneIn,
  listIncidents,
  lockGradeIn,
  retractIn,
} from '../../../store/desk/incidents.ts';
import type { IncidentRecord } from '../../../store/desk/incidents.ts';
import { findTarget } from '../../../store/desk/targets.ts';
import type { Db } from '../../../store/open.ts';
import { transact } from '../../../store/transact.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { moveCase } from '../decisions/case-step.ts';
import type { DeskDeps } from '../deps.ts';
import { settleCaseGradeIn } from './case-grade.ts';
import { ensureWarningsIn, escalateIn } from './escalate.ts';

export type AssessmentDeps = Pick<DeskDeps, 'store' | 'now' | 'outbox'>;

type IncidentBody = z.output<typeof contract.addIncident.body>;
type AssessBody = z.output<typeof contract.assess.body>;
type Draft = z.output<typeof contract.AssessmentDraft>;

/** Records an act that the caller has verified. Throws Failure `not-found`, `wrong-state`, `bad-request`. */
export function addIncident(deps: AssessmentDeps, caller: Caller, caseId: CaseId, body: IncidentBody): Promise<IncidentId> {
  return transact(deps.store, async (unit) => {
    const found = await workableCase(unit, caseId);
    const at = nowOf(deps);
    const ids = [...new Set(body.evidence)];
    const evidence = await evidenceFacts(unit.tx, caseId, ids);
    const [oldest] = evidence;
    if (oldest === undefined || evidence.length < ids.length) {
      throw badRequest([{ path: 'evidence', message: 'holds something that is not evidence of this case' }]);
    }
    const targetId = body.targetId ?? null;
    if (targetId !== null && (await findTarget(unit.tx, caseId, targetId)) === null) {
      throw badRequest([{ path: 'targetId', message: 'is not a target of this case' }]);
    }
    const firstSeenAt = earliest(evidence.map((one) => one.firstSeenAt)) ?? at;
    // What the evidence says of its own time comes before when we first saw it, unless it says that it had not happened by then.
    const said = earliest(evidence.flatMap((one) => (one.eventAt === null || one.eventAt > firstSeenAt ? [] : [one.eventAt])));
    const eventAt = body.eventAt ?? said ?? firstSeenAt;
    if (eventAt > at) throw badRequest([{ path: 'eventAt', message: 'is in the future: record what has happened' }]);
    const incidentId = IncidentId.parse(randomId(idPrefix.incident));
    await insertIncident(unit.tx, {
      incident_id: incidentId,
      case_id: caseId,
      site_id: found.site_id,
      event_at: eventAt,
      event_at_source: body.eventAt === undefined && said === null ? 'first-seen' : 'stated',
      first_seen_at: firstSeenAt,
      target_id: targetId,
      title: body.title,
      offline_act: body.offlineAct,
      independent_key: artefactKey(oldest.artefact),
      evidence: evidence.map((one) => one.evidenceId),
      verifiedBy: { personId: caller.personId, name: caller.name },
      verifiedAt: at,
    });
    const looked = await lookedAt(unit, found, at);
    await moveCase(unit, looked, 'assess', at);
    await finish(unit, caller, caseId, at, 'incident.add', incidentId, { eventAt, offlineAct: body.offlineAct });
    return incidentId;
  });
}

/** What the rules suggest. Keeps nothing. Throws Failure `not-found`. */
export async function suggest(deps: AssessmentDeps, incidentId: IncidentId, draft: Draft) {
  const { db } = deps.store;
  const caseId = await caseOfIncident(db, incidentId);
  if (caseId === null) throw notFound('incident');
  const facts = creditedFacts(draft.axes);
  const { grade, because } = suggestGrade(facts);
  return {
    suggested: grade,
    rules: gradeRules,
    because: [...because, ...questions(facts, draft.indicators)],
    mistakes: await draftMistakes(db, caseId, draft),
  };
}

/** Grades an incident. Throws Failure: see the route's errors. */
export function assess(deps: AssessmentDeps, caller: Caller, incidentId: IncidentId, body: AssessBody): Promise<void> {
  return transact(deps.store, async (unit) => {
    const { found, incident } = await lockIncident(unit, incidentId);
    const at = nowOf(deps);
    if (incident.retracted_at !== null) throw wrongState('This incident was retracted.');
    const given = await assessmentsOf(unit.tx, [incidentId]);
    const seated = takeSeat(given, { by: caller.personId, seat: body.seat, isLead: caller.scopes.has('desk:lead') });
    if (!seated.ok) throw new Failure(seated.code, `${seated.why} Nothing was changed.`);
    const { grade: suggested } = suggestGrade(creditedFacts(body.axes));
    const mistakes = await draftMistakes(unit.tx, found.case_id, body);
    if (body.assigned !== suggested && body.differsReason === undefined) {
      mistakes.push({ path: 'differsReason', message: `the rules suggest ${suggested}: say why it is ${body.assigned}` });
    }
    if (mistakes.length > 0) {
      const told = mistakes.slice(0, 3).map(({ path, message }) => `${path}: ${message}`);
      throw new Failure('assessment-incomplete', `${told.join('; ')}. Nothing was kept.`, { fields: mistakes });
    }
    const assessment: AssessmentRecord = {
      assessmentId: AssessmentId.parse(randomId(idPrefix.assessment)),
      incidentId,
      seat: seated.seat,
      axes: body.axes,
      indicators: body.indicators,
      suggested,
      rules: gradeRules,
      assigned: body.assigned,
      differsReason: body.assigned === suggested ? null : (body.differsReason ?? null),
      assessor: { personId: caller.personId, name: caller.name },
      assessorId: caller.personId,
      volumeOpen: found.grade_locked_at !== null,
      at,
    };
    await insertAssessment(unit.tx, found.case_id, assessment);
    const looked = await moveCase(unit, await lookedAt(unit, found, at), 'assess', at);
    await audit(unit, caller, at, 'incident.assess', incidentId, { caseId: found.case_id, rules: gradeRules });
    const all = [...given, assessment];
    const grading = gradingOf(all);
    if (grading.state === 'locked') {
      await lockIn(deps, unit, looked, incident, grading.grade, at);
      const grades = all.map(({ seat, assigned, suggested: was }) => ({ seat, assigned, suggested: was }));
      await audit(unit, caller, at, 'incident.lock', incidentId, { caseId: found.case_id, grade: grading.grade, grades });
    }
    await tell(unit, found.case_id);
  });
}

/** Takes an incident back. Throws Failure `not-found`, `wrong-state`. */
export function retractIncident(deps: AssessmentDeps, caller: Caller, incidentId: IncidentId, why: string): Promise<void> {
  return transact(deps.store, async (unit) => {
    const { found, incident } = await lockIncident(unit, incidentId);
    const at = nowOf(deps);
    if (incident.retracted_at !== null) throw wrongState('This incident was retracted before.');
    await retractIn(unit.tx, incidentId, why, at);
    await settleCaseGradeIn(unit, found, at);
    await finish(unit, caller, found.case_id, at, 'incident.retract', incidentId, { grade: incident.grade });
  });
}

/** Locks the grade of a case without incidents as G0. Throws Failure `not-found`, `wrong-state`, `not-allowed`. */
export function lockNoThreat(
  deps: AssessmentDeps,
  caller: Caller,
  caseId: CaseId,
  reason: string,
): Promise<{ grade: Grade; gradeLockedAt: Instant }> {
  return transact(deps.store, async (unit) => {
    const found = await workableCase(unit, caseId);
    const at = nowOf(deps);
    if (found.grade_locked_at !== null) throw wrongState('The grade of this case is locked.');
    if ((await listIncidents(unit.tx, caseId)).some((incident) => incident.retracted_at === null)) {
      throw wrongState('This case has an incident: grade that, or retract it.');
    }
    // One person alone opens the volume this way, so where somebody may be in danger it is one who leads.
    if (found.lane !== 'routine' && !caller.scopes.has('desk:lead')) {
      throw new Failure('not-allowed', 'Outside the routine lane only a lead says that there is no threat. Nothing was changed.');
    }
    await changeCase(unit.tx, caseId, { grade: 'G0', grade_locked_at: at });
    const who = { personId: caller.personId, name: caller.name };
    await addNoteIn(unit.tx, { caseId, at, who, text: `No present indication of a threat: ${reason}` });
    await moveCase(unit, await lookedAt(unit, found, at), 'assess', at);
    await finish(unit, caller, caseId, at, 'case.no-threat', caseId, { grade: 'G0' });
    return { grade: 'G0', gradeLockedAt: at };
  });
}

/** Locks an incident's grade with all that follows from it. */
async function lockIn(
  deps: AssessmentDeps,
  unit: Work,
  found: CaseRecord,
  incident: IncidentRecord,
  grade: Grade,
  at: Instant,
): Promise<void> {
  await lockGradeIn(unit.tx, incident.incident_id, grade, at);
  const settled = await settleCaseGradeIn(unit, found, at);
  const escalated = await escalateIn(deps.outbox, unit, { found: settled, incident, grade, at });
  await ensureWarningsIn(unit, { found: escalated, incident, grade, at });
}

/** What tells an artefact again without telling what it is: an address may name somebody, and the monitor's explanation is shown as it is. */
function artefactKey(artefact: string): string {
  if (/^(sha256|url-sha256|file):/.test(artefact)) return artefact;
  return `sha256:${createHash('sha256').update(artefact).digest('hex')}`;
}

async function draftMistakes(db: Db, caseId: CaseId, { axes, indicators }: Draft): Promise<Mistake[]> {
  const named = [...Object.values(axes), ...indicators].flatMap(({ evidence }) => evidence);
  const facts = await evidenceFacts(db, caseId, [...new Set(named)]);
  const levels = new Map(facts.map(({ evidenceId, level }) => [evidenceId, level]));
  return assessmentMistakes({ axes, indicators, levels });
}

/** Locks the judgement of the case's site, then the case. Throws Failure when there is none or it takes nothing new. */
async function workableCase(unit: Work, caseId: CaseId): Promise<CaseRecord> {
  const before = await findCase(unit.tx, caseId);
  if (before === null) throw notFound('case');
  await judgeAloneIn(unit.tx, { siteId: before.site_id, caseId });
  const found = await lockCase(unit.tx, caseId);
  if (found === null) throw notFound('case');
  if (found.site_id !== before.site_id)
    throw new Failure('conflict', 'The case was just moved to another site. Try again. Nothing was changed.');
  if (found.merged_into !== null) throw wrongState('This case was merged into another: go on there.');
  if (found.closed_at !== null) throw wrongState('This case is closed: open it again first.');
  return found;
}

async function lockIncident(unit: Work, incidentId: IncidentId): Promise<{ found: CaseRecord; incident: IncidentRecord }> {
  const caseId = await caseOfIncident(unit.tx, incidentId);
  if (caseId === null) throw notFound('incident');
  const found = await workableCase(unit, caseId);
  const incident = await findIncident(unit.tx, incidentId);
  if (incident === null || incident.case_id !== caseId) throw notFound('incident');
  return { found, incident };
}

/** Somebody has looked at the case: its first eyes, when nobody had since its clocks began. */
async function lookedAt(unit: Work, found: CaseRecord, at: Instant): Promise<CaseRecord> {
  if (found.first_eyes_at !== null && found.first_eyes_at >= clockSince(found)) return found;
  await changeCase(unit.tx, found.case_id, { first_eyes_at: at });
  return { ...found, first_eyes_at: at };
}

type AuditDetail = Parameters<typeof addAudit>[1]['detail'];

async function finish(
  unit: Work,
  caller: Caller,
  caseId: CaseId,
  at: Instant,
  act: string,
  subject: string,
  detail: AuditDetail,
): Promise<void> {
  await audit(unit, caller, at, act, subject, { caseId, ...detail });
  await tell(unit, caseId);
}

/** The last step of every act: what is due next, and that something changed. */
async function tell(unit: Work, caseId: CaseId): Promise<void> {
  await touchDue(unit.tx, caseId);
  unit.tellAfter({ kind: 'case', caseId });
}

function audit(unit: Work, caller: Caller, at: Instant, act: string, subject: string, detail: AuditDetail): Promise<void> {
  return addAudit(unit.tx, { at, who: { personId: caller.personId, name: caller.name }, act, subject, detail });
}

function earliest(instants: readonly Instant[]): Instant | null {
  return instants.reduce<Instant | null>((so, one) => (so === null || one < so ? one : so), null);
}

function wrongState(why: string): Failure {
  return new Failure('wrong-state', `${why} Nothing was changed.`);
}

function badRequest(fields: readonly Mistake[]): Failure {
  const told = fields.map(({ path, message }) => `${path}: ${message}`).join('; ');
  return new Failure('bad-request', `${told}. Nothing was changed.`, { fields });
}
