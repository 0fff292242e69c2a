/** Registers decisions, criteria, appeals, strikes and reviews over the API, and what time does to them. */
import type { z } from 'zod';
import { PolicyVersionId, ReviewId, idPrefix } from '../../../contract/ids.ts';
import type { CaseId } from '../../../contract/ids.ts';
import * as aftermath from '../../../contract/routes/desk/aftermath.ts';
import * as contract from '../../../contract/routes/desk/decisions.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addAudit } from '../../../store/audit.ts';
import { listAppeals } from '../../../store/desk/appeals.ts';
import { findCase, lockCase, touchDue } from '../../../store/desk/cases.ts';
import { insertCriteria, listCriteria } from '../../../store/desk/criteria.ts';
import { listDecisionsOfCase } from '../../../store/desk/decisions.ts';
import type { DecisionRecord } from '../../../store/desk/decisions.ts';
import { insertReview, listReviews } from '../../../store/desk/reviews.ts';
import type { ReviewRecord } from '../../../store/desk/reviews.ts';
import { listStrikes } from '../../../store/desk/strikes.ts';
import { listTasks, settleTaskIn } from '../../../store/desk/tasks.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { readCursor, writeCursor } from '../../http/page.ts';
import { registerOpenRoute, registerRoute } from '../../http/register.ts';
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase } from '../names.ts';
import { viewAppeals, viewAppealWords } from './appeal-view.ts';
import { decideAppeal, openAppealIn, takeAppeal } from './appeals.ts';
import { moveCase } from './case-step.ts';
import { sha256Of } from './first-criteria.ts';
import { followOrder } from './follow.ts';
import { decisionJobs } from './jobs.ts';
import { confirmDecision, previewDecision, proposeDecision, tellOwnerNow, withdrawDecision } from './service.ts';
import { viewDecisions } from './view.ts';
import { recordPolicyVersion } from '../../record/leaves.ts';

export function registerDecisions(app: App, deps: DeskDeps): Job[] {
  deps.orderChanges.follow((unit, change) => followOrder(unit, deps, change));
  registerDecisionRoutes(app, deps);
  registerCriteriaRoutes(app, deps);
  registerAppealRoutes(app, deps);
  registerReviewRoutes(app, deps);
  return decisionJobs(deps);
}

function registerDecisionRoutes(app: App, deps: DeskDeps): void {
  const { db } = deps.store;
  const view = async (decision: DecisionRecord) => {
    const [shown] = await viewDecisions(deps, [decision]);
    if (shown === undefined) throw notFound('decision');
    return shown;
  };
  registerRoute(app, deps, contract.listDecisions, async ({ params }) => {
    await requireCase(deps, params.caseId);
    return { items: await viewDecisions(deps, await listDecisionsOfCase(db, params.caseId)) };
  });
  registerRoute(app, deps, contract.previewDecision, ({ params, body }) => previewDecision(deps, params.caseId, body));
  registerRoute(app, deps, contract.proposeDecision, async ({ params, body, caller }) =>
    view(await proposeDecision(deps, caller, params.caseId, body)),
  );
  registerRoute(app, deps, contract.confirmDecision, async ({ params, caller }) =>
    view(await confirmDecision(deps, caller, params.decisionId)),
  );
  registerRoute(app, deps, contract.withdrawDecision, async ({ params, body, caller }) =>
    view(await withdrawDecision(deps, caller, params.decisionId, body.why)),
  );
  registerRoute(app, deps, contract.tellOwner, async ({ params, caller }) =>
    view(await tellOwnerNow(deps, caller, params.decisionId)),
  );
  registerRoute(app, deps, aftermath.listStrikes, async ({ params }) => ({ items: await listStrikes(db, params.accountId) }));
}

function registerCriteriaRoutes(app: App, deps: DeskDeps): void {
  // Who published is the house's own knowledge: the public reads that the house did.
  registerOpenRoute(app, deps, contract.listCriteria, async ({ caller }) => {
    const items = await listCriteria(deps.store.db);
    const inside = caller !== null && caller.scopes.has('desk:read');
    return { items: inside ? items : items.map((item) => ({ ...item, publishedBy: null })) };
  });
  registerRoute(app, deps, contract.publishCriteria, async ({ body, caller }) => {
    const at = nowOf(deps);
    const criteria: contract.Criteria = {
      policyVersionId: PolicyVersionId.parse(randomId(idPrefix.policyVersion)),
      title: body.title,
      text: body.text,
      sha256: sha256Of(body.text),
      publishedAt: at,
      publishedBy: { personId: caller.personId, name: caller.name },
    };
    await transact(deps.store, async ({ tx }) => {
      if (!(await insertCriteria(tx, criteria))) {
        throw new Failure('conflict', 'These very words were published before. Nothing was changed.');
      }
      await recordPolicyVersion(tx, criteria.sha256, at);
      const detail = { title: body.title, sha256: criteria.sha256 };
      await addAudit(tx, { at, who: caller, act: 'criteria.publish', subject: criteria.policyVersionId, detail });
    });
    return criteria;
  });
}

