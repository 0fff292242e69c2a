/**
 * Tells of an attack: the owner's mailbox, and the owner's programs by a signed message. Both wait in the outbox and are tried for a day.
 *
 * Says nothing of anybody but the site: no address, no path of a visitor, no person's name.
 */
import type { Attack } from '../../contract/attacks.ts';
import { findHook } from '../../store/attacks.ts';
import { findContact } from '../../store/desk/owner-notices.ts';
import type { Work } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { AttackDeps } from './deps.ts';

export type AttackEvent = 'begin' | 'switched-on' | 'widened' | 'end';

/** The mail goes out for what began or ended by itself; programs hear of every event. */
export async function tellOwner(
  deps: AttackDeps,
  unit: Work,
  attack: Attack,
  event: AttackEvent,
  sentence: string,
  mail: 'mail' | 'no-mail' = 'mail',
): Promise<void> {
  const link = `${deps.publicUrl}/console/sites/${attack.siteId}?tab=attacks`;
  const contact = mail === 'mail' ? await findContact(unit.tx, attack.accountId) : null;
  if (contact !== null) {
    await deps.outbox.send(unit, {
      channel: 'mail',
      to: { kind: 'address', address: deps.seal.decrypt(contact.address) },
      subject: event === 'end' ? `The attack on ${attack.siteName} is over` : `${attack.siteName} seems to be under attack`,
      body: [sentence, '', link, ''].join('\n'),
      dedupe: `attack:${attack.attackId}:${event}`,
      urgent: event !== 'end',
      caseId: null,
    });
  }
  const hook = await findHook(unit.tx, attack.siteId);
  if (hook === null) return;
  const { attackId, siteId, siteName, state, path, beganAt, endedAt, peak, signals } = attack;
  await deps.outbox.send(unit, {
    channel: 'webhook',
    to: { kind: 'address', address: deps.seal.decrypt(hook.sealed) },
    subject: `attack ${event}`,
    body: JSON.stringify({
      event: `attack.${event}`,
      at: nowOf(deps),
      sentence,
      link,
      attack: { attackId, siteId, siteName, state, path, beganAt, endedAt, peak, signals },
    }),
    dedupe: `attack-hook:${attackId}:${event}`,
    // Urgent ones raise an alarm about people on call when they fail: this is none of those.
    urgent: false,
    caseId: null,
  });
}
