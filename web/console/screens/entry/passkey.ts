/**
 * Passkeys in this browser: asks the device, and answers in the shape of the contract.
 *
 * A person who closes the device's window gets `PasskeyRefused`, whose words say that nothing was lost.
 */
import { browserSupportsWebAuthn, startAuthentication, startRegistration, WebAuthnError } from '@simplewebauthn/browser';
import { CreatedPasskey, PasskeyProof } from '../../../../contract/routes/identity.ts';
import type { PasskeyCreation, PasskeyRequest } from '../../../../contract/routes/identity.ts';

export type PasskeyRefusal = 'closed' | 'known-already' | 'not-here';

export class PasskeyRefused extends Error {
  readonly why: PasskeyRefusal;
  constructor(why: PasskeyRefusal, cause: unknown) {
    super(`the device made no passkey: ${why}`, { cause });
    this.name = 'PasskeyRefused';
    this.why = why;
  }
}

export function canUsePasskeys(): boolean {
  return browserSupportsWebAuthn();
}

/** Asks the device to make a passkey. Throws PasskeyRefused. */
export async function createPasskey(options: PasskeyCreation): Promise<CreatedPasskey> {
  try {
    return CreatedPasskey.parse(await startRegistration({ optionsJSON: options }));
  } catch (cause) {
    throw refused(cause);
  }
}

/** Asks the device to prove a passkey. Throws PasskeyRefused. */
export async function provePasskey(options: PasskeyRequest): Promise<PasskeyProof> {
  try {
    return PasskeyProof.parse(await startAuthentication({ optionsJSON: options }));
  } catch (cause) {
    throw refused(cause);
  }
}

function refused(cause: unknown): PasskeyRefused {
  if (cause instanceof WebAuthnError && cause.code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED') {
    return new PasskeyRefused('known-already', cause);
  }
  if (cause instanceof Error && (cause.name === 'NotAllowedError' || cause.name === 'AbortError')) {
    return new PasskeyRefused('closed', cause);
  }
  return new PasskeyRefused('not-here', cause);
}
