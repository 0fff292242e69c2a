/** The mock's doors, people and keys. Any passkey is believed; the one password is `correct horse battery`, the one code 123456. */
import { Instant } from '../../../contract/ids.ts';
import * as identity from '../../../contract/routes/identity.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

const ceremonyId = 'AAAAAAAAAAAAAAAAAAAAAA';
const recoveryCodes = Array.from({ length: 10 }, (_, index) => `k7m2-9q4r-x${index}t8`);
const totpSecret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const totpUri = `otpauth://totp/Portcullis:Ada?secret=${totpSecret}&issuer=Portcullis`;

export function registerIdentity(on: On, state: MockState): void {
  const now = () => Instant.parse(new Date(state.nowMs()).toISOString());
  const soon = () => new Date(state.nowMs() + 600_000).toISOString();
  const link = () => ({
    url: 'http://localhost/console/invitation?code=4f2m8k1v9q7r3s5t0w6x2y',
    expiresAt: new Date(state.nowMs() + 86_400_000).toISOString(),
  });
  const creation = () => ({
    challenge: 'Y2hhbGxlbmdlLWNoYWxsZW5nZS1jaGFsbGVuZ2U',
    rp: { id: 'localhost', name: 'Portcullis' },
    user: { id: 'YWRh', name: state.me.name, displayName: state.me.name },
    pubKeyCredParams: [{ alg: -7, type: 'public-key' as const }],
    timeout: 60_000,
    attestation: 'none' as const,
    excludeCredentials: [],
    authenticatorSelection: {
      residentKey: 'required' as const,
      requireResidentKey: true as const,
      userVerification: 'preferred' as const,
    },
  });
  const personAt = (personId: string) => {
    const index = state.people.findIndex((person) => person.personId === personId);
    const person = state.people[index];
    if (person === undefined) throw new MockFailure('not-found', 'There is no such person.');
    return { person, index };
  };
  const enter = () => {
    state.signedIn = true;
    return state.me;
  };
  const refuse = () =>
    new MockFailure('bad-sign-in', 'Name, password or code do not fit. Try again; after several attempts there is a pause.');

  on(identity.getSetup, () => ({ open: state.setupOpen, provider: 'Example Hosting Co-op' }));
  on(identity.lookAtLink, ({ body }) => {
    if (body.code.startsWith('expired')) throw new MockFailure('link-expired', 'This link has expired or was used before.');
    return {
      purpose: state.setupOpen ? ('setup' as const) : ('invitation' as const),
      provider: 'Example Hosting Co-op',
      name: state.setupOpen ? null : 'Ceren Aydın',
      roles: state.setupOpen ? (['operator', 'lead'] as const).slice() : ['analyst' as const],
      expiresAt: soon(),
    };
  });
  on(identity.beginLink, () => ({ ceremonyId, expiresAt: soon(), passkey: creation(), totpSecret, totpUri }));
  on(identity.redeemLink, ({ body }) => {
    if (body.proof.kind === 'password' && body.proof.totpCode !== '123456') throw refuse();
    state.setupOpen = false;
    return { me: enter(), recoveryCodes };
  });
  on(identity.beginPasskeySignIn, () => ({
    ceremonyId,
    expiresAt: soon(),
    passkey: { challenge: 'Y2hhbGxlbmdl', rpId: 'localhost', timeout: 60_000, userVerification: 'preferred' as const },
  }));
  on(identity.signInWithPasskey, enter);
  on(identity.signInWithPassword, ({ body }) => {
    if (body.password !== 'correct horse battery' || body.totpCode !== '123456') throw refuse();
    return enter();
  });
  on(identity.signInWithRecoveryCode, ({ body }) => {
    if (!recoveryCodes.includes(body.recoveryCode)) throw refuse();
    return enter();
  });
  on(identity.signOut, () => {
    state.signedIn = false;
    return {};
  });
  on(identity.getMe, () => state.me);
  on(identity.getMyKeys, () => ({
    passkeys: state.passkeys,
    hasPassword: state.hasPassword,
    recoveryCodesLeft: state.recoveryCodesLeft,
  }));
  on(identity.beginMyPasskey, () => ({ ceremonyId, expiresAt: soon(), passkey: creation() }));
  on(identity.addMyPasskey, ({ body }) => {
    const added = identity.Passkey.parse({
      credentialId: mockId('cred', `n${state.passkeys.length}`),
      label: body.label,
      createdAt: now(),
      lastUsedAt: null,
      synced: false,
    });
    state.passkeys.push(added);
    return added;
  });
  on(identity.removeMyPasskey, ({ params }) => {
    if (state.passkeys.length === 1 && !state.hasPassword)
      throw new MockFailure('wrong-state', 'This is your last way to sign in. Nothing was removed.');
    state.passkeys = state.passkeys.filter((passkey) => passkey.credentialId !== params.credentialId);
    return {};
  });
  on(identity.beginMyPassword, () => ({ ceremonyId, expiresAt: soon(), totpSecret, totpUri }));
  on(identity.setMyPassword, ({ body }) => {
    if (body.totpCode !== '123456') throw refuse();
    state.hasPassword = true;
    return {};
  });
  on(identity.removeMyPassword, () => {
    state.hasPassword = false;
    return {};
  });
  on(identity.renewMyRecoveryCodes, () => ({ recoveryCodes }));
  on(identity.listMySessions, () => ({ items: state.sessions }));
  on(identity.endMySession, ({ params }) => {
    state.sessions = state.sessions.filter((session) => session.sessionId !== params.sessionId);
    return {};
  });
  on(identity.endMyOtherSessions, () => {
    const ended = state.sessions.filter((session) => !session.current).length;
    state.sessions = state.sessions.filter((session) => session.current);
    return { ended };
  });
  on(identity.listPeople, ({ query }) => {
    const items = state.people.filter((person) => person.name.toLowerCase().includes((query.search ?? '').toLowerCase()));
    return { items, next: null, total: items.length };
  });
  on(identity.invitePerson, ({ body }) => {
    if (state.people.some((person) => person.name.toLowerCase() === body.name.toLowerCase())) {
      throw new MockFailure('name-taken', `There is a “${body.name}” already. Nothing was saved.`);
    }
    const person = identity.Person.parse({
      personId: mockId('person', `n${state.people.length}`),
      name: body.name,
      roles: body.roles,
      accountId: null,
      state: 'invited',
      createdAt: now(),
      lastSignInAt: null,
      passkeys: 0,
      hasPassword: false,
    });
    state.people.push(person);
    return { person, link: link() };
  });
  on(identity.renewInvitation, link);
  on(identity.changePerson, ({ params, body }) => {
    const { person, index } = personAt(params.personId);
    const changed = {
      ...person,
      roles: body.roles ?? person.roles,
      state: body.disabled === undefined ? person.state : body.disabled ? ('disabled' as const) : ('active' as const),
    };
    state.people[index] = changed;
    return changed;
  });
  on(identity.endSessionsOfPerson, () => ({ ended: 1 }));
  on(identity.listAccounts, () => ({ items: state.accounts, next: null, total: state.accounts.length }));
  on(identity.addAccount, ({ body }) => {
    const account = identity.Account.parse({
      accountId: mockId('acct', `n${state.accounts.length}`),
      name: body.name,
      createdAt: now(),
      people: 1,
    });
    state.accounts.push(account);
    const owner = identity.Person.parse({
      personId: mockId('person', `n${state.people.length}`),
      name: body.ownerName,
      roles: ['owner'],
      accountId: account.accountId,
      state: 'invited',
      createdAt: now(),
      lastSignInAt: null,
      passkeys: 0,
      hasPassword: false,
    });
    state.people.push(owner);
    return { account, owner, link: link() };
  });
  on(identity.listTokens, () => ({ items: state.tokens }));
  on(identity.createToken, ({ body }) => {
    const info = identity.Token.parse({
      tokenId: mockId('token', `n${state.tokens.length}`),
      personId: state.me.personId,
      personName: state.me.name,
      name: body.name,
      scopes: body.scopes,
      createdAt: now(),
      expiresAt: new Date(state.nowMs() + body.expiresInDays * 86_400_000).toISOString(),
      lastUsedAt: null,
    });
    state.tokens.push(info);
    return { token: 'pcl_4f2m8k1v9q7r3s5t0w6x2y8z1a', info };
  });
  on(identity.revokeToken, ({ params }) => {
    state.tokens = state.tokens.filter((token) => token.tokenId !== params.tokenId);
    return {};
  });
}
