/** Who looked at what and for how long, and the settings with which they protect themselves. Read by themselves and for caps; never a measure of work. */
import { z } from 'zod';
import { ExposureId, idPrefix } from '../../contract/ids.ts';
import type { CaseId, EvidenceId, Instant, PersonId } from '../../contract/ids.ts';
import type { Grade } from '../../contract/desk/words.ts';
import type { Wellness } from '../../contract/routes/desk/evidence.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';

export type ExposureLine = {
  readonly personId: PersonId;
  readonly evidenceId: EvidenceId;
  readonly caseId: CaseId | null;
  readonly at: Instant;
  readonly seconds: number;
  readonly mode: string;
  readonly grade: Grade | null;
};

export async function addExposure(db: Db, line: ExposureLine): Promise<void> {
  await db
    .insertInto('exposure')
    .values({
      exposure_id: ExposureId.parse(randomId(idPrefix.exposure)),
      person_id: line.personId,
      evidence_id: line.evidenceId,
      case_id: line.caseId,
      at: line.at,
      seconds: line.seconds,
      mode: line.mode,
      grade: line.grade,
    })
    .execute();
}

/** Seconds since an instant, by grade (`none` where there was none), without what was read as text. */
export async function exposureSince(db: Db, personId: PersonId, since: Instant): Promise<Map<Grade | 'none', number>> {
  const rows = await db
    .selectFrom('exposure')
    .select((select) => ['grade', select.fn.sum<number | string>('seconds').as('seconds')])
    .where('person_id', '=', personId)
    .where('at', '>=', since)
    .where('mode', '<>', 'text')
    .groupBy('grade')
    .execute();
  return new Map(rows.map((row) => [row.grade ?? 'none', Number(row.seconds)]));
}

export type WellnessSettings = Omit<Wellness, 'minutesToday' | 'minutesByGrade'>;

/** What holds until somebody chooses: media closed, blurred, grey and mute, an hour a day. */
const wellnessDefaults: WellnessSettings = { dailyCapMinutes: 60, optedOut: [], blur: true, greyscale: true, mute: true };

const OptedOut = z.array(z.string());

export async function readWellness(db: Db, personId: PersonId): Promise<WellnessSettings> {
  const row = await db.selectFrom('wellness').selectAll().where('person_id', '=', personId).executeTakeFirst();
  if (row === undefined) return wellnessDefaults;
  return {
    dailyCapMinutes: row.daily_cap_minutes,
    optedOut: OptedOut.parse(row.opted_out),
    blur: row.blur,
    greyscale: row.greyscale,
    mute: row.mute,
  };
}

export async function writeWellness(db: Db, personId: PersonId, settings: WellnessSettings): Promise<void> {
  const row = {
    daily_cap_minutes: settings.dailyCapMinutes,
    opted_out: JSON.stringify(settings.optedOut),
    blur: settings.blur,
    greyscale: settings.greyscale,
    mute: settings.mute,
  };
  await db
    .insertInto('wellness')
    .values({ person_id: personId, ...row })
    .onConflict((conflict) => conflict.column('person_id').doUpdateSet(row))
    .execute();
}
