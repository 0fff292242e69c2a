/**
 * People and accounts in the database.
 *
 * People are never deleted (the audit trail and old orders name them), only disabled. Functions take the transaction or the database
 * to run on; those that change something belong in a transaction with their audit entry.
 */
import { sql } from 'kysely';
import { z } from 'zod';
import { Role } from '../../contract/access.ts';
import type { AccountId, Instant, PersonId } from '../../contract/ids.ts';
import type { Account, Person } from '../../contract/routes/identity.ts';
import type { PersonTable } from '../identity-tables.ts';
import type { Db } from '../open.ts';

const Roles = z.array(Role);

export type StoredPerson = {
  readonly personId: PersonId;
  readonly name: string;
  readonly roles: Role[];
  readonly accountId: AccountId | null;
  readonly state: PersonTable['state'];
};

export type NewPerson = StoredPerson & { readonly nameKey: string; readonly createdAt: Instant };

/** Adds a person. Breaks the unique key `person_name_key_key` when the name is taken. */
export async function insertPerson(db: Db, person: NewPerson): Promise<void> {
  await db
    .insertInto('person')
    .values({
      person_id: person.personId,
      name: person.name,
      name_key: person.nameKey,
      roles: JSON.stringify(person.roles),
      account_id: person.accountId,
      state: person.state,
      created_at: person.createdAt,
      last_sign_in_at: null,
    })
    .execute();
}

export async function findPerson(db: Db, personId: PersonId): Promise<StoredPerson | null> {
  const row = await db.selectFrom('person').selectAll().where('person_id', '=', personId).executeTakeFirst();
  return row === undefined ? null : storedPerson(row);
}

export async function findPersonByNameKey(db: Db, nameKey: string): Promise<StoredPerson | null> {
  const row = await db.selectFrom('person').selectAll().where('name_key', '=', nameKey).executeTakeFirst();
  return row === undefined ? null : storedPerson(row);
}

/**
 * Locks the person and every operator until the transaction ends, in one order for all callers, so that two operators who disable
 * each other at once are judged one after the other. Returns the person and how many *other* operators can sign in.
 */
export async function lockForChange(
  tx: Db,
  personId: PersonId,
): Promise<{ person: StoredPerson; otherOperators: number } | null> {
  const rows = await tx
    .selectFrom('person')
    .selectAll()
    .select(sql<boolean>`${hasKey}`.as('has_key'))
    .where((is) => is.or([is('person_id', '=', personId), sql<boolean>`roles @> '["operator"]'::jsonb`]))
    .orderBy('person_id')
    .forUpdate()
    .execute();
  const row = rows.find((one) => one.person_id === personId);
  if (row === undefined) return null;
  const others = rows.filter((one) => one.person_id !== personId && one.state === 'active' && one.has_key);
  return {
    person: storedPerson(row),
    otherOperators: others.filter((one) => Roles.parse(one.roles).includes('operator')).length,
  };
}

export async function updatePerson(
  tx: Db,
  personId: PersonId,
  change: { roles?: readonly Role[]; state?: PersonTable['state'] },
): Promise<void> {
  if (change.roles === undefined && change.state === undefined) return;
  await tx
    .updateTable('person')
    .set({
      ...(change.roles === undefined ? {} : { roles: JSON.stringify(change.roles) }),
      ...(change.state === undefined ? {} : { state: change.state }),
    })
    .where('person_id', '=', personId)
    .execute();
}

export async function noteSignIn(tx: Db, personId: PersonId, at: Instant): Promise<void> {
  await tx.updateTable('person').set({ last_sign_in_at: at }).where('person_id', '=', personId).execute();
}

/** A way to sign in on a console: a passkey or a password. Tokens do not count. */
const hasKey = sql`(exists (select 1 from passkey k where k.person_id = person.person_id)
  or exists (select 1 from password w where w.person_id = person.person_id))`;

