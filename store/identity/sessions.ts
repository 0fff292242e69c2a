/**
 * Sessions and API tokens in the database: what a caller shows on each request.
 *
 * Only hashes are stored; a copy of these tables signs nobody in. A look-up joins the person, so that a person who was disabled or
 * lost a role feels it on the next request.
 */
import { z } from 'zod';
import { Role, Scope } from '../../contract/access.ts';
import type { AccountId, Instant, PersonId, SessionId, TokenId } from '../../contract/ids.ts';
import type { Token } from '../../contract/routes/identity.ts';
import type { SessionTable, SignInMethod } from '../identity-tables.ts';
import type { Db } from '../open.ts';

const Roles = z.array(Role);
const Scopes = z.array(Scope);

export type Holder = {
  readonly personId: PersonId;
  readonly name: string;
  readonly roles: Role[];
  readonly accountId: AccountId | null;
};

export type LiveSession = Holder & {
  readonly sessionId: SessionId;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant;
  readonly until: Instant;
};

export type NewSession = {
  readonly sessionId: SessionId;
  readonly secretHash: string;
  readonly personId: PersonId;
  readonly method: SignInMethod;
  readonly at: Instant;
  readonly until: Instant;
  readonly agent: string;
  readonly network: string;
};

/** Adds a session, and clears away what ended, so that the table stays as small as the number of people. */
export async function insertSession(tx: Db, session: NewSession, idleBefore: Instant): Promise<void> {
  await tx
    .deleteFrom('session')
    .where((is) => is.or([is('until', '<=', session.at), is('last_used_at', '<=', idleBefore)]))
    .execute();
  await tx
    .insertInto('session')
    .values({
      session_id: session.sessionId,
      secret_hash: session.secretHash,
      person_id: session.personId,
      method: session.method,
      created_at: session.at,
      last_used_at: session.at,
      until: session.until,
      agent: session.agent,
      network: session.network,
    })
    .execute();
}

/** The session of a secret, if its person is active. Whether it is over by time is the caller's to judge. */
export async function findSession(db: Db, secretHash: string): Promise<LiveSession | null> {
  const row = await db
    .selectFrom('session')
    .innerJoin('person', 'person.person_id', 'session.person_id')
    .select([
      'session.session_id',
      'session.created_at',
      'session.last_used_at',
      'session.until',
      'person.person_id',
      'person.name',
      'person.roles',
      'person.account_id',
    ])
    .where('session.secret_hash', '=', secretHash)
    .where('person.state', '=', 'active')
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    sessionId: row.session_id,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    until: row.until,
    personId: row.person_id,
    name: row.name,
    roles: Roles.parse(row.roles),
    accountId: row.account_id,
  };
}

export async function touchSession(db: Db, sessionId: SessionId, at: Instant): Promise<void> {
  await db.updateTable('session').set({ last_used_at: at }).where('session_id', '=', sessionId).execute();
}

export async function listSessions(
  db: Db,
  personId: PersonId,
): Promise<{ [Column in keyof SessionTable]: SessionTable[Column] }[]> {
  return db.selectFrom('session').selectAll().where('person_id', '=', personId).orderBy('last_used_at', 'desc').execute();
}

/** Ends one session of a person; false when there is none. */
export async function endSession(tx: Db, personId: PersonId, sessionId: SessionId): Promise<boolean> {
  const result = await tx
    .deleteFrom('session')
    .where('person_id', '=', personId)
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return result.numDeletedRows === 1n;
}

/** Ends all sessions of a person, but for one if given; returns how many. */
export async function endSessions(tx: Db, personId: PersonId, except: SessionId | null): Promise<number> {
  const result = await tx
    .deleteFrom('session')
    .where('person_id', '=', personId)
    .$if(except !== null, (query) => query.where('session_id', '<>', except))
    .executeTakeFirst();
  return Number(result.numDeletedRows);
}

/* ---- API tokens ------------------------------------------------------------------------------------------------------------- */

export type NewToken = {
  readonly tokenId: TokenId;
  readonly secretHash: string;
  readonly personId: PersonId;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly at: Instant;
  readonly expiresAt: Instant | null;
};

