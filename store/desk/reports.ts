/**
 * Reports, their dense receipt numbers, files, messages, and what the holder of a private link may change.
 *
 * Numbers are taken from one row whose lock is held until the commit: a rollback takes them back, so a gap would show a dropped report.
 * Inserts come as one JSON parameter: a thousand rows of twenty-five parameters each cost more to compile than to store.
 * Locks: the report's row first, then its case's; whoever holds a case never waits for a report of it.
 */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { idPrefix, MessageId } from '../../contract/ids.ts';
import type { BlobId, CaseId, DeskDecisionId, Instant, ReportId, SealedId } from '../../contract/ids.ts';
import type { Json } from '../../contract/canonical.ts';
import type { ReportChannel, ReportClass, ReporterProof, ReporterRole, ReportState } from '../../contract/desk/words.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';
import { dropPieces } from './seal.ts';
import type { ReportTable } from './tables.ts';

/** An address as it was typed, and its canonical form; null when it is no web address. */
export const ReportUrls = z.array(z.object({ typed: z.string(), canonical: z.string().nullable() }));
export type ReportUrls = z.infer<typeof ReportUrls>;

export type NewReport = {
  readonly reportId: ReportId;
  /** Before and after its number. */
  readonly leaf: { readonly before: string; readonly after: string };
  readonly statusHash: string;
  readonly channel: ReportChannel;
  readonly class: ReportClass;
  readonly fastLane: boolean;
  readonly state: ReportState;
  readonly receivedAt: Instant;
  readonly happenedAt: Instant | null;
  readonly hostname: string | null;
  readonly urls: ReportUrls;
  readonly text: string;
  readonly lang: string | null;
  readonly role: ReporterRole;
  /** Who reported, sealed under a new key, both stored with the report; null when there is nothing or when it is stored already. */
  readonly sealed: { readonly wrapped: Buffer; readonly sealedId: SealedId; readonly ciphertext: Buffer } | null;
  /** The record that is stored already. */
  readonly reporterSealedId: SealedId | null;
  readonly reporterMark: string | null;
  readonly proof: ReporterProof;
  readonly forwardConsent: boolean;
  readonly wantsSafetyContact: boolean;
  readonly machine: Readonly<Record<string, Json>>;
  readonly rawBlobId: BlobId | null;
};

/**
 * Stores reports under the next numbers, in their order, in one statement: counter, keys, sealed records, reports and leaves of the record, so outside a transaction it is one
 * of its own. Returns the number of the first. Holds the counter until the transaction ends.
 */
