/** The program of a site's owner that is told of attacks: where it is, and its secret, which is shown once. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getAttackHook, removeAttackHook, setAttackHook } from '../../../../contract/routes/attacks.ts';
import type { Site } from '../../../../contract/routes/sites.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { CopyText } from '../../parts/copy.tsx';
import { Dialog, FormDialog } from '../../parts/dialog.tsx';
import { Failure } from '../../parts/failure.tsx';
import { TextField } from '../../parts/field.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { attacks as words } from '../../words/en/attacks.ts';

const touched = [getAttackHook];

export function AttackHookPanel({ site }: { site: Site }) {
  const params = { siteId: site.siteId };
  const hook = useQuery(ask(getAttackHook, { params }));
  const set = useAct(setAttackHook, touched);
  const remove = useAct(removeAttackHook, touched);
  const [naming, setNaming] = useState(false);
  const [url, setUrl] = useState('');
  const [secret, setSecret] = useState<string | null>(null);
  const host = hook.data?.host ?? null;
  const submit = () =>
    set.mutate(
      { params, body: { url: url.trim() } },
      {
        onSuccess: (answer) => {
          setNaming(false);
          setUrl('');
          setSecret(answer.secret);
        },
      },
    );
  return (
    <Panel
      title={words.hook}
      acts={
        <>
          <Button onClick={() => setNaming(true)}>{host === null ? words.hookSet : words.hookChange}</Button>
          {host === null ? null : (
            <Button busy={remove.isPending} onClick={() => remove.mutate({ params })}>
              {words.hookRemove}
            </Button>
          )}
        </>
      }
    >
      <div className="stack">
        <p className="hint">{words.hookLead}</p>
        <Failure error={hook.error} onRetry={() => void hook.refetch()} />
        <Failure error={remove.error} />
        {hook.data === undefined ? <Waiting /> : <p>{host === null ? words.hookNone : words.hookAt(host)}</p>}
      </div>
      {naming ? (
        <FormDialog
          title={words.hook}
          action={host === null ? words.hookSet : words.hookChange}
          busy={set.isPending}
          failure={set.error}
          disabled={url.trim() === ''}
          onSubmit={submit}
          onClose={() => setNaming(false)}
        >
          <TextField
            label={words.hookUrl}
            hint={words.hookUrlHint}
            path="url"
            inputMode="url"
            spellCheck={false}
            value={url}
            onChange={({ target }) => setUrl(target.value)}
          />
        </FormDialog>
      ) : null}
      {secret === null ? null : (
        <Dialog title={words.hookSecretTitle} onClose={() => setSecret(null)}>
          <div className="stack">
            <p className="note" data-tone="caution">
              {words.hookSecretHint}
            </p>
            <CopyText text={secret} label={words.hookSecret} />
            <Button kind="primary" onClick={() => setSecret(null)}>
              {words.hookDone}
            </Button>
          </div>
        </Dialog>
      )}
    </Panel>
  );
}
