/**
 * The public door as an API: hand in a report, hand in XARF, read and add by private link.
 *
 * Nobody needs to be signed in; a token only lifts the limits of feeds. The link's token comes in a header, never in a path. Bodies over one
 * mebibyte take one of a few places, so that uploads cannot fill the memory; words alone always fit without one.
 */
import { addToReport, getReportStatus, ReportStatus, sendReport, sendXarf } from '../../../contract/routes/desk/reports.ts';
import type { ReportReceipt } from '../../../contract/routes/desk/reports.ts';
import type { z } from 'zod';
import { Instant } from '../../../contract/ids.ts';
import { parseXarf } from '../../../core/desk/xarf.ts';
import type { XarfFile } from '../../../core/desk/xarf.ts';
import type { Caller, RequestFacts } from '../../http/caller.ts';
import { Failure } from '../../http/failure.ts';
import { registerOpenRoute } from '../../http/register.ts';
import type { App } from '../../http/register.ts';
import type { Accepted, DeskDeps, Incoming, IncomingFile } from '../deps.ts';
import { tooManyLarge } from './limits.ts';
import type { IntakeLimits } from './limits.ts';
import { childAbuseFiles, filesOverLimit, nextSentences } from './sentences.ts';
import { actOnReport, readStatus } from './status.ts';
import type { StatusView } from './status.ts';

const mostFileBytes = 10 * 2 ** 20;
const mostFilesBytes = 25 * 2 ** 20;
/** 25 MiB of files in base64, and the words around them. */
const mostBody = 36 * 2 ** 20;

export function registerIntakeRoutes(app: App, deps: DeskDeps, limits: IntakeLimits): void {
  const beforeBody = (request: RequestFacts): (() => void) => {
    const release = limits.large(request);
    if (release === null) throw tooManyLarge();
    return release;
  };
  const options = { beforeBody, maxBodyBytes: mostBody };

  registerOpenRoute(
    app,
    deps,
    sendReport,
    async ({ body, request, caller }) => {
      if (caller === null) limits.report(request, body.dangerNow);
      const files = body.files.map((file) => ({
        name: file.name,
        mediaType: file.mediaType,
        bytes: Buffer.from(file.content, 'base64'),
      }));
      checkSizes(files);
      const taken = filesTaken(limits, request, caller, files, body.dangerNow);
      const incoming: Incoming = {
        channel: 'api',
        class: body.class,
        fastLane: body.dangerNow,
        text: body.text,
        urls: body.urls,
        hostname: body.hostname === undefined || body.hostname === '' ? null : body.hostname,
        happenedAt: body.happenedAt === undefined ? null : Instant.parse(new Date(body.happenedAt).toISOString()),
        role: body.role,
        contact: body.contact === undefined ? null : given(body.contact),
        proof: 'none',
        forwardConsent: body.forwardConsent,
        wantsSafetyContact: body.wantsSafetyContact,
        files: taken,
        machine: {},
        raw: null,
      };
      return receiptOf(await deps.intake.accept(incoming), files.length - taken.length);
    },
    options,
  );

  registerOpenRoute(
    app,
    deps,
    sendXarf,
    async ({ body, request, caller }) => {
      if (caller === null) limits.report(request, false);
      const parsed = parseXarf(body);
      if (parsed === null) {
        throw new Failure(
          'report-refused',
          'This is neither XARF v4 (“xarf_version”) nor v3 (“Report” with “ReportType”). Nothing was stored. /api/v1/reports takes reports in plain JSON.',
        );
      }
      const { files: payloads, machine, channel, ...rest } = parsed;
      const files = payloads.slice(0, 10).map(decoded);
      checkSizes(files);
      const taken = filesTaken(limits, request, caller, files, false);
      const accepted = await deps.intake.accept({
        ...rest,
        channel,
        fastLane: false,
        role: 'unsaid',
        proof: caller === null ? 'none' : 'organisation',
        wantsSafetyContact: false,
        files: taken,
        machine: { xarf: machine },
        raw: { name: 'report.json', mediaType: 'application/json', bytes: Buffer.from(JSON.stringify(body)) },
      });
      return receiptOf(accepted, files.length - taken.length);
    },
    options,
  );

  registerOpenRoute(app, deps, getReportStatus, async ({ request }) => {
    limits.beforeLink(request);
    const view = await readStatus(deps, tokenIn(request));
    if (view === null) throw unknownLink(limits, request);
    return statusOf(view);
  });

  registerOpenRoute(
    app,
    deps,
    addToReport,
    async ({ body, request, caller }) => {
      limits.beforeLink(request);
      limits.change(request);
      const files =
        body.act === 'add'
          ? body.files.map(({ name, mediaType, content }) => ({ name, mediaType, bytes: Buffer.from(content, 'base64') }))
          : [];
      checkSizes(files);
      const taken = filesTaken(limits, request, caller, files, false);
      const done = await actOnReport(deps, tokenIn(request), body.act === 'add' ? { ...body, files: taken } : body);
      if (done === null) throw unknownLink(limits, request);
      return statusOf(done.view);
    },
    options,
  );
}

