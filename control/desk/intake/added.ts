/**
 * What a reporter adds later: addresses and files, kept with the report and read into its case as the first ones were.
 *
 * A report that was not read yet gets them in time for its reading; one that was read is put in line again for what is new. Files of the
 * class child-abuse are not kept. Not here: the words, which are a message.
 */
import type { Instant } from '../../../contract/ids.ts';
import { insertReportFiles, putInLineAgain, setReportUrls } from '../../../store/desk/reports.ts';
import type { ReportRecord } from '../../../store/desk/reports.ts';
import type { Work } from '../../../store/transact.ts';
import { Failure } from '../../http/failure.ts';
import type { DeskDeps, IncomingFile } from '../deps.ts';
import { sniffed } from './intake.ts';
import { urlsOf } from './urls.ts';

export type Added = {
  readonly text: string;
  readonly urls: readonly string[];
  readonly files: readonly IncomingFile[];
  readonly at: Instant;
};

/** Of one report in all: each addition reads all of them again. */
const mostAddresses = 1000;

/** Keeps what was added to a report whose row is locked. Answers how many files were refused. Throws Failure `wrong-state` for too many addresses. */
export async function addMaterialIn(
  deps: Pick<DeskDeps, 'seal'>,
  { tx }: Work,
  report: ReportRecord,
  { urls, files, at }: Added,
): Promise<number> {
  const reportId = report.report_id;
  const never = report.class === 'child-abuse';
  const kept = never ? [] : files.map(sniffed);
  const known = new Set(report.urls.map(({ typed }) => typed));
  const fresh = urlsOf(urls).filter(({ typed }) => !known.has(typed));
  if (report.urls.length + fresh.length > mostAddresses) {
    throw new Failure(
      'wrong-state',
      `A report holds at most ${mostAddresses} addresses, and this one would hold more. Nothing was changed: send a new report for the others.`,
    );
  }
  if (fresh.length > 0) await setReportUrls(tx, reportId, [...report.urls, ...fresh]);
  if (kept.length > 0) {
    const blobs = await deps.seal.keepBlobs(
      tx,
      kept.map((file) => ({ file: reportId, mediaType: file.mediaType, bytes: file.bytes })),
    );
    await insertReportFiles(
      tx,
      kept.flatMap((file, index) => {
        const blob = blobs[index];
        return blob === undefined ? [] : [{ blobId: blob.blobId, reportId, name: file.name, mediaType: file.mediaType, at }];
      }),
    );
  }
  if (fresh.length > 0 || kept.length > 0) await putInLineAgain(tx, reportId);
  return never ? files.length : 0;
}
