/**
 * Decisions: preview, propose (or break glass), confirm, withdraw, and telling an owner what was held back. Each act is one transaction with the order
 * that it makes and its audit line.
 *
 * core/desk/decision-check.ts says whether a draft may be proposed; follow.ts says what a decision brings about. Locks: site, case, decision (of an
 * existing order: site, order, case, decision), the edge group last.
 */
import { DeskDecisionId, idPrefix } from '../../../contract/ids.ts';
import type { CaseId, Instant, PolicyVersionId } from '../../../contract/ids.ts';
import { stepCase } from '../../../core/desk/case-states.ts';
import type { CaseStep } from '../../../core/desk/case-states.ts';
import { checkDecision } from '../../../core/desk/decision-check.ts';
import type { Draft } from '../../../core/desk/decision-check.ts';
import { criteriaStoodBefore } from '../../../core/desk/limbs.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { measureOf } from '../../../core/desk/ladder.ts';
import { noticePageText, ownerNoticeText, statementText } from '../../../core/desk/statement.ts';
import { instantOf } from '../../../core/instant.ts';
import { randomId } from '../../../kit/random-id.ts';
import { findCase, lockCase } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { findDecision, insertDecision, replaceDecision } from '../../../store/desk/decisions.ts';
import type { DecisionRecord } from '../../../store/desk/decisions.ts';
import { findOrder, nextDecision } from '../../../store/orders.ts';
import type { OrderRecord } from '../../../store/orders.ts';
import { findSite } from '../../../store/sites.ts';
import { transact } from '../../../store/transact.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import type { FieldMistake } from '../../http/failure.ts';
import { confirmOrderIn, placeOrderIn, withdrawOrderIn } from '../../orders/service.ts';
import { namesOfCase } from '../names.ts';
import { tellOwnerOf } from '../owner/notices.ts';
import { moveCase } from './case-step.ts';
import { factsOfCase, statementOfDraft } from './facts.ts';
import { audit, beginAlone, confirmLocked, lapseLocked, lockDecision, withdrawLocked } from './follow.ts';
import type { FollowDeps } from './follow.ts';

/** A proposal without an order that nobody confirms lapses after this; one with an order lapses with it. */
const proposalDays = 14;
const dayMs = 86_400_000;

export type Preview = {
  readonly mistakes: FieldMistake[];
  readonly noticePage: string | null;
  readonly statement: string;
  readonly ownerNotice: string;
};

/** What a draft would publish, and every mistake in it. Keeps nothing. Throws Failure `not-found`. */
export async function previewDecision(deps: FollowDeps, caseId: CaseId, draft: Draft): Promise<Preview> {
  const { db } = deps.store;
  const found = await findCase(db, caseId);
  if (found === null) throw notFound('case');
  const { facts, criteria } = await factsOfCase(deps, db, found, draft);
  const check = checkDecision(draft, facts, deps.now());
  const texts = statementOfDraft(deps, found, draft, criteria);
  return {
    mistakes: check.ok ? [] : [...check.mistakes],
    noticePage: noticePageText(texts),
    statement: statementText(texts),
    ownerNotice: draft.kind === 'no-action' ? '' : ownerNoticeText(texts),
  };
}

/** Proposes a decision with its order, or takes it alone with break-glass. Throws Failure: see the route's errors. */
export async function proposeDecision(deps: FollowDeps, caller: Caller, caseId: CaseId, draft: Draft): Promise<DecisionRecord> {
  if (draft.breakGlass !== undefined && !caller.scopes.has('decisions:confirm')) {
    throw new Failure(
      'not-allowed',
      'Break-glass needs “decisions:confirm”. Propose the decision; a second person confirms it. Nothing was changed.',
    );
  }
  return transact(deps.store, async (unit) => {
    const found = await lockCaseAndSite(unit, caseId);
    const { facts, criteria } = await factsOfCase(deps, unit.tx, found, draft);
    const check = checkDecision(draft, facts, deps.now());
    if (!check.ok) {
      const told = check.mistakes.slice(0, 3).map(({ path, message }) => `${path}: ${message}`);
      const more = check.mistakes.length > 3 ? ` and ${check.mistakes.length - 3} more` : '';
      throw new Failure(check.code, `${told.join('; ')}${more}. Nothing was changed.`, { fields: check.mistakes });
    }
    refuseMove(found, draft);
    const at = nowOf(deps);
    const order = await orderFor(unit, deps, caller, found, draft);
    const decision = recordOfDraft(draft, {
      caller,
      found,
      order,
      at,
      lapsesAt: order === null ? instantOf(deps.now() + proposalDays * dayMs) : (order.breakGlass?.expiresAt ?? order.endsAt),
      criteriaAfterCase: criteria === null || !criteriaStoodBefore(criteria.publishedAt, found.opened_at),
      policyVersionId: draft.policyVersionId,
    });
    await insertDecision(unit.tx, decision);
    await audit(unit, decision.state === 'alone' ? 'decision.break-glass' : 'decision.propose', decision, caller, at);
    if (decision.state === 'alone' && order !== null) await beginAlone(unit, deps, { found, decision }, order);
    else if (decision.kind === 'measure' || decision.kind === 'modify') await moveCase(unit, found, 'propose-measure', at);
    unit.tellAfter({ kind: 'case', caseId });
    return decision;
  });
}

