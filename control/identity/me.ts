/**
 * Oneself: who one is, one's keys, one's sessions.
 *
 * Changing keys needs a session whose sign-in is at most 15 minutes old, so that a session left open on a shared machine cannot be
 * turned into a key of somebody else's. The last way to sign in cannot be removed. Guards here fail closed.
 */
import {
  addMyPasskey,
  beginMyPasskey,
  beginMyPassword,
  endMyOtherSessions,
  endMySession,
  getMe,
  getMyKeys,
  listMySessions,
  removeMyPasskey,
  removeMyPassword,
  renewMyRecoveryCodes,
  setMyPassword,
  signOut,
} from '../../contract/routes/identity.ts';
import { judgeSession } from '../../core/identity/session.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { addAudit } from '../../store/audit.ts';
import { findCeremony, takeCeremony } from '../../store/identity/doors.ts';
import {
  countRecoveryCodes,
  deletePasskey,
  deletePassword,
  findPassword,
  listPasskeys,
  lockKeys,
  replaceRecoveryCodes,
} from '../../store/identity/keys.ts';
import { endSession, endSessions, listSessions } from '../../store/identity/sessions.ts';
import type { LiveSession } from '../../store/identity/sessions.ts';
import type { Db } from '../../store/open.ts';
import type { Caller, RequestFacts } from '../http/caller.ts';
import { Failure, notFound } from '../http/failure.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { credentialOf } from './authenticate.ts';
import { forgetCookie } from './cookie.ts';
import { badProof, inTransaction, nowOf, party, personRef } from './deps.ts';
import type { IdentityDeps } from './deps.ts';
import { beginCeremony } from './guard.ts';
import { checkNewProof, storeProof } from './new-proof.ts';
import { passkeyCreation } from './passkeys.ts';
import { mustBeRecent } from './recent.ts';
import { newRecoveryCodes, recoveryHash } from './secrets.ts';
import { newTotpSecret, totpUri } from './totp.ts';