/** Whether anybody can sign in on the console: then the first account exists. */
export async function anybodyCanSignIn(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom('person')
    .select('person_id')
    .where(sql<boolean>`${hasKey}`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

const personColumns = [
  'person_id',
  'name',
  'roles',
  'account_id',
  'state',
  'created_at',
  'last_sign_in_at',
  sql<number>`(select count(*) from passkey k where k.person_id = person.person_id)`.as('passkeys'),
  sql<boolean>`exists (select 1 from password w where w.person_id = person.person_id)`.as('has_password'),
] as const;

/** A page of people by name, those whose name holds `search` if given; `after` is the last person of the page before. */
export async function listPeople(
  db: Db,
  page: { limit: number; after: string | null; search: string },
): Promise<{ items: Person[]; total: number }> {
  const pattern = `%${page.search.replace(/[\\%_]/g, '\\$&')}%`;
  const rows = await db
    .selectFrom('person')
    .select(personColumns)
    .where('name_key', 'like', pattern)
    .$if(page.after !== null, (query) =>
      query.where('name_key', '>', (is) =>
        is.selectFrom('person').select('name_key').where('person_id', '=', cursorId(page.after)),
      ),
    )
    .orderBy('name_key')
    .limit(page.limit)
    .execute();
  const count = await db
    .selectFrom('person')
    .select((is) => is.fn.countAll<number>().as('total'))
    .where('name_key', 'like', pattern)
    .executeTakeFirstOrThrow();
  return { items: rows.map(shownPerson), total: count.total };
}

export async function showPerson(db: Db, personId: PersonId): Promise<Person | null> {
  const row = await db.selectFrom('person').select(personColumns).where('person_id', '=', personId).executeTakeFirst();
  return row === undefined ? null : shownPerson(row);
}

type ShownRow = Pick<
  { [Column in keyof PersonTable]: PersonTable[Column] },
  'person_id' | 'name' | 'account_id' | 'state' | 'created_at' | 'last_sign_in_at'
> & { readonly roles: unknown; readonly passkeys: number; readonly has_password: boolean };

function shownPerson(row: ShownRow): Person {
  return {
    personId: row.person_id,
    name: row.name,
    roles: Roles.parse(row.roles),
    accountId: row.account_id,
    state: row.state,
    createdAt: row.created_at,
    lastSignInAt: row.last_sign_in_at,
    passkeys: row.passkeys,
    hasPassword: row.has_password,
  };
}

function storedPerson(row: Pick<ShownRow, 'person_id' | 'name' | 'roles' | 'account_id' | 'state'>): StoredPerson {
  return {
    personId: row.person_id,
    name: row.name,
    roles: Roles.parse(row.roles),
    accountId: row.account_id,
    state: row.state,
  };
}

/* ---- accounts ------------------------------------------------------------------------------------------------------------- */

export async function insertAccount(tx: Db, account: { accountId: AccountId; name: string; createdAt: Instant }): Promise<void> {
  await tx
    .insertInto('account')
    .values({ account_id: account.accountId, name: account.name, created_at: account.createdAt })
    .execute();
}

export async function accountExists(db: Db, accountId: AccountId): Promise<boolean> {
  return (
    (await db.selectFrom('account').select('account_id').where('account_id', '=', accountId).executeTakeFirst()) !== undefined
  );
}

/** Compares without regard to case. The caller holds a transaction; two at once may both pass, which only looks untidy. */
export async function accountNameTaken(tx: Db, name: string): Promise<boolean> {
  const row = await tx
    .selectFrom('account')
    .select('account_id')
    .where(sql<boolean>`lower(name) = lower(${name})`)
    .executeTakeFirst();
  return row !== undefined;
}

export async function listAccounts(
  db: Db,
  page: { limit: number; after: string | null },
): Promise<{ items: Account[]; total: number }> {
  const rows = await db
    .selectFrom('account')
    .select([
      'account_id',
      'name',
      'created_at',
      sql<number>`(select count(*) from person p where p.account_id = account.account_id)`.as('people'),
    ])
    .$if(page.after !== null, (query) =>
      query.where(sql<boolean>`(name, account_id) > (select name, account_id from account where account_id = ${page.after})`),
    )
    .orderBy('name')
    .orderBy('account_id')
    .limit(page.limit)
    .execute();
  const count = await db
    .selectFrom('account')
    .select((is) => is.fn.countAll<number>().as('total'))
    .executeTakeFirstOrThrow();
  const items = rows.map((row) => ({
    accountId: row.account_id,
    name: row.name,
    createdAt: row.created_at,
    people: row.people,
  }));
  return { items, total: count.total };
}

/** A cursor compares as plain text in SQL: a made-up one names nobody and gives an empty page. */
function cursorId(text: string | null) {
  return sql<PersonId>`${text}`;
}
