/**
 * Figures of captcha keys: added to by every process of the provider, read as sums, forgotten after a while; and which keys are softened.
 *
 * Writing does not wait for the disk: after a crash the last seconds may be missing, which a figure bears.
 */
import { sql } from 'kysely';
import type { Instant } from '../contract/ids.ts';
import type { CheckCounts, DeviceOrNone } from '../core/captcha/figures.ts';
import type { Db } from './open.ts';
import { relaxed } from './transact.ts';

const solveColumns = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8'] as const;
const columns = ['asked', 'calm_asked', 'stepped', 'passed', 'calm_passed', 'waited', 'wrong', ...solveColumns] as const;

export type CountedChecks = {
  readonly keyId: string;
  readonly at: Instant;
  readonly device: DeviceOrNone;
  readonly counts: CheckCounts;
};

/** Adds to what is there. `at` is the beginning of a stretch (core/captcha/figures.ts). */
export async function addCaptchaCounts(db: Db, rows: readonly CountedChecks[]): Promise<void> {
  if (rows.length === 0) return;
  const each = (form: (column: string) => string) => sql.raw(columns.map(form).join(', '));
  // In one order, so that two processes never wait for each other in a circle.
  const sent = rows
    .map(({ keyId, at, device, counts }) => ({ key_id: keyId, at, device, ...rowOf(counts) }))
    .sort((one, other) => (`${one.key_id} ${one.at} ${one.device}` < `${other.key_id} ${other.at} ${other.device}` ? -1 : 1));
  await relaxed(db, async (tx) => {
    await sql`insert into captcha_count (key_id, at, device, ${each((column) => column)})
      select v.key_id, v.at, v.device, ${each((column) => `v.${column}`)}
      from jsonb_to_recordset(${JSON.stringify(sent)}::jsonb)
        as v(key_id text, at timestamptz, device text, ${each((column) => `${column} integer`)})
      on conflict (key_id, at, device) do update set ${each((column) => `${column} = captcha_count.${column} + excluded.${column}`)}`.execute(
      tx,
    );
  });
}

/** Sums of a key by class of device, of checks that began from `since` and before `until`. Classes without any are absent. */
export async function sumCaptchaCounts(
  db: Db,
  keyId: string,
  { since, until }: { readonly since: Instant; readonly until: Instant },
): Promise<Map<DeviceOrNone, CheckCounts>> {
  const rows = await db
    .selectFrom('captcha_count')
    .select(['device', ...columns.map((column) => sql<number>`sum(${sql.ref(column)})::float8`.as(column))])
    .where('key_id', '=', keyId)
    .where('at', '>=', since)
    .where('at', '<', until)
    .groupBy('device')
    .execute();
  return new Map(rows.map(({ device, ...sums }) => [device, countsOf(sums)]));
}

/** As a line of time: what was asked and passed of one key in steps of so many seconds, oldest first; empty steps are absent. */
export async function captchaSeries(
  db: Db,
  keyId: string,
  { since, until, stepSeconds }: { readonly since: Instant; readonly until: Instant; readonly stepSeconds: number },
): Promise<readonly { readonly at: Instant; readonly asked: number; readonly passed: number }[]> {
  const { rows } = await sql<{ at: Instant; asked: number; passed: number }>`
    select date_bin(make_interval(secs => ${stepSeconds}), at, timestamptz 'epoch') as at, sum(asked)::float8 as asked, sum(passed)::float8 as passed
    from captcha_count where key_id = ${keyId} and at >= ${since} and at < ${until}
    group by 1 order by 1`.execute(db);
  return rows;
}

export type CountedDay = {
  readonly at: Instant;
  readonly asked: number;
  readonly passed: number;
  readonly calmAsked: number;
  readonly calmPassed: number;
  readonly solved: readonly number[];
};

/** Sums of one key by day in UTC, oldest first; days without any are absent. */
export async function captchaDays(
  db: Db,
  keyId: string,
  { since, until }: { readonly since: Instant; readonly until: Instant },
): Promise<CountedDay[]> {
  const rows = await db
    .selectFrom('captcha_count')
    .select([
      sql<Instant>`date_bin('1 day', at, timestamptz 'epoch')`.as('day'),
      ...columns.map((column) => sql<number>`sum(${sql.ref(column)})::float8`.as(column)),
    ])
    .where('key_id', '=', keyId)
    .where('at', '>=', since)
    .where('at', '<', until)
    .groupBy('day')
    .orderBy('day')
    .execute();
  return rows.map(({ day, ...sums }) => {
    const { asked, passed, calmAsked, calmPassed, solved } = countsOf(sums);
    return { at: day, asked, passed, calmAsked, calmPassed, solved };
  });
}

export type Softened = { readonly since: Instant; readonly until: Instant; readonly asked: number; readonly passed: number };

/** Makes a key ask one level less until then, or longer than it did. */
export async function softenCaptchaKey(db: Db, keyId: string, softened: Softened): Promise<void> {
  const { since, until, asked, passed } = softened;
  await db
    .insertInto('captcha_softened')
    .values({ key_id: keyId, ...softened })
    .onConflict((conflict) =>
      conflict.column('key_id').doUpdateSet({
        since: sql<Instant>`case when captcha_softened.until < ${since} then ${since}::timestamptz else captcha_softened.since end`,
        until: sql<Instant>`greatest(captcha_softened.until, ${until})`,
        asked,
        passed,
      }),
    )
    .execute();
}

/** Those of the keys that are softened now. */
export async function softenedCaptchaKeys(db: Db, keyIds: readonly string[], now: Instant): Promise<Map<string, Softened>> {
  if (keyIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('captcha_softened')
    .selectAll()
    .where('key_id', 'in', keyIds)
    .where('until', '>', now)
    .execute();
  return new Map(rows.map(({ key_id: keyId, ...softened }) => [keyId, softened]));
}

/** Forgets figures of before then. */
export async function forgetCaptchaCounts(db: Db, before: Instant): Promise<void> {
  await relaxed(db, async (tx) => {
    await tx.deleteFrom('captcha_count').where('at', '<', before).execute();
    await tx.deleteFrom('captcha_softened').where('until', '<', before).execute();
  });
}

type Sums = Readonly<Record<(typeof columns)[number], number>>;

function rowOf(counts: CheckCounts): Sums {
  const [s1 = 0, s2 = 0, s3 = 0, s4 = 0, s5 = 0, s6 = 0, s7 = 0, s8 = 0] = counts.solved;
  const { asked, calmAsked, stepped, passed, calmPassed, waited, wrong } = counts;
  return {
    asked,
    calm_asked: calmAsked,
    stepped,
    passed,
    calm_passed: calmPassed,
    waited,
    wrong,
    s1,
    s2,
    s3,
    s4,
    s5,
    s6,
    s7,
    s8,
  };
}

function countsOf(sums: Sums): CheckCounts {
  const { asked, calm_asked: calmAsked, stepped, passed, calm_passed: calmPassed, waited, wrong } = sums;
  return { asked, calmAsked, stepped, passed, calmPassed, waited, wrong, solved: solveColumns.map((column) => sums[column]) };
}
