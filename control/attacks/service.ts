/**
 * Attack mode by itself: begins and ends attacks from the traffic that edges report, and does what a person says about one.
 *
 * An attack holds a site in attack mode beside the mode that people set, and never touches an order: it changes the site's item for the edges
 * and nothing else. What a person said wins: `off` for the site, or `end`, ends the attack and keeps it off for half an hour. Each act is one
 * transaction with its audit line, its alarm and the mail to the owner.
 * What can go wrong: no telemetry, no attack begins (open: limits per client and per site hold at the edges, which need nobody), and one that is
 * on ends as calm although nobody can see; with the control plane away, what is on stays on (closed: visitors meet the challenge).
 */
import type { Attack, AttackSignals, AutomaticAttack } from '../../contract/attacks.ts';
import { AttackId, idPrefix } from '../../contract/ids.ts';
import type { SiteId } from '../../contract/ids.ts';
import type { AttackAct } from '../../contract/routes/attacks.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import {
  baselineLeastMs,
  beginsWith,
  calmWindows,
  demandOf,
  endsWith,
  hotWindows,
  leftOut,
  lowestFloor,
  quietAfterPersonMs,
  windowMs,
} from '../../core/shield/attack-signals.ts';
import type { Window } from '../../core/shield/attack-signals.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import {
  demandAfter,
  endAttackOn,
  findAttack,
  findAutomatic,
  insertAttack,
  lastEndOn,
  openAttackOn,
  openAttacks,
  raisePeak,
  setAutomatic,
  setSwitched,
  sitesWithDemand,
} from '../../store/attacks.ts';
import { findContact } from '../../store/desk/owner-notices.ts';
import { raiseAlarm, readTraffic } from '../../store/house.ts';
import { findSite } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import type { Work } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import type { DeskDeps } from '../desk/deps.ts';
import type { Caller } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import { eachAlone } from '../jobs/each-alone.ts';
import { publishSite } from '../sites/service.ts';

export type AttackDeps = ControlDeps & Pick<DeskDeps, 'seal' | 'outbox'>;

/** Edges report every two seconds and are written down each second: a window is whole so long after its end. */
const wholeAfterMs = 5000;
const dayMs = 86_400_000;
/** What came right before an attack may have been its beginning. */
const beforeMs = 300_000;
/** Sites looked at in one turn, those with most requests first. */
const mostAtOnce = 50;

/** Looks at the newest whole window once. Safe in several processes at once. */
export async function lookForAttacks(deps: AttackDeps): Promise<void> {
  const { db } = deps.store;
  const newestMs = Math.floor((deps.now() - wholeAfterMs) / windowMs) * windowMs - windowMs;
  const open = new Map((await openAttacks(db)).map((attack) => [attack.attackId, attack]));
  await eachAlone(deps.log, 'attacks that end', [...open.keys()], async (attackId) => {
    const attack = open.get(attackId);
    if (attack !== undefined) await follow(deps, attack, newestMs);
  });
  const sites = await sitesWithDemand(db, instantOf(newestMs), lowestFloor, mostAtOnce);
  await eachAlone(deps.log, 'attacks that begin', sites, (siteId) => judge(deps, siteId, newestMs));
}

/** A site's newest windows, oldest first, with those in which nothing came. */
async function windowsOf(deps: AttackDeps, siteId: SiteId, newestMs: number, windows: number): Promise<Window[]> {
  const fromMs = newestMs - (windows - 1) * windowMs;
  const points = await readTraffic(deps.store.db, siteId, instantOf(fromMs), windowMs / 1000);
  const known = new Map(points.map(({ at, counts }) => [msOf(at), counts]));
  return Array.from({ length: windows }, (_none, index) => {
    const atMs = fromMs + index * windowMs;
    return { atMs, counts: known.get(atMs) ?? nothing };
  });
}

