/** Requests, statuses, bytes or latency of a site over time: a chart with its numbers beside it, or the same numbers as a table. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { getSeries } from '../../../../contract/routes/insight.ts';
import type { Series, SeriesSum } from '../../../../contract/routes/insight.ts';
import { ask } from '../../api/queries.ts';
import { bytes, share, whole } from '../../format/number.ts';
import { duration, shortTime } from '../../format/time.ts';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { insight as words } from '../../words/en/insight.ts';
import { language } from '../../words/index.ts';
import { Chart } from './chart.tsx';
import { measures, stepsOf, valueIn } from './measures.ts';
import type { Measure, MeasureName, Step } from './measures.ts';
import type { Window } from './traffic-window.ts';

const dayMs = 86_400_000;

export function SeriesView({ window, measure, asTable }: { window: Window; measure: MeasureName; asTable: boolean }) {
  const { siteId, edgeId, from, nowMs, stepSeconds, minutes, zone } = window;
  const query = { siteId, from, stepSeconds, ...(edgeId === undefined ? {} : { edgeId }) };
  const series = useQuery({ ...ask(getSeries, { query }), placeholderData: keepPreviousData, gcTime: 60_000 });
  const steps = useMemo(() => (series.data === undefined ? [] : stepsOf(series.data, nowMs)), [series.data, nowMs]);
  const [cursor, setCursor] = useState<number | null>(null);
  if (series.data === undefined)
    return series.error === null ? <Waiting /> : <Failure error={series.error} onRetry={() => void series.refetch()} />;
  const shown = measures[measure];
  const { total } = series.data;
  const requests = totalOf(total);
  const times = { zone, spanMs: minutes * 60_000 };
  const time = (step: Step) => shortTime(step.atMs, language, times.spanMs > dayMs, zone);
  return (
    <>
      <Failure error={series.error} onRetry={() => void series.refetch()} />
      <Summary total={total} requests={requests} />
      {asTable ? (
        <StepTable measure={shown} steps={steps} series={series.data} time={time} caption={words.chart[measure]} />
      ) : (
        <>
          <Chart
            measure={shown}
            steps={steps}
            stepSeconds={series.data.stepSeconds}
            times={times}
            label={words.alt(words.chart[measure], words.ranges[window.range], whole(requests, language))}
            onCursor={setCursor}
          />
          {requests === 0 ? <p className="hint">{words.noneYet}</p> : null}
          <Legend
            measure={shown}
            at={cursor === null ? steps.at(-1) : steps[cursor]}
            atWords={cursor === null || steps[cursor] === undefined ? words.newest : words.atCursor(time(steps[cursor]))}
            total={total}
            requests={requests}
            stepSeconds={series.data.stepSeconds}
            caption={words.chart[measure]}
          />
        </>
      )}
      <p className="hint">
        {measure === 'outcomes' || measure === 'bytes' ? words.exact : words.estimated(whole(total.sampled, language))}
      </p>
    </>
  );
}

function totalOf({ counts }: SeriesSum): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The window in a few numbers. */
function Summary({ total, requests }: { total: SeriesSum; requests: number }) {
  const { latency } = total;
  return (
    <Facts
      facts={[
        [words.facts.requests, whole(requests, language)],
        [words.facts.bytes, words.inAndOut(bytes(total.bytesIn, language), bytes(total.bytesOut, language))],
        [
          words.facts.latency,
          latency === null
            ? words.unknown
            : [latency.p50Ms, latency.p95Ms, latency.p99Ms].map((ms) => duration(ms, language)).join(' / '),
        ],
      ]}
    />
  );
}

function Legend({
  measure,
  at,
  atWords,
  total,
  requests,
  stepSeconds,
  caption,
}: {
  measure: Measure;
  at: Step | undefined;
  atWords: string;
  total: SeriesSum;
  requests: number;
  stepSeconds: number;
  caption: string;
}) {
  const shown = (value: number | null, format: (value: number) => string) => (value === null ? words.unknown : format(value));
  const whole = measure.lines.reduce((sum, line) => sum + (line.value(total) ?? 0), 0);
  return (
    <div className="legend" tabIndex={0} role="group" aria-label={caption}>
      <table className="table">
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{words.line}</th>
            <th scope="col" data-align="end" className="legend-at">
              {atWords}
            </th>
            <th scope="col" data-align="end">
              {words.inWindow}
            </th>
            {measure.stacked ? (
              <th scope="col" data-align="end">
                {words.share}
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {measure.lines.map((line) => (
            <tr key={line.key}>
              <th scope="row" title={line.help === '' ? undefined : line.help}>
                <span className="legend-name">
                  <span className="swatch" data-outcome={line.colour} /> {line.name}
                </span>{' '}
                <span className="hint legend-help">{line.help}</span>
              </th>
              <td data-align="end">
                {at === undefined ? words.unknown : shown(valueIn(measure, line, at, stepSeconds), measure.format)}
              </td>
              <td data-align="end">
                {requests === 0 && !measure.perSecond ? words.unknown : shown(line.value(total), measure.formatSum)}
              </td>
              {measure.stacked ? <td data-align="end">{share(line.value(total) ?? 0, whole, language)}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Newest first; the same numbers as the chart. */
function StepTable({
  measure,
  steps,
  series: { stepSeconds },
  time,
  caption,
}: {
  measure: Measure;
  steps: readonly Step[];
  series: Series;
  time: (step: Step) => string;
  caption: string;
}) {
  const columns = [
    { key: 'time', head: words.time },
    ...measure.lines.map(({ key, name }) => ({ key, head: name, align: 'end' as const })),
  ];
  return (
    <>
      <p className="hint">{words.step(duration(stepSeconds * 1000, language))}</p>
      <div className="step-table">
        <Table caption={caption} columns={columns}>
          {steps.toReversed().map((step) => (
            <tr key={step.atMs}>
              <th scope="row">{time(step)}</th>
              {measure.lines.map((line) => {
                const value = valueIn(measure, line, step, stepSeconds);
                return (
                  <td key={line.key} data-align="end">
                    {value === null ? words.unknown : measure.format(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </Table>
      </div>
    </>
  );
}
