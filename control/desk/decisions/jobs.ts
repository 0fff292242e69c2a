/**
 * What time does to decisions: proposals that lapse, held-back statements that go, warnings before a provisional measure lapses, cases whose
 * every edge has answered, and answers to appeals. Orders end by the spine's own job; follow.ts follows them. Everything is safe to run twice and in several processes.
 */
import { instantOf } from '../../../core/instant.ts';
import { lockCase } from '../../../store/desk/cases.ts';
import {
  decisionOfOrder,
  findDecision,
  ordersAwaitingReceipts,
  proposalsDue,
  provisionalEndingBefore,
  replaceDecision,
  statementsHeldSince,
} from '../../../store/desk/decisions.ts';
import type { DeskDecisionId } from '../../../contract/ids.ts';
import { raiseAlarm } from '../../../store/house.ts';
import { findOrder } from '../../../store/orders.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import { eachAlone } from '../../jobs/each-alone.ts';
import type { Job } from '../../jobs/runner.ts';
import { tallyOrders } from '../../orders/view.ts';
import { answersJob } from './answers.ts';
import { moveCase } from './case-step.ts';
import { lockDecision } from './follow.ts';
import type { FollowDeps } from './follow.ts';
import { lapseProposal, tellOwnerNow } from './service.ts';

/** A statement is held back for this long at most. */
const longestDelayHours = 72;
/** How long before a provisional measure lapses people are told. */
const warnHours = 6;
const hourMs = 3_600_000;

export function decisionJobs(deps: FollowDeps): Job[] {
  const { db } = deps.store;
  return [
    {
      name: 'proposals that lapse',
      everyMs: 5000,
      afterMs: 1000,
      run: async () => {
        const due = await proposalsDue(db, nowOf(deps), 100);
        await eachAlone(deps.log, 'proposals that lapse', due, (decisionId) => lapseProposal(deps, decisionId));
      },
    },
    {
      name: 'statements that were held back',
      everyMs: 5000,
      afterMs: 1500,
      run: async () => {
        const before = instantOf(deps.now() - longestDelayHours * hourMs);
        const held = await statementsHeldSince(db, before, 100);
        await eachAlone(deps.log, 'statements that were held back', held, (decisionId) => tellOwnerNow(deps, null, decisionId));
      },
    },
    {
      name: 'provisional measures about to lapse',
      everyMs: 5000,
      afterMs: 2000,
      run: async () => {
        const before = instantOf(deps.now() + warnHours * hourMs);
        const ending = await provisionalEndingBefore(db, before, 100);
        await eachAlone(deps.log, 'provisional measures about to lapse', ending, (decisionId) => warnOfLapse(deps, decisionId));
      },
    },
    {
      name: 'cases whose every edge has answered',
      everyMs: 1000,
      afterMs: 1000,
      run: () => noteEnforced(deps),
    },
    answersJob(deps),
  ];
}

async function warnOfLapse(deps: FollowDeps, decisionId: DeskDecisionId): Promise<void> {
  await transact(deps.store, async (unit) => {
    const { found, decision } = await lockDecision(unit, await findDecision(unit.tx, decisionId));
    const order = decision.orderId === null ? null : await findOrder(unit.tx, decision.orderId, null);
    if (decision.lapseWarnedAt !== null || order === null) return;
    const at = nowOf(deps);
    await replaceDecision(unit.tx, { ...decision, lapseWarnedAt: at });
    const sentence = `${order.decision} on ${order.siteName} ends by itself at ${order.endsAt} unless a second panel confirms it (${found.number}).`;
    await raiseAlarm(unit, {
      kind: 'overdue',
      at,
      sentence,
      orderId: order.orderId,
      siteId: order.siteId,
      caseId: found.case_id,
    });
    await deps.outbox.wake(unit, { dedupe: `provisional-lapse:${decisionId}`, sentence, caseId: found.case_id });
    unit.tellAfter({ kind: 'case', caseId: found.case_id });
  });
}

/** `confirmed` becomes `enforced` when every edge that should answer has signed. */
async function noteEnforced(deps: FollowDeps): Promise<void> {
  const waiting = await ordersAwaitingReceipts(deps.store.db, 100);
  await eachAlone(deps.log, 'cases whose every edge has answered', waiting, async (orderId) => {
    const order = await findOrder(deps.store.db, orderId, null);
    const tally = order === null ? undefined : (await tallyOrders(deps, [order])).get(orderId);
    if (tally === undefined || tally.expected === 0 || tally.enforced < tally.expected) return;
    await transact(deps.store, async (unit) => {
      const decision = await decisionOfOrder(unit.tx, orderId);
      const found = decision === null ? null : await lockCase(unit.tx, decision.caseId);
      if (found?.state !== 'confirmed') return;
      await moveCase(unit, found, 'all-edges-enforce', nowOf(deps));
      unit.tellAfter({ kind: 'case', caseId: found.case_id });
    });
  });
}
