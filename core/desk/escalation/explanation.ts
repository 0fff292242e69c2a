/**
 * The explanation of the monitor: everything it was computed from and everything it found, as one text that anybody can compute again.
 *
 * Ids and facts only: no names, no words of a report, and nothing of how many reported (there is no field for it). The text is canonical JSON
 * (contract/canonical.ts), so equal explanations are equal bytes.
 */
import { z } from 'zod';
import { CaseId, IncidentId, Instant, SiteId, TargetId } from '../../../contract/ids.ts';
import { Grade } from '../../../contract/desk/words.ts';

/** Version of the monitor's rules. A change of any of them is a new version; old explanations replay under their own. */
export const monitorVersion = 'escalation-1';

/** One verified and graded incident, as the monitor sees it. */
export const MonitoredIncident = z.strictObject({
  incidentId: IncidentId,
  /** When it happened; when that is not known, when its evidence was first seen. Never when it was reported. */
  eventAt: Instant,
  eventAtSource: z.enum(['stated', 'first-seen']),
  grade: Grade,
  targetId: TargetId.nullable(),
  timeOrPlace: z.boolean(),
  preparation: z.boolean(),
  operatorRefused: z.boolean(),
  offlineAct: z.boolean(),
  /** Two incidents that rest on the same artefact have the same: they count once. */
  independentKey: z.string(),
});
export type MonitoredIncident = z.infer<typeof MonitoredIncident>;

export const MonitorScope = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('site'), siteId: SiteId }),
  z.strictObject({ kind: z.literal('case'), caseId: CaseId }),
]);
export type MonitorScope = z.infer<typeof MonitorScope>;

/** All that can be tuned; kept with every explanation. */
export const MonitorParameters = z.strictObject({
  windowHours: z.number().positive(),
  /** How far back there is a past; the window itself is not part of it, so that a burst does not raise its own baseline. */
  pastDays: z.number().positive(),
  priorShape: z.number().positive(),
  priorDays: z.number().positive(),
  threshold: z.number().positive().max(1),
  leastCount: z.int().min(1),
  driftDays: z.int().min(1),
  leastRate: z.number().positive(),
});
export type MonitorParameters = z.infer<typeof MonitorParameters>;

export const FindingRule = z.enum([
  'first-g4',
  'another-g4',
  'grade-up',
  'new-target',
  'second-target',
  'first-time-or-place',
  'first-preparation',
  'operator-refused',
  'offline-act',
  'burst',
  'drift',
]);
export type FindingRule = z.infer<typeof FindingRule>;

export const Finding = z.strictObject({ rule: FindingRule, incidents: z.array(IncidentId).min(1) });
export type Finding = z.infer<typeof Finding>;

export const Explanation = z.strictObject({
  version: z.literal(monitorVersion),
  at: Instant,
  scope: MonitorScope,
  parameters: MonitorParameters,
  /** By event time, then by id. */
  incidents: z.array(MonitoredIncident),
  /** Ids of incidents that count for nothing, and why. */
  ignored: z.array(z.strictObject({ incidentId: IncidentId, why: z.enum(['in-the-future', 'before-the-past']) })),
  count: z.strictObject({
    inWindow: z.int().min(0),
    inPast: z.int().min(0),
    pastDays: z.number(),
    tail: z.number(),
    calls: z.boolean(),
  }),
  drift: z.strictObject({
    rate: z.number(),
    allowance: z.number(),
    height: z.number(),
    sum: z.number(),
    calls: z.boolean(),
  }),
  findings: z.array(Finding),
  alarm: z.boolean(),
});
export type Explanation = z.infer<typeof Explanation>;

/** What was found, in sentences. They name nobody. */
export function sentencesOf({ findings, incidents, count, parameters }: Explanation): string[] {
  const window = `the last ${parameters.windowHours} hours`;
  const sentences = findings.map(({ rule, incidents: ids }) => {
    switch (rule) {
      case 'first-g4':
        return `The first G4 incident happened in ${window}.`;
      case 'another-g4':
        return `Another G4 incident happened in ${window}.`;
      case 'grade-up':
        return `The worst grade rose in ${window}.`;
      case 'new-target':
        return `Somebody who was not a target before is one since ${window} began.`;
      case 'second-target':
        return `There is a second target since ${window} began.`;
      case 'first-time-or-place':
        return `A time or a place was given for the first time in ${window}.`;
      case 'first-preparation':
        return `Preparation came into evidence for the first time in ${window}.`;
      case 'operator-refused':
        return `The operator refused to act, for the first time in ${window}.`;
      case 'offline-act':
        return `Something was done off line in ${window}, such as a visit or a hoax call.`;
      case 'burst':
        return `${ids.length} independent incidents happened in ${window}; after ${count.inPast} in the ${count.pastDays} days before, that would be chance in less than ${parameters.threshold * 100} of 100 such windows.`;
      case 'drift':
        return `Incidents have become more frequent over the last ${parameters.driftDays} days.`;
      default:
        return rule satisfies never;
    }
  });
  const undated = new Set(incidents.filter(({ eventAtSource }) => eventAtSource === 'first-seen').map((one) => one.incidentId));
  if (findings.some(({ incidents: ids }) => ids.some((id) => undated.has(id)))) {
    sentences.push('At least one of these incidents is dated only by when its evidence was first seen: it may be older.');
  }
  return sentences;
}
