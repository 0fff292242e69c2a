/** Attacks as the rest of the control plane sees them: the routes of contract/routes/attacks.ts, and the job that looks. */
import * as contract from '../../contract/routes/attacks.ts';
import { findAttack, findAutomatic, listAttacks } from '../../store/attacks.ts';
import { findSite } from '../../store/sites.ts';
import { notFound } from '../http/failure.ts';
import { readCursor, writeCursor } from '../http/page.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import type { Job } from '../jobs/runner.ts';
import { actOn, changeAutomatic, lookForAttacks } from './service.ts';
import type { AttackDeps } from './service.ts';

export function registerAttacks(app: App, deps: AttackDeps): Job[] {
  const { db } = deps.store;
  registerRoute(app, deps, contract.getAutomatic, async ({ params, caller }) => {
    const site = await findSite(db, params.siteId, caller.accountId);
    const automatic = site === null ? null : await findAutomatic(db, params.siteId);
    if (automatic === null) throw notFound('site');
    return automatic;
  });
  registerRoute(app, deps, contract.setAutomatic, ({ params, body, caller }) =>
    changeAutomatic(deps, caller, params.siteId, body),
  );
  registerRoute(app, deps, contract.listAttacks, async ({ query, caller }) => {
    const page = await listAttacks(db, {
      viewer: caller.accountId,
      siteId: query.siteId ?? null,
      open: query.open === undefined ? null : query.open === 'true',
      limit: query.limit,
      before: readCursor(query.cursor),
    });
    return { items: page.items, next: writeCursor(page.next), total: page.total };
  });
  registerRoute(app, deps, contract.getAttack, async ({ params, caller }) => {
    const attack = await findAttack(db, params.attackId, caller.accountId);
    if (attack === null) throw notFound('attack');
    return attack;
  });
  registerRoute(app, deps, contract.actOnAttack, ({ params, body, caller }) => actOn(deps, caller, params.attackId, body.act));
  return [{ name: 'attacks', everyMs: 2500, afterMs: 2500, run: () => lookForAttacks(deps) }];
}
