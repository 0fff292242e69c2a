/**
 * Labels that stand for people whose names are sealed: Target A … Z, AA, AB …; Reporter and four symbols of the report's id. Not the receipt's
 * number: receipts are numbered densely, so two of them tell how many reports came between, which nobody may know before the grade is locked.
 */
import type { ReportId } from '../../contract/ids.ts';

/** The label of a case's n-th target, counted from zero. Throws a RangeError for what is no such number. */
export function targetLabel(index: number): string {
  if (!Number.isSafeInteger(index) || index < 0) throw new RangeError('a target is counted from zero');
  let letters = '';
  for (let left = index; left >= 0; left = Math.floor(left / 26) - 1) letters = String.fromCharCode(65 + (left % 26)) + letters;
  return `Target ${letters}`;
}

/** Random symbols of an id tell reports apart and nothing else; in a case of thousands two may share them, and the id beside it does not. */
export function reporterLabel(reportId: ReportId, isAnonymous: boolean): string {
  const label = `Reporter ${reportId.slice(-4).toUpperCase()}`;
  return isAnonymous ? `${label}, anonymous` : label;
}
