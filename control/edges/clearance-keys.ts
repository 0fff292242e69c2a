/**
 * Clearance keys: a new current one, the one before still accepted, older ones dropped.
 *
 * Edges that have the new revision sign with the new key and accept both; edges that do not have it yet sign with the old one, which
 * the others accept. So nobody meets a new challenge. The secret is in the policy only: not in a log, not in an answer, not in the audit trail.
 */
import { randomBytes } from 'node:crypto';
import { KeyId, Revision } from '../../contract/ids.ts';
import type { GroupName } from '../../contract/ids.ts';
import type { ClearanceKeyPolicy } from '../../contract/policy.ts';
import { itemKey } from '../../contract/policy.ts';
import { addAudit } from '../../store/audit.ts';
import { findHead, lockClearanceKeys, recordChanges, setKeyNumber } from '../../store/change-log.ts';
import type { PolicyChange } from '../../store/change-log.ts';
import type { NamedPerson } from '../../store/orders.ts';
import type { Work } from '../../store/transact.ts';
import { nowOf } from '../deps.ts';
import type { ControlDeps } from '../deps.ts';
import { notFound } from '../http/failure.ts';

export type Rotated = { readonly current: KeyId; readonly accepted: readonly KeyId[]; readonly revision: Revision };

/** A new key, and what becomes of the held ones. */
export function nextKeys(
  held: readonly ClearanceKeyPolicy[],
  number: number,
  dropOlder: boolean,
): { current: ClearanceKeyPolicy; items: PolicyChange[]; accepted: KeyId[] } {
  const current: ClearanceKeyPolicy = {
    kind: 'clearance-key',
    keyId: KeyId.parse(`k${number}`),
    secret: randomBytes(32).toString('base64'),
    state: 'current',
  };
  const items: PolicyChange[] = [{ upsert: current }];
  const accepted: KeyId[] = [];
  for (const key of held) {
    if (key.state === 'current' || !dropOlder) {
      accepted.push(key.keyId);
      items.push({ upsert: { ...key, state: 'accepted' } });
    } else {
      items.push({ remove: itemKey(key) });
    }
  }
  return { current, items, accepted };
}

/** Rotates the keys of a group in a unit of work. Throws Failure `not-found`. */
export async function rotateKeys(
  deps: Pick<ControlDeps, 'now'>,
  unit: Work,
  rotation: { group: GroupName; dropOlder: boolean; who: NamedPerson | null },
): Promise<Rotated> {
  const { group, dropOlder, who } = rotation;
  const held = await lockClearanceKeys(unit.tx, group);
  if (held === null) throw notFound('edge group');
  const at = nowOf(deps);
  const { current, items, accepted } = nextKeys(held.keys, held.nextNumber, dropOlder);
  await setKeyNumber(unit.tx, group, held.nextNumber, at);
  const revision = await recordChanges(unit, { group, class: 'slow', at, items });
  await addAudit(unit.tx, {
    at,
    who,
    act: 'clearance-keys.rotate',
    subject: group,
    detail: { current: current.keyId, accepted },
  });
  return {
    current: current.keyId,
    accepted,
    revision: revision ?? (await findHead(unit.tx, group))?.revision ?? Revision.parse(0),
  };
}
