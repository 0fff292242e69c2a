/**
 * What stands in a case beside its evidence and incidents: notes, links to other cases, notices to the owner. Texts are as they were typed:
 * whoever shows them redacts them.
 */
import { sql } from 'kysely';
import { MessageId, idPrefix } from '../../contract/ids.ts';
import type { CaseId, CaseNumber, Instant, NoticeId } from '../../contract/ids.ts';
import type { PersonRef } from '../../contract/routes/common.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';

export type Note = {
  readonly messageId: MessageId;
  readonly at: Instant;
  readonly by: PersonRef | null;
  readonly text: string;
};

/** Adds a note; `who` is null when the program writes it. */
export async function addNoteIn(
  tx: Tx,
  note: { caseId: CaseId; at: Instant; who: PersonRef | null; text: string },
): Promise<void> {
  await tx
    .insertInto('case_note')
    .values({
      message_id: MessageId.parse(randomId(idPrefix.message)),
      case_id: note.caseId,
      at: note.at,
      person_id: note.who?.personId ?? null,
      person_name: note.who?.name ?? null,
      text: note.text,
    })
    .execute();
}

/** Notes of a case, oldest first. */
export async function listNotes(db: Db, caseId: CaseId): Promise<Note[]> {
  const rows = await db.selectFrom('case_note').selectAll().where('case_id', '=', caseId).orderBy('created_order').execute();
  return rows.map((row) => ({
    messageId: row.message_id,
    at: row.at,
    by: row.person_id === null ? null : { personId: row.person_id, name: row.person_name ?? '' },
    text: row.text,
  }));
}

export type CaseLink = { readonly caseId: CaseId; readonly number: CaseNumber; readonly why: string };

/** Links two cases, seen from both; a second link of the same two keeps the first one's words. */
export async function linkCasesIn(tx: Tx, link: { one: CaseId; other: CaseId; why: string; at: Instant }): Promise<void> {
  const { one, other, why, at } = link;
  await tx
    .insertInto('case_link')
    .values([
      { case_id: one, other_id: other, why, at },
      { case_id: other, other_id: one, why, at },
    ])
    .onConflict((conflict) => conflict.columns(['case_id', 'other_id']).doNothing())
    .execute();
}

export async function listLinks(db: Db, caseId: CaseId): Promise<CaseLink[]> {
  return db
    .selectFrom('case_link')
    .innerJoin('desk_case', 'desk_case.case_id', 'case_link.other_id')
    .select(['desk_case.case_id as caseId', 'desk_case.number', 'case_link.why'])
    .where('case_link.case_id', '=', caseId)
    .orderBy('case_link.at')
    .orderBy('desk_case.created_order')
    .execute();
}

export type NoticeLine = {
  readonly noticeId: NoticeId;
  readonly subject: string;
  readonly at: Instant;
  readonly readAt: Instant | null;
  readonly replies: number;
};

/** What the owner was told in this case, oldest first. */
export async function listNoticesOfCase(db: Db, caseId: CaseId): Promise<NoticeLine[]> {
  const rows = await db
    .selectFrom('owner_notice')
    .select(['notice_id as noticeId', 'subject', 'at', 'read_at as readAt'])
    .select((select) =>
      select
        .selectFrom('owner_reply')
        .select((reply) => reply.fn.countAll<number>().as('replies'))
        .whereRef('owner_reply.notice_id', '=', 'owner_notice.notice_id')
        .as('replies'),
    )
    .where('case_id', '=', caseId)
    .orderBy('created_order')
    .execute();
  return rows.map((row) => ({ ...row, replies: row.replies ?? 0 }));
}

/** Whether a measure was ever proposed here and not taken back: such a case keeps its site and is not merged away. */
export async function hasDecision(db: Db, caseId: CaseId): Promise<boolean> {
  const row = await db
    .selectFrom('desk_decision')
    .select('decision_id')
    .where('case_id', '=', caseId)
    .where('state', 'in', ['proposed', 'alone', 'confirmed'])
    .where(sql<boolean>`kind <> 'no-action'`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}
