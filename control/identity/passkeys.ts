/**
 * Passkeys: WebAuthn as contract/routes/identity.ts speaks it, over @simplewebauthn/server.
 *
 * The relying party is the hostname of the public address; only pages of that origin count. Attestation is not asked for: who made the
 * authenticator is nobody's business here. User verification is preferred, not required, so that plain security keys work; a
 * passkey without it is one factor, and its holder is whoever holds the device.
 */
import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { PasskeyCreation, PasskeyRequest } from '../../contract/routes/identity.ts';
import type { CreatedPasskey, PasskeyProof } from '../../contract/routes/identity.ts';
import type { StoredPasskey } from '../../store/identity/keys.ts';

/** The party that a passkey is for: `id` is a hostname, `origin` the console's. */
export type Party = { readonly id: string; readonly origin: string; readonly name: string };

/** ES256, EdDSA, RS256: what authenticators of the last ten years speak. */
const algorithms = [-7, -8, -257];
const timeoutMs = 300_000;

export function partyOf(publicUrl: string, provider: string): Party {
  const url = new URL(publicUrl);
  return { id: url.hostname, origin: url.origin, name: provider };
}

/** What the browser needs to make a passkey for a person. */
export async function passkeyCreation(
  party: Party,
  person: { readonly personId: string; readonly name: string },
  known: readonly { readonly externalId: string; readonly transports: readonly string[] }[],
): Promise<PasskeyCreation> {
  const options = await generateRegistrationOptions({
    rpName: party.name,
    rpID: party.id,
    userName: person.name,
    userDisplayName: person.name,
    userID: new TextEncoder().encode(person.personId),
    timeout: timeoutMs,
    attestationType: 'none',
    supportedAlgorithmIDs: algorithms,
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'preferred' },
  });
  return PasskeyCreation.parse({
    challenge: options.challenge,
    rp: options.rp,
    user: options.user,
    pubKeyCredParams: options.pubKeyCredParams,
    timeout: timeoutMs,
    attestation: 'none',
    excludeCredentials: known.map(({ externalId }) => ({ id: externalId, type: 'public-key' })),
    authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'preferred' },
  });
}

export type MadePasskey = Pick<StoredPasskey, 'externalId' | 'publicKey' | 'counter' | 'transports'> & {
  readonly synced: boolean;
};

/** The new key if the answer is right, else null. */
export async function checkCreation(party: Party, challenge: string, answer: CreatedPasskey): Promise<MadePasskey | null> {
  try {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: answer,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: false,
      supportedAlgorithmIDs: algorithms,
    });
    if (!verified) return null;
    const { credential, credentialBackedUp } = registrationInfo;
    return {
      externalId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      counter: credential.counter,
      transports: answer.response.transports ?? [],
      synced: credentialBackedUp,
    };
  } catch {
    // The library throws on whatever does not verify; to the caller it is one thing, a proof that does not hold.
    return null;
  }
}

/** What the browser needs to ask for a passkey: no list, so nothing tells who has one. */
export async function passkeyRequest(party: Party): Promise<PasskeyRequest> {
  const options = await generateAuthenticationOptions({ rpID: party.id, timeout: timeoutMs, userVerification: 'preferred' });
  return PasskeyRequest.parse({
    challenge: options.challenge,
    rpId: party.id,
    timeout: timeoutMs,
    userVerification: 'preferred',
  });
}

/** The key's new counter if the proof is right, else null. A counter that went back (a copied key) is not right. */
export async function checkProof(
  party: Party,
  challenge: string,
  proof: PasskeyProof,
  key: StoredPasskey,
): Promise<{ readonly newCounter: number; readonly synced: boolean } | null> {
  const handle = proof.response.userHandle;
  if (handle !== undefined && Buffer.from(handle, 'base64url').toString() !== key.personId) return null;
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: proof,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      credential: {
        id: key.externalId,
        publicKey: new Uint8Array(Buffer.from(key.publicKey, 'base64url')),
        counter: key.counter,
      },
      requireUserVerification: false,
    });
    return verified ? { newCounter: authenticationInfo.newCounter, synced: authenticationInfo.credentialBackedUp } : null;
  } catch {
    return null;
  }
}
