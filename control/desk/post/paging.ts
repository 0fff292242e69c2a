/**
 * Says a page again until somebody has it.
 *
 * Everybody on call is woken at once (the order of positions is the order in which messages leave); when nobody acknowledged within five
 * minutes, everybody who is then active is woken again and an alarm stands in the console, up to a dozen rounds. One acknowledgement, by
 * anybody, answers all rounds and ways of the same page. Decided so, and not as a ladder of one person after the other, because
 * in a danger to life the second person's sleep costs less than five minutes.
 * Cases of the fast lane wake people once a minute together: the first at once, the next page says how many more cases wait. Cases, never reports.
 */
import { instantOf } from '../../../core/instant.ts';
import { anyWaitsForPage, lockWake, takeWaitingForPage, unansweredWakes, wokenSince } from '../../../store/desk/outbox.ts';
import { raiseAlarm } from '../../../store/house.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Job } from '../../jobs/runner.ts';
import { fastLane, oncePerMs, wakeAll } from './outbox.ts';
import type { PostDeps } from './outbox.ts';

export const answerWithinMs = 300_000;
export const mostRounds = 12;
/** In each half minute: whoever causes many pages does not drown the others in repetitions. */
const mostAtOnce = 5;

export function pagingJob(deps: PostDeps): Job {
  return { name: 'pages that nobody answered', everyMs: 30_000, afterMs: 1000, run: () => repeatPages(deps) };
}

export function moreCasesJob(deps: PostDeps): Job {
  return { name: 'pages for more cases in the fast lane', everyMs: 2000, afterMs: 1000, run: () => pageMoreCases(deps) };
}

/** One page for all cases that came since the last one. Several processes may do it at once: a case is taken once. */
export async function pageMoreCases(deps: PostDeps): Promise<void> {
  if (!(await anyWaitsForPage(deps.store.db, nowOf(deps)))) return;
  await transact(deps.store, async (unit) => {
    const since = instantOf(deps.now() - oncePerMs);
    if (await wokenSince(unit.tx, fastLane, since)) return;
    const cases = await takeWaitingForPage(unit.tx, nowOf(deps));
    const [only] = cases;
    if (only === undefined) return;
    const sentence =
      cases.length === 1
        ? 'One more case waits in the fast lane: a report says that somebody is in danger now. Open it at once.'
        : `${cases.length} more cases wait in the fast lane. Each is in the queue with its alarm: look at all of them now.`;
    const caseId = cases.length === 1 ? only : null;
    await wakeAll(deps, unit, { dedupe: `${fastLane} more:${nowOf(deps)}`, sentence, caseId, repeats: true, round: 0 });
  });
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
