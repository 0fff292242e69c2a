/** Chooses one site among many: typed search, a short list, then the choice with a way back. */
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { SiteId } from '../../../../contract/ids.ts';
import { getSite, listSites } from '../../../../contract/routes/sites.ts';
import { ask } from '../../api/queries.ts';
import type { FieldMistake } from '../../api/client.ts';
import { Button } from '../../parts/button.tsx';
import { Hostnames } from '../../parts/hostnames.tsx';
import { orders } from '../../words/en/orders.ts';
import { sites } from '../../words/en/sites.ts';

const words = orders.form;
const most = 6;

export function SitePicker({
  value,
  mistakes,
  onPick,
}: {
  value: string;
  mistakes: readonly FieldMistake[];
  onPick: (siteId: string) => void;
}) {
  const id = useId();
  const [search, setSearch] = useState('');
  const chosen = SiteId.safeParse(value);
  const site = useQuery({ ...ask(getSite, { params: { siteId: value } }), enabled: chosen.success });
  const found = useQuery({
    ...ask(listSites, { query: { limit: most, ...(search === '' ? {} : { search }) } }),
    enabled: !chosen.success,
  });
  const mistake = mistakes.find((candidate) => candidate.path === 'siteId')?.message;

  if (chosen.success) {
    return (
      <div className="field">
        <p className="field-label">{words.site}</p>
        <p className="picked">
          <span>
            <strong>{site.data?.name ?? value}</strong>
            {site.data === undefined ? null : (
              <span className="sub hint">
                {' '}
                <Hostnames names={site.data.hostnames} most={3} more={sites.moreNames} />
              </span>
            )}
          </span>
          <Button onClick={() => onPick('')}>{words.siteChange}</Button>
        </p>
      </div>
    );
  }
  return (
    <div className="field">
      <label htmlFor={id}>{words.site}</label>
      <div className="control">
        <input
          id={id}
          type="search"
          placeholder={words.siteSearch}
          value={search}
          autoComplete="off"
          onChange={(event) => setSearch(event.target.value)}
          {...(mistake === undefined ? {} : { 'aria-invalid': true, 'aria-describedby': `${id}-mistake` })}
        />
      </div>
      {mistake === undefined ? null : (
        <p className="mistake" id={`${id}-mistake`}>
          {mistake}
        </p>
      )}
      {found.data?.items.length === 0 ? <p className="hint">{words.siteNone}</p> : null}
      <ul className="pick-list">
        {found.data?.items.map((candidate) => (
          <li key={candidate.siteId}>
            <button type="button" onClick={() => onPick(candidate.siteId)}>
              <strong>{candidate.name}</strong> <span className="hint">{candidate.hostnames.slice(0, 3).join(', ')}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
