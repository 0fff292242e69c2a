/**
 * The export of a case's evidence: a ZIP that verifies itself with tools that everybody has (`sha256sum -c`, `openssl ts -verify`).
 *
 * Our own captures leave as they were made: evidence is not altered. Everything that we wrote is redacted with the names of the case and of the
 * reporters of each item. A file that somebody sent us leaves as it came only when none of their names stands in it; mail never does, because
 * its head names its sender: its words leave redacted, its hash stays (fails closed). Names inside the ZIP are ours, so a hostile name reaches nobody's disk.
 * Written as a stream: one blob is opened at a time. Each item gets a line of custody before the first byte leaves.
 */
import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { z } from 'zod';
import type { BlobId, CaseId, EvidenceId, ReportId } from '../../../contract/ids.ts';
import type { ExportRequest } from '../../../contract/routes/desk/evidence.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { msOf } from '../../../core/instant.ts';
import { readTimestamp } from '../../../kit/timestamp.ts';
import { addAudit } from '../../../store/audit.ts';
import { captureRecordsOf } from '../../../store/desk/captures.ts';
import type { CaptureRecord } from '../../../store/desk/captures.ts';
import { lockCase } from '../../../store/desk/cases.ts';
import { addCustodyIn, listCustody } from '../../../store/desk/custody.ts';
import { listEvidence, sourcesOf } from '../../../store/desk/evidence.ts';
import type { EvidenceRecord } from '../../../store/desk/evidence.ts';
import { findBlob } from '../../../store/desk/seal.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase, namesOfReporter } from '../names.ts';
import { readme, verifyScript } from './export-words.ts';

type Deps = Pick<DeskDeps, 'store' | 'now' | 'seal' | 'log' | 'provider' | 'version'>;

/** A file of the ZIP: bytes that we made, or a blob that is opened when its turn comes. */
type Entry =
  | { readonly name: string; readonly sha256: string; readonly bytes: Buffer }
  | { readonly name: string; readonly sha256: string; readonly blobId: BlobId };

/** What is told of each item beside its files. Redacted. */
type ItemFacts = Readonly<Record<string, unknown>>;

export async function exportCase(
  deps: Deps,
  caller: Caller,
  caseId: CaseId,
  { reason, evidence }: z.output<typeof ExportRequest>,
): Promise<{ number: string; stream: Readable }> {
  const { db } = deps.store;
  const wanted = evidence === undefined ? null : new Set(evidence);
  const items = (await listEvidence(db, caseId)).filter((item) => wanted === null || wanted.has(item.evidenceId));
  if (wanted !== null && items.length !== wanted.size) throw notFound('item of evidence');
  const named = await namesOfSources(deps, items);
  const ofCase = await namesOfCase(db, deps.seal, caseId);
  const names = [...ofCase, ...new Set([...named.values()].flat())];
  const at = nowOf(deps);
  const why = redact(reason, names);
  const captures = await captureRecordsOf(
    db,
    items.map((item) => item.evidenceId),
  );
  // Custody first: whatever leaves has its line, also when the line to the caller breaks in the middle.
  const found = await transact(deps.store, async (unit) => {
    const held = await lockCase(unit.tx, caseId);
    if (held === null) throw notFound('case');
    if (items.length === 0) throw new Failure('wrong-state', 'There is no evidence to export. Nothing was written.');
    const who = { personId: caller.personId, name: caller.name };
    for (const item of items) {
      const line = { evidenceId: item.evidenceId, at, personId: who.personId, personName: who.name };
      await addCustodyIn(unit.tx, { ...line, act: 'export', why, sha256: item.sha256 });
    }
    await addAudit(unit.tx, {
      at,
      who,
      act: 'evidence.export',
      subject: caseId,
      detail: { number: held.number, items: items.length, reason: why },
    });
    return held;
  });
  const entries: Entry[] = [];
  const facts: ItemFacts[] = [];
  const custody: Record<string, unknown> = {};
  const chains = new Map<EvidenceId, Awaited<ReturnType<typeof listCustody>>>();
  for (const item of items) chains.set(item.evidenceId, await listCustody(db, item.evidenceId));
  const clean = await cleaner(
    [
      ...items.flatMap((item) => [item.title, item.url]),
      ...captures.map((one) => one.finding),
      ...[...chains.values()].flatMap((chain) => chain.lines.map((line) => line.why)),
    ],
    names,
  );
  for (const item of items) {
    const own = captures.filter((one) => one.evidence_id === item.evidenceId);
    const files = await filesOf(deps, item, own, [...ofCase, ...(named.get(item.evidenceId) ?? [])]);
    entries.push(...files.entries);
    facts.push(factsOf(item, own, clean, files.notes));
    const chain = chains.get(item.evidenceId) ?? { intact: false, lines: [] };
    custody[item.evidenceId] = {
      intact: chain.intact,
      lines: chain.lines.map((line) => ({
        ...line,
        who: line.who?.name ?? null,
        why: clean(line.why),
      })),
    };
  }
  const made = (name: string, text: string): Entry => {
    const bytes = Buffer.from(text);
    return { name, sha256: hexOf(bytes), bytes };
  };
  const about = { exportedAt: at, exportedBy: caller.name, case: found.number, reason: why, provider: deps.provider };
  entries.push(
    made('README.txt', readme(about)),
    made('verify.sh', verifyScript),
    made('items.json', `${JSON.stringify({ ...about, software: `Portcullis ${deps.version}`, items: facts }, null, 2)}\n`),
    made('custody.json', `${JSON.stringify(custody, null, 2)}\n`),
  );
  return { number: found.number, stream: zipOf(deps, entries, msOf(at)) };
}