const nothing = { passed: 0, challenged: 0, solved: 0, limited: 0, denied: 0, noticed: 0, 'origin-error': 0 };

async function judge(deps: AttackDeps, siteId: SiteId, newestMs: number): Promise<void> {
  const { db } = deps.store;
  const [site, automatic] = [await findSite(db, siteId, null), await findAutomatic(db, siteId)];
  if (site === null || automatic === null || automatic.attackMode === 'off') return;
  const windows = await windowsOf(deps, siteId, newestMs, hotWindows);
  if (windows.some(({ counts }) => demandOf(counts) < lowestFloor)) return;
  const end = await lastEndOn(db, siteId);
  const notBeforeMs = end === null ? 0 : msOf(end.at) + (end.byPerson ? quietAfterPersonMs : 0);
  const baseline = await baselineOf(deps, site, newestMs);
  const signals = beginsWith(windows, baseline, automatic.sensitivity, notBeforeMs);
  if (signals !== null) await begin(deps, siteId, signals);
}

async function baselineOf(deps: AttackDeps, site: SiteRecord, newestMs: number): Promise<number | null> {
  const untilMs = newestMs - beforeMs;
  const fromMs = Math.max(msOf(site.createdAt), untilMs - dayMs);
  if (untilMs - fromMs < baselineLeastMs) return null;
  const skip = leftOut(Math.floor((untilMs - fromMs) / windowMs));
  return demandAfter(deps.store.db, site.siteId, instantOf(fromMs), instantOf(untilMs), skip);
}

async function begin(deps: AttackDeps, siteId: SiteId, signals: AttackSignals): Promise<void> {
  await transact(deps.store, async (unit) => {
    const held = await findSite(unit.tx, siteId, null, 'lock');
    const automatic = held === null ? null : await findAutomatic(unit.tx, siteId);
    if (held === null || automatic === null || automatic.attackMode === 'off') return;
    if ((await openAttackOn(unit.tx, siteId)) !== null) return;
    const at = nowOf(deps);
    const on = automatic.attackMode === 'on';
    const attack: Attack = {
      attackId: AttackId.parse(randomId(idPrefix.attack)),
      siteId,
      accountId: held.accountId,
      siteName: held.name,
      state: on ? 'on' : 'suggested',
      beganAt: at,
      switchedAt: on ? at : null,
      switchedBy: null,
      endedAt: null,
      endedBy: null,
      peak: signals.demand,
      signals,
    };
    await insertAttack(unit.tx, attack);
    await addAudit(unit.tx, {
      at,
      who: null,
      act: 'attack.begin',
      subject: siteId,
      detail: { attackId: attack.attackId, state: attack.state, demand: signals.demand, threshold: signals.threshold },
    });
    const seen = `${held.name} gets ${signals.demand} requests in ten seconds; an attack begins at ${signals.threshold}.`;
    const done =
      held.mode === 'attack'
        ? 'Attack mode was on already.'
        : on
          ? 'Attack mode is on for as long as it lasts.'
          : 'Attack mode is not on: turn it on if this is an attack.';
    await raiseAlarm(unit, { kind: 'attack', at, sentence: `${seen} ${done}`, siteId });
    await tellOwner(deps, unit, attack, `${seen} ${done}`);
    if (on) await publishSite(deps, unit, { ...held, attackId: attack.attackId, version: held.version + 1 }, held);
    else unit.tellAfter({ kind: 'site', siteId, change: 'changed' });
  });
}

async function follow(deps: AttackDeps, attack: Attack, newestMs: number): Promise<void> {
  const windows = await windowsOf(deps, attack.siteId, newestMs, calmWindows);
  const peak = Math.max(...windows.flatMap(({ atMs, counts }) => (atMs >= msOf(attack.beganAt) ? [demandOf(counts)] : [])), 0);
  if (peak > attack.peak) await raisePeak(deps.store.db, attack.attackId, peak);
  if (!endsWith(windows, { beganMs: msOf(attack.beganAt), calmBelow: attack.signals.calmBelow })) return;
  await transact(deps.store, (unit) => finish(deps, unit, attack.attackId, null));
}

