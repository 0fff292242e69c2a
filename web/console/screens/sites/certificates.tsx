/** The certificates of all sites that the viewer may see, the soonest end first: what ends, and what a person must see to. Reading only. */
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Certificate, listAllCertificates } from '../../../../contract/routes/certificates.ts';
import { usePages } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter, FilterBar, SearchBox } from '../../parts/filters.tsx';
import { Hostnames } from '../../parts/hostnames.tsx';
import { More } from '../../parts/more.tsx';
import { Empty, Screen, Waiting } from '../../parts/screen.tsx';
import { RowLink, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { certificates } from '../../words/en/certificates.ts';
import { sites } from '../../words/en/sites.ts';
import { say } from '../../words/index.ts';

const api = getRouteApi('/in/certificates');
const words = certificates.all;
const columns = (['names', 'site', 'issuer', 'ends', 'renewed'] as const).map((key) => ({ key, head: words.columns[key] }));
/** What the filter offers; an address may name any other number of days. */
const endings = ['0', '14', '30', '90'] as const;

export function CertificatesScreen() {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/certificates' });
  const source = Certificate.shape.source.safeParse(search.source);
  const pages = usePages(listAllCertificates, {
    ...(search.search === undefined ? {} : { search: search.search }),
    ...(source.success ? { source: source.data } : {}),
    ...(/^\d{1,3}$/.test(search.days ?? '') ? { endsWithinDays: Number(search.days) } : {}),
  });
  const set = useMemo(
    () => (name: 'search' | 'source' | 'days') => (value: string) =>
      void navigate({ search: (old) => withWord(old, name, value), replace: true }),
    [navigate],
  );
  const onSearch = useMemo(() => set('search'), [set]);
  const shown = pages.items;
  return (
    <Screen title={words.title} trail={<Link to="/sites">{sites.title}</Link>}>
      <FilterBar shown={shown === undefined ? null : say.list.shown(shown.length, pages.total, words.what)}>
        <SearchBox value={search.search ?? ''} label={words.search} onSearch={onSearch} />
        <Filter
          label={words.source}
          value={search.source ?? ''}
          onPick={set('source')}
          options={[
            { value: 'acme', label: words.sources.acme },
            { value: 'own', label: words.sources.own },
          ]}
        />
        <Filter
          label={words.ends}
          value={search.days ?? ''}
          onPick={set('days')}
          options={endings.map((value) => ({ value, label: words.endings[value] }))}
        />
      </FilterBar>
      <Failure error={pages.error} onRetry={pages.reload} />
      {shown === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : shown.length > 0 ? (
        <Table caption={words.title} columns={columns}>
          {shown.map((one) => (
            <tr key={one.certificateId}>
              <td>
                <Hostnames names={one.names} most={2} more={sites.moreNames} />
              </td>
              <td>
                <RowLink to="/sites/$siteId" params={{ siteId: one.siteId }} search={{ tab: 'certificates' }}>
                  {one.siteName}
                </RowLink>
              </td>
              <td>{one.source === 'own' ? certificates.own(one.issuer) : one.issuer}</td>
              <td>
                <When at={one.notAfter} focusable />
              </td>
              <td>{one.renewAt === null ? words.byPerson : <When at={one.renewAt} focusable />}</td>
            </tr>
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
