/**
 * Items of evidence: one row for each artefact of a case, with the reports that brought it.
 *
 * What makes an artefact one is its `artefact` text (a canonical address, a hash of bytes): the same one is never twice in a case. Rows
 * are never deleted: what is shredded or past its time loses its words and bytes and keeps its hashes and its chain of custody.
 */
import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import { EvidenceId, idPrefix } from '../../contract/ids.ts';
import type { BlobId, CaseId, Instant, PersonId, ReportId } from '../../contract/ids.ts';
import type { CaptureState, EvidenceKind, EvidenceLevel } from '../../contract/desk/words.ts';
import type { Evidence } from '../../contract/desk/shapes.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';
import { capturesOf } from './captures.ts';
import { addCustodyIn } from './custody.ts';
import type { EvidenceTable } from './tables.ts';

/** How long an item is kept once its case is closed, unless a hold is set: 90 days, as 18 U.S.C. 2703(f) asks of providers. */
const keptDays = 90;

export type EvidenceDraft = {
  readonly caseId: CaseId;
  readonly kind: EvidenceKind;
  readonly level: EvidenceLevel;
  /** What makes it one artefact within its case. */
  readonly artefact: string;
  readonly title: string;
  /** The address as people read it, redacted; null for what has none. */
  readonly url: string | null;
  readonly blob: {
    readonly blobId: BlobId;
    readonly sha256: string;
    readonly mediaType: string;
    readonly bytes: number;
  } | null;
  /** Of what has no bytes here, such as an address that is never fetched; ignored when there is a blob. */
  readonly sha256?: string | null;
  /** When it happened or was posted; null when nobody said. */
  readonly eventAt: Instant | null;
  /** When we first heard of it: for a report, when that was received. */
  readonly firstSeenAt: Instant;
  readonly at: Instant;
  readonly addedBy: { readonly personId: PersonId; readonly name: string } | null;
  readonly sensitive: boolean;
  /** `waiting` when a capture is asked for in the same transaction; `never` for what is criminal to hold. */
  readonly captureState: CaptureState;
  readonly note?: string | null;
  /** For the custody line; names nobody. */
  readonly why: string;
  /** The report that brought it. */
  readonly reportId?: ReportId;
};

/**
 * Adds an item unless its case has the artefact already, and notes the report that brought it. Of a known item
 * the earliest event time and the earliest `firstSeenAt` that were given stand, so that the order of arrival does not matter.
 */
export async function addEvidenceIn(tx: Tx, given: EvidenceDraft): Promise<{ evidenceId: EvidenceId; isNew: boolean }> {
  const draft = { ...given, artefact: artefactKey(given.artefact) };
  const inserted = await tx
    .insertInto('evidence')
    .values({
      evidence_id: EvidenceId.parse(randomId(idPrefix.evidence)),
      case_id: draft.caseId,
      kind: draft.kind,
      level: draft.level,
      artefact: draft.artefact,
      title: draft.title,
      url: draft.url,
      blob_id: draft.blob?.blobId ?? null,
      sha256: draft.blob?.sha256 ?? draft.sha256 ?? null,
      media_type: draft.blob?.mediaType ?? null,
      bytes: draft.blob?.bytes ?? null,
      event_at: draft.eventAt,
      event_fixed: false,
      first_seen_at: draft.firstSeenAt,
      added_by: draft.addedBy?.personId ?? null,
      added_name: draft.addedBy?.name ?? null,
      sensitive: draft.sensitive,
      capture_state: draft.captureState,
      hold_until: null,
      delete_after: instantOf(msOf(draft.at) + keptDays * 86_400_000),
      note: draft.note ?? null,
      confirmed_by_note: null,
    })
    .onConflict((conflict) => conflict.columns(['case_id', 'artefact']).where('case_id', 'is not', null).doNothing())
    .returning('evidence_id')
    .executeTakeFirst();
  const evidenceId = inserted?.evidence_id ?? (await meetAgain(tx, draft));
  if (inserted !== undefined) {
    await addCustodyIn(tx, {
      evidenceId,
      at: draft.at,
      personId: draft.addedBy?.personId ?? null,
      personName: draft.addedBy?.name ?? null,
      act: 'create',
      why: draft.why,
      sha256: draft.blob?.sha256 ?? draft.sha256 ?? null,
    });
  }
  if (draft.reportId !== undefined) await addSourceIn(tx, evidenceId, draft.reportId);
  return { evidenceId, isNew: inserted !== undefined };
}

/** An artefact's text as the index takes it: a long one (an address of four thousand characters) stands there as its hash. */
function artefactKey(artefact: string): string {
  return artefact.length <= 600 ? artefact : `sha256:${createHash('sha256').update(artefact).digest('hex')}`;
}

async function meetAgain(tx: Tx, draft: EvidenceDraft): Promise<EvidenceId> {
  const known = await tx
    .selectFrom('evidence')
    .select(['evidence_id', 'event_at', 'event_fixed', 'first_seen_at'])
    .where('case_id', '=', draft.caseId)
    .where('artefact', '=', draft.artefact)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const earlier = draft.firstSeenAt < known.first_seen_at;
  // What a person put right is not undone by the next report.
  const happened = draft.eventAt !== null && !known.event_fixed && (known.event_at === null || draft.eventAt < known.event_at);
  if (earlier || happened) {
    await tx
      .updateTable('evidence')
      .set({
        event_at: happened ? draft.eventAt : known.event_at,
        first_seen_at: earlier ? draft.firstSeenAt : known.first_seen_at,
      })
      .where('evidence_id', '=', known.evidence_id)
      .execute();
  }
  return known.evidence_id;
}

