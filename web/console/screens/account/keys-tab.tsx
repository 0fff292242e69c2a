/** The ways in which one can sign in: passkeys, password with authenticator, recovery codes. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import {
  addMyPasskey,
  beginMyPasskey,
  getMyKeys,
  listMySessions,
  removeMyPasskey,
  removeMyPassword,
  renewMyRecoveryCodes,
} from '../../../../contract/routes/identity.ts';
import type { Passkey } from '../../../../contract/routes/identity.ts';
import { call } from '../../api/client.ts';
import { ask, useAct } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { ConfirmByTyping, Dialog } from '../../parts/dialog.tsx';
import { TextField } from '../../parts/field.tsx';
import { Failure } from '../../parts/failure.tsx';
import { notify } from '../../parts/notices.tsx';
import { Panel, Waiting } from '../../parts/screen.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { account } from '../../words/en/account.ts';
import { entry } from '../../words/en/entry.ts';
import { say } from '../../words/index.ts';
import { RecoveryCodes } from '../entry/codes.tsx';
import { createPasskey } from '../entry/passkey.ts';
import { PasskeyFailure } from '../entry/passkey-failure.tsx';
import { PasswordDialog } from './password-dialog.tsx';

export function KeysTab() {
  const keys = useQuery(ask(getMyKeys));
  if (keys.data === undefined)
    return keys.error === null ? <Waiting /> : <Failure error={keys.error} onRetry={() => void keys.refetch()} />;
  return (
    <>
      <Passkeys passkeys={keys.data.passkeys} />
      <PasswordPanel hasPassword={keys.data.hasPassword} />
      <CodesPanel left={keys.data.recoveryCodesLeft} />
    </>
  );
}

function Passkeys({ passkeys }: { passkeys: readonly Passkey[] }) {
  const words = account.passkeys;
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  const remove = useAct(removeMyPasskey, [getMyKeys]);
  const columns = [
    { key: 'label', head: words.columns.label },
    { key: 'created', head: words.columns.created },
    { key: 'used', head: words.columns.used },
    { key: 'acts', head: <span className="unseen">{words.columns.acts}</span> },
  ];
  return (
    <Panel title={words.title} acts={<Button onClick={() => setAdding(true)}>{words.add}</Button>}>
      <p className="hint panel-help">{words.help}</p>
      {passkeys.length === 0 ? (
        <p>{words.none}</p>
      ) : (
        <Table caption={words.title} columns={columns}>
          {passkeys.map((passkey) => (
            <tr key={passkey.credentialId}>
              <td>
                <strong>{passkey.label}</strong>
                <span className="sub">{passkey.synced ? words.synced : words.bound}</span>
              </td>
              <td>
                <When at={passkey.createdAt} />
              </td>
              <td>{passkey.lastUsedAt === null ? words.never : <When at={passkey.lastUsedAt} />}</td>
              <td data-align="end">
                <Button kind="quiet" aria-label={words.removeTitle(passkey.label)} onClick={() => setRemoving(passkey)}>
                  {words.remove}
                </Button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {adding ? <AddPasskey onClose={() => setAdding(false)} /> : null}
      {removing === null ? null : (
        <ConfirmByTyping
          title={words.removeTitle(removing.label)}
          name={removing.label}
          action={words.remove}
          busy={remove.isPending}
          failure={remove.error}
          onClose={() => {
            setRemoving(null);
            remove.reset();
          }}
          onConfirm={() =>
            remove.mutate(
              { params: { credentialId: removing.credentialId } },
              {
                onSuccess: () => {
                  setRemoving(null);
                  notify(words.removed);
                },
              },
            )
          }
        >
          <p>{words.removeHelp}</p>
        </ConfirmByTyping>
      )}
    </Panel>
  );
}

function AddPasskey({ onClose }: { onClose: () => void }) {
  const words = account.passkeys;
  const [label, setLabel] = useState<string>(entry.fields.passkeyLabelDefault);
  const added = useAct(addMyPasskey, [getMyKeys]);
  const act = useMutation<unknown, unknown>({
    mutationFn: async () => {
      const begun = await call(beginMyPasskey);
      const credential = await createPasskey(begun.passkey);
      await added.mutateAsync({ body: { ceremonyId: begun.ceremonyId, credential, label } });
    },
    onSuccess: () => {
      notify(words.added);
      onClose();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    act.mutate();
  };
  return (
    <Dialog title={words.add} onClose={onClose}>
      <form className="stack" onSubmit={submit} noValidate>
        <TextField label={words.label} hint={words.labelHint} value={label} onChange={(event) => setLabel(event.target.value)} />
        <PasskeyFailure error={act.error} />
        <div className="acts">
          <Button kind="primary" type="submit" busy={act.isPending} disabled={label.trim() === ''}>
            {act.isPending ? say.act.working : words.create}
          </Button>
          <Button onClick={onClose}>{say.act.cancel}</Button>
        </div>
      </form>
    </Dialog>
  );
}

function PasswordPanel({ hasPassword }: { hasPassword: boolean }) {
  const words = account.password;
  const [asking, setAsking] = useState<'set' | 'remove' | null>(null);
  const remove = useAct(removeMyPassword, [getMyKeys, listMySessions]);
  return (
    <Panel
      title={words.title}
      acts={
        <>
          <Button onClick={() => setAsking('set')}>{hasPassword ? words.changeAct : words.setAct}</Button>
          {hasPassword ? (
            <Button kind="quiet" onClick={() => setAsking('remove')}>
              {words.remove}
            </Button>
          ) : null}
        </>
      }
    >
      <p>{hasPassword ? words.set : words.unset}</p>
      {asking === 'set' ? <PasswordDialog onClose={() => setAsking(null)} /> : null}
      {asking === 'remove' ? (
        <ConfirmByTyping
          title={words.removeTitle}
          name={words.removeName}
          action={words.remove}
          busy={remove.isPending}
          failure={remove.error}
          onClose={() => setAsking(null)}
          onConfirm={() =>
            remove.mutate(
              {},
              {
                onSuccess: () => {
                  setAsking(null);
                  notify(words.removed);
                },
              },
            )
          }
        >
          <p>{words.removeHelp}</p>
        </ConfirmByTyping>
      ) : null}
    </Panel>
  );
}

function CodesPanel({ left }: { left: number }) {
  const words = account.codes;
  const [asking, setAsking] = useState(false);
  const renew = useAct(renewMyRecoveryCodes, [getMyKeys]);
  const close = () => {
    setAsking(false);
    renew.reset();
  };
  return (
    <Panel title={words.title} acts={<Button onClick={() => setAsking(true)}>{words.renew}</Button>}>
      <p>{words.left(left)}</p>
      {asking && renew.data === undefined ? (
        <ConfirmByTyping
          title={words.renewTitle}
          name={words.renewName}
          action={words.renew}
          busy={renew.isPending}
          failure={renew.error}
          onClose={close}
          onConfirm={() => renew.mutate({})}
        >
          <p>{words.renewHelp}</p>
        </ConfirmByTyping>
      ) : null}
      {asking && renew.data !== undefined ? (
        <Dialog title={entry.codes.title} onClose={close}>
          <div className="stack">
            <p>{entry.codes.lead}</p>
            <RecoveryCodes codes={renew.data.recoveryCodes} action={words.done} onKept={close} />
          </div>
        </Dialog>
      ) : null}
    </Panel>
  );
}
