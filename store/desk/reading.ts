/**
 * What the reading of reports asks of the store: reports that wait, the sites of hostnames, what is hidden, and the report as it was read.
 *
 * The fast lane first, then by receipt number. A report is read by whoever holds its row; a second process passes by (`skip locked`).
 */
import { sql } from 'kysely';
import type { Hostname } from '../../contract/hostname.ts';
import type {
  AccountId,
  BlobId,
  CaseId,
  ClusterId,
  EvidenceId,
  Instant,
  ReceiptNumber,
  ReportId,
  SiteId,
} from '../../contract/ids.ts';
import type { ReportChannel, ReportClass, ReporterProof, ReporterRole, ReportState } from '../../contract/desk/words.ts';
import type { Db } from '../open.ts';
import type { Tx } from '../transact.ts';
import { checkedAmong } from './checked-addresses.ts';
import { ReportUrls } from './reports.ts';

export type Unread = {
  readonly reportId: ReportId;
  readonly number: ReceiptNumber;
  readonly channel: ReportChannel;
  readonly class: ReportClass;
  readonly fastLane: boolean;
  readonly state: ReportState;
  readonly receivedAt: Instant;
  readonly happenedAt: Instant | null;
  readonly hostname: string | null;
  readonly siteId: SiteId | null;
  readonly urls: ReportUrls;
  readonly text: string;
  readonly role: ReporterRole;
  readonly proof: ReporterProof;
  readonly mark: string | null;
  readonly clusterId: ClusterId | null;
  readonly caseId: CaseId | null;
  readonly attempts: number;
};

/** Reports that wait to be read, not held by anybody: whoever wants one asks `lockUnread` for it. */
export async function listUnread(
  db: Db,
  ask: { readonly at: Instant; readonly limit: number; readonly fastLane: boolean | null; readonly only?: ReportId },
): Promise<Unread[]> {
  let query = db.selectFrom('report').where('processed_at', 'is', null);
  query = query.where((where) => where.or([where('read_again_at', 'is', null), where('read_again_at', '<=', ask.at)]));
  if (ask.fastLane !== null) query = query.where('fast_lane', '=', ask.fastLane);
  if (ask.only !== undefined) query = query.where('report_id', '=', ask.only);
  const rows = await query
    .select([
      'report_id',
      'receipt_number',
      'channel',
      'class',
      'fast_lane',
      'state',
      'received_at',
      'happened_at',
      'hostname',
      'site_id',
    ])
    .select(['urls', 'text', 'role', 'reporter_proof', 'reporter_mark', 'cluster_id', 'case_id', 'read_attempts'])
    .orderBy('fast_lane', 'desc')
    .orderBy('receipt_number')
    .limit(ask.limit)
    .execute();
  return rows.map((row) => ({
    reportId: row.report_id,
    number: row.receipt_number,
    channel: row.channel,
    class: row.class,
    fastLane: row.fast_lane,
    state: row.state,
    receivedAt: row.received_at,
    happenedAt: row.happened_at,
    hostname: row.hostname,
    siteId: row.site_id,
    urls: ReportUrls.parse(row.urls),
    text: row.text,
    role: row.role,
    proof: row.reporter_proof,
    mark: row.reporter_mark,
    clusterId: row.cluster_id,
    caseId: row.case_id,
    attempts: row.read_attempts,
  }));
}

/** Of these reports those that still wait, held until the transaction ends, with what a reporter may have changed meanwhile. */
export async function lockUnread(
  tx: Tx,
  reportIds: readonly ReportId[],
): Promise<
  Map<
    ReportId,
    {
      readonly state: ReportState;
      readonly urls: ReportUrls;
      readonly clusterId: ClusterId | null;
      readonly caseId: CaseId | null;
    }
  >
> {
  if (reportIds.length === 0) return new Map();
  const rows = await tx
    .selectFrom('report')
    .select(['report_id', 'state', 'urls', 'cluster_id', 'case_id'])
    .where('report_id', 'in', [...reportIds])
    .where('processed_at', 'is', null)
    .orderBy('receipt_number')
    .forUpdate()
    .skipLocked()
    .execute();
  return new Map(
    rows.map((row) => [
      row.report_id,
      { state: row.state, urls: ReportUrls.parse(row.urls), clusterId: row.cluster_id, caseId: row.case_id },
    ]),
  );
}

