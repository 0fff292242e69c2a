/** The routes of contract/routes/insight.ts, served. An owner learns of references of their own sites only. */
import * as contract from '../../contract/routes/insight.ts';
import { refusedKeptDays } from '../../contract/insight.ts';
import { explain } from '../../core/shield/explain.ts';
import { findRefused } from '../../store/insight.ts';
import { findSite } from '../../store/sites.ts';
import type { ControlDeps } from '../deps.ts';
import { Failure } from '../http/failure.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';

export function registerInsightRoutes(app: App, deps: ControlDeps): void {
  const { db } = deps.store;
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
