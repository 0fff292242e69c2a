/**
 * The escalation monitor: whether danger rises, from verified incidents by the time they happened.
 *
 * Three layers: rules on what changed in the last 48 hours (explainable when there are few), the surprise of a count in that window, and slow drift. Its
 * input is verified, graded incidents and nothing else: there is no place for a report, so no number of reports can move it, and the order in which
 * incidents were verified cannot either. It opens the emergency clock and blocks nothing. Fails towards calling: any layer alone is enough.
 * Hazard: an incident that is dated only by its first sight looks new when an old post is dug up; the sentences say so, and whoever verifies dates it.
 * Hazard: a G3 that stands alone, with nothing before it, does not call: it stays in the serious lane with its 24 hours. One G4 in the window always does.
 * After: desk.md 2.3 (guard band as in EARS C2; Poisson CUSUM; rules first).
 */
import { canonicalJson } from '../../../contract/canonical.ts';
import type { Grade } from '../../../contract/desk/words.ts';
import type { IncidentId, Instant, TargetId } from '../../../contract/ids.ts';
import { msOf } from '../../instant.ts';
import { gradeSteps, worseGrade } from '../assessment.ts';
import { escalationWindowHours } from '../clocks.ts';
import { allowanceFor, cusum, heightFor, leastRate } from './cusum.ts';
import { Explanation, monitorVersion } from './explanation.ts';
import type { Finding, FindingRule, MonitoredIncident, MonitorParameters, MonitorScope } from './explanation.ts';
import { predictiveTail } from './negative-binomial.ts';

export const parametersNow: MonitorParameters = {
  windowHours: escalationWindowHours,
  pastDays: 90,
  priorShape: 0.5,
  priorDays: 5,
  threshold: 0.01,
  leastCount: 3,
  driftDays: 30,
  leastRate,
};

export type MonitorInput = {
  readonly at: Instant;
  readonly scope: MonitorScope;
  /** Verified, graded, not retracted. In any order. */
  readonly incidents: readonly MonitoredIncident[];
  readonly parameters: MonitorParameters;
};

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** What the incidents say at an instant. */
export function monitor({ at, scope, incidents: given, parameters }: MonitorInput): Explanation {
  const atMs = msOf(at);
  const windowFromMs = atMs - parameters.windowHours * hourMs;
  const pastFromMs = atMs - parameters.pastDays * dayMs;
  const incidents = [...given].sort(byEventTime);
  const window: MonitoredIncident[] = [];
  const past: MonitoredIncident[] = [];
  const ignored: Explanation['ignored'] = [];
  for (const incident of incidents) {
    const eventMs = msOf(incident.eventAt);
    if (eventMs > atMs) ignored.push({ incidentId: incident.incidentId, why: 'in-the-future' });
    else if (eventMs > windowFromMs) window.push(incident);
    else if (eventMs >= pastFromMs) past.push(incident);
    else ignored.push({ incidentId: incident.incidentId, why: 'before-the-past' });
  }
  const count = countLayer(window, past, atMs, parameters);
  const drift = driftLayer([...past, ...window], atMs, parameters);
  const findings = [...changes(window, past), ...count.findings, ...drift.findings];
  return {
    version: monitorVersion,
    at,
    scope,
    parameters,
    incidents,
    ignored,
    count: count.result,
    drift: drift.result,
    findings,
    alarm: findings.length > 0,
  };
}

/** The explanation's one text. */
export function explanationText(explanation: Explanation): string {
  return canonicalJson(explanation);
}

/** The text that the inputs and parameters in an explanation lead to: the same bytes when nothing was changed. Throws a ZodError on another shape or version. */
export function replay(text: string): string {
  const { at, scope, incidents, parameters } = Explanation.parse(JSON.parse(text));
  return explanationText(monitor({ at, scope, incidents, parameters }));
}

function byEventTime(one: MonitoredIncident, other: MonitoredIncident): number {
  return msOf(one.eventAt) - msOf(other.eventAt) || (one.incidentId < other.incidentId ? -1 : 1);
}

const grave = ({ grade }: MonitoredIncident) => gradeSteps('G3', grade) >= 0;
const specific = ({ grade }: MonitoredIncident) => grade === 'G4';
const threatens = ({ grade }: MonitoredIncident) => grade !== 'G0';

function worst(incidents: readonly MonitoredIncident[]): Grade | null {
  return incidents.reduce<Grade | null>((found, { grade }) => worseGrade(found, grade), null);
}

