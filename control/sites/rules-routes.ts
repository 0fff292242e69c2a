/** The routes of contract/routes/rules.ts, served. */
import type { z } from 'zod';
import * as contract from '../../contract/routes/rules.ts';
import { noRules } from '../../contract/rules.ts';
import type { SampledRequest } from '../../contract/rules.ts';
import { dryRun } from '../../core/shield/rules/dry-run.ts';
import type { Tried } from '../../core/shield/rules/dry-run.ts';
import { parseCondition } from '../../core/shield/rules/parse.ts';
import { differences, withPreset } from '../../core/shield/rules/presets.ts';
import { findSite } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import type { ControlDeps } from '../deps.ts';
import { gatherSamples } from '../edges/samples.ts';
import type { EdgeStream } from '../edges/stream.ts';
import { notFound } from '../http/failure.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { applyPreset, needsOf, setRules, settingsOf, triedRules, undoPreset, viewRules } from './rules.ts';

export function registerRulesRoutes(app: App, deps: ControlDeps, stream: Pick<EdgeStream, 'ask'>): void {
  const { db } = deps.store;
  const found = (site: SiteRecord | null): SiteRecord => {
    if (site === null) throw notFound('site');
    return site;
  };

  registerRoute(app, deps, contract.getRules, async ({ params, caller }) =>
    viewRules(deps, found(await findSite(db, params.siteId, caller.accountId))),
  );
  registerRoute(app, deps, contract.setRules, async ({ params, body, caller }) =>
    viewRules(deps, await setRules(deps, caller, params.siteId, body)),
  );
  registerRoute(app, deps, contract.checkCondition, async ({ body }) => {
    const parsed = parseCondition(body.when);
    return parsed.kind === 'mistake'
      ? { mistake: parsed.mistake, needs: [] }
      : { mistake: null, needs: needsOf(parsed.condition) };
  });
  registerRoute(app, deps, contract.dryRun, async ({ params, body, caller }) => {
    const site = found(await findSite(db, params.siteId, caller.accountId));
    const present = triedOf(site);
    const tried = triedWith(present, site, body);
    const { requests, ownHour } =
      body.requests === undefined ? await gatherSamples(deps, stream, site) : { requests: body.requests, ownHour: null };
    const result = dryRun(present, tried, requests);
    return {
      ...result,
      ownHour,
      mode: tried.mode,
      presentMode: present.mode,
      changes: result.changes.map((change) => ({ ...change, examples: shown(change.examples) })),
      rules: result.rules.map((rule) => ({ ...rule, unsure: [...rule.unsure], examples: shown(rule.examples) })),
    };
  });
  registerRoute(app, deps, contract.previewPreset, async ({ params, caller }) => {
    const site = found(await findSite(db, params.siteId, caller.accountId));
    const before = settingsOf(site);
    const after = withPreset(before, params.preset);
    return { preset: params.preset, limits: after.limits, challenge: after.challenge, differences: differences(before, after) };
  });
  registerRoute(app, deps, contract.applyPreset, async ({ params, body, caller }) =>
    viewRules(deps, await applyPreset(deps, caller, params.siteId, params.preset, body.version)),
  );
  registerRoute(app, deps, contract.undoPreset, async ({ params, caller }) =>
    viewRules(deps, await undoPreset(deps, caller, params.siteId)),
  );
}

/** As it is: also attack mode that came on by itself. */
function triedOf(site: SiteRecord): Tried {
  const { list, maintenance } = site.rules ?? noRules;
  return { list, maintenance, networks: site.networks, mode: site.attackId === null ? site.mode : 'attack' };
}

function triedWith(present: Tried, site: SiteRecord, body: z.output<typeof contract.dryRun.body>): Tried {
  const list = body.rules === undefined ? present.list : triedRules(body.rules);
  return {
    list: body.preset === undefined ? list : withPreset({ ...settingsOf(site), list }, body.preset).list,
    maintenance: maintenanceFor(body.maintenance, present.maintenance),
    networks: body.networks ?? present.networks,
    mode: body.mode ?? present.mode,
  };
}

function maintenanceFor(asked: boolean | undefined, held: Tried['maintenance']): Tried['maintenance'] {
  if (asked === undefined) return held;
  return asked ? (held ?? { sentence: 'For trying.', retryAfterSeconds: 600 }) : null;
}

/** No addresses, no headers. */
function shown(examples: readonly SampledRequest[]) {
  return examples.map(({ method, host, path, country }) => ({ method, host, path, country }));
}
