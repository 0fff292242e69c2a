/**
 * A chart on uPlot's canvas: drawn to its place's width, anew when the theme changes.
 *
 * Colours are the look's own, read from a probe element so that both themes work. Not the only form of its numbers: every screen that
 * uses it says them in text too. Brings uPlot with it, so screens load it when they need it.
 */
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export type Colour = (name: string) => string;

/** What all axes look alike in. */
export function axisLook(element: HTMLElement, colour: Colour) {
  const line = colour('--line');
  const font = `12px ${getComputedStyle(element).fontFamily}`;
  return { stroke: colour('--ink-soft'), font, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 } };
}

export function Plot({
  data,
  height,
  label,
  options,
}: {
  data: uPlot.AlignedData;
  height: number;
  label: string;
  /** Must be the same function as long as the chart is the same. */
  options: (element: HTMLElement, colour: Colour) => Omit<uPlot.Options, 'width' | 'height'>;
}) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const draw = () => {
      plot.current?.destroy();
      const made = options(element, colourReader(element));
      plot.current = new uPlot({ ...made, width: element.clientWidth, height }, latest.current, element);
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
  }, [options, height]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  return <div ref={place} className="chart" role="img" aria-label={label} />;
}

/** What a colour name of the look comes to in the theme of the moment. */
function colourReader(element: HTMLElement): Colour {
  return (name) => {
    const probe = document.createElement('i');
    probe.style.color = `var(${name})`;
    element.append(probe);
    const value = getComputedStyle(probe).color;
    probe.remove();
    return value;
  };
}
