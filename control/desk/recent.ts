/**
 * Whoever opens what is sealed signed in a short while ago; a token was given this scope by name. Fails closed: a credential that is not found
 * is not recent.
 */
import { msOf } from '../../core/instant.ts';
import { credentialOf } from '../identity/authenticate.ts';
import type { RequestFacts } from '../http/caller.ts';
import { Failure } from '../http/failure.ts';
import type { DeskDeps } from './deps.ts';

const freshMs = 15 * 60_000;

/** Throws Failure `sign-in-again`. */
export async function mustHaveSignedInLately(
  deps: Pick<DeskDeps, 'now'> & Parameters<typeof credentialOf>[0],
  request: RequestFacts,
): Promise<void> {
  const credential = await credentialOf(deps, request);
  if (credential?.kind === 'token') return;
  if (credential !== null && deps.now() - msOf(credential.session.createdAt) <= freshMs) return;
  throw new Failure(
    'sign-in-again',
    'Your sign-in is older than 15 minutes. Nothing was opened. Sign in again, so that nobody else opens this in your name.',
  );
}
