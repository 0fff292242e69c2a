/**
 * Decisions as the desk reads them, with their orders' receipts. To the desk only: reasons and people stand here.
 *
 * What was typed for the desk is redacted with the names of today: one that was sealed after a reason was written is not read in it any more.
 */
import type { z } from 'zod';
import type { DeskDecision } from '../../../contract/routes/desk/decisions.ts';
import type { CaseId, OrderId } from '../../../contract/ids.ts';
import { redactedNames } from '../../../core/desk/redaction.ts';
import { isOrderInForce } from '../../../core/shield/orders.ts';
import type { DecisionRecord } from '../../../store/desk/decisions.ts';
import { findOrder } from '../../../store/orders.ts';
import type { OrderRecord } from '../../../store/orders.ts';
import { factsOf } from '../../orders/policy.ts';
import { tallyOrders } from '../../orders/view.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase } from '../names.ts';

type View = z.input<typeof DeskDecision>;

const captchaCaveat =
  'The order is kept and public, but nothing suspends captcha keys by itself yet: this installation runs no captcha service.';

/** Decisions as the desk sees them, in the same order. */
export async function viewDecisions(
  deps: Pick<DeskDeps, 'store' | 'now' | 'publicUrl' | 'seal'>,
  decisions: readonly DecisionRecord[],
): Promise<View[]> {
  const orders = new Map<OrderId, OrderRecord>();
  for (const { orderId } of decisions) {
    const order = orderId === null ? null : await findOrder(deps.store.db, orderId, null);
    if (order !== null) orders.set(order.orderId, order);
  }
  const tallies = await tallyOrders(deps, [...orders.values()]);
  const names = new Map<CaseId, string[]>();
  for (const { caseId } of decisions) {
    if (!names.has(caseId)) names.set(caseId, await namesOfCase(deps.store.db, deps.seal, caseId));
  }
  return decisions.map((decision) => {
    const known = names.get(decision.caseId) ?? [];
    const clean = (text: string) => redactedNames(text, known);
    const order = decision.orderId === null ? null : (orders.get(decision.orderId) ?? null);
    return {
      decisionId: decision.decisionId,
      caseId: decision.caseId,
      kind: decision.kind,
      state: decision.state,
      number: decision.number,
      limbs: decision.limbs.map((limb) => ({ ...limb, reason: clean(limb.reason) })),
      step: decision.step,
      whyNotBelow: [...decision.whyNotBelow],
      measure: decision.measure,
      evidence: [...decision.evidence],
      publicReason: decision.publicReason,
      internalReason: clean(decision.internalReason),
      policyVersionId: decision.policyVersionId,
      criteriaAfterCase: decision.criteriaAfterCase,
      provisional: decision.provisional,
      confirms: decision.confirms,
      recheckAt: decision.recheckAt,
      namedUrls: decision.namedUrls.map((url) => clean(url)),
      deadline: decision.deadline,
      ownerNoticeDelayReason: decision.ownerNoticeDelayReason === null ? null : clean(decision.ownerNoticeDelayReason),
      proposer: decision.proposer,
      proposedAt: decision.proposedAt,
      confirmer: decision.confirmer,
      confirmedAt: decision.confirmedAt,
      breakGlass: decision.breakGlassReason === null ? null : { reason: clean(decision.breakGlassReason) },
      lapsesAt: decision.lapsesAt,
      orderId: decision.orderId,
      receipts: order === null ? null : (tallies.get(order.orderId) ?? null),
      volume: decision.counts,
      reverses: decision.reverses,
      strike: decision.strike,
      ownerToldAt: decision.ownerToldAt,
      caveat: caveatOf(decision, order, deps.now()),
    };
  });
}

/** What a decision does not do, so that nobody believes it does. */
function caveatOf(decision: DecisionRecord, order: OrderRecord | null, atMs: number): string | null {
  if (decision.step === 'captcha-keys') return captchaCaveat;
  if (order !== null && decision.state === 'confirmed' && !isOrderInForce(factsOf(order), atMs)) {
    return 'Its order is over: visitors meet it no more.';
  }
  return null;
}
