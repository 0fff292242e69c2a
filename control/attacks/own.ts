/**
 * Attack mode that an edge turned on by itself while it could not reach the control plane: written down, and gone on with or ended.
 *
 * What a person said meanwhile wins: where nothing may be done by itself any more, or a person has ended an attack since, it is recorded as
 * over, and the edge lets go by itself. An edge speaks for sites of its group only. Told twice is written once.
 */
import { AttackId, idPrefix } from '../../contract/ids.ts';
import type { Attack } from '../../contract/attacks.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import { addEntry, findAutomatic, insertAttack, isRecorded, lastEndOn, openAttackOn } from '../../store/attacks.ts';
import { addAudit } from '../../store/audit.ts';
import { findEdge } from '../../store/edges.ts';
import { raiseAlarm } from '../../store/house.ts';
import { findSite } from '../../store/sites.ts';
import { transact } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ToldAttack } from '../edges/stream.ts';
import { publishSite } from '../sites/service.ts';
import type { AttackDeps } from './deps.ts';
import { tellOwner } from './tell.ts';

/** An edge's clock is believed as far back. */
const longestAgoMs = 30 * 86_400_000;

/** Writes down what one edge told. */
export async function takeOwn(deps: AttackDeps, { edgeId, group, own }: ToldAttack): Promise<void> {
  await transact(deps.store, async (unit) => {
    const held = await findSite(unit.tx, own.siteId, null, 'lock');
    const automatic = held === null ? null : await findAutomatic(unit.tx, own.siteId);
    if (held === null || automatic === null || held.group !== group) return;
    const nowMs = deps.now();
    const within = (ms: number) => Math.min(nowMs, Math.max(nowMs - longestAgoMs, ms));
    const beganAt = instantOf(within(msOf(own.beganAt)));
    if (await isRecorded(unit.tx, { edgeId, siteId: own.siteId, beganAt })) return;
    const edge = (await findEdge(unit.tx, edgeId))?.name ?? edgeId;
    const at = nowOf(deps);
    const seen = `The edge ${edge} could not reach the control plane and turned attack mode on for ${held.name} by itself: it got ${own.signals.demand} requests in ten seconds.`;
    const open = await openAttackOn(unit.tx, own.siteId);
    if (open !== null) {
      await addEntry(unit.tx, open.attackId, { at: beganAt, kind: 'edge-began', who: null, words: seen });
      return;
    }
    const end = await lastEndOn(unit.tx, own.siteId);
    const person = automatic.attackMode !== 'on' || (end?.byPerson === true && end.at >= beganAt);
    const goesOn = own.endedAt === null && !person;
    const endedAt = goesOn ? null : own.endedAt === null ? at : instantOf(Math.max(msOf(beganAt), within(msOf(own.endedAt))));
    const attack: Attack = {
      attackId: AttackId.parse(randomId(idPrefix.attack)),
      siteId: own.siteId,
      accountId: held.accountId,
      siteName: held.name,
      state: goesOn ? 'on' : 'ended',
      beganAt,
      // From then on it is the control plane's, which counts from there.
      switchedAt: goesOn ? at : beganAt,
      switchedBy: null,
      endedAt,
      endedBy: null,
      peak: Math.max(own.peak, own.signals.demand),
      path: null,
      edgeId,
      signals: own.signals,
    };
    const { attackId } = attack;
    await insertAttack(unit.tx, attack);
    await addEntry(unit.tx, attackId, { at: beganAt, kind: 'edge-began', who: null, words: seen });
    if (endedAt !== null) await addEntry(unit.tx, attackId, { at: endedAt, kind: 'ended', who: null, words: null });
    await addAudit(unit.tx, {
      at,
      who: null,
      act: 'attack.edge-began',
      subject: own.siteId,
      detail: { attackId, edgeId, beganAt, endedAt },
    });
    const now = goesOn ? 'It lasts; attack mode is on at every edge now.' : 'It is over.';
    await raiseAlarm(unit, { kind: 'attack', at, sentence: `${seen} ${now}`, siteId: held.siteId });
    await tellOwner(deps, unit, attack, goesOn ? 'begin' : 'end', `${seen} ${now}`);
    if (goesOn) await publishSite(deps, unit, { ...held, attackId, attackPath: null, version: held.version + 1 }, held);
    else unit.tellAfter({ kind: 'site', siteId: held.siteId, change: 'changed' });
  });
}
