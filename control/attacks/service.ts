/**
 * Attack mode by itself: begins, widens and ends attacks from the traffic that edges report. What people say about one: people.ts.
 *
 * An attack holds a site, or a path of it, in attack mode beside the mode that people set, and never touches an order: it changes the site's
 * item for the edges and nothing else. What a person said wins: `off` for the site, or `end`, ends the attack and keeps it off for half an
 * hour. Each act is one transaction with its audit line, its entry in the record, its alarm, and what the owner is told.
 * A path only when the edges' samples say that it carries nearly all of the excess; nobody answers, or nobody can tell: the whole site.
 * What can go wrong: no telemetry, no attack begins (open: limits per client and per site hold at the edges, which need nobody), and one that is
 * on ends as calm although nobody can see; with the control plane away, what is on stays on (closed: visitors meet the challenge).
 */
import type { Attack, AttackSignals } from '../../contract/attacks.ts';
import { AttackId, idPrefix } from '../../contract/ids.ts';
import type { Instant, SiteId } from '../../contract/ids.ts';
import type { PathPrefix } from '../../contract/policy.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { attackedPath } from '../../core/shield/attack-path.ts';
import {
  baselineLeastMs,
  beginsWith,
  calmWindows,
  demandOf,
  endsWith,
  hotWindows,
  leftOut,
  lowestFloor,
  outgrowsPath,
  quietAfterPersonMs,
  windowMs,
} from '../../core/shield/attack-signals.ts';
import type { Window } from '../../core/shield/attack-signals.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import {
  addEntry,
  demandAfter,
  endAttackOn,
  endedByPeopleSince,
  findAttack,
  findAutomatic,
  insertAttack,
  lastEndOn,
  openAttackOn,
  openAttacks,
  raisePeak,
  setPath,
  sitesWithDemand,
} from '../../store/attacks.ts';
import { raiseAlarm, readTraffic } from '../../store/house.ts';
import { findSite } from '../../store/sites.ts';
import type { SiteRecord } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import type { Work } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import { gatherSamples } from '../edges/samples.ts';
import type { Caller } from '../http/caller.ts';
import { eachAlone } from '../jobs/each-alone.ts';
import { publishSite } from '../sites/service.ts';
import type { AttackDeps } from './deps.ts';
import { tellOwner } from './tell.ts';

/** Edges report every two seconds and are written down each second: a window is whole so long after its end. */
const wholeAfterMs = 5000;
const dayMs = 86_400_000;
/** What came right before an attack may have been its beginning. */
const beforeMs = 300_000;
/** Sites looked at in one turn, those with most requests first. */
const mostAtOnce = 50;

/** Looks at the newest whole window once. Safe in several processes at once. `heardSinceMs`: what edges told before nobody may have heard. */
export async function lookForAttacks(deps: AttackDeps, heardSinceMs: number): Promise<void> {
  const { db } = deps.store;
  const newestMs = Math.floor((deps.now() - wholeAfterMs) / windowMs) * windowMs - windowMs;
  const open = new Map((await openAttacks(db)).map((attack) => [attack.attackId, attack]));
  await eachAlone(deps.log, 'attacks that end', [...open.keys()], async (attackId) => {
    const attack = open.get(attackId);
    if (attack !== undefined) await follow(deps, attack, newestMs, heardSinceMs);
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
  if (signals !== null) await begin(deps, siteId, signals, await pathOf(deps, site, newestMs));
}

/** Where it is, by what the edges that serve the site sampled of the last hour. */
async function pathOf(deps: AttackDeps, site: SiteRecord, newestMs: number): Promise<PathPrefix | null> {
  const { requests } = await gatherSamples(deps, deps.stream, site).catch((error: unknown) => {
    deps.log.warn({ err: error, siteId: site.siteId }, 'no edge could say which path an attack is on: the whole site is taken');
    return { requests: [] };
  });
  const samples = requests.map(({ at, path, oneIn }) => ({ atMs: msOf(at), path, weight: oneIn }));
  // Until now, and not only until the window's end: the newest samples are the surest.
  const untilMs = deps.now() + 1;
  return attackedPath(samples, untilMs, untilMs - (newestMs - (hotWindows - 1) * windowMs));
}

async function baselineOf(deps: AttackDeps, site: SiteRecord, newestMs: number): Promise<number | null> {
  const untilMs = newestMs - beforeMs;
  const fromMs = Math.max(msOf(site.createdAt), untilMs - dayMs);
  if (untilMs - fromMs < baselineLeastMs) return null;
  const skip = leftOut(Math.floor((untilMs - fromMs) / windowMs));
  return demandAfter(deps.store.db, site.siteId, instantOf(fromMs), instantOf(untilMs), skip);
}

async function begin(deps: AttackDeps, siteId: SiteId, signals: AttackSignals, path: PathPrefix | null): Promise<void> {
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
      path,
      edgeId: null,
      signals,
    };
    await insertAttack(unit.tx, attack);
    const where = path === null ? '' : `, nearly all of them below ${path}`;
    const seen = `${held.name} gets ${signals.demand} requests in ten seconds${where}; an attack begins at ${signals.threshold}.`;
    await addEntry(unit.tx, attack.attackId, { at, kind: 'began', who: null, words: seen });
    await addAudit(unit.tx, {
      at,
      who: null,
      act: 'attack.begin',
      subject: siteId,
      detail: { attackId: attack.attackId, state: attack.state, path, demand: signals.demand, threshold: signals.threshold },
    });
    const done =
      held.mode === 'attack'
        ? 'Attack mode was on already.'
        : on
          ? `Attack mode is on${path === null ? '' : ` for ${path}`} for as long as it lasts.`
          : 'Attack mode is not on: turn it on if this is an attack.';
    await raiseAlarm(unit, { kind: 'attack', at, sentence: `${seen} ${done}`, siteId });
    await tellOwner(deps, unit, attack, 'begin', `${seen} ${done}`);
    const { attackId } = attack;
    if (on) await publishSite(deps, unit, { ...held, attackId, attackPath: path, version: held.version + 1 }, held);
    else unit.tellAfter({ kind: 'site', siteId, change: 'changed' });
  });
}

