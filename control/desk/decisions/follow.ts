/**
 * What a decision brings about when it is confirmed, taken alone, withdrawn, lapsed or over: the one place for it, whether the decision was acted on or
 * its order was.
 *
 * For a decision with an order, the order's change is what happens, and this follows in its transaction (control/orders/changes.ts): a decision and its
 * order never say two things. For one without, control/desk/decisions/service.ts calls the same functions. Fails closed: what is not allowed throws
 * and undoes the order's change too, so confirming an order over the orders' routes is no way around the second panel.
 * Locks: the order's site and row are held already; then the case, then the decision.
 */
import { StrikeId, idPrefix } from '../../../contract/ids.ts';
import type { Instant, PersonId } from '../../../contract/ids.ts';
import { taskDueAt } from '../../../core/desk/clocks.ts';
import { stepDecision } from '../../../core/desk/decision-states.ts';
import type { DecisionAct } from '../../../core/desk/decision-states.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addAudit } from '../../../store/audit.ts';
import { changeCase, lockCase, touchDue } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import {
  decisionOfOrder,
  findDecision,
  hasOtherMeasure,
  hasOtherProposal,
  markReportsDecided,
  replaceDecision,
  successorOf,
} from '../../../store/desk/decisions.ts';
import type { DecisionRecord } from '../../../store/desk/decisions.ts';
import { insertStrike } from '../../../store/desk/strikes.ts';
import { ensureTaskIn } from '../../../store/desk/tasks.ts';
import { raiseAlarm } from '../../../store/house.ts';
import { findOrder } from '../../../store/orders.ts';
import type { NamedPerson, OrderRecord } from '../../../store/orders.ts';
import type { Work } from '../../../store/transact.ts';
import { Failure, notFound } from '../../http/failure.ts';
import type { OrderChange } from '../../orders/changes.ts';
import { liftOrderBy } from '../../orders/service.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase } from '../names.ts';
import { tellOwner, tellOwnerOf } from '../owner/notices.ts';
import { moveCase } from './case-step.ts';
import { countsOf } from './facts.ts';
import { alarmAboutOneHand } from './one-hand.ts';

export type FollowDeps = Omit<DeskDeps, 'intake'>;

const dayMs = 86_400_000;
/** A strike counts for a year. */
const strikeDays = 365;

export type Locked = { readonly found: CaseRecord; readonly decision: DecisionRecord };

/** Locks a decision's case, then the decision. Throws Failure `not-found`. */
export async function lockDecision(unit: Work, seen: DecisionRecord | null): Promise<Locked> {
  const found = seen === null ? null : await lockCase(unit.tx, seen.caseId);
  const decision = seen === null ? null : await findDecision(unit.tx, seen.decisionId, 'lock');
  if (found === null || decision === null) throw notFound('decision');
  return { found, decision };
}

/** Follows an order's change. The thunk that it may return runs after the change went to the edges. */
export async function followOrder(unit: Work, deps: FollowDeps, change: OrderChange): Promise<(() => Promise<void>) | null> {
  const { order, what, who, at, reason } = change;
  const seen = await decisionOfOrder(unit.tx, order.orderId);
  if (seen === null) return null;
  const locked = await lockDecision(unit, seen);
  switch (what) {
    case 'confirm':
    case 'endorse':
      if (who === null) throw new Error('an order was confirmed by nobody');
      return confirmLocked(unit, deps, locked, { who, order, at });
    case 'withdraw':
      await withdrawLocked(unit, deps, locked, { who, reason, at });
      return null;
    case 'lapse':
      await lapseLocked(unit, deps, locked, at);
      return null;
    case 'expire':
    case 'lift':
      await endLocked(unit, deps, locked, change);
      return null;
    default:
      return what satisfies never;
  }
}

