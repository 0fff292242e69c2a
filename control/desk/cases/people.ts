/**
 * People in danger, the sealed identities, and the tasks that warn them.
 *
 * A target is sealed in the transaction that adds them; from then on the case's title, what the search finds, and every text that leaves are
 * without their names. Unsealing needs its scope, a reason and a recent sign-in, and its line in the audit trail is committed before
 * anything is opened: whoever saw a name has left the entry, also when the answer was lost on the way.
 */
import type { z } from 'zod';
import type { CaseId, SealedId, TaskId } from '../../../contract/ids.ts';
import type {
  addTarget as addTargetRoute,
  addTask as addTaskRoute,
  settleTask as settleTaskRoute,
  unseal as unsealRoute,
} from '../../../contract/routes/desk/cases.ts';
import type { TaskKind } from '../../../contract/desk/words.ts';
import { taskDueAt } from '../../../core/desk/clocks.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { namesOfTarget, searchedWords, targetFields } from '../../../core/desk/target-record.ts';
import { stepTask } from '../../../core/desk/task-states.ts';
import { addAudit } from '../../../store/audit.ts';
import { findReport } from '../../../store/desk/case-reports.ts';
import { forgetWordsIn, gatherWordsIn, gatherWordsOfCaseIn } from '../../../store/desk/case-words.ts';
import { changeCase, touchSearch } from '../../../store/desk/cases.ts';
import { addTargetIn, findTarget } from '../../../store/desk/targets.ts';
import { ensureTaskIn, lockTask, settleTaskIn } from '../../../store/desk/tasks.ts';
import { transact } from '../../../store/transact.ts';
import type { Caller, RequestFacts } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { namesOfCase, namesOfReporter } from '../names.ts';
import { mustHaveSignedInLately } from '../recent.ts';
import { shreddedAway } from '../seal.ts';
import { hold, mustBeOpen, settle } from './work.ts';
import type { Deps } from './work.ts';

/** Seals a person in danger into the case. Throws Failure `not-found`, `wrong-state`. */
export async function addTarget(
  deps: Deps,
  caller: Caller,
  caseId: CaseId,
  draft: z.output<typeof addTargetRoute.body>,
): Promise<void> {
  await transact(deps.store, async (unit) => {
    // Before the case is locked: reports first (store/desk/reports.ts).
    await gatherWordsOfCaseIn(unit.tx, caseId);
    const held = await hold(deps, unit, caller, caseId);
    mustBeOpen(held);
    const { found, at } = held;
    const sealedId = await deps.seal.keep(unit.tx, caseId, 'target', targetFields(draft));
    const { targetId, label } = await addTargetIn(unit.tx, { caseId, sealedId, at });
    const names = namesOfTarget(draft);
    await changeCase(unit.tx, caseId, { title: redact(held.clean(found.title), names) });
    await touchSearch(unit.tx, caseId);
    await forgetWordsIn(unit.tx, caseId, searchedWords(names));
    // A grave grade that stands already asks for this person's warning too.
    if (found.grade_locked_at !== null && (found.grade === 'G3' || found.grade === 'G4')) {
      const dueAt = taskDueAt('warn-target', found.lane, at);
      await ensureTaskIn(unit.tx, { caseId, kind: 'warn-target', subject: label, dueAt, holds: true, at });
    }
    await settle(held, { act: 'case.target', detail: { targetId, label } });
  });
}

/** Takes the words of reports into their cases' search, without the names that are sealed there. Returns how many reports there were. */
export async function gatherWords(deps: Pick<Deps, 'store' | 'seal'>, limit: number): Promise<number> {
  return transact(deps.store, async ({ tx }) => {
    const { reports, cases } = await gatherWordsIn(tx, limit);
    for (const caseId of cases) await forgetWordsIn(tx, caseId, searchedWords(await namesOfCase(tx, deps.seal, caseId)));
    return reports;
  });
}

