/**
 * Incidents, assessments and the escalation monitor.
 *
 * An incident is one verified act at its own time. Two people grade it without seeing each other's work from G3 on; until the grade is
 * locked nobody is told how many reported. The monitor's explanation replays byte for byte (core/desk/escalation).
 */
import { z } from 'zod';
import { AlarmId, CaseId, EvidenceId, IncidentId, Instant, TargetId } from '../../ids.ts';
import { Axes, Incident, Seat, TickedIndicator } from '../../desk/shapes.ts';
import { Grade } from '../../desk/words.ts';
import { Nothing } from '../common.ts';
import { route } from '../route.ts';

const ByIncident = z.strictObject({ incidentId: IncidentId });

export const addIncident = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/incidents',
  summary: 'Records one act that was verified, at the time when it happened.',
  needs: 'desk:work',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: z.strictObject({
    title: z.string().trim().min(3).max(200),
    /** Left out: the time at which the evidence was first seen. */
    eventAt: Instant.optional(),
    targetId: TargetId.optional(),
    offlineAct: z.boolean().default(false),
    evidence: z.array(EvidenceId).min(1).max(50),
  }),
  answer: Incident,
  status: 201,
  errors: ['not-found', 'wrong-state'],
});

export const retractIncident = route({
  method: 'POST',
  path: '/api/v1/desk/incidents/{incidentId}/retract',
  summary: 'Takes an incident back that turned out not to have happened so. It stays on record and counts for nothing.',
  needs: 'desk:lead',
  params: ByIncident,
  query: Nothing,
  body: z.strictObject({ why: z.string().trim().min(10).max(2000) }),
  answer: Incident,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const AssessmentDraft = z.strictObject({ axes: Axes, indicators: z.array(TickedIndicator).max(20).default([]) });
export type AssessmentDraft = z.input<typeof AssessmentDraft>;

export const suggestGrade = route({
  method: 'POST',
  path: '/api/v1/desk/incidents/{incidentId}/suggestion',
  summary: 'What the rules suggest for these axes. Keeps nothing.',
  needs: 'desk:assess',
  params: ByIncident,
  query: Nothing,
  body: AssessmentDraft,
  answer: z.strictObject({
    suggested: Grade,
    rules: z.string(),
    /** Why, rule by rule. */
    because: z.array(z.string()),
    mistakes: z.array(z.strictObject({ path: z.string(), message: z.string() })),
  }),
  status: 200,
  errors: ['not-found'],
});

export const assess = route({
  method: 'POST',
  path: '/api/v1/desk/incidents/{incidentId}/assessments',
  summary:
    'Grades an incident. A grade other than the suggested one needs a reason. `first` and `second` are one seat to whoever sits down: the server knows which it is.',
  needs: 'desk:assess',
  params: ByIncident,
  query: Nothing,
  body: AssessmentDraft.extend({ seat: Seat, assigned: Grade, differsReason: z.string().trim().min(10).max(2000).optional() }),
  answer: Incident,
  status: 201,
  errors: ['not-found', 'wrong-state', 'same-person', 'assessment-incomplete'],
});

export const lockNoThreat = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/no-threat',
  summary:
    'Locks the grade of a case in which there is no incident: no present indication of a threat. Outside the routine lane a lead does it.',
  needs: 'desk:assess',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: z.strictObject({ reason: z.string().trim().min(10).max(2000) }),
  answer: z.strictObject({ grade: Grade, gradeLockedAt: Instant }),
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

/** One point of the chart: incidents by event time against reports by arrival. Reports are null until the grade is locked. */
export const EscalationPoint = z.strictObject({
  from: Instant,
  incidents: z.int().min(0),
  worst: Grade.nullable(),
  reports: z.int().min(0).nullable(),
});
export type EscalationPoint = z.infer<typeof EscalationPoint>;

export const EscalationAlarm = z.strictObject({
  alarmId: AlarmId,
  incidentId: IncidentId,
  at: Instant,
  /** What changed, in sentences. */
  because: z.array(z.string()),
  /** Canonical JSON: everything that the alarm was computed from. */
  explanation: z.string(),
  sha256: z.string(),
});
export type EscalationAlarm = z.infer<typeof EscalationAlarm>;

export const getEscalation = route({
  method: 'GET',
  path: '/api/v1/desk/cases/{caseId}/escalation',
  summary: 'The chart with two lines, the last 48 hours in sentences, and the alarms with their explanations.',
  needs: 'desk:read',
  params: z.strictObject({ caseId: CaseId }),
  query: z.strictObject({ days: z.coerce.number().int().min(2).max(400).default(90) }),
  body: Nothing,
  answer: z.strictObject({
    stepHours: z.int(),
    points: z.array(EscalationPoint),
    changed: z.array(z.string()),
    alarms: z.array(EscalationAlarm),
  }),
  status: 200,
  errors: ['not-found'],
});
