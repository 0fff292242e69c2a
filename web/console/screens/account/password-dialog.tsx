/** Sets or changes the password together with its authenticator key. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import { beginMyPassword, getMyKeys, listMySessions, setMyPassword } from '../../../../contract/routes/identity.ts';
import { call } from '../../api/client.ts';
import { useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import { WithMistakes } from '../../parts/field.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { Waiting } from '../../parts/screen.tsx';
import { account } from '../../words/en/account.ts';
import { say } from '../../words/index.ts';
import { AuthenticatorFields } from '../entry/authenticator.tsx';

const words = account.password;

export function PasswordDialog({ onClose }: { onClose: () => void }) {
  const begun = useQuery({
    queryKey: [beginMyPassword.path],
    queryFn: () => call(beginMyPassword),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  });
  const [draft, setDraft] = useState({ password: '', totpCode: '' });
  const set = useAct(setMyPassword, [getMyKeys, listMySessions]);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (begun.data === undefined) return;
    set.mutate(
      { body: { ceremonyId: begun.data.ceremonyId, ...draft } },
      {
        onSuccess: () => {
          notify(words.done);
          onClose();
        },
      },
    );
  };
  return (
    <Dialog title={words.dialog} onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <p>{words.lead}</p>
        <Failure error={begun.error} onRetry={() => void begun.refetch()} />
        {begun.data === undefined ? (
          begun.error === null ? (
            <Waiting />
          ) : null
        ) : (
          <WithMistakes fields={set.error?.fields ?? []}>
            <AuthenticatorFields secret={begun.data.totpSecret} uri={begun.data.totpUri} draft={draft} onChange={setDraft} />
          </WithMistakes>
        )}
        <Failure error={set.error} />
        <div className="acts">
          <Button kind="primary" type="submit" busy={set.isPending} disabled={begun.data === undefined}>
            {set.isPending ? say.act.working : words.submit}
          </Button>
          <Button onClick={onClose}>{say.act.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}
