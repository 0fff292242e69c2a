/**
 * Incidents: one verified act each, at its own time, on its evidence. Rows are never deleted; a retracted one counts for nothing.
 *
 * Take the case's row first (store/desk/cases.ts `lockCase`): it orders everything that happens to a case's incidents.
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { CaseId, EvidenceId, IncidentId, Instant, SiteId } from '../../contract/ids.ts';
import type { EvidenceLevel, Grade } from '../../contract/desk/words.ts';
import type { MonitorScope } from '../../core/desk/escalation/explanation.ts';
import type { Db } from '../open.ts';
import type { NamedPerson } from '../orders.ts';
import type { Tx } from '../transact.ts';
import type { IncidentTable } from './tables.ts';

export type IncidentRecord = Selectable<IncidentTable> & {
  /** Oldest evidence of the case first. */
  readonly evidence: readonly EvidenceId[];
  /** Of its target; null when it has none. */
  readonly targetLabel: string | null;
};

export type IncidentDraft = Pick<
  IncidentRecord,
  | 'incident_id'
  | 'case_id'
  | 'site_id'
  | 'event_at'
  | 'event_at_source'
  | 'first_seen_at'
  | 'target_id'
  | 'title'
  | 'offline_act'
  | 'independent_key'
  | 'evidence'
> & { readonly verifiedBy: NamedPerson; readonly verifiedAt: Instant };

export async function insertIncident(tx: Tx, { evidence, verifiedBy, verifiedAt, ...draft }: IncidentDraft): Promise<void> {
  await tx
    .insertInto('incident')
    .values({
      ...draft,
      verified_by: verifiedBy.personId,
      verified_name: verifiedBy.name,
      verified_at: verifiedAt,
      grade: null,
      grade_locked_at: null,
      retracted_at: null,
      retracted_why: null,
    })
    .execute();
  await tx
    .insertInto('incident_evidence')
    .values(evidence.map((evidenceId) => ({ incident_id: draft.incident_id, evidence_id: evidenceId })))
    .execute();
}

/** The case of an incident; null when there is no such incident. */
export async function caseOfIncident(db: Db, incidentId: IncidentId): Promise<CaseId | null> {
  const row = await db.selectFrom('incident').select('case_id').where('incident_id', '=', incidentId).executeTakeFirst();
  return row?.case_id ?? null;
}

export async function findIncident(db: Db, incidentId: IncidentId): Promise<IncidentRecord | null> {
  const row = await db.selectFrom('incident').selectAll().where('incident_id', '=', incidentId).executeTakeFirst();
  return row === undefined ? null : ((await whole(db, [row]))[0] ?? null);
}

/** Incidents of a case by the time they happened. */
export async function listIncidents(db: Db, caseId: CaseId): Promise<IncidentRecord[]> {
  const rows = await db
    .selectFrom('incident')
    .selectAll()
    .where('case_id', '=', caseId)
    .orderBy('event_at')
    .orderBy('incident_id')
    .execute();
  return whole(db, rows);
}

async function whole(db: Db, rows: readonly Selectable<IncidentTable>[]): Promise<IncidentRecord[]> {
  if (rows.length === 0) return [];
  const evidence = await db
    .selectFrom('incident_evidence')
    .innerJoin('evidence', 'evidence.evidence_id', 'incident_evidence.evidence_id')
    .select(['incident_id', 'incident_evidence.evidence_id as evidenceId'])
    .where(
      'incident_id',
      'in',
      rows.map((row) => row.incident_id),
    )
    .orderBy('evidence.created_order')
    .execute();
  const targetIds = rows.flatMap((row) => (row.target_id === null ? [] : [row.target_id]));
  const targets =
    targetIds.length === 0
      ? []
      : await db.selectFrom('target').select(['target_id', 'label']).where('target_id', 'in', targetIds).execute();
  return rows.map((row) => ({
    ...row,
    evidence: evidence.filter((one) => one.incident_id === row.incident_id).map((one) => one.evidenceId),
    targetLabel: targets.find((target) => target.target_id === row.target_id)?.label ?? null,
  }));
}

