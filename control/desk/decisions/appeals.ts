/**
 * Appeals: opened for an owner, reporters or a target; taken and decided by somebody who proposed, confirmed and graded nothing in the case.
 *
 * `reversed` lifts the order in the same transaction, so that nobody waits for a second click; `modified` leaves it in force and makes a task for a
 * narrower decision. One appeal of a decision is open for each side (owner, reporters, target), so a flood of appeals is one appeal: a reporter who comes
 * while it is open joins it, without a line in the audit trail and without a word to the consoles, which would tell how many there are. Whoever says
 * after an answer what was answered gets that answer. Everybody is told: an owner at once, reporters by a job (answers.ts).
 * Fails closed: without a third person it stays open, its clock runs, and the decision stands until its end. What can still go wrong: words that join
 * in the minute of the decision are answered with it unread, unless the decider says which words they read (`wordsRead`).
 */
import { randomBytes, createHash } from 'node:crypto';
import { AppealId, idPrefix } from '../../../contract/ids.ts';
import type { DeskDecisionId, Instant, PersonId, ReportId } from '../../../contract/ids.ts';
import type { AppealBy } from '../../../contract/desk/words.ts';
import { stepAppeal } from '../../../core/desk/appeal-states.ts';
import type { AppealStep } from '../../../core/desk/appeal-states.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { plainText } from '../../../core/desk/text.ts';
import { appealOpenDays, later, taskDueAt, timings } from '../../../core/desk/clocks.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addAudit } from '../../../store/audit.ts';
import {
  answeredWith,
  appealOfReport,
  hasUnreachable,
  hasWordsAfter,
  joinAppealIn,
  leaveAppealIn,
  tellAgainIn,
} from '../../../store/desk/appeal-joiners.ts';
import {
  countOpenAppeals,
  decideAppealIn,
  findAppeal,
  insertAppeal,
  involvedInCases,
  openAppealOf,
  takeAppealIn,
  wasReversed,
  withdrawAppealIn,
} from '../../../store/desk/appeals.ts';
import type { AppealRecord } from '../../../store/desk/appeals.ts';
import { changeCase, lockCase, touchDue } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { findDecision, hasOtherMeasure } from '../../../store/desk/decisions.ts';
import type { DecisionRecord } from '../../../store/desk/decisions.ts';
import { cancelStrikes } from '../../../store/desk/strikes.ts';
import { ensureTaskIn } from '../../../store/desk/tasks.ts';
import { findOrder } from '../../../store/orders.ts';
import type { NamedPerson } from '../../../store/orders.ts';
import { findSite } from '../../../store/sites.ts';
import { transact } from '../../../store/transact.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { liftOrderBy } from '../../orders/service.ts';
import { namesOfCase } from '../names.ts';
import { tellOwner } from '../owner/notices.ts';
import { moveCase } from './case-step.ts';
import type { FollowDeps } from './follow.ts';
import { alarmAboutOneHand } from './one-hand.ts';

export type AppealAsk = {
  readonly decisionId: DeskDecisionId;
  readonly by: AppealBy;
  readonly text: string;
  /** The report whose reporter appeals; null for an owner, a target, and a reporter for whom the desk enters it. */
  readonly reportId: ReportId | null;
  /** What names that reporter: their words are shown without it. */
  readonly names: readonly string[];
  readonly at: Instant;
  /** Who entered it; null when it came by a link. */
  readonly who: NamedPerson | null;
};

/** Until when a decision may be appealed. */
export function appealEndsAt(confirmedAt: Instant): Instant {
  return instantOf(msOf(confirmedAt) + appealOpenDays * 86_400_000);
}