/** Throws Failure `report-refused` for files that are too large: which one, and how large it may be. */
function checkSizes(files: readonly IncomingFile[]): void {
  const large = files.find((file) => file.bytes.byteLength > mostFileBytes);
  const all = files.reduce((sum, file) => sum + file.bytes.byteLength, 0);
  if (large === undefined && all <= mostFilesBytes) return;
  throw new Failure(
    'report-refused',
    large === undefined
      ? 'The files are larger than 25 MiB together. Nothing was stored: send fewer, or send the report without files and add them later by its private link.'
      : 'A file is larger than 10 MiB. Nothing was stored: send it smaller, or send the report without it and describe what it shows.',
  );
}

/** The files that are taken. Over the limit an ordinary report is refused; the fast lane's words go on without its files. */
export function filesTaken(
  limits: IntakeLimits,
  request: RequestFacts,
  caller: Caller | null,
  files: readonly IncomingFile[],
  fastLane: boolean,
): readonly IncomingFile[] {
  const bytes = files.reduce((sum, file) => sum + file.bytes.byteLength, 0);
  if (caller !== null || limits.files(request, bytes)) return files;
  if (fastLane) return [];
  throw new Failure(
    'too-many-requests',
    'More files came from your network than can be taken at once. Nothing was stored: send the report without files now and add them in an hour by its private link.',
    { retryAfterSeconds: 3600 },
  );
}

function receiptOf(accepted: Accepted, overLimit: number): ReportReceipt {
  const { filesRefused, ...receipt } = accepted;
  if (filesRefused > 0) return { ...receipt, note: childAbuseFiles };
  return overLimit > 0 ? { ...receipt, note: filesOverLimit } : receipt;
}

function tokenIn(request: RequestFacts): string {
  return request.headers.get('x-report-token') ?? '';
}

function unknownLink(limits: IntakeLimits, request: RequestFacts): Failure {
  limits.wrongLink(request);
  return new Failure(
    'not-found',
    'No report has this private link. Check that it was copied whole. Without it nobody can find a report, not even we.',
  );
}

function given(contact: Readonly<Record<string, string | undefined>>): Incoming['contact'] {
  const { name, mail, phone, safeContact } = contact;
  return {
    ...(name === undefined ? {} : { name }),
    ...(mail === undefined ? {} : { mail }),
    ...(phone === undefined ? {} : { phone }),
    ...(safeContact === undefined ? {} : { safeContact }),
  };
}

function decoded(file: XarfFile): IncomingFile {
  const bytes = file.encoding === 'text' ? Buffer.from(file.payload, 'utf8') : Buffer.from(file.payload, 'base64');
  return { name: file.name, mediaType: file.mediaType, bytes };
}

function statusOf(view: StatusView): z.input<typeof ReportStatus> {
  return {
    reportId: view.reportId,
    number: view.number,
    receivedAt: view.receivedAt,
    channel: view.channel,
    class: view.class,
    state: view.state,
    next: nextSentences[view.next.step],
    nextAt: view.next.at,
    outcome: view.outcome,
    messages: [...view.messages],
    filesAdded: view.filesAdded,
    wantsSafetyContact: view.wantsSafetyContact,
    mayAppeal: view.appealable !== null,
    appeal: view.appeal,
  };
}
