/**
 * Who is woken, in which order, by which way. Addresses are encrypted before they come here and are never read for a list.
 */
import type { Instant, PersonId } from '../../contract/ids.ts';
import type { Db } from '../open.ts';
import type { OnCallTable } from './tables.ts';

export type OnCallWay = {
  readonly personId: PersonId;
  readonly name: string;
  readonly channel: OnCallTable['channel'];
  readonly addressHint: string;
  readonly position: number;
  readonly active: boolean;
};

/** Every way to wake somebody, by position. */
export async function listOnCall(db: Db): Promise<OnCallWay[]> {
  const rows = await db
    .selectFrom('on_call')
    .select(['person_id', 'person_name', 'channel', 'address_hint', 'position', 'active'])
    .orderBy('position')
    .orderBy('person_id')
    .orderBy('channel')
    .execute();
  return rows.map((row) => ({
    personId: row.person_id,
    name: row.person_name,
    channel: row.channel,
    addressHint: row.address_hint,
    position: row.position,
    active: row.active,
  }));
}

/** The ways that are active, of people who are not disabled, with their encrypted addresses, by position. */
export async function activeOnCall(db: Db): Promise<{ personId: PersonId; channel: OnCallTable['channel']; address: Buffer }[]> {
  const rows = await db
    .selectFrom('on_call')
    .innerJoin('person', 'person.person_id', 'on_call.person_id')
    .select(['on_call.person_id', 'channel', 'address'])
    .where('active', '=', true)
    .where('person.state', '<>', 'disabled')
    .orderBy('position')
    .orderBy('on_call.person_id')
    .orderBy('channel')
    .execute();
  return rows.map((row) => ({ personId: row.person_id, channel: row.channel, address: row.address }));
}

/** Sets one way; without an address an existing one keeps its own. False when there is none to keep. */
export async function setOnCallIn(
  db: Db,
  way: Omit<OnCallWay, 'addressHint'> & {
    readonly address: { readonly encrypted: Buffer; readonly hint: string } | null;
    readonly at: Instant;
  },
): Promise<boolean> {
  const changed = { person_name: way.name, position: way.position, active: way.active };
  if (way.address === null) {
    const row = await db
      .updateTable('on_call')
      .set(changed)
      .where('person_id', '=', way.personId)
      .where('channel', '=', way.channel)
      .returning('person_id')
      .executeTakeFirst();
    return row !== undefined;
  }
  const address = { address: way.address.encrypted, address_hint: way.address.hint };
  await db
    .insertInto('on_call')
    .values({ person_id: way.personId, channel: way.channel, ...changed, ...address, created_at: way.at })
    .onConflict((conflict) => conflict.columns(['person_id', 'channel']).doUpdateSet({ ...changed, ...address }))
    .execute();
  return true;
}
