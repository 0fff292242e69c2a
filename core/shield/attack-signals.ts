/**
 * Whether a site is under attack: from its requests in windows of ten seconds, against its own day before. Pure, version 1.
 *
 * A window is hot when its demand is above a floor and above so many times what 99 of 100 windows of the day before stayed below; when the
 * origin fails at the same time, half as many times are enough. Two hot windows in a row begin an attack. It ends after three minutes of
 * calm windows and five minutes in all; calm is below half of the lowest threshold, so whatever floats between neither begins nor ends.
 * What can go wrong: a crowd of people that came by a link looks like an attack (they pass the challenge, their demand does not shrink); an
 * attack below the floor, or one that grows over days, is not seen. A site of less than an hour has no day before: only four times the floor counts.
 * After: hysteresis as in Schmitt's trigger; the quantile instead of a mean, so that a daily peak and one bad hour do not move it.
 */
import type { AttackSignals, Sensitivity } from '../../contract/attacks.ts';
import type { OutcomeCounts } from '../../contract/stream.ts';
import { instantOf } from '../instant.ts';

export const windowMs = 10_000;
export const hotWindows = 2;
export const calmWindows = 18;
export const leastMs = 300_000;
/** Nothing is begun so long after a person ended one. */
export const quietAfterPersonMs = 1_800_000;
/** Least of its life that a site must have behind it for a baseline. */
export const baselineLeastMs = 3_600_000;
/** Of the windows of a day, this share may be above the baseline. */
const above = 0.01;
const coldFactor = 4;

const tuning: Readonly<Record<Sensitivity, { readonly factor: number; readonly floor: number }>> = {
  low: { factor: 8, floor: 1000 },
  normal: { factor: 4, floor: 300 },
  high: { factor: 2, floor: 100 },
};

/** No window below this is hot for anybody. */
export const lowestFloor = tuning.high.floor;

export type Window = { readonly atMs: number; readonly counts: OutcomeCounts };

/** Requests that cost somebody something. Solved challenges and notices are neither an attack nor a share of one. */
export function demandOf(counts: OutcomeCounts): number {
  return counts.passed + counts.challenged + counts.limited + counts.denied + counts['origin-error'];
}

/** How many of the highest windows to leave out of so many to come to the baseline. */
export function leftOut(windows: number): number {
  return Math.floor(windows * above);
}

/** What one window means. `baseline`: of the day before, null for a site that is too new. */
export function signalsOf(
  { atMs, counts }: Window,
  baseline: number | null,
  sensitivity: Sensitivity,
): AttackSignals & { hot: boolean } {
  const { factor, floor } = tuning[sensitivity];
  const demand = demandOf(counts);
  const originErrors = counts['origin-error'];
  // By their number, not their share: more requests never make a window cooler.
  const failing = originErrors >= floor / 4;
  const usual = (times: number) =>
    Math.ceil(baseline === null ? floor * coldFactor : Math.max(floor, Math.max(1, times) * baseline));
  const threshold = failing ? usual(factor / 2) : usual(factor);
  return {
    version: 1,
    sensitivity,
    window: instantOf(atMs),
    demand,
    originErrors,
    baseline,
    threshold,
    calmBelow: Math.max(1, Math.floor(usual(factor / 2) / 2)),
    cause: failing ? 'demand-with-origin-errors' : 'demand',
    hot: demand >= threshold,
  };
}

/**
 * The signals that begin an attack, or null. `windows`: the newest, oldest first, one for each ten seconds. `notBeforeMs`: no window from
 * before counts.
 */
export function beginsWith(
  windows: readonly Window[],
  baseline: number | null,
  sensitivity: Sensitivity,
  notBeforeMs: number,
): AttackSignals | null {
  const newest = windows.slice(-hotWindows);
  const last = newest.at(-1);
  if (last === undefined || newest.length < hotWindows) return null;
  if (newest.some((window) => window.atMs < notBeforeMs || !signalsOf(window, baseline, sensitivity).hot)) return null;
  const { hot: _hot, ...signals } = signalsOf(last, baseline, sensitivity);
  return signals;
}

/** Whether an attack is over. `windows`: as above; those from before it began do not count. */
export function endsWith(windows: readonly Window[], attack: { readonly beganMs: number; readonly calmBelow: number }): boolean {
  const newest = windows.filter(({ atMs }) => atMs >= attack.beganMs).slice(-calmWindows);
  const last = newest.at(-1);
  if (last === undefined || newest.length < calmWindows || last.atMs + windowMs - attack.beganMs < leastMs) return false;
  return newest.every(({ counts }) => demandOf(counts) < attack.calmBelow);
}

/**
 * Whether an attack that is answered on one path only is on more than that: what was not challenged is hot in two whole windows since then.
 * Challenges are of the path, so the rest is what the answer leaves open.
 */
export function outgrowsPath(windows: readonly Window[], switchedMs: number, threshold: number): boolean {
  const newest = windows.filter(({ atMs }) => atMs >= switchedMs + windowMs).slice(-hotWindows);
  if (newest.length < hotWindows) return false;
  return newest.every(({ counts }) => demandOf(counts) - counts.challenged >= threshold);
}
