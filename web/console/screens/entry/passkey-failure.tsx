/** Why the device gave no passkey, in words; other failures in theirs. */
import { Failure } from '../../parts/failure.tsx';
import { passkeyWords } from '../../words/en/passkey.ts';
import { PasskeyRefused } from './passkey.ts';

export function PasskeyFailure({ error }: { error: unknown }) {
  if (!(error instanceof PasskeyRefused)) return <Failure error={error} />;
  return (
    <div className="note" data-tone="caution" role="alert">
      <p>{passkeyWords[error.why]}</p>
    </div>
  );
}
