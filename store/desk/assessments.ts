/** Assessments: rows in, records out. One for each seat of an incident, never changed. Who may see which: core/desk/grading.ts. */
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { Axes, TickedIndicator } from '../../contract/desk/shapes.ts';
import type { Assessment } from '../../contract/desk/shapes.ts';
import type { CaseId, IncidentId } from '../../contract/ids.ts';
import type { Given } from '../../core/desk/grading.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';
import type { AssessmentTable } from './tables.ts';

export type AssessmentRecord = Assessment & Given & { readonly volumeOpen: boolean };

export async function insertAssessment(tx: Tx, caseId: CaseId, assessment: AssessmentRecord): Promise<void> {
  await tx
    .insertInto('assessment')
    .values({
      assessment_id: assessment.assessmentId,
      incident_id: assessment.incidentId,
      case_id: caseId,
      seat: assessment.seat,
      axes: JSON.stringify(assessment.axes),
      indicators: JSON.stringify(assessment.indicators),
      suggested: assessment.suggested,
      rules_version: assessment.rules,
      assigned: assessment.assigned,
      differs_reason: assessment.differsReason,
      assessor_id: assessment.assessor.personId,
      assessor_name: assessment.assessor.name,
      volume_open: assessment.volumeOpen,
      created_at: assessment.at,
    })
    .execute();
}

/** Assessments of these incidents, the oldest first. */
export async function assessmentsOf(db: Db, incidentIds: readonly IncidentId[]): Promise<AssessmentRecord[]> {
  if (incidentIds.length === 0) return [];
  const rows = await db
    .selectFrom('assessment')
    .selectAll()
    .where('incident_id', 'in', incidentIds)
    .orderBy('created_order')
    .execute();
  return rows.map(recordOf);
}

/** Blanks what people typed into the assessments of a case. Values, grades and evidence stay: they name nobody. */
export async function blankAssessmentsIn(tx: Tx, caseId: CaseId): Promise<void> {
  const rows = await tx.selectFrom('assessment').select(['assessment_id', 'axes']).where('case_id', '=', caseId).execute();
  for (const row of rows) {
    const axes = Object.entries(Axes.parse(row.axes)).map(([name, axis]) => [name, { ...axis, reason: '' }] as const);
    await tx
      .updateTable('assessment')
      .set({ axes: JSON.stringify(Object.fromEntries(axes)), differs_reason: null })
      .where('assessment_id', '=', row.assessment_id)
      .execute();
  }
}

const Indicators = z.array(TickedIndicator);

function recordOf(row: Selectable<AssessmentTable>): AssessmentRecord {
  return {
    assessmentId: row.assessment_id,
    incidentId: row.incident_id,
    seat: row.seat,
    axes: Axes.parse(row.axes),
    indicators: Indicators.parse(row.indicators),
    suggested: row.suggested,
    rules: row.rules_version,
    assigned: row.assigned,
    differsReason: row.differs_reason,
    assessor: { personId: row.assessor_id, name: row.assessor_name },
    assessorId: row.assessor_id,
    volumeOpen: row.volume_open,
    at: row.created_at,
  };
}
