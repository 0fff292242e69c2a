/**
 * The names that must be blacked out in a case: those of its targets, opened for redaction only.
 *
 * Nobody reads them here: they go into core/desk/redaction.ts and nowhere else, so no entry of unsealing is left. A target whose record was
 * shredded has no names any more. Hazard: a name that nobody put into the record is not known.
 */
import type { CaseId, ReportId } from '../../contract/ids.ts';
import { namesOfTarget, readTarget } from '../../core/desk/target-record.ts';
import { reporterSealOf } from '../../store/desk/case-reports.ts';
import { listTargets } from '../../store/desk/targets.ts';
import type { Db } from '../../store/open.ts';
import type { Seal } from './deps.ts';

/** Every name of the case's targets, whole and in telling parts. */
export async function namesOfCase(db: Db, seal: Pick<Seal, 'open'>, caseId: CaseId): Promise<string[]> {
  const names = new Set<string>();
  for (const target of await listTargets(db, caseId)) {
    const fields = await seal.open(db, target.sealedId);
    if (fields !== null) for (const name of namesOfTarget(readTarget(fields))) names.add(name);
  }
  return [...names];
}

/** What names the reporter of one report, so that their own words do not name them at the desk. */
export async function namesOfReporter(db: Db, seal: Pick<Seal, 'open'>, reportId: ReportId): Promise<string[]> {
  const sealedId = await reporterSealOf(db, reportId);
  const fields = sealedId === null ? null : await seal.open(db, sealedId);
  if (fields === null) return [];
  const record = {
    name: fields['name'] ?? '',
    contact: '',
    redact: [fields['mail'] ?? '', fields['phone'] ?? ''],
    safetyNotes: '',
  };
  return namesOfTarget(record).filter((name) => name !== '');
}
