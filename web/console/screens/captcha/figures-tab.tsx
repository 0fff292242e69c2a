/** What became of a key's checks: in a few numbers, over time as a chart or a table, and by class of device. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import uPlot from 'uplot';
import type { CaptchaKeyId } from '../../../../contract/ids.ts';
import { getCaptchaFigures } from '../../../../contract/routes/captcha-keys.ts';
import type { CaptchaFigures } from '../../../../contract/routes/captcha-keys.ts';
import { ask } from '../../api/queries.ts';
import { whole } from '../../format/number.ts';
import { duration, shortTime } from '../../format/time.ts';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter } from '../../parts/filters.tsx';
import { axisLook, Plot } from '../../parts/plot.tsx';
import type { Colour } from '../../parts/plot.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { withWord } from '../../search.ts';
import { captcha } from '../../words/en/captcha.ts';
import { language } from '../../words/index.ts';

const api = getRouteApi('/in/captcha/$keyId');
const words = captcha.figures;
const height = 220;
const ranges = ['1440', '10080', '43200'] as const;
const stepSeconds = { '1440': 3600, '10080': 6 * 3600, '43200': 86_400 } as const;
const refreshMs = 60_000;

export default function FiguresTab({ keyId }: { keyId: CaptchaKeyId }) {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/captcha/$keyId' });
  const range = ranges.find((one) => one === search.minutes) ?? '1440';
  const query = { minutes: Number(range), stepSeconds: stepSeconds[range] };
  const figures = useQuery({
    ...ask(getCaptchaFigures, { params: { keyId }, query }),
    placeholderData: keepPreviousData,
    refetchInterval: refreshMs,
  });
  const pick = (name: 'minutes' | 'view', usual: string) => (value: string) =>
    void navigate({ search: (old) => withWord(old, name, value === usual ? '' : value), replace: true });
  const acts = (
    <>
      <Filter
        all={false}
        label={words.range}
        value={range}
        options={ranges.map((value) => ({ value, label: words.ranges[value] }))}
        onPick={pick('minutes', '1440')}
      />
      <Filter
        all={false}
        label={words.view}
        value={search.view === 'table' ? 'table' : 'chart'}
        options={[
          { value: 'chart', label: words.chart },
          { value: 'table', label: words.table },
        ]}
        onPick={pick('view', 'chart')}
      />
    </>
  );
  return (
    <>
      <Panel title={words.title} acts={acts}>
        <Failure error={figures.error} onRetry={() => void figures.refetch()} />
        {figures.data === undefined ? (
          figures.error === null ? (
            <Waiting />
          ) : null
        ) : (
          <Shown figures={figures.data} asTable={search.view === 'table'} />
        )}
      </Panel>
      {figures.data === undefined ? null : <Devices figures={figures.data} />}
    </>
  );
}

const count = (value: number) => whole(value, language);
const took = (ms: number | null) => (ms === null ? words.unknown : duration(ms, language));
const stepColumns = [
  { key: 'step', head: words.step },
  { key: 'asked', head: words.asked, align: 'end' },
  { key: 'passed', head: words.passed, align: 'end' },
] as const;

function Shown({ figures, asTable }: { figures: CaptchaFigures; asTable: boolean }) {
  const { total, points } = figures;
  return (
    <>
      <Facts
        facts={[
          [words.asked, count(total.asked)],
          [words.passed, count(total.passed)],
          [words.gaveUp, count(total.gaveUp)],
          [words.waited, count(total.waited)],
          [words.wrong, count(total.wrong)],
          [words.time, `${took(figures.p50Ms)}, ${took(figures.p95Ms)}`],
        ]}
      />
      {points.length === 0 ? <p className="hint">{words.none}</p> : null}
      {points.length > 0 && asTable ? (
        <Table caption={words.title} columns={stepColumns}>
          {points.toReversed().map(({ at, asked, passed }) => (
            <tr key={at}>
              <th scope="row">{shortTime(Date.parse(at), language, true)}</th>
              <td data-align="end">{count(asked)}</td>
              <td data-align="end">{count(passed)}</td>
            </tr>
          ))}
        </Table>
      ) : null}
      {points.length > 0 && !asTable ? <Chart figures={figures} /> : null}
      <p className="hint">{words.open}</p>
    </>
  );
}

function Chart({ figures: { since, until, stepSeconds: seconds, points, total } }: { figures: CaptchaFigures }) {
  const data = useMemo((): uPlot.AlignedData => {
    const known = new Map(points.map((point) => [Date.parse(point.at) / 1000, point]));
    const times: number[] = [];
    const first = Math.floor(Date.parse(since) / 1000 / seconds) * seconds;
    for (let at = first; at < Date.parse(until) / 1000; at += seconds) times.push(at);
    return [times, times.map((at) => known.get(at)?.asked ?? 0), times.map((at) => known.get(at)?.passed ?? 0)];
  }, [since, until, seconds, points]);
  return <Plot data={data} height={height} label={words.alt(count(total.asked), count(total.passed))} options={chartOptions} />;
}

function chartOptions(element: HTMLElement, colour: Colour) {
  const axis = axisLook(element, colour);
  const line = (label: string, name: string) => ({ label, stroke: colour(name), width: 2, points: { show: false } });
  return {
    legend: { show: true },
    cursor: { y: false, drag: { x: false, y: false }, points: { show: false } },
    scales: { y: { range: (_: uPlot, __: number, max: number): uPlot.Range.MinMax => [0, Math.max((max || 0) * 1.05, 1)] } },
    axes: [
      {
        ...axis,
        values: (_: uPlot, splits: number[]) => splits.map((at) => shortTime(at * 1000, language, true)),
        space: 100,
        size: 34,
      },
      { ...axis, values: (_: uPlot, splits: number[]) => splits.map(count), size: 74 },
    ],
    series: [{}, line(words.asked, '--series-challenged'), line(words.passed, '--series-passed')],
  };
}

const deviceColumns = [
  { key: 'device', head: words.columns.device },
  { key: 'begun', head: words.columns.begun, align: 'end' },
  { key: 'passed', head: words.columns.passed, align: 'end' },
  { key: 'gaveUp', head: words.columns.gaveUp, align: 'end' },
  { key: 'p50', head: words.columns.p50, align: 'end' },
  { key: 'p95', head: words.columns.p95, align: 'end' },
] as const;

function Devices({ figures: { devices } }: { figures: CaptchaFigures }) {
  return (
    <Panel title={words.devices}>
      <p className="hint">{words.devicesHint}</p>
      <Table caption={words.devices} columns={deviceColumns}>
        {devices.map((one) => (
          <tr key={one.device}>
            <th scope="row">{words.device[one.device]}</th>
            <td data-align="end">{count(one.begun)}</td>
            <td data-align="end">{count(one.passed)}</td>
            <td data-align="end">{count(one.gaveUp)}</td>
            <td data-align="end">{took(one.p50Ms)}</td>
            <td data-align="end">{took(one.p95Ms)}</td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
