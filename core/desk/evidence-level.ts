/**
 * Which level of verification a person may give to an item by hand: A3 on top of a copy of our own, A4 when somebody who can know confirmed it, and
 * any lower one. A1 and A2 come from files and captures alone: nobody says that we hold a copy which we do not hold.
 */
import type { EvidenceLevel } from '../../contract/desk/words.ts';

/** Null when it may; else why not, as a sentence. */
export function whyNotLevel(from: EvidenceLevel, to: EvidenceLevel): string | null {
  if (to === from) return 'It has this level already.';
  if (to < from || to === 'A4') return null;
  if (to === 'A3') return from === 'A2' ? null : 'A3 is a second, independent copy: there is no capture of our own yet.';
  return 'A1 is given by a file and A2 by a capture of our own, never by hand.';
}