/** A second person has confirmed. Returns what is left to do once the edges know: end the decision whose place this one takes. */
export async function confirmLocked(
  unit: Work,
  deps: FollowDeps,
  { found, decision }: Locked,
  act: { readonly who: NamedPerson; readonly order: OrderRecord | null; readonly at: Instant },
): Promise<(() => Promise<void>) | null> {
  const { who, order, at } = act;
  refuseStep(decision, { kind: 'confirm', by: who.personId }, await firstPanelOf(unit, decision), deps.now());
  const confirmed: DecisionRecord = {
    ...decision,
    state: 'confirmed',
    confirmer: who,
    confirmedAt: at,
    lapsesAt: null,
    number: order?.decision ?? decision.number,
    counts: await countsOf(unit.tx, found),
  };
  const moved = await moveOnConfirm(unit, found, confirmed, at);
  const told = await tellWhenDue(unit, deps, moved, confirmed, order, at);
  await replaceDecision(unit.tx, told);
  await markReportsDecided(unit.tx, found.case_id);
  await tasksOf(unit, moved, told, order, at);
  if (told.strike && found.account_id !== null) {
    await insertStrike(unit.tx, {
      strikeId: StrikeId.parse(randomId(idPrefix.strike)),
      accountId: found.account_id,
      caseId: found.case_id,
      decisionId: told.decisionId,
      at,
      expiresAt: instantOf(msOf(at) + strikeDays * dayMs),
      reason: told.publicReason,
    });
  }
  await audit(unit, 'decision.confirm', told, who, at);
  const provisional = told.confirms === null ? null : await findDecision(unit.tx, told.confirms);
  const others = [...(order === null ? [told.proposer] : []), provisional?.proposer ?? null, provisional?.confirmer ?? null];
  await alarmAboutOneHand(unit, deps, found, { newer: who, earlier: others, what: `confirmed ${told.number ?? 'a decision'}` });
  await touched(unit, found);
  const ended = told.confirms ?? told.reverses;
  const earlier = ended === null ? null : await findDecision(unit.tx, ended);
  const { orderId } = earlier ?? { orderId: null };
  if (orderId === null) return null;
  const why = `${told.number ?? 'A later decision'} takes its place.`;
  // After the new order went to the edges, so that there is no moment without either.
  return () => liftIfStanding(unit, deps, orderId, who, why);
}

async function liftIfStanding(unit: Work, deps: FollowDeps, orderId: OrderRecord['orderId'], who: NamedPerson, why: string) {
  const earlier = await findOrder(unit.tx, orderId, null);
  if (earlier?.state === 'confirmed') await liftOrderBy(unit, deps, who, orderId, why);
}

/** A decision that one person took alone is in force: the case and the owner know at once. */
export async function beginAlone(unit: Work, deps: FollowDeps, { found, decision }: Locked, order: OrderRecord): Promise<void> {
  const { proposedAt: at } = decision;
  const moved = await moveCase(unit, found, 'begin-provisional', at);
  const told = await tellWhenDue(unit, deps, moved, decision, order, at);
  await replaceDecision(unit.tx, told);
  await deps.outbox.wake(unit, {
    dedupe: `break-glass:${decision.decisionId}`,
    sentence: `Break-glass: one person alone put ${order.decision} in force (${found.number}). A second person must look now.`,
    caseId: found.case_id,
  });
  await touched(unit, found);
}

export async function withdrawLocked(
  unit: Work,
  deps: FollowDeps,
  { found, decision }: Locked,
  act: { readonly who: NamedPerson | null; readonly reason: string | null; readonly at: Instant },
): Promise<void> {
  refuseStep(decision, { kind: 'withdraw' }, [], deps.now());
  await replaceDecision(unit.tx, { ...decision, state: 'withdrawn', lapsesAt: null });
  await proposalGone(unit, found, decision, act.at);
  const names = await namesOfCase(unit.tx, deps.seal, found.case_id);
  await audit(unit, 'decision.withdraw', decision, act.who, act.at, act.reason === null ? null : redact(act.reason, names));
  await touched(unit, found);
}

/** A proposal whose time has come. */
export async function lapseLocked(unit: Work, _deps: FollowDeps, { found, decision }: Locked, at: Instant): Promise<void> {
  if (decision.state !== 'proposed') return;
  await replaceDecision(unit.tx, { ...decision, state: 'lapsed' });
  await proposalGone(unit, found, decision, at);
  await audit(unit, 'decision.lapse', decision, null, at);
  await touched(unit, found);
}

/** A measure that was in force is over: lifted by somebody, or ended by its own time. */
async function endLocked(unit: Work, deps: FollowDeps, { found, decision }: Locked, change: OrderChange): Promise<void> {
  const { what, who, at } = change;
  const wasAlone = decision.state === 'alone';
  if (wasAlone) await replaceDecision(unit.tx, { ...decision, state: 'lapsed', lapsesAt: null });
  const madeLasting = await successorOf(unit.tx, decision.decisionId);
  const lapsed = what === 'expire' && (wasAlone || (decision.provisional && madeLasting === null));
  const others = await hasOtherMeasure(unit.tx, found.case_id, decision.decisionId);
  if (!others) await moveCase(unit, found, lapsed ? 'provisional-lapsed' : 'measure-over', at);
  if (lapsed) {
    await raiseAlarm(unit, {
      kind: 'provisional-lapsed',
      at,
      sentence: `${change.order.decision} on ${change.order.siteName} ended by itself: ${wasAlone ? 'no second person' : 'no second panel'} confirmed it. The case ${found.number} is open again.`,
      orderId: change.order.orderId,
      siteId: change.order.siteId,
      caseId: found.case_id,
    });
  }
  if (madeLasting === null && decision.ownerToldAt !== null) {
    await tellOwner(unit, deps, found, {
      kind: 'ended',
      decision,
      subject: `${change.order.decision} about ${found.site_name} is over`,
      text: `The measure of ${change.order.decision} is over: ${what === 'lift' ? 'it was lifted' : 'it came to its end'}. Visitors reach ${found.site_name} as before, unless another decision stands.`,
      namedUrls: [],
      deadline: null,
      at,
    });
  }
  await audit(unit, wasAlone ? 'decision.lapse' : 'decision.measure-over', decision, who, at);
  await touched(unit, found);
}

