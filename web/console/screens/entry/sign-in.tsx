/** Sign in: passkey first; password with code, or a recovery code, as other ways. Comes back to where one wanted to go. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import {
  beginPasskeySignIn,
  getSetup,
  signInWithPasskey,
  signInWithPassword,
  signInWithRecoveryCode,
} from '../../../../contract/routes/identity.ts';
import type { Me } from '../../../../contract/routes/identity.ts';
import { ApiError, call } from '../../api/client.ts';
import { ask, meQuery } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { TextField, WithMistakes } from '../../parts/field.tsx';
import { Failure } from '../../parts/failure.tsx';
import { entry } from '../../words/en/entry.ts';
import { say } from '../../words/index.ts';
import { EntryFrame } from '../../shell/entry-frame.tsx';
import { safeNext } from './next.ts';
import { canUsePasskeys, provePasskey } from './passkey.ts';
import { PasskeyFailure } from './passkey-failure.tsx';

type Way = 'passkey' | 'password' | 'recovery';

const api = getRouteApi('/sign-in');
const words = entry.signIn;

export function SignInScreen() {
  const passkeys = canUsePasskeys();
  const [way, setWay] = useState<Way>(passkeys ? 'passkey' : 'password');
  const setup = useQuery(ask(getSetup));
  const welcome = useWelcome();
  return (
    <EntryFrame title={words.title} lead={setup.data === undefined ? words.lead : setup.data.provider}>
      <div className="stack">
        {setup.data?.open === true ? <p className="note">{words.setupOpen}</p> : null}
        {way === 'passkey' ? <ByPasskey onDone={welcome} /> : null}
        {way === 'password' ? <ByPassword onDone={welcome} /> : null}
        {way === 'recovery' ? <ByRecoveryCode onDone={welcome} /> : null}
        {passkeys ? null : <p className="hint">{words.noPasskey}</p>}
        <nav aria-label={words.other}>
          <p className="hint">{words.other}</p>
          <div className="acts">
            {way === 'passkey' || !passkeys ? null : <Button onClick={() => setWay('passkey')}>{words.withPasskey}</Button>}
            {way === 'password' ? null : <Button onClick={() => setWay('password')}>{words.password}</Button>}
            {way === 'recovery' ? null : <Button onClick={() => setWay('recovery')}>{words.recovery}</Button>}
          </div>
        </nav>
      </div>
    </EntryFrame>
  );
}

/** Goes where the person wanted to go; only to a place inside the console, whatever the URL says. */
function useWelcome(): (me: Me) => void {
  const { next } = api.useSearch();
  const client = useQueryClient();
  const router = useRouter();
  return (me) => {
    client.clear();
    client.setQueryData(meQuery.queryKey, me);
    router.history.push(safeNext(next));
  };
}

type Done = { onDone: (me: Me) => void };

function ByPasskey({ onDone }: Done) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const start = async () => {
    setBusy(true);
    setError(null);
    try {
      const begun = await call(beginPasskeySignIn);
      const credential = await provePasskey(begun.passkey);
      onDone(await call(signInWithPasskey, { body: { ceremonyId: begun.ceremonyId, credential } }));
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="stack">
      <Button kind="primary" className="button wide" busy={busy} onClick={() => void start()}>
        {busy ? words.passkeyWaiting : words.withPasskey}
      </Button>
      <p className="hint">{words.passkeyHelp}</p>
      <PasskeyFailure error={error} />
    </div>
  );
}

function ByPassword({ onDone }: Done) {
  const [draft, setDraft] = useState({ name: '', password: '', totpCode: '' });
  const form = useSubmit(
    () => call(signInWithPassword, { body: { ...draft, totpCode: draft.totpCode.replaceAll(' ', '') } }),
    onDone,
  );
  return (
    <form className="stack" onSubmit={form.submit} noValidate>
      <WithMistakes fields={form.fields}>
        <TextField
          label={entry.fields.name}
          path="name"
          autoComplete="username"
          value={draft.name}
          onChange={({ target: { value } }) => setDraft((now) => ({ ...now, name: value }))}
        />
        <TextField
          label={entry.fields.password}
          path="password"
          type="password"
          autoComplete="current-password"
          value={draft.password}
          onChange={({ target: { value } }) => setDraft((now) => ({ ...now, password: value }))}
        />
        <TextField
          label={entry.fields.totp}
          hint={entry.fields.totpHint}
          path="totpCode"
          inputMode="numeric"
          autoComplete="one-time-code"
          value={draft.totpCode}
          onChange={({ target: { value } }) => setDraft((now) => ({ ...now, totpCode: value }))}
        />
      </WithMistakes>
      <Failure error={form.error} />
      <Button kind="primary" className="button wide" type="submit" busy={form.busy}>
        {form.busy ? say.act.working : words.submit}
      </Button>
    </form>
  );
}

function ByRecoveryCode({ onDone }: Done) {
  const [draft, setDraft] = useState({ name: '', recoveryCode: '', password: '' });
  const form = useSubmit(() => {
    const { password, ...rest } = draft;
    return call(signInWithRecoveryCode, { body: password === '' ? rest : draft });
  }, onDone);
  return (
    <form className="stack" onSubmit={form.submit} noValidate>
      <WithMistakes fields={form.fields}>
        <TextField
          label={entry.fields.name}
          path="name"
          autoComplete="username"
          value={draft.name}
          onChange={({ target: { value } }) => setDraft((now) => ({ ...now, name: value }))}
        />
        <TextField
          label={entry.fields.recoveryCode}
          hint={entry.fields.recoveryHint}
          path="recoveryCode"
          className="mono"
          spellCheck={false}
          value={draft.recoveryCode}
          onChange={({ target: { value } }) => setDraft((now) => ({ ...now, recoveryCode: value }))}
        />
        <TextField
          label={entry.fields.recoveryPassword}
          path="password"
          type="password"
          autoComplete="current-password"
          value={draft.password}
          onChange={({ target: { value } }) => setDraft((now) => ({ ...now, password: value }))}
        />
      </WithMistakes>
      <Failure error={form.error} />
      <Button kind="primary" className="button wide" type="submit" busy={form.busy}>
        {form.busy ? say.act.working : words.submit}
      </Button>
    </form>
  );
}

function useSubmit(send: () => Promise<Me>, onDone: (me: Me) => void) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    send()
      .then(onDone, setError)
      .finally(() => setBusy(false));
  };
  return { submit, busy, error, fields: error instanceof ApiError ? error.fields : [] };
}
