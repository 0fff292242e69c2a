/**
 * Tells everybody when people who must be different may be one: who decided without an order, both panels of a provisional measure, and whoever
 * decides an appeal. What they did stands (core/identity/one-hand.ts says why). Orders have their own alarm (control/orders/service.ts).
 */
import { accessIsFreshDays, mayBeOneHand } from '../../../core/identity/one-hand.ts';
import { instantOf } from '../../../core/instant.ts';
import { accessGivenSince, addAudit } from '../../../store/audit.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { raiseAlarm } from '../../../store/house.ts';
import type { NamedPerson } from '../../../store/orders.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { ControlDeps } from '../../deps.ts';

/** `newer` acted on what `earlier` did; `what` says it, such as "decided the appeal of D-2026-0001". */
export async function alarmAboutOneHand(
  unit: Work,
  deps: Pick<ControlDeps, 'now'>,
  found: CaseRecord,
  people: { readonly newer: NamedPerson; readonly earlier: readonly (NamedPerson | null)[]; readonly what: string },
): Promise<void> {
  const given = await accessGivenSince(unit.tx, instantOf(deps.now() - accessIsFreshDays * 86_400_000));
  const { newer, earlier, what } = people;
  const other = earlier.find((person) => person !== null && mayBeOneHand(person.personId, newer.personId, given, deps.now()));
  if (other === undefined || other === null) return;
  const at = nowOf(deps);
  const detail = { personId: newer.personId, otherId: other.personId };
  await addAudit(unit.tx, { at, who: null, act: 'decision.confirmer-made-by-proposer', subject: found.case_id, detail });
  await raiseAlarm(unit, {
    kind: 'confirmer-made-by-proposer',
    at,
    sentence: `${newer.name} ${what} in ${found.number}, in which ${other.name} acted before. In the last ${accessIsFreshDays} days one of them let the other in, or one person let in both. Make sure that they are two people; what was decided stands.`,
    caseId: found.case_id,
  });
}
