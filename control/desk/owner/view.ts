/** Notices as their owner reads them. Who of the provider acted, and everything of other accounts, stays out by construction. */
import type { OwnerNotice } from '../../../contract/routes/desk/owners.ts';
import type { Db } from '../../../store/open.ts';
import { appealsOfDecisions } from '../../../store/desk/appeals.ts';
import { findDecision } from '../../../store/desk/decisions.ts';
import type { DecisionRecord } from '../../../store/desk/decisions.ts';
import { repliesTo } from '../../../store/desk/owner-notices.ts';
import type { NoticeRecord } from '../../../store/desk/owner-notices.ts';
import { findCase } from '../../../store/desk/cases.ts';
import type { Instant } from '../../../contract/ids.ts';
import { appealEndsAt } from '../decisions/appeals.ts';

export type OwnerNoticeView = OwnerNotice;

export async function viewNotices(db: Db, notices: readonly NoticeRecord[], at: Instant): Promise<OwnerNoticeView[]> {
  const decisionIds = [...new Set(notices.flatMap(({ decisionId }) => (decisionId === null ? [] : [decisionId])))];
  const appeals = (await appealsOfDecisions(db, decisionIds)).filter(({ by }) => by === 'owner');
  const replies = await repliesTo(
    db,
    notices.map(({ noticeId }) => noticeId),
  );
  const shown: OwnerNoticeView[] = [];
  for (const notice of notices) {
    const decision = notice.decisionId === null ? null : await findDecision(db, notice.decisionId);
    const ours = appeals.filter(({ decisionId }) => decisionId === notice.decisionId);
    const waiting = ours.some(({ state }) => state === 'open' || state === 'taken');
    shown.push({
      noticeId: notice.noticeId,
      siteName: (await findCase(db, notice.caseId))?.site_name ?? '',
      kind: notice.kind,
      subject: notice.subject,
      text: notice.text,
      namedUrls: [...notice.namedUrls],
      deadline: notice.deadline,
      at: notice.at,
      readAt: notice.readAt,
      decision: decision?.number ?? null,
      replies: replies
        .filter(({ noticeId }) => noticeId === notice.noticeId)
        .map(({ at: repliedAt, text }) => ({ at: repliedAt, text })),
      mayAppeal: decision !== null && !waiting && isAppealable(decision, at),
      appeals: ours.map(({ appealId, state, openedAt, dueAt, reasons }) => ({ appealId, state, openedAt, dueAt, reasons })),
    });
  }
  return shown;
}

/** In force or decided, and within six months. */
function isAppealable(decision: DecisionRecord, at: Instant): boolean {
  const since = decision.confirmedAt ?? (decision.state === 'alone' ? decision.proposedAt : null);
  return since !== null && at <= appealEndsAt(since);
}
