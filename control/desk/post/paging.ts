/**
 * Says a page again until somebody has it.
 *
 * Everybody on call is woken at once (the order of positions is the order in which messages leave); when nobody acknowledged within five
 * minutes, everybody who is then active is woken again and an alarm stands in the console, up to a dozen rounds. One acknowledgement, by
 * anybody, answers all rounds and ways of the same page. Decided so, and not as a ladder of one person after the other, because
 * in a danger to life the second person's sleep costs less than five minutes.
 */
import { instantOf } from '../../../core/instant.ts';
import { lockWake, unansweredWakes } from '../../../store/desk/outbox.ts';
import { raiseAlarm } from '../../../store/house.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Job } from '../../jobs/runner.ts';
import { wakeAll } from './outbox.ts';
import type { PostDeps } from './outbox.ts';

export const answerWithinMs = 300_000;
export const mostRounds = 12;
/** In each half minute: whoever causes many pages does not drown the others in repetitions. */
const mostAtOnce = 5;

export function pagingJob(deps: PostDeps): Job {
  return { name: 'pages that nobody answered', everyMs: 30_000, afterMs: 1000, run: () => repeatPages(deps) };
}

/** Wakes again for every page that waited too long. Several processes may do it at once: a round is made once. */
export async function repeatPages(deps: PostDeps): Promise<void> {
  const before = instantOf(deps.now() - answerWithinMs);
  const due = await unansweredWakes(deps.store.db, { before, rounds: mostRounds - 1, limit: mostAtOnce });
  for (const { about, caseId, subject, round } of due) {
    await transact(deps.store, async (unit) => {
      if (await lockWake(unit.tx, about)) return;
      await wakeAll(deps, unit, { dedupe: about, sentence: subject, caseId, repeats: true, round: round + 1 });
      await raiseAlarm(unit, {
        kind: 'page-failed',
        at: nowOf(deps),
        sentence: `Nobody on call has acknowledged within five minutes: ${subject} Everybody is woken again.`,
        ...(caseId === null ? {} : { caseId }),
      });
    });
  }
}
