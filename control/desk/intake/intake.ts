/**
 * Takes reports in: durable before the receipt goes out, many at once in one transaction.
 *
 * While one batch is being committed, the next one gathers, so a lone report waits for nobody and a flood shares its commits (measured by
 * bench/desk/intake.ts). Reports with large files go by a line of their own and hold nobody up. The fast lane goes first in every batch.
 * What one report breaks does not fail its neighbours: a batch that fails is tried again one by one.
 * A report is never dropped: `accept` resolves after the commit or throws, and then nothing was stored. After a crash between commit and
 * answer the report is there and its sender does not know; they send it again, and duplicates change nothing.
 * Count-blind: nothing here logs, rings or answers by how many reports there are; numbers are dense on purpose (the record shows a gap).
 * Not here: limits (the doors), reading (control/desk/reading).
 */
import { createHash } from 'node:crypto';
import { idPrefix, ReceiptNumber, ReportId } from '../../../contract/ids.ts';
import type { BlobId, Instant, SealedId } from '../../../contract/ids.ts';
import { languageHint } from '../../../core/desk/language.ts';
import { committedText, leafAround, saltSource } from '../../../core/desk/receipt-leaf.ts';
import { randomId } from '../../../kit/random-id.ts';
import { sniffType } from '../../../kit/sniff.ts';
import { insertReportFiles, storeReports } from '../../../store/desk/reports.ts';
import type { NewReport, ReportUrls } from '../../../store/desk/reports.ts';
import { isStoreDown } from '../../../store/errors.ts';
import { transact } from '../../../store/transact.ts';
import type { Tx } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import { Failure } from '../../http/failure.ts';
import { hashOf, newSecret } from '../../identity/secrets.ts';
import type { Accepted, DeskDeps, Incoming, IncomingFile, Intake, SealedNew } from '../deps.ts';
import { cleanFileName, cleanText } from './clean.ts';
import { floodGauge } from './flood.ts';
import { urlsOf } from './urls.ts';

const mostInBatch = 200;
/**
 * In a flood a batch gathers for so long. A statement costs the database a millisecond and a half whatever it stores, and with two or three reports in each
 * it is that which a thousand a second would wait for.
 */
const gatherMs = 5;
const heavyBytes = 128 * 1024;
/** Ordinary reports that may wait at once; at a thousand a second this is what five seconds bring. */
const mostWaiting = 5000;
const longestText = 100_000;

type Prepared = {
  readonly incoming: Incoming;
  readonly reportId: ReportId;
  readonly receivedAt: Instant;
  readonly token: string;
  readonly text: string;
  readonly urls: ReportUrls;
  readonly hostname: string | null;
  readonly files: readonly IncomingFile[];
  readonly filesRefused: number;
  readonly raw: IncomingFile | null;
  /** Who reported, sealed; null when they said nothing or when files came with it. */
  readonly sealed: SealedNew | null;
  readonly mark: string | null;
  readonly leaf: ReturnType<typeof leafAround>;
};

type Waiting = {
  readonly prepared: Prepared;
  readonly resolve: (accepted: Accepted) => void;
  readonly reject: (error: unknown) => void;
};

type Line = { readonly urgent: Waiting[]; readonly ordinary: Waiting[]; running: boolean };

