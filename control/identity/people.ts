/**
 * People and accounts: who may act here, with which roles.
 *
 * Whether a change is allowed is core/identity/people.ts's decision; here it is taken under a lock and stored with its audit entry.
 * Disabling ends sessions and revokes tokens in the same transaction. Fails closed: an unknown account, a taken name or a refused
 * combination of roles changes nothing.
 */
import type { Role } from '../../contract/access.ts';
import { AccountId, idPrefix, PersonId, TokenId } from '../../contract/ids.ts';
import {
  addAccount,
  addPersonWithToken,
  changePerson,
  endSessionsOfPerson,
  invitePerson,
  listAccounts,
  listPeople,
  renewInvitation,
} from '../../contract/routes/identity.ts';
import type { OneTimeLink, Person } from '../../contract/routes/identity.ts';
import { scopesOf } from '../../contract/access.ts';
import { nameKey, whyNotChange, whyNotRoles } from '../../core/identity/people.ts';
import { instantOf } from '../../core/instant.ts';
import { randomId } from '../../kit/random-id.ts';
import { addAudit } from '../../store/audit.ts';
import { replaceLink, voidLinks } from '../../store/identity/doors.ts';
import {
  accountExists,
  accountNameTaken,
  findPerson,
  insertAccount,
  insertPerson,
  listAccounts as readAccounts,
  listPeople as readPeople,
  lockForChange,
  showPerson,
  updatePerson,
} from '../../store/identity/people.ts';
import { endSessions, insertToken, revokeTokens } from '../../store/identity/sessions.ts';
import type { Db } from '../../store/open.ts';
import { Failure, notFound } from '../http/failure.ts';
import { registerRoute } from '../http/register.ts';
import type { App } from '../http/register.ts';
import { inTransaction, linkUrl, nowOf, personRef, withUniqueName } from './deps.ts';
import type { IdentityDeps } from './deps.ts';
import { hashOf, newApiToken, newSecret } from './secrets.ts';

const invitationMs = 72 * 3_600_000;

export function registerPeopleRoutes(app: App, deps: IdentityDeps): void {
  registerRoute(app, deps, listPeople, async ({ query }) => {
    const after = query.cursor ?? null;
    const page = await readPeople(deps.store.db, { limit: query.limit, after, search: nameKey(query.search ?? '') });
    return { ...page, next: page.items.length === query.limit ? (page.items.at(-1)?.personId ?? null) : null };
  });

  registerRoute(app, deps, invitePerson, async ({ caller, body }) =>
    withUniqueName(deps, async (tx) => {
      const { person } = await addPerson(tx, deps, body, 'invited');
      const link = await makeLink(tx, deps, person.personId);
      await addAudit(tx, {
        at: nowOf(deps),
        who: personRef(caller),
        act: 'person.invite',
        subject: person.personId,
        detail: { name: person.name, roles: person.roles, accountId: person.accountId },
      });
      return { person, link };
    }),
  );

  registerRoute(app, deps, renewInvitation, async ({ caller, params }) =>
    inTransaction(deps, async (tx) => {
      const person = await findPerson(tx, params.personId);
      if (person === null) throw notFound('person');
      if (person.state === 'disabled') {
        throw new Failure('wrong-state', 'This person is disabled. Nothing was changed; enable them first.');
      }
      const link = await makeLink(tx, deps, person.personId);
      await addAudit(tx, {
        at: nowOf(deps),
        who: personRef(caller),
        act: 'invitation.renew',
        subject: person.personId,
        detail: { name: person.name, state: person.state },
      });
      return link;
    }),
  );

  registerRoute(app, deps, changePerson, async ({ caller, params, body }) =>
    inTransaction(deps, async (tx) => {
      const found = await lockForChange(tx, params.personId);
      if (found === null) throw notFound('person');
      const { person, otherOperators } = found;
      const why = whyNotChange(caller.personId, person, body, otherOperators);
      if (why !== null) throw new Failure('wrong-state', `${why} Nothing was changed.`);
      const state = await stateAfter(tx, params.personId, person.state, body.disabled);
      await updatePerson(tx, person.personId, { ...(body.roles === undefined ? {} : { roles: body.roles }), state });
      if (state === 'disabled' && person.state !== 'disabled') {
        await endSessions(tx, person.personId, null);
        await revokeTokens(tx, person.personId, null, nowOf(deps));
        await voidLinks(tx, person.personId);
      }
      await addAudit(tx, {
        at: nowOf(deps),
        who: personRef(caller),
        act: 'person.change',
        subject: person.personId,
        detail: { from: { roles: person.roles, state: person.state }, to: { roles: body.roles ?? person.roles, state } },
      });
      return shown(tx, person.personId);
    }),
  );

  registerRoute(app, deps, endSessionsOfPerson, async ({ caller, params }) =>
    inTransaction(deps, async (tx) => {
      if ((await findPerson(tx, params.personId)) === null) throw notFound('person');
      const ended = await endSessions(tx, params.personId, null);
      await addAudit(tx, {
        at: nowOf(deps),
        who: personRef(caller),
        act: 'session.end',
        subject: params.personId,
        detail: { sessions: ended },
      });
      return { ended };
    }),
  );

  registerRoute(app, deps, addPersonWithToken, async ({ caller, body }) =>
    withUniqueName(deps, async (tx) => {
      const { person } = await addPerson(tx, deps, body, 'active');
      const token = newApiToken();
      const tokenId = TokenId.parse(randomId(idPrefix.token));
      const days = body.expiresInDays;
      await insertToken(tx, {
        tokenId,
        secretHash: hashOf(token),
        personId: person.personId,
        name: 'first token',
        scopes: [...scopesOf(person.roles)],
        at: nowOf(deps),
        expiresAt: days === undefined ? null : instantOf(deps.now() + days * 86_400_000),
      });
      await addAudit(tx, {
        at: nowOf(deps),
        who: personRef(caller),
        act: 'person.add-with-token',
        subject: person.personId,
        detail: { name: person.name, roles: person.roles, accountId: person.accountId, tokenId },
      });
      return { person, token, tokenId };
    }),
  );

  registerRoute(app, deps, listAccounts, async ({ query }) => {
    const page = await readAccounts(deps.store.db, { limit: query.limit, after: query.cursor ?? null });
    return { ...page, next: page.items.length === query.limit ? (page.items.at(-1)?.accountId ?? null) : null };
  });

  registerRoute(app, deps, addAccount, async ({ caller, body }) =>
    withUniqueName(deps, async (tx) => {
      if (await accountNameTaken(tx, body.name)) {
        throw new Failure('name-taken', 'Another account has this name. Nothing was changed; choose another name.');
      }
      const accountId = AccountId.parse(randomId(idPrefix.account));
      const createdAt = nowOf(deps);
      await insertAccount(tx, { accountId, name: body.name, createdAt });
      const { person: owner } = await addPerson(tx, deps, { name: body.ownerName, roles: ['owner'], accountId }, 'invited');
      const link = await makeLink(tx, deps, owner.personId);
      await addAudit(tx, {
        at: createdAt,
        who: personRef(caller),
        act: 'account.add',
        subject: accountId,
        detail: { name: body.name, owner: owner.personId },
      });
      return { account: { accountId, name: body.name, createdAt, people: 1 }, owner, link };
    }),
  );
}