/** Notes that a report brought an item; the same twice is one. */
async function addSourceIn(tx: Tx, evidenceId: EvidenceId, reportId: ReportId): Promise<void> {
  await tx
    .insertInto('evidence_source')
    .values({ evidence_id: evidenceId, report_id: reportId })
    .onConflict((conflict) => conflict.columns(['evidence_id', 'report_id']).doNothing())
    .execute();
}

/** The reports that brought an item, in order of their ids (never of their arrival). */
export async function sourcesOf(db: Db, evidenceId: EvidenceId): Promise<ReportId[]> {
  const rows = await db
    .selectFrom('evidence_source')
    .select('report_id')
    .where('evidence_id', '=', evidenceId)
    .orderBy('report_id')
    .execute();
  return rows.map((row) => row.report_id);
}

export type EvidenceRecord = Omit<Evidence, 'captures'> & {
  readonly caseId: CaseId | null;
  readonly blobId: BlobId | null;
  readonly artefact: string;
};

/** One item. `lock` holds its row until the transaction ends (the case's row first, when both are needed). */
export async function findEvidence(
  db: Db,
  evidenceId: EvidenceId,
  lock: 'lock' | 'look' = 'look',
): Promise<EvidenceRecord | null> {
  let query = db.selectFrom('evidence').selectAll().where('evidence_id', '=', evidenceId);
  if (lock === 'lock') query = query.forUpdate();
  const row = await query.executeTakeFirst();
  return row === undefined ? null : recordOf(row);
}

export async function listEvidence(db: Db, caseId: CaseId): Promise<EvidenceRecord[]> {
  const rows = await db.selectFrom('evidence').selectAll().where('case_id', '=', caseId).orderBy('created_order').execute();
  return rows.map(recordOf);
}

/** Items of a case as routes show them, oldest first. Titles and addresses are as they were kept: whoever shows them redacts them. */
export async function evidenceOfCase(db: Db, caseId: CaseId): Promise<Evidence[]> {
  return withCaptures(db, await listEvidence(db, caseId));
}

export async function withCaptures(db: Db, records: readonly EvidenceRecord[]): Promise<Evidence[]> {
  const captures = await capturesOf(
    db,
    records.map((record) => record.evidenceId),
  );
  return records.map(({ caseId: _case, blobId: _blob, artefact: _artefact, ...shown }) => ({
    ...shown,
    captures: captures.get(shown.evidenceId) ?? [],
  }));
}

export type EvidenceChange = Partial<{
  readonly title: string;
  readonly eventAt: Instant;
  readonly level: EvidenceLevel;
  readonly confirmedBy: string;
  readonly sensitive: boolean;
  readonly holdUntil: Instant | null;
  readonly captureState: CaptureState;
}>;

export async function changeEvidenceIn(tx: Tx, evidenceId: EvidenceId, change: EvidenceChange): Promise<void> {
  if (Object.keys(change).length === 0) return;
  await tx
    .updateTable('evidence')
    .set({
      ...(change.title === undefined ? {} : { title: change.title }),
      ...(change.eventAt === undefined ? {} : { event_at: change.eventAt, event_fixed: true }),
      ...(change.level === undefined ? {} : { level: change.level }),
      ...(change.confirmedBy === undefined ? {} : { confirmed_by_note: change.confirmedBy }),
      ...(change.sensitive === undefined ? {} : { sensitive: change.sensitive }),
      ...(change.holdUntil === undefined ? {} : { hold_until: change.holdUntil }),
      ...(change.captureState === undefined ? {} : { capture_state: change.captureState }),
    })
    .where('evidence_id', '=', evidenceId)
    .execute();
}

/**
 * Holds everything of a case until an instant: an item that is held longer already stays so. Each gets a line of custody.
 * `why` names no person. Returns how many items there are.
 */
export async function holdCaseIn(
  tx: Tx,
  hold: {
    readonly caseId: CaseId;
    readonly until: Instant;
    readonly at: Instant;
    readonly who: { readonly personId: PersonId; readonly name: string } | null;
    readonly why: string;
  },
): Promise<number> {
  const items = await tx
    .selectFrom('evidence')
    .select(['evidence_id', 'hold_until'])
    .where('case_id', '=', hold.caseId)
    .orderBy('created_order')
    .forUpdate()
    .execute();
  for (const item of items) {
    if (item.hold_until !== null && item.hold_until >= hold.until) continue;
    await changeEvidenceIn(tx, item.evidence_id, { holdUntil: hold.until });
    await addCustodyIn(tx, {
      evidenceId: item.evidence_id,
      at: hold.at,
      personId: hold.who?.personId ?? null,
      personName: hold.who?.name ?? null,
      act: 'hold',
      why: `until ${hold.until}: ${hold.why}`,
      sha256: null,
    });
  }
  return items.length;
}

function recordOf(row: Selectable<EvidenceTable>): EvidenceRecord {
  return {
    evidenceId: row.evidence_id,
    caseId: row.case_id,
    kind: row.kind,
    level: row.level,
    artefact: row.artefact,
    title: row.title,
    url: row.url,
    blobId: row.blob_id,
    sha256: row.sha256,
    mediaType: row.media_type,
    bytes: row.bytes,
    eventAt: row.event_at,
    firstSeenAt: row.first_seen_at,
    addedBy: row.added_by === null ? null : { personId: row.added_by, name: row.added_name ?? '' },
    sensitive: row.sensitive,
    captureState: row.capture_state,
    holdUntil: row.hold_until,
    deleteAfter: row.delete_after,
    note: row.note,
  };
}
