/**
 * Shapes that several desk routes share: an assessment's axes, an incident, an evidence item, the explanation of an alarm.
 *
 * Nothing here names a reporter or a target: people are labels ("Target A", "Reporter 2"), identities stay sealed (desk.md, truth 3).
 */
import { z } from 'zod';
import { AssessmentId, CaptureId, CustodyId, EvidenceId, Instant, IncidentId, TargetId } from '../ids.ts';
import { PersonRef } from '../routes/common.ts';
import { AxisName, axisValues, CaptureState, EvidenceKind, EvidenceLevel, Grade, Indicator } from './words.ts';

/** One axis: what was found, why, and on which evidence. Without evidence nothing above `claimed` (core/desk/assessment.ts holds it). */
function axis<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.strictObject({
    value: z.enum(['unknown', ...values]),
    reason: z.string().trim().max(2000),
    evidence: z.array(EvidenceId).max(50),
  });
}

export const Axes = z.strictObject({
  target: axis(axisValues.target),
  intent: axis(axisValues.intent),
  means: axis(axisValues.means),
  timePlace: axis(axisValues.timePlace),
  preparation: axis(axisValues.preparation),
  authenticity: axis(axisValues.authenticity),
  corroboration: axis(axisValues.corroboration),
  nexus: axis(axisValues.nexus),
  operatorResponse: axis(axisValues.operatorResponse),
  ongoing: axis(axisValues.ongoing),
}) satisfies z.ZodType<Record<AxisName, unknown>>;
export type Axes = z.infer<typeof Axes>;

export const TickedIndicator = z.strictObject({ indicator: Indicator, evidence: z.array(EvidenceId).min(1).max(50) });
export type TickedIndicator = z.infer<typeof TickedIndicator>;

/** `first` and `second` grade without seeing each other; `lead` settles when they differ. */
export const Seat = z.enum(['first', 'second', 'lead']);
export type Seat = z.infer<typeof Seat>;

export const Assessment = z.strictObject({
  assessmentId: AssessmentId,
  incidentId: IncidentId,
  seat: Seat,
  axes: Axes,
  indicators: z.array(TickedIndicator),
  suggested: Grade,
  /** Version of the rules that suggested it. */
  rules: z.string(),
  assigned: Grade,
  differsReason: z.string().nullable(),
  assessor: PersonRef,
  /** Graded when the case's volume could be seen already, because its grade had been locked before. */
  volumeOpen: z.boolean().optional(),
  at: Instant,
});
export type Assessment = z.infer<typeof Assessment>;

/**
 * Where the grading of an incident stands, for the one who asks: whoever may still be the second assessor reads `none`, whether or not somebody
 * graded it before, because “a second one is needed” would tell what the first one found.
 */
export const GradingState = z.enum(['none', 'second-needed', 'lead-needed', 'locked']);
export type GradingState = z.infer<typeof GradingState>;

export const Incident = z.strictObject({
  incidentId: IncidentId,
  title: z.string(),
  /** When it happened, never when it was reported. */
  eventAt: Instant,
  eventAtSource: z.enum(['stated', 'first-seen']),
  firstSeenAt: Instant,
  target: z.strictObject({ targetId: TargetId, label: z.string() }).nullable(),
  offlineAct: z.boolean(),
  evidence: z.array(EvidenceId),
  verifiedBy: PersonRef.nullable(),
  verifiedAt: Instant.nullable(),
  retractedAt: Instant.nullable(),
  retractedWhy: z.string().nullable(),
  grading: GradingState,
  /** Null until it is locked. */
  grade: Grade.nullable(),
  /** Those that the caller may see: before the lock, only their own. */
  assessments: z.array(Assessment),
});
export type Incident = z.infer<typeof Incident>;

export const Capture = z.strictObject({
  captureId: CaptureId,
  state: CaptureState,
  askedAt: Instant,
  dueAt: Instant,
  finishedAt: Instant.nullable(),
  /** What was found, in a sentence. */
  finding: z.string().nullable(),
  httpStatus: z.int().nullable(),
  waczSha256: z.string().nullable(),
  timestampedAt: Instant.nullable(),
  hasScreenshot: z.boolean(),
});
export type Capture = z.infer<typeof Capture>;

export const Evidence = z.strictObject({
  evidenceId: EvidenceId,
  kind: EvidenceKind,
  level: EvidenceLevel,
  title: z.string(),
  /** Redacted; not a link. */
  url: z.string().nullable(),
  sha256: z.string().nullable(),
  mediaType: z.string().nullable(),
  bytes: z.int().nullable(),
  eventAt: Instant.nullable(),
  firstSeenAt: Instant,
  addedBy: PersonRef.nullable(),
  sensitive: z.boolean(),
  captureState: CaptureState,
  captures: z.array(Capture),
  holdUntil: Instant.nullable(),
  deleteAfter: Instant.nullable(),
  note: z.string().nullable(),
});
export type Evidence = z.infer<typeof Evidence>;

export const CustodyLine = z.strictObject({
  custodyId: CustodyId,
  at: Instant,
  who: PersonRef.nullable(),
  act: z.enum(['create', 'capture', 'timestamp', 'view', 'reveal', 'export', 'transfer', 'hold', 'release', 'shred', 'relabel']),
  why: z.string(),
  sha256: z.string().nullable(),
  lineHash: z.string(),
});
export type CustodyLine = z.infer<typeof CustodyLine>;

/** N reports, M clusters, K independent evidence items, W first-hand witnesses. N and M are pressure; only K and W feed anything. */
export const Volume = z.strictObject({ n: z.int().min(0), m: z.int().min(0), k: z.int().min(0), w: z.int().min(0) });
export type Volume = z.infer<typeof Volume>;
