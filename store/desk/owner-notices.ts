/**
 * What owners are told, what they answer, and the mailbox that gets a link. Every read names the account whose notices it may see.
 *
 * Of a signed link only the hash of its token is kept. The mailbox is encrypted by the caller; here are only bytes and a hint.
 */
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { AccountId, CaseId, DeskDecisionId, Instant, MessageId, NoticeId, PersonId, SiteId } from '../../contract/ids.ts';
import type { OwnerNotice } from '../../contract/routes/desk/owners.ts';
import type { Db } from '../open.ts';
import type { NamedPerson } from '../orders.ts';
import type { Tx } from '../transact.ts';
import type { OwnerNoticeTable } from './tables.ts';

export type NoticeRecord = {
  readonly noticeId: NoticeId;
  readonly accountId: AccountId;
  readonly siteId: SiteId | null;
  readonly caseId: CaseId;
  readonly decisionId: DeskDecisionId | null;
  readonly kind: OwnerNotice['kind'];
  readonly subject: string;
  readonly text: string;
  readonly namedUrls: readonly string[];
  readonly deadline: Instant | null;
  readonly at: Instant;
  readonly readAt: Instant | null;
};

export async function insertNotice(tx: Tx, notice: NoticeRecord & { readonly linkHash: string }): Promise<void> {
  await tx
    .insertInto('owner_notice')
    .values({
      notice_id: notice.noticeId,
      account_id: notice.accountId,
      site_id: notice.siteId,
      case_id: notice.caseId,
      decision_id: notice.decisionId,
      kind: notice.kind,
      subject: notice.subject,
      text: notice.text,
      named_urls: JSON.stringify(notice.namedUrls),
      deadline: notice.deadline,
      at: notice.at,
      link_hash: notice.linkHash,
      read_at: null,
    })
    .execute();
}

export type NoticePage = { readonly notices: readonly NoticeRecord[]; readonly next: number | null; readonly total: number };

/** A page of an account's notices, newest first. `before` is the `next` of the page before. */
export async function listNotices(
  db: Db,
  accountId: AccountId,
  page: { readonly limit: number; readonly before: number | null },
): Promise<NoticePage> {
  const matching = db.selectFrom('owner_notice').where('account_id', '=', accountId);
  const { total } = await matching.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let rows = matching
    .selectAll()
    .orderBy('created_order', 'desc')
    .limit(page.limit + 1);
  if (page.before !== null) rows = rows.where('created_order', '<', page.before);
  const found = await rows.execute();
  const shown = found.slice(0, page.limit);
  return {
    notices: shown.map(recordOf),
    next: found.length > page.limit ? (shown.at(-1)?.created_order ?? null) : null,
    total,
  };
}

/** Notices of a case, newest first. */
export async function noticesOfCase(db: Db, caseId: CaseId): Promise<NoticeRecord[]> {
  const rows = await db
    .selectFrom('owner_notice')
    .selectAll()
    .where('case_id', '=', caseId)
    .orderBy('created_order', 'desc')
    .execute();
  return rows.map(recordOf);
}

/** One notice of an account. */
export async function findNotice(db: Db, noticeId: NoticeId, accountId: AccountId): Promise<NoticeRecord | null> {
  const row = await db
    .selectFrom('owner_notice')
    .selectAll()
    .where('notice_id', '=', noticeId)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

/** The notice that a signed link opens. */
export async function findNoticeByLink(db: Db, linkHash: string): Promise<NoticeRecord | null> {
  const row = await db.selectFrom('owner_notice').selectAll().where('link_hash', '=', linkHash).executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

/** Notes the first time that a notice was opened. */
export async function markNoticesRead(db: Db, noticeIds: readonly NoticeId[], at: Instant): Promise<void> {
  if (noticeIds.length === 0) return;
  await db
    .updateTable('owner_notice')
    .set({ read_at: at })
    .where('notice_id', 'in', noticeIds)
    .where('read_at', 'is', null)
    .execute();
}

export type ReplyRecord = {
  readonly noticeId: NoticeId;
  readonly at: Instant;
  readonly text: string;
  /** Null when it came by the signed link. */
  readonly by: NamedPerson | null;
};

export async function insertReply(tx: Tx, messageId: MessageId, reply: ReplyRecord): Promise<void> {
  await tx
    .insertInto('owner_reply')
    .values({
      message_id: messageId,
      notice_id: reply.noticeId,
      at: reply.at,
      text: reply.text,
      person_id: reply.by?.personId ?? null,
      person_name: reply.by?.name ?? null,
    })
    .execute();
}

/** Replies to notices, oldest first. */
export async function repliesTo(db: Db, noticeIds: readonly NoticeId[]): Promise<ReplyRecord[]> {
  if (noticeIds.length === 0) return [];
  const rows = await db
    .selectFrom('owner_reply')
    .selectAll()
    .where('notice_id', 'in', noticeIds)
    .orderBy('created_order')
    .execute();
  return rows.map((row) => ({
    noticeId: row.notice_id,
    at: row.at,
    text: row.text,
    by: row.person_id === null || row.person_name === null ? null : { personId: row.person_id, name: row.person_name },
  }));
}

export type ContactRecord = { readonly address: Buffer; readonly hint: string };

export async function findContact(db: Db, accountId: AccountId): Promise<ContactRecord | null> {
  const row = await db
    .selectFrom('account_contact')
    .select(['address', 'address_hint as hint'])
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  return row ?? null;
}

/** Sets where an account's notices are sent, or with null that they are sent nowhere. */
export async function setContact(
  tx: Tx,
  accountId: AccountId,
  contact: ContactRecord | null,
  set: { readonly at: Instant; readonly by: PersonId },
): Promise<void> {
  await tx.deleteFrom('account_contact').where('account_id', '=', accountId).execute();
  if (contact === null) return;
  await tx
    .insertInto('account_contact')
    .values({ account_id: accountId, address: contact.address, address_hint: contact.hint, set_at: set.at, set_by: set.by })
    .execute();
}

const Urls = z.array(z.string());

function recordOf(row: Selectable<OwnerNoticeTable>): NoticeRecord {
  return {
    noticeId: row.notice_id,
    accountId: row.account_id,
    siteId: row.site_id,
    caseId: row.case_id,
    decisionId: row.decision_id,
    kind: row.kind,
    subject: row.subject,
    text: row.text,
    namedUrls: Urls.parse(row.named_urls),
    deadline: row.deadline,
    at: row.at,
    readAt: row.read_at,
  };
}
