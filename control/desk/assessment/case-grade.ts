/**
 * A case's own grade, from those of its incidents. Called in the transaction of whatever changed them: a lock, a retraction, a merge.
 *
 * From the lock on the case's volume may be seen, and that is not taken back: neither by a later incident nor by retracting the one that locked it.
 * Take the case's row first.
 */
import type { Instant } from '../../../contract/ids.ts';
import type { Grade } from '../../../contract/desk/words.ts';
import { worseGrade } from '../../../core/desk/assessment.ts';
import { changeCase } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { listIncidents } from '../../../store/desk/incidents.ts';
import type { Work } from '../../../store/transact.ts';

/** The case's grade is the worst of its incidents that stand and are locked; it is locked when all of them are, once and for good. */
export async function settleCaseGradeIn(unit: Work, found: CaseRecord, at: Instant): Promise<CaseRecord> {
  const standing = (await listIncidents(unit.tx, found.case_id)).filter((incident) => incident.retracted_at === null);
  const worst = standing.reduce<Grade | null>((so, incident) => worseGrade(so, incident.grade), null);
  const allLocked = standing.length > 0 && standing.every((incident) => incident.grade_locked_at !== null);
  const change = {
    grade: worst ?? (found.grade_locked_at === null ? null : 'G0'),
    grade_locked_at: found.grade_locked_at ?? (allLocked ? at : null),
  } as const;
  await changeCase(unit.tx, found.case_id, change);
  return { ...found, ...change };
}
