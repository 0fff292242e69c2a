/** Attacks, newest first, with filters: of one site, or of all that the viewer may see. */
import { useMemo, useState } from 'react';
import type { Attack } from '../../../../contract/attacks.ts';
import type { SiteId } from '../../../../contract/ids.ts';
import { listAttacks } from '../../../../contract/routes/attacks.ts';
import { usePages } from '../../api/queries.ts';
import { whole } from '../../format/number.ts';
import { Badge } from '../../parts/badge.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Filter, FilterBar } from '../../parts/filters.tsx';
import { More } from '../../parts/more.tsx';
import { Waiting } from '../../parts/screen.tsx';
import { RowLink, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { attacks as words } from '../../words/en/attacks.ts';
import { language, say } from '../../words/index.ts';

const tones = { suggested: 'caution', on: 'caution', ended: 'off' } as const;
const heads = words.columns;
const columns = [
  { key: 'began', head: heads.began },
  { key: 'site', head: heads.site },
  { key: 'state', head: heads.state },
  { key: 'where', head: heads.where },
  { key: 'ended', head: heads.ended },
  { key: 'peak', head: heads.peak, align: 'end' as const },
];
const dayMs = 86_400_000;
const spans = ['1', '7', '30'] as const;

export function StateBadge({ state }: { state: Attack['state'] }) {
  return <Badge tone={tones[state]}>{words.state[state]}</Badge>;
}

export function AttackList({ siteId }: { siteId?: SiteId }) {
  const [state, setState] = useState('');
  const [days, setDays] = useState('');
  // As of when the filter was picked: a query that changed with the clock would be loaded at every turn.
  const from = useMemo(() => (days === '' ? null : new Date(Date.now() - Number(days) * dayMs).toISOString()), [days]);
  const pages = usePages(listAttacks, {
    limit: 25,
    ...(siteId === undefined ? {} : { siteId }),
    ...(state === '' ? {} : { open: state === 'open' ? ('true' as const) : ('false' as const) }),
    ...(from === null ? {} : { from }),
  });
  const { items } = pages;
  return (
    <>
      <FilterBar shown={items === undefined ? null : say.list.shown(items.length, pages.total, words.what)}>
        <Filter
          label={words.filters.state}
          value={state}
          onPick={setState}
          options={[
            { value: 'open', label: words.open },
            { value: 'over', label: words.over },
          ]}
        />
        <Filter
          label={words.filters.since}
          value={days}
          onPick={setDays}
          options={spans.map((value) => ({ value, label: words.sinceOptions[value] }))}
        />
      </FilterBar>
      <Failure error={pages.error} onRetry={pages.reload} />
      {items === undefined ? (
        pages.error === null ? (
          <Waiting />
        ) : null
      ) : items.length === 0 ? (
        <p>{words.none}</p>
      ) : (
        <Table caption={words.title} columns={columns}>
          {items.map((attack) => (
            <Row key={attack.attackId} attack={attack} />
          ))}
        </Table>
      )}
      <More pages={pages} />
    </>
  );
}

function Row({ attack }: { attack: Attack }) {
  return (
    <tr>
      <td>
        <RowLink to="/attacks/$attackId" params={{ attackId: attack.attackId }}>
          <When at={attack.beganAt} />
        </RowLink>
      </td>
      <td>{attack.siteName}</td>
      <td>
        <StateBadge state={attack.state} />
      </td>
      <td>{attack.path === null ? words.wholeSite : <span className="mono">{attack.path}</span>}</td>
      <td>
        {attack.endedAt === null ? null : <When at={attack.endedAt} focusable />}
        {attack.endedAt === null ? null : (
          <span className="sub">{attack.endedBy === null ? words.itself : words.by(attack.endedBy.name)}</span>
        )}
      </td>
      <td data-align="end">{whole(attack.peak, language)}</td>
    </tr>
  );
}
