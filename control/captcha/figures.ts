/**
 * What became of a key's checks, for its owner: sums over a stretch of time, by class of device, day by day, and what people found about them.
 *
 * Who gave up is known once no pass can come any more (core/captcha/figures.ts `closedBefore`); what began later counts as asked only.
 */
import type { CaptchaKeyId } from '../../contract/ids.ts';
import { reviewedDays } from '../../contract/routes/captcha-keys.ts';
import type { CaptchaFigures, DeviceFigures, ReviewDay } from '../../contract/routes/captcha-keys.ts';
import { closedBefore, softens, solveQuantile, stretchOf } from '../../core/captcha/figures.ts';
import type { CheckCounts, DeviceOrNone } from '../../core/captcha/figures.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { captchaDays, captchaSeries, sumCaptchaCounts } from '../../store/captcha-counts.ts';
import { reviewsOf } from '../../store/captcha-words.ts';
import type { ControlDeps } from '../deps.ts';

type Deps = Pick<ControlDeps, 'store' | 'now'>;
type Sums = ReadonlyMap<DeviceOrNone, CheckCounts>;

const classes = ['fast', 'middle', 'slow', 'unknown'] as const;
const dayMs = 86_400_000;

export async function readFigures(
  { store, now }: Deps,
  keyId: CaptchaKeyId,
  { minutes, stepSeconds }: { readonly minutes: number; readonly stepSeconds: number },
): Promise<CaptchaFigures> {
  const nowMs = now();
  const until = instantOf(nowMs);
  const stepMs = stepSeconds * 1000;
  const sinceMs = stretchOf(Math.floor((nowMs - minutes * 60_000) / stepMs) * stepMs);
  const since = instantOf(sinceMs);
  const closedMs = Math.max(sinceMs, closedBefore(nowMs));
  const all = await sumCaptchaCounts(store.db, keyId, { since, until });
  const closed = await sumCaptchaCounts(store.db, keyId, { since, until: instantOf(closedMs) });
  const solved = addUp(all, (counts) => counts.solved);
  const total = sumOf(all);
  return {
    since,
    until,
    stepSeconds,
    closedUntil: instantOf(closedMs),
    total: { ...total, gaveUp: gaveUpOf(closed) },
    p50Ms: solveQuantile(solved, 0.5),
    p95Ms: solveQuantile(solved, 0.95),
    devices: classes.map((device) => deviceFigures(device, all, closed)),
    points: [...(await captchaSeries(store.db, keyId, { since, until, stepSeconds }))],
  };
}

function sumOf(sums: Sums) {
  const [asked = 0, passed = 0, waited = 0, wrong = 0] = addUp(sums, (of) => [of.asked, of.passed, of.waited, of.wrong]);
  return { asked, passed, waited, wrong };
}

function gaveUpOf(closed: Sums): number {
  const { asked, passed } = sumOf(closed);
  return Math.max(0, asked - passed);
}

/** Who is asked has no class yet: those without one are the ones who never answered, and those who waited from the start. */
function deviceFigures(device: DeviceOrNone, all: Sums, closed: Sums): DeviceFigures {
  const begunIn = (sums: Sums) =>
    device === 'unknown'
      ? Math.max(0, sumOf(sums).asked - (addUp(sums, (of) => [of.stepped])[0] ?? 0))
      : (sums.get(device)?.stepped ?? 0);
  const own = all.get(device);
  const solved = own?.solved ?? [];
  return {
    device,
    begun: begunIn(all),
    passed: own?.passed ?? 0,
    gaveUp: Math.max(0, begunIn(closed) - (closed.get(device)?.passed ?? 0)),
    waited: own?.waited ?? 0,
    p50Ms: solveQuantile(solved, 0.5),
    p95Ms: solveQuantile(solved, 0.95),
  };
}

function addUp(sums: Sums, numbers: (counts: CheckCounts) => readonly number[]): number[] {
  const total: number[] = [];
  for (const counts of sums.values()) for (const [at, one] of numbers(counts).entries()) total[at] = (total[at] ?? 0) + one;
  return total;
}

/** Days that had checks, newest first, with what was found about them. */
export async function readReviews({ store, now }: Deps, keyId: CaptchaKeyId): Promise<ReviewDay[]> {
  const nowMs = now();
  const since = instantOf(nowMs - (nowMs % dayMs) - (reviewedDays - 1) * dayMs);
  const days = await captchaDays(store.db, keyId, { since, until: instantOf(closedBefore(nowMs)) });
  const found = new Map((await reviewsOf(store.db, keyId)).map((review) => [review.day, review]));
  return days.toReversed().map(({ at, asked, passed, calmAsked, calmPassed, solved }) => {
    const day = instantOf(msOf(at)).slice(0, 10);
    const review = found.get(day);
    return {
      day,
      asked,
      passed,
      gaveUp: Math.max(0, asked - passed),
      calmAsked,
      calmGaveUp: Math.max(0, calmAsked - calmPassed),
      p95Ms: solveQuantile(solved, 0.95),
      worthALook: softens({ calmAsked, calmPassed }),
      review: review === undefined ? null : { verdict: review.verdict, note: review.note, by: review.by, at: review.at },
    };
  });
}
