/**
 * Decisions of the desk: rows in, records out. One decision has at most one order of the spine (`order_id`).
 *
 * Take the case's row first (lockCase), then the decision's. JSON parts are parsed here, once. What may happen to a decision is
 * core/desk/decision-states.ts's. Not here: the order's own row (store/orders.ts).
 */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { EvidenceId } from '../../contract/ids.ts';
import type { CaseId, DeskDecisionId, Instant, OrderId, PersonId, PolicyVersionId } from '../../contract/ids.ts';
import { LadderStep } from '../../contract/desk/words.ts';
import type { DeskDecisionKind, DeskDecisionState } from '../../contract/desk/words.ts';
import { Volume } from '../../contract/desk/shapes.ts';
import { LimbFinding, MeasureDraft } from '../../contract/routes/desk/decisions.ts';
import type { Db } from '../open.ts';
import type { NamedPerson } from '../orders.ts';
import type { Tx } from '../transact.ts';
import type { DeskDecisionTable } from './tables.ts';

export type DecisionRecord = {
  readonly decisionId: DeskDecisionId;
  readonly caseId: CaseId;
  readonly kind: DeskDecisionKind;
  readonly state: DeskDecisionState;
  readonly number: string | null;
  readonly limbs: readonly LimbFinding[];
  readonly step: LadderStep | null;
  readonly whyNotBelow: readonly { readonly step: LadderStep; readonly why: string }[];
  readonly measure: z.output<typeof MeasureDraft> | null;
  readonly orderId: OrderId | null;
  readonly publicReason: string;
  readonly internalReason: string;
  readonly policyVersionId: PolicyVersionId | null;
  readonly criteriaAfterCase: boolean;
  readonly evidence: readonly EvidenceId[];
  readonly counts: Volume | null;
  readonly provisional: boolean;
  readonly confirms: DeskDecisionId | null;
  readonly reverses: DeskDecisionId | null;
  readonly recheckAt: Instant | null;
  readonly ownerNoticeDelayReason: string | null;
  readonly deadline: Instant | null;
  readonly namedUrls: readonly string[];
  readonly strike: boolean;
  readonly proposer: NamedPerson;
  readonly proposedAt: Instant;
  readonly confirmer: NamedPerson | null;
  readonly confirmedAt: Instant | null;
  readonly breakGlassReason: string | null;
  readonly lapsesAt: Instant | null;
  readonly ownerToldAt: Instant | null;
  readonly lapseWarnedAt: Instant | null;
};

export async function insertDecision(tx: Tx, decision: DecisionRecord): Promise<void> {
  await tx.insertInto('desk_decision').values(rowOf(decision)).execute();
}

/** Writes every column of a decision. */
export async function replaceDecision(tx: Tx, decision: DecisionRecord): Promise<void> {
  const { decision_id: decisionId, ...row } = rowOf(decision);
  await tx.updateTable('desk_decision').set(row).where('decision_id', '=', decisionId).execute();
}