/** What changed within the window against what was before: each change that a grave incident (G3 or G4) brings. */
function changes(window: readonly MonitoredIncident[], past: readonly MonitoredIncident[]): Finding[] {
  const found: Finding[] = [];
  const find = (rule: FindingRule, by: readonly MonitoredIncident[]) => {
    if (by.length > 0) found.push({ rule, incidents: by.map(({ incidentId }) => incidentId) });
  };
  const now = window.filter(grave);
  const before = past.filter(threatens);
  find(past.some(specific) ? 'another-g4' : 'first-g4', now.filter(specific));
  // The first incident of all is no rise: there is nothing that it rises from.
  if (before.length > 0) {
    const height = worst(before);
    find(
      'grade-up',
      now.filter(({ grade }) => height !== null && gradeSteps(height, grade) > 0),
    );
    const had = (has: (incident: MonitoredIncident) => boolean) => before.some(has);
    if (!had((one) => one.timeOrPlace)) {
      find(
        'first-time-or-place',
        now.filter((one) => one.timeOrPlace),
      );
    }
    if (!had((one) => one.preparation)) {
      find(
        'first-preparation',
        now.filter((one) => one.preparation),
      );
    }
    if (!had((one) => one.operatorRefused)) {
      find(
        'operator-refused',
        now.filter((one) => one.operatorRefused),
      );
    }
  }
  const known = targetsOf(before);
  const unknown = now.filter(({ targetId }) => targetId !== null && !known.has(targetId));
  if (known.size > 0) find(known.size === 1 ? 'second-target' : 'new-target', unknown);
  else if (targetsOf(unknown).size > 1) find('second-target', unknown);
  // A visit or a hoax call is danger in itself, whatever it was graded, unless it was graded as none.
  find(
    'offline-act',
    window.filter((one) => one.offlineAct && threatens(one)),
  );
  return found;
}

function targetsOf(incidents: readonly MonitoredIncident[]): Set<TargetId> {
  return new Set(incidents.flatMap(({ targetId }) => (targetId === null ? [] : [targetId])));
}

/** Each artefact's first incident: what rests on the same artefact counts once. */
function independent(incidents: readonly MonitoredIncident[]): MonitoredIncident[] {
  const seen = new Set<string>();
  return incidents.filter(({ independentKey }) => !seen.has(independentKey) && seen.add(independentKey));
}

/** Days back from an instant, in whole blocks of 24 hours: 0 is the last day. */
function daysBack({ eventAt }: MonitoredIncident, atMs: number): number {
  return Math.floor((atMs - msOf(eventAt)) / dayMs);
}

/** Incidents by day, each artefact once a day. */
function byDay(incidents: readonly MonitoredIncident[], atMs: number): Map<number, MonitoredIncident[]> {
  const days = new Map<number, MonitoredIncident[]>();
  for (const incident of incidents) {
    const day = daysBack(incident, atMs);
    days.set(day, independent([...(days.get(day) ?? []), incident]));
  }
  return days;
}

function countLayer(
  window: readonly MonitoredIncident[],
  past: readonly MonitoredIncident[],
  atMs: number,
  { pastDays, windowHours, priorShape, priorDays, threshold, leastCount }: MonitorParameters,
): { result: Explanation['count']; findings: Finding[] } {
  const now = independent(window.filter(threatens));
  const windowDays = windowHours / 24;
  const baselineDays = pastDays - windowDays;
  const inPast = [...byDay(past.filter(threatens), atMs).values()].reduce((sum, day) => sum + day.length, 0);
  const prior = { shape: priorShape, days: priorDays };
  const tail = predictiveTail(now.length, inPast, { prior, baselineDays, windowDays });
  const calls = tail < threshold && now.length >= leastCount && now.some(grave);
  return {
    result: { inWindow: now.length, inPast, pastDays: baselineDays, tail, calls },
    findings: calls ? [{ rule: 'burst', incidents: idsOf(now) }] : [],
  };
}

/** The rate of the days before the drift's own days, and the sum over those. Calls only while there is a grave incident in them. */
function driftLayer(
  incidents: readonly MonitoredIncident[],
  atMs: number,
  { pastDays, driftDays, leastRate: least }: MonitorParameters,
): { result: Explanation['drift']; findings: Finding[] } {
  const days = byDay(incidents.filter(threatens), atMs);
  const before = [...days].reduce((sum, [day, found]) => (day >= driftDays ? sum + found.length : sum), 0);
  const rate = Math.max(least, before / (pastDays - driftDays));
  const allowance = allowanceFor(rate);
  const height = heightFor(rate);
  const counts = Array.from({ length: driftDays }, (_, index) => days.get(driftDays - 1 - index)?.length ?? 0);
  const sum = cusum(counts, allowance).at(-1) ?? 0;
  const recent = [...days].flatMap(([day, found]) => (day < driftDays ? found : [])).sort(byEventTime);
  const calls = sum >= height && recent.some(grave);
  return {
    result: { rate, allowance, height, sum, calls },
    findings: calls ? [{ rule: 'drift', incidents: idsOf(recent) }] : [],
  };
}

function idsOf(incidents: readonly MonitoredIncident[]): IncidentId[] {
  return incidents.map(({ incidentId }) => incidentId);
}