/** For each item the names of everybody who brought it. */
async function namesOfSources(deps: Deps, items: readonly EvidenceRecord[]): Promise<Map<EvidenceId, string[]>> {
  const known = new Map<ReportId, string[]>();
  const found = new Map<EvidenceId, string[]>();
  for (const { evidenceId } of items) {
    const names = new Set<string>();
    for (const reportId of await sourcesOf(deps.store.db, evidenceId)) {
      const own = known.get(reportId) ?? (await namesOfReporter(deps.store.db, deps.seal, reportId));
      known.set(reportId, own);
      for (const name of own) names.add(name);
    }
    found.set(evidenceId, [...names]);
  }
  return found;
}

/** A record separator as a picture: no text of ours holds it, and redaction leaves it alone. */
const between = '\n\n␞\n\n';
const chunkCharacters = 4000;

/**
 * Redacts many short texts in few passes, and lets others go on in between: with the names of two thousand reporters one pass takes a tenth of
 * a second, however short the text. A pass that ate a separator is done again text by text.
 */
async function cleaner(texts: readonly (string | null)[], names: readonly string[]): Promise<(text: string) => string> {
  const cleaned = new Map<string, string>();
  let chunk: string[] = [];
  let size = 0;
  const flush = async () => {
    const parts = redact(chunk.join(between), names).split(between);
    const whole = parts.length === chunk.length;
    for (const [index, text] of chunk.entries()) cleaned.set(text, whole ? (parts[index] ?? '') : redact(text, names));
    chunk = [];
    size = 0;
    await new Promise((resolve) => setImmediate(resolve));
  };
  for (const text of new Set(texts)) {
    if (text === null || text === '') continue;
    chunk.push(text);
    size += text.length;
    if (size >= chunkCharacters) await flush();
  }
  if (chunk.length > 0) await flush();
  return (text) => cleaned.get(text) ?? redact(text, names);
}

async function filesOf(
  deps: Deps,
  item: EvidenceRecord,
  captures: readonly CaptureRecord[],
  names: readonly string[],
): Promise<{ entries: Entry[]; notes: string[] }> {
  const folder = `evidence/${item.evidenceId}`;
  const entries: Entry[] = [];
  const notes: string[] = [];
  const { db } = deps.store;
  const blobEntry = async (name: string, blobId: BlobId | null) => {
    const blob = blobId === null ? null : await findBlob(db, blobId);
    if (blob !== null && blob.wrapped !== null) entries.push({ name, sha256: blob.sha256, blobId: blob.blobId });
  };
  for (const capture of captures) {
    if (capture.state === 'shredded' || capture.wacz_blob_id === null) continue;
    const base = `${folder}/${capture.capture_id}`;
    await blobEntry(`${base}.wacz`, capture.wacz_blob_id);
    await blobEntry(`${base}.png`, capture.screenshot_blob_id);
    await blobEntry(`${base}.wacz.tsr`, capture.timestamp_blob_id);
    const reply = capture.timestamp_blob_id === null ? null : await deps.seal.openBlob(db, capture.timestamp_blob_id);
    const wacz = reply === null ? null : await deps.seal.openBlob(db, capture.wacz_blob_id);
    if (reply === null || wacz === null) continue;
    const { certificates } = await readTimestamp(reply.bytes, wacz.bytes, null);
    const bytes = Buffer.from(certificates.join(''));
    entries.push({ name: `${base}.wacz.tsa.pem`, sha256: hexOf(bytes), bytes });
  }
  if (item.blobId === null || item.captureState === 'shredded') return { entries, notes };
  const type = item.mediaType?.split(';')[0] ?? '';
  const blob = await deps.seal.openBlob(db, item.blobId);
  if (blob === null) return { entries, notes };
  const bytes = Buffer.from(blob.bytes);
  if (/^(text\/|message\/)/.test(type) || item.kind === 'mail') {
    const text = Buffer.from(redact(bytes.toString('utf8').replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, ' '), names));
    entries.push({ name: `${folder}/text.redacted.txt`, sha256: hexOf(text), bytes: text });
    notes.push('Its words are here redacted; sha256 is that of the original.');
  } else if (names.some((name) => holds(bytes, name))) {
    notes.push('The file is withheld: it holds what names a person under seal. sha256 is that of the original.');
  } else {
    entries.push({ name: `${folder}/file.${extensionOf(type)}`, sha256: blob.sha256, blobId: item.blobId });
  }
  return { entries, notes };
}

