/** Labels that stand for people whose names are sealed: Target A … Z, AA, AB …; Reporter and the receipt's number. */
import type { ReceiptNumber } from '../../contract/ids.ts';

/** The label of a case's n-th target, counted from zero. Throws a RangeError for what is no such number. */
export function targetLabel(index: number): string {
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError('a target is counted from zero');
  let letters = '';
  for (let left = index; left >= 0; left = Math.floor(left / 26) - 1) letters = String.fromCharCode(65 + (left % 26)) + letters;
  return `Target ${letters}`;
}

export function reporterLabel(number: ReceiptNumber, isAnonymous: boolean): string {
  return isAnonymous ? `Reporter ${number}, anonymous` : `Reporter ${number}`;
}
