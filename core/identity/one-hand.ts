/**
 * Whether the two people behind an order may be one hand: has one of them lately given the other a way in, or has one person given it to both?
 *
 * Whoever may add people can invent the second person, or take over a colleague's account with a renewed link, and so confirm alone. It is
 * not forbidden, because on an installation's first day one operator lets in the second; it is told to everybody instead. Fails open by intent.
 * What can still go wrong: whoever waits `accessIsFreshDays` is not seen, and an account taken over by other means leaves no trace here.
 */
import type { Instant, PersonId } from '../../contract/ids.ts';

/** For so long, whoever let somebody in counts as able to act as them: a first link lives three days, and a week has its holidays. */
export const accessIsFreshDays = 7;

/** `by` gave `of` a way in: an invitation, a renewed link, or a token. */
export type AccessGiven = { readonly by: PersonId; readonly of: PersonId; readonly at: Instant };

/** Whether two people hang together by access that was given lately, directly or through others, in whichever direction. */
export function mayBeOneHand(one: PersonId, other: PersonId, given: readonly AccessGiven[], atMs: number): boolean {
  const fresh = given.filter(({ at }) => Date.parse(at) > atMs - accessIsFreshDays * 86_400_000);
  const reached = new Set([one]);
  // A set that grows while it is walked is walked to its end.
  for (const person of reached) {
    for (const { by, of } of fresh) {
      if (by === person) reached.add(of);
      if (of === person) reached.add(by);
    }
  }
  return reached.has(other);
}
