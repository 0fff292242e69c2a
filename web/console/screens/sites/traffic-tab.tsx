/** Live traffic of one site by outcome: a chart, or the same numbers as a table; below it, what this site is. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { getTraffic } from '../../../../contract/routes/sites.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { ask } from '../../api/queries.ts';
import { fillSteps, outcomes, sumOf, totalOf, windowOf } from '../../api/traffic.ts';
import type { Step } from '../../api/traffic.ts';
import { rate, share, whole } from '../../format/number.ts';
import { clockTime } from '../../format/time.ts';
import { Facts } from '../../parts/facts.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter } from '../../parts/filters.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { sites } from '../../words/en/sites.ts';
import { language, say } from '../../words/index.ts';
import { Chart } from './chart.tsx';
import { Explain } from './explain.tsx';
import { useTick } from './tick.ts';
import { originText } from './typed.ts';

const api = getRouteApi('/in/sites/$siteId');
const words = sites.traffic;

/** Windows in minutes, each with a step that keeps the chart near a hundred points. */
const windows = { '10': 10, '60': 30, '360': 240, '1440': 900 } as const;
type Window = keyof typeof windows;

export default function TrafficTab({ site }: { site: Site }) {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/sites/$siteId' });
  const picked: Window = windowNames.find((name) => name === search.minutes) ?? '10';
  const minutes = Number(picked);
  const stepSeconds = windows[picked];
  const traffic = useQuery({
    ...ask(getTraffic, { params: { siteId: site.siteId }, query: { minutes, stepSeconds } }),
    staleTime: 60_000,
  });
  const nowMs = useTick(Math.min(stepSeconds, 30) * 1000);
  const steps = useMemo(() => {
    if (traffic.data === undefined) return [];
    const { fromMs, toMs } = windowOf(traffic.data, minutes, nowMs);
    return fillSteps(traffic.data, fromMs, toMs);
  }, [traffic.data, minutes, nowMs]);
  const asTable = search.view === 'table';
  const [cursor, setCursor] = useState<number | null>(null);
  const total = totalOf(sumOf(steps));

  return (
    <>
      <Panel
        title={words.title}
        acts={
          <>
            <Filter
              all={false}
              label={words.window}
              value={picked}
              options={windowNames.map((name) => ({ value: name, label: words.windows[name] }))}
              onPick={(value) =>
                void navigate({ search: (old) => withWord(old, 'minutes', value === '10' ? '' : value), replace: true })
              }
            />
            <Filter
              all={false}
              label={words.view}
              value={asTable ? 'table' : 'chart'}
              options={[
                { value: 'chart', label: words.chart },
                { value: 'table', label: words.table },
              ]}
              onPick={(value) =>
                void navigate({ search: (old) => withWord(old, 'view', value === 'chart' ? '' : value), replace: true })
              }
            />
          </>
        }
      >
        <Failure error={traffic.error} onRetry={() => void traffic.refetch()} />
        {traffic.data === undefined && traffic.error === null ? <Waiting /> : null}
        {traffic.data === undefined ? null : asTable ? (
          <StepTable steps={steps} stepSeconds={stepSeconds} />
        ) : (
          <>
            <Chart
              steps={steps}
              stepSeconds={stepSeconds}
              label={words.alt(whole(total, language), whole(sumOf(steps).passed, language), words.windows[picked])}
              onCursor={setCursor}
            />
            {total === 0 ? <p className="hint">{words.noneYet}</p> : null}
            <Legend steps={steps} stepSeconds={stepSeconds} cursor={cursor} />
          </>
        )}
      </Panel>
      <Explain />
      <About site={site} />
    </>
  );
}

const windowNames = ['10', '60', '360', '1440'] as const;

/** Names the colours, and gives the numbers at the cursor (or of the newest step) beside those of the whole window. */
function Legend({ steps, stepSeconds, cursor }: { steps: readonly Step[]; stepSeconds: number; cursor: number | null }) {
  const sum = sumOf(steps);
  const total = totalOf(sum);
  const at = (cursor === null ? undefined : steps[cursor]) ?? steps.at(-1);
  return (
    <div className="legend">
      <table className="table">
        <caption className="unseen">{words.title}</caption>
        <thead>
          <tr>
            <th scope="col">{words.outcome}</th>
            <th scope="col" data-align="end" className="legend-at">
              {at === undefined || cursor === null ? words.now : words.atCursor(clockTime(at.atMs, language))}
            </th>
            <th scope="col" data-align="end">
              {words.inWindow}
            </th>
            <th scope="col" data-align="end">
              {words.share}
            </th>
          </tr>
        </thead>
        <tbody>
          {outcomes.map((outcome) => (
            <tr key={outcome}>
              <th scope="row" title={say.outcomeHelp[outcome]}>
                <span className="legend-name">
                  <span className="swatch" data-outcome={outcome} /> {say.outcome[outcome]}
                </span>{' '}
                <span className="hint legend-help">{say.outcomeHelp[outcome]}</span>
              </th>
              <td data-align="end">
                {rate((at?.counts[outcome] ?? 0) / stepSeconds, language)}
                <span className="unit">{say.units.perSecond}</span>
              </td>
              <td data-align="end">{whole(sum[outcome], language)}</td>
              <td data-align="end">{share(sum[outcome], total, language)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Newest first; the same numbers as the chart. */
function StepTable({ steps, stepSeconds }: { steps: readonly Step[]; stepSeconds: number }) {
  const columns = [
    { key: 'time', head: words.time },
    ...outcomes.map((outcome) => ({ key: outcome, head: say.outcome[outcome], align: 'end' as const })),
    { key: 'all', head: words.all, align: 'end' as const },
  ];
  return (
    <>
      <p className="hint">{words.step(stepSeconds)}</p>
      <div className="step-table">
        <Table caption={words.title} columns={columns}>
          {steps.toReversed().map((step) => (
            <tr key={step.atMs}>
              <th scope="row">{clockTime(step.atMs, language)}</th>
              {outcomes.map((outcome) => (
                <td key={outcome} data-align="end">
                  {rate(step.counts[outcome] / stepSeconds, language)}
                </td>
              ))}
              <td data-align="end">{rate(totalOf(step.counts) / stepSeconds, language)}</td>
            </tr>
          ))}
        </Table>
      </div>
    </>
  );
}

function About({ site }: { site: Site }) {
  const facts = sites.site.facts;
  return (
    <Panel title={sites.site.aboutTitle}>
      <Facts
        facts={[
          [facts.origin, <span className="mono">{originText(site.origin)}</span>],
          [
            facts.addresses,
            site.originAddresses.length === 0 ? (
              (site.originFinding ?? sites.site.noAddress)
            ) : (
              <span className="mono">{site.originAddresses.join(', ')}</span>
            ),
          ],
          [
            facts.hostHeader,
            site.origin.hostHeader === null ? facts.hostHeaderKept : <span className="mono">{site.origin.hostHeader}</span>,
          ],
          [facts.group, site.group],
          [
            facts.change,
            <>
              <When at={site.propagation.committedAt} focusable />, {facts.revision(whole(site.propagation.revision, language))}
            </>,
          ],
          [facts.created, <When at={site.createdAt} focusable />],
        ]}
      />
    </Panel>
  );
}
