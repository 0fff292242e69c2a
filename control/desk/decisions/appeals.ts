/**
 * Appeals: opened for an owner, a reporter or a target; taken and decided by somebody who proposed, confirmed and graded nothing in the case.
 *
 * `reversed` lifts the order in the same transaction, so that nobody waits for a second click; `modified` leaves it in force and makes a task for a
 * narrower decision. Whoever appealed is told the outcome. One open appeal for each decision and party: a flood of appeals is one appeal.
 * Fails closed: without a third person it stays open, its clock runs, and the decision stands until its end.
 */
import { randomBytes, createHash } from 'node:crypto';
import { AppealId, idPrefix } from '../../../contract/ids.ts';
import type { DeskDecisionId, Instant, ReportId } from '../../../contract/ids.ts';
import type { AppealBy } from '../../../contract/desk/words.ts';
import { appealOpenDays, later, timings } from '../../../core/desk/clocks.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addAudit } from '../../../store/audit.ts';
import { hasOpenAppeal, insertAppeal } from '../../../store/desk/appeals.ts';
import { changeCase, lockCase, touchDue } from '../../../store/desk/cases.ts';
import { findDecision } from '../../../store/desk/decisions.ts';
import type { NamedPerson } from '../../../store/orders.ts';
import type { Work } from '../../../store/transact.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { moveCase } from './case-step.ts';

export type AppealAsk = {
  readonly decisionId: DeskDecisionId;
  readonly by: AppealBy;
  readonly text: string;
  /** The report whose reporter appeals; null for an owner and for a target. */
  readonly reportId: ReportId | null;
  readonly at: Instant;
  /** Who entered it; null when it came by a link. */
  readonly who: NamedPerson | null;
};

/** Until when a decision may be appealed. */
export function appealEndsAt(confirmedAt: Instant): Instant {
  return instantOf(msOf(confirmedAt) + appealOpenDays * 86_400_000);
}

/**
 * Opens an appeal and moves the case. Locks the case's row, so call it before locking rows below the case.
 * Throws Failure `not-found`, `wrong-state` (not decided, too late, or this party's appeal is open already).
 */
export async function openAppealIn(unit: Work, ask: AppealAsk): Promise<{ appealId: AppealId; dueAt: Instant }> {
  const { tx } = unit;
  const seen = await findDecision(tx, ask.decisionId);
  const found = seen === null ? null : await lockCase(tx, seen.caseId);
  const decision = found === null ? null : await findDecision(tx, ask.decisionId, 'lock');
  if (found === null || decision === null) throw notFound('decision');
  // A decision that one person took alone is in force: its owner need not wait for the second person to appeal.
  const since = decision.confirmedAt ?? (decision.state === 'alone' ? decision.proposedAt : null);
  if (since === null)
    throw new Failure('wrong-state', 'This decision is not in force, so there is nothing to appeal. Nothing was changed.');
  if (ask.at > appealEndsAt(since)) {
    throw new Failure('wrong-state', 'The six months in which this decision could be appealed are over. Nothing was changed.');
  }
  if (await hasOpenAppeal(tx, ask)) {
    throw new Failure('wrong-state', 'Your appeal of this decision is open and will be answered. Nothing was changed.');
  }
  const appealId = AppealId.parse(randomId(idPrefix.appeal));
  const dueAt = later(ask.at, timings[found.lane].appeal);
  await insertAppeal(tx, {
    appealId,
    caseId: found.case_id,
    decisionId: decision.decisionId,
    by: ask.by,
    text: ask.text,
    openedAt: ask.at,
    dueAt,
    reportId: ask.reportId,
    statusHash: createHash('sha256').update(randomBytes(32)).digest('hex'),
  });
  await moveCase(unit, found, 'appeal', ask.at);
  // A closed case is looked at again.
  if (found.closed_at !== null) await changeCase(tx, found.case_id, { closed_at: null });
  await touchDue(tx, found.case_id);
  // The reporter's hand is not named: the audit trail says that an appeal was opened, and by which party.
  await addAudit(tx, {
    at: ask.at,
    who: ask.who,
    act: 'appeal.open',
    subject: found.case_id,
    detail: { appealId, decisionId: decision.decisionId, by: ask.by },
  });
  unit.tellAfter({ kind: 'case', caseId: found.case_id });
  return { appealId, dueAt };
}