/**
 * Opens an appeal and moves the case; a reporter joins the reporters' appeal that is open. Locks the case's row, so call it after locking reports and
 * before locking rows below the case. Throws Failure `not-found`, `wrong-state` (not decided, too late, or this party has appealed already).
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
  const joined = await joinInstead(unit, ask);
  if (joined !== null) return joined;
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
  if (ask.by === 'reporter') await joinAppealIn(tx, joiningOf(ask, appealId));
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

/** Joins the appeal in which an ask is answered, or will be; null when it is the first of its side that says so. */
async function joinInstead({ tx }: Work, ask: AppealAsk): Promise<{ appealId: AppealId; dueAt: Instant } | null> {
  const open = await openAppealOf(tx, ask);
  const own = ask.reportId === null ? null : await appealOfReport(tx, ask.reportId, ask.decisionId);
  if ((open !== null && ask.by !== 'reporter') || own !== null) {
    throw new Failure(
      'wrong-state',
      own === null || own.state === 'open' || own.state === 'taken'
        ? 'Your appeal of this decision is open and will be answered. Nothing was changed.'
        : 'Your appeal of this decision was answered. Nothing was changed.',
    );
  }
  if (ask.by !== 'reporter') return null;
  if (open !== null) {
    await joinAppealIn(tx, joiningOf(ask, open.appealId));
    return { appealId: open.appealId, dueAt: open.dueAt };
  }
  // Nothing new is said: the answer that was given is theirs too, and nobody decides the same again.
  const { sha256 } = joiningOf(ask, AppealId.parse(randomId(idPrefix.appeal)));
  const answered = ask.reportId === null ? null : await answeredWith(tx, { decisionId: ask.decisionId, sha256 });
  const appeal = answered === null ? null : await findAppeal(tx, answered, 'lock');
  if (appeal === null) return null;
  await joinAppealIn(tx, joiningOf(ask, appeal.appealId));
  await tellAgainIn(tx, appeal.appealId);
  return { appealId: appeal.appealId, dueAt: appeal.dueAt };
}

function joiningOf(ask: AppealAsk, appealId: AppealId) {
  const text = redact(ask.text, ask.names);
  const sha256 = createHash('sha256').update(plainText(text)).digest('hex');
  return { appealId, reportId: ask.reportId, sha256, text, at: ask.at };
}

/**
 * Whoever appealed takes it back; a reporters' appeal ends when the last of them does. Locks the case's row, after a report's.
 * Throws Failure `wrong-state` when nothing of theirs is open.
 */
export async function withdrawAppeal(
  unit: Work,
  ask: {
    readonly appealId: AppealId;
    readonly reportId: ReportId | null;
    readonly at: Instant;
    readonly who: NamedPerson | null;
  },
): Promise<void> {
  const { tx } = unit;
  const { found, appeal } = await lockAppeal(unit, ask.appealId);
  const allowed = stepAppeal({ state: appeal.state, involved: [], takenBy: null }, { kind: 'withdraw' });
  if (!allowed.ok) throw new Failure(allowed.code, `${allowed.why} Nothing was changed.`);
  // The others' appeal goes on: nobody hears that one of them left, as nobody heard that they came.
  if (ask.reportId !== null && (await leaveAppealIn(tx, ask.appealId, ask.reportId)) === 'others-left') return;
  await withdrawAppealIn(tx, ask.appealId, ask.at);
  const decision = await findDecision(tx, appeal.decisionId, 'lock');
  if (decision === null) throw notFound('decision');
  await moveAnswered(unit, found, decision, false, ask.at);
  await touchDue(tx, found.case_id);
  const detail = { appealId: appeal.appealId, decisionId: appeal.decisionId, by: appeal.by };
  await addAudit(tx, { at: ask.at, who: ask.who, act: 'appeal.withdraw', subject: found.case_id, detail });
  unit.tellAfter({ kind: 'case', caseId: found.case_id });
}

/** Takes an appeal, or takes it over. Throws Failure `not-found`, `same-person`, `wrong-state`. */
export async function takeAppeal(deps: FollowDeps, caller: Caller, appealId: AppealId): Promise<AppealRecord> {
  return transact(deps.store, async (unit) => {
    const { found, appeal } = await lockAppeal(unit, appealId);
    await refuse(unit, appeal, 'take', caller.personId);
    await takeAppealIn(unit.tx, appealId, caller);
    await audit(unit, 'appeal.take', appeal, caller, nowOf(deps));
    unit.tellAfter({ kind: 'case', caseId: found.case_id });
    return again(unit, appealId);
  });
}

export type Outcome = { readonly outcome: 'upheld' | 'modified' | 'reversed'; readonly reasons: string };