export async function insertToken(tx: Db, token: NewToken): Promise<void> {
  await tx
    .insertInto('api_token')
    .values({
      token_id: token.tokenId,
      secret_hash: token.secretHash,
      person_id: token.personId,
      name: token.name,
      scopes: JSON.stringify(token.scopes),
      created_at: token.at,
      expires_at: token.expiresAt,
      last_used_at: null,
      revoked_at: null,
    })
    .execute();
}

export type LiveToken = Holder & {
  readonly tokenId: TokenId;
  readonly granted: Scope[];
  readonly expiresAt: Instant | null;
  readonly lastUsedAt: Instant | null;
};

/** The token of a secret, if it is live at `now` and its person is active. */
export async function findToken(db: Db, secretHash: string, now: Instant): Promise<LiveToken | null> {
  const row = await db
    .selectFrom('api_token')
    .innerJoin('person', 'person.person_id', 'api_token.person_id')
    .select([
      'api_token.token_id',
      'api_token.scopes',
      'api_token.expires_at',
      'api_token.last_used_at',
      'person.person_id',
      'person.name',
      'person.roles',
      'person.account_id',
    ])
    .where('api_token.secret_hash', '=', secretHash)
    .where('api_token.revoked_at', 'is', null)
    .where((is) => is.or([is('api_token.expires_at', 'is', null), is('api_token.expires_at', '>', now)]))
    .where('person.state', '=', 'active')
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    tokenId: row.token_id,
    granted: Scopes.parse(row.scopes),
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    personId: row.person_id,
    name: row.name,
    roles: Roles.parse(row.roles),
    accountId: row.account_id,
  };
}

export async function touchToken(db: Db, tokenId: TokenId, at: Instant): Promise<void> {
  await db.updateTable('api_token').set({ last_used_at: at }).where('token_id', '=', tokenId).execute();
}

/** Live tokens of one person, or of everybody (null), newest first. */
export async function listTokens(db: Db, personId: PersonId | null, now: Instant): Promise<Token[]> {
  const rows = await db
    .selectFrom('api_token')
    .innerJoin('person', 'person.person_id', 'api_token.person_id')
    .select([
      'api_token.token_id',
      'api_token.person_id',
      'person.name as person_name',
      'api_token.name',
      'api_token.scopes',
      'api_token.created_at',
      'api_token.expires_at',
      'api_token.last_used_at',
    ])
    .where('api_token.revoked_at', 'is', null)
    .where((is) => is.or([is('api_token.expires_at', 'is', null), is('api_token.expires_at', '>', now)]))
    .$if(personId !== null, (query) => query.where('api_token.person_id', '=', personId))
    .orderBy('api_token.created_at', 'desc')
    .orderBy('api_token.token_id')
    .limit(1000)
    .execute();
  return rows.map((row) => ({
    tokenId: row.token_id,
    personId: row.person_id,
    personName: row.person_name,
    name: row.name,
    scopes: Scopes.parse(row.scopes),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
  }));
}

/** Revokes a live token, of that person only if one is given; returns whose it was, or null when there is none. */
export async function revokeToken(tx: Db, tokenId: TokenId, ofPerson: PersonId | null, at: Instant): Promise<PersonId | null> {
  const row = await tx
    .updateTable('api_token')
    .set({ revoked_at: at })
    .where('token_id', '=', tokenId)
    .where('revoked_at', 'is', null)
    .$if(ofPerson !== null, (query) => query.where('person_id', '=', ofPerson))
    .returning('person_id')
    .executeTakeFirst();
  return row?.person_id ?? null;
}

/** Revokes all live tokens of a person, or those of that name; returns how many. */
export async function revokeTokens(tx: Db, personId: PersonId, name: string | null, at: Instant): Promise<number> {
  const result = await tx
    .updateTable('api_token')
    .set({ revoked_at: at })
    .where('person_id', '=', personId)
    .where('revoked_at', 'is', null)
    .$if(name !== null, (query) => query.where('name', '=', name))
    .executeTakeFirst();
  return Number(result.numUpdatedRows);
}
