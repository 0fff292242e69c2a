/** The audit log: who did what to what, newest first. Reading only. */
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useMemo } from 'react';
import { listAudit } from '../../../../contract/routes/house.ts';
import type { AuditEntry } from '../../../../contract/routes/house.ts';
import type { z } from 'zod';
import { usePages } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { FilterBar, SearchBox } from '../../parts/filters.tsx';
import { More } from '../../parts/more.tsx';
import { Empty, Screen, Waiting } from '../../parts/screen.tsx';
import { Sentence } from '../../parts/sentence.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { house } from '../../words/en/house.ts';
import { say } from '../../words/index.ts';

type Entry = z.infer<typeof AuditEntry>;

const api = getRouteApi('/in/audit');
const words = house.audit;
const columns = [
  { key: 'at', head: words.columns.at },
  { key: 'who', head: words.columns.who },
  { key: 'act', head: words.columns.act },
  { key: 'subject', head: words.columns.subject },
  { key: 'detail', head: words.columns.detail },
] as const;

export function AuditScreen() {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/audit' });
  const pages = usePages(listAudit, search.subject === undefined ? {} : { subject: search.subject });
  const onSearch = useMemo(
    () => (value: string) => void navigate({ search: (old) => withWord(old, 'search', value), replace: true }),
    [navigate],
  );
  const wanted = search.search?.toLowerCase();
  const shown = pages.items?.filter((entry) => wanted === undefined || textOf(entry).includes(wanted));
  return (
    <Screen
      title={words.title}
      lead={
        search.subject === undefined ? (
          words.lead
        ) : (
          <>
            {words.ofSubject(search.subject)}{' '}
            <Link to="/audit" search={withWord(search, 'subject', '')}>
              {words.all}
            </Link>
          </>
        )
      }
    >
      <FilterBar shown={shown === undefined ? null : say.list.shown(shown.length, pages.total, words.what)}>
        <SearchBox value={search.search ?? ''} label={words.search} onSearch={onSearch} />
      </FilterBar>
      <Failure error={pages.error} onRetry={pages.reload} />
      {shown === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : shown.length > 0 ? (
        <Table caption={words.title} columns={columns}>
          {shown.map((entry) => (
            <tr key={entry.auditId}>
              <td>
                <When at={entry.at} />
              </td>
              <td className="no-wrap">{entry.who?.name ?? <span className="hint">{words.system}</span>}</td>
              <td className="mono no-wrap">{entry.act}</td>
              <td>
                <Link to="/audit" search={{ subject: entry.subject }} className="row-link mono" data-row>
                  {entry.subject}
                </Link>
              </td>
              <td className="audit-detail">
                {Object.entries(entry.detail).map(([name, value]) => (
                  <span key={name}>
                    <span className="hint">{name}</span> <Sentence text={detailText(value)} />
                  </span>
                ))}
              </td>
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

/** A value of an entry's detail as text: lists by comma, everything else as it stands. */
function detailText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(detailText).join(', ');
  return JSON.stringify(value);
}

function textOf(entry: Entry): string {
  return [entry.who?.name ?? '', entry.act, entry.subject, JSON.stringify(entry.detail)].join(' ').toLowerCase();
}
