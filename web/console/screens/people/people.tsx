/** The people: who may do what, invitations, disabling; and the customers with their owners. */
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { Role } from '../../../../contract/access.ts';
import { listPeople, PersonState } from '../../../../contract/routes/identity.ts';
import type { OneTimeLink, Person } from '../../../../contract/routes/identity.ts';
import { usePages } from '../../api/queries.ts';
import { Badge } from '../../parts/badge.tsx';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter, FilterBar, SearchBox } from '../../parts/filters.tsx';
import { More } from '../../parts/more.tsx';
import { OneTimeLinkDialog } from '../../parts/one-time-link.tsx';
import { Empty, Screen, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { Tab, Tabs } from '../../parts/tabs.tsx';
import { When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { useCan, useMe } from '../../shell/me.ts';
import { people as words } from '../../words/en/people.ts';
import { say } from '../../words/index.ts';
import { Customers } from './customers.tsx';
import { InviteDialog } from './invite.tsx';
import { ManageDialog } from './manage.tsx';

const api = getRouteApi('/in/people');
const tones = { invited: 'waiting', active: 'good', disabled: 'off' } as const;

export function PeopleScreen() {
  const search = api.useSearch();
  const can = useCan();
  const [inviting, setInviting] = useState(false);
  const [handed, setHanded] = useState<{ name: string; link: OneTimeLink } | null>(null);
  const customers = search.tab === 'customers';
  const invite =
    can('people:write') && !customers ? (
      <Button kind="primary" onClick={() => setInviting(true)} data-new>
        {words.invite}
      </Button>
    ) : undefined;
  return (
    <Screen title={words.title} acts={invite}>
      <Tabs label={words.title}>
        <Tab to="/people" search={{}} current={!customers}>
          {words.tabs.people}
        </Tab>
        <Tab to="/people" search={{ tab: 'customers' }} current={customers}>
          {words.tabs.customers}
        </Tab>
      </Tabs>
      {customers ? <Customers onLink={setHanded} /> : <PeopleList invite={invite} onLink={setHanded} />}
      {inviting ? (
        <InviteDialog
          onClose={() => setInviting(false)}
          onInvited={(name, link) => {
            setInviting(false);
            setHanded({ name, link });
          }}
        />
      ) : null}
      {handed === null ? null : <OneTimeLinkDialog name={handed.name} link={handed.link} onClose={() => setHanded(null)} />}
    </Screen>
  );
}

function PeopleList({
  invite,
  onLink,
}: {
  invite: React.ReactNode;
  onLink: (handed: { name: string; link: OneTimeLink }) => void;
}) {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/people' });
  const can = useCan();
  const me = useMe();
  const [managed, setManaged] = useState<Person | null>(null);
  const pages = usePages(listPeople, search.search === undefined ? {} : { search: search.search });
  const set = useMemo(
    () => (name: 'search' | 'role' | 'state') => (value: string) =>
      void navigate({ search: (old) => withWord(old, name, value), replace: true }),
    [navigate],
  );
  const onSearch = useMemo(() => set('search'), [set]);
  const shown = pages.items?.filter(
    (person) =>
      (search.state === undefined || person.state === search.state) &&
      (search.role === undefined || person.roles.some((role) => role === search.role)),
  );
  const mayWrite = can('people:write');
  const heads = words.columns;
  const columns = [
    { key: 'name', head: heads.name },
    { key: 'roles', head: heads.roles },
    { key: 'state', head: heads.state },
    { key: 'ways', head: heads.ways },
    { key: 'last', head: heads.last },
    ...(mayWrite ? [{ key: 'acts', head: <span className="unseen">{heads.acts}</span> }] : []),
  ];
  return (
    <>
      <FilterBar shown={shown === undefined ? null : say.list.shown(shown.length, pages.total, words.what)}>
        <SearchBox value={search.search ?? ''} label={words.search} onSearch={onSearch} />
        <Filter
          label={words.filter.role}
          value={search.role ?? ''}
          onPick={set('role')}
          options={Role.options.map((value) => ({ value, label: say.role[value] }))}
        />
        <Filter
          label={words.filter.state}
          value={search.state ?? ''}
          onPick={set('state')}
          options={PersonState.options.map((value) => ({ value, label: words.state[value] }))}
        />
      </FilterBar>
      <Failure error={pages.error} onRetry={pages.reload} />
      {shown === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : shown.length > 0 ? (
        <Table caption={words.title} columns={columns}>
          {shown.map((person) => (
            <tr key={person.personId}>
              <td>
                <span className="row-link">{person.name}</span>
                {person.personId === me.personId ? <span className="hint"> ({words.you})</span> : null}
              </td>
              <td>{person.roles.map((role) => say.role[role]).join(', ')}</td>
              <td>
                <Badge tone={tones[person.state]}>{words.state[person.state]}</Badge>
              </td>
              <td>{waysOf(person)}</td>
              <td>{person.lastSignInAt === null ? words.never : <When at={person.lastSignInAt} />}</td>
              {mayWrite ? (
                <td data-align="end">
                  {person.personId === me.personId ? null : (
                    <Button kind="quiet" data-row onClick={() => setManaged(person)} aria-label={words.manage.title(person.name)}>
                      {words.manage.act}
                    </Button>
                  )}
                </td>
              ) : null}
            </tr>
          ))}
        </Table>
      ) : (
        <Empty
          title={say.list.nothingFits}
          act={<Button onClick={() => void navigate({ search: {}, replace: true })}>{say.act.clearFilters}</Button>}
        >
          <p>{say.list.nothingFitsHelp}</p>
        </Empty>
      )}
      {pages.items?.length === 1 && pages.total === 1 && search.search === undefined && mayWrite ? (
        <Empty title={words.empty.title} act={invite}>
          <p>{words.empty.text}</p>
        </Empty>
      ) : null}
      <More pages={pages} />
      {managed === null ? null : (
        <ManageDialog
          person={managed}
          onClose={() => setManaged(null)}
          onLink={(link) => {
            setManaged(null);
            onLink({ name: managed.name, link });
          }}
        />
      )}
    </>
  );
}

function waysOf(person: Person): string {
  const ways = [
    ...(person.passkeys > 0 ? [words.ways.passkeys(person.passkeys)] : []),
    ...(person.hasPassword ? [words.ways.password] : []),
  ];
  return ways.length === 0 ? words.ways.none : ways.join(', ');
}
