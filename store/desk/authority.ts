/** Requests of authorities: rows in, records out. What may be done to one is core/desk/authority.ts, on a locked record. */
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { PersonRef } from '../../contract/routes/common.ts';
import { Instant } from '../../contract/ids.ts';
import type { AuthorityId, BlobId, CaseId, SealedId } from '../../contract/ids.ts';
import type { Json } from '../../contract/canonical.ts';
import type { AuthorityKind, AuthorityState } from '../../contract/desk/words.ts';
import type { Db } from '../open.ts';
import type { NamedPerson } from '../orders.ts';
import { pageOf } from '../paging.ts';
import type { Tx } from '../transact.ts';
import type { AuthorityRequestTable } from './tables.ts';

const Channel = z.enum(['form', 'mail', 'hand']);
const CallBack = z.object({ by: PersonRef, at: Instant, numberSource: z.string(), record: z.string() });
const Urls = z.array(z.string());

export type AuthorityRecord = {
  readonly authorityId: AuthorityId;
  readonly kind: AuthorityKind;
  readonly state: AuthorityState;
  readonly agency: string;
  readonly law: string | null;
  readonly reference: string | null;
  readonly urls: readonly string[];
  readonly text: string;
  readonly caseId: CaseId | null;
  readonly receivedAt: Instant;
  readonly channel: z.infer<typeof Channel>;
  readonly contactSealedId: SealedId | null;
  readonly blobId: BlobId | null;
  readonly callBack: z.infer<typeof CallBack> | null;
  readonly second: NamedPerson | null;
  readonly answeredAt: Instant | null;
  readonly answer: string | null;
  readonly preserveUntil: Instant | null;
};

/** `mailProof`: what DKIM and SPF said. Kept for whoever looks into a forgery; no rule reads it back. */
export async function insertAuthority(tx: Tx, record: AuthorityRecord, mailProof: Readonly<Record<string, Json>>): Promise<void> {
  const { authorityId, ...rest } = record;
  await tx
    .insertInto('authority_request')
    .values({ authority_id: authorityId, ...rowOf(rest), mail_proof: JSON.stringify(mailProof) })
    .execute();
}

/** Writes every column that an act can change. */
export async function replaceAuthority(tx: Tx, record: AuthorityRecord): Promise<void> {
  const { authorityId, ...rest } = record;
  await tx.updateTable('authority_request').set(rowOf(rest)).where('authority_id', '=', authorityId).execute();
}

/** One request. `lock` holds its row until the transaction ends. */
export async function findAuthority(
  db: Db,
  authorityId: AuthorityId,
  lock: 'lock' | 'look' = 'look',
): Promise<AuthorityRecord | null> {
  let query = db.selectFrom('authority_request').selectAll().where('authority_id', '=', authorityId);
  if (lock === 'lock') query = query.forUpdate();
  const row = await query.executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

const openStates: readonly AuthorityState[] = ['incomplete', 'call-back-due', 'complete'];

/** A page of requests, newest first. `before` is the `next` of the page before. */
export async function listAuthority(
  db: Db,
  ask: { open: boolean | null; limit: number; before: number | null },
): Promise<{ items: AuthorityRecord[]; next: number | null; total: number }> {
  let matching = db.selectFrom('authority_request');
  if (ask.open !== null) matching = matching.where('state', ask.open ? 'in' : 'not in', openStates);
  const { total } = await matching.select((select) => select.fn.countAll<number>().as('total')).executeTakeFirstOrThrow();
  let page = matching
    .selectAll()
    .orderBy('created_order', 'desc')
    .limit(ask.limit + 1);
  if (ask.before !== null) page = page.where('created_order', '<', ask.before);
  const { shown, next } = pageOf(await page.execute(), ask.limit);
  return { items: shown.map(recordOf), next, total };
}

/** Linked requests whose preservation still runs. */
export async function runningPreservations(
  db: Db,
  at: Instant,
): Promise<{ authorityId: AuthorityId; caseId: CaseId; until: Instant }[]> {
  const rows = await db
    .selectFrom('authority_request')
    .select(['authority_id', 'case_id', 'preserve_until'])
    .where('preserve_until', '>', at)
    .where('case_id', 'is not', null)
    .execute();
  return rows.flatMap((row) =>
    row.case_id === null || row.preserve_until === null
      ? []
      : [{ authorityId: row.authority_id, caseId: row.case_id, until: row.preserve_until }],
  );
}

function rowOf(record: Omit<AuthorityRecord, 'authorityId'>) {
  return {
    kind: record.kind,
    state: record.state,
    agency: record.agency,
    law: record.law,
    reference: record.reference,
    urls: JSON.stringify(record.urls),
    text: record.text,
    case_id: record.caseId,
    received_at: record.receivedAt,
    channel: record.channel,
    contact_sealed_id: record.contactSealedId,
    blob_id: record.blobId,
    call_back: record.callBack === null ? null : JSON.stringify(record.callBack),
    second_id: record.second?.personId ?? null,
    second_name: record.second?.name ?? null,
    answered_at: record.answeredAt,
    answer: record.answer,
    preserve_until: record.preserveUntil,
  };
}

function recordOf(row: Selectable<AuthorityRequestTable>): AuthorityRecord {
  return {
    authorityId: row.authority_id,
    kind: row.kind,
    state: row.state,
    agency: row.agency,
    law: row.law,
    reference: row.reference,
    urls: Urls.parse(row.urls),
    text: row.text,
    caseId: row.case_id,
    receivedAt: row.received_at,
    channel: Channel.parse(row.channel),
    contactSealedId: row.contact_sealed_id,
    blobId: row.blob_id,
    callBack: row.call_back === null ? null : CallBack.parse(row.call_back),
    second: row.second_id === null ? null : { personId: row.second_id, name: row.second_name ?? '' },
    answeredAt: row.answered_at,
    answer: row.answer,
    preserveUntil: row.preserve_until,
  };
}
