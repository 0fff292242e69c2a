/** The two lines on a canvas, each with its own scale and its own stroke; the words and numbers stand beside it (escalation.tsx). */
import { useMemo } from 'react';
import type uPlot from 'uplot';
import type { EscalationPoint } from '../../../../contract/routes/desk/assessments.ts';
import { whole } from '../../format/number.ts';
import { axisLook, Plot } from '../../parts/plot.tsx';
import type { Colour } from '../../parts/plot.tsx';
import { language } from '../../words/index.ts';

const height = 190;
const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short' });

export function EscalationChart({
  points,
  withheld,
  label,
}: {
  points: readonly EscalationPoint[];
  withheld: boolean;
  label: string;
}) {
  const data = useMemo((): uPlot.AlignedData => {
    const times = points.map((point) => Date.parse(point.from) / 1000);
    const incidents = points.map((point) => point.incidents);
    return withheld ? [times, incidents] : [times, incidents, points.map((point) => point.reports)];
  }, [points, withheld]);
  const options = useMemo(() => (element: HTMLElement, colour: Colour) => optionsFor(element, colour, withheld), [withheld]);
  return <Plot key={String(withheld)} data={data} height={height} label={label} options={options} />;
}

function optionsFor(element: HTMLElement, colour: Colour, withheld: boolean) {
  const axis = axisLook(element, colour);
  const counts = (_: uPlot, splits: number[]) => splits.map((value) => (Number.isInteger(value) ? whole(value, language) : ''));
  const range = (_: uPlot, __: number, max: number): uPlot.Range.MinMax => [0, Math.max(max * 1.1, 3)];
  const incidents = {
    scale: 'y',
    stroke: colour('--series-noticed'),
    width: 2.5,
    points: { show: true, size: 5, filter: above },
  };
  const reports = {
    scale: 'reports',
    stroke: colour('--series-limited'),
    width: 1.5,
    dash: [5, 4],
    points: { show: false },
  };
  return {
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range }, reports: { range } },
    axes: [
      { ...axis, values: (_: uPlot, splits: number[]) => splits.map((at) => day.format(at * 1000)), space: 64, size: 30 },
      { ...axis, values: counts, size: 34, stroke: colour('--series-noticed') },
      ...(withheld
        ? []
        : [
            {
              ...axis,
              scale: 'reports',
              side: 1 as const,
              values: counts,
              size: 50,
              stroke: colour('--series-limited'),
              grid: { show: false },
            },
          ]),
    ],
    series: withheld ? [{}, incidents] : [{}, incidents, reports],
  };
}

/** A dot only where something happened. */
function above(plot: uPlot, series: number): number[] {
  return [...(plot.data[series] ?? [])].flatMap((value, index) => (typeof value === 'number' && value > 0 ? [index] : []));
}