/** Opens one sealed identity. Throws Failure `not-found`, `sealed-away`, `sign-in-again`. */
export async function unseal(
  deps: Deps & Parameters<typeof mustHaveSignedInLately>[0],
  caller: Caller,
  request: RequestFacts,
  caseId: CaseId,
  { what, reason }: z.output<typeof unsealRoute.body>,
): Promise<{ name: string; value: string }[]> {
  await mustHaveSignedInLately(deps, request);
  const sealedId = await transact(deps.store, async (unit): Promise<SealedId> => {
    const held = await hold(deps, unit, caller, caseId);
    const subject = what.kind === 'target' ? what.targetId : what.reportId;
    const found = what.kind === 'target' ? await sealOfTarget() : await sealOfReporter();
    // Who opens a reporter's identity a second time knows the name already, and it stays out of the trail all the same.
    const own = what.kind === 'reporter' ? await namesOfReporter(unit.tx, deps.seal, what.reportId) : [];
    await addAudit(unit.tx, {
      at: held.at,
      who: held.who,
      act: 'desk.unseal',
      subject: caseId,
      detail: { number: held.found.number, kind: what.kind, id: subject, reason: redact(held.clean(reason), own) },
    });
    unit.tellAfter({ kind: 'case', caseId });
    return found;

    async function sealOfTarget(): Promise<SealedId> {
      const target = what.kind === 'target' ? await findTarget(unit.tx, caseId, what.targetId) : null;
      if (target === null) throw notFound('target');
      return target.sealedId;
    }
    async function sealOfReporter(): Promise<SealedId> {
      const report = what.kind === 'reporter' ? await findReport(unit.tx, what.reportId) : null;
      if (report === null || report.case_id !== caseId) throw notFound('report');
      if (report.reporter_sealed_id !== null) return report.reporter_sealed_id;
      throw new Failure(
        'not-found',
        'This reporter told us nothing about who they are: there is no sealed identity. Nothing was changed.',
      );
    }
  });
  const fields = await deps.seal.open(deps.store.db, sealedId);
  if (fields === null) throw shreddedAway();
  return Object.entries(fields).map(([name, value]) => ({ name, value }));
}

/** Tasks that keep their case open: somebody is to be warned, told or answered. */
const holdingKinds: readonly TaskKind[] = [
  'warn-target',
  'warn-police',
  'law-enforcement-referral',
  'hotline-referral',
  'answer-reporters',
];

/** Adds a task by hand; without a date it is due as its lane says. Throws Failure `not-found`, `wrong-state`. */
export async function addTask(
  deps: Deps,
  caller: Caller,
  caseId: CaseId,
  draft: z.output<typeof addTaskRoute.body>,
): Promise<void> {
  await transact(deps.store, async (unit) => {
    const held = await hold(deps, unit, caller, caseId);
    mustBeOpen(held);
    const { found, at } = held;
    const subject = draft.subject === undefined || draft.subject === '' ? null : held.clean(draft.subject);
    const taskId = await ensureTaskIn(unit.tx, {
      caseId,
      kind: draft.kind,
      subject,
      dueAt: draft.dueAt ?? taskDueAt(draft.kind, found.lane, at),
      holds: holdingKinds.includes(draft.kind),
      at,
    });
    await settle(held, { act: 'case.task', detail: { taskId, kind: draft.kind } });
  });
}

/** Settles a task. Throws Failure `not-found`, `wrong-state`, `not-allowed`. */
export async function settleTask(
  deps: Deps,
  caller: Caller,
  { caseId, taskId }: { caseId: CaseId; taskId: TaskId },
  { state, record }: z.output<typeof settleTaskRoute.body>,
): Promise<void> {
  await transact(deps.store, async (unit) => {
    const held = await hold(deps, unit, caller, caseId);
    const task = await lockTask(unit.tx, caseId, taskId);
    if (task === null) throw notFound('task');
    const kind = state === 'done' ? 'finish' : 'give-up';
    const stepped = stepTask(task.state, { kind, record, byLead: caller.scopes.has('desk:lead') });
    if (!stepped.ok) throw new Failure(stepped.code, `${stepped.why} Nothing was changed.`);
    await settleTaskIn(unit.tx, taskId, { state, record, at: held.at, who: held.who });
    await settle(held, { act: 'case.task-settled', detail: { taskId, kind: task.kind, state } });
  });
}
