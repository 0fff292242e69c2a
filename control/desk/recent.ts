/**
 * Whoever opens what is sealed, or shreds it, signed in a short while ago; a token was given this scope by name. Fails closed: a credential that
 * is not found is not recent.
 */
import { credentialOf } from '../identity/authenticate.ts';
import { mustBeRecent } from '../identity/recent.ts';
import type { RequestFacts } from '../http/caller.ts';
import { Failure } from '../http/failure.ts';
import type { DeskDeps } from './deps.ts';

const opening = { undone: 'Nothing was opened.', lest: 'opens this in your name' };

/** Throws Failure `sign-in-again`, with what was not done; without `words` it was about to be opened. */
export async function mustHaveSignedInLately(
  deps: Pick<DeskDeps, 'now'> & Parameters<typeof credentialOf>[0],
  request: RequestFacts,
  words: Parameters<typeof mustBeRecent>[2] = opening,
): Promise<void> {
  const credential = await credentialOf(deps, request);
  if (credential?.kind === 'token') return;
  if (credential === null) throw new Failure('sign-in-again', `You are not signed in any more. ${words.undone} Sign in again.`);
  mustBeRecent(credential.session, deps.now(), words);
}
