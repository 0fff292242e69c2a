/** What a site's chart can show of its series: outcomes, statuses, bytes, latency; each with its lines, their colours and units. Pure. */
import type { Series, SeriesPoint, SeriesSum } from '../../../../contract/routes/insight.ts';
import { Outcome } from '../../../../contract/stream.ts';
import { StatusClass } from '../../../../contract/traffic.ts';
import { bytes, rate, whole } from '../../format/number.ts';
import { duration } from '../../format/time.ts';
import { insight } from '../../words/en/insight.ts';
import { language, say } from '../../words/index.ts';

const words = insight.measures;

export type Step = { readonly atMs: number; readonly point: SeriesPoint | null };

export type Line = {
  readonly key: string;
  readonly name: string;
  readonly help: string;
  /** Name of a colour of the look, after `--series-`. */
  readonly colour: Outcome;
  /** What a sum of some time has of it; null where it is not known. */
  readonly value: (sum: SeriesSum) => number | null;
};

export type Measure = {
  readonly lines: readonly Line[];
  /** Drawn one over the other, as parts of a whole. */
  readonly stacked: boolean;
  /** Counts are shown per second in the chart, and as they are for the whole window. */
  readonly perSecond: boolean;
  readonly format: (value: number) => string;
  readonly formatSum: (value: number) => string;
};

export const measureNames = ['outcomes', 'statuses', 'bytes', 'latency'] as const;
export type MeasureName = (typeof measureNames)[number];

const statusColours: Readonly<Record<StatusClass, Outcome>> = {
  '2xx': 'passed',
  '3xx': 'solved',
  '4xx': 'challenged',
  '5xx': 'noticed',
  '1xx': 'limited',
  none: 'denied',
};

const perSecond = (value: number) => `${rate(value, language)}${say.units.perSecond}`;
const count = (value: number) => whole(value, language);

export const measures: Readonly<Record<MeasureName, Measure>> = {
  outcomes: {
    stacked: true,
    perSecond: true,
    format: perSecond,
    formatSum: count,
    lines: Outcome.options.map((outcome) => ({
      key: outcome,
      name: say.outcome[outcome],
      help: say.outcomeHelp[outcome],
      colour: outcome,
      value: ({ counts }) => counts[outcome],
    })),
  },
  statuses: {
    stacked: true,
    perSecond: true,
    format: perSecond,
    formatSum: count,
    lines: StatusClass.options.map((status) => ({
      key: status,
      name: words.status[status],
      help: '',
      colour: statusColours[status],
      value: ({ statuses }) => statuses[status],
    })),
  },
  bytes: {
    stacked: false,
    perSecond: true,
    format: (value) => `${bytes(value, language)}${say.units.perSecond}`,
    formatSum: (value) => bytes(value, language),
    lines: [
      { key: 'out', name: words.bytesOut, help: '', colour: 'passed', value: ({ bytesOut }) => bytesOut },
      { key: 'in', name: words.bytesIn, help: '', colour: 'noticed', value: ({ bytesIn }) => bytesIn },
    ],
  },
  latency: {
    stacked: false,
    perSecond: false,
    format: (value) => duration(value, language),
    formatSum: (value) => duration(value, language),
    lines: [
      { key: 'p50', name: words.p50, help: words.p50Help, colour: 'passed', value: ({ latency }) => latency?.p50Ms ?? null },
      { key: 'p95', name: words.p95, help: words.p95Help, colour: 'challenged', value: ({ latency }) => latency?.p95Ms ?? null },
      { key: 'p99', name: words.p99, help: words.p99Help, colour: 'noticed', value: ({ latency }) => latency?.p99Ms ?? null },
    ],
  },
};

/** One entry per whole step, oldest first; null where nothing was told. The step that is under way is left out, so that the newest is no half-counted dip. */
export function stepsOf({ from, until, stepSeconds, points }: Series, nowMs: number): readonly Step[] {
  const stepMs = stepSeconds * 1000;
  const bySlot = new Map(points.map((point) => [Math.floor(Date.parse(point.at) / stepMs), point]));
  const last = Math.floor(Math.min(Date.parse(until), nowMs) / stepMs) - 1;
  const steps: Step[] = [];
  for (let slot = Math.floor(Date.parse(from) / stepMs); slot <= last; slot += 1) {
    steps.push({ atMs: slot * stepMs, point: bySlot.get(slot) ?? null });
  }
  return steps;
}

/** A line's value in a step, per second where the measure is; a count of nothing is zero, a latency of nothing is unknown. */
export function valueIn({ perSecond: isRate }: Measure, line: Line, { point }: Step, stepSeconds: number): number | null {
  if (point === null) return isRate ? 0 : null;
  const value = line.value(point);
  return value === null || !isRate ? value : value / stepSeconds;
}
