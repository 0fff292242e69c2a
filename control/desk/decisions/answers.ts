/**
 * Tells reporters how their appeal ended, each behind their own private link, with a mail to whoever left a mailbox that is safe.
 *
 * A job, some at a time: whoever decides waits for nobody, and neither the audit trail nor a console hears when the last one was told, which would tell
 * how many they were. Safe in several processes at once, and after a crash it goes on where it was.
 */
import { MessageId, idPrefix } from '../../../contract/ids.ts';
import { randomId } from '../../../kit/random-id.ts';
import { holdTelling, nextToTell, toldIn } from '../../../store/desk/appeal-joiners.ts';
import { findAppeal, tellReporter } from '../../../store/desk/appeals.ts';
import { lockReports } from '../../../store/desk/case-reports.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Job } from '../../jobs/runner.ts';
import { announce } from '../cases/messages.ts';
import { answerText } from './appeals.ts';
import type { FollowDeps } from './follow.ts';

const atOnce = 100;
/** Pieces of work in one turn, so that no turn lasts long. */
const mostRounds = 10;

export function answersJob(deps: FollowDeps): Job {
  return {
    name: 'answers to appeals',
    everyMs: 500,
    afterMs: 500,
    run: async () => {
      for (let round = 0; round < mostRounds; round += 1) if (!(await tellReporters(deps))) return;
    },
  };
}

/** Tells some reporters of the oldest appeal of which not everybody knows the answer; false when there is none. */
export async function tellReporters(deps: FollowDeps): Promise<boolean> {
  const next = await nextToTell(deps.store.db, atOnce);
  if (next === null) return false;
  await transact(deps.store, async (unit) => {
    const { tx } = unit;
    // Reports before the appeal: the order of locks of store/desk/reports.ts.
    const reports = await lockReports(
      tx,
      next.reports.flatMap(({ reportId }) => (reportId === null ? [] : [reportId])),
    );
    if (!(await holdTelling(tx, next))) return;
    const appeal = await findAppeal(tx, next.appealId);
    if (appeal === null || appeal.reasons === null) return;
    const { state } = appeal;
    if (state !== 'upheld' && state !== 'modified' && state !== 'reversed') return;
    const at = nowOf(deps);
    const text = answerText({ outcome: state, reasons: appeal.reasons });
    for (const report of reports) {
      const messageId = MessageId.parse(randomId(idPrefix.message));
      await tellReporter(tx, messageId, { reportId: report.report_id, at, text });
      await announce(deps, unit, report, messageId);
    }
    await toldIn(tx, next.appealId, next.reports.at(-1)?.order ?? next.told, at);
  });
  return true;
}
