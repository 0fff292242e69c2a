/** Registers evidence over the API, captures, custody, holds, exports, and what people looked at. */
import { Readable } from 'node:stream';
import { z } from 'zod';
import { CaseId } from '../../../contract/ids.ts';
import { Nothing } from '../../../contract/routes/common.ts';
import * as contract from '../../../contract/routes/desk/evidence.ts';
import { addExposure } from '../../../store/desk/exposure.ts';
import { findEvidence } from '../../../store/desk/evidence.ts';
import { nowOf } from '../../deps.ts';
import { registerDownload } from '../../http/download.ts';
import { notFound } from '../../http/failure.ts';
import { registerRoute } from '../../http/register.ts';
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { captureJobs } from './captures.ts';
import { exportCase } from './export.ts';
import { mediaPath, reveal, serveMedia } from './media.ts';
import { addEvidence, captureAgain, changeEvidence, readEvidence, viewCustody } from './service.ts';
import { retentionJob, shredCase } from './shred.ts';
import { changeWellness, viewWellness } from './wellness.ts';

const MediaQuery = z.strictObject({ key: z.string().max(4000) });
const ByCase = z.strictObject({ caseId: CaseId });

export function registerEvidence(app: App, deps: DeskDeps): Job[] {
  registerRoute(app, deps, contract.addEvidence, ({ params, body, caller }) => addEvidence(deps, caller, params.caseId, body));
  registerRoute(app, deps, contract.captureAgain, ({ params, caller }) => captureAgain(deps, caller, params.evidenceId));
  registerRoute(app, deps, contract.readEvidence, ({ params, caller }) => readEvidence(deps, caller, params.evidenceId));
  registerRoute(app, deps, contract.revealEvidence, ({ params, body, caller, request }) =>
    reveal(deps, caller, request, params.evidenceId, body),
  );
  registerRoute(app, deps, contract.changeEvidence, ({ params, body, caller }) =>
    changeEvidence(deps, caller, params.evidenceId, body),
  );
  registerRoute(app, deps, contract.listCustody, ({ params }) => viewCustody(deps, params.evidenceId));
  registerRoute(app, deps, contract.shredCase, async ({ params, body, caller, request }) => ({
    shredded: await shredCase(deps, caller, request, params.caseId, body),
  }));
  registerRoute(app, deps, contract.getWellness, ({ caller }) => viewWellness(deps, caller.personId));
  registerRoute(app, deps, contract.setWellness, ({ body, caller }) => changeWellness(deps, caller.personId, body));
  registerRoute(app, deps, contract.tellExposure, async ({ params, body, caller }) => {
    const item = await findEvidence(deps.store.db, params.evidenceId);
    if (item === null) throw notFound('item of evidence');
    await addExposure(deps.store.db, {
      personId: caller.personId,
      evidenceId: params.evidenceId,
      caseId: item.caseId,
      at: nowOf(deps),
      seconds: body.seconds,
      mode: body.mode,
      grade: body.grade,
    });
    return viewWellness(deps, caller.personId);
  });
  registerDownload(
    app,
    deps,
    { method: 'GET', path: mediaPath, needs: 'desk:reveal', params: Nothing, query: MediaQuery, body: Nothing },
    ({ query, caller, request }) => serveMedia(deps, caller, request, query.key),
  );
  registerDownload(
    app,
    deps,
    {
      method: 'POST',
      path: contract.exportPath,
      needs: 'desk:export',
      params: ByCase,
      query: Nothing,
      body: contract.ExportRequest,
    },
    async ({ params, body, caller }) => {
      const { number, stream } = await exportCase(deps, caller, params.caseId, body);
      return new Response(Readable.toWeb(stream), {
        headers: {
          'content-type': 'application/zip',
          'content-disposition': `attachment; filename="${number}-evidence.zip"`,
          'cache-control': 'no-store',
          'x-content-type-options': 'nosniff',
        },
      });
    },
  );
  return [...captureJobs(deps), retentionJob(deps)];
}
