/**
 * One-time links: the first account, and invitations (also for somebody who lost every key).
 *
 * Using a link, storing the keys and signing in are one transaction: a link is either used and works, or is still good. When a person
 * who was active uses an invitation, the old keys and sessions end in the same transaction, and the audit trail shows who made the link.
 * Hazard: an operator can make a link for somebody else and use it; the audit trail is what shows it (ARCHITECTURE.md, trust).
 */
import { idPrefix, PersonId } from '../../contract/ids.ts';
import { beginLink, getSetup, lookAtLink, redeemLink } from '../../contract/routes/identity.ts';
import type { Role } from '../../contract/access.ts';
import { nameKey } from '../../core/identity/people.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import { findCeremony, findLink, takeCeremony, useLink } from '../../store/identity/doors.ts';
import type { StoredLink } from '../../store/identity/doors.ts';
import { deleteKeys, replaceRecoveryCodes } from '../../store/identity/keys.ts';
import { anybodyCanSignIn, findPerson, findPersonByNameKey, insertPerson, updatePerson } from '../../store/identity/people.ts';
import type { StoredPerson } from '../../store/identity/people.ts';
import { endSessions } from '../../store/identity/sessions.ts';
import type { Db } from '../../store/open.ts';
import { Failure } from '../http/failure.ts';
import { registerOpenRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { badProof, linkExpired, nameTaken, nowOf, party, personRef, withUniqueName } from './deps.ts';
import type { IdentityDeps } from './deps.ts';
import { attemptWasRight, beginCeremony, countAttempt } from './guard.ts';
import { checkNewProof, storeProof } from './new-proof.ts';
import { passkeyCreation } from './passkeys.ts';
import { hashOf, newRecoveryCodes, recoveryHash } from './secrets.ts';
import { startSession } from './start-session.ts';
import { newTotpSecret, totpUri } from './totp.ts';

/** Who sets an installation up runs it and leads its desk until others are invited. */
const firstRoles: readonly Role[] = ['operator', 'lead'];

type OpenLink = StoredLink & { readonly codeHash: string; readonly person: StoredPerson | null };

export function registerLinkRoutes(app: App, deps: IdentityDeps): void {
  registerOpenRoute(app, deps, getSetup, async () => ({
    open: !(await anybodyCanSignIn(deps.store.db)),
    provider: deps.provider,
  }));

  registerOpenRoute(app, deps, lookAtLink, async ({ body }) => {
    const link = await openLink(deps, deps.store.db, body.code);
    return {
      purpose: link.purpose,
      provider: deps.provider,
      name: link.person?.name ?? null,
      roles: [...(link.person?.roles ?? firstRoles)],
      expiresAt: link.expiresAt,
    };
  });

  registerOpenRoute(app, deps, beginLink, async ({ body, request }) => {
    const { db } = deps.store;
    const link = await openLink(deps, db, body.code);
    const name = link.person?.name ?? body.name;
    if (name === undefined) {
      throw new Failure('bad-request', 'Choose the name that you will sign in with. Nothing was changed.', {
        fields: [{ path: 'name', message: 'is missing' }],
      });
    }
    if (link.person === null && (await findPersonByNameKey(db, nameKey(name))) !== null) throw nameTaken();
    const personId = link.person?.personId ?? PersonId.parse(randomId(idPrefix.person));
    const passkey = await passkeyCreation(party(deps), { personId, name }, []);
    const totpSecret = newTotpSecret();
    const ceremony = await beginCeremony(deps, request, {
      kind: 'link',
      holder: link.codeHash,
      challenge: passkey.challenge,
      totpSecret,
      personId,
      name,
    });
    return { ...ceremony, passkey, totpSecret, totpUri: totpUri(totpSecret, deps.provider, name) };
  });

  registerOpenRoute(app, deps, redeemLink, async ({ body, request, setHeader }) => {
    const attempt = await countAttempt(deps, request, null);
    const link = await openLink(deps, deps.store.db, body.code);
    const now = nowOf(deps);
    const asked = { ceremonyId: body.ceremonyId, kind: 'link', holder: link.codeHash, now } as const;
    const ceremony = await findCeremony(deps.store.db, asked);
    if (ceremony === null || ceremony.person_id === null || ceremony.name === null) throw badProof();
    const { person_id: personId, name } = ceremony;
    const proof = await checkNewProof(deps, ceremony, body.proof, name);
    const recoveryCodes = newRecoveryCodes();
    const started = await withUniqueName(deps, async (tx) => {
      if (!(await useLink(tx, link.codeHash, now))) throw linkExpired();
      if ((await takeCeremony(tx, asked)) === null) throw badProof();
      const person = await (link.purpose === 'setup' ? firstPerson(tx, deps, personId, name) : invitedPerson(tx, personId));
      await storeProof(tx, deps, personId, proof);
      await replaceRecoveryCodes(
        tx,
        personId,
        recoveryCodes.map((code) => recoveryHash(personId, code)),
      );
      await addAudit(tx, {
        at: now,
        who: personRef(person),
        act: link.purpose === 'setup' ? 'setup.done' : 'invitation.use',
        subject: personId,
        detail: { with: proof.kind, roles: person.roles },
      });
      await attemptWasRight(tx, attempt, deps.now());
      return startSession(tx, deps, request, person, 'link');
    });
    setHeader('set-cookie', started.cookie);
    return { me: started.me, recoveryCodes };
  });
}

/** The link of a code with its person. Throws Failure `link-expired` for whatever is not good any more. Fails closed. */
async function openLink(deps: IdentityDeps, db: Db, code: string): Promise<OpenLink> {
  const codeHash = hashOf(code);
  const link = await findLink(db, codeHash, nowOf(deps));
  if (link === null) throw linkExpired();
  if (link.personId === null) {
    if (await anybodyCanSignIn(db)) throw setupDone();
    return { ...link, codeHash, person: null };
  }
  const person = await findPerson(db, link.personId);
  if (person === null || person.state === 'disabled') throw linkExpired();
  return { ...link, codeHash, person };
}

function setupDone(): Failure {
  return new Failure('setup-done', 'The first account was created already. Sign in, or ask an operator for an invitation.');
}

async function firstPerson(tx: Db, deps: IdentityDeps, personId: PersonId, name: string): Promise<StoredPerson> {
  if (await anybodyCanSignIn(tx)) throw setupDone();
  const person: StoredPerson = { personId, name, roles: [...firstRoles], accountId: null, state: 'active' };
  await insertPerson(tx, { ...person, nameKey: nameKey(name), createdAt: nowOf(deps) });
  return person;
}

async function invitedPerson(tx: Db, personId: PersonId): Promise<StoredPerson> {
  const person = await findPerson(tx, personId);
  if (person === null || person.state === 'disabled') throw linkExpired();
  await deleteKeys(tx, personId);
  await endSessions(tx, personId, null);
  await updatePerson(tx, personId, { state: 'active' });
  return { ...person, state: 'active' };
}
