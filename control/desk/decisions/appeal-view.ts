/**
 * Appeals as the desk reads them: redacted, whether the caller may decide each, and what reporters say in one, the same words once.
 *
 * How many reporters are in an appeal, and how often something was said, is withheld before the case's grade is locked.
 */
import type { z } from 'zod';
import type { AppealId, CaseId } from '../../../contract/ids.ts';
import type { Appeal, AppealWords } from '../../../contract/routes/desk/decisions.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { countJoined, timesOf, wordsOfAppeal } from '../../../store/desk/appeal-joiners.ts';
import { findAppeal, involvedInCases } from '../../../store/desk/appeals.ts';
import type { AppealRecord } from '../../../store/desk/appeals.ts';
import { findCase } from '../../../store/desk/cases.ts';
import { findDecision } from '../../../store/desk/decisions.ts';
import type { Db } from '../../../store/open.ts';
import type { Caller } from '../../http/caller.ts';
import { notFound } from '../../http/failure.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase, namesOfReporter } from '../names.ts';

/** Appeals as the desk reads them: their words redacted, and whether the caller may decide each. */
export async function viewAppeals(
  deps: Pick<DeskDeps, 'seal'>,
  db: Db,
  appeals: readonly AppealRecord[],
  caller: Caller,
): Promise<z.input<typeof Appeal>[]> {
  const involved = await involvedInCases(db, [...new Set(appeals.map(({ caseId }) => caseId))]);
  const names = new Map<string, string[]>();
  const shown: z.input<typeof Appeal>[] = [];
  const counted = await countedIn(db, appeals);
  for (const appeal of appeals) {
    const known = names.get(appeal.caseId) ?? (await namesOfCase(db, deps.seal, appeal.caseId));
    names.set(appeal.caseId, known);
    const ofReporter = appeal.reportId === null ? [] : await namesOfReporter(db, deps.seal, appeal.reportId);
    const decision = await findDecision(db, appeal.decisionId);
    const open = appeal.state === 'open' || appeal.state === 'taken';
    shown.push({
      appealId: appeal.appealId,
      caseId: appeal.caseId,
      decisionId: appeal.decisionId,
      decision: decision?.number ?? null,
      by: appeal.by,
      state: appeal.state,
      text: redact(appeal.text, [...known, ...ofReporter]),
      openedAt: appeal.openedAt,
      dueAt: appeal.dueAt,
      takenBy: appeal.takenBy,
      decider: appeal.decider,
      decidedAt: appeal.decidedAt,
      reasons: appeal.reasons === null ? null : redact(appeal.reasons, known),
      joined: counted.get(appeal.appealId) ?? null,
      mayDecide: open && caller.scopes.has('appeals:decide') && !(involved.get(appeal.caseId) ?? []).includes(caller.personId),
    });
  }
  return shown;
}

/** How many reporters are in each reporters' appeal whose case has its grade locked. */
async function countedIn(db: Db, appeals: readonly AppealRecord[]): Promise<ReadonlyMap<AppealId, number>> {
  const open = new Set<CaseId>();
  for (const caseId of new Set(appeals.map((appeal) => appeal.caseId))) {
    if (((await findCase(db, caseId))?.grade_locked_at ?? null) !== null) open.add(caseId);
  }
  const counted = appeals.filter(({ by, caseId }) => by === 'reporter' && open.has(caseId));
  return countJoined(
    db,
    counted.map(({ appealId }) => appealId),
  );
}

/** A page of what the reporters of an appeal say, each once, redacted. How often each was said is withheld before the grade is locked. */
export async function viewAppealWords(
  deps: Pick<DeskDeps, 'seal'>,
  db: Db,
  appealId: AppealId,
  page: { readonly limit: number; readonly after: number | null },
): Promise<{ items: z.input<typeof AppealWords>[]; next: number | null; total: number }> {
  const appeal = await findAppeal(db, appealId);
  const found = appeal === null ? null : await findCase(db, appeal.caseId);
  if (appeal === null || found === null) throw notFound('appeal');
  const { words, next } = await wordsOfAppeal(db, appealId, page);
  const counts =
    found.grade_locked_at === null
      ? null
      : await timesOf(
          db,
          appealId,
          words.map(({ n }) => n),
        );
  const names = await namesOfCase(db, deps.seal, appeal.caseId);
  const items: z.input<typeof AppealWords>[] = [];
  for (const { n, text, at, reportId } of words) {
    const own = reportId === null ? [] : await namesOfReporter(db, deps.seal, reportId);
    items.push({ n, text: redact(text, [...names, ...own]), at, times: counts === null ? null : (counts.times.get(n) ?? 0) });
  }
  return { items, next, total: counts?.total ?? 0 };
}
