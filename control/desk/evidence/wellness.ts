/**
 * Caps on what one person looks at in a day (UTC), and their own settings. They protect; nobody is measured by them and no queue counts them.
 *
 * Beyond the cap media stay closed (fails closed); text can always be read, because a danger must not wait for tomorrow.
 */
import type { z } from 'zod';
import type { setWellness } from '../../../contract/routes/desk/evidence.ts';
import type { Wellness } from '../../../contract/routes/desk/evidence.ts';
import type { PersonId } from '../../../contract/ids.ts';
import { instantOf } from '../../../core/instant.ts';
import { exposureSince, readWellness, writeWellness } from '../../../store/desk/exposure.ts';
import type { DeskDeps } from '../deps.ts';
import { Failure } from '../../http/failure.ts';

type Needs = Pick<DeskDeps, 'store' | 'now'>;

export async function viewWellness(deps: Needs, personId: PersonId): Promise<Wellness> {
  const settings = await readWellness(deps.store.db, personId);
  const dayMs = 86_400_000;
  const today = instantOf(Math.floor(deps.now() / dayMs) * dayMs);
  const byGrade = await exposureSince(deps.store.db, personId, today);
  const minutes = (seconds: number) => Math.round(seconds / 6) / 10;
  return {
    ...settings,
    minutesToday: minutes([...byGrade.values()].reduce((sum, seconds) => sum + seconds, 0)),
    minutesByGrade: Object.fromEntries([...byGrade].map(([grade, seconds]) => [grade, minutes(seconds)])),
  };
}

export async function changeWellness(
  deps: Needs,
  personId: PersonId,
  settings: z.output<typeof setWellness.body>,
): Promise<Wellness> {
  await writeWellness(deps.store.db, personId, settings);
  return viewWellness(deps, personId);
}

/** Throws Failure `exposure-cap` when the person has seen enough for today. */
export async function mustBeBelowCap(deps: Needs, personId: PersonId): Promise<Wellness> {
  const wellness = await viewWellness(deps, personId);
  if (wellness.minutesToday < wellness.dailyCapMinutes) return wellness;
  throw new Failure(
    'exposure-cap',
    `You have looked at media for ${wellness.minutesToday} minutes today; your cap is ${wellness.dailyCapMinutes}. Nothing was opened. ` +
      'Hand the case over, or go on with its text.',
  );
}
