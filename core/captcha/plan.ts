/**
 * How much a check of the provider asks, and of whom: four plans, each a row of steps.
 *
 * Who is asked for more is said by rates of the network and by the load, never by what a browser calls itself. A plan's first step is the benchmark;
 * memory steps are fitted to the device (core/captcha/work.ts), each needs the answer before it. Sums, with 4.4 µs a squaring and 18 ms a hash on a
 * desktop and six times that on a slow phone: light 0.2 and 0.9 s, normal 0.4 and 1.8 s, hard 0.9 and 4.2 s, most 1.4 and 7.3 s. After eight seconds
 * no more is asked, whatever the plan: the waiting line is next.
 */
import type { CheckLevel, DeviceClass } from '../../contract/captcha.ts';

/** `most`: for networks that ask or fail far beyond what people do, and for who fills in the field that people do not see. */
export const plans = ['light', 'normal', 'hard', 'most'] as const;
export type Plan = (typeof plans)[number];

export type PlannedStep =
  | { readonly kind: 'time'; readonly squarings: number }
  /** `budgetMs`: what it may take on a slow device; `mostTries`: what it takes on a fast one. */
  | { readonly kind: 'memory'; readonly budgetMs: number; readonly mostTries: number };

export const stepsOf: Readonly<Record<Plan, readonly PlannedStep[]>> = {
  light: [
    { kind: 'time', squarings: 15_000 },
    { kind: 'memory', budgetMs: 400, mostTries: 6 },
  ],
  normal: [
    { kind: 'time', squarings: 30_000 },
    { kind: 'memory', budgetMs: 800, mostTries: 12 },
  ],
  hard: [
    { kind: 'time', squarings: 40_000 },
    { kind: 'memory', budgetMs: 1000, mostTries: 15 },
    { kind: 'time', squarings: 40_000 },
    { kind: 'memory', budgetMs: 1000, mostTries: 15 },
  ],
  most: [
    { kind: 'time', squarings: 60_000 },
    { kind: 'memory', budgetMs: 2000, mostTries: 25 },
    { kind: 'time', squarings: 60_000 },
    { kind: 'memory', budgetMs: 2000, mostTries: 25 },
  ],
};

export type Signs = {
  /** Checks begun from this network in the last minute or so, for any key. */
  readonly begun: number;
  /** Answers from this network that were wrong, in the same time. */
  readonly wrong: number;
  /** Share of the places for answers that are taken, 0 to 1. */
  readonly busy: number;
  /** The field that people do not see was filled in. */
  readonly trapped: boolean;
};

/** What an office or a carrier's gateway behind one network may begin in a minute without notice: many people, not one program. */
const ordinaryBegun = 60;
const ordinaryWrong = 5;

/** Whether nothing speaks against the network; load alone is not its fault. */
export function isCalm({ begun, wrong, trapped }: Signs): boolean {
  return !trapped && begun <= ordinaryBegun && wrong <= ordinaryWrong;
}

/** The plan for one who begins. `softened`: one level less for those against whom nothing speaks, and for nobody else. */
export function planFor(level: CheckLevel, signs: Signs, softened: boolean): Plan {
  if (signs.trapped) return 'most';
  const base = plans.indexOf(level);
  const points =
    pointsOf(signs.begun, [ordinaryBegun, 4 * ordinaryBegun, 16 * ordinaryBegun]) +
    pointsOf(signs.wrong, [ordinaryWrong, 4 * ordinaryWrong]) +
    pointsOf(signs.busy, [0.75]);
  const step = isCalm(signs) && softened ? base - 1 : base;
  return plans[Math.min(plans.length - 1, Math.max(0, step + points))] ?? 'most';
}

function pointsOf(value: number, above: readonly number[]): number {
  return above.filter((bound) => value > bound).length;
}

/** By what one Argon2id hash of 8 MiB took, as far as the clock bears it out: wasm on a desktop takes some 18 ms. Unknown is slow. */
export function deviceClass(hashMs: number | null): DeviceClass {
  if (hashMs === null || hashMs > 90) return 'slow';
  return hashMs > 35 ? 'middle' : 'fast';
}

/** In seconds: the whole of the waiting line, before what a crowd from one network adds. */
export const waitSecondsOf: Readonly<Record<Plan, number>> = { light: 9, normal: 12, hard: 20, most: 30 };
export const hops = 3;