type Draft = { readonly name: string; readonly roles: Role[]; readonly accountId?: AccountId | undefined };

async function addPerson(tx: Db, deps: IdentityDeps, draft: Draft, state: 'invited' | 'active'): Promise<{ person: Person }> {
  const why = whyNotRoles(draft.roles, draft.accountId !== undefined);
  if (why !== null) throw new Failure('wrong-state', `${why} Nothing was changed.`);
  if (draft.accountId !== undefined && !(await accountExists(tx, draft.accountId))) throw notFound('account');
  const personId = PersonId.parse(randomId(idPrefix.person));
  await insertPerson(tx, {
    personId,
    name: draft.name,
    nameKey: nameKey(draft.name),
    roles: draft.roles,
    accountId: draft.accountId ?? null,
    state,
    createdAt: nowOf(deps),
  });
  return { person: await shown(tx, personId) };
}

async function makeLink(tx: Db, deps: IdentityDeps, personId: PersonId): Promise<OneTimeLink> {
  const code = newSecret();
  const expiresAt = instantOf(deps.now() + invitationMs);
  await replaceLink(tx, { codeHash: hashOf(code), purpose: 'invitation', personId, at: nowOf(deps), expiresAt });
  return { url: linkUrl(deps.publicUrl, 'invitation', code), expiresAt };
}

/** A person who is enabled again is active if there is a way to sign in, else invited: a new link is needed. */
async function stateAfter(
  tx: Db,
  personId: PersonId,
  state: 'invited' | 'active' | 'disabled',
  disabled: boolean | undefined,
): Promise<'invited' | 'active' | 'disabled'> {
  if (disabled === undefined) return state;
  if (disabled) return 'disabled';
  if (state !== 'disabled') return state;
  const person = await shown(tx, personId);
  return person.passkeys > 0 || person.hasPassword ? 'active' : 'invited';
}

async function shown(tx: Db, personId: PersonId): Promise<Person> {
  const person = await showPerson(tx, personId);
  if (person === null) throw new Error('a person vanished inside a transaction');
  return person;
}
