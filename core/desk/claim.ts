/**
 * Claims: who works on a case, for how long, and whether somebody else's act must wait.
 *
 * A claim is a lock for half an hour that every act of its holder renews and that nobody has to give back: a person who was called away
 * keeps nothing from anybody. Reading is never locked. Fails closed for acts that change a case: while somebody else's claim stands they are
 * refused. Notes and a contact with the police are facts that nobody may be kept from writing down, so they are not.
 * After: desk.md 5.2, row 12 (Ozone, Discourse).
 */
import type { PersonId } from '../../contract/ids.ts';

export const claimMs = 30 * 60_000;

export type ClaimFacts = { readonly by: PersonId; readonly untilMs: number } | null;

/** Who holds the case at that moment; null when nobody does. A claim ends at its very instant. */
function holderOf(claim: ClaimFacts, atMs: number): PersonId | null {
  return claim !== null && claim.untilMs > atMs ? claim.by : null;
}

export type ClaimVerdict = 'free' | 'own' | 'other';

export function judgeClaim(claim: ClaimFacts, personId: PersonId, atMs: number): ClaimVerdict {
  const holder = holderOf(claim, atMs);
  if (holder === null) return 'free';
  return holder === personId ? 'own' : 'other';
}
