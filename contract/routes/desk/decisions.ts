/**
 * Decisions, the criteria they rest on, and appeals. What follows from them later: aftermath.ts.
 *
 * A decision that reaches visitors makes an order of the spine; both are confirmed by the same act. One person proposes, another confirms; break-glass
 * stands alone, alarms everybody and lapses. A provisional one lapses after 72 hours unless a second panel confirms it. Deciding not to act is a
 * decision too. Appeals are decided by somebody who neither proposed nor confirmed.
 */
import { z } from 'zod';
import { AppealId, CaseId, DeskDecisionId, EvidenceId, Instant, OrderId, PolicyVersionId } from '../../ids.ts';
import { Basis, PathPrefix } from '../../policy.ts';
import { AppealBy, AppealState, DeskDecisionKind, DeskDecisionState, LadderStep, Limb } from '../../desk/words.ts';
import { Volume } from '../../desk/shapes.ts';
import { Nothing, PageQuery, pageOf, PersonRef } from '../common.ts';
import { ReceiptTally } from '../orders.ts';
import { route } from '../route.ts';

const ByDecision = z.strictObject({ decisionId: DeskDecisionId });
const ByAppeal = z.strictObject({ appealId: AppealId });

/** Met, with evidence; or "not met", with a sentence. Never empty. */
export const LimbFinding = z.discriminatedUnion('finding', [
  z.strictObject({
    limb: Limb,
    finding: z.literal('met'),
    reason: z.string().trim().min(3).max(2000),
    evidence: z.array(EvidenceId).max(50),
  }),
  z.strictObject({ limb: Limb, finding: z.literal('not-met'), reason: z.string().trim().min(3).max(2000) }),
]);
export type LimbFinding = z.infer<typeof LimbFinding>;

/** What the measure asks of the spine: an order's measure and scope. Left out for a notice to the owner only. */
export const MeasureDraft = z.strictObject({
  hostnames: z.array(z.string().min(1).max(300)).max(200).default([]),
  path: PathPrefix.optional(),
  /** For `limit-or-challenge`: a limit when given, else a challenge. */
  requestsPer10s: z.int().min(1).max(100_000).optional(),
  basis: Basis.default({ kind: 'own-decision' }),
  endsAt: Instant,
});
export type MeasureDraft = z.input<typeof MeasureDraft>;

export const DecisionDraft = z.strictObject({
  kind: DeskDecisionKind,
  limbs: z.array(LimbFinding).max(10),
  step: LadderStep.optional(),
  measure: MeasureDraft.optional(),
  /** For every narrower step: why it would not do. */
  whyNotBelow: z.array(z.strictObject({ step: LadderStep, why: z.string().trim().min(10).max(1000) })).max(7),
  evidence: z.array(EvidenceId).max(200),
  policyVersionId: PolicyVersionId,
  /** What visitors, the owner and the public read. Checked: it may hold nothing that is sealed in this case. */
  publicReason: z.string().trim().min(10).max(600),
  internalReason: z.string().trim().min(10).max(4000),
  provisional: z.boolean().default(false),
  /** The provisional decision that this one makes lasting, by a second panel. */
  confirms: DeskDecisionId.optional(),
  /** The order or decision that a `modify` or `reverse` ends. */
  reverses: DeskDecisionId.optional(),
  /** For `no-action`: when it is looked at again. */
  recheckAt: Instant.optional(),
  /** The addresses that the owner is asked to act on, and until when. */
  namedUrls: z.array(z.string().trim().min(1).max(4000)).max(250).default([]),
  deadline: Instant.optional(),
  /** Why the owner is told later than at the measure; on record. */
  ownerNoticeDelayReason: z.string().trim().min(10).max(1000).optional(),
  strike: z.boolean().default(false),
  breakGlass: z.strictObject({ reason: z.string().trim().min(10).max(1000) }).optional(),
});
export type DecisionDraft = z.input<typeof DecisionDraft>;

