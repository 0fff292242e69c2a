/** The sites: search, filters, state of each at a glance, its last ten minutes live. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import { getTraffic, listSites } from '../../../../contract/routes/sites.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { ask, usePages } from '../../api/queries.ts';
import { fillSteps, windowOf } from '../../api/traffic.ts';
import { whole } from '../../format/number.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button, ButtonLink } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter, FilterBar, SearchBox } from '../../parts/filters.tsx';
import { Hostnames } from '../../parts/hostnames.tsx';
import { More } from '../../parts/more.tsx';
import { Empty, Screen, Waiting } from '../../parts/screen.tsx';
import { Sparkline } from '../../parts/sparkline.tsx';
import { RowLink, Table } from '../../parts/table.tsx';
import { withWord } from '../../search.ts';
import { useCan } from '../../shell/me.ts';
import { certificates } from '../../words/en/certificates.ts';
import { sites as words } from '../../words/en/sites.ts';
import { language, say } from '../../words/index.ts';
import { SiteState } from './state.tsx';
import { useTick } from './tick.ts';

const api = getRouteApi('/in/sites');
const columns = [
  { key: 'site', head: words.columns.site },
  { key: 'state', head: words.columns.state },
  { key: 'mode', head: words.columns.mode },
  { key: 'orders', head: words.columns.orders },
  { key: 'limit', head: words.columns.limit, align: 'end' },
  { key: 'traffic', head: words.columns.traffic },
] as const;

export function SitesScreen() {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/sites' });
  const can = useCan();
  const pages = usePages(listSites, search.search === undefined ? {} : { search: search.search });
  const set = useMemo(
    () => (name: 'search' | 'mode' | 'state') => (value: string) =>
      void navigate({ search: (old) => withWord(old, name, value), replace: true }),
    [navigate],
  );
  const onSearch = useMemo(() => set('search'), [set]);
  const shown = pages.items?.filter(
    (site) =>
      (search.mode === undefined || site.mode === search.mode) &&
      (search.state === undefined || (search.state === 'ready') === site.ready),
  );
  const filtered = Object.keys(search).length > 0;
  const add = can('sites:write') ? (
    <ButtonLink kind="primary" to="/sites/new" isNew>
      {words.add}
    </ButtonLink>
  ) : undefined;

  return (
    <Screen
      title={words.title}
      acts={
        <>
          <ButtonLink to="/certificates">{certificates.all.title}</ButtonLink>
          <ButtonLink to="/attacks">{words.attacks.all}</ButtonLink>
          {add}
        </>
      }
    >
      <FilterBar shown={shown === undefined ? null : say.list.shown(shown.length, pages.total, words.what)}>
        <SearchBox value={search.search ?? ''} label={words.search} onSearch={onSearch} />
        <Filter
          label={words.filter.mode}
          value={search.mode ?? ''}
          onPick={set('mode')}
          options={[
            { value: 'off', label: say.mode.off },
            { value: 'attack', label: say.mode.attack },
          ]}
        />
        <Filter
          label={words.filter.state}
          value={search.state ?? ''}
          onPick={set('state')}
          options={[
            { value: 'ready', label: words.state.ready },
            { value: 'waiting', label: words.state.waiting },
          ]}
        />
      </FilterBar>
      <Failure error={pages.error} onRetry={pages.reload} />
      {shown === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : shown.length > 0 ? (
        <Table caption={words.title} columns={columns}>
          {shown.map((site) => (
            <SiteRow key={site.siteId} site={site} />
          ))}
        </Table>
      ) : filtered ? (
        <Empty
          title={say.list.nothingFits}
          act={<Button onClick={() => void navigate({ search: {}, replace: true })}>{say.act.clearFilters}</Button>}
        >
          <p>{say.list.nothingFitsHelp}</p>
        </Empty>
      ) : (
        <Empty title={words.empty.title} act={add}>
          <p>{can('sites:write') ? words.empty.text : words.empty.owner}</p>
        </Empty>
      )}
      <More pages={pages} />
    </Screen>
  );
}

function SiteRow({ site }: { site: Site }) {
  const orders = site.ordersInForce.length;
  return (
    <tr>
      <td>
        <RowLink to="/sites/$siteId" params={{ siteId: site.siteId }}>
          {site.name}
        </RowLink>
        <span className="sub">
          <Hostnames names={site.hostnames} most={2} more={words.moreNames} />
        </span>
      </td>
      <td>
        <SiteState site={site} />
      </td>
      <td>
        {site.mode === 'attack' || site.attackId !== undefined || site.attackPaths !== undefined ? (
          <Badge tone="caution">{say.mode.attack}</Badge>
        ) : (
          <Badge tone="off">{say.mode.off}</Badge>
        )}
      </td>
      <td>
        {orders === 0 ? <span className="hint">{words.noOrders}</span> : <Badge tone="alarm">{words.orders(orders)}</Badge>}
      </td>
      <td data-align="end">
        {site.limits.requestsPer10s === null ? words.noLimit : words.per10s(whole(site.limits.requestsPer10s, language))}
      </td>
      <td>
        <LiveSpark siteId={site.siteId} />
      </td>
    </tr>
  );
}

const sparkMinutes = 10;
const stepSeconds = 10;

/** Loaded when its row first comes into view: a list of hundreds must not be hundreds of calls. */
function LiveSpark({ siteId }: { siteId: Site['siteId'] }) {
  const place = useRef<HTMLSpanElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        setSeen(true);
        observer.disconnect();
      }
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const traffic = useQuery({
    ...ask(getTraffic, { params: { siteId }, query: { minutes: sparkMinutes, stepSeconds } }),
    enabled: seen,
    staleTime: 60_000,
  });
  const nowMs = useTick(stepSeconds * 1000);
  const steps = useMemo(() => {
    if (traffic.data === undefined) return [];
    const { fromMs, toMs } = windowOf(traffic.data, sparkMinutes, nowMs);
    return fillSteps(traffic.data, fromMs, toMs);
  }, [traffic.data, nowMs]);
  return (
    <span ref={place} className="spark-place">
      {traffic.data === undefined ? null : <Sparkline steps={steps} stepSeconds={stepSeconds} words={words.spark} />}
    </span>
  );
}
