/**
 * What leaves the house: rows that wait, are claimed by one process, and are marked sent or failed.
 *
 * A claim moves `next_at` into the future in one statement (`skip locked`), so two processes never hold the same row; a process that dies with
 * a claim loses it when that time comes. So a message is sent at least once, and twice only when a process dies between the sending and
 * the mark; its Message-ID stays the same, which is how a mailbox tells. Bodies and addresses are encrypted before they come here.
 */
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import { ReportId } from '../../contract/ids.ts';
import type { CaseId, Instant, PageId, PersonId, SealedId } from '../../contract/ids.ts';
import type { Db } from '../open.ts';
import type { NamedPerson } from '../orders.ts';
import type { Tx } from '../transact.ts';
import type { OutboxTable } from './tables.ts';

export type Channel = OutboxTable['channel'];

export type OutboxDraft = {
  readonly pageId: PageId;
  readonly dedupe: string;
  readonly channel: Channel;
  readonly to: { readonly sealedId: SealedId } | { readonly encrypted: Buffer };
  readonly subject: string;
  readonly body: Buffer;
  readonly urgent: boolean;
  readonly caseId: CaseId | null;
  readonly person: PersonId | null;
  readonly wake: { readonly about: string; readonly round: number } | null;
  readonly at: Instant;
};

/** Keeps messages; one whose `dedupe` is there already is left out. Returns how many are new. */
export async function addToOutbox(db: Db, drafts: readonly OutboxDraft[]): Promise<number> {
  if (drafts.length === 0) return 0;
  const rows = await db
    .insertInto('outbox')
    .values(
      drafts.map((draft) => ({
        page_id: draft.pageId,
        dedupe: draft.dedupe,
        channel: draft.channel,
        to_sealed_id: 'sealedId' in draft.to ? draft.to.sealedId : null,
        to_address: 'sealedId' in draft.to ? null : draft.to.encrypted,
        subject: draft.subject,
        body: draft.body,
        headers: '{}',
        urgent: draft.urgent,
        case_id: draft.caseId,
        person_id: draft.person,
        wake: draft.wake?.about ?? null,
        round: draft.wake?.round ?? 0,
        created_at: draft.at,
        attempts: 0,
        next_at: draft.at,
        sent_at: null,
        failed_at: null,
        last_error: null,
        acknowledged_by: null,
        acknowledged_name: null,
        acknowledged_at: null,
      })),
    )
    .onConflict((conflict) => conflict.column('dedupe').doNothing())
    .returning('page_id')
    .execute();
  return rows.length;
}

export type Claimed = {
  readonly pageId: PageId;
  readonly channel: Channel;
  readonly toSealedId: SealedId | null;
  readonly toAddress: Buffer | null;
  readonly subject: string;
  readonly body: Buffer;
  readonly urgent: boolean;
  readonly caseId: CaseId | null;
  readonly person: PersonId | null;
  readonly createdAt: Instant;
  /** Counts this one. */
  readonly attempts: number;
};