/** A second person confirms; the order goes to the edges in the same transaction. Throws Failure `not-found`, `same-person`, `wrong-state`. */
export async function confirmDecision(deps: FollowDeps, caller: Caller, decisionId: DeskDecisionId): Promise<DecisionRecord> {
  return transact(deps.store, async (unit) => {
    const seen = await findDecision(unit.tx, decisionId);
    if (seen === null) throw notFound('decision');
    if (seen.orderId !== null) {
      await confirmOrderIn(unit, deps, caller, seen.orderId);
      return foundAgain(unit, decisionId);
    }
    await lockCaseAndSite(unit, seen.caseId);
    const locked = await lockDecision(unit, seen);
    // A number of its own: what was decided without an order stands in the same public row of numbers.
    const number = await nextDecision(unit.tx, new Date(deps.now()).getUTCFullYear());
    const numbered = { found: locked.found, decision: { ...locked.decision, number } };
    refuseMove(locked.found, locked.decision);
    const afterwards = await confirmLocked(unit, deps, numbered, { who: caller, order: null, at: nowOf(deps) });
    await afterwards?.();
    return foundAgain(unit, decisionId);
  });
}

/** Takes a proposal back, and its order with it. Throws Failure `not-found`, `wrong-state`. */
export async function withdrawDecision(
  deps: FollowDeps,
  caller: Caller,
  decisionId: DeskDecisionId,
  why: string,
): Promise<DecisionRecord> {
  return transact(deps.store, async (unit) => {
    const seen = await findDecision(unit.tx, decisionId);
    if (seen === null) throw notFound('decision');
    // The audit trail of the order has it too, and names nobody either.
    const reason = redact(why, await namesOfCase(unit.tx, deps.seal, seen.caseId));
    if (seen.orderId !== null) await withdrawOrderIn(unit, deps, caller, seen.orderId, reason);
    else await withdrawLocked(unit, deps, await lockDecision(unit, seen), { who: caller, reason, at: nowOf(deps) });
    return foundAgain(unit, decisionId);
  });
}

/** Sends the statement that was held back; by a person, or by the job when its time has come (`caller` null). */
export async function tellOwnerNow(deps: FollowDeps, caller: Caller | null, decisionId: DeskDecisionId): Promise<DecisionRecord> {
  return transact(deps.store, async (unit) => {
    const { found, decision } = await lockDecision(unit, await findDecision(unit.tx, decisionId));
    if (decision.state !== 'confirmed' || decision.ownerNoticeDelayReason === null || decision.ownerToldAt !== null) {
      throw new Failure('wrong-state', 'No statement of this decision is held back. Nothing was changed.');
    }
    const at = nowOf(deps);
    const order = decision.orderId === null ? null : await findOrder(unit.tx, decision.orderId, null);
    await tellOwnerOf(unit, deps, found, decision, order, at);
    const told: DecisionRecord = { ...decision, ownerToldAt: at };
    await replaceDecision(unit.tx, told);
    await audit(unit, 'decision.tell-owner', told, caller, at);
    unit.tellAfter({ kind: 'case', caseId: found.case_id });
    return told;
  });
}

/** Lets a proposal without an order lapse. Called by a job. */
export async function lapseProposal(deps: FollowDeps, decisionId: DeskDecisionId): Promise<void> {
  await transact(deps.store, async (unit) => {
    const locked = await lockDecision(unit, await findDecision(unit.tx, decisionId));
    await lapseLocked(unit, deps, locked, nowOf(deps));
  });
}

async function foundAgain(unit: Work, decisionId: DeskDecisionId): Promise<DecisionRecord> {
  const found = await findDecision(unit.tx, decisionId);
  if (found === null) throw notFound('decision');
  return found;
}

