/** A one-time link: the first account, or an invitation. Name, one way to sign in, recovery codes; then one is inside. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter, useRouterState } from '@tanstack/react-router';
import { useState } from 'react';
import type { SyntheticEvent } from 'react';
import type { z } from 'zod';
import { beginLink, lookAtLink, redeemLink } from '../../../../contract/routes/identity.ts';
import type { NewProof } from '../../../../contract/routes/identity.ts';
import { ApiError, call } from '../../api/client.ts';
import { meQuery } from '../../api/queries.ts';
import { Button } from '../../parts/button.tsx';
import { Choices, TextField, WithMistakes } from '../../parts/field.tsx';
import { Failure } from '../../parts/failure.tsx';
import { Waiting } from '../../parts/screen.tsx';
import { entry } from '../../words/en/entry.ts';
import { say } from '../../words/index.ts';
import { AuthenticatorFields } from './authenticator.tsx';
import { RecoveryCodes } from './codes.tsx';
import { EntryFrame } from '../../shell/entry-frame.tsx';
import { canUsePasskeys, createPasskey } from './passkey.ts';
import { PasskeyFailure } from './passkey-failure.tsx';

const words = entry.link;

type Looked = z.output<typeof lookAtLink.answer>;
type Begun = z.output<typeof beginLink.answer>;

export function LinkScreen() {
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const router = useRouter();
  if (codes === null) return <LinkDoor onSignedUp={setCodes} />;
  return (
    <EntryFrame title={entry.codes.title} lead={entry.codes.lead}>
      <RecoveryCodes codes={codes} action={entry.codes.go} onKept={() => router.history.push('/console/sites')} />
    </EntryFrame>
  );
}

function LinkDoor({ onSignedUp }: { onSignedUp: (codes: readonly string[]) => void }) {
  const search: Record<string, unknown> = useRouterState({ select: (state) => state.location.search });
  const code = typeof search['code'] === 'string' ? search['code'] : '';
  const looked = useQuery({
    queryKey: [lookAtLink.path, code],
    queryFn: () => call(lookAtLink, { body: { code } }),
    enabled: code !== '',
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  const router = useRouter();

  if (code === '') return <Unusable title={words.missingTitle}>{words.missing}</Unusable>;
  if (looked.isError) {
    const setup = router.state.location.pathname.endsWith('/setup');
    return (
      <EntryFrame title={words.unusable}>
        <div className="stack">
          <Failure error={looked.error} />
          <p>{setup ? words.unusableSetup : words.unusableInvitation}</p>
          <p>
            <Link to="/sign-in">{words.toSignIn}</Link>
          </p>
        </div>
      </EntryFrame>
    );
  }
  if (looked.data === undefined) {
    return (
      <EntryFrame title={words.titleSetup}>
        <Waiting />
      </EntryFrame>
    );
  }
  return <SetUp code={code} looked={looked.data} onSignedUp={onSignedUp} />;
}

function Unusable({ title, children }: { title: string; children: string }) {
  return (
    <EntryFrame title={title}>
      <div className="stack">
        <p>{children}</p>
        <p>
          <Link to="/sign-in">{words.toSignIn}</Link>
        </p>
      </div>
    </EntryFrame>
  );
}

/** Two steps: name and way; then, for a password, the authenticator. A passkey needs no second step. */
function SetUp({ code, looked, onSignedUp }: { code: string; looked: Looked; onSignedUp: (codes: readonly string[]) => void }) {
  const setup = looked.purpose === 'setup';
  const passkeys = canUsePasskeys();
  const [name, setName] = useState(looked.name ?? '');
  const [way, setWay] = useState<NewProof['kind']>(passkeys ? 'passkey' : 'password');
  const [label, setLabel] = useState<string>(entry.fields.passkeyLabelDefault);
  const [begun, setBegun] = useState<Begun | null>(null);
  const [draft, setDraft] = useState({ password: '', totpCode: '' });
  const client = useQueryClient();

  const redeem = async (ceremony: Begun, proof: NewProof) => {
    const signedUp = await call(redeemLink, { body: { code, ceremonyId: ceremony.ceremonyId, proof } });
    onSignedUp(signedUp.recoveryCodes);
    client.clear();
    client.setQueryData(meQuery.queryKey, signedUp.me);
  };

  const act = useMutation<void, unknown>({
    mutationFn: async () => {
      if (begun !== null && way === 'password') {
        await redeem(begun, { kind: 'password', ...draft });
        return;
      }
      const ceremony = await call(beginLink, { body: setup ? { code, name } : { code } });
      if (way === 'password') {
        setBegun(ceremony);
        return;
      }
      await redeem(ceremony, { kind: 'passkey', credential: await createPasskey(ceremony.passkey), label });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    act.mutate();
  };
  const fields = act.error instanceof ApiError ? act.error.fields : [];

  return (
    <EntryFrame
      title={setup ? words.titleSetup : words.titleInvitation}
      lead={setup ? words.leadSetup(looked.provider) : words.leadInvitation(looked.provider, looked.name ?? '')}
    >
      <form className="stack" onSubmit={submit} noValidate>
        <WithMistakes fields={fields}>
          {looked.roles.length === 0 ? null : (
            <p>
              {words.roles}: <strong>{looked.roles.map((role) => say.role[role]).join(', ')}</strong>
            </p>
          )}
          {begun === null ? (
            <>
              {setup ? (
                <TextField
                  label={entry.fields.name}
                  path="name"
                  autoComplete="username"
                  value={name}
                  onChange={(e) => setName(e.target.value)}
                />
              ) : null}
              <Choices
                legend={words.chooseProof}
                value={way}
                onChoose={setWay}
                choices={[
                  ...(passkeys ? [{ value: 'passkey' as const, label: words.passkey, help: words.passkeyHelp }] : []),
                  { value: 'password' as const, label: words.password, help: words.passwordHelp },
                ]}
              />
              {way === 'passkey' ? (
                <TextField
                  label={entry.fields.passkeyLabel}
                  hint={entry.fields.passkeyLabelHint}
                  path="proof.label"
                  value={label}
                  onChange={(e) => setLabel(e.target.value)}
                />
              ) : null}
            </>
          ) : (
            <AuthenticatorFields
              secret={begun.totpSecret}
              uri={begun.totpUri}
              draft={draft}
              pathPrefix="proof."
              onChange={setDraft}
            />
          )}
        </WithMistakes>
        <PasskeyFailure error={act.error} />
        <div className="acts">
          <Button kind="primary" type="submit" busy={act.isPending}>
            {act.isPending
              ? say.act.working
              : way === 'passkey'
                ? words.createPasskey
                : begun === null
                  ? say.act.continue
                  : words.createPassword}
          </Button>
          {begun === null ? null : <Button onClick={() => setBegun(null)}>{say.act.back}</Button>}
        </div>
      </form>
    </EntryFrame>
  );
}