/** Ends an attack that is not over; `who` null: because it was calm. The site goes back to the mode that people set. */
async function finish(deps: AttackDeps, unit: Work, attackId: AttackId, who: Caller | null): Promise<void> {
  const seen = await findAttack(unit.tx, attackId, null);
  if (seen === null) return;
  // The site first, as every other act: two that wait for each other would otherwise be possible.
  const held = await findSite(unit.tx, seen.siteId, null, 'lock');
  const attack = await openAttackOn(unit.tx, seen.siteId);
  if (attack?.attackId !== attackId) return;
  const at = nowOf(deps);
  await endAttackOn(unit.tx, seen.siteId, at, who);
  await addAudit(unit.tx, { at, who, act: 'attack.end', subject: seen.siteId, detail: { attackId, peak: attack.peak } });
  if (held === null) return;
  if (who === null) {
    const mode = held.mode === 'attack' ? 'Attack mode stays on: a person turned it on.' : 'Attack mode is off.';
    await tellOwner(deps, unit, { ...attack, state: 'ended' }, `The attack on ${held.name} is over. ${mode}`);
  }
  if (held.attackId === null) unit.tellAfter({ kind: 'site', siteId: held.siteId, change: 'changed' });
  else await publishSite(deps, unit, { ...held, attackId: null, version: held.version + 1 }, held);
}

/** To the mailbox that the account named, if it named one. Says nothing of anybody but the site. */
async function tellOwner(deps: AttackDeps, unit: Work, attack: Attack, sentence: string): Promise<void> {
  const contact = await findContact(unit.tx, attack.accountId);
  if (contact === null) return;
  const over = attack.state === 'ended';
  await deps.outbox.send(unit, {
    channel: 'mail',
    to: { kind: 'address', address: deps.seal.decrypt(contact.address) },
    subject: over ? `The attack on ${attack.siteName} is over` : `${attack.siteName} seems to be under attack`,
    body: [sentence, '', `${deps.publicUrl}/console/sites/${attack.siteId}?tab=attacks`, ''].join('\n'),
    dedupe: `attack:${attack.attackId}:${over ? 'end' : 'begin'}`,
    urgent: !over,
    caseId: null,
  });
}

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
      await addAudit(unit.tx, { at, who: caller, act: 'attack.switch-on', subject: held.siteId, detail: { attackId } });
      await publishSite(deps, unit, { ...held, attackId, version: held.version + 1 }, held);
    } else if (act === 'end') {
      await finish(deps, unit, attackId, caller);
    } else {
      await endAttackOn(unit.tx, held.siteId, at, caller);
      await addAudit(unit.tx, { at, who: caller, act: 'attack.keep-on', subject: held.siteId, detail: { attackId } });
      await publishSite(deps, unit, { ...held, mode: 'attack', attackId: null, version: held.version + 1 }, held);
    }
    const after = await findAttack(unit.tx, attackId, null);
    if (after === null) throw notFound('attack');
    return after;
  });
}

/** Changes what may be done by itself. Throws Failure `not-found`. */
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
    if (before === null) throw notFound('site');
    const after: AutomaticAttack = {
      attackMode: change.attackMode ?? before.attackMode,
      sensitivity: change.sensitivity ?? before.sensitivity,
    };
    await setAutomatic(unit.tx, siteId, after);
    await addAudit(unit.tx, { at: nowOf(deps), who: caller, act: 'site.automatic', subject: siteId, detail: after });
    const attack = after.attackMode === 'off' ? await openAttackOn(unit.tx, siteId) : null;
    if (attack !== null) await finish(deps, unit, attack.attackId, caller);
    else unit.tellAfter({ kind: 'site', siteId, change: 'changed' });
    return after;
  });
}
