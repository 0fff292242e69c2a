/**
 * The audit trail: who did what, to what. Written in the transaction of the act itself, so that neither exists without the other.
 *
 * `detail` is read by auditors: ids, names, states, counts; never a secret, a code, a link or an address in full.
 */
import { sql } from 'kysely';
import type { Json } from '../contract/canonical.ts';
import { AuditId, PersonId, idPrefix } from '../contract/ids.ts';
import type { Instant } from '../contract/ids.ts';
import type { PersonRef } from '../contract/routes/common.ts';
import { randomId } from '../kit/random-id.ts';
import type { Db } from './open.ts';

export type AuditAct = {
  readonly at: Instant;
  /** Null when the program acted by itself. */
  readonly who: PersonRef | null;
  /** Room and verb, such as `order.confirm`. */
  readonly act: string;
  /** The id of what it was done to. */
  readonly subject: string;
  readonly detail: Readonly<Record<string, Json>>;
};

/** Adds one entry; `db` is the transaction of the act. */
export async function addAudit(db: Db, { at, who, act, subject, detail }: AuditAct): Promise<void> {
  await db
    .insertInto('audit_entry')
    .values({
      audit_id: AuditId.parse(randomId(idPrefix.audit)),
      at,
      person_id: who?.personId ?? null,
      person_name: who?.name ?? null,
      act,
      subject,
      detail: JSON.stringify(detail),
    })
    .execute();
}

/** Acts that give the person who is their subject a way in. */
const givesAccess = ['person.invite', 'invitation.renew', 'person.add-with-token'];

/** Who gave whom a way in since an instant. What the program itself gave has nobody behind it and is left out. */
export async function accessGivenSince(db: Db, since: Instant): Promise<{ by: PersonId; of: PersonId; at: Instant }[]> {
  const rows = await db
    .selectFrom('audit_entry')
    .select(['person_id', 'subject', 'at'])
    .where('act', 'in', givesAccess)
    .where('at', '>=', since)
    .execute();
  return rows.flatMap(({ person_id: by, subject, at }) => (by === null ? [] : [{ by, of: PersonId.parse(subject), at }]));
}

/** How many acts whose name begins so were written about a subject since an instant. */
export async function countActs(db: Db, subject: string, begins: string, since: Instant): Promise<number> {
  const { count } = await db
    .selectFrom('audit_entry')
    .select((select) => select.fn.countAll<number>().as('count'))
    .where('subject', '=', subject)
    .where(sql<boolean>`starts_with(act, ${begins})`)
    .where('at', '>=', since)
    .executeTakeFirstOrThrow();
  return count;
}
