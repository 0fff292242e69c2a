/** A site's traffic: over time, what is most frequent, what was refused one by one, live or held still; files of it; and what this site is. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { listEdges } from '../../../../contract/routes/edges.ts';
import { ExportFile, insightExportPath } from '../../../../contract/routes/insight.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { TopKind } from '../../../../contract/traffic.ts';
import { useInsightLive } from '../../api/insight-live.ts';
import { ask } from '../../api/queries.ts';
import { rate, whole } from '../../format/number.ts';
import { Button } from '../../parts/button.tsx';
import { Facts } from '../../parts/facts.tsx';
import { Filter } from '../../parts/filters.tsx';
import { Panel } from '../../parts/screen.tsx';
import { When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { useCan } from '../../shell/me.ts';
import { insight as words } from '../../words/en/insight.ts';
import { sites } from '../../words/en/sites.ts';
import { language, say } from '../../words/index.ts';
import { EventsPanel } from './events-panel.tsx';
import { Explain } from './explain.tsx';
import { measureNames } from './measures.ts';
import { SeriesView } from './series-panel.tsx';
import { useTick } from './tick.ts';
import { TopsPanel } from './tops-panel.tsx';
import { rangeNames, rangeOf, refreshMs, windowOf } from './traffic-window.ts';
import type { Window } from './traffic-window.ts';
import { originText } from './typed.ts';

const api = getRouteApi('/in/sites/$siteId');

export default function TrafficTab({ site }: { site: Site }) {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/sites/$siteId' });
  const pick =
    (name: Exclude<keyof typeof search, 'tab'>, usual = '') =>
    (value: string) =>
      void navigate({ search: (old) => withWord(old, name, value === usual ? '' : value), replace: true });
  const tickMs = useTick(refreshMs(rangeOf(search)));
  // Held still, everything on this page stays as of one moment.
  const [heldMs, setHeldMs] = useState<number | null>(null);
  const paused = heldMs !== null;
  const window = windowOf(site.siteId, search, heldMs ?? tickMs);
  const measure = measureNames.find((name) => name === search.measure) ?? 'outcomes';
  const of = TopKind.options.find((kind) => kind === search.of) ?? 'paths';
  const live = useInsightLive(site.siteId, window.edgeId, paused);
  return (
    <>
      <Panel
        title={words.chart[measure]}
        acts={
          <>
            <Filter
              all={false}
              label={words.measure}
              value={measure}
              options={measureNames.map((value) => ({ value, label: words.measureNames[value] }))}
              onPick={pick('measure', 'outcomes')}
            />
            <Filter
              all={false}
              label={words.range}
              value={window.range}
              options={rangeNames.map((value) => ({ value, label: words.ranges[value] }))}
              onPick={pick('minutes', '15')}
            />
            <EdgeFilter value={window.edgeId ?? ''} onPick={pick('edge')} />
            <Filter
              all={false}
              label={words.zone}
              value={search.zone === 'utc' ? 'utc' : 'local'}
              options={[
                { value: 'local', label: words.local },
                { value: 'utc', label: 'UTC' },
              ]}
              onPick={pick('zone', 'local')}
            />
            <Filter
              all={false}
              label={words.view}
              value={search.view === 'table' ? 'table' : 'chart'}
              options={[
                { value: 'chart', label: words.asChart },
                { value: 'table', label: words.asTable },
              ]}
              onPick={pick('view', 'chart')}
            />
          </>
        }
      >
        <p className="live-line">
          <Button aria-pressed={paused} onClick={() => setHeldMs(paused ? null : Date.now())}>
            {paused ? words.resume : words.pause}
          </Button>{' '}
          <span className="hint">
            {paused
              ? words.heldStill
              : live.perSecond === null
                ? words.waiting
                : words.now(`${rate(live.perSecond, language)}${say.units.perSecond}`)}
          </span>
        </p>
        <SeriesView window={window} measure={measure} asTable={search.view === 'table'} />
      </Panel>
      <TopsPanel window={window} of={of} onPick={pick('of', 'paths')} />
      <EventsPanel
        key={`${window.range} ${window.edgeId ?? ''}`}
        window={window}
        filters={{ guard: search.guard ?? '', path: search.path ?? '' }}
        live={live.events}
        leftOut={live.leftOut}
        paused={paused}
        onFilter={(name, value) => pick(name)(value)}
      />
      <Explain />
      <Files window={window} of={of} />
      <About site={site} />
    </>
  );
}

/** Only for those who may see the list of edges: others see all of them together. */
function EdgeFilter({ value, onPick }: { value: string; onPick: (value: string) => void }) {
  const can = useCan();
  const edges = useQuery({ ...ask(listEdges), enabled: can('edges:read') });
  const known = edges.data?.items ?? [];
  if (known.length === 0) return null;
  return (
    <Filter
      label={words.edge}
      value={value}
      options={known.map(({ edgeId, name }) => ({ value: edgeId, label: name }))}
      onPick={onPick}
    />
  );
}

/** The same numbers as files: what the filters above name. */
function Files({ window: { siteId, edgeId, from, stepSeconds }, of }: { window: Window; of: TopKind }) {
  const query = (file: ExportFile) =>
    new URLSearchParams({
      siteId,
      from,
      ...(edgeId === undefined ? {} : { edgeId }),
      ...(file.startsWith('series') ? { stepSeconds: String(stepSeconds) } : {}),
      ...(file.startsWith('tops') ? { of } : {}),
    }).toString();
  return (
    <Panel title={words.files}>
      <p className="hint">{words.filesLead}</p>
      <ul className="file-links">
        {ExportFile.options.map((file) => (
          <li key={file}>
            <a className="button" href={`${insightExportPath.replace('{file}', file)}?${query(file)}`} download>
              {words.file[file]}
            </a>
          </li>
        ))}
      </ul>
    </Panel>
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
