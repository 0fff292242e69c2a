/**
 * New ways to sign in, checked before they are stored: a passkey that answers the challenge, or a password with a TOTP secret whose
 * code is right (so that nobody locks themselves out with an app that was never set up).
 */
import { CredentialId, idPrefix } from '../../contract/ids.ts';
import type { PersonId } from '../../contract/ids.ts';
import type { NewProof, Passkey } from '../../contract/routes/identity.ts';
import { whyNotPassword } from '../../core/identity/password.ts';
import { instantOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import { brokenUniqueKey } from '../../store/errors.ts';
import { insertPasskey, setPassword } from '../../store/identity/keys.ts';
import type { Ceremony } from '../../store/identity/doors.ts';
import type { Db } from '../../store/open.ts';
import { Failure } from '../http/failure.ts';
import { badProof, party } from './deps.ts';
import type { IdentityDeps } from './deps.ts';
import { checkCreation } from './passkeys.ts';
import type { MadePasskey } from './passkeys.ts';
import { totpStep } from './totp.ts';

export type CheckedProof =
  | { readonly kind: 'passkey'; readonly key: MadePasskey; readonly label: string }
  | { readonly kind: 'password'; readonly hash: string; readonly totpSecret: string; readonly step: number };

/** Checks a proof against its ceremony. Throws Failure `bad-sign-in` or `password-refused`. Slow (hashing): never in a transaction. */
export async function checkNewProof(
  deps: IdentityDeps,
  ceremony: Pick<Ceremony, 'challenge' | 'totp_secret'>,
  proof: NewProof,
  personName: string,
): Promise<CheckedProof> {
  if (proof.kind === 'passkey') {
    const key = ceremony.challenge === null ? null : await checkCreation(party(deps), ceremony.challenge, proof.credential);
    if (key === null) throw badProof();
    return { kind: 'passkey', key, label: proof.label };
  }
  const why = whyNotPassword(proof.password, personName);
  if (why !== null) throw new Failure('password-refused', why);
  const step = ceremony.totp_secret === null ? null : totpStep(ceremony.totp_secret, proof.totpCode, deps.now());
  if (ceremony.totp_secret === null || step === null) {
    throw new Failure(
      'bad-sign-in',
      'The six digits do not fit. Nothing was stored. Check that the app’s clock is right and type the code that it shows now.',
    );
  }
  return { kind: 'password', hash: await deps.hasher.hash(proof.password), totpSecret: ceremony.totp_secret, step };
}

/** Stores what was checked; returns the passkey as it is shown, or null for a password. */
export async function storeProof(tx: Db, deps: IdentityDeps, personId: PersonId, proof: CheckedProof): Promise<Passkey | null> {
  const at = instantOf(deps.now());
  if (proof.kind === 'password') {
    await setPassword(tx, personId, { hash: proof.hash, totpSecret: proof.totpSecret, step: proof.step, at });
    return null;
  }
  const credentialId = CredentialId.parse(randomId(idPrefix.credential));
  try {
    await insertPasskey(tx, { ...proof.key, credentialId, personId, label: proof.label, createdAt: at });
  } catch (error) {
    if (brokenUniqueKey(error) === 'passkey_external_id_key') {
      throw new Failure('conflict', 'This passkey is set up already. Nothing was changed.', { cause: error });
    }
    throw error;
  }
  return { credentialId, label: proof.label, createdAt: at, lastUsedAt: null, synced: proof.key.synced };
}