export type UnreadFile = {
  readonly reportId: ReportId;
  readonly blobId: BlobId;
  readonly name: string;
  readonly mediaType: string;
  readonly sha256: string;
  readonly bytes: number;
};

/** Files of these reports that are not evidence yet. */
export async function listUnreadFiles(db: Db, reportIds: readonly ReportId[]): Promise<UnreadFile[]> {
  if (reportIds.length === 0) return [];
  const rows = await db
    .selectFrom('report_file')
    .innerJoin('blob', 'blob.blob_id', 'report_file.blob_id')
    .select([
      'report_file.report_id',
      'report_file.blob_id',
      'report_file.name',
      'report_file.media_type',
      'blob.sha256',
      'blob.bytes',
    ])
    .where('report_file.report_id', 'in', [...reportIds])
    .where('report_file.evidence_id', 'is', null)
    .orderBy('report_file.created_order')
    .execute();
  return rows.map((row) => ({
    reportId: row.report_id,
    blobId: row.blob_id,
    name: row.name,
    mediaType: row.media_type,
    sha256: row.sha256,
    bytes: row.bytes,
  }));
}

export async function setFileEvidence(tx: Tx, blobId: BlobId, evidenceId: EvidenceId): Promise<void> {
  await tx.updateTable('report_file').set({ evidence_id: evidenceId }).where('blob_id', '=', blobId).execute();
}

export type SiteOfName = { readonly siteId: SiteId; readonly accountId: AccountId; readonly name: string };

/** The site that serves each of these exact names: who has it literally, else who has the longest wildcard above it. */
export async function sitesOfNames(db: Db, names: readonly string[]): Promise<Map<string, SiteOfName>> {
  const ways = new Map(names.map((name) => [name, waysTo(name)]));
  const wanted = [...new Set([...ways.values()].flat())];
  if (wanted.length === 0) return new Map();
  const rows = await db
    .selectFrom('site_hostname')
    .innerJoin('site', 'site.site_id', 'site_hostname.site_id')
    .select(['site_hostname.hostname', 'site.site_id', 'site.account_id', 'site.name'])
    .where(sql<boolean>`site_hostname.hostname = any(${wanted}::text[])`)
    .where('site_hostname.ownership', '!=', 'pending')
    .execute();
  const held = new Map<string, SiteOfName>(
    rows.map((row) => [row.hostname, { siteId: row.site_id, accountId: row.account_id, name: row.name }]),
  );
  const found = new Map<string, SiteOfName>();
  for (const [name, way] of ways) {
    const first = way.find((one) => held.has(one));
    const site = first === undefined ? undefined : held.get(first);
    if (site !== undefined) found.set(name, site);
  }
  return found;
}

/** The name itself, then the wildcards that cover it, the longest first. */
function waysTo(name: string): string[] {
  const labels = name.split('.');
  return [name, ...labels.slice(1, -1).map((_label, index) => `*.${labels.slice(index + 1).join('.')}`)];
}

/** One site, for a report whose site is known. */
export async function siteOf(db: Db, siteId: SiteId): Promise<SiteOfName | null> {
  const row = await db
    .selectFrom('site')
    .select(['site_id', 'account_id', 'name'])
    .where('site_id', '=', siteId)
    .executeTakeFirst();
  return row === undefined ? null : { siteId: row.site_id, accountId: row.account_id, name: row.name };
}

/** Of these artefacts those that must not be fetched, because they were reported as criminal to hold and nobody said since that they were checked. */
export async function hiddenAmong(db: Db, artefacts: readonly string[]): Promise<ReadonlySet<string>> {
  if (artefacts.length === 0) return new Set();
  const rows = await db
    .selectFrom('evidence')
    .select('artefact')
    .distinct()
    .where(sql<boolean>`artefact = any(${[...artefacts]}::text[])`)
    .where('capture_state', '=', 'never')
    .execute();
  const checked = await checkedAmong(
    db,
    rows.map((row) => row.artefact),
  );
  return new Set(rows.map((row) => row.artefact).filter((artefact) => !checked.has(artefact)));
}