export const DeskDecision = z.strictObject({
  decisionId: DeskDecisionId,
  caseId: CaseId,
  kind: DeskDecisionKind,
  state: DeskDecisionState,
  /** Null until it has a public number. */
  number: z.string().nullable(),
  limbs: z.array(LimbFinding),
  step: LadderStep.nullable(),
  whyNotBelow: z.array(z.strictObject({ step: LadderStep, why: z.string() })),
  measure: MeasureDraft.nullable(),
  evidence: z.array(EvidenceId),
  publicReason: z.string(),
  internalReason: z.string(),
  policyVersionId: PolicyVersionId.nullable(),
  criteriaAfterCase: z.boolean(),
  provisional: z.boolean(),
  confirms: DeskDecisionId.nullable(),
  recheckAt: Instant.nullable(),
  namedUrls: z.array(z.string()),
  deadline: Instant.nullable(),
  ownerNoticeDelayReason: z.string().nullable(),
  proposer: PersonRef,
  proposedAt: Instant,
  confirmer: PersonRef.nullable(),
  confirmedAt: Instant.nullable(),
  breakGlass: z.strictObject({ reason: z.string() }).nullable(),
  lapsesAt: Instant.nullable(),
  orderId: OrderId.nullable(),
  receipts: ReceiptTally.nullable(),
  volume: Volume.nullable(),
  /** The earlier decision that it ends. */
  reverses: DeskDecisionId.nullable().optional(),
  strike: z.boolean().optional(),
  /** When the owner got the statement of reasons. */
  ownerToldAt: Instant.nullable().optional(),
  /** What it does not do (yet), in a sentence: such as captcha keys that nothing suspends by itself. */
  caveat: z.string().nullable().optional(),
});
export type DeskDecision = z.infer<typeof DeskDecision>;

/** What would be published and shown, before anybody proposes it. */
export const DecisionPreview = z.strictObject({
  mistakes: z.array(z.strictObject({ path: z.string(), message: z.string() })),
  /** The notice page as text; null when visitors meet none. */
  noticePage: z.string().nullable(),
  statement: z.string(),
  ownerNotice: z.string(),
});
export type DecisionPreview = z.infer<typeof DecisionPreview>;

export const listDecisions = route({
  method: 'GET',
  path: '/api/v1/desk/cases/{caseId}/decisions',
  summary: 'Decisions of a case, newest first.',
  needs: 'desk:read',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ items: z.array(DeskDecision) }),
  status: 200,
  errors: ['not-found'],
});

export const previewDecision = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/decisions/preview',
  summary: 'What a decision would publish, and every mistake in it. Keeps nothing.',
  needs: 'decisions:propose',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: DecisionDraft,
  answer: DecisionPreview,
  status: 200,
  errors: ['not-found'],
});

export const proposeDecision = route({
  method: 'POST',
  path: '/api/v1/desk/cases/{caseId}/decisions',
  summary: 'Proposes a decision, or with break-glass takes it alone until a second person confirms it.',
  needs: 'decisions:propose',
  params: z.strictObject({ caseId: CaseId }),
  query: Nothing,
  body: DecisionDraft,
  answer: DeskDecision,
  status: 201,
  errors: ['not-found', 'wrong-state', 'not-graded', 'decision-incomplete', 'criteria-unpublished'],
});

export const confirmDecision = route({
  method: 'POST',
  path: '/api/v1/desk/decisions/{decisionId}/confirm',
  summary: 'A second person confirms; its order goes to the edges at once.',
  needs: 'decisions:confirm',
  params: ByDecision,
  query: Nothing,
  body: Nothing,
  answer: DeskDecision,
  status: 200,
  errors: ['not-found', 'same-person', 'wrong-state'],
});

