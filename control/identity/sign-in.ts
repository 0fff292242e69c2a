/**
 * Signing in: by passkey, by password and TOTP, by recovery code.
 *
 * Every mistake has the same answer, and takes about as long: an unknown name is hashed against a salt of nobody. A passkey is not held
 * by the person's count of attempts (only by the network's), so whoever knows a name cannot lock its owner out of that door.
 */
import {
  beginPasskeySignIn,
  signInWithPasskey,
  signInWithPassword,
  signInWithRecoveryCode,
} from '../../contract/routes/identity.ts';
import { nameKey } from '../../core/identity/people.ts';
import { addAudit } from '../../store/audit.ts';
import { takeCeremony } from '../../store/identity/doors.ts';
import { findPasskey, findPassword, noteUseOfPasskey, spendRecoveryCode, spendTotpStep } from '../../store/identity/keys.ts';
import { findPerson, findPersonByNameKey } from '../../store/identity/people.ts';
import { registerOpenRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { badSignIn, inTransaction, nowOf, party, personRef } from './deps.ts';
import type { IdentityDeps } from './deps.ts';
import { attemptWasRight, beginCeremony, countAttempt } from './guard.ts';
import { checkProof, passkeyRequest } from './passkeys.ts';
import { recoveryHash } from './secrets.ts';
import { startSession } from './start-session.ts';
import { totpStep } from './totp.ts';

export function registerSignInRoutes(app: App, deps: IdentityDeps): void {
  registerOpenRoute(app, deps, beginPasskeySignIn, async ({ request }) => {
    const passkey = await passkeyRequest(party(deps));
    const ceremony = await beginCeremony(deps, request, {
      kind: 'sign-in',
      holder: null,
      challenge: passkey.challenge,
      totpSecret: null,
      personId: null,
      name: null,
    });
    return { ...ceremony, passkey };
  });

  registerOpenRoute(app, deps, signInWithPasskey, async ({ body, request, setHeader }) => {
    const attempt = await countAttempt(deps, request, null);
    const now = nowOf(deps);
    const { db } = deps.store;
    const ceremony = await takeCeremony(db, { ceremonyId: body.ceremonyId, kind: 'sign-in', holder: null, now });
    const key = await findPasskey(db, body.credential.id);
    if (ceremony === null || ceremony.challenge === null || key === null) throw badSignIn();
    const use = await checkProof(party(deps), ceremony.challenge, body.credential, key);
    if (use === null) throw badSignIn();
    const started = await inTransaction(deps, async (tx) => {
      const person = await findPerson(tx, key.personId);
      if (person === null || person.state !== 'active') throw badSignIn();
      if (!(await noteUseOfPasskey(tx, key, { ...use, at: now }))) throw badSignIn();
      await attemptWasRight(tx, attempt, deps.now());
      return startSession(tx, deps, request, person, 'passkey');
    });
    setHeader('set-cookie', started.cookie);
    return started.me;
  });

  registerOpenRoute(app, deps, signInWithPassword, async ({ body, request, setHeader }) => {
    const attempt = await countAttempt(deps, request, body.name);
    const { db } = deps.store;
    const known = await findPersonByNameKey(db, nameKey(body.name));
    const stored = known === null ? null : await findPassword(db, known.personId);
    const passwordRight = await deps.hasher.verify(body.password, stored?.hash ?? null);
    const step = stored === null ? null : totpStep(stored.totpSecret, body.totpCode, deps.now());
    if (known === null || stored === null || !passwordRight || step === null) throw badSignIn();
    const started = await inTransaction(deps, async (tx) => {
      const person = await findPerson(tx, known.personId);
      if (person === null || person.state !== 'active') throw badSignIn();
      if (!(await spendTotpStep(tx, person.personId, stored.totpSecret, step))) throw badSignIn();
      await attemptWasRight(tx, attempt, deps.now());
      return startSession(tx, deps, request, person, 'password');
    });
    setHeader('set-cookie', started.cookie);
    return started.me;
  });

  registerOpenRoute(app, deps, signInWithRecoveryCode, async ({ body, request, setHeader }) => {
    const attempt = await countAttempt(deps, request, body.name);
    const { db } = deps.store;
    const known = await findPersonByNameKey(db, nameKey(body.name));
    const stored = known === null ? null : await findPassword(db, known.personId);
    const passwordRight = await deps.hasher.verify(body.password ?? '', stored?.hash ?? null);
    if (known === null || (stored !== null && !passwordRight)) throw badSignIn();
    const started = await inTransaction(deps, async (tx) => {
      const person = await findPerson(tx, known.personId);
      if (person === null || person.state !== 'active') throw badSignIn();
      if (!(await spendRecoveryCode(tx, person.personId, recoveryHash(person.personId, body.recoveryCode)))) throw badSignIn();
      await attemptWasRight(tx, attempt, deps.now());
      await addAudit(tx, {
        at: nowOf(deps),
        who: personRef(person),
        act: 'recovery-code.use',
        subject: person.personId,
        detail: {},
      });
      return startSession(tx, deps, request, person, 'recovery-code');
    });
    setHeader('set-cookie', started.cookie);
    return started.me;
  });
}