/** The site first, then the case (store/transact.ts on the order of locks). Throws Failure for a case that is not there, merged or closed. */
async function lockCaseAndSite(unit: Work, caseId: CaseId): Promise<CaseRecord> {
  const seen = await findCase(unit.tx, caseId);
  const siteId = seen?.site_id ?? null;
  if (siteId !== null) await findSite(unit.tx, siteId, null, 'lock');
  const found = await lockCase(unit.tx, caseId);
  if (found === null) throw notFound('case');
  if (found.site_id !== seen?.site_id) {
    throw new Failure('wrong-state', 'The site of the case was changed meanwhile. Look again. Nothing was changed.');
  }
  if (found.merged_into !== null || found.closed_at !== null) {
    throw new Failure('wrong-state', `The case ${found.number} is closed. Reopen it first. Nothing was changed.`);
  }
  return found;
}

/** Refuses a decision that the case cannot take in its present state: before the proposal, so that nobody confirms in vain. */
function refuseMove(found: CaseRecord, draft: Pick<DecisionRecord, 'kind'> & { readonly breakGlass?: unknown }): void {
  const act = draft.breakGlass === undefined ? moves[draft.kind] : 'begin-provisional';
  if (act === null) return;
  const stepped = stepCase(found.state, act);
  if (!stepped.ok) throw new Failure('wrong-state', `${stepped.why} Nothing was changed.`);
}

const moves = {
  'no-action': 'confirm-no-action',
  measure: 'propose-measure',
  modify: 'propose-measure',
  reverse: null,
} as const satisfies Record<DecisionRecord['kind'], CaseStep | null>;

async function orderFor(
  unit: Work,
  deps: FollowDeps,
  caller: Caller,
  { site_id: siteId, number }: CaseRecord,
  draft: Draft,
): Promise<OrderRecord | null> {
  const { step, measure } = draft;
  if (step === undefined || measure === undefined || siteId === null) return null;
  const made = measureOf(step, { requestsPer10s: measure.requestsPer10s ?? null });
  if (made === null) return null;
  return placeOrderIn(unit, deps, caller, {
    measure: made,
    siteId,
    hostnames: measure.hostnames,
    ...(measure.path === undefined ? {} : { path: measure.path }),
    ...(measure.requestsPer10s === undefined ? {} : { requestsPer10s: measure.requestsPer10s }),
    basis: measure.basis,
    // Said once: the desk's reasons stand in its decision, where they are redacted when they are read and blanked when the case is shredded.
    internalReason: `The reasons stand in the case ${number}.`,
    publicReason: draft.publicReason,
    endsAt: measure.endsAt,
    ...(draft.breakGlass === undefined ? {} : { breakGlass: draft.breakGlass }),
  });
}

type Given = {
  readonly caller: Caller;
  readonly found: CaseRecord;
  readonly order: OrderRecord | null;
  readonly at: Instant;
  readonly lapsesAt: Instant;
  readonly criteriaAfterCase: boolean;
  readonly policyVersionId: PolicyVersionId;
};

function recordOfDraft(draft: Draft, given: Given): DecisionRecord {
  const { caller, found, order, at } = given;
  return {
    decisionId: DeskDecisionId.parse(randomId(idPrefix.deskDecision)),
    caseId: found.case_id,
    kind: draft.kind,
    state: draft.breakGlass === undefined ? 'proposed' : 'alone',
    number: order?.decision ?? null,
    limbs: draft.limbs,
    step: draft.step ?? null,
    whyNotBelow: draft.whyNotBelow,
    measure: draft.measure ?? null,
    orderId: order?.orderId ?? null,
    publicReason: draft.publicReason,
    internalReason: draft.internalReason,
    policyVersionId: given.policyVersionId,
    criteriaAfterCase: given.criteriaAfterCase,
    evidence: draft.evidence,
    counts: null,
    provisional: draft.provisional,
    confirms: draft.confirms ?? null,
    reverses: draft.reverses ?? null,
    recheckAt: draft.recheckAt ?? null,
    ownerNoticeDelayReason: draft.ownerNoticeDelayReason ?? null,
    deadline: draft.deadline ?? null,
    namedUrls: draft.namedUrls,
    strike: draft.strike,
    proposer: { personId: caller.personId, name: caller.name },
    proposedAt: at,
    confirmer: null,
    confirmedAt: null,
    breakGlassReason: draft.breakGlass?.reason ?? null,
    lapsesAt: given.lapsesAt,
    ownerToldAt: null,
    lapseWarnedAt: null,
  };
}