/** Takes what is due on these channels, the oldest first, until `until`: nobody else gets the same before. */
export async function claimDue(
  db: Db,
  ask: { channels: readonly Channel[]; urgent: boolean; at: Instant; until: Instant; limit: number },
): Promise<Claimed[]> {
  const rows = await db
    .updateTable('outbox')
    .set({ next_at: ask.until, attempts: sql<number>`attempts + 1` })
    .where('page_id', 'in', (where) =>
      where
        .selectFrom('outbox')
        .select('page_id')
        .where('sent_at', 'is', null)
        .where('failed_at', 'is', null)
        .where('body', 'is not', null)
        .where('channel', 'in', ask.channels)
        .where('urgent', '=', ask.urgent)
        .where('next_at', '<=', ask.at)
        .orderBy('next_at')
        .limit(ask.limit)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute();
  return rows.flatMap((row) =>
    row.body === null
      ? []
      : [
          {
            pageId: row.page_id,
            channel: row.channel,
            toSealedId: row.to_sealed_id,
            toAddress: row.to_address,
            subject: row.subject,
            body: row.body,
            urgent: row.urgent,
            caseId: row.case_id,
            person: row.person_id,
            createdAt: row.created_at,
            attempts: row.attempts,
          },
        ],
  );
}

/** It left. The body goes with it. */
export async function markSent(db: Db, pageId: PageId, at: Instant): Promise<void> {
  await db.updateTable('outbox').set({ sent_at: at, body: null, last_error: null }).where('page_id', '=', pageId).execute();
}

/** It did not leave: tried again at `again`, or given up when that is null. `why` is a sentence without an address. */
export async function markFailed(
  db: Db,
  pageId: PageId,
  ask: { at: Instant; again: Instant | null; why: string },
): Promise<void> {
  const set =
    ask.again === null ? { failed_at: ask.at, body: null, last_error: ask.why } : { next_at: ask.again, last_error: ask.why };
  await db.updateTable('outbox').set(set).where('page_id', '=', pageId).where('sent_at', 'is', null).execute();
}

export type Unanswered = {
  readonly about: string;
  readonly caseId: CaseId | null;
  readonly subject: string;
  readonly round: number;
};

/** Pages that nobody acknowledged, whose newest round is from before `before`, and that were not said `rounds` times yet; those that wait longest first. */
export async function unansweredWakes(db: Db, ask: { before: Instant; rounds: number; limit: number }): Promise<Unanswered[]> {
  const rows = await db
    .selectFrom('outbox')
    .select((select) => [
      'wake',
      select.fn.max<CaseId | null>('case_id').as('case_id'),
      select.fn.max<string>('subject').as('subject'),
      select.fn.max<number>('round').as('round'),
    ])
    .where('wake', 'is not', null)
    .where('acknowledged_at', 'is', null)
    .groupBy('wake')
    .having((having) => having.fn.max('created_at'), '<=', ask.before)
    .having((having) => having.fn.max('round'), '<', ask.rounds)
    .orderBy((order) => order.fn.max('created_at'))
    .limit(ask.limit)
    .execute();
  return rows.flatMap((row) =>
    row.wake === null ? [] : [{ about: row.wake, caseId: row.case_id, subject: row.subject, round: row.round }],
  );
}

export type PageRecord = {
  readonly pageId: PageId;
  readonly subject: string;
  readonly caseId: CaseId | null;
  readonly createdAt: Instant;
  readonly channel: Channel;
  readonly state: 'waiting' | 'sent' | 'failed';
  readonly attempts: number;
  readonly lastError: string | null;
  readonly sentAt: Instant | null;
  readonly acknowledgedBy: NamedPerson | null;
  readonly acknowledgedAt: Instant | null;
};

/** The newest pages to people on call. */
export async function newestPages(db: Db, limit: number): Promise<PageRecord[]> {
  const rows = await db
    .selectFrom('outbox')
    .selectAll()
    .where('person_id', 'is not', null)
    .orderBy('created_order', 'desc')
    .limit(limit)
    .execute();
  return rows.map(pageOf);
}

/** Somebody has it: every page about the same is answered. Who was first stays. Null when there is no such page. */
export async function acknowledgePageIn(db: Db, pageId: PageId, who: NamedPerson, at: Instant): Promise<PageRecord | null> {
  const page = await db
    .selectFrom('outbox')
    .select(['wake'])
    .where('page_id', '=', pageId)
    .where('person_id', 'is not', null)
    .executeTakeFirst();
  if (page === undefined) return null;
  await db
    .updateTable('outbox')
    .set({ acknowledged_by: who.personId, acknowledged_name: who.name, acknowledged_at: at })
    .where((where) => (page.wake === null ? where('page_id', '=', pageId) : where('wake', '=', page.wake)))
    .where('acknowledged_at', 'is', null)
    .execute();
  const row = await db.selectFrom('outbox').selectAll().where('page_id', '=', pageId).executeTakeFirst();
  return row === undefined ? null : pageOf(row);
}

/** How mail stands: what waits, and what the relay said last. */
export async function mailWaiting(db: Db): Promise<{ waiting: number; lastError: string | null }> {
  const row = await db
    .selectFrom('outbox')
    .select((select) => [
      select.fn.countAll<number>().as('waiting'),
      sql<string | null>`(array_agg(last_error order by created_order desc) filter (where last_error is not null))[1]`.as(
        'lastError',
      ),
    ])
    .where('channel', '=', 'mail')
    .where('sent_at', 'is', null)
    .where('failed_at', 'is', null)
    .executeTakeFirstOrThrow();
  return row;
}

/** The report to whose reporter a message of ours went, when its reporter has this mark; null for every other message. */
export async function reportOfMessage(
  db: Db,
  pageId: PageId,
  mark: string,
): Promise<{ reportId: ReportId; statusHash: string } | null> {
  const sealed = await db
    .selectFrom('outbox')
    .innerJoin('sealed_record', 'sealed_record.sealed_id', 'outbox.to_sealed_id')
    .select('sealed_record.file_id')
    .where('outbox.page_id', '=', pageId)
    .where('sealed_record.kind', '=', 'reporter')
    .executeTakeFirst();
  const file = ReportId.safeParse(sealed?.file_id);
  if (!file.success) return null;
  const report = await db
    .selectFrom('report')
    .select('status_hash')
    .where('report_id', '=', file.data)
    .where('reporter_mark', '=', mark)
    .executeTakeFirst();
  return report === undefined ? null : { reportId: file.data, statusHash: report.status_hash };
}

/** Its receipt is on its way by mail. A report that is further on stays so. */
export async function acknowledgeByMail(db: Db, reportId: ReportId): Promise<void> {
  await db
    .updateTable('report')
    .set({ state: 'acknowledged' })
    .where('report_id', '=', reportId)
    .where('state', '=', 'received')
    .execute();
}

/** Messages that are long done. Their dedupe keys go with them. */
export async function trimOutbox(db: Db, before: Instant): Promise<void> {
  await db
    .deleteFrom('outbox')
    .where('created_at', '<', before)
    .where((where) => where.or([where('sent_at', 'is not', null), where('failed_at', 'is not', null)]))
    .execute();
}

/** Whether people were woken for the first time about something of this kind (how its `about` begins) since an instant. */
export async function wokenSince(db: Db, begins: string, since: Instant): Promise<boolean> {
  const row = await db
    .selectFrom('outbox')
    .select('page_id')
    .where('wake', 'is not', null)
    .where(sql<boolean>`starts_with(wake, ${begins})`)
    .where('round', '=', 0)
    .where('created_at', '>', since)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** A case that the next page of the fast lane after `at` counts. */
export async function waitForNextPage(tx: Tx, caseId: CaseId, at: Instant): Promise<void> {
  await tx
    .insertInto('wake_waiting')
    .values({ case_id: caseId, at })
    .onConflict((conflict) => conflict.column('case_id').doUpdateSet({ at: sql<Instant>`least(wake_waiting.at, excluded.at)` }))
    .execute();
}

/** Takes the cases that wait for a page now; each is taken once. */
export async function takeWaitingForPage(tx: Tx, at: Instant): Promise<CaseId[]> {
  const rows = await tx.deleteFrom('wake_waiting').where('at', '<=', at).returning('case_id').execute();
  return rows.map((row) => row.case_id);
}

/** Whether any waits now: a look without a lock. */
export async function anyWaitsForPage(db: Db, at: Instant): Promise<boolean> {
  const row = await db.selectFrom('wake_waiting').select('case_id').where('at', '<=', at).limit(1).executeTakeFirst();
  return row !== undefined;
}

/** Holds the pages about one thing until the transaction ends; true when somebody acknowledged one. */
export async function lockWake(tx: Tx, about: string): Promise<boolean> {
  const rows = await tx
    .selectFrom('outbox')
    .select('acknowledged_at')
    .where('wake', '=', about)
    .orderBy('page_id')
    .forUpdate()
    .execute();
  return rows.some((row) => row.acknowledged_at !== null);
}

function pageOf(row: Selectable<OutboxTable>): PageRecord {
  return {
    pageId: row.page_id,
    subject: row.subject,
    caseId: row.case_id,
    createdAt: row.created_at,
    channel: row.channel,
    state: row.sent_at !== null ? 'sent' : row.failed_at !== null ? 'failed' : 'waiting',
    attempts: row.attempts,
    lastError: row.last_error,
    sentAt: row.sent_at,
    acknowledgedBy: row.acknowledged_by === null ? null : { personId: row.acknowledged_by, name: row.acknowledged_name ?? '' },
    acknowledgedAt: row.acknowledged_at,
  };
}
