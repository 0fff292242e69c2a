/** Signs a person in: the session's row, the cookie, the note in the audit trail, and the answer that the console shows. */
import { scopesOf } from '../../contract/access.ts';
import { idPrefix, SessionId } from '../../contract/ids.ts';
import type { Me } from '../../contract/routes/identity.ts';
import type { z } from 'zod';
import { sessionIdleMs, sessionLongestMs, shownNetwork } from '../../core/identity/session.ts';
import { instantOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import type { SignInMethod } from '../../store/identity-tables.ts';
import { noteSignIn } from '../../store/identity/people.ts';
import type { StoredPerson } from '../../store/identity/people.ts';
import { insertSession } from '../../store/identity/sessions.ts';
import type { Db } from '../../store/open.ts';
import type { RequestFacts } from '../http/caller.ts';
import { clientAddressOf } from './client.ts';
import { sessionCookie } from './cookie.ts';
import { agentOf, personRef } from './deps.ts';
import type { IdentityDeps } from './deps.ts';
import { hashOf, newSecret } from './secrets.ts';

export type Started = { readonly cookie: string; readonly me: z.infer<typeof Me> };

/** Starts a session in the transaction of the proof. */
export async function startSession(
  tx: Db,
  deps: IdentityDeps,
  request: RequestFacts,
  person: StoredPerson,
  method: SignInMethod,
): Promise<Started> {
  const nowMs = deps.now();
  const at = instantOf(nowMs);
  const secret = newSecret();
  const sessionId = SessionId.parse(randomId(idPrefix.session));
  const until = instantOf(nowMs + sessionLongestMs);
  const network = shownNetwork(clientAddressOf(request));
  await insertSession(
    tx,
    { sessionId, secretHash: hashOf(secret), personId: person.personId, method, at, until, agent: agentOf(request), network },
    instantOf(nowMs - sessionIdleMs),
  );
  await noteSignIn(tx, person.personId, at);
  await addAudit(tx, {
    at,
    who: personRef(person),
    act: 'session.start',
    subject: person.personId,
    detail: { method, network, sessionId },
  });
  return {
    cookie: sessionCookie(deps.publicUrl, secret, sessionLongestMs / 1000),
    me: {
      personId: person.personId,
      name: person.name,
      roles: person.roles,
      scopes: [...scopesOf(person.roles)],
      accountId: person.accountId,
      via: 'session',
      sessionId,
      until,
    },
  };
}
