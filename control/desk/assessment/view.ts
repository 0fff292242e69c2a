/**
 * Incidents as one person may see them: what others graded stays away from whoever may still be the second, and texts are redacted.
 *
 * `clean` blacks out the names of the case (core/desk/redaction.ts with control/desk/names.ts); nothing that a person typed leaves without it.
 */
import type { Axes, Incident } from '../../../contract/desk/shapes.ts';
import type { CaseId, PersonId } from '../../../contract/ids.ts';
import { assessmentsSeenBy, stateSeenBy } from '../../../core/desk/grading.ts';
import { assessmentsOf } from '../../../store/desk/assessments.ts';
import type { AssessmentRecord } from '../../../store/desk/assessments.ts';
import { listIncidents } from '../../../store/desk/incidents.ts';
import type { IncidentRecord } from '../../../store/desk/incidents.ts';
import type { Db } from '../../../store/open.ts';

export type Clean = (text: string) => string;

/** Incidents of a case by the time they happened, as `callerId` may see them. */
export async function incidentsOfCase(db: Db, caseId: CaseId, callerId: PersonId, clean: Clean): Promise<Incident[]> {
  const incidents = await listIncidents(db, caseId);
  const assessments = await assessmentsOf(
    db,
    incidents.map((incident) => incident.incident_id),
  );
  return incidents.map((incident) =>
    viewIncident(
      incident,
      assessments.filter((one) => one.incidentId === incident.incident_id),
      callerId,
      clean,
    ),
  );
}

export function viewIncident(
  incident: IncidentRecord,
  given: readonly AssessmentRecord[],
  callerId: PersonId,
  clean: Clean,
): Incident {
  return {
    incidentId: incident.incident_id,
    title: clean(incident.title),
    eventAt: incident.event_at,
    eventAtSource: incident.event_at_source,
    firstSeenAt: incident.first_seen_at,
    target:
      incident.target_id === null || incident.targetLabel === null
        ? null
        : { targetId: incident.target_id, label: incident.targetLabel },
    offlineAct: incident.offline_act,
    evidence: [...incident.evidence],
    verifiedBy: incident.verified_by === null ? null : { personId: incident.verified_by, name: incident.verified_name ?? '' },
    verifiedAt: incident.verified_at,
    retractedAt: incident.retracted_at,
    retractedWhy: incident.retracted_why === null ? null : clean(incident.retracted_why),
    grading: stateSeenBy(given, callerId),
    grade: incident.grade,
    assessments: assessmentsSeenBy(given, callerId).map(({ assessorId: _same, ...assessment }) => ({
      ...assessment,
      axes: cleanAxes(assessment.axes, clean),
      differsReason: assessment.differsReason === null ? null : clean(assessment.differsReason),
    })),
  };
}

function cleanAxes(axes: Axes, clean: Clean): Axes {
  const cleaned = <Axis extends { reason: string }>(axis: Axis): Axis => ({ ...axis, reason: clean(axis.reason) });
  return {
    target: cleaned(axes.target),
    intent: cleaned(axes.intent),
    means: cleaned(axes.means),
    timePlace: cleaned(axes.timePlace),
    preparation: cleaned(axes.preparation),
    authenticity: cleaned(axes.authenticity),
    corroboration: cleaned(axes.corroboration),
    nexus: cleaned(axes.nexus),
    operatorResponse: cleaned(axes.operatorResponse),
    ongoing: cleaned(axes.ongoing),
  };
}
