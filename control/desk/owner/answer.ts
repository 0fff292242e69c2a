/** What an owner does with a notice, in the console or by its link: reply, or appeal. Each is one transaction with its line of the audit trail. */
import { MessageId, idPrefix } from '../../../contract/ids.ts';
import { randomId } from '../../../kit/random-id.ts';
import { addAudit } from '../../../store/audit.ts';
import { lockCase } from '../../../store/desk/cases.ts';
import { insertReply, repliesTo } from '../../../store/desk/owner-notices.ts';
import type { NoticeRecord } from '../../../store/desk/owner-notices.ts';
import type { NamedPerson } from '../../../store/orders.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import { Failure } from '../../http/failure.ts';
import type { DeskDeps } from '../deps.ts';
import { openAppealIn } from '../decisions/appeals.ts';

export type NoticeAct = { readonly act: 'reply' | 'appeal'; readonly text: string };

/** Answers to one notice that are kept; whoever has the link could write for ever. */
const mostReplies = 50;

/** `who` is null for whoever came by the signed link. Throws Failure `wrong-state`. */
export async function actOnNotice(
  deps: Pick<DeskDeps, 'store' | 'now'>,
  notice: NoticeRecord,
  act: NoticeAct,
  who: NamedPerson | null,
): Promise<void> {
  const at = nowOf(deps);
  await transact(deps.store, async (unit) => {
    if (act.act === 'appeal') {
      const { decisionId } = notice;
      if (decisionId === null)
        throw new Failure('wrong-state', 'This notice is about no decision. Reply to it. Nothing was changed.');
      await openAppealIn(unit, { decisionId, by: 'owner', text: act.text, reportId: null, names: [], at, who });
    } else {
      await lockCase(unit.tx, notice.caseId);
      if ((await repliesTo(unit.tx, [notice.noticeId])).length >= mostReplies) {
        throw new Failure(
          'wrong-state',
          `This notice has ${mostReplies} answers, which is the most that it takes. Nothing was changed.`,
        );
      }
      await insertReply(unit.tx, MessageId.parse(randomId(idPrefix.message)), {
        noticeId: notice.noticeId,
        at,
        text: act.text,
        by: who,
      });
      await addAudit(unit.tx, { at, who, act: 'notice.reply', subject: notice.caseId, detail: { noticeId: notice.noticeId } });
      unit.tellAfter({ kind: 'case', caseId: notice.caseId });
    }
    if (notice.siteId !== null) unit.tellAfter({ kind: 'notice', siteId: notice.siteId });
  });
}