/** Stops what waits to be fetched of these artefacts. What was captured before stays as it is: people decide. */
export async function stopCaptures(tx: Tx, artefacts: readonly string[]): Promise<void> {
  if (artefacts.length === 0) return;
  await sql`with stopped as (
      update evidence set capture_state = 'never' where artefact = any(${[...artefacts]}::text[])
        and capture_state in ('none', 'waiting', 'running') returning evidence_id
    ) update capture set state = 'never', finding = 'This address was reported as criminal to hold, so it is not fetched until a lead says that it was checked.', url = null, host = null
      where state = 'waiting' and evidence_id in (select evidence_id from stopped)`.execute(tx);
}

/** Whether people are still being woken for a fast-lane report of a case: nobody has seen its alarm or acknowledged a page since. */
export async function isStillRinging(db: Db, caseId: CaseId, since: Instant): Promise<boolean> {
  const open = await db
    .selectFrom('alarm')
    .select('alarm_id')
    .where('kind', '=', 'fast-lane')
    .where('case_id', '=', caseId)
    .where('acknowledged_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  if (open === undefined) return false;
  const answered = await db
    .selectFrom('outbox')
    .select('page_id')
    .where(sql<boolean>`starts_with(wake, 'fast-lane')`)
    .where('created_at', '>=', since)
    .where('acknowledged_at', 'is not', null)
    // A page for several cases names none.
    .where((where) => where.or([where('case_id', '=', caseId), where('case_id', 'is', null)]))
    .limit(1)
    .executeTakeFirst();
  return answered === undefined;
}

/** Whether a case holds a report of one of these classes. */
export async function hasReportOfClass(db: Db, caseId: CaseId, classes: readonly ReportClass[]): Promise<boolean> {
  const row = await db
    .selectFrom('report')
    .select('report_id')
    .where('case_id', '=', caseId)
    .where('class', 'in', [...classes])
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Notes for many reports which items they brought. */
export async function addSourcesIn(
  tx: Tx,
  sources: readonly { readonly evidenceId: EvidenceId; readonly reportId: ReportId }[],
): Promise<void> {
  if (sources.length === 0) return;
  const rows = sources.map((source) => ({ evidence_id: source.evidenceId, report_id: source.reportId }));
  await sql`insert into evidence_source (evidence_id, report_id)
    select evidence_id, report_id from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(evidence_id text, report_id text)
    on conflict do nothing`.execute(tx);
}

export type ReadReport = {
  readonly reportId: ReportId;
  readonly at: Instant;
  readonly state: ReportState;
  readonly hostname: Hostname | string | null;
  readonly siteId: SiteId | null;
  readonly urls: ReportUrls;
  readonly clusterId: ClusterId;
  readonly caseId: CaseId;
  /** Already redacted. */
  readonly search: string;
};

/** Writes what became of reports that were read. */
export async function finishReading(tx: Tx, reports: readonly ReadReport[]): Promise<void> {
  if (reports.length === 0) return;
  const rows = reports.map((one) => ({
    report_id: one.reportId,
    at: one.at,
    state: one.state,
    hostname: one.hostname,
    site_id: one.siteId,
    urls: one.urls,
    cluster_id: one.clusterId,
    case_id: one.caseId,
    search: one.search,
  }));
  await sql`update report set processed_at = r.at, state = r.state, hostname = r.hostname, site_id = r.site_id, urls = r.urls,
      cluster_id = r.cluster_id, case_id = r.case_id, search = to_tsvector('simple', r.search), read_again_at = null
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r(report_id text, at timestamptz, state text, hostname text, site_id text,
      urls jsonb, cluster_id text, case_id text, search text)
    where report.report_id = r.report_id`.execute(tx);
}

/** A reading that failed: it is tried again at `again`. */
export async function postponeReading(db: Db, reportId: ReportId, again: Instant): Promise<void> {
  await db
    .updateTable('report')
    .set({ read_attempts: sql<number>`read_attempts + 1`, read_again_at: again })
    .where('report_id', '=', reportId)
    .where('processed_at', 'is', null)
    .execute();
}