const stepOf = { upheld: 'uphold', modified: 'modify', reversed: 'reverse' } as const satisfies Record<string, AppealStep>;

/**
 * Decides an appeal with reasons. The reasons are told to whoever appealed, so they may hold nothing that is sealed in the case.
 * Throws Failure `not-found`, `same-person`, `wrong-state`, `bad-request`.
 */
export async function decideAppeal(
  deps: FollowDeps,
  caller: Caller,
  appealId: AppealId,
  outcome: Outcome & { readonly wordsRead?: number | undefined },
): Promise<AppealRecord> {
  return transact(deps.store, async (unit) => {
    const seen = await findAppeal(unit.tx, appealId);
    const about = seen === null ? null : await findDecision(unit.tx, seen.decisionId);
    const orderId = about?.orderId ?? null;
    const order = orderId === null ? null : await findOrder(unit.tx, orderId, null);
    // The order's site and row before the case (store/transact.ts on the order of locks): a reversal lifts it.
    if (order !== null) {
      await findSite(unit.tx, order.siteId, null, 'lock');
      await findOrder(unit.tx, order.orderId, null, 'lock');
    }
    const { found, appeal } = await lockAppeal(unit, appealId);
    const decision = await findDecision(unit.tx, appeal.decisionId, 'lock');
    if (decision === null) throw notFound('decision');
    await refuse(unit, appeal, stepOf[outcome.outcome], caller.personId);
    await refuseSealed(deps, unit, found, outcome.reasons);
    if (outcome.wordsRead !== undefined && (await hasWordsAfter(unit.tx, appealId, outcome.wordsRead))) {
      throw new Failure(
        'conflict',
        'A reporter joined this appeal with other words meanwhile. Nothing was decided: read them first.',
      );
    }
    const at = nowOf(deps);
    await decideAppealIn(unit.tx, appealId, { state: outcome.outcome, who: caller, at, reasons: outcome.reasons });
    await audit(unit, `appeal.${stepOf[outcome.outcome]}`, appeal, caller, at);
    const earlier = [decision.proposer, decision.confirmer];
    await alarmAboutOneHand(unit, deps, found, {
      newer: caller,
      earlier,
      what: `decided the appeal of ${decision.number ?? 'a decision'}`,
    });
    if (outcome.outcome === 'reversed') await cancelStrikes(unit.tx, decision.decisionId, at);
    if (outcome.outcome === 'modified' || (outcome.outcome === 'reversed' && order === null)) {
      const subject =
        outcome.outcome === 'modified'
          ? `${decision.number ?? 'The decision'}: decide more narrowly, as the appeal says`
          : `${decision.number ?? 'The decision'} was reversed on appeal: decide anew`;
      const dueAt = later(at, timings[found.lane].decision);
      await ensureTaskIn(unit.tx, { caseId: found.case_id, kind: 'recheck', subject, dueAt, holds: true, at });
    }
    await answerParty(unit, deps, { found, appeal, decision }, outcome, at);
    const lifts = outcome.outcome === 'reversed' && order?.state === 'confirmed';
    await moveAnswered(unit, found, decision, lifts, at);
    await touchDue(unit.tx, found.case_id);
    unit.tellAfter({ kind: 'case', caseId: found.case_id });
    // Last: it locks the edge group.
    if (lifts) await liftOrderBy(unit, deps, caller, order.orderId, 'Reversed on appeal.');
    return again(unit, appealId);
  });
}

