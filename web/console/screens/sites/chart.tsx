/** A site's series as a chart: stacked parts of a whole, or lines. Not the only form of these numbers: the legend and the table view say them in text. */
import { useMemo } from 'react';
import uPlot from 'uplot';
import { shortTime } from '../../format/time.ts';
import { axisLook, Plot } from '../../parts/plot.tsx';
import type { Colour } from '../../parts/plot.tsx';
import { language } from '../../words/index.ts';
import type { Measure, Step } from './measures.ts';
import { valueIn } from './measures.ts';

const height = 260;
const dayMs = 86_400_000;

export type ChartTimes = { readonly zone: string | undefined; readonly spanMs: number };

export function Chart({
  measure,
  steps,
  stepSeconds,
  times: { zone, spanMs },
  label,
  onCursor,
}: {
  measure: Measure;
  steps: readonly Step[];
  stepSeconds: number;
  times: ChartTimes;
  label: string;
  onCursor: (index: number | null) => void;
}) {
  const data = useMemo(() => dataOf(measure, steps, stepSeconds), [measure, steps, stepSeconds]);
  const options = useMemo(
    () => (element: HTMLElement, colour: Colour) => optionsFor(measure, { zone, spanMs }, element, colour, onCursor),
    [measure, zone, spanMs, onCursor],
  );
  return <Plot data={data} height={height} label={label} options={options} />;
}

/** Stacked from the bottom in the order of the lines; series are drawn from the top of the stack down, each over the one before. */
function dataOf(measure: Measure, steps: readonly Step[], stepSeconds: number): uPlot.AlignedData {
  const times = steps.map((step) => step.atMs / 1000);
  const sums = steps.map(() => 0);
  const values = measure.lines.map((line) =>
    steps.map((step, index) => {
      const value = valueIn(measure, line, step, stepSeconds);
      if (!measure.stacked) return value;
      const sum = (sums[index] ?? 0) + (value ?? 0);
      sums[index] = sum;
      return sum;
    }),
  );
  return [times, ...values.toReversed()];
}

function optionsFor(
  measure: Measure,
  { zone, spanMs }: ChartTimes,
  element: HTMLElement,
  colour: Colour,
  onCursor: (index: number | null) => void,
) {
  const axis = axisLook(element, colour);
  return {
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: (_: uPlot, __: number, max: number): uPlot.Range.MinMax => [0, Math.max((max || 0) * 1.05, 1)] } },
    ...(zone === undefined ? {} : { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), zone) }),
    axes: [
      {
        ...axis,
        values: (_: uPlot, splits: number[]) => splits.map((at) => shortTime(at * 1000, language, spanMs > dayMs, zone)),
        space: spanMs > dayMs ? 100 : 70,
        size: 34,
      },
      { ...axis, values: (_: uPlot, splits: number[]) => splits.map((value) => measure.format(value)), size: 74 },
    ],
    series: [
      {},
      ...measure.lines.toReversed().map(({ name, colour: wanted }) => {
        const own = colour(`--series-${wanted}`);
        return {
          label: name,
          stroke: own,
          ...(measure.stacked ? { fill: own, width: 1 } : { width: 2, spanGaps: false }),
          points: { show: false },
        };
      }),
    ],
    hooks: { setCursor: [(plot: uPlot) => onCursor(plot.cursor.idx ?? null)] },
  };
}
