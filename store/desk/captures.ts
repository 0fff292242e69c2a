/**
 * Captures: who asked for our own copy of an address, when it is due, whose turn it is, and what came of it.
 *
 * A capture is claimed for a while by one control process; when that dies the claim runs out and another takes it. Urgent ones go first; among them
 * it is the turn of the case that had fewest captures begun in the last minutes, so that whoever names thousands of addresses in one case does not
 * keep the others waiting. No more than `mostAMinute` are begun at the machines of one domain in a minute, all cases together: nobody makes us a
 * scanner or a flood against others by reporting them. What is over that waits and is not lost. Redirects are not counted by where they lead.
 */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import { CaptureId, idPrefix } from '../../contract/ids.ts';
import type { BlobId, CaseId, EvidenceId, Instant } from '../../contract/ids.ts';
import type { CaptureState, ReportClass } from '../../contract/desk/words.ts';
import type { Capture } from '../../contract/desk/shapes.ts';
import { machinesOfUrl } from '../../core/desk/urls.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';
import type { CaptureTable } from './tables.ts';

export type CaptureAsk = {
  readonly evidenceId: EvidenceId;
  /** As it was given, so that what is fetched is what was reported. */
  readonly url: string;
  readonly urgent: boolean;
  readonly at: Instant;
  readonly dueAt: Instant;
};

/**
 * Asks for a capture. One that waits or runs for the item already is the one: it becomes urgent and due earlier when this asks so.
 * The item's `capture_state` is set here too. Never ask for what is criminal to hold: the worker refuses it, but the row would stand.
 */
export async function askCaptureIn(tx: Tx, ask: CaptureAsk): Promise<CaptureId> {
  const open = await tx
    .selectFrom('capture')
    .select(['capture_id', 'urgent', 'due_at'])
    .where('evidence_id', '=', ask.evidenceId)
    .where('state', 'in', ['waiting', 'running'])
    .limit(1)
    .executeTakeFirst();
  if (open !== undefined) {
    if ((ask.urgent && !open.urgent) || ask.dueAt < open.due_at) {
      await tx
        .updateTable('capture')
        .set({ urgent: ask.urgent || open.urgent, due_at: ask.dueAt < open.due_at ? ask.dueAt : open.due_at })
        .where('capture_id', '=', open.capture_id)
        .execute();
    }
    return open.capture_id;
  }
  const captureId = CaptureId.parse(randomId(idPrefix.capture));
  await tx
    .insertInto('capture')
    .values({
      capture_id: captureId,
      evidence_id: ask.evidenceId,
      url: ask.url,
      host: machinesOfUrl(ask.url),
      started_at: null,
      state: 'waiting',
      urgent: ask.urgent,
      asked_at: ask.at,
      due_at: ask.dueAt,
      attempts: 0,
      next_at: ask.at,
      claimed_by: null,
      claimed_until: null,
      finished_at: null,
      finding: null,
      wacz_blob_id: null,
      wacz_sha256: null,
      screenshot_blob_id: null,
      text_blob_id: null,
      timestamp_blob_id: null,
      timestamped_at: null,
      body_sha256: null,
      http_status: null,
      address: null,
    })
    .execute();
  await tx
    .updateTable('evidence')
    .set({ capture_state: 'waiting' })
    .where('evidence_id', '=', ask.evidenceId)
    .where('capture_state', 'not in', ['captured', 'never', 'shredded'])
    .execute();
  return captureId;
}

/** Captures of items as routes show them, oldest first. */
export async function capturesOf(db: Db, evidenceIds: readonly EvidenceId[]): Promise<Map<EvidenceId, Capture[]>> {
  const found = new Map<EvidenceId, Capture[]>();
  for (const row of await captureRecordsOf(db, evidenceIds)) {
    found.set(row.evidence_id, [...(found.get(row.evidence_id) ?? []), captureOf(row)]);
  }
  return found;
}

export type CaptureRecord = Selectable<CaptureTable>;

