/**
 * Requests per second by outcome, stacked, on uPlot's canvas.
 *
 * Colours are the look's own, read from a probe element so that both themes work; the chart is drawn anew when the theme changes.
 * Not the only form of these numbers: the legend and the table view say them in text.
 */
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { outcomes } from '../../api/traffic.ts';
import type { Step } from '../../api/traffic.ts';
import { rate } from '../../format/number.ts';
import { clockTime } from '../../format/time.ts';
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
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ steps, stepSeconds });
  latest.current = { steps, stepSeconds };

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const draw = () => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsFor(element, onCursor), dataOf(latest.current.steps, latest.current.stepSeconds), element);
    };
    draw();
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    const dark = matchMedia('(prefers-color-scheme: dark)');
    dark.addEventListener('change', draw);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      dark.removeEventListener('change', draw);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [onCursor]);

  useEffect(() => {
    plot.current?.setData(dataOf(steps, stepSeconds));
  }, [steps, stepSeconds]);

  return <div ref={place} className="chart" role="img" aria-label={label} />;
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

function optionsFor(element: HTMLElement, onCursor: (index: number | null) => void): uPlot.Options {
  const colour = colourReader(element);
  const ink = colour('--ink-soft');
  const line = colour('--line');
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  const axis = { stroke: ink, font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.05, 1)] } },
    axes: [
      { ...axis, values: (_, splits) => splits.map((at) => clockTime(at * 1000, language).slice(0, 5)), space: 70, size: 34 },
      { ...axis, values: (_, splits) => splits.map((value) => `${rate(value, language)}${say.units.perSecond}`), size: 62 },
    ],
    series: [
      {},
      ...outcomes.toReversed().map((outcome) => {
        const own = colour(`--series-${outcome}`);
        return { label: say.outcome[outcome], stroke: own, fill: own, width: 1, points: { show: false } };
      }),
    ],
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

/** What a colour name of the look comes to in the theme of the moment. */
function colourReader(element: HTMLElement): (name: string) => string {
  return (name) => {
    const probe = document.createElement('i');
    probe.style.color = `var(${name})`;
    element.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
}
