/** Refused requests and failed origins of a site one by one, newest first: filtered, page by page, live in front, each explained. */
import { useInfiniteQuery } from '@tanstack/react-query';
import type { InfiniteData } from '@tanstack/react-query';
import { useState } from 'react';
import { EventsQuery, listEvents } from '../../../../contract/routes/insight.ts';
import type { Events, Explanation } from '../../../../contract/routes/insight.ts';
import { call } from '../../api/client.ts';
import type { ApiError } from '../../api/client.ts';
import { exactTime } from '../../format/time.ts';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter, FilterBar, SearchBox } from '../../parts/filters.tsx';
import { More } from '../../parts/more.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { insight } from '../../words/en/insight.ts';
import { language, say } from '../../words/index.ts';
import type { Window } from './traffic-window.ts';

const words = insight.events;
const perPage = 25;
/** Guards that a filter names, as edges name them. */
const guards = [
  'limit',
  'challenge',
  'rule-deny',
  'deny',
  'notice',
  'gate',
  'maintenance',
  'ambiguous',
  'busy',
  'origin-error',
] as const;

export type EventFilters = { readonly guard: string; readonly path: string };

export function EventsPanel({
  window,
  filters,
  live,
  leftOut,
  paused,
  onFilter,
}: {
  window: Window;
  filters: EventFilters;
  /** What came since the list was loaded, newest first. */
  live: readonly Explanation[];
  leftOut: number;
  paused: boolean;
  onFilter: (name: keyof EventFilters, value: string) => void;
}) {
  const { siteId, edgeId, minutes, zone } = window;
  // The list begins where the window does when it is first asked for, and stays: pages of a list that moves would miss rows.
  const [from] = useState(window.from);
  const since = minutesBefore(from, window.from) < minutes ? from : window.from;
  const wanted = {
    siteId,
    from: since,
    limit: perPage,
    ...(edgeId === undefined ? {} : { edgeId }),
    ...(filters.guard === '' ? {} : { guard: filters.guard }),
    ...(filters.path === '' ? {} : { path: filters.path }),
  };
  const fits = EventsQuery.safeParse(wanted).success;
  const pages = useInfiniteQuery<Events, ApiError, InfiniteData<Events>, readonly unknown[], string | null>({
    queryKey: [listEvents.path, {}, wanted, 'pages'],
    queryFn: ({ pageParam, signal }) =>
      call(listEvents, { query: pageParam === null ? wanted : { ...wanted, cursor: pageParam }, signal }),
    initialPageParam: null,
    getNextPageParam: (last) => last.next,
    enabled: fits,
    gcTime: 60_000,
  });
  const loaded = pages.data?.pages.flatMap(({ items }) => items);
  const known = new Set(loaded?.map(({ reference }) => reference));
  const fresh = live.filter(
    (event) =>
      !known.has(event.reference) &&
      (filters.guard === '' || event.guard === filters.guard) &&
      event.path.startsWith(filters.path),
  );
  const shown = [...fresh, ...(loaded ?? [])];
  return (
    <Panel title={words.title}>
      <p className="hint">{words.lead}</p>
      <FilterBar shown={paused ? words.paused : leftOut > 0 ? words.leftOut(leftOut) : null}>
        <SearchBox value={filters.path} label={words.path} onSearch={(value) => onFilter('path', value)} />
        <Filter
          label={words.guard}
          value={filters.guard}
          options={guards.map((value) => ({ value, label: words.guards[value] }))}
          onPick={(value) => onFilter('guard', value)}
        />
      </FilterBar>
      <Failure error={pages.error} onRetry={() => void pages.refetch()} />
      {loaded === undefined && pages.error === null ? <Waiting /> : null}
      {loaded !== undefined && shown.length === 0 ? (
        <p className="hint">{filters.guard === '' && filters.path === '' ? words.none : say.list.nothingFits}</p>
      ) : null}
      {shown.length === 0 ? null : <EventTable events={shown} zone={zone} />}
      <More
        pages={{
          hasMore: pages.hasNextPage,
          loadingMore: pages.isFetchingNextPage,
          loadMore: () => void pages.fetchNextPage(),
        }}
      />
    </Panel>
  );
}

function minutesBefore(earlier: string, later: string): number {
  return (Date.parse(later) - Date.parse(earlier)) / 60_000;
}

function EventTable({ events, zone }: { events: readonly Explanation[]; zone: Window['zone'] }) {
  const [open, setOpen] = useState<string | null>(null);
  const heads = words.columns;
  return (
    <Table
      caption={words.title}
      columns={[
        { key: 'when', head: heads.when },
        { key: 'what', head: heads.what },
        { key: 'request', head: heads.request },
        { key: 'network', head: heads.network },
        { key: 'status', head: heads.status, align: 'end' },
        { key: 'act', head: <span className="unseen">{heads.explain}</span> },
      ]}
    >
      {events.map((event) => (
        <tr key={event.reference}>
          <th scope="row">
            <time dateTime={event.at} className="no-wrap">
              {exactTime(Date.parse(event.at), language, zone)}
            </time>
          </th>
          <td>
            {guardWords(event.guard)}
            {event.ruleId === null ? null : <span className="sub mono">{event.ruleId}</span>}
            {open === event.reference ? (
              <span className="sub" role="status">
                {event.sentence} <span className="mono">{event.reference}</span>
              </span>
            ) : null}
          </td>
          <td>
            <span className="mono wrap-anywhere">
              {event.method} {event.path}
            </span>
          </td>
          <td className="mono">{event.network}</td>
          <td data-align="end">{event.status > 0 ? event.status : insight.unknown}</td>
          <td>
            <Button
              kind="quiet"
              aria-expanded={open === event.reference}
              aria-label={words.explain(event.reference)}
              onClick={() => setOpen(open === event.reference ? null : event.reference)}
            >
              {heads.explain}
            </Button>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function guardWords(guard: string): string {
  const known = guards.find((name) => name === guard);
  return known === undefined ? guard : words.guards[known];
}