/** Whether bytes hold a name in UTF-8 or UTF-16, in any case of letters. Not what is packed or drawn: a picture of a name is not found. */
function holds(bytes: Buffer, name: string): boolean {
  if (name.length < 3) return false;
  const wanted = name.toLowerCase();
  // UTF-16 may begin at an odd byte. By TextDecoder: `toString('utf16le')` of a buffer at an odd address ends Node 24.21 (“double free”).
  const wide = new TextDecoder('utf-16le');
  const readings = [bytes.toString('utf8'), wide.decode(bytes), wide.decode(bytes.subarray(1))];
  return readings.some((reading) => reading.toLowerCase().includes(wanted));
}

function factsOf(
  item: EvidenceRecord,
  captures: readonly CaptureRecord[],
  clean: (text: string) => string,
  notes: readonly string[],
): ItemFacts {
  return {
    evidence: item.evidenceId,
    kind: item.kind,
    level: item.level,
    title: clean(item.title),
    url: item.url === null ? null : clean(item.url),
    sha256: item.sha256,
    mediaType: item.mediaType,
    bytes: item.bytes,
    eventAt: item.eventAt,
    firstSeenAt: item.firstSeenAt,
    state: item.captureState,
    notes,
    captures: captures.map((one) => ({
      capture: one.capture_id,
      state: one.state,
      askedAt: one.asked_at,
      finishedAt: one.finished_at,
      finding: one.finding === null ? null : clean(one.finding),
      httpStatus: one.http_status,
      address: one.address,
      waczSha256: one.wacz_sha256,
      bodySha256: one.body_sha256,
      timestampedAt: one.timestamped_at,
    })),
  };
}

const extensions: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/webp': 'webp',
  'video/mp4': 'mp4',
  'video/webm': 'webm',
  'audio/mpeg': 'mp3',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
};

/** From the kind that the bytes show, never from the name that somebody gave. */
function extensionOf(type: string): string {
  return extensions[type] ?? 'bin';
}

function hexOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function zipOf(deps: Deps, entries: readonly Entry[], atMs: number): Readable {
  const zip = new ZipFile();
  const manifest = entries.map(({ sha256, name }) => `${sha256}  ${name}\n`).join('');
  for (const entry of entries) {
    const mode = entry.name === 'verify.sh' ? 0o100755 : 0o100644;
    const settings = { mtime: new Date(atMs), mode, compress: !/\.(wacz|png|jpg|mp4)$/.test(entry.name) };
    if ('bytes' in entry) {
      zip.addBuffer(entry.bytes, entry.name, settings);
      continue;
    }
    const { blobId, name } = entry;
    zip.addReadStreamLazy(name, settings, (callback) => {
      deps.seal.openBlob(deps.store.db, blobId).then(
        (blob) => {
          if (blob === null) callback(new Error(`${blobId} was shredded while it was exported`), Readable.from([]));
          else callback(null, Readable.from([Buffer.from(blob.bytes)]));
        },
        (error: unknown) => callback(error, Readable.from([])),
      );
    });
  }
  zip.addBuffer(Buffer.from(manifest), 'manifest.sha256', { mtime: new Date(atMs), mode: 0o100644 });
  const stream = new PassThrough();
  zip.outputStream.pipe(stream);
  zip.on('error', (error: Error) => {
    deps.log.warn({ err: error }, 'an export broke off');
    stream.destroy(error);
  });
  zip.end();
  return stream;
}
