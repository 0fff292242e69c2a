/**
 * What people say about attacks: a last word on one, notes, what may be done by itself, where programs are told. The record that they read: record.ts.
 *
 * A person's word wins over what is done by itself. Each act is one transaction with its audit line.
 */
import { randomBytes } from 'node:crypto';
import { mostAttackNotes } from '../../contract/attacks.ts';
import type { Attack, AttackRecord, AutomaticAttack } from '../../contract/attacks.ts';
import type { AttackId, SiteId } from '../../contract/ids.ts';
import { mostAttackPaths } from '../../contract/policy.ts';
import type { AttackAct } from '../../contract/routes/attacks.ts';
import {
  addEntry,
  countNotes,
  endAttackOn,
  findAttack,
  findAutomatic,
  findHook,
  openAttackOn,
  setAutomatic,
  setHook,
  setSwitched,
} from '../../store/attacks.ts';
import { addAudit } from '../../store/audit.ts';
import { findSite } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import { checkNotifyUrl } from '../desk/post/delivery.ts';
import type { SignedHook } from '../desk/post/delivery.ts';
import type { Caller } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import { publishSite } from '../sites/service.ts';
import type { AttackDeps } from './deps.ts';
import { recordOf } from './record.ts';
import { finish, widen } from './service.ts';
import { tellOwner } from './tell.ts';

/** A person's word on an attack. Throws Failure `not-found`, `wrong-state`. */
export async function actOn(deps: AttackDeps, caller: Caller, attackId: AttackId, act: AttackAct): Promise<Attack> {
  return transact(deps.store, async (unit) => {
    const found = await findAttack(unit.tx, attackId, caller.accountId);
    if (found === null) throw notFound('attack');
    const held = await findSite(unit.tx, found.siteId, caller.accountId, 'lock');
    const attack = await openAttackOn(unit.tx, found.siteId);
    if (held === null || attack?.attackId !== attackId)
      throw new Failure('wrong-state', 'This attack is over. Nothing was changed; the site’s own switch turns attack mode on.');
    const at = nowOf(deps);
    if (act === 'switch-on') {
      if (attack.state === 'on') throw new Failure('wrong-state', 'Attack mode is on for it already. Nothing was changed.');
      await setSwitched(unit.tx, attackId, at, caller);
      await addEntry(unit.tx, attackId, { at, kind: 'switched-on', who: caller, words: null });
      await addAudit(unit.tx, { at, who: caller, act: 'attack.switch-on', subject: held.siteId, detail: { attackId } });
      const sentence = `A person turned attack mode on for ${held.name}, for as long as the attack lasts.`;
      await tellOwner(deps, unit, { ...attack, state: 'on' }, 'switched-on', sentence, 'no-mail');
      await publishSite(deps, unit, { ...held, attackId, attackPath: attack.path, version: held.version + 1 }, held);
    } else if (act === 'widen') {
      if (!(await widen(deps, unit, attackId, caller)))
        throw new Failure('wrong-state', 'It is on the whole site already. Nothing was changed.');
    } else if (act === 'end') {
      await finish(deps, unit, attackId, caller);
    } else {
      const { path } = attack;
      if (path !== null && !held.attackPaths.includes(path) && held.attackPaths.length >= mostAttackPaths)
        throw new Failure(
          'wrong-state',
          `${mostAttackPaths} paths are in attack mode already. Nothing was changed; take one out.`,
        );
      await endAttackOn(unit.tx, held.siteId, at, caller);
      await addEntry(unit.tx, attackId, { at, kind: 'kept-on', who: caller, words: null });
      await addAudit(unit.tx, { at, who: caller, act: 'attack.keep-on', subject: held.siteId, detail: { attackId, path } });
      const sentence = `The attack on ${held.name} is taken for over. A person keeps attack mode on by hand.`;
      await tellOwner(deps, unit, { ...attack, state: 'ended', endedAt: at }, 'end', sentence, 'no-mail');
      const kept =
        path === null ? { mode: 'attack' as const } : { attackPaths: [...held.attackPaths.filter((one) => one !== path), path] };
      await publishSite(deps, unit, { ...held, ...kept, attackId: null, attackPath: null, version: held.version + 1 }, held);
    }
    const after = await findAttack(unit.tx, attackId, null);
    if (after === null) throw notFound('attack');
    return after;
  });
}

