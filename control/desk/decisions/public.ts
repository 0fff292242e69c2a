/**
 * What the desk publishes of its decisions: the statement behind an order, and decisions not to act.
 *
 * Fails closed: only confirmed decisions, and those that one person took alone, have a statement. Never here: a person, an internal reason, a limb's own
 * reason, an evidence item, a site in a decision not to act. Numbers below five are withheld (core/desk/statement.ts).
 */
import type { PublicNoAction, PublicStatement } from '../../../contract/routes/orders.ts';
import { DecisionNumber } from '../../../contract/ids.ts';
import { publishedVolume } from '../../../core/desk/statement.ts';
import { appealsOfDecisions } from '../../../store/desk/appeals.ts';
import { findCase } from '../../../store/desk/cases.ts';
import { findCriteria } from '../../../store/desk/criteria.ts';
import { decisionByNumber, decisionOfOrder, findDecision, listNoActions, successorOf } from '../../../store/desk/decisions.ts';
import type { DecisionRecord } from '../../../store/desk/decisions.ts';
import { listReviews } from '../../../store/desk/reviews.ts';
import type { Db } from '../../../store/open.ts';
import type { OrderRecord } from '../../../store/orders.ts';
import type { ControlDeps } from '../../deps.ts';
import { appealUrl, statementUrl } from '../../orders/policy.ts';

type Needs = Pick<ControlDeps, 'store' | 'provider' | 'publicUrl'>;

const mostListed = 50;

/** The statement behind an order; null when no case of the desk stands behind it, or the decision never came into force. */
export async function statementOfOrder(db: Db, order: OrderRecord): Promise<PublicStatement | null> {
  const decision = await decisionOfOrder(db, order.orderId);
  return decision === null || !wasInForce(decision, order) ? null : statementFor(db, decision);
}

/** A decision taken alone that nobody confirmed was in force until it lapsed; the public keeps its statement. */
function wasInForce(decision: DecisionRecord, order: OrderRecord): boolean {
  return (
    decision.state === 'confirmed' || decision.state === 'alone' || (decision.state === 'lapsed' && order.breakGlass !== null)
  );
}

async function statementFor(db: Db, decision: DecisionRecord): Promise<PublicStatement> {
  const criteria = decision.policyVersionId === null ? null : await findCriteria(db, decision.policyVersionId);
  const successor = await successorOf(db, decision.decisionId);
  const earlierId = decision.confirms ?? decision.reverses;
  const earlier = earlierId === null ? null : await findDecision(db, earlierId);
  const isMeasure = decision.orderId !== null;
  return {
    step: decision.step,
    whyNotBelow: [...decision.whyNotBelow],
    limbs: decision.limbs.map(({ limb, finding }) => ({ limb, finding })),
    criteria:
      criteria === null
        ? null
        : {
            title: criteria.title,
            sha256: criteria.sha256,
            publishedAt: criteria.publishedAt,
            afterCase: decision.criteriaAfterCase,
          },
    volume: decision.counts === null ? null : publishedVolume(decision.counts),
    automated: false,
    provisional: decision.provisional,
    replacedBy: numberOf(successor),
    replaces: numberOf(earlier),
    reversed: successor?.kind === 'reverse' ? successor.publicReason : null,
    appeal: await appealOf(db, decision),
    reviews: isMeasure
      ? (await listReviews(db, decision.caseId)).map(({ afterDays, at, harmFell }) => ({ afterDays, at, harmFell }))
      : [],
  };
}

/** The number of a decision that has a page: one with an order. */
function numberOf(decision: DecisionRecord | null): DecisionNumber | null {
  const number = decision?.number ?? null;
  return number === null || decision?.orderId === null ? null : DecisionNumber.parse(number);
}

/** How the newest appeal of a decision stands. Who appealed is not said: one party may be one person. */
async function appealOf(db: Db, decision: DecisionRecord): Promise<PublicStatement['appeal']> {
  const appeals = await appealsOfDecisions(db, [decision.decisionId]);
  let newest: PublicStatement['appeal'] = 'none';
  for (const { state } of appeals) {
    if (state === 'withdrawn') continue;
    newest = state === 'taken' ? 'open' : state;
  }
  return newest;
}

/** A decision without an order by its public number: one not to act. Null for whatever is not public. */
export async function publicNoAction(deps: Needs, number: DecisionNumber): Promise<PublicNoAction | null> {
  const decision = await decisionByNumber(deps.store.db, number);
  return decision === null ? null : noActionOf(deps, decision);
}

/** Decisions not to act, newest first. */
export async function publicNoActions(deps: Needs): Promise<PublicNoAction[]> {
  const found: PublicNoAction[] = [];
  for (const decision of await listNoActions(deps.store.db, mostListed)) {
    const shown = await noActionOf(deps, decision);
    if (shown !== null) found.push(shown);
  }
  return found;
}

async function noActionOf(deps: Needs, decision: DecisionRecord): Promise<PublicNoAction | null> {
  const number = decision.number === null ? null : DecisionNumber.parse(decision.number);
  const found = await findCase(deps.store.db, decision.caseId);
  const { confirmedAt } = decision;
  if (decision.kind !== 'no-action' || decision.state !== 'confirmed') return null;
  if (number === null || found === null || confirmedAt === null) return null;
  return {
    decision: number,
    provider: deps.provider,
    kind: 'no-action',
    class: found.class,
    reason: decision.publicReason,
    decidedAt: confirmedAt,
    recheckAt: decision.recheckAt,
    statement: await statementFor(deps.store.db, decision),
    statementUrl: statementUrl(deps.publicUrl, number),
    appealUrl: appealUrl(deps.publicUrl),
  };
}