export function registerMeRoutes(app: App, deps: IdentityDeps): void {
  registerRoute(app, deps, getMe, async ({ caller, request }) => {
    const credential = await credentialOf(deps, request);
    return {
      personId: caller.personId,
      name: caller.name,
      roles: [...caller.roles],
      scopes: [...caller.scopes],
      accountId: caller.accountId,
      via: caller.via,
      sessionId: credential?.kind === 'session' ? credential.session.sessionId : null,
      until: (credential?.kind === 'session' ? credential.session.until : credential?.token.expiresAt) ?? null,
    };
  });

  registerRoute(app, deps, signOut, async ({ caller, request, setHeader }) => {
    const credential = await credentialOf(deps, request);
    if (credential?.kind === 'session') {
      const { sessionId } = credential.session;
      await inTransaction(deps, async (tx) => {
        await endSession(tx, caller.personId, sessionId);
        await note(tx, deps, caller, 'session.end', { sessions: 1 });
      });
    }
    setHeader('set-cookie', forgetCookie(deps.publicUrl));
    return {};
  });

  registerRoute(app, deps, getMyKeys, async ({ caller }) => {
    const { db } = deps.store;
    const passkeys = await listPasskeys(db, caller.personId);
    return {
      passkeys: passkeys.map(({ externalId: _id, transports: _transports, ...shown }) => shown),
      hasPassword: (await findPassword(db, caller.personId)) !== null,
      recoveryCodesLeft: await countRecoveryCodes(db, caller.personId),
    };
  });

  registerRoute(app, deps, beginMyPasskey, async ({ caller, request }) => {
    await freshSession(deps, request);
    const passkey = await passkeyCreation(party(deps), caller, await listPasskeys(deps.store.db, caller.personId));
    const begun = { kind: 'passkey', holder: caller.personId, challenge: passkey.challenge } as const;
    const ceremony = await beginCeremony(deps, request, { ...begun, totpSecret: null, personId: caller.personId, name: null });
    return { ...ceremony, passkey };
  });

  registerRoute(app, deps, addMyPasskey, async ({ caller, body }) => {
    const asked = { ceremonyId: body.ceremonyId, kind: 'passkey', holder: caller.personId, now: nowOf(deps) } as const;
    const ceremony = await takeCeremony(deps.store.db, asked);
    if (ceremony === null) throw badProof();
    const { credential, label } = body;
    const proof = await checkNewProof(deps, ceremony, { kind: 'passkey', credential, label }, caller.name);
    const added = await inTransaction(deps, async (tx) => {
      const passkey = await storeProof(tx, deps, caller.personId, proof);
      await note(tx, deps, caller, 'passkey.add', { label });
      return passkey;
    });
    if (added === null) throw new Error('a passkey was stored as something else');
    return added;
  });

  registerRoute(app, deps, removeMyPasskey, async ({ caller, params, request }) => {
    await freshSession(deps, request);
    await inTransaction(deps, async (tx) => {
      const left = await lockKeys(tx, caller.personId);
      if (!(await deletePasskey(tx, caller.personId, params.credentialId))) throw notFound('passkey');
      if (left.passkeys <= 1 && !left.hasPassword) throw lastKey();
      await note(tx, deps, caller, 'passkey.remove', { credentialId: params.credentialId });
    });
    return {};
  });

  registerRoute(app, deps, beginMyPassword, async ({ caller, request }) => {
    await freshSession(deps, request);
    const totpSecret = newTotpSecret();
    const begun = { kind: 'password', holder: caller.personId, challenge: null, totpSecret } as const;
    const ceremony = await beginCeremony(deps, request, { ...begun, personId: caller.personId, name: null });
    return { ...ceremony, totpSecret, totpUri: totpUri(totpSecret, deps.provider, caller.name) };
  });

  registerRoute(app, deps, setMyPassword, async ({ caller, body, request }) => {
    const session = await sessionOf(deps, request);
    const asked = { ceremonyId: body.ceremonyId, kind: 'password', holder: caller.personId, now: nowOf(deps) } as const;
    const ceremony = await findCeremony(deps.store.db, asked);
    if (ceremony === null) throw badProof();
    const { password, totpCode } = body;
    const proof = await checkNewProof(deps, ceremony, { kind: 'password', password, totpCode }, caller.name);
    await inTransaction(deps, async (tx) => {
      if ((await takeCeremony(tx, asked)) === null) throw badProof();
      await storeProof(tx, deps, caller.personId, proof);
      const ended = await endSessions(tx, caller.personId, session.sessionId);
      await note(tx, deps, caller, 'password.set', { sessionsEnded: ended });
    });
    return {};
  });

  registerRoute(app, deps, removeMyPassword, async ({ caller, request }) => {
    await freshSession(deps, request);
    await inTransaction(deps, async (tx) => {
      const left = await lockKeys(tx, caller.personId);
      if (left.passkeys === 0) throw lastKey();
      if (await deletePassword(tx, caller.personId)) await note(tx, deps, caller, 'password.remove', {});
    });
    return {};
  });

  registerRoute(app, deps, renewMyRecoveryCodes, async ({ caller, request }) => {
    await freshSession(deps, request);
    const recoveryCodes = newRecoveryCodes();
    const hashes = recoveryCodes.map((code) => recoveryHash(caller.personId, code));
    await inTransaction(deps, async (tx) => {
      await replaceRecoveryCodes(tx, caller.personId, hashes);
      await note(tx, deps, caller, 'recovery-codes.renew', {});
    });
    return { recoveryCodes };
  });

  registerRoute(app, deps, listMySessions, async ({ caller, request }) => {
    const credential = await credentialOf(deps, request);
    const current = credential?.kind === 'session' ? credential.session.sessionId : null;
    const nowMs = deps.now();
    const rows = await listSessions(deps.store.db, caller.personId);
    const live = rows.filter((row) => {
      const verdict = judgeSession({ lastUsedAtMs: msOf(row.last_used_at), untilMs: msOf(row.until) }, nowMs);
      return verdict === 'live' || verdict === 'touch';
    });
    return {
      items: live.map((row) => ({
        sessionId: row.session_id,
        current: row.session_id === current,
        method: row.method,
        createdAt: row.created_at,
        lastUsedAt: row.last_used_at,
        until: row.until,
        agent: row.agent,
        network: row.network,
      })),
    };
  });

  registerRoute(app, deps, endMySession, async ({ caller, params }) => {
    await inTransaction(deps, async (tx) => {
      if (!(await endSession(tx, caller.personId, params.sessionId))) throw notFound('session');
      await note(tx, deps, caller, 'session.end', { sessions: 1 });
    });
    return {};
  });

  registerRoute(app, deps, endMyOtherSessions, async ({ caller, request }) => {
    const credential = await credentialOf(deps, request);
    const except = credential?.kind === 'session' ? credential.session.sessionId : null;
    const ended = await inTransaction(deps, async (tx) => {
      const count = await endSessions(tx, caller.personId, except);
      await note(tx, deps, caller, 'session.end', { sessions: count });
      return count;
    });
    return { ended };
  });
}

async function note(
  tx: Db,
  deps: IdentityDeps,
  caller: Caller,
  act: string,
  detail: Record<string, string | number>,
): Promise<void> {
  await addAudit(tx, { at: instantOf(deps.now()), who: personRef(caller), act, subject: caller.personId, detail });
}

async function sessionOf(deps: IdentityDeps, request: RequestFacts): Promise<LiveSession> {
  const credential = await credentialOf(deps, request);
  if (credential?.kind === 'session') return credential.session;
  throw new Failure(
    'not-allowed',
    'Only a person who is signed in on the console may do this, not a token. Nothing was changed.',
  );
}

async function freshSession(deps: IdentityDeps, request: RequestFacts): Promise<LiveSession> {
  const session = await sessionOf(deps, request);
  mustBeRecent(session, deps.now(), { undone: 'Nothing was changed.', lest: 'does this in your name' });
  return session;
}

function lastKey(): Failure {
  return new Failure('wrong-state', 'This is your last way to sign in. Nothing was changed; add another one first.');
}