/** Changes what may be done by itself. Edges are told where it says what they may do alone. Throws Failure `not-found`. */
export async function changeAutomatic(
  deps: AttackDeps,
  caller: Caller,
  siteId: SiteId,
  change: Readonly<{
    attackMode?: AutomaticAttack['attackMode'] | undefined;
    sensitivity?: AutomaticAttack['sensitivity'] | undefined;
  }>,
): Promise<AutomaticAttack> {
  return transact(deps.store, async (unit) => {
    const held = await findSite(unit.tx, siteId, caller.accountId, 'lock');
    const before = held === null ? null : await findAutomatic(unit.tx, siteId);
    if (held === null || before === null) throw notFound('site');
    const automatic: AutomaticAttack = {
      attackMode: change.attackMode ?? before.attackMode,
      sensitivity: change.sensitivity ?? before.sensitivity,
    };
    await setAutomatic(unit.tx, siteId, automatic);
    await addAudit(unit.tx, { at: nowOf(deps), who: caller, act: 'site.automatic', subject: siteId, detail: automatic });
    await publishSite(deps, unit, { ...held, automatic, version: held.version + 1 }, held);
    const attack = automatic.attackMode === 'off' ? await openAttackOn(unit.tx, siteId) : null;
    if (attack !== null) await finish(deps, unit, attack.attackId, caller);
    return automatic;
  });
}

/** Adds a note. Throws Failure `not-found`, `wrong-state` when there are too many. */
export async function addNote(deps: AttackDeps, caller: Caller, attackId: AttackId, words: string): Promise<AttackRecord> {
  await transact(deps.store, async (unit) => {
    const attack = await findAttack(unit.tx, attackId, caller.accountId);
    if (attack === null) throw notFound('attack');
    if ((await countNotes(unit.tx, attackId)) >= mostAttackNotes)
      throw new Failure('wrong-state', `This attack has ${mostAttackNotes} notes already. Nothing was added.`);
    const at = nowOf(deps);
    await addEntry(unit.tx, attackId, { at, kind: 'note', who: caller, words });
    await addAudit(unit.tx, { at, who: caller, act: 'attack.note', subject: attack.siteId, detail: { attackId } });
    unit.tellAfter({ kind: 'site', siteId: attack.siteId, change: 'changed' });
  });
  return recordOf(deps, caller, attackId);
}

/** The host of the address that programs are told at. Throws Failure `not-found`. */
export async function hookOf(deps: AttackDeps, caller: Caller, siteId: SiteId): Promise<{ host: string | null }> {
  if ((await findSite(deps.store.db, siteId, caller.accountId)) === null) throw notFound('site');
  return { host: (await findHook(deps.store.db, siteId))?.host ?? null };
}

/** Sets the address, with a new secret. An owner's may not lead inward, an operator's where pages may. Throws Failure `not-found`, `origin-refused`. */
export async function changeHook(deps: AttackDeps, caller: Caller, siteId: SiteId, url: string | null) {
  const setBy = caller.accountId === null ? 'operator' : 'owner';
  const reach = url === null ? null : await checkNotifyUrl(deps, url, setBy);
  if (reach !== null && 'why' in reach) throw new Failure('origin-refused', `${reach.why} Nothing was changed.`);
  const secret = randomBytes(32).toString('hex');
  const host = reach?.url.host ?? '';
  await transact(deps.store, async (unit) => {
    if ((await findSite(unit.tx, siteId, caller.accountId, 'lock')) === null) throw notFound('site');
    const hook: SignedHook | null = reach === null ? null : { url: reach.url.href, secret, setBy };
    await setHook(unit.tx, siteId, hook === null ? null : { sealed: deps.seal.encrypt(JSON.stringify(hook)), host });
    await addAudit(unit.tx, {
      at: nowOf(deps),
      who: caller,
      act: 'site.attack-hook',
      subject: siteId,
      detail: { host: hook === null ? null : host },
    });
  });
  return { host, secret };
}
