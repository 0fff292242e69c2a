/**
 * What stands before a sign-in, in the database: one-time links, ceremonies (challenges that wait for their answer), counted attempts.
 *
 * A link and a ceremony are used up by the statement that checks them. Attempts live here and not in memory, so that several control
 * processes agree, and a restart forgets nothing. When the database is away nobody signs in: fails closed.
 */
import type { Instant, PersonId } from '../../contract/ids.ts';
import type { CeremonyTable, OneTimeLinkTable } from '../identity-tables.ts';
import type { Db } from '../open.ts';

/* ---- one-time links --------------------------------------------------------------------------------------------------------- */

export type StoredLink = {
  readonly purpose: OneTimeLinkTable['purpose'];
  readonly personId: PersonId | null;
  readonly expiresAt: Instant;
};

/** Puts a link in the place of all unused ones for the same person (or of all setup links). */
export async function replaceLink(tx: Db, link: StoredLink & { readonly codeHash: string; readonly at: Instant }): Promise<void> {
  await tx
    .deleteFrom('one_time_link')
    .where('purpose', '=', link.purpose)
    .where('used_at', 'is', null)
    .$if(link.personId !== null, (query) => query.where('person_id', '=', link.personId))
    .execute();
  await tx
    .insertInto('one_time_link')
    .values({
      code_hash: link.codeHash,
      purpose: link.purpose,
      person_id: link.personId,
      created_at: link.at,
      expires_at: link.expiresAt,
      used_at: null,
    })
    .execute();
}

/** Voids the unused links of a person. */
export async function voidLinks(tx: Db, personId: PersonId): Promise<void> {
  await tx.deleteFrom('one_time_link').where('person_id', '=', personId).where('used_at', 'is', null).execute();
}

/** The link of a code, if it is unused and not expired. */
export async function findLink(db: Db, codeHash: string, now: Instant): Promise<StoredLink | null> {
  const row = await db
    .selectFrom('one_time_link')
    .selectAll()
    .where('code_hash', '=', codeHash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return row === undefined ? null : { purpose: row.purpose, personId: row.person_id, expiresAt: row.expires_at };
}

/** Uses a link up; false when it was used or has expired meanwhile. */
export async function useLink(tx: Db, codeHash: string, now: Instant): Promise<boolean> {
  const result = await tx
    .updateTable('one_time_link')
    .set({ used_at: now })
    .where('code_hash', '=', codeHash)
    .where('used_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst();
  return result.numUpdatedRows === 1n;
}

/* ---- ceremonies --------------------------------------------------------------------------------------------------------------- */

export type Ceremony = { [Column in keyof CeremonyTable]: CeremonyTable[Column] };

/** Adds a ceremony and clears away expired ones. */
export async function insertCeremony(tx: Db, ceremony: Ceremony): Promise<void> {
  await tx.deleteFrom('ceremony').where('expires_at', '<=', ceremony.created_at).execute();
  await tx.insertInto('ceremony').values(ceremony).execute();
}

/** Ceremonies that a network began since an instant. */
export async function countCeremonies(db: Db, network: string, since: Instant): Promise<number> {
  const row = await db
    .selectFrom('ceremony')
    .select((is) => is.fn.countAll<number>().as('count'))
    .where('network', '=', network)
    .where('created_at', '>', since)
    .executeTakeFirstOrThrow();
  return row.count;
}

type Asked = {
  readonly ceremonyId: string;
  readonly kind: Ceremony['kind'];
  readonly holder: string | null;
  readonly now: Instant;
};

/** Reads a ceremony without using it up. */
export async function findCeremony(db: Db, asked: Asked): Promise<Ceremony | null> {
  const row = await db
    .selectFrom('ceremony')
    .selectAll()
    .where('ceremony_id', '=', asked.ceremonyId)
    .where('kind', '=', asked.kind)
    .where('expires_at', '>', asked.now)
    .executeTakeFirst();
  return row === undefined || row.holder !== asked.holder ? null : row;
}

/** Uses a ceremony up; null when it is unknown, expired, another's, or was used. */
export async function takeCeremony(tx: Db, asked: Asked): Promise<Ceremony | null> {
  const row = await tx
    .deleteFrom('ceremony')
    .where('ceremony_id', '=', asked.ceremonyId)
    .where('kind', '=', asked.kind)
    .where('expires_at', '>', asked.now)
    .returningAll()
    .executeTakeFirst();
  return row === undefined || row.holder !== asked.holder ? null : row;
}

/* ---- attempts ----------------------------------------------------------------------------------------------------------------- */

export type StoredAttempts = { readonly bucket: string; readonly failures: number; readonly lastAt: Instant };

/**
 * Reads the counts of some buckets and locks them until the transaction ends; one that was not there reads as no failures.
 * Locked in one order, so that two requests never wait for each other.
 */
export async function lockAttempts(tx: Db, buckets: readonly string[], now: Instant): Promise<StoredAttempts[]> {
  const sorted = [...buckets].sort();
  await tx
    .insertInto('attempt')
    .values(sorted.map((bucket) => ({ bucket, failures: 0, last_at: now })))
    .onConflict((conflict) => conflict.column('bucket').doNothing())
    .execute();
  const rows = await tx.selectFrom('attempt').selectAll().where('bucket', 'in', sorted).orderBy('bucket').forUpdate().execute();
  return rows.map((row) => ({ bucket: row.bucket, failures: row.failures, lastAt: row.last_at }));
}

export async function writeAttempts(tx: Db, attempts: StoredAttempts): Promise<void> {
  await tx
    .updateTable('attempt')
    .set({ failures: attempts.failures, last_at: attempts.lastAt })
    .where('bucket', '=', attempts.bucket)
    .execute();
}

/** Takes one attempt back: the proof was right. */
export async function takeBackAttempt(tx: Db, bucket: string): Promise<void> {
  await tx
    .updateTable('attempt')
    .set((is) => ({ failures: is('failures', '-', 1) }))
    .where('bucket', '=', bucket)
    .where('failures', '>', 0)
    .execute();
}

export async function forgetAttempts(tx: Db, bucket: string): Promise<void> {
  await tx.deleteFrom('attempt').where('bucket', '=', bucket).execute();
}

/** Clears away what has been quiet since an instant; leaves what another request holds, so that nobody waits in a circle. */
export async function clearAttempts(tx: Db, quietSince: Instant): Promise<void> {
  await tx
    .deleteFrom('attempt')
    .where('bucket', 'in', (is) =>
      is.selectFrom('attempt').select('bucket').where('last_at', '<', quietSince).limit(1000).forUpdate().skipLocked(),
    )
    .execute();
}