function registerAppealRoutes(app: App, deps: DeskDeps): void {
  const { db } = deps.store;
  const view = async (appeal: Parameters<typeof viewAppeals>[2][number], caller: Caller) => {
    const [shown] = await viewAppeals(deps, db, [appeal], caller);
    if (shown === undefined) throw notFound('appeal');
    return shown;
  };
  registerRoute(app, deps, contract.enterAppeal, async ({ params, body, caller }) =>
    transact(deps.store, (unit) =>
      openAppealIn(unit, {
        decisionId: params.decisionId,
        by: body.by,
        text: body.text,
        reportId: null,
        names: [],
        at: nowOf(deps),
        who: caller,
      }),
    ),
  );
  registerRoute(app, deps, contract.listAppeals, async ({ query, caller }) => {
    const page = await listAppeals(db, {
      open: query.open === undefined ? null : query.open === 'true',
      caseId: query.caseId ?? null,
      limit: query.limit,
      after: readCursor(query.cursor),
    });
    return { items: await viewAppeals(deps, db, page.appeals, caller), next: writeCursor(page.next), total: page.total };
  });
  registerRoute(app, deps, contract.listAppealWords, async ({ params, query }) => {
    const page = await viewAppealWords(deps, db, params.appealId, { limit: query.limit, after: readCursor(query.cursor) });
    return { ...page, next: writeCursor(page.next) };
  });
  registerRoute(app, deps, contract.takeAppeal, async ({ params, caller }) =>
    view(await takeAppeal(deps, caller, params.appealId), caller),
  );
  registerRoute(app, deps, contract.decideAppeal, async ({ params, body, caller }) =>
    view(await decideAppeal(deps, caller, params.appealId, body), caller),
  );
}

function registerReviewRoutes(app: App, deps: DeskDeps): void {
  const { db } = deps.store;
  registerRoute(app, deps, aftermath.listReviews, async ({ params }) => {
    await requireCase(deps, params.caseId);
    const names = await namesOfCase(db, deps.seal, params.caseId);
    const reviews = await listReviews(db, params.caseId);
    return { items: reviews.map((review) => ({ ...review, text: redact(review.text, names) })) };
  });
  registerRoute(app, deps, aftermath.addReview, async ({ params, body, caller }) => addReview(deps, caller, params.caseId, body));
}

type ReviewDraft = z.output<typeof aftermath.addReview.body>;

async function addReview(deps: DeskDeps, caller: Caller, caseId: CaseId, body: ReviewDraft): Promise<ReviewRecord> {
  return transact(deps.store, async (unit) => {
    const found = await lockCase(unit.tx, caseId);
    if (found === null) throw notFound('case');
    const decisions = await listDecisionsOfCase(unit.tx, caseId);
    if (!decisions.some(({ orderId, confirmedAt }) => orderId !== null && confirmedAt !== null)) {
      throw new Failure(
        'wrong-state',
        'No measure of this case was ever confirmed, so there is nothing to review. Nothing was changed.',
      );
    }
    const at = nowOf(deps);
    const review: ReviewRecord = {
      ...body,
      reviewId: ReviewId.parse(randomId(idPrefix.review)),
      at,
      by: { personId: caller.personId, name: caller.name },
      text: redact(body.text, await namesOfCase(unit.tx, deps.seal, caseId)),
    };
    const { by, ...rest } = review;
    if (!(await insertReview(unit.tx, caseId, rest, by))) {
      throw new Failure('conflict', `The review after ${body.afterDays} days is written already. Nothing was changed.`);
    }
    for (const task of await listTasks(unit.tx, caseId)) {
      if (task.kind !== `review-${body.afterDays}` || task.state !== 'open') continue;
      await settleTaskIn(unit.tx, task.task_id, { state: 'done', record: 'The review is written.', at, who: caller });
    }
    const written = await listReviews(unit.tx, caseId);
    if (written.length === 3) await moveCase(unit, found, 'reviews-done', at);
    const detail = { reviewId: review.reviewId, afterDays: body.afterDays, harmFell: body.harmFell };
    await addAudit(unit.tx, { at, who: caller, act: 'case.review', subject: caseId, detail });
    await touchDue(unit.tx, caseId);
    unit.tellAfter({ kind: 'case', caseId });
    return review;
  });
}

async function requireCase(deps: DeskDeps, caseId: CaseId): Promise<void> {
  if ((await findCase(deps.store.db, caseId)) === null) throw notFound('case');
}
