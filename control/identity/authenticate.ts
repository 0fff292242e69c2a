/**
 * Who calls: a token in `Authorization: Bearer …`, else a session cookie.
 *
 * Fails closed: a credential that was sent but is not valid is nobody, even when another one beside it is good. Roles are read with
 * each request, so a change of roles, a disabled person or a revoked session takes effect at once.
 */
import { scopesOf } from '../../contract/access.ts';
import { tokenPrefix } from '../../contract/routes/identity.ts';
import { scopesAtUse } from '../../core/identity/people.ts';
import { judgeSession, touchEveryMs } from '../../core/identity/session.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { findSession, findToken, touchSession, touchToken } from '../../store/identity/sessions.ts';
import type { LiveSession, LiveToken } from '../../store/identity/sessions.ts';
import type { Authenticate, Caller, RequestFacts } from '../http/caller.ts';
import { secretOf } from './cookie.ts';
import type { IdentityDeps } from './deps.ts';
import { hashOf } from './secrets.ts';

type Needs = Pick<IdentityDeps, 'store' | 'publicUrl' | 'now'>;

export type Credential =
  { readonly kind: 'session'; readonly session: LiveSession } | { readonly kind: 'token'; readonly token: LiveToken };

/** `Authenticate` for control/http. */
export function createAuthenticate(deps: Needs): Authenticate {
  return async (request) => {
    const credential = await credentialOf(deps, request);
    return credential === null ? null : callerOf(credential);
  };
}

/** The valid credential of a request, or null. Notes its use at most once a minute. */
export async function credentialOf(deps: Needs, request: RequestFacts): Promise<Credential | null> {
  const { db } = deps.store;
  const nowMs = deps.now();
  const header = request.headers.get('authorization');
  if (header !== null) {
    const text = /^bearer +(\S+)$/i.exec(header)?.[1];
    if (text === undefined || !text.startsWith(tokenPrefix)) return null;
    const token = await findToken(db, hashOf(text), instantOf(nowMs));
    if (token === null) return null;
    if (token.lastUsedAt === null || nowMs - msOf(token.lastUsedAt) >= touchEveryMs) {
      await touchToken(db, token.tokenId, instantOf(nowMs));
    }
    return { kind: 'token', token };
  }
  const secret = secretOf(deps.publicUrl, request);
  if (secret === null) return null;
  const session = await findSession(db, hashOf(secret));
  if (session === null) return null;
  const verdict = judgeSession({ lastUsedAtMs: msOf(session.lastUsedAt), untilMs: msOf(session.until) }, nowMs);
  switch (verdict) {
    case 'over':
    case 'idle':
      return null;
    case 'touch':
      // A console that is left open listens for ever: listening is no use, or no session would ever be idle.
      if (request.headers.get('accept') === 'text/event-stream') return { kind: 'session', session };
      await touchSession(db, session.sessionId, instantOf(nowMs));
      return { kind: 'session', session };
    case 'live':
      return { kind: 'session', session };
    default:
      return verdict satisfies never;
  }
}

function callerOf(credential: Credential): Caller {
  if (credential.kind === 'session') {
    const { personId, name, roles, accountId } = credential.session;
    return { personId, name, roles, accountId, scopes: scopesOf(roles), via: 'session' };
  }
  const { personId, name, roles, accountId, granted } = credential.token;
  return { personId, name, roles, accountId, scopes: scopesAtUse(granted, roles), via: 'token' };
}
