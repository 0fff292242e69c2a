/**
 * Addresses that were reported as criminal to hold, and that a lead says were checked: they are not. A check belongs to the address, not to a
 * report, so that the same false report again stops nothing; a lead can take it back. The address itself stands here only as its hash.
 *
 * Not here: that an item of class child-abuse is never fetched, which no check changes.
 */
import { sql } from 'kysely';
import type { CaseId, EvidenceId, Instant } from '../../contract/ids.ts';
import type { CaptureState, Lane } from '../../contract/desk/words.ts';
import type { Db } from '../open.ts';
import type { NamedPerson } from '../orders.ts';
import type { Tx } from '../transact.ts';

/** Of these hashes (`url-sha256:…`) those that were checked. */
export async function checkedAmong(db: Db, artefacts: readonly string[]): Promise<ReadonlySet<string>> {
  if (artefacts.length === 0) return new Set();
  const rows = await db
    .selectFrom('checked_address')
    .select('artefact')
    .where(sql<boolean>`artefact = any(${[...artefacts]}::text[])`)
    .execute();
  return new Set(rows.map((row) => row.artefact));
}

export async function checkAddressIn(tx: Tx, artefact: string, who: NamedPerson, at: Instant): Promise<void> {
  await tx
    .insertInto('checked_address')
    .values({ artefact, at, person_id: who.personId, person_name: who.name })
    .onConflict((conflict) => conflict.column('artefact').doNothing())
    .execute();
}

/** Takes a check back; false when there was none. */
export async function uncheckAddressIn(tx: Tx, artefact: string): Promise<boolean> {
  const row = await tx.deleteFrom('checked_address').where('artefact', '=', artefact).returning('artefact').executeTakeFirst();
  return row !== undefined;
}

export type ItemOfAddress = {
  readonly evidenceId: EvidenceId;
  readonly caseId: CaseId;
  readonly lane: Lane;
  readonly artefact: string;
  readonly url: string;
  readonly captureState: CaptureState;
};

/**
 * Items that hold the address of such a hash in cases of other classes, by case. It hashes every address that is kept, because no item says what
 * its hash is: some hundred thousand in a second, for what a lead does by hand.
 */
export async function itemsOfAddress(db: Db, artefact: string): Promise<ItemOfAddress[]> {
  const { rows } = await sql<ItemOfAddress>`
    select e.evidence_id as "evidenceId", e.case_id as "caseId", c.lane, e.artefact, e.url, e.capture_state as "captureState"
    from evidence e join desk_case c on c.case_id = e.case_id
    where e.url is not null and c.class <> 'child-abuse' and (e.artefact = ${artefact} or (e.artefact like 'url:%'
      and 'url-sha256:' || encode(sha256(convert_to(substr(e.artefact, 5), 'UTF8')), 'hex') = ${artefact}))
    order by e.case_id, e.evidence_id`.execute(db);
  return rows;
}
