/** In which seat somebody may grade an incident now, if in any. Pure; the server decides. */
import type { Incident, Seat } from '../../../../contract/desk/shapes.ts';

export function seatFor(
  incident: Pick<Incident, 'grading' | 'retractedAt' | 'assessments'>,
  personId: string,
  mayLead: boolean,
): Seat | null {
  if (incident.retractedAt !== null || incident.grading === 'locked') return null;
  if (incident.assessments.some((assessment) => assessment.assessor.personId === personId)) return null;
  if (incident.grading === 'none') return 'first';
  if (incident.grading === 'second-needed') return 'second';
  return mayLead ? 'lead' : null;
}