export async function storeReports(db: Db, reports: readonly NewReport[]): Promise<number> {
  const rows = reports.map((one) => ({
    report_id: one.reportId,
    leaf_before: one.leaf.before,
    leaf_after: one.leaf.after,
    status_hash: one.statusHash,
    channel: one.channel,
    class: one.class,
    fast_lane: one.fastLane,
    state: one.state,
    received_at: one.receivedAt,
    happened_at: one.happenedAt,
    hostname: one.hostname,
    urls: one.urls,
    text: one.text,
    lang: one.lang,
    role: one.role,
    sealed_id: one.sealed?.sealedId ?? one.reporterSealedId,
    wrapped: one.sealed?.wrapped.toString('base64') ?? null,
    ciphertext: one.sealed?.ciphertext.toString('base64') ?? null,
    reporter_mark: one.reporterMark,
    reporter_proof: one.proof,
    forward_consent: one.forwardConsent,
    wants_safety_contact: one.wantsSafetyContact,
    machine: one.machine,
    raw_blob_id: one.rawBlobId,
  }));
  const { rows: taken } = await sql<{ before: number }>`with counter as (
      update receipt_counter set last = last + ${rows.length}::bigint returning last - ${rows.length}::bigint as before
    ), given as (
      select r.*, before + place as number, leaf_before || (before + place) || leaf_after as leaf
      from counter, rows from (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as (report_id text, leaf_before text, leaf_after text,
        status_hash text, channel text, class text, fast_lane boolean, state text, received_at timestamptz, happened_at timestamptz,
        hostname text, urls jsonb, text text, lang text, role text, sealed_id text, wrapped text, ciphertext text, reporter_mark text,
        reporter_proof text, forward_consent boolean, wants_safety_contact boolean, machine jsonb, raw_blob_id text))
        with ordinality as r(report_id, leaf_before, leaf_after, status_hash, channel, class, fast_lane, state, received_at, happened_at,
        hostname, urls, text, lang, role, sealed_id, wrapped, ciphertext, reporter_mark, reporter_proof, forward_consent,
        wants_safety_contact, machine, raw_blob_id, place)
    ), keys as (
      insert into seal_key (file_id, wrapped, created_at)
      select report_id, decode(wrapped, 'base64'), received_at from given where wrapped is not null
    ), records as (
      insert into sealed_record (sealed_id, file_id, kind, ciphertext, created_at)
      select sealed_id, report_id, 'reporter', decode(ciphertext, 'base64'), received_at from given where wrapped is not null
    ), stored as (
      insert into report (report_id, receipt_number, receipt_leaf, receipt_sha256, status_hash, channel, class, fast_lane, state,
        received_at, happened_at, hostname, urls, text, lang, role, reporter_sealed_id, reporter_mark, reporter_proof, forward_consent,
        wants_safety_contact, machine, raw_blob_id)
      select report_id, number, leaf, encode(sha256(convert_to(leaf, 'UTF8')), 'hex'), status_hash, channel, class, fast_lane, state,
        received_at, happened_at, hostname, urls, text, lang, role, sealed_id, reporter_mark, reporter_proof, forward_consent,
        wants_safety_contact, machine, raw_blob_id from given
    ), logged as (
      insert into record_leaf (leaf, leaf_sha256)
      select leaf, encode(sha256(convert_to(leaf, 'UTF8')), 'hex') from given order by number
    ) select before from counter`.execute(db);
  const [counter] = taken;
  if (counter === undefined) throw new Error('the counter of receipts is gone');
  return counter.before + 1;
}

export type NewReportFile = {
  readonly blobId: BlobId;
  readonly reportId: ReportId;
  readonly name: string;
  readonly mediaType: string;
  readonly at: Instant;
};

export async function insertReportFiles(tx: Db, files: readonly NewReportFile[]): Promise<void> {
  if (files.length === 0) return;
  await tx
    .insertInto('report_file')
    .values(
      files.map((file) => ({
        blob_id: file.blobId,
        report_id: file.reportId,
        name: file.name,
        media_type: file.mediaType,
        at: file.at,
        evidence_id: null,
      })),
    )
    .execute();
}

export type ReportRecord = Omit<Selectable<ReportTable>, 'urls' | 'search'> & { readonly urls: ReportUrls };

/** The report that a private link leads to. `lock` holds its row until the transaction ends. */
export async function findReportByStatus(
  db: Db,
  statusHash: string,
  lock: 'lock' | 'look' = 'look',
): Promise<ReportRecord | null> {
  let query = db.selectFrom('report').selectAll().where('status_hash', '=', statusHash);
  if (lock === 'lock') query = query.forUpdate();
  const row = await query.executeTakeFirst();
  if (row === undefined) return null;
  const { search: _search, urls, ...rest } = row;
  return { ...rest, urls: ReportUrls.parse(urls) };
}

export async function setReportState(tx: Db, reportId: ReportId, state: ReportState): Promise<void> {
  await tx.updateTable('report').set({ state }).where('report_id', '=', reportId).execute();
}

export async function setReportUrls(tx: Db, reportId: ReportId, urls: ReportUrls): Promise<void> {
  await tx
    .updateTable('report')
    .set({ urls: JSON.stringify(urls) })
    .where('report_id', '=', reportId)
    .execute();
}

