/**
 * Cases in danger whose clock ran out: an alarm and a page to everybody on call, once for each time that is missed.
 *
 * Nothing is decided by it. Safe in several processes at once: the time that was missed is noted under the case's lock.
 */
import { changeCase, lockCase, overdueCases } from '../../../store/desk/cases.ts';
import { raiseAlarm } from '../../../store/house.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import { eachAlone } from '../../jobs/each-alone.ts';
import type { Deps } from './work.ts';

const words: Readonly<Record<string, string>> = {
  capture: 'our copy of the evidence',
  eyes: 'somebody to look at it',
  grade: 'its grade',
  decision: 'a decision',
  'warn-target': 'the warning of a target',
  'warn-police': 'the warning of the police',
  'law-enforcement-referral': 'the referral to law enforcement',
  'hotline-referral': 'the referral to a hotline',
  'owner-notice': 'the notice to the owner',
  statement: 'the public statement',
  'provisional-end': 'a second panel, before the provisional measure ends',
  appeal: 'the answer to an appeal',
};

export async function alarmAboutOverdue(deps: Deps): Promise<void> {
  const due = await overdueCases(deps.store.db, nowOf(deps), 100);
  await eachAlone(deps.log, 'overdue cases', due, async (caseId) => {
    await transact(deps.store, async (unit) => {
      const found = await lockCase(unit.tx, caseId);
      const at = nowOf(deps);
      if (found === null || found.due_at === null || found.due_at > at || found.overdue_for === found.due_at) return;
      await changeCase(unit.tx, caseId, { overdue_for: found.due_at });
      const what = words[found.due_what ?? ''] ?? `a task (${found.due_what ?? 'unnamed'})`;
      const sentence = `${found.number} has waited for ${what} since ${found.due_at}.`;
      await raiseAlarm(unit, {
        kind: 'overdue',
        at,
        sentence,
        caseId,
        ...(found.site_id === null ? {} : { siteId: found.site_id }),
      });
      await deps.outbox.wake(unit, { dedupe: `overdue ${caseId} ${found.due_at}`, sentence, caseId });
    });
  });
}
