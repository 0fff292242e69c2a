/** Moves a case along its table of states, on its locked row. What the table does not allow is left as it is, and the caller says whether that is a refusal. */
import type { Instant } from '../../../contract/ids.ts';
import { stepCase } from '../../../core/desk/case-states.ts';
import type { CaseStep } from '../../../core/desk/case-states.ts';
import { changeCase } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import type { Work } from '../../../store/transact.ts';

/** The case after the act; the same record when the act does not move it. */
export async function moveCase(unit: Work, found: CaseRecord, act: CaseStep, at: Instant): Promise<CaseRecord> {
  const stepped = stepCase(found.state, act);
  if (!stepped.ok || stepped.state === found.state) return found;
  const ended =
    stepped.state === 'ended' ? at : stepped.state === 'reviewed' || stepped.state === 'appealed' ? found.ended_at : null;
  await changeCase(unit.tx, found.case_id, { state: stepped.state, ended_at: ended });
  return { ...found, state: stepped.state, ended_at: ended };
}