/** Whether the reporter wants to be reached in a safe way, and the sealed record that says how. */
export async function setReporterSealed(
  tx: Db,
  reportId: ReportId,
  wish: { readonly wantsSafetyContact: boolean; readonly sealedId: SealedId | null },
): Promise<void> {
  await tx
    .updateTable('report')
    .set({ wants_safety_contact: wish.wantsSafetyContact, reporter_sealed_id: wish.sealedId })
    .where('report_id', '=', reportId)
    .execute();
}

/**
 * Takes the reporter out of a report that was withdrawn: who they are is deleted, what they showed stays. The message as it came goes too, because it names
 * its sender in many places; its words, addresses and files are kept apart from it.
 */
export async function forgetReporter(tx: Db, reportId: ReportId): Promise<void> {
  const { raw_blob_id: raw } = await tx
    .selectFrom('report')
    .select('raw_blob_id')
    .where('report_id', '=', reportId)
    .executeTakeFirstOrThrow();
  if (raw !== null) await dropPieces(tx, [raw]);
  await tx
    .updateTable('report')
    .set({ reporter_sealed_id: null, forward_consent: false, wants_safety_contact: false, raw_blob_id: null })
    .where('report_id', '=', reportId)
    .execute();
  await tx.deleteFrom('sealed_record').where('file_id', '=', reportId).where('kind', '=', 'reporter').execute();
}

/** Whether a report waits to be read for the first time that came in before an instant. One that failed is tried again at its own time and not meant. */
export async function isUnreadSince(db: Db, before: Instant, fastLane: boolean): Promise<boolean> {
  const row = await db
    .selectFrom('report')
    .select('received_at')
    .where('processed_at', 'is', null)
    .where('fast_lane', '=', fastLane)
    .where('case_id', 'is', null)
    .where('read_attempts', '=', 0)
    .orderBy('receipt_number')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined && row.received_at < before;
}

/** Has a report read (again): what was added to it is taken into its case. */
export async function putInLineAgain(tx: Db, reportId: ReportId): Promise<void> {
  await tx.updateTable('report').set({ processed_at: null, read_again_at: null }).where('report_id', '=', reportId).execute();
}

export async function addReporterMessage(tx: Db, message: { reportId: ReportId; at: Instant; text: string }): Promise<void> {
  await tx
    .insertInto('report_message')
    .values({
      message_id: MessageId.parse(randomId(idPrefix.message)),
      report_id: message.reportId,
      at: message.at,
      sender: 'reporter',
      text: message.text,
      person_id: null,
      person_name: null,
    })
    .execute();
  // Where the desk sees one report of each claim, this one is seen too.
  await tx.updateTable('report').set({ wrote_again: true }).where('report_id', '=', message.reportId).execute();
}

/** Messages both ways, oldest first. Says nothing of who at the desk wrote. */
export async function messagesOfReport(
  db: Db,
  reportId: ReportId,
): Promise<{ at: Instant; sender: 'reporter' | 'desk'; text: string }[]> {
  return db
    .selectFrom('report_message')
    .select(['at', 'sender', 'text'])
    .where('report_id', '=', reportId)
    .orderBy('created_order')
    .execute();
}

export async function countReportFiles(db: Db, reportId: ReportId): Promise<number> {
  const { count } = await db
    .selectFrom('report_file')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('report_id', '=', reportId)
    .executeTakeFirstOrThrow();
  return count;
}

/** The newest decision in force of a report's case: confirmed, or taken by one person alone. Null when there is none. */
export async function decisionBehind(
  db: Db,
  caseId: CaseId,
): Promise<{ decisionId: DeskDecisionId; number: string | null; since: Instant } | null> {
  const row = await db
    .selectFrom('desk_decision')
    .select(['decision_id', 'number', 'confirmed_at', 'proposed_at'])
    .where('case_id', '=', caseId)
    .where('state', 'in', ['confirmed', 'alone'])
    .orderBy('created_order', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined
    ? null
    : { decisionId: row.decision_id, number: row.number, since: row.confirmed_at ?? row.proposed_at };
}