/** One decision. `lock` holds its row until the transaction ends; lock its case before. */
export async function findDecision(
  db: Db,
  decisionId: DeskDecisionId,
  lock: 'lock' | 'look' = 'look',
): Promise<DecisionRecord | null> {
  let query = db.selectFrom('desk_decision').selectAll().where('decision_id', '=', decisionId);
  if (lock === 'lock') query = query.forUpdate();
  const row = await query.executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

/** The decision that an order belongs to; null for an order that no case stands behind. */
export async function decisionOfOrder(db: Db, orderId: OrderId): Promise<DecisionRecord | null> {
  const row = await db.selectFrom('desk_decision').selectAll().where('order_id', '=', orderId).executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

/** The decision not to act, or the notice to an owner, that has a public number of its own and no order. */
export async function decisionByNumber(db: Db, number: string): Promise<DecisionRecord | null> {
  const row = await db.selectFrom('desk_decision').selectAll().where('number', '=', number).executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

/** Confirmed decisions not to act, newest first: they are public, without the site. */
export async function listNoActions(db: Db, limit: number): Promise<DecisionRecord[]> {
  const rows = await db
    .selectFrom('desk_decision')
    .selectAll()
    .where('kind', '=', 'no-action')
    .where('state', '=', 'confirmed')
    .orderBy('confirmed_at', 'desc')
    .orderBy('created_order', 'desc')
    .limit(limit)
    .execute();
  return rows.map(recordOf);
}

/** Decisions of a case, newest first. */
export async function listDecisionsOfCase(db: Db, caseId: CaseId): Promise<DecisionRecord[]> {
  const rows = await db
    .selectFrom('desk_decision')
    .selectAll()
    .where('case_id', '=', caseId)
    .orderBy('created_order', 'desc')
    .execute();
  return rows.map(recordOf);
}

/** The confirmed decision that took another's place: it made a provisional one lasting, or modified or reversed it. */
export async function successorOf(db: Db, decisionId: DeskDecisionId): Promise<DecisionRecord | null> {
  const row = await db
    .selectFrom('desk_decision')
    .selectAll()
    .where('state', '=', 'confirmed')
    .where((where) => where.or([where('confirms_decision_id', '=', decisionId), where('reverses_decision_id', '=', decisionId)]))
    .orderBy('created_order')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

/** Whether a case has a proposal that still waits, apart from one decision. */
export async function hasOtherProposal(db: Db, caseId: CaseId, apartFrom: DeskDecisionId): Promise<boolean> {
  const row = await db
    .selectFrom('desk_decision')
    .select('decision_id')
    .where('case_id', '=', caseId)
    .where('state', '=', 'proposed')
    .where('kind', 'in', ['measure', 'modify'])
    .where('decision_id', '<>', apartFrom)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether an order of a case is confirmed and not over, apart from one decision's. */
export async function hasOtherMeasure(db: Db, caseId: CaseId, apartFrom: DeskDecisionId | null): Promise<boolean> {
  let query = db
    .selectFrom('desk_decision')
    .innerJoin('shield_order', 'shield_order.order_id', 'desk_decision.order_id')
    .select('desk_decision.decision_id')
    .where('desk_decision.case_id', '=', caseId)
    .where('desk_decision.state', 'in', ['alone', 'confirmed'])
    .where('shield_order.state', '=', 'confirmed');
  if (apartFrom !== null) query = query.where('desk_decision.decision_id', '<>', apartFrom);
  return (await query.limit(1).executeTakeFirst()) !== undefined;
}

/** Proposals without an order whose time has come: those with an order lapse with it. */
export async function proposalsDue(db: Db, at: Instant, limit: number): Promise<DeskDecisionId[]> {
  const rows = await db
    .selectFrom('desk_decision')
    .select('decision_id')
    .where('state', '=', 'proposed')
    .where('order_id', 'is', null)
    .where('lapses_at', '<=', at)
    .orderBy('lapses_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.decision_id);
}

/** Decisions whose statement to the owner was held back since before an instant. */
export async function statementsHeldSince(db: Db, confirmedBefore: Instant, limit: number): Promise<DeskDecisionId[]> {
  const rows = await db
    .selectFrom('desk_decision')
    .select('decision_id')
    .where('owner_notice_delay_reason', 'is not', null)
    .where('owner_told_at', 'is', null)
    .where('state', '=', 'confirmed')
    .where('confirmed_at', '<=', confirmedBefore)
    .orderBy('confirmed_at')
    .limit(limit)
    .execute();
  return rows.map((row) => row.decision_id);
}

/** Provisional decisions whose order ends before an instant, that no second panel made lasting and nobody was warned about yet. */
export async function provisionalEndingBefore(db: Db, before: Instant, limit: number): Promise<DeskDecisionId[]> {
  const rows = await db
    .selectFrom('desk_decision')
    .innerJoin('shield_order', 'shield_order.order_id', 'desk_decision.order_id')
    .select('desk_decision.decision_id')
    .where('desk_decision.provisional', '=', true)
    .where('desk_decision.state', '=', 'confirmed')
    .where('desk_decision.lapse_warned_at', 'is', null)
    .where('shield_order.state', '=', 'confirmed')
    .where('shield_order.ends_at', '<=', before)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('desk_decision as lasting')
            .select('lasting.decision_id')
            .whereRef('lasting.confirms_decision_id', '=', 'desk_decision.decision_id')
            .where('lasting.state', '=', 'confirmed'),
        ),
      ),
    )
    .limit(limit)
    .execute();
  return rows.map((row) => row.decision_id);
}

/** Orders of confirmed decisions in cases that wait for the last edge's receipt. */
export async function ordersAwaitingReceipts(db: Db, limit: number): Promise<OrderId[]> {
  const rows = await db
    .selectFrom('desk_case')
    .innerJoin('desk_decision', 'desk_decision.case_id', 'desk_case.case_id')
    .innerJoin('shield_order', 'shield_order.order_id', 'desk_decision.order_id')
    .select('shield_order.order_id')
    .where('desk_case.state', '=', 'confirmed')
    .where('desk_case.closed_at', 'is', null)
    .where('desk_decision.state', '=', 'confirmed')
    .where('shield_order.state', '=', 'confirmed')
    // By chance, so that a hundred that wait for an edge which is away keep nobody else waiting.
    .orderBy(sql`random()`)
    .limit(limit)
    .execute();
  return rows.map((row) => row.order_id);
}

export type IncidentLevels = {
  readonly grade: 'G0' | 'G1' | 'G2' | 'G3' | 'G4' | null;
  readonly retracted: boolean;
  readonly levels: readonly ('A0' | 'A1' | 'A2' | 'A3' | 'A4')[];
};

/** Locked grades of a case's incidents, each with the levels of its evidence. */
export async function gradedIncidents(db: Db, caseId: CaseId): Promise<IncidentLevels[]> {
  const incidents = await db
    .selectFrom('incident')
    .select(['incident_id', 'grade', 'retracted_at'])
    .where('case_id', '=', caseId)
    .orderBy('created_order')
    .execute();
  const levels = await db
    .selectFrom('incident_evidence')
    .innerJoin('incident', 'incident.incident_id', 'incident_evidence.incident_id')
    .innerJoin('evidence', 'evidence.evidence_id', 'incident_evidence.evidence_id')
    .select(['incident.incident_id', 'evidence.level'])
    .where('incident.case_id', '=', caseId)
    .execute();
  return incidents.map((incident) => ({
    grade: incident.grade,
    retracted: incident.retracted_at !== null,
    levels: levels.filter((row) => row.incident_id === incident.incident_id).map((row) => row.level),
  }));
}

/**
 * Reports of a case that wait are decided with it; each is answered on its own later. Withdrawn and answered ones stay as they are. A report whose
 * reporter is writing at this very moment is passed over: confirming an order waits for nobody's form, and its answer does not depend on this state.
 */
export async function markReportsDecided(tx: Tx, caseId: CaseId): Promise<void> {
  await tx
    .updateTable('report')
    .set({ state: 'decided' })
    .where('report_id', 'in', (select) =>
      select
        .selectFrom('report')
        .select('report_id')
        .where('case_id', '=', caseId)
        .where('state', 'in', ['acknowledged', 'more-asked', 'linked'])
        .forUpdate()
        .skipLocked(),
    )
    .execute();
}

const Limbs = z.array(LimbFinding);
const WhyNots = z.array(z.object({ step: LadderStep, why: z.string() }));
const EvidenceIds = z.array(EvidenceId);
const Urls = z.array(z.string());

function recordOf(row: Selectable<DeskDecisionTable>): DecisionRecord {
  return {
    decisionId: row.decision_id,
    caseId: row.case_id,
    kind: row.kind,
    state: row.state,
    number: row.number,
    limbs: Limbs.parse(row.limbs),
    step: row.step,
    whyNotBelow: WhyNots.parse(row.why_not_below),
    measure: row.order_draft === null ? null : MeasureDraft.parse(row.order_draft),
    orderId: row.order_id,
    publicReason: row.public_reason,
    internalReason: row.internal_reason,
    policyVersionId: row.policy_version_id,
    criteriaAfterCase: row.criteria_after_case,
    evidence: EvidenceIds.parse(row.evidence),
    counts: row.counts === null ? null : Volume.parse(row.counts),
    provisional: row.provisional,
    confirms: row.confirms_decision_id,
    reverses: row.reverses_decision_id,
    recheckAt: row.recheck_at,
    ownerNoticeDelayReason: row.owner_notice_delay_reason,
    deadline: row.deadline,
    namedUrls: Urls.parse(row.named_urls),
    strike: row.strike,
    proposer: { personId: row.proposer_id, name: row.proposer_name },
    proposedAt: row.proposed_at,
    confirmer: named(row.confirmer_id, row.confirmer_name),
    confirmedAt: row.confirmed_at,
    breakGlassReason: row.break_glass_reason,
    lapsesAt: row.lapses_at,
    ownerToldAt: row.owner_told_at,
    lapseWarnedAt: row.lapse_warned_at,
  };
}

function named(personId: PersonId | null, name: string | null): NamedPerson | null {
  return personId === null || name === null ? null : { personId, name };
}

function rowOf(decision: DecisionRecord) {
  return {
    decision_id: decision.decisionId,
    case_id: decision.caseId,
    kind: decision.kind,
    state: decision.state,
    number: decision.number,
    limbs: JSON.stringify(decision.limbs),
    step: decision.step,
    why_not_below: JSON.stringify(decision.whyNotBelow),
    order_draft: decision.measure === null ? null : JSON.stringify(decision.measure),
    order_id: decision.orderId,
    public_reason: decision.publicReason,
    internal_reason: decision.internalReason,
    policy_version_id: decision.policyVersionId,
    criteria_after_case: decision.criteriaAfterCase,
    evidence: JSON.stringify(decision.evidence),
    counts: decision.counts === null ? null : JSON.stringify(decision.counts),
    provisional: decision.provisional,
    confirms_decision_id: decision.confirms,
    reverses_decision_id: decision.reverses,
    recheck_at: decision.recheckAt,
    owner_notice_delay_reason: decision.ownerNoticeDelayReason,
    deadline: decision.deadline,
    named_urls: JSON.stringify(decision.namedUrls),
    strike: decision.strike,
    proposer_id: decision.proposer.personId,
    proposer_name: decision.proposer.name,
    proposed_at: decision.proposedAt,
    confirmer_id: decision.confirmer?.personId ?? null,
    confirmer_name: decision.confirmer?.name ?? null,
    confirmed_at: decision.confirmedAt,
    break_glass_reason: decision.breakGlassReason,
    lapses_at: decision.lapsesAt,
    owner_told_at: decision.ownerToldAt,
    lapse_warned_at: decision.lapseWarnedAt,
  };
}