async function follow(deps: AttackDeps, attack: Attack, newestMs: number, heardSinceMs: number): Promise<void> {
  const windows = await windowsOf(deps, attack.siteId, newestMs, calmWindows);
  const peak = Math.max(...windows.flatMap(({ atMs, counts }) => (atMs >= msOf(attack.beganAt) ? [demandOf(counts)] : [])), 0);
  if (peak > attack.peak) await raisePeak(deps.store.db, attack.attackId, peak);
  const { path, switchedAt, signals } = attack;
  if (path !== null && switchedAt !== null && outgrowsPath(windows, msOf(switchedAt), signals.threshold)) {
    await transact(deps.store, (unit) => widen(deps, unit, attack.attackId, null));
  }
  // Calm is what was heard to be calm: not the time before an edge that was alone was back, nor that in which this process was away.
  const beganMs = Math.max(heardSinceMs, msOf(attack.beganAt), switchedAt === null ? 0 : msOf(switchedAt));
  if (!endsWith(windows, { beganMs, calmBelow: signals.calmBelow })) return;
  await transact(deps.store, (unit) => finish(deps, unit, attack.attackId, null));
}

/** Ends an attack that is not over; `who` null: because it was calm. The site goes back to the mode that people set. */
export async function finish(deps: AttackDeps, unit: Work, attackId: AttackId, who: Caller | null): Promise<void> {
  const seen = await findAttack(unit.tx, attackId, null);
  if (seen === null) return;
  // The site first, as every other act: two that wait for each other would otherwise be possible.
  const held = await findSite(unit.tx, seen.siteId, null, 'lock');
  const attack = await openAttackOn(unit.tx, seen.siteId);
  if (attack?.attackId !== attackId) return;
  const at = nowOf(deps);
  await endAttackOn(unit.tx, seen.siteId, at, who);
  await addEntry(unit.tx, attackId, { at, kind: 'ended', who, words: null });
  await addAudit(unit.tx, { at, who, act: 'attack.end', subject: seen.siteId, detail: { attackId, peak: attack.peak } });
  if (held === null) return;
  const byHand = held.mode === 'attack' || held.attackPaths.length > 0;
  const mode = byHand ? 'Attack mode stays on where people turned it on.' : 'Attack mode is off.';
  const ended = { ...attack, state: 'ended' as const, endedAt: at };
  await tellOwner(deps, unit, ended, 'end', `The attack on ${held.name} is over. ${mode}`, who === null ? 'mail' : 'no-mail');
  if (held.attackId === null) unit.tellAfter({ kind: 'site', siteId: held.siteId, change: 'changed' });
  else await publishSite(deps, unit, { ...held, attackId: null, attackPath: null, version: held.version + 1 }, held);
}

/** Tells programs of attacks that a person ended since then by the site's own switch, which knows nobody to tell. Said twice is sent once. */
export async function tellSwitchedOff(deps: AttackDeps, since: Instant): Promise<void> {
  const ended = new Map((await endedByPeopleSince(deps.store.db, since)).map((attack) => [attack.attackId, attack]));
  await eachAlone(deps.log, 'attacks that people ended', [...ended.keys()], async (attackId) => {
    const attack = ended.get(attackId);
    if (attack === undefined) return;
    const sentence = `A person ended the attack on ${attack.siteName}: attack mode is off.`;
    await transact(deps.store, (unit) => tellOwner(deps, unit, attack, 'end', sentence, 'no-mail'));
  });
}

/** From a path to the whole site; `who` null: because it is hot outside of the path. False when there is nothing to widen. */
export async function widen(deps: AttackDeps, unit: Work, attackId: AttackId, who: Caller | null): Promise<boolean> {
  const seen = await findAttack(unit.tx, attackId, null);
  const held = seen === null ? null : await findSite(unit.tx, seen.siteId, null, 'lock');
  const attack = held === null ? null : await openAttackOn(unit.tx, held.siteId);
  if (held === null || attack?.attackId !== attackId || attack.path === null) return false;
  const at = nowOf(deps);
  await setPath(unit.tx, attackId, null);
  const words = `From ${attack.path} to the whole site.`;
  await addEntry(unit.tx, attackId, { at, kind: 'widened', who, words });
  await addAudit(unit.tx, { at, who, act: 'attack.widen', subject: held.siteId, detail: { attackId, from: attack.path } });
  const sentence = `The attack on ${held.name} is on more than ${attack.path}: it is taken for one on the whole site.`;
  await tellOwner(deps, unit, { ...attack, path: null }, 'widened', sentence, 'no-mail');
  if (held.attackId === attackId) await publishSite(deps, unit, { ...held, attackPath: null, version: held.version + 1 }, held);
  else unit.tellAfter({ kind: 'site', siteId: held.siteId, change: 'changed' });
  return true;
}
