/** A new password with its authenticator key: QR code, the same key to type, and the first code to show that it works. */
import { passwordMinLength } from '../../../../contract/routes/identity.ts';
import { CopyText } from '../../parts/copy.tsx';
import { TextField } from '../../parts/field.tsx';
import { entry } from '../../words/en/entry.ts';
import { QrCode } from './qr.tsx';

export type PasswordDraft = { readonly password: string; readonly totpCode: string };

/** `pathPrefix`: where the two fields lie in the draft that is sent, such as `proof.`. */
export function AuthenticatorFields({
  secret,
  uri,
  draft,
  pathPrefix = '',
  onChange,
}: {
  secret: string;
  uri: string;
  draft: PasswordDraft;
  pathPrefix?: string;
  onChange: (draft: PasswordDraft) => void;
}) {
  return (
    <>
      <TextField
        label={entry.fields.passwordNew}
        hint={entry.fields.passwordHint}
        path={`${pathPrefix}password`}
        type="password"
        autoComplete="new-password"
        minLength={passwordMinLength}
        value={draft.password}
        onChange={(event) => onChange({ ...draft, password: event.target.value })}
      />
      <div>
        <p>
          <strong>{entry.link.scan}</strong>
        </p>
        <QrCode text={uri} label={entry.link.scanAlt} />
        <p className="hint">{entry.link.orType}</p>
        <CopyText text={secret} label={entry.link.key} />
      </div>
      <TextField
        label={entry.fields.totp}
        hint={entry.fields.totpHint}
        path={`${pathPrefix}totpCode`}
        inputMode="numeric"
        autoComplete="one-time-code"
        value={draft.totpCode}
        onChange={(event) => onChange({ ...draft, totpCode: event.target.value.replaceAll(' ', '') })}
      />
    </>
  );
}
