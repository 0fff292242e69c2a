/** The desk's side of what owners are told: asking them something, and reading what they answered. Answers are redacted like everything that is read here. */
import type { z } from 'zod';
import type { CaseId } from '../../../contract/ids.ts';
import type { CaseNotice, askOwner as askOwnerRoute } from '../../../contract/routes/desk/owners.ts';
import { checkQuestion } from '../../../core/desk/decision-check.ts';
import { redact, redactedNames } from '../../../core/desk/redaction.ts';
import { addAudit } from '../../../store/audit.ts';
import { findCase, lockCase } from '../../../store/desk/cases.ts';
import { findDecision } from '../../../store/desk/decisions.ts';
import { noticesOfCase, repliesTo } from '../../../store/desk/owner-notices.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase } from '../names.ts';
import { tellOwner } from './notices.ts';
import type { TellDeps } from './notices.ts';

type View = z.input<typeof CaseNotice>;

/** Notices of a case with their answers, newest first. Throws Failure `not-found`. */
export async function viewCaseNotices(deps: Pick<DeskDeps, 'store' | 'seal'>, caseId: CaseId): Promise<View[]> {
  const { db } = deps.store;
  if ((await findCase(db, caseId)) === null) throw notFound('case');
  const names = await namesOfCase(db, deps.seal, caseId);
  const notices = await noticesOfCase(db, caseId);
  const replies = await repliesTo(
    db,
    notices.map(({ noticeId }) => noticeId),
  );
  const shown: View[] = [];
  for (const notice of notices) {
    const decision = notice.decisionId === null ? null : await findDecision(db, notice.decisionId);
    shown.push({
      noticeId: notice.noticeId,
      kind: notice.kind,
      // As it was told, but for names that were sealed since.
      subject: redactedNames(notice.subject, names),
      text: redactedNames(notice.text, names),
      namedUrls: notice.namedUrls.map((url) => redactedNames(url, names)),
      deadline: notice.deadline,
      at: notice.at,
      readAt: notice.readAt,
      decision: decision?.number ?? null,
      replies: replies
        .filter(({ noticeId }) => noticeId === notice.noticeId)
        .map(({ at, text, by }) => ({ at, text: redact(text, names), by: by === null ? null : { ...by } })),
    });
  }
  return shown;
}

/** Asks the owner. Throws Failure `not-found`, `wrong-state` (no site, or closed), `decision-incomplete`. */
export async function askOwner(
  deps: TellDeps & Pick<DeskDeps, 'store'>,
  caller: Caller,
  caseId: CaseId,
  draft: z.output<typeof askOwnerRoute.body>,
): Promise<View> {
  await transact(deps.store, async (unit) => {
    const found = await lockCase(unit.tx, caseId);
    if (found === null) throw notFound('case');
    if (found.account_id === null || found.closed_at !== null || found.merged_into !== null) {
      throw new Failure(
        'wrong-state',
        'The case is closed, or names no site of ours, so there is no owner to ask. Nothing was changed.',
      );
    }
    const mistakes = checkQuestion(draft, await namesOfCase(unit.tx, deps.seal, caseId), deps.now());
    if (mistakes.length > 0) {
      const told = mistakes.map(({ path, message }) => `${path}: ${message}`).join('; ');
      throw new Failure('decision-incomplete', `${told}. Nothing was changed.`, { fields: mistakes });
    }
    const at = nowOf(deps);
    const addresses =
      draft.namedUrls.length === 0 ? '' : `\n\nIt is about:\n${draft.namedUrls.map((url) => `- ${url}`).join('\n')}`;
    await tellOwner(unit, deps, found, {
      kind: draft.deadline === undefined ? 'question' : 'deadline',
      decision: null,
      subject: draft.subject,
      text: `${draft.text}${addresses}\n\nNothing is decided. You can answer this notice.`,
      namedUrls: draft.namedUrls,
      deadline: draft.deadline ?? null,
      at,
    });
    await addAudit(unit.tx, {
      at,
      who: caller,
      act: 'notice.ask',
      subject: caseId,
      detail: { deadline: draft.deadline ?? null },
    });
    unit.tellAfter({ kind: 'case', caseId });
  });
  const [newest] = await viewCaseNotices(deps, caseId);
  if (newest === undefined) throw notFound('notice');
  return newest;
}