/** The rows themselves, oldest first. */
export async function captureRecordsOf(db: Db, evidenceIds: readonly EvidenceId[]): Promise<CaptureRecord[]> {
  if (evidenceIds.length === 0) return [];
  return db.selectFrom('capture').selectAll().where('evidence_id', 'in', evidenceIds).orderBy('created_order').execute();
}

export type CaptureTurn = {
  readonly captureId: CaptureId;
  readonly evidenceId: EvidenceId;
  readonly url: string | null;
  readonly attempts: number;
  readonly caseId: CaseId | null;
  /** Of its case; null without one. */
  readonly class: ReportClass | null;
  readonly urgent: boolean;
  /** The item's: `never` when its address was reported as criminal to hold meanwhile. */
  readonly itemState: CaptureState;
  readonly claimedBy: string;
};

/**
 * Makes urgent what waits in open cases in whose lane a life is in danger: a case may have come into that lane after its captures were asked for.
 * Found by way of the few such cases, so it costs nothing when thousands wait elsewhere.
 */
export async function urgeCaptures(db: Db, dueAt: Instant): Promise<void> {
  await sql`update capture set urgent = true, due_at = least(capture.due_at, ${dueAt}::timestamptz)
    from evidence e join desk_case c on c.case_id = e.case_id
    where capture.evidence_id = e.evidence_id and capture.state = 'waiting' and not capture.urgent
      and c.lane_rank = 0 and c.closed_at is null`.execute(db);
}

function dueAt(db: Db, at: Instant) {
  return db
    .selectFrom('capture')
    .select('capture_id')
    .where((where) =>
      where.or([
        where.and([where('state', '=', 'waiting'), where('next_at', '<=', at)]),
        where.and([where('state', '=', 'running'), where('claimed_until', '<=', at)]),
      ]),
    );
}

/** Whether it is the turn of any capture: a look without a lock, several times a second. */
export async function hasCaptureDue(db: Db, at: Instant, urgentOnly: boolean): Promise<boolean> {
  let query = dueAt(db, at);
  if (urgentOnly) query = query.where('urgent', '=', true);
  return (await query.limit(1).executeTakeFirst()) !== undefined;
}

/** Gives a turn back unused, as when the program stops. */
export async function returnCapture(db: Db, turn: CaptureTurn, at: Instant): Promise<void> {
  await db
    .updateTable('capture')
    .set({ state: 'waiting', claimed_by: null, claimed_until: null, next_at: at, attempts: turn.attempts - 1 })
    .where('capture_id', '=', turn.captureId)
    .where('state', '=', 'running')
    .where('claimed_by', '=', turn.claimedBy)
    .where('attempts', '=', turn.attempts)
    .execute();
}

/** At the machines of one domain; a page and what it redirects to within its domain count once. */
export const mostAMinute = 30;
const minuteMs = 60_000;
/** How long a case's captures count when it is asked whose turn it is. */
const fairnessMs = 10 * minuteMs;