export async function lockGradeIn(tx: Tx, incidentId: IncidentId, grade: Grade, at: Instant): Promise<void> {
  await tx
    .updateTable('incident')
    .set({ grade, grade_locked_at: at })
    .where('incident_id', '=', incidentId)
    .where('grade_locked_at', 'is', null)
    .execute();
}

export async function retractIn(tx: Tx, incidentId: IncidentId, why: string, at: Instant): Promise<void> {
  await tx.updateTable('incident').set({ retracted_at: at, retracted_why: why }).where('incident_id', '=', incidentId).execute();
}

/** Blanks what people typed about the incidents of a case. Times, grades and evidence stay. */
export async function blankIncidentsIn(tx: Tx, caseId: CaseId): Promise<void> {
  await tx.updateTable('incident').set({ title: 'Shredded' }).where('case_id', '=', caseId).execute();
  await tx
    .updateTable('incident')
    .set({ retracted_why: 'Shredded' })
    .where('case_id', '=', caseId)
    .where('retracted_why', 'is not', null)
    .execute();
}

/**
 * Verified incidents with a locked grade that were not retracted, on a site (over all its cases) or in a case, that happened at or after an instant.
 */
export async function countingIncidents(db: Db, scope: MonitorScope, since: Instant): Promise<Selectable<IncidentTable>[]> {
  let query = db
    .selectFrom('incident')
    .innerJoin('desk_case', 'desk_case.case_id', 'incident.case_id')
    .selectAll('incident')
    .where('incident.grade_locked_at', 'is not', null)
    .where('incident.verified_at', 'is not', null)
    .where('incident.retracted_at', 'is', null)
    .where('incident.event_at', '>=', since);
  query =
    scope.kind === 'site'
      ? query.where('desk_case.site_id', '=', scope.siteId)
      : query.where('incident.case_id', '=', scope.caseId);
  return query.orderBy('incident.event_at').orderBy('incident.incident_id').execute();
}

/**
 * Waits until no other transaction judges the same site or case: two incidents that are locked at once would each not see the other. Taken before any
 * row, and by nothing else.
 */
export async function judgeAloneIn(tx: Tx, scope: { readonly siteId: SiteId | null; readonly caseId: CaseId }): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`escalation ${scope.siteId ?? scope.caseId}`}, 0))`.execute(tx);
}

export type EvidenceFacts = {
  readonly evidenceId: EvidenceId;
  readonly level: EvidenceLevel;
  readonly artefact: string;
  readonly eventAt: Instant | null;
  readonly firstSeenAt: Instant;
};

/** Those of the items that are the case's, the oldest first. */
export async function evidenceFacts(db: Db, caseId: CaseId, ids: readonly EvidenceId[]): Promise<EvidenceFacts[]> {
  if (ids.length === 0) return [];
  return db
    .selectFrom('evidence')
    .select(['evidence_id as evidenceId', 'level', 'artefact', 'event_at as eventAt', 'first_seen_at as firstSeenAt'])
    .where('case_id', '=', caseId)
    .where('evidence_id', 'in', ids)
    .orderBy('created_order')
    .execute();
}

/** When each report of a case arrived, counted in steps since an instant. Only for a case whose grade is locked. */
export async function arrivalsOf(
  db: Db,
  caseId: CaseId,
  since: Instant,
  stepHours: number,
): Promise<{ step: number; reports: number }[]> {
  const { rows } = await sql<{ step: number; reports: number }>`
    select floor(extract(epoch from (received_at - ${since}::timestamptz)) / ${stepHours * 3600})::int as step, count(*)::int as reports
    from report where case_id = ${caseId} and received_at >= ${since} group by 1 order by 1`.execute(db);
  return rows;
}
