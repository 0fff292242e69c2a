/** Series of requests by outcome: filling gaps, adding what arrives live, summing. Pure. */
import type { z } from 'zod';
import { Outcome } from '../../../contract/stream.ts';
import type { OutcomeCounts } from '../../../contract/stream.ts';
import { TrafficPoint } from '../../../contract/routes/sites.ts';
import type { getTraffic } from '../../../contract/routes/sites.ts';

export type Traffic = z.output<typeof getTraffic.answer>;

/** Outcomes in the order in which charts stack them and tables list them. */
export const outcomes = Outcome.options;

export type Step = { readonly atMs: number; readonly counts: OutcomeCounts };

/** The window of a chart: whole steps, the last one finished, so that the newest point is never a half-counted dip. */
export function windowOf(traffic: Traffic, minutes: number, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const stepMs = traffic.stepSeconds * 1000;
  const toMs = Math.floor(nowMs / stepMs) * stepMs - stepMs;
  return { fromMs: toMs - minutes * 60_000 + stepMs, toMs };
}

/** One entry per step from `fromMs` to `toMs`, zeros where nothing was counted, oldest first. */
export function fillSteps(traffic: Traffic, fromMs: number, toMs: number): readonly Step[] {
  const stepMs = traffic.stepSeconds * 1000;
  const bySlot = new Map<number, OutcomeCounts>();
  for (const point of traffic.points) {
    const slot = Math.floor(Date.parse(point.at) / stepMs);
    bySlot.set(slot, add(bySlot.get(slot) ?? noRequests(), point.counts));
  }
  const filled: Step[] = [];
  for (let slot = Math.floor(fromMs / stepMs); slot <= Math.floor(toMs / stepMs); slot += 1) {
    filled.push({ atMs: slot * stepMs, counts: bySlot.get(slot) ?? noRequests() });
  }
  return filled;
}

/**
 * Adds counts that arrived live, as a point of their own (`fillSteps` sums the points of a step), and drops what no window shows.
 * Hazard: counts that arrive while the series is being loaded can be missing or doubled until the next load.
 */
export function addTraffic(held: Traffic, atMs: number, counts: OutcomeCounts): Traffic {
  const oldest = atMs - 25 * 3_600_000;
  const kept = held.points.filter((point) => Date.parse(point.at) >= oldest);
  return { ...held, points: [...kept, TrafficPoint.parse({ at: new Date(atMs).toISOString(), counts })] };
}

export function sumOf(steps: readonly Step[]): OutcomeCounts {
  return steps.reduce((sum, step) => add(sum, step.counts), noRequests());
}

export function totalOf(counts: OutcomeCounts): number {
  return outcomes.reduce((sum, outcome) => sum + counts[outcome], 0);
}

function add(one: OutcomeCounts, other: OutcomeCounts): OutcomeCounts {
  const sum = noRequests();
  for (const outcome of outcomes) sum[outcome] = one[outcome] + other[outcome];
  return sum;
}

function noRequests(): OutcomeCounts {
  return { passed: 0, challenged: 0, solved: 0, limited: 0, denied: 0, noticed: 0, 'origin-error': 0 };
}
