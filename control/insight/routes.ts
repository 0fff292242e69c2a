/** The routes of contract/routes/insight.ts, served. An owner learns of references of their own sites only. */
import { z } from 'zod';
import { Nothing } from '../../contract/routes/common.ts';
import * as contract from '../../contract/routes/insight.ts';
import { refusedKeptDays } from '../../contract/insight.ts';
import type { TopKind } from '../../contract/traffic.ts';
import { instantOf } from '../../core/instant.ts';
import { explain } from '../../core/shield/explain.ts';
import { findRefused, listRefused } from '../../store/insight.ts';
import type { RefusedFilter } from '../../store/insight.ts';
import { findSite } from '../../store/sites.ts';
import type { Viewer } from '../../store/sites.ts';
import type { ControlDeps } from '../deps.ts';
import { registerDownload } from '../http/download.ts';
import { Failure } from '../http/failure.ts';
import { readCursor, writeCursor } from '../http/page.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { eventsCsv, seriesCsv, topsCsv } from './csv.ts';
import { rangeOf, scopeOf, seriesOf, topsOf } from './query.ts';

const mostExported = 5000;

export function registerInsightRoutes(app: App, deps: ControlDeps): void {
  const { db } = deps.store;
  type Asked = Omit<z.output<typeof contract.EventsQuery>, 'limit' | 'cursor'>;
  const filterOf = async (
    asked: Asked,
    viewer: Viewer,
    page: Pick<RefusedFilter, 'limit' | 'before'>,
  ): Promise<RefusedFilter> => {
    const { fromMs, untilMs } = rangeOf(asked, deps.now());
    const { guard = null, ruleId = null, network = null, path = null, status = null } = asked;
    // An edge's clock may be ahead of ours by a little: the newest are in it.
    const until = asked.until === undefined ? instantOf(untilMs + 120_000) : asked.until;
    const scope = await scopeOf(deps, asked, viewer);
    return { ...scope, from: instantOf(fromMs), until, guard, ruleId, network, path, status, ...page };
  };
  const events = async (filter: RefusedFilter) => {
    const { items, next } = await listRefused(db, filter);
    return { items: items.map((one) => ({ ...one, sentence: explain(one) })), next };
  };

  registerRoute(app, deps, contract.getSeries, ({ query, caller }) => seriesOf(deps, query, caller.accountId));
  registerRoute(app, deps, contract.getTops, ({ query, caller }) => topsOf(deps, query, caller.accountId));
  registerRoute(app, deps, contract.listEvents, async ({ query, caller }) => {
    const page = { limit: query.limit, before: readCursor(query.cursor) };
    const { items, next } = await events(await filterOf(query, caller.accountId, page));
    return { items, next: writeCursor(next) };
  });
  const params = z.strictObject({ file: contract.ExportFile });
  const served = {
    method: 'GET',
    path: contract.insightExportPath,
    needs: 'sites:read',
    params,
    query: contract.ExportQuery,
    body: Nothing,
  } as const;
  registerDownload(app, deps, served, async ({ params: { file }, query, caller }) => {
    const viewer = caller.accountId;
    const text = async (): Promise<string> => {
      switch (file) {
        case 'series.csv':
          return seriesCsv(await seriesOf(deps, query, viewer));
        case 'series.json':
          return JSON.stringify(await seriesOf(deps, query, viewer));
        case 'tops.csv':
          return topsCsv(await topsOf(deps, { ...query, of: wanted(query.of), limit: 100 }, viewer));
        case 'tops.json':
          return JSON.stringify(await topsOf(deps, { ...query, of: wanted(query.of), limit: 100 }, viewer));
        case 'events.csv':
          return eventsCsv((await events(await filterOf(query, viewer, { limit: mostExported, before: null }))).items);
        case 'events.json':
          return JSON.stringify((await events(await filterOf(query, viewer, { limit: mostExported, before: null }))).items);
        default:
          return file satisfies never;
      }
    };
    return new Response(await text(), {
      headers: {
        'content-type': file.endsWith('.csv') ? 'text/csv; charset=utf-8' : 'application/json',
        'content-disposition': `attachment; filename="portcullis-${file}"`,
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      },
    });
  });
  registerRoute(app, deps, contract.explainReference, async ({ params, caller }) => {
    const found = await findRefused(db, params.reference, caller.accountId);
    const site = found === null ? null : await findSite(db, found.siteId, caller.accountId);
    if (found === null || site === null) {
      throw new Failure(
        'not-found',
        `Nothing is kept under this reference, or it is of a site that is not yours. What was refused is kept for ${refusedKeptDays} days, of each site the newest, and under a flood not every request; the first seconds after an answer it is on its way.`,
      );
    }
    return { ...found, siteName: site.name, sentence: explain(found) };
  });
}

function wanted(of: TopKind | undefined): TopKind {
  if (of !== undefined) return of;
  throw new Failure('bad-request', 'Say of what: “of” is missing.', { fields: [{ path: 'query.of', message: 'is missing' }] });
}