export const withdrawDecision = route({
  method: 'POST',
  path: '/api/v1/desk/decisions/{decisionId}/withdraw',
  summary: 'Takes a proposal back.',
  needs: 'decisions:propose',
  params: ByDecision,
  query: Nothing,
  body: z.strictObject({ why: z.string().trim().min(3).max(1000) }),
  answer: DeskDecision,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const tellOwner = route({
  method: 'POST',
  path: '/api/v1/desk/decisions/{decisionId}/tell-owner',
  summary: 'Sends the statement of reasons that was held back. It goes by itself 72 hours after the measure.',
  needs: 'decisions:propose',
  params: ByDecision,
  query: Nothing,
  body: Nothing,
  answer: DeskDecision,
  status: 200,
  errors: ['not-found', 'wrong-state'],
});

export const enterAppeal = route({
  method: 'POST',
  path: '/api/v1/desk/decisions/{decisionId}/appeals',
  summary: 'Enters an appeal that reached the desk by another way, such as the target’s.',
  needs: 'desk:work',
  params: ByDecision,
  query: Nothing,
  body: z.strictObject({ by: AppealBy, text: z.string().trim().min(10).max(10_000) }),
  answer: z.strictObject({ appealId: AppealId, dueAt: Instant }),
  status: 201,
  errors: ['not-found', 'wrong-state'],
});

export const Criteria = z.strictObject({
  policyVersionId: PolicyVersionId,
  title: z.string(),
  text: z.string(),
  sha256: z.string(),
  publishedAt: Instant,
  publishedBy: PersonRef.nullable(),
});
export type Criteria = z.infer<typeof Criteria>;

export const listCriteria = route({
  method: 'GET',
  path: '/api/v1/desk/criteria',
  summary: 'The published criteria, newest first. Public.',
  needs: 'nobody',
  params: Nothing,
  query: Nothing,
  body: Nothing,
  answer: z.strictObject({ items: z.array(Criteria) }),
  status: 200,
  errors: [],
});

export const publishCriteria = route({
  method: 'POST',
  path: '/api/v1/desk/criteria',
  summary: 'Publishes a version of the criteria. It is never changed afterwards.',
  needs: 'criteria:publish',
  params: Nothing,
  query: Nothing,
  body: z.strictObject({ title: z.string().trim().min(3).max(200), text: z.string().trim().min(100).max(60_000) }),
  answer: Criteria,
  status: 201,
  errors: ['conflict'],
});

export const Appeal = z.strictObject({
  appealId: AppealId,
  caseId: CaseId,
  decisionId: DeskDecisionId,
  decision: z.string().nullable(),
  by: AppealBy,
  state: AppealState,
  text: z.string(),
  openedAt: Instant,
  dueAt: Instant,
  takenBy: PersonRef.nullable(),
  decider: PersonRef.nullable(),
  decidedAt: Instant.nullable(),
  reasons: z.string().nullable(),
  /** Of a reporters' appeal: how many reporters are in it. Null before the case's grade is locked, and for every other side. */
  joined: z.int().min(1).nullable(),
  /** Whether the caller may decide it: not who proposed, confirmed or graded. */
  mayDecide: z.boolean(),
});
export type Appeal = z.infer<typeof Appeal>;

/** What reporters say in their appeal, the same words once. `times`: how many said so; null before the case's grade is locked. */
export const AppealWords = z.strictObject({
  n: z.int().min(1),
  text: z.string(),
  at: Instant,
  times: z.int().min(0).nullable(),
});
export type AppealWords = z.infer<typeof AppealWords>;

export const listAppeals = route({
  method: 'GET',
  path: '/api/v1/desk/appeals',
  summary: 'Appeals, the next due first.',
  needs: 'appeals:read',
  params: Nothing,
  query: PageQuery.extend({ open: z.enum(['true', 'false']).optional(), caseId: CaseId.optional() }),
  body: Nothing,
  answer: pageOf(Appeal),
  status: 200,
  errors: [],
});

export const listAppealWords = route({
  method: 'GET',
  path: '/api/v1/desk/appeals/{appealId}/words',
  summary:
    'What the reporters of an appeal say, the same words once, in the order in which they came. `total` is 0 before the grade is locked.',
  needs: 'appeals:read',
  params: ByAppeal,
  query: PageQuery,
  body: Nothing,
  answer: pageOf(AppealWords),
  status: 200,
  errors: ['not-found'],
});

export const takeAppeal = route({
  method: 'POST',
  path: '/api/v1/desk/appeals/{appealId}/take',
  summary: 'Takes an appeal to decide it.',
  needs: 'appeals:decide',
  params: ByAppeal,
  query: Nothing,
  body: Nothing,
  answer: Appeal,
  status: 200,
  errors: ['not-found', 'same-person', 'wrong-state'],
});

export const decideAppeal = route({
  method: 'POST',
  path: '/api/v1/desk/appeals/{appealId}/decide',
  summary: 'Decides it with reasons. `reversed` lifts the order at once; `modified` asks for a narrower decision.',
  needs: 'appeals:decide',
  params: ByAppeal,
  query: Nothing,
  body: z.strictObject({
    outcome: z.enum(['upheld', 'modified', 'reversed']),
    reasons: z.string().trim().min(20).max(10_000),
    /** The `n` of the last words that were read: refused as `conflict` when a reporter joined with others since. */
    wordsRead: z.int().min(0).optional(),
  }),
  answer: Appeal,
  status: 200,
  errors: ['not-found', 'same-person', 'wrong-state', 'conflict'],
});
