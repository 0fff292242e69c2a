/** Facts of a case that a decision is checked against, and those that its texts are made of. Reads only. */
import type { CaseId, DeskDecisionId, Instant, PolicyVersionId } from '../../../contract/ids.ts';
import type { Volume } from '../../../contract/desk/shapes.ts';
import type { Criteria } from '../../../contract/routes/desk/decisions.ts';
import type { DecisionFactsOfCase, Draft } from '../../../core/desk/decision-check.ts';
import type { OwnerFacts } from '../../../core/desk/statement.ts';
import { isOrderInForce } from '../../../core/shield/orders.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { volumeOf } from '../../../store/desk/clusters.ts';
import { findCriteria } from '../../../store/desk/criteria.ts';
import { findDecision, gradedIncidents } from '../../../store/desk/decisions.ts';
import type { DecisionRecord } from '../../../store/desk/decisions.ts';
import { listEvidence } from '../../../store/desk/evidence.ts';
import type { Db } from '../../../store/open.ts';
import { findOrder } from '../../../store/orders.ts';
import type { OrderRecord } from '../../../store/orders.ts';
import { countSites } from '../../../store/sites.ts';
import { appealUrl, factsOf, statementUrl } from '../../orders/policy.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase } from '../names.ts';

type Needs = Pick<DeskDeps, 'seal' | 'now' | 'publicUrl' | 'provider'>;

/** N/M/K/W of a case once its grade is locked; null before, when nobody may know them. */
export async function countsOf(db: Db, found: CaseRecord): Promise<Volume | null> {
  return found.grade_locked_at === null ? null : volumeOf(db, found.case_id);
}

export type CaseFacts = { readonly facts: DecisionFactsOfCase; readonly criteria: Criteria | null };

/** What core/desk/decision-check.ts needs to know of the case. The sealed names are those of its targets: nobody at the desk has read a reporter's. */
export async function factsOfCase(deps: Needs, db: Db, found: CaseRecord, draft: Draft): Promise<CaseFacts> {
  const evidence = await listEvidence(db, found.case_id);
  const criteria = await findCriteria(db, draft.policyVersionId);
  const reverses = await decisionIn(db, found.case_id, draft.reverses);
  const confirms = await decisionIn(db, found.case_id, draft.confirms);
  return {
    criteria,
    facts: {
      openedAt: found.opened_at,
      hasSite: found.site_id !== null && found.account_id !== null,
      gradeLocked: found.grade_locked_at !== null,
      accountSites: found.account_id === null ? 0 : (await countSites(db, found.account_id)).all,
      levels: new Map(evidence.map((item) => [item.evidenceId, item.level])),
      incidents: await gradedIncidents(db, found.case_id),
      names: await namesOfCase(db, deps.seal, found.case_id),
      criteriaAt: criteria?.publishedAt ?? null,
      reverses: reverses === null ? null : { inForce: await standsStill(deps, db, reverses) },
      confirms:
        confirms === null
          ? null
          : {
              isProvisional: confirms.provisional,
              inForce: confirms.state === 'confirmed' && (await standsStill(deps, db, confirms)),
            },
    },
  };
}

async function decisionIn(db: Db, caseId: CaseId, decisionId: DeskDecisionId | undefined): Promise<DecisionRecord | null> {
  const found = decisionId === undefined ? null : await findDecision(db, decisionId);
  return found?.caseId === caseId ? found : null;
}

/** Whether what a decision brought about is still there: its order in force, or a decision without an order that nobody took back. */
async function standsStill(deps: Needs, db: Db, decision: DecisionRecord): Promise<boolean> {
  if (decision.state !== 'confirmed' && decision.state !== 'alone') return false;
  const order = decision.orderId === null ? null : await findOrder(db, decision.orderId, null);
  return order === null || isOrderInForce(factsOf(order), deps.now());
}

/** The facts of a draft's texts, before it is proposed. */
export function statementOfDraft(deps: Needs, found: CaseRecord, draft: Draft, criteria: Criteria | null): OwnerFacts {
  return {
    provider: deps.provider,
    number: null,
    kind: draft.kind,
    step: draft.step ?? null,
    siteName: found.site_name,
    hostnames: draft.measure?.hostnames ?? [],
    path: draft.measure?.path ?? null,
    basis: draft.measure?.basis ?? { kind: 'own-decision' },
    publicReason: draft.publicReason,
    whyNotBelow: draft.whyNotBelow,
    limbs: draft.limbs,
    criteria,
    criteriaAfterCase: criteria !== null && criteria.publishedAt > found.opened_at,
    startsAt: null,
    endsAt: draft.measure?.endsAt ?? null,
    provisional: draft.provisional,
    alone: null,
    recheckAt: draft.recheckAt ?? null,
    // A preview is read before anything is decided: numbers come with the confirmation.
    volume: null,
    statementUrl: null,
    appealUrl: appealUrl(deps.publicUrl),
    namedUrls: draft.namedUrls,
    deadline: draft.deadline ?? null,
  };
}

/** The facts of a decision's texts as it stands. */
export async function statementOf(
  deps: Needs,
  db: Db,
  found: CaseRecord,
  decision: DecisionRecord,
  order: OrderRecord | null,
): Promise<OwnerFacts> {
  const criteria = await criteriaOf(db, decision.policyVersionId);
  return {
    provider: deps.provider,
    number: decision.number,
    kind: decision.kind,
    step: decision.step,
    siteName: found.site_name,
    hostnames: order?.hostnames ?? [],
    path: order?.path ?? null,
    basis: order?.basis ?? { kind: 'own-decision' },
    publicReason: decision.publicReason,
    whyNotBelow: decision.whyNotBelow,
    limbs: decision.limbs,
    criteria,
    criteriaAfterCase: decision.criteriaAfterCase,
    startsAt: order?.startsAt ?? null,
    endsAt: order?.endsAt ?? null,
    provisional: decision.provisional,
    alone: aloneUntil(decision),
    recheckAt: decision.recheckAt,
    volume: decision.counts,
    // What restricts nothing, such as a notice to an owner, has a number and no page of its own.
    statementUrl: decision.number === null || order === null ? null : statementUrl(deps.publicUrl, decision.number),
    appealUrl: appealUrl(deps.publicUrl),
    namedUrls: decision.namedUrls,
    deadline: decision.deadline,
  };
}

function aloneUntil(decision: DecisionRecord): Instant | null {
  return decision.confirmer === null && decision.breakGlassReason !== null ? decision.lapsesAt : null;
}

async function criteriaOf(db: Db, policyVersionId: PolicyVersionId | null): Promise<Criteria | null> {
  return policyVersionId === null ? null : findCriteria(db, policyVersionId);
}
