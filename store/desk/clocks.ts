/**
 * What a case's clocks are computed from, read from its rows. The timings are core/desk/clocks.ts's.
 *
 * What happened before the clocks began to run (before an emergency, or before the case was taken up again) does not count as done: an emergency
 * needs eyes and a decision of its own. Nothing here reads how many reports there are.
 */
import type { Selectable } from 'kysely';
import type { CaseId, Instant } from '../../contract/ids.ts';
import type { Begun, ClockedTask, ClockFacts } from '../../core/desk/clocks.ts';
import type { Db } from '../open.ts';
import type { DeskCaseTable } from './tables.ts';

export type ClockedCase = Pick<
  Selectable<DeskCaseTable>,
  'case_id' | 'lane' | 'clock_since' | 'emergency_since' | 'first_eyes_at' | 'grade_locked_at' | 'closed_at'
>;

/** From when the clocks of a case run. */
export function clockSince(found: Pick<ClockedCase, 'clock_since' | 'emergency_since'>): Instant {
  const { clock_since: since, emergency_since: emergency } = found;
  return emergency !== null && emergency > since ? emergency : since;
}

export async function clockFactsOf(db: Db, found: ClockedCase): Promise<ClockFacts> {
  const caseId = found.case_id;
  const since = clockSince(found);
  const decisions = await decidedOf(db, caseId, since);
  return {
    lane: found.lane,
    since,
    captureWaitingSince: await oldestCapture(db, caseId),
    firstEyesAt: found.first_eyes_at !== null && found.first_eyes_at >= since ? found.first_eyes_at : null,
    gradeLockedAt: found.grade_locked_at,
    decidedAt: decisions.decidedAt,
    measureAt: decisions.measureAt,
    ownerToldAt: await ownerToldAt(db, caseId),
    ownerNoticeDelayed: decisions.ownerNoticeDelayed,
    // The public page of a decision is there from its confirmation on.
    statementAt: decisions.measureAt,
    tasks: await clockedTasksOf(db, caseId),
    provisionalEndsAt: await provisionalEndsAt(db, caseId),
    appeals: await appealsOf(db, caseId),
    closedAt: found.closed_at,
  };
}

async function oldestCapture(db: Db, caseId: CaseId): Promise<Instant | null> {
  const row = await db
    .selectFrom('capture')
    .innerJoin('evidence', 'evidence.evidence_id', 'capture.evidence_id')
    .select('capture.asked_at')
    .where('evidence.case_id', '=', caseId)
    .where('capture.state', 'in', ['waiting', 'running'])
    .orderBy('capture.asked_at')
    .limit(1)
    .executeTakeFirst();
  return row?.asked_at ?? null;
}

async function decidedOf(db: Db, caseId: CaseId, since: Instant) {
  const rows = await db
    .selectFrom('desk_decision')
    .select(['kind', 'state', 'proposed_at', 'confirmed_at', 'owner_notice_delay_reason'])
    .where('case_id', '=', caseId)
    .where('state', 'in', ['alone', 'confirmed'])
    .orderBy('created_order')
    .execute();
  let decidedAt: Instant | null = null;
  let measureAt: Instant | null = null;
  let ownerNoticeDelayed = false;
  for (const row of rows) {
    const at = row.confirmed_at ?? row.proposed_at;
    if (at >= since) decidedAt ??= at;
    if (row.kind !== 'measure' || row.confirmed_at === null) continue;
    measureAt ??= row.confirmed_at;
    ownerNoticeDelayed ||= row.owner_notice_delay_reason !== null;
  }
  return { decidedAt, measureAt, ownerNoticeDelayed };
}

async function ownerToldAt(db: Db, caseId: CaseId): Promise<Instant | null> {
  const row = await db
    .selectFrom('owner_notice')
    .select('at')
    .where('case_id', '=', caseId)
    .where('kind', '=', 'statement')
    .orderBy('at')
    .limit(1)
    .executeTakeFirst();
  return row?.at ?? null;
}

const clockedKinds = [
  'warn-target',
  'warn-police',
  'law-enforcement-referral',
  'hotline-referral',
] as const satisfies readonly ClockedTask['kind'][];

async function clockedTasksOf(db: Db, caseId: CaseId): Promise<ClockedTask[]> {
  const rows = await db
    .selectFrom('task')
    .select(['kind', 'subject as about', 'created_at as at', 'done_at as doneAt'])
    .where('case_id', '=', caseId)
    .where('kind', 'in', clockedKinds)
    .orderBy('created_at')
    .execute();
  return rows.flatMap(({ kind: held, ...task }) => {
    const kind = clockedKinds.find((candidate) => candidate === held);
    return kind === undefined ? [] : [{ kind, ...task }];
  });
}

async function provisionalEndsAt(db: Db, caseId: CaseId): Promise<Instant | null> {
  const row = await db
    .selectFrom('desk_decision')
    .innerJoin('shield_order', 'shield_order.order_id', 'desk_decision.order_id')
    .select('shield_order.ends_at')
    .where('desk_decision.case_id', '=', caseId)
    .where('desk_decision.provisional', '=', true)
    .where('desk_decision.state', '=', 'confirmed')
    .where('shield_order.state', '=', 'confirmed')
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
    .orderBy('shield_order.ends_at')
    .limit(1)
    .executeTakeFirst();
  return row?.ends_at ?? null;
}

async function appealsOf(db: Db, caseId: CaseId): Promise<Begun[]> {
  const rows = await db
    .selectFrom('appeal')
    .select(['opened_at', 'decided_at', 'state'])
    .where('case_id', '=', caseId)
    .orderBy('created_order')
    .execute();
  return rows.map((row) => ({
    at: row.opened_at,
    doneAt: row.decided_at ?? (row.state === 'open' || row.state === 'taken' ? null : row.opened_at),
  }));
}
