/** Captcha keys: all that the viewer may see, newest first; and making one. */
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { listCaptchaKeys } from '../../../../contract/routes/captcha-keys.ts';
import type { CaptchaKeyWithSecret } from '../../../../contract/routes/captcha-keys.ts';
import { usePages } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Failure } from '../../parts/failure.tsx';
import { FilterBar, SearchBox } from '../../parts/filters.tsx';
import { Hostnames } from '../../parts/hostnames.tsx';
import { More } from '../../parts/more.tsx';
import { Empty, Screen, Waiting } from '../../parts/screen.tsx';
import { RowLink, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { withWord } from '../../search.ts';
import { useCan } from '../../shell/me.ts';
import { captcha as words } from '../../words/en/captcha.ts';
import { say } from '../../words/index.ts';
import { AddKey, SecretShown } from './dialogs.tsx';
import { KeyState } from './state.tsx';

const api = getRouteApi('/in/captcha');
const columns = (['name', 'siteKey', 'hostnames', 'level', 'state', 'made'] as const).map((key) => ({
  key,
  head: words.columns[key],
}));

export function CaptchaKeysScreen() {
  const search = api.useSearch();
  const navigate = useNavigate({ from: '/captcha' });
  const can = useCan();
  const [adding, setAdding] = useState(false);
  const [made, setMade] = useState<CaptchaKeyWithSecret | null>(null);
  const pages = usePages(listCaptchaKeys, search.search === undefined ? {} : { search: search.search });
  const onSearch = useMemo(
    () => (value: string) => void navigate({ search: (old) => withWord(old, 'search', value), replace: true }),
    [navigate],
  );
  const add = can('sites:write') ? (
    <Button kind="primary" onClick={() => setAdding(true)} data-new>
      {words.add}
    </Button>
  ) : undefined;
  const shown = pages.items;
  return (
    <Screen title={words.title} lead={<p>{words.lead}</p>} acts={add}>
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
          {shown.map((key) => (
            <tr key={key.keyId}>
              <td>
                <RowLink to="/captcha/$keyId" params={{ keyId: key.keyId }}>
                  {key.name}
                </RowLink>
              </td>
              <td className="mono">{key.siteKey}</td>
              <td>
                {key.hostnames.length === 0 ? (
                  words.anyHostname
                ) : (
                  <Hostnames names={key.hostnames} most={2} more={words.moreNames} />
                )}
              </td>
              <td>{words.levels[key.level]}</td>
              <td>
                <KeyState captchaKey={key} />
              </td>
              <td>
                <When at={key.createdAt} />
              </td>
            </tr>
          ))}
        </Table>
      ) : search.search === undefined ? (
        <Empty title={words.empty.title} act={add}>
          <p>{words.empty.text}</p>
        </Empty>
      ) : (
        <Empty
          title={say.list.nothingFits}
          act={<Button onClick={() => void navigate({ search: {}, replace: true })}>{say.act.clearFilters}</Button>}
        >
          <p>{say.list.nothingFitsHelp}</p>
        </Empty>
      )}
      <More pages={pages} />
      {adding ? (
        <AddKey
          onClose={() => setAdding(false)}
          onMade={(made) => {
            setAdding(false);
            setMade(made);
          }}
        />
      ) : null}
      {made === null ? null : <SecretShown made={made} onClose={() => setMade(null)} />}
    </Screen>
  );
}