/** `close` writes what is still waiting. */
export function openIntake(deps: Pick<DeskDeps, 'store' | 'seal' | 'now' | 'publicUrl'>): Intake & { close(): Promise<void> } {
  // One batch of a line at a time: a second would wait for the counter until the first is on disk, and whoever is in it for both.
  const light: Line = { urgent: [], ordinary: [], running: false };
  const heavy: Line = { urgent: [], ordinary: [], running: false };
  const idle = new Set<() => void>();
  const gauge = floodGauge(deps.now);

  function start(line: Line): void {
    if (line.running || line.urgent.length + line.ordinary.length === 0) return;
    line.running = true;
    const begin = () => {
      const size = line === heavy ? 1 : mostInBatch;
      const batch = line.urgent.splice(0, size);
      batch.push(...line.ordinary.splice(0, size - batch.length));
      void write(batch).finally(() => {
        line.running = false;
        start(line);
        if (isIdle()) for (const done of idle) done();
      });
    };
    if (gauge.isFlood() && line.urgent.length === 0) setTimeout(begin, gatherMs);
    else setImmediate(begin);
  }

  const isIdle = () => [light, heavy].every((line) => !line.running && line.urgent.length + line.ordinary.length === 0);

  /** Never throws: every caller in the batch gets an answer. */
  async function write(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 0) return;
    try {
      const accepted = await store(batch.map(({ prepared }) => prepared));
      for (const [index, waiting] of batch.entries()) {
        const one = accepted[index];
        if (one === undefined) waiting.reject(new Error('a report was stored without a receipt'));
        else waiting.resolve(one);
      }
    } catch (error) {
      if (batch.length === 1 || isStoreDown(error)) for (const { reject } of batch) reject(error);
      else for (const waiting of batch) await write([waiting]);
    }
  }

  async function store(batch: readonly Prepared[]): Promise<Accepted[]> {
    // Without files everything is one statement, which is a transaction of its own: one way to the database and back instead of eight.
    const first = batch.every((one) => !hasFiles(one))
      ? await storeReports(
          deps.store.db,
          batch.map((one) => rowOf(one, null, null)),
        )
      : await transact(deps.store, async ({ tx }) => {
          const sealed = await sealContacts(tx, batch.filter(hasFiles));
          const blobs = await keepFiles(tx, batch);
          const number = await storeReports(
            tx,
            batch.map((one) => rowOf(one, sealed.get(one.reportId) ?? null, blobs.raws.get(one.reportId) ?? null)),
          );
          await insertReportFiles(tx, blobs.files);
          return number;
        });
    return batch.map((one, index) => {
      const number = ReceiptNumber.parse(first + index);
      const leaf = `${one.leaf.before}${number}${one.leaf.after}`;
      return {
        reportId: one.reportId,
        number,
        receivedAt: one.receivedAt,
        leaf,
        sha256: hashOf(leaf),
        statusUrl: `${deps.publicUrl}/r/${one.token}`,
        filesRefused: one.filesRefused,
      };
    });
  }

  function rowOf(one: Prepared, reporterSealedId: SealedId | null, rawBlobId: BlobId | null): NewReport {
    const { incoming } = one;
    return {
      reportId: one.reportId,
      leaf: one.leaf,
      statusHash: hashOf(one.token),
      channel: incoming.channel,
      class: incoming.class,
      fastLane: incoming.fastLane,
      // By mail the receipt may not be sendable: then the report stays `received` until it is read.
      state: incoming.channel === 'mail' || incoming.channel === 'arf' ? 'received' : 'acknowledged',
      receivedAt: one.receivedAt,
      happenedAt: incoming.happenedAt,
      hostname: one.hostname,
      urls: one.urls,
      text: one.text,
      lang: languageHint(one.text),
      role: incoming.role,
      sealed: one.sealed,
      reporterSealedId,
      reporterMark: one.mark,
      proof: incoming.proof,
      forwardConsent: incoming.forwardConsent,
      wantsSafetyContact: incoming.wantsSafetyContact,
      machine: one.filesRefused === 0 ? incoming.machine : { ...incoming.machine, filesRefused: one.filesRefused },
      rawBlobId,
    };
  }

  async function sealContacts(tx: Tx, batch: readonly Prepared[]): Promise<Map<ReportId, SealedId>> {
    const drafts = batch.flatMap(({ incoming, reportId }) => {
      const fields = contactFields(incoming.contact);
      return fields === null ? [] : [{ file: reportId, kind: 'reporter' as const, fields }];
    });
    if (drafts.length === 0) return new Map();
    const ids = await deps.seal.keepMany(tx, drafts);
    return new Map(
      drafts.flatMap(({ file }, index) => {
        const id = ids[index];
        return id === undefined ? [] : [[file, id] as const];
      }),
    );
  }

  async function keepFiles(tx: Tx, batch: readonly Prepared[]) {
    const drafts = batch.flatMap((one) => {
      const files = one.files.map((file) => ({ one, file, raw: false }));
      return one.raw === null ? files : [...files, { one, file: one.raw, raw: true }];
    });
    if (drafts.length === 0) return { files: [], raws: new Map<ReportId, BlobId>() };
    const kept = await deps.seal.keepBlobs(
      tx,
      drafts.map(({ one, file }) => ({ file: one.reportId, mediaType: file.mediaType, bytes: file.bytes })),
    );
    const found = drafts.flatMap((draft, index) => {
      const blob = kept[index];
      return blob === undefined ? [] : [{ ...draft, blobId: blob.blobId }];
    });
    return {
      raws: new Map(found.filter(({ raw }) => raw).map(({ one, blobId }) => [one.reportId, blobId])),
      files: found
        .filter(({ raw }) => !raw)
        .map(({ one, file, blobId }) => ({
          blobId,
          reportId: one.reportId,
          name: file.name,
          mediaType: file.mediaType,
          at: one.receivedAt,
        })),
    };
  }

  return {
    isFlood: gauge.isFlood,
    accept(incoming) {
      gauge.note();
      const waitingNow = light.ordinary.length + heavy.ordinary.length;
      if (!incoming.fastLane && waitingNow >= mostWaiting) return Promise.reject(tooBusy());
      return new Promise((resolve, reject) => {
        const prepared = prepare(deps.seal, incoming, nowOf(deps));
        const bytes = [...prepared.files, ...(prepared.raw === null ? [] : [prepared.raw])].reduce(
          (sum, file) => sum + file.bytes.byteLength,
          0,
        );
        const line = bytes > heavyBytes ? heavy : light;
        (incoming.fastLane ? line.urgent : line.ordinary).push({ prepared, resolve, reject });
        start(line);
      });
    },
    close: () =>
      new Promise((resolve) => {
        if (isIdle()) resolve();
        else idle.add(resolve);
      }),
  };
}

