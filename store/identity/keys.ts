/**
 * The ways in which people sign in, in the database: passkeys, password with TOTP, recovery codes.
 *
 * What must happen once (a TOTP step, a recovery code, a key's counter) is checked and noted by one statement, so that of two
 * requests at once only one succeeds.
 */
import { z } from 'zod';
import type { CredentialId, Instant, PersonId } from '../../contract/ids.ts';
import type { Passkey } from '../../contract/routes/identity.ts';
import type { Db } from '../open.ts';

const Transports = z.array(z.string());

export type StoredPasskey = {
  readonly credentialId: CredentialId;
  readonly personId: PersonId;
  readonly externalId: string;
  readonly publicKey: string;
  readonly counter: number;
  readonly transports: string[];
};

export type NewPasskey = StoredPasskey & { readonly label: string; readonly synced: boolean; readonly createdAt: Instant };

/** Breaks the unique key `passkey_external_id_key` when the authenticator's key is known already. */
export async function insertPasskey(tx: Db, key: NewPasskey): Promise<void> {
  await tx
    .insertInto('passkey')
    .values({
      credential_id: key.credentialId,
      person_id: key.personId,
      external_id: key.externalId,
      public_key: key.publicKey,
      counter: key.counter,
      transports: JSON.stringify(key.transports),
      label: key.label,
      synced: key.synced,
      created_at: key.createdAt,
      last_used_at: null,
    })
    .execute();
}

export async function findPasskey(db: Db, externalId: string): Promise<StoredPasskey | null> {
  const row = await db.selectFrom('passkey').selectAll().where('external_id', '=', externalId).executeTakeFirst();
  if (row === undefined) return null;
  return {
    credentialId: row.credential_id,
    personId: row.person_id,
    externalId: row.external_id,
    publicKey: row.public_key,
    counter: row.counter,
    transports: Transports.parse(row.transports),
  };
}

/** Notes a use. False when the counter is no longer the one that was checked: another request used the key meanwhile. */
export async function noteUseOfPasskey(
  tx: Db,
  key: StoredPasskey,
  use: { newCounter: number; synced: boolean; at: Instant },
): Promise<boolean> {
  const result = await tx
    .updateTable('passkey')
    .set({ counter: use.newCounter, synced: use.synced, last_used_at: use.at })
    .where('credential_id', '=', key.credentialId)
    .where('counter', '=', key.counter)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

export async function listPasskeys(
  db: Db,
  personId: PersonId,
): Promise<(Passkey & { externalId: string; transports: string[] })[]> {
  const rows = await db.selectFrom('passkey').selectAll().where('person_id', '=', personId).orderBy('created_at').execute();
  return rows.map((row) => ({
    credentialId: row.credential_id,
    label: row.label,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    synced: row.synced,
    externalId: row.external_id,
    transports: Transports.parse(row.transports),
  }));
}

export async function deletePasskey(tx: Db, personId: PersonId, credentialId: CredentialId): Promise<boolean> {
  const result = await tx
    .deleteFrom('passkey')
    .where('person_id', '=', personId)
    .where('credential_id', '=', credentialId)
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}

export type StoredPassword = { readonly hash: string; readonly totpSecret: string };

export async function findPassword(db: Db, personId: PersonId): Promise<StoredPassword | null> {
  const row = await db.selectFrom('password').selectAll().where('person_id', '=', personId).executeTakeFirst();
  return row === undefined ? null : { hash: row.hash, totpSecret: row.totp_secret };
}

export async function setPassword(
  tx: Db,
  personId: PersonId,
  password: StoredPassword & { step: number; at: Instant },
): Promise<void> {
  const row = { hash: password.hash, totp_secret: password.totpSecret, last_step: password.step, set_at: password.at };
  await tx
    .insertInto('password')
    .values({ person_id: personId, ...row })
    .onConflict((conflict) => conflict.column('person_id').doUpdateSet(row))
    .execute();
}

export async function deletePassword(tx: Db, personId: PersonId): Promise<boolean> {
  const result = await tx.deleteFrom('password').where('person_id', '=', personId).executeTakeFirst();
  return result.numDeletedRows === 1n;
}

/** Spends a TOTP time step. False when it, or a later one, was spent before, or the secret was changed meanwhile. */
export async function spendTotpStep(tx: Db, personId: PersonId, totpSecret: string, step: number): Promise<boolean> {
  const result = await tx
    .updateTable('password')
    .set({ last_step: step })
    .where('person_id', '=', personId)
    .where('totp_secret', '=', totpSecret)
    .where('last_step', '<', step)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/** Puts new codes in the place of all old ones. */
export async function replaceRecoveryCodes(tx: Db, personId: PersonId, hashes: readonly string[]): Promise<void> {
  await tx.deleteFrom('recovery_code').where('person_id', '=', personId).execute();
  await tx
    .insertInto('recovery_code')
    .values(hashes.map((hash) => ({ person_id: personId, code_hash: hash })))
    .execute();
}

/** Spends a code; false when the person has no such code. */
export async function spendRecoveryCode(tx: Db, personId: PersonId, hash: string): Promise<boolean> {
  const result = await tx
    .deleteFrom('recovery_code')
    .where('person_id', '=', personId)
    .where('code_hash', '=', hash)
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}

export async function countRecoveryCodes(db: Db, personId: PersonId): Promise<number> {
  const row = await db
    .selectFrom('recovery_code')
    .select((is) => is.fn.countAll<number>().as('left'))
    .where('person_id', '=', personId)
    .executeTakeFirstOrThrow();
  return row.left;
}

/** Removes every way to sign in: before a lost person sets up new ones by a link. */
export async function deleteKeys(tx: Db, personId: PersonId): Promise<void> {
  await tx.deleteFrom('passkey').where('person_id', '=', personId).execute();
  await tx.deleteFrom('password').where('person_id', '=', personId).execute();
  await tx.deleteFrom('recovery_code').where('person_id', '=', personId).execute();
}

/** Locks the person's row, so that of two removals at once the second sees what the first left. Returns what is left now. */
export async function lockKeys(tx: Db, personId: PersonId): Promise<{ passkeys: number; hasPassword: boolean }> {
  await tx.selectFrom('person').select('person_id').where('person_id', '=', personId).forUpdate().execute();
  const passkeys = await listPasskeys(tx, personId);
  return { passkeys: passkeys.length, hasPassword: (await findPassword(tx, personId)) !== null };
}
