/** Alarms: open ones first to the eye; saying "I have seen it" puts one's name to it. */
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { acknowledgeAlarm, Alarm, getStatus, listAlarms } from '../../../../contract/routes/house.ts';
import { useAct, usePages } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter, FilterBar, SearchBox } from '../../parts/filters.tsx';
import { More } from '../../parts/more.tsx';
import { Empty, Screen, Waiting } from '../../parts/screen.tsx';
import { Sentence } from '../../parts/sentence.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { useCan } from '../../shell/me.ts';
import { house } from '../../words/en/house.ts';
import { say } from '../../words/index.ts';

const api = getRouteApi('/in/alarms');
const words = house.alarms;
const kinds = Alarm.shape.kind.options;

export function AlarmsScreen() {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/alarms' });
  const pages = usePages(
    listAlarms,
    search.state === 'open' ? { open: 'true' } : search.state === 'seen' ? { open: 'false' } : {},
  );
  const set = useMemo(
    () => (name: 'search' | 'state' | 'kind') => (value: string) =>
      void navigate({ search: (old) => withWord(old, name, value), replace: true }),
    [navigate],
  );
  const onSearch = useMemo(() => set('search'), [set]);
  const wanted = search.search?.toLowerCase();
  const shown = pages.items?.filter(
    (alarm) =>
      (search.kind === undefined || alarm.kind === search.kind) &&
      (wanted === undefined || alarm.sentence.toLowerCase().includes(wanted)),
  );
  const heads = words.columns;
  const columns = [
    { key: 'state', head: heads.state },
    { key: 'sentence', head: heads.sentence },
    { key: 'kind', head: heads.kind },
    { key: 'at', head: heads.at },
    { key: 'about', head: heads.about },
    { key: 'seen', head: heads.seen },
  ];
  return (
    <Screen title={words.title}>
      <FilterBar shown={shown === undefined ? null : say.list.shown(shown.length, pages.total, words.what)}>
        <SearchBox value={search.search ?? ''} label={words.search} onSearch={onSearch} />
        <Filter
          label={words.filter.state}
          value={search.state ?? ''}
          onPick={set('state')}
          options={[
            { value: 'open', label: words.open },
            { value: 'seen', label: words.seen },
          ]}
        />
        <Filter
          label={words.filter.kind}
          value={search.kind ?? ''}
          onPick={set('kind')}
          options={kinds.map((value) => ({ value, label: words.kind[value] }))}
        />
      </FilterBar>
      <Failure error={pages.error} onRetry={pages.reload} />
      {shown === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : shown.length > 0 ? (
        <Table caption={words.title} columns={columns}>
          {shown.map((alarm) => (
            <AlarmRow key={alarm.alarmId} alarm={alarm} />
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
        <Empty title={words.empty.title}>
          <p>{words.empty.text}</p>
        </Empty>
      )}
      <More pages={pages} />
    </Screen>
  );
}

function AlarmRow({ alarm }: { alarm: Alarm }) {
  const can = useCan();
  const acknowledge = useAct(acknowledgeAlarm, [listAlarms, getStatus]);
  const open = alarm.acknowledgedAt === null;
  return (
    <tr>
      <td>
        <Badge tone={open ? 'alarm' : 'off'}>{open ? words.open : words.seen}</Badge>
      </td>
      <td>
        <Sentence text={alarm.sentence} />
        <Failure error={acknowledge.error} />
      </td>
      <td className="no-wrap">{words.kind[alarm.kind]}</td>
      <td>
        <When at={alarm.at} focusable />
      </td>
      <td>
        <About alarm={alarm} />
      </td>
      <td>
        {alarm.acknowledgedBy !== null && alarm.acknowledgedAt !== null ? (
          <>
            {alarm.acknowledgedBy.name} <span className="sub">{<When at={alarm.acknowledgedAt} />}</span>
          </>
        ) : can('alarms:acknowledge') ? (
          <Button
            busy={acknowledge.isPending}
            data-row
            className="button no-wrap"
            onClick={() => acknowledge.mutate({ params: { alarmId: alarm.alarmId } })}
          >
            {words.acknowledge}
          </Button>
        ) : null}
      </td>
    </tr>
  );
}

function About({ alarm }: { alarm: Alarm }) {
  const can = useCan();
  if (alarm.caseId !== null && can('desk:read')) {
    return (
      <Link to="/desk/cases/$caseId" params={{ caseId: alarm.caseId }}>
        {words.about.case}
      </Link>
    );
  }
  if (alarm.orderId !== null) {
    return (
      <Link to="/orders/$orderId" params={{ orderId: alarm.orderId }}>
        {words.about.order}
      </Link>
    );
  }
  if (alarm.siteId !== null) {
    return (
      <Link to="/sites/$siteId" params={{ siteId: alarm.siteId }}>
        {words.about.site}
      </Link>
    );
  }
  return alarm.edgeId === null ? null : <Link to="/edges">{words.about.edge}</Link>;
}