/** Everything that needs no database: done as each report comes, while the batch before it is being written. */
function prepare(seal: DeskDeps['seal'], incoming: Incoming, receivedAt: Instant): Prepared {
  const reportId = ReportId.parse(randomId(idPrefix.report));
  const never = incoming.class === 'child-abuse';
  const files = never ? [] : incoming.files.map(sniffed);
  const text = cleanText(incoming.text).slice(0, longestText);
  const hostname = incoming.hostname === null ? null : cleanText(incoming.hostname).slice(0, 300);
  const urls = urlsOf(incoming.urls);
  const token = newSecret();
  const salt = hashOf(saltSource(token));
  const committed = committedText(salt, {
    channel: incoming.channel,
    class: incoming.class,
    text,
    urls: urls.map(({ typed }) => typed),
    hostname,
    happenedAt: incoming.happenedAt,
    files: files.map((file) => createHash('sha256').update(file.bytes).digest('hex')),
  });
  // What is criminal to hold is not kept in the message as it came either.
  const raw = never ? null : incoming.raw;
  const fields = contactFields(incoming.contact);
  const mail = incoming.contact?.mail ?? '';
  return {
    incoming,
    reportId,
    receivedAt,
    token,
    text,
    urls,
    hostname,
    files,
    filesRefused: never ? incoming.files.length : 0,
    raw,
    // Files are sealed under the report's key too, so with files both are made in the transaction.
    sealed: fields === null || files.length > 0 || raw !== null ? null : seal.sealNew('reporter', reportId, fields),
    mark: mail === '' ? null : seal.mark(mail.trim().toLowerCase()),
    leaf: leafAround({ receivedAt, commitment: hashOf(committed) }),
  };
}

function hasFiles({ files, raw }: Prepared): boolean {
  return files.length > 0 || raw !== null;
}

/** Its name made harmless, its type as the bytes say. */
export function sniffed(file: IncomingFile): IncomingFile {
  return { name: cleanFileName(file.name), mediaType: sniffType(file.bytes), bytes: file.bytes };
}

/** What is sealed of a contact; null when there is nothing. */
export function contactFields(contact: Incoming['contact']): Record<string, string> | null {
  const fields: Record<string, string> = {};
  for (const name of ['name', 'mail', 'phone', 'safeContact'] as const) {
    const value = cleanText(contact?.[name] ?? '').trim();
    if (value !== '') fields[name] = value;
  }
  return Object.keys(fields).length === 0 ? null : fields;
}

function tooBusy(): Failure {
  return new Failure(
    'too-many-requests',
    'More reports arrive than can be stored at the moment. Yours was not stored: send it again in a few seconds. If somebody is in danger now, use the fast lane, which is always open.',
    { retryAfterSeconds: 5 },
  );
}
