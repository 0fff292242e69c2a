/** Alarms of the escalation monitor with their explanations: written once, never changed, whatever is retracted later. */
import type { AlarmId, CaseId, IncidentId, Instant } from '../../contract/ids.ts';
import type { MonitorScope } from '../../core/desk/escalation/explanation.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';

export type EscalationRecord = {
  readonly alarmId: AlarmId;
  readonly caseId: CaseId;
  /** Whose locked grade made the monitor look. */
  readonly incidentId: IncidentId;
  readonly at: Instant;
  readonly explanation: string;
  readonly sha256: string;
};

export async function insertEscalation(tx: Tx, record: EscalationRecord): Promise<void> {
  await tx
    .insertInto('escalation')
    .values({
      alarm_id: record.alarmId,
      case_id: record.caseId,
      incident_id: record.incidentId,
      at: record.at,
      explanation: record.explanation,
      explanation_sha256: record.sha256,
    })
    .execute();
}

/** Alarms of a site (over all its cases) or of a case, newest first. */
export async function listEscalations(db: Db, scope: MonitorScope, limit: number): Promise<EscalationRecord[]> {
  let query = db
    .selectFrom('escalation')
    .innerJoin('desk_case', 'desk_case.case_id', 'escalation.case_id')
    .selectAll('escalation');
  query =
    scope.kind === 'site'
      ? query.where('desk_case.site_id', '=', scope.siteId)
      : query.where('escalation.case_id', '=', scope.caseId);
  const rows = await query.orderBy('escalation.created_order', 'desc').limit(limit).execute();
  return rows.map((row) => ({
    alarmId: row.alarm_id,
    caseId: row.case_id,
    incidentId: row.incident_id,
    at: row.at,
    explanation: row.explanation,
    sha256: row.explanation_sha256,
  }));
}
