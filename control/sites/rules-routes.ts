/** The routes of contract/routes/rules.ts, served. */
import type { SiteMode } from '../../contract/policy.ts';
import * as contract from '../../contract/routes/rules.ts';
import { noRules } from '../../contract/rules.ts';
import type { SampledRequest, SiteRules } from '../../contract/rules.ts';
import { dryRun } from '../../core/shield/rules/dry-run.ts';
import { parseCondition } from '../../core/shield/rules/parse.ts';
import { differences, withPreset } from '../../core/shield/rules/presets.ts';
import { findSite } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import type { ControlDeps } from '../deps.ts';
import { notFound } from '../http/failure.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { applyPreset, needsOf, setRules, settingsOf, triedRules, undoPreset, viewRules } from './rules.ts';

export function registerRulesRoutes(app: App, deps: ControlDeps): void {
  const { db } = deps.store;
  const found = (site: SiteRecord | null): SiteRecord => {
    if (site === null) throw notFound('site');
    return site;
  };

  registerRoute(app, deps, contract.getRules, async ({ params, caller }) =>
    viewRules(found(await findSite(db, params.siteId, caller.accountId))),
  );
  registerRoute(app, deps, contract.setRules, async ({ params, body, caller }) =>
    viewRules(await setRules(deps, caller, params.siteId, body)),
  );
  registerRoute(app, deps, contract.checkCondition, async ({ body }) => {
    const parsed = parseCondition(body.when);
    return parsed.kind === 'mistake'
      ? { mistake: parsed.mistake, needs: [] }
      : { mistake: null, needs: needsOf(parsed.condition) };
  });
  registerRoute(app, deps, contract.dryRun, async ({ params, body, caller }) => {
    const site = found(await findSite(db, params.siteId, caller.accountId));
    const held = site.rules ?? noRules;
    const tried: Pick<SiteRules, 'list' | 'maintenance'> = {
      list: body.rules === undefined ? held.list : triedRules(body.rules),
      maintenance: maintenanceFor(body.maintenance, held),
    };
    return answer(tried, body.mode ?? site.mode, body.requests);
  });
  registerRoute(app, deps, contract.previewPreset, async ({ params, caller }) => {
    const site = found(await findSite(db, params.siteId, caller.accountId));
    const before = settingsOf(site);
    const after = withPreset(before, params.preset);
    return { preset: params.preset, limits: after.limits, challenge: after.challenge, differences: differences(before, after) };
  });
  registerRoute(app, deps, contract.applyPreset, async ({ params, body, caller }) =>
    viewRules(await applyPreset(deps, caller, params.siteId, params.preset, body.version)),
  );
  registerRoute(app, deps, contract.undoPreset, async ({ params, caller }) =>
    viewRules(await undoPreset(deps, caller, params.siteId)),
  );
}

function maintenanceFor(asked: boolean | undefined, held: SiteRules): SiteRules['maintenance'] {
  if (asked === undefined) return held.maintenance;
  return asked ? (held.maintenance ?? { sentence: 'For trying.', retryAfterSeconds: 600 }) : null;
}

function answer(tried: Pick<SiteRules, 'list' | 'maintenance'>, mode: SiteMode, samples: readonly SampledRequest[]) {
  const result = dryRun(tried, mode, samples);
  return {
    requests: samples.length,
    verdicts: result.verdicts,
    rules: result.rules.map((rule) => ({
      ...rule,
      examples: rule.examples.map(({ method, host, path, country }) => ({ method, host, path, country })),
    })),
    ambiguous: result.ambiguous,
  };
}