/** Claims captures whose turn it is, urgent ones first and then case by case, for a process until an instant. */
export async function claimCapturesIn(
  tx: Tx,
  claim: {
    readonly by: string;
    readonly at: Instant;
    readonly until: Instant;
    readonly limit: number;
    readonly urgentOnly: boolean;
  },
): Promise<CaptureTurn[]> {
  const { rows: due } = await sql<{ capture_id: CaptureId }>`
    with begun as (
      select e.case_id, count(*) as n from capture c join evidence e on e.evidence_id = c.evidence_id
      where c.started_at > ${instantOf(msOf(claim.at) - fairnessMs)} group by e.case_id
    ), busy as (
      select host from capture where started_at > ${instantOf(msOf(claim.at) - minuteMs)} and host is not null
      group by host having count(*) >= ${mostAMinute}
    )
    select c.capture_id from capture c join evidence e on e.evidence_id = c.evidence_id left join begun on begun.case_id = e.case_id
    where ((c.state = 'waiting' and c.next_at <= ${claim.at}) or (c.state = 'running' and c.claimed_until <= ${claim.at}))
      and (c.urgent or not ${claim.urgentOnly}::boolean) and (c.host is null or c.host not in (select host from busy))
    order by c.urgent desc, coalesce(begun.n, 0), c.next_at, c.created_order
    limit ${claim.limit} for update of c skip locked`.execute(tx);
  if (due.length === 0) return [];
  const ids = due.map((row) => row.capture_id);
  await tx
    .updateTable('capture')
    .set((set) => ({
      state: 'running',
      claimed_by: claim.by,
      claimed_until: claim.until,
      started_at: claim.at,
      attempts: set('attempts', '+', 1),
    }))
    .where('capture_id', 'in', ids)
    .execute();
  const rows = await tx
    .selectFrom('capture')
    .innerJoin('evidence', 'evidence.evidence_id', 'capture.evidence_id')
    .leftJoin('desk_case', 'desk_case.case_id', 'evidence.case_id')
    .select([
      'capture_id as captureId',
      'capture.evidence_id as evidenceId',
      'capture.url as url',
      'attempts',
      'urgent',
      'capture_state as itemState',
      'evidence.case_id as caseId',
      'class',
    ])
    .where('capture_id', 'in', ids)
    .orderBy('urgent', 'desc')
    .orderBy('capture.created_order')
    .execute();
  return rows.map((row) => ({ ...row, claimedBy: claim.by }));
}

export type CaptureOutcome = {
  readonly state: 'captured' | 'gone' | 'failed' | 'refused' | 'never' | 'waiting';
  readonly finding: string;
  /** For `waiting`: when it is tried again. */
  readonly nextAt?: Instant;
  readonly httpStatus?: number | null;
  readonly address?: string | null;
  readonly bodySha256?: string | null;
  readonly wacz?: { readonly blobId: BlobId; readonly sha256: string };
  readonly screenshot?: BlobId | null;
  readonly text?: BlobId | null;
  readonly timestamp?: { readonly blobId: BlobId; readonly at: Instant } | null;
};

/** Writes what came of a capture (lock its item first: whoever adds an item asks for a capture in that order); false when it is no longer this process's turn, and then nothing may be kept. */
export async function settleCaptureIn(tx: Tx, turn: CaptureTurn, outcome: CaptureOutcome, at: Instant): Promise<boolean> {
  const settled = await tx
    .updateTable('capture')
    .set({
      state: outcome.state,
      finding: outcome.finding,
      claimed_by: null,
      claimed_until: null,
      finished_at: outcome.state === 'waiting' ? null : at,
      ...(outcome.nextAt === undefined ? {} : { next_at: outcome.nextAt }),
      http_status: outcome.httpStatus ?? null,
      address: outcome.address ?? null,
      body_sha256: outcome.bodySha256 ?? null,
      wacz_blob_id: outcome.wacz?.blobId ?? null,
      wacz_sha256: outcome.wacz?.sha256 ?? null,
      screenshot_blob_id: outcome.screenshot ?? null,
      text_blob_id: outcome.text ?? null,
      timestamp_blob_id: outcome.timestamp?.blobId ?? null,
      timestamped_at: outcome.timestamp?.at ?? null,
    })
    .where('capture_id', '=', turn.captureId)
    .where('state', '=', 'running')
    .where('claimed_by', '=', turn.claimedBy)
    .where('attempts', '=', turn.attempts)
    .returning('capture_id')
    .executeTakeFirst();
  return settled !== undefined;
}

function captureOf(row: CaptureRecord): Capture {
  return {
    captureId: row.capture_id,
    state: row.state,
    askedAt: row.asked_at,
    dueAt: row.due_at,
    finishedAt: row.finished_at,
    finding: row.finding,
    httpStatus: row.http_status,
    waczSha256: row.wacz_sha256,
    timestampedAt: row.timestamped_at,
    hasScreenshot: row.screenshot_blob_id !== null,
  };
}
