/** API tokens of one's own: made with as little as they need, shown once, revoked. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import type { Scope } from '../../../../contract/access.ts';
import { createToken, listTokens, revokeToken } from '../../../../contract/routes/identity.ts';
import type { Token } from '../../../../contract/routes/identity.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy.tsx';
import { ConfirmByTyping, Dialog } from '../../parts/dialog.tsx';
import { CheckField, SelectField, TextField, WithMistakes } from '../../parts/field.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { useMe } from '../../shell/me.ts';
import { account } from '../../words/en/account.ts';
import { say } from '../../words/index.ts';

const words = account.tokens;
const validities = ['7', '30', '90', '365'] as const;
const columns = [
  { key: 'name', head: words.columns.name },
  { key: 'scopes', head: words.columns.scopes },
  { key: 'created', head: words.columns.created },
  { key: 'used', head: words.columns.used },
  { key: 'expires', head: words.columns.expires },
  { key: 'acts', head: <span className="unseen">{words.columns.acts}</span> },
] as const;

export function TokensTab() {
  const tokens = useQuery(ask(listTokens));
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const revoke = useAct(revokeToken, [listTokens]);
  return (
    <Panel
      title={words.title}
      acts={
        <Button onClick={() => setMaking(true)} data-new>
          {words.add}
        </Button>
      }
    >
      <p className="hint panel-help">{words.help}</p>
      <Failure error={tokens.error} onRetry={() => void tokens.refetch()} />
      {tokens.data === undefined ? (
        <Waiting />
      ) : tokens.data.items.length === 0 ? (
        <p>{words.none}</p>
      ) : (
        <Table caption={words.title} columns={columns}>
          {tokens.data.items.map((token) => (
            <tr key={token.tokenId}>
              <td>
                <strong>{token.name}</strong>
              </td>
              <td>{token.scopes.map((scope) => account.scope[scope]).join(', ')}</td>
              <td>
                <When at={token.createdAt} />
              </td>
              <td>{token.lastUsedAt === null ? words.never : <When at={token.lastUsedAt} />}</td>
              <td>{token.expiresAt === null ? words.never : <When at={token.expiresAt} />}</td>
              <td data-align="end">
                <Button kind="quiet" aria-label={words.revokeTitle(token.name)} onClick={() => setRevoking(token)}>
                  {words.revoke}
                </Button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {making ? <MakeToken onClose={() => setMaking(false)} /> : null}
      {revoking === null ? null : (
        <ConfirmByTyping
          title={words.revokeTitle(revoking.name)}
          name={revoking.name}
          action={words.revoke}
          busy={revoke.isPending}
          failure={revoke.error}
          onClose={() => setRevoking(null)}
          onConfirm={() =>
            revoke.mutate(
              { params: { tokenId: revoking.tokenId } },
              {
                onSuccess: () => {
                  setRevoking(null);
                  notify(words.revoked);
                },
              },
            )
          }
        >
          <p>{words.revokeHelp}</p>
        </ConfirmByTyping>
      )}
    </Panel>
  );
}

function MakeToken({ onClose }: { onClose: () => void }) {
  const me = useMe();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState<readonly Scope[]>([]);
  const [days, setDays] = useState<string>('90');
  const [tried, setTried] = useState(false);
  const make = useAct(createToken, [listTokens]);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setTried(true);
    if (scopes.length > 0) make.mutate({ body: { name, scopes: [...scopes], expiresInDays: Number(days) } });
  };
  if (make.data !== undefined) {
    return (
      <Dialog title={words.dialog} onClose={onClose}>
        <div className="stack">
          <p className="note" data-tone="caution">
            {words.shown}
          </p>
          <CopyText text={make.data.token} label={words.text} />
          <Button kind="primary" onClick={onClose}>
            {words.done}
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={words.dialog} onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <WithMistakes fields={make.error?.fields ?? []}>
          <TextField
            label={words.name}
            hint={words.nameHint}
            path="name"
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <fieldset className="choices">
            <legend>{words.scopes}</legend>
            <p className="hint">{words.scopesHint}</p>
            <div className="scope-list">
              {me.scopes.map((scope) => (
                <CheckField
                  key={scope}
                  label={account.scope[scope]}
                  checked={scopes.includes(scope)}
                  onChange={(event) =>
                    setScopes(event.target.checked ? [...scopes, scope] : scopes.filter((held) => held !== scope))
                  }
                />
              ))}
            </div>
            {tried && scopes.length === 0 ? (
              <p className="mistake" role="alert">
                {words.scopesMissing}
              </p>
            ) : null}
          </fieldset>
          <SelectField label={words.days} path="expiresInDays" value={days} onChange={(event) => setDays(event.target.value)}>
            {validities.map((value) => (
              <option key={value} value={value}>
                {words.daysOption[value]}
              </option>
            ))}
          </SelectField>
        </WithMistakes>
        <Failure error={make.error} />
        <div className="acts">
          <Button kind="primary" type="submit" busy={make.isPending}>
            {make.isPending ? say.act.working : words.submit}
          </Button>
          <Button onClick={onClose}>{say.act.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}
