/** Requests per second by outcome, stacked. Not the only form of these numbers: the legend and the table view say them in text. */
import { useMemo } from 'react';
import type uPlot from 'uplot';
import { outcomes } from '../../api/traffic.ts';
import type { Step } from '../../api/traffic.ts';
import { rate } from '../../format/number.ts';
import { clockTime } from '../../format/time.ts';
import { axisLook, Plot } from '../../parts/plot.tsx';
import type { Colour } from '../../parts/plot.tsx';
import { language, say } from '../../words/index.ts';

const height = 260;

export function Chart({
  steps,
  stepSeconds,
  label,
  onCursor,
}: {
  steps: readonly Step[];
  stepSeconds: number;
  label: string;
  onCursor: (index: number | null) => void;
}) {
  const data = useMemo(() => dataOf(steps, stepSeconds), [steps, stepSeconds]);
  const options = useMemo(() => (element: HTMLElement, colour: Colour) => optionsFor(element, colour, onCursor), [onCursor]);
  return <Plot data={data} height={height} label={label} options={options} />;
}

/** Stacked from the bottom in the order of `outcomes`; series are drawn from the top of the stack down, each over the one before. */
function dataOf(steps: readonly Step[], stepSeconds: number): uPlot.AlignedData {
  const times = steps.map((step) => step.atMs / 1000);
  const sums = steps.map(() => 0);
  const stacked = outcomes.map((outcome) =>
    steps.map((step, index) => {
      const sum = (sums[index] ?? 0) + step.counts[outcome] / stepSeconds;
      sums[index] = sum;
      return sum;
    }),
  );
  return [times, ...stacked.toReversed()];
}

function optionsFor(element: HTMLElement, colour: Colour, onCursor: (index: number | null) => void) {
  const axis = axisLook(element, colour);
  return {
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: (_: uPlot, __: number, max: number): uPlot.Range.MinMax => [0, Math.max(max * 1.05, 1)] } },
    axes: [
      {
        ...axis,
        values: (_: uPlot, splits: number[]) => splits.map((at) => clockTime(at * 1000, language).slice(0, 5)),
        space: 70,
        size: 34,
      },
      {
        ...axis,
        values: (_: uPlot, splits: number[]) => splits.map((value) => `${rate(value, language)}${say.units.perSecond}`),
        size: 62,
      },
    ],
    series: [
      {},
      ...outcomes.toReversed().map((outcome) => {
        const own = colour(`--series-${outcome}`);
        return { label: say.outcome[outcome], stroke: own, fill: own, width: 1, points: { show: false } };
      }),
    ],
    hooks: { setCursor: [(plot: uPlot) => onCursor(plot.cursor.idx ?? null)] },
  };
}