function refuseStep(decision: DecisionRecord, act: DecisionAct, firstPanel: readonly PersonId[], atMs: number): void {
  const facts = { state: decision.state, proposerId: decision.proposer.personId, lapsesAt: decision.lapsesAt, firstPanel };
  const allowed = stepDecision(facts, act, atMs);
  if (!allowed.ok) throw new Failure(allowed.code, `${allowed.why} Nothing was changed.`);
}

/** Proposer and confirmer of the provisional decision that this one makes lasting. */
async function firstPanelOf(unit: Work, { confirms }: DecisionRecord): Promise<PersonId[]> {
  const provisional = confirms === null ? null : await findDecision(unit.tx, confirms);
  if (provisional === null) return [];
  return [provisional.proposer, provisional.confirmer].flatMap((person) => (person === null ? [] : [person.personId]));
}

async function moveOnConfirm(unit: Work, found: CaseRecord, decision: DecisionRecord, at: Instant): Promise<CaseRecord> {
  switch (decision.kind) {
    case 'no-action': {
      await changeCase(unit.tx, found.case_id, { recheck_at: decision.recheckAt });
      return moveCase(unit, found, 'confirm-no-action', at);
    }
    case 'reverse':
      return found;
    case 'measure':
    case 'modify': {
      if (decision.provisional) return moveCase(unit, found, 'begin-provisional', at);
      const confirmed = await moveCase(unit, found, 'confirm-measure', at);
      // A notice to the owner restricts nothing, so nothing stands that could end later.
      const stands = decision.orderId !== null || (await hasOtherMeasure(unit.tx, found.case_id, decision.decisionId));
      return stands ? confirmed : moveCase(unit, confirmed, 'measure-over', at);
    }
    default:
      return decision.kind satisfies never;
  }
}

/** The owner is told at the measure, unless a reason to wait is on record or they were told when one person took it alone. */
async function tellWhenDue(
  unit: Work,
  deps: FollowDeps,
  found: CaseRecord,
  decision: DecisionRecord,
  order: OrderRecord | null,
  at: Instant,
): Promise<DecisionRecord> {
  if (decision.kind === 'no-action' || decision.ownerToldAt !== null || decision.ownerNoticeDelayReason !== null) return decision;
  await tellOwnerOf(unit, deps, found, decision, order, at);
  return { ...decision, ownerToldAt: at };
}

async function tasksOf(
  unit: Work,
  found: CaseRecord,
  decision: DecisionRecord,
  order: OrderRecord | null,
  at: Instant,
): Promise<void> {
  const add = (kind: Parameters<typeof taskDueAt>[0], subject: string | null, dueAt: Instant | null, holds: boolean) =>
    ensureTaskIn(unit.tx, { caseId: found.case_id, kind, subject, dueAt, holds, at });
  if (decision.kind !== 'reverse') await add('answer-reporters', null, taskDueAt('answer-reporters', found.lane, at), true);
  if (decision.kind === 'no-action') await add('recheck', null, decision.recheckAt, false);
  if (decision.provisional && order !== null) await add('second-panel', decision.number, order.endsAt, false);
  if (order !== null) {
    for (const kind of ['review-7', 'review-30', 'review-90'] as const) {
      await add(kind, null, taskDueAt(kind, found.lane, at), false);
    }
  }
}

async function proposalGone(unit: Work, found: CaseRecord, decision: DecisionRecord, at: Instant): Promise<void> {
  if (await hasOtherProposal(unit.tx, found.case_id, decision.decisionId)) return;
  await moveCase(unit, found, 'proposal-gone', at);
}

async function touched(unit: Work, found: CaseRecord): Promise<void> {
  await touchDue(unit.tx, found.case_id);
  unit.tellAfter({ kind: 'case', caseId: found.case_id });
}

export async function audit(
  unit: Work,
  act: string,
  decision: DecisionRecord,
  who: NamedPerson | null,
  at: Instant,
  reason: string | null = null,
): Promise<void> {
  await addAudit(unit.tx, {
    at,
    who,
    act,
    subject: decision.caseId,
    detail: {
      decisionId: decision.decisionId,
      kind: decision.kind,
      number: decision.number,
      ...(decision.ownerNoticeDelayReason === null ? {} : { ownerNotice: 'held back' }),
      ...(reason === null ? {} : { reason }),
    },
  });
}
