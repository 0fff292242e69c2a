/** The last minutes of one site as a line: what reached the site above the axis, what was stopped as the filled part. With words for those who do not see it. */
import { say } from '../words/index.ts';
import { language } from '../words/index.ts';
import { rate, whole } from '../format/number.ts';
import { sumOf, totalOf } from '../api/traffic.ts';
import type { Step } from '../api/traffic.ts';

const width = 120;
const height = 24;

export function Sparkline({
  steps,
  stepSeconds,
  words,
}: {
  steps: readonly Step[];
  stepSeconds: number;
  words: (total: string, stopped: string) => string;
}) {
  const totals = steps.map((step) => totalOf(step.counts));
  const stopped = steps.map((step) => totalOf(step.counts) - step.counts.passed);
  const top = Math.max(...totals, 1);
  const x = (index: number) => (steps.length < 2 ? 0 : (index / (steps.length - 1)) * width);
  const y = (value: number) => height - 1 - (value / top) * (height - 3);
  const line = (values: readonly number[]) =>
    values.map((value, index) => `${index === 0 ? 'M' : 'L'}${x(index).toFixed(1)} ${y(value).toFixed(1)}`).join('');
  const sum = sumOf(steps);
  const all = totalOf(sum);
  const last = totals.at(-1) ?? 0;
  return (
    <span className="spark">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={words(whole(all, language), whole(all - sum.passed, language))}
        preserveAspectRatio="none"
      >
        <path className="spark-base" d={`M0 ${height - 0.5}H${width}`} />
        <path className="spark-stopped" d={`${line(stopped)}L${width} ${y(0)}L0 ${y(0)}Z`} />
        <path className="spark-all" d={line(totals)} />
      </svg>
      <span className="spark-rate">
        {rate(last / stepSeconds, language)}
        <span className="unit">{say.units.perSecond}</span>
      </span>
    </span>
  );
}
