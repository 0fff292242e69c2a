/** The routes of contract/routes/sites.ts, served. */
import * as contract from '../../contract/routes/sites.ts';
import { instantOf } from '../../core/instant.ts';
import { readTraffic } from '../../store/house.ts';
import { findSite, listSites } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import type { ControlDeps } from '../deps.ts';
import { notFound } from '../http/failure.ts';
import { readCursor, writeCursor } from '../http/page.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { addSite, changeSite, proveSite, removeSite, waiveSite } from './service.ts';
import { viewSites } from './view.ts';

export function registerSiteRoutes(app: App, deps: ControlDeps): void {
  const { db } = deps.store;
  const view = async (site: SiteRecord | null) => {
    const [shown] = site === null ? [] : await viewSites(deps, [site]);
    if (shown === undefined) throw notFound('site');
    return shown;
  };

  registerRoute(app, deps, contract.listSites, async ({ query, caller }) => {
    const page = await listSites(db, {
      viewer: caller.accountId,
      search: query.search ?? null,
      limit: query.limit,
      before: readCursor(query.cursor),
    });
    return { items: await viewSites(deps, page.sites), next: writeCursor(page.next), total: page.total };
  });
  registerRoute(app, deps, contract.addSite, async ({ body, caller }) => view(await addSite(deps, caller, body)));
  registerRoute(app, deps, contract.getSite, async ({ params, caller }) =>
    view(await findSite(db, params.siteId, caller.accountId)),
  );
  registerRoute(app, deps, contract.changeSite, async ({ params, body, caller }) =>
    view(await changeSite(deps, caller, params.siteId, body)),
  );
  registerRoute(app, deps, contract.removeSite, async ({ params, caller }) => {
    await removeSite(deps, caller, params.siteId);
    return {};
  });
  registerRoute(app, deps, contract.checkOwnership, async ({ params, caller }) =>
    view(await proveSite(deps, caller, params.siteId)),
  );
  registerRoute(app, deps, contract.waiveOwnership, async ({ params, body, caller }) =>
    view(await waiveSite(deps, caller, params.siteId, body.reason)),
  );
  registerRoute(app, deps, contract.getTraffic, async ({ params, query, caller }) => {
    if ((await findSite(db, params.siteId, caller.accountId)) === null) throw notFound('site');
    const stepMs = query.stepSeconds * 1000;
    const from = instantOf(Math.floor((deps.now() - query.minutes * 60_000) / stepMs) * stepMs);
    return { from, stepSeconds: query.stepSeconds, points: await readTraffic(db, params.siteId, from, query.stepSeconds) };
  });
}
