/**
 * Whether somebody signed in a short while ago: asked before anything that a session left open on a shared machine must not do.
 *
 * Fails closed. Each door says in its own words what was not done, and whether a token will do.
 */
import { msOf } from '../../core/instant.ts';
import type { LiveSession } from '../../store/identity/sessions.ts';
import { Failure } from '../http/failure.ts';

export const recentMinutes = 15;

/**
 * Throws Failure `sign-in-again` for a session that began longer ago. `undone`: what did not happen ("Nothing was opened."); `lest`: what another
 * person at that machine would have done ("opens this in your name").
 */
export function mustBeRecent(session: LiveSession, atMs: number, { undone, lest }: { undone: string; lest: string }): void {
  if (atMs - msOf(session.createdAt) <= recentMinutes * 60_000) return;
  throw new Failure(
    'sign-in-again',
    `Your sign-in is older than ${recentMinutes} minutes. ${undone} Sign in again, so that nobody else ${lest}.`,
  );
}
