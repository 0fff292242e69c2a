/** The queue of the desk: by danger and by what is due, never by how many reported. Filters live in the URL; c claims the focused row. */
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { CaseState, Lane } from '../../../../contract/desk/words.ts';
import { actOnCase, getCase, listCases } from '../../../../contract/routes/desk/cases.ts';
import type { CaseRow } from '../../../../contract/routes/desk/cases.ts';
import { useAct, usePages } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter, FilterBar, SearchBox } from '../../parts/filters.tsx';
import { More } from '../../parts/more.tsx';
import { notify } from '../../parts/notices.tsx';
import { Empty, Screen, Waiting } from '../../parts/screen.tsx';
import { RowLink, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { useCan, useMe } from '../../shell/me.ts';
import { desk } from '../../words/en/desk.ts';
import { say } from '../../words/index.ts';
import { OpenCase } from './open-case.tsx';
import { CaseStateBadge, DeskTabs, Due, GradeMark, LaneBadge } from './parts.tsx';
import '../../look/desk.css';

const api = getRouteApi('/in/desk');
const words = desk.queue;
const shows = ['mine', 'unclaimed', 'closed'] as const;
const columns = [
  { key: 'lane', head: words.columns.lane },
  { key: 'number', head: words.columns.number },
  { key: 'due', head: words.columns.due },
  { key: 'claim', head: words.columns.claim },
  { key: 'state', head: words.columns.state },
  { key: 'grade', head: words.columns.grade },
  { key: 'tasks', head: words.columns.tasks, align: 'end' },
] as const;

export function QueueScreen() {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/desk' });
  const can = useCan();
  const [opening, setOpening] = useState(false);
  const lane = Lane.safeParse(search.lane);
  const state = CaseState.safeParse(search.state);
  const pages = usePages(listCases, {
    ...(lane.success ? { lane: lane.data } : {}),
    ...(state.success ? { state: state.data } : { open: search.show === 'closed' ? ('false' as const) : ('true' as const) }),
    ...(search.show === 'mine' ? { mine: 'true' as const } : {}),
    ...(search.show === 'unclaimed' ? { unclaimed: 'true' as const } : {}),
    ...(search.search === undefined ? {} : { search: search.search }),
  });
  const set = useMemo(
    () => (name: 'search' | 'lane' | 'state' | 'show') => (value: string) =>
      void navigate({ search: (old) => withWord(old, name, value), replace: true }),
    [navigate],
  );
  const onSearch = useMemo(() => set('search'), [set]);
  const open = can('desk:work') ? (
    <Button onClick={() => setOpening(true)} data-new>
      {words.open}
    </Button>
  ) : undefined;
  return (
    <Screen title={desk.title} lead={words.lead} acts={open}>
      <DeskTabs current="queue" />
      <FilterBar shown={pages.items === undefined ? null : say.list.shown(pages.items.length, pages.total, words.what)}>
        <SearchBox value={search.search ?? ''} label={words.search} onSearch={onSearch} />
        <Filter
          label={words.filter.lane}
          value={search.lane ?? ''}
          onPick={set('lane')}
          options={Lane.options.map((value) => ({ value, label: desk.lane[value] }))}
        />
        <Filter
          label={words.filter.state}
          value={search.state ?? ''}
          onPick={set('state')}
          options={CaseState.options.map((value) => ({ value, label: desk.state[value] }))}
        />
        <Filter
          label={words.filter.show}
          value={search.show ?? ''}
          all={false}
          onPick={set('show')}
          options={[{ value: '', label: words.show.open }, ...shows.map((value) => ({ value, label: words.show[value] }))]}
        />
      </FilterBar>
      <Failure error={pages.error} onRetry={pages.reload} />
      {pages.items === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : pages.items.length > 0 ? (
        <Table caption={desk.title} columns={columns}>
          {pages.items.map((row) => (
            <QueueRow key={row.caseId} row={row} />
          ))}
        </Table>
      ) : Object.keys(search).length > 0 ? (
        <Empty
          title={say.list.nothingFits}
          act={<Button onClick={() => void navigate({ search: {}, replace: true })}>{say.act.clearFilters}</Button>}
        >
          <p>{say.list.nothingFitsHelp}</p>
        </Empty>
      ) : (
        <Empty title={words.empty.title} act={<a href="/report">{words.empty.link}</a>}>
          <p>{words.empty.text}</p>
        </Empty>
      )}
      <More pages={pages} />
      {opening ? <OpenCase onClose={() => setOpening(false)} /> : null}
    </Screen>
  );
}

function QueueRow({ row }: { row: CaseRow }) {
  return (
    <tr>
      <td>
        <LaneBadge lane={row.lane} />
        {row.emergencySince === null ? null : (
          <span className="sub">
            {words.emergency}, <When at={row.emergencySince} />
          </span>
        )}
      </td>
      <td>
        <RowLink to="/desk/cases/$caseId" params={{ caseId: row.caseId }}>
          {row.number}: {row.title}
        </RowLink>
        <span className="sub">
          {row.siteName === '' ? null : `${row.siteName} · `}
          {desk.class[row.class]}
        </span>
      </td>
      <td>
        <Due due={row.due} />
      </td>
      <td>
        <Claim row={row} />
      </td>
      <td>
        <CaseStateBadge state={row.state} />
      </td>
      <td>
        <GradeMark grade={row.grade} brief />
      </td>
      <td data-align="end">{row.openTasks === 0 ? <span className="hint">{words.noTasks}</span> : row.openTasks}</td>
    </tr>
  );
}

function Claim({ row }: { row: CaseRow }) {
  const me = useMe();
  const can = useCan();
  const claim = useAct(actOnCase, [listCases, getCase]);
  if (row.claim !== null) {
    return (
      <>
        {row.claim.by.personId === me.personId ? <Badge tone="good">{words.you}</Badge> : row.claim.by.name}
        <span className="sub">
          {words.until} <When at={row.claim.until} />
        </span>
      </>
    );
  }
  if (!can('desk:work')) return <span className="hint">{words.free}</span>;
  return (
    <>
      <Button
        data-claim
        aria-label={words.claimOf(row.number)}
        busy={claim.isPending}
        onClick={() =>
          claim.mutate(
            { params: { caseId: row.caseId }, body: { act: 'claim' } },
            { onSuccess: () => notify(words.claimed(row.number)) },
          )
        }
      >
        {words.claim}
      </Button>
      <Failure error={claim.error} />
    </>
  );
}