/** Tells whoever appealed. A target's appeal came by the desk, so the desk tells them. */
async function answerParty(
  unit: Work,
  deps: FollowDeps,
  about: { readonly found: CaseRecord; readonly appeal: AppealRecord; readonly decision: DecisionRecord },
  { outcome, reasons }: Outcome,
  at: Instant,
): Promise<void> {
  const { found, appeal, decision } = about;
  const text = answerText({ outcome, reasons });
  switch (appeal.by) {
    case 'owner':
      await tellOwner(unit, deps, found, {
        kind: 'appeal-outcome',
        decision,
        subject: `Your appeal of ${decision.number ?? 'our decision'}: ${outcome}`,
        text,
        namedUrls: [],
        deadline: null,
        at,
      });
      return;
    case 'reporter':
      // Each is told behind their own link, by a job: deciding takes the same time for any number of them.
      if (!(await hasUnreachable(unit.tx, appeal.appealId))) return;
      await ensureTaskIn(unit.tx, {
        caseId: found.case_id,
        kind: 'recheck',
        subject: `${decision.number ?? 'The decision'}: tell the reporter for whom an appeal was entered that it was ${outcome}`,
        dueAt: later(at, timings[found.lane].appeal),
        holds: true,
        at,
      });
      return;
    case 'target':
      await ensureTaskIn(unit.tx, {
        caseId: found.case_id,
        kind: 'warn-target',
        subject: `the outcome of the appeal made for them: ${outcome}`,
        dueAt: taskDueAt('warn-target', found.lane, at),
        holds: true,
        at,
      });
      return;
    default:
      appeal.by satisfies never;
  }
}

/** What whoever appealed reads. */
export function answerText({ outcome, reasons }: Outcome): string {
  return `${answers[outcome]}\n\nThe reasons: ${reasons}\n\nIt was decided by somebody who had no hand in the decision.`;
}

const answers = {
  upheld: 'We looked at your appeal again. The decision stands.',
  modified: 'We looked at your appeal again. The decision is to be narrowed; until that is decided it stands as it is.',
  reversed: 'We looked at your appeal again. The decision is reversed.',
} as const;

/** Where the last answered appeal leaves the case. */
async function moveAnswered(unit: Work, found: CaseRecord, decision: DecisionRecord, lifts: boolean, at: Instant): Promise<void> {
  if ((await countOpenAppeals(unit.tx, found.case_id)) > 0) return;
  const others = await hasOtherMeasure(unit.tx, found.case_id, lifts ? decision.decisionId : null);
  if (others) await moveCase(unit, found, 'appeal-answered-in-force', at);
  else if (decision.kind !== 'no-action') await moveCase(unit, found, 'appeal-answered-over', at);
  else {
    const reversed = await wasReversed(unit.tx, decision.decisionId);
    await moveCase(unit, found, reversed ? 'appeal-answered-again' : 'appeal-answered-no-action', at);
  }
}

async function refuseSealed(deps: FollowDeps, unit: Work, found: CaseRecord, reasons: string): Promise<void> {
  if (redact(reasons, await namesOfCase(unit.tx, deps.seal, found.case_id)) === reasons) return;
  const message = 'is read outside and holds what names or locates a person: say it without';
  throw new Failure('bad-request', `reasons: ${message}. Nothing was changed.`, { fields: [{ path: 'reasons', message }] });
}

async function lockAppeal(unit: Work, appealId: AppealId): Promise<{ found: CaseRecord; appeal: AppealRecord }> {
  const seen = await findAppeal(unit.tx, appealId);
  const found = seen === null ? null : await lockCase(unit.tx, seen.caseId);
  const appeal = found === null ? null : await findAppeal(unit.tx, appealId, 'lock');
  if (found === null || appeal === null) throw notFound('appeal');
  return { found, appeal };
}

async function refuse(unit: Work, appeal: AppealRecord, kind: Exclude<AppealStep, 'withdraw'>, by: PersonId): Promise<void> {
  const involved = (await involvedInCases(unit.tx, [appeal.caseId])).get(appeal.caseId) ?? [];
  const facts = { state: appeal.state, involved, takenBy: appeal.takenBy?.personId ?? null };
  const allowed = stepAppeal(facts, { kind, by });
  if (!allowed.ok) throw new Failure(allowed.code, `${allowed.why} Nothing was changed.`);
}

async function again(unit: Work, appealId: AppealId): Promise<AppealRecord> {
  const found = await findAppeal(unit.tx, appealId);
  if (found === null) throw notFound('appeal');
  return found;
}

async function audit(unit: Work, act: string, appeal: AppealRecord, who: NamedPerson, at: Instant): Promise<void> {
  const detail = { appealId: appeal.appealId, decisionId: appeal.decisionId, by: appeal.by };
  await addAudit(unit.tx, { at, who, act, subject: appeal.caseId, detail });
}
