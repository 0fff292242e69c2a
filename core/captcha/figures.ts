/**
 * Figures of a site key's checks, and when they say that the work is too hard.
 *
 * Counts stand with the five minutes in which a check began, whatever process was asked for its steps: who began and did not pass when their
 * answers are no longer taken has given up. So nobody needs to be remembered for it. Who only began has no class of device yet.
 */
import type { DeviceClass } from '../../contract/captcha.ts';
import { answerSeconds } from './work.ts';

export const countedMs = 300_000;
/** Up to here (of a time from begin to token, in ms) go the columns of the histogram; the last has no end. */
export const solveBoundsMs = [300, 600, 1000, 2000, 3000, 5000, 8000] as const;

export type DeviceOrNone = DeviceClass | 'unknown';

/** Sums of one key, class and stretch of time. `unknown` holds what is counted at the beginning. */
export type CheckCounts = {
  readonly asked: number;
  /** Of those asked: with nothing against their network. */
  readonly calmAsked: number;
  /** Answered the first step. */
  readonly stepped: number;
  readonly passed: number;
  readonly calmPassed: number;
  /** Of those passed: by waiting. */
  readonly waited: number;
  readonly wrong: number;
  /** Of those passed by work: how many within each bound. One longer than `solveBoundsMs`. */
  readonly solved: readonly number[];
};

/** The beginning of the stretch in which an instant lies. */
export function stretchOf(ms: number): number {
  return ms - (ms % countedMs);
}

/** No pass can come any more for what began before this. Steps, waits and skew of clocks fit in twice the life of one answer. */
export function closedBefore(nowMs: number): number {
  return stretchOf(nowMs - 3 * answerSeconds * 1000);
}

/** The column of a solve time. */
export function solveColumn(tookMs: number): number {
  const found = solveBoundsMs.findIndex((bound) => tookMs <= bound);
  return found === -1 ? solveBoundsMs.length : found;
}

/** A quantile of solve times in ms, straight within a column; null without any. Those of the last column count as its beginning. */
export function solveQuantile(solved: readonly number[], share: number): number | null {
  const all = solved.reduce((sum, one) => sum + one, 0);
  if (all === 0) return null;
  let before = 0;
  for (const [column, count] of solved.entries()) {
    const from = column === 0 ? 0 : (solveBoundsMs[column - 1] ?? 0);
    const to = solveBoundsMs[column] ?? from;
    if (count > 0 && before + count >= share * all) return Math.round(from + ((share * all - before) / count) * (to - from));
    before += count;
  }
  return solveBoundsMs.at(-1) ?? null;
}

const fewestForSoftening = 30;
/** The conformance of a check that asks under a second of most people: who leaves a page for other reasons is a few in a hundred. */
const tooManyGaveUp = 0.3;

/**
 * Whether calm visitors give up so often that the work goes down one level. Only they count: an attacker who begins and leaves in order
 * to soften a key has to come from ever new networks, and gains the difference of one level, on his calm networks alone.
 */
export function softens(closed: { readonly calmAsked: number; readonly calmPassed: number }): boolean {
  const { calmAsked, calmPassed } = closed;
  return calmAsked >= fewestForSoftening && (calmAsked - calmPassed) / calmAsked > tooManyGaveUp;
}

/** What is looked at, and how long it then stays soft: long enough that the answer to its own effect is not a see-saw. */
export const softeningLooksBackMs = 3 * 3_600_000;
export const softenedForMs = 24 * 3_600_000;
