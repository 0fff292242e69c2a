/**
 * What time does to insight: coarser roll-ups from finer ones, lists merged into six hours, and what is old enough is forgotten in chunks.
 *
 * Everything is safe to do twice and in several processes at once. A job that was away for long catches up a little at each turn. What is finer is
 * only ever forgotten after it was made coarser, however old it is (store/roll-ups.ts); how long each is kept says control/insight/config.ts.
 */
import { mostTops } from '../../contract/traffic.ts';
import { TopKind } from '../../contract/traffic.ts';
import { instantOf } from '../../core/instant.ts';
import { mergedFrequent } from '../../core/shield/frequent.ts';
import { rollUp, rollUpSteps, trimRollUps } from '../../store/roll-ups.ts';
import { listsOf, markTops, nextTops, putTops, topOwners, topSteps } from '../../store/top-lists.ts';
import type { ControlDeps } from '../deps.ts';
import type { Job } from '../jobs/runner.ts';

/** What comes later than this after its time is in the finest rows only. */
const settledMs = 300_000;
const hourMs = 3_600_000;
const mostTurns = 20;

export function insightJobs(deps: Pick<ControlDeps, 'store' | 'now' | 'insight'>): Job[] {
  const { db } = deps.store;
  const settled = (stepSeconds: number) => {
    const stepMs = stepSeconds * 1000;
    return instantOf(Math.floor((deps.now() - settledMs) / stepMs) * stepMs);
  };
  return [
    {
      name: 'roll-ups',
      everyMs: 60_000,
      afterMs: 20_000,
      run: async () => {
        for (const [step, mostSeconds] of [
          ['minute', 3600],
          ['hour', 86_400],
        ] as const) {
          const until = settled(rollUpSteps[step]);
          for (let turn = 0; turn < mostTurns; turn += 1) if (!(await rollUp(db, step, { until, mostSeconds }))) break;
        }
      },
    },
    { name: 'lists of six hours', everyMs: 600_000, afterMs: 40_000, run: () => mergeTops(deps, settled(topSteps.coarse)) },
    {
      name: 'old roll-ups',
      everyMs: 300_000,
      afterMs: 60_000,
      run: async () => {
        const { fineHours, minuteDays, days } = deps.insight;
        const before = (hours: number) => instantOf(deps.now() - hours * hourMs);
        const { fine, minute, hour } = rollUpSteps;
        await trimRollUps(db, 'roll_up', fine, { before: before(fineHours), madeInto: minute });
        await trimRollUps(db, 'roll_up', minute, { before: before(minuteDays * 24), madeInto: hour });
        await trimRollUps(db, 'roll_up', hour, { before: before(days * 24), madeInto: null });
        await trimRollUps(db, 'top_list', topSteps.fine, { before: before(fineHours), madeInto: topSteps.coarse });
        await trimRollUps(db, 'top_list', topSteps.coarse, { before: before(days * 24), madeInto: null });
      },
    },
  ];
}

/** Merges lists of ten minutes into six hours, one site and edge after another. */
async function mergeTops({ store: { db } }: Pick<ControlDeps, 'store'>, until: ReturnType<typeof instantOf>): Promise<void> {
  for (let turn = 0; turn < mostTurns; turn += 1) {
    const range = await nextTops(db, until);
    if (range === null) return;
    for (const owner of await topOwners(db, range)) {
      const lists = await listsOf(db, owner, range);
      const tops = Object.fromEntries(
        TopKind.options.map((kind) => [
          kind,
          mergedFrequent(
            lists.map((list) => list.tops[kind] ?? []),
            mostTops,
          ).slice(0, mostTops),
        ]),
      );
      const seen = { passed: 0, refused: 0 };
      for (const list of lists) {
        seen.passed += list.seen.passed;
        seen.refused += list.seen.refused;
      }
      await putTops(db, null, topSteps.coarse, [{ ...owner, from: range.from, seen, tops }]);
    }
    await markTops(db, range.until);
  }
}
