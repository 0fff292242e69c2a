/** Attacks as the rest of the control plane sees them: the routes of contract/routes/attacks.ts, and the job that looks. */
import * as contract from '../../contract/routes/attacks.ts';
import { instantOf } from '../../core/instant.ts';
import { findAttack, findAutomatic, listAttacks } from '../../store/attacks.ts';
import { findSite } from '../../store/sites.ts';
import { notFound } from '../http/failure.ts';
import { readCursor, writeCursor } from '../http/page.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import type { Job } from '../jobs/runner.ts';
import { eachAlone } from '../jobs/each-alone.ts';
import type { AttackDeps } from './deps.ts';
import { takeOwn } from './own.ts';
import { actOn, addNote, changeAutomatic, changeHook, hookOf } from './people.ts';
import { recordOf } from './record.ts';
import { lookForAttacks, tellSwitchedOff } from './service.ts';

/** A control process that was away tells of what ended meanwhile, so far back; each look begins a little before the one before, for transactions under way. */
const endsLookedBackMs = 600_000;
const endsOverlapMs = 10_000;

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
      from: query.from ?? null,
      until: query.until ?? null,
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
  registerRoute(app, deps, contract.getAttackRecord, ({ params, caller }) => recordOf(deps, caller, params.attackId));
  registerRoute(app, deps, contract.noteAttack, ({ params, body, caller }) => addNote(deps, caller, params.attackId, body.words));
  registerRoute(app, deps, contract.getAttackHook, ({ params, caller }) => hookOf(deps, caller, params.siteId));
  registerRoute(app, deps, contract.setAttackHook, ({ params, body, caller }) =>
    changeHook(deps, caller, params.siteId, body.url),
  );
  registerRoute(app, deps, contract.removeAttackHook, async ({ params, caller }) => {
    await changeHook(deps, caller, params.siteId, null);
    return {};
  });
  const startedMs = deps.now();
  let endsToldUntilMs = startedMs - endsLookedBackMs;
  const look = async () => {
    // What edges did alone first: an attack that lasts is then not begun a second time.
    const told = new Map(deps.stream.takeOwnAttacks().map((one) => [`${one.edgeId} ${one.own.siteId} ${one.own.beganAt}`, one]));
    await eachAlone(deps.log, 'attacks that edges answered alone', [...told.keys()], async (key) => {
      const one = told.get(key);
      if (one !== undefined) await takeOwn(deps, one);
    });
    await lookForAttacks(deps, startedMs);
    const fromMs = endsToldUntilMs;
    endsToldUntilMs = deps.now() - endsOverlapMs;
    await tellSwitchedOff(deps, instantOf(fromMs));
  };
  return [{ name: 'attacks', everyMs: 2500, afterMs: 2500, run: look }];
}
