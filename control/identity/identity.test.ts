/** Identity through the front door: what signs in, what does not, and what an attacker learns. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PersonId } from '../../contract/ids.ts';
import * as routes from '../../contract/routes/identity.ts';
import { refusalOf } from '../../tests/harness/api.ts';
import { codeIn, goodPassword, signUp, startIdentityHouse } from '../../tests/harness/identity.ts';
import type { IdentityHouse, SignedUp } from '../../tests/harness/identity.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { describeOnBoth } from '../../tests/harness/stores.ts';
import { instantOf } from '../../core/instant.ts';
import { openStore } from '../../store/open.ts';
import { ensureLocalOperator, renewSetupLink } from './first-start.ts';
import { hashOf } from './secrets.ts';
import { totpCode } from './totp.ts';

const minute = 60_000;
const mixedRoles = ['owner', 'analyst'] as const;

describeOnBoth('identity', (databases) => {
  let folder: string;
  let house: IdentityHouse;
  let ada: SignedUp;

  beforeAll(async () => {
    folder = temporaryFolder('identity');
    house = await startIdentityHouse(await openStore(await databases.fresh()));
  });

  afterAll(async () => {
    await house.stop();
    removeFolder(folder);
  });

  /** Signs in by password, on a clock that has moved on so that the code is a new one. */
  async function signIn(person: { name: string; totpSecret: string }) {
    house.pass(minute);
    const visitor = house.visitor();
    const body = { name: person.name, password: goodPassword, totpCode: totpCode(person.totpSecret, house.now()) };
    await visitor.call(routes.signInWithPassword, { body });
    return visitor;
  }

  async function invite(name: string, roles: ('analyst' | 'operator' | 'lead')[]): Promise<SignedUp & { personId: string }> {
    const admin = await signIn(ada);
    const { person, link } = await admin.call(routes.invitePerson, { body: { name, roles } });
    return { ...(await signUp(house, codeIn(link.url), name)), personId: person.personId };
  }

  describe('the first account', () => {
    test('a setup link is replaced by the one of the next start', async () => {
      const first = await renewSetupLink(house.deps);
      const second = await renewSetupLink(house.deps);
      const visitor = house.visitor();
      expect(await refusalOf(visitor.call(routes.lookAtLink, { body: { code: codeIn(first?.url ?? '') } }))).toBe('link-expired');
      const look = await visitor.call(routes.lookAtLink, { body: { code: codeIn(second?.url ?? '') } });
      expect(look).toMatchObject({ purpose: 'setup', name: null, roles: ['operator', 'lead'] });
    });

    test('a setup link ends after a day', async () => {
      const link = await renewSetupLink(house.deps);
      house.pass(24 * 60 * minute);
      expect(await refusalOf(house.visitor().call(routes.lookAtLink, { body: { code: codeIn(link?.url ?? '') } }))).toBe(
        'link-expired',
      );
    });

    test('a wrong code, a common password or a stale ceremony uses nothing up', async () => {
      const code = codeIn((await renewSetupLink(house.deps))?.url ?? '');
      const visitor = house.visitor();
      const begun = await visitor.call(routes.beginLink, { body: { code, name: 'Ada Lovelace' } });
      const { ceremonyId } = begun;
      const digits = totpCode(begun.totpSecret, house.now());
      const wrong = String((Number(digits) + 1) % 1_000_000).padStart(6, '0');
      const redeem = (password: string, totp: string) =>
        visitor.call(routes.redeemLink, { body: { code, ceremonyId, proof: { kind: 'password', password, totpCode: totp } } });
      expect(await refusalOf(redeem(goodPassword, wrong))).toBe('bad-sign-in');
      expect(await refusalOf(redeem('password12345', digits))).toBe('password-refused');
      house.pass(11 * minute);
      expect(await refusalOf(redeem(goodPassword, totpCode(begun.totpSecret, house.now())))).toBe('bad-sign-in');
      expect((await visitor.call(routes.lookAtLink, { body: { code } })).purpose).toBe('setup');
      expect(visitor.cookie).toBeNull();
    });

    test('of two who use one link at once, one gets the account', async () => {
      const code = codeIn((await renewSetupLink(house.deps))?.url ?? '');
      expect((await house.visitor().call(routes.getSetup)).open).toBe(true);
      const outcomes = await Promise.allSettled([signUp(house, code, 'Ada Lovelace'), signUp(house, code, 'Eve')]);
      const done = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(done).toHaveLength(1);
      const [winner] = done;
      if (winner === undefined) throw new Error('nobody got the account');
      ada = winner;
      expect(ada.recoveryCodes).toHaveLength(10);
      expect((await house.visitor().call(routes.getSetup)).open).toBe(false);
      expect(await renewSetupLink(house.deps)).toBeNull();
      expect(await refusalOf(house.visitor().call(routes.lookAtLink, { body: { code } }))).toBe('link-expired');
      const me = await ada.visitor.call(routes.getMe);
      expect(me).toMatchObject({ name: ada.name, via: 'session', roles: ['operator', 'lead'] });
    });

    test('a setup link that somebody kept is no way in once there is an account', async () => {
      const code = 'k'.repeat(43);
      const link = { code_hash: hashOf(code), purpose: 'setup', person_id: null, used_at: null } as const;
      const at = instantOf(house.now());
      const row = { ...link, created_at: at, expires_at: instantOf(house.now() + minute) };
      await house.store.db.insertInto('one_time_link').values(row).execute();
      expect(await refusalOf(house.visitor().call(routes.lookAtLink, { body: { code } }))).toBe('setup-done');
      expect(await refusalOf(signUp(house, code, 'Eve'))).toBe('setup-done');
    });

    test('the cookie cannot be read by scripts or sent by other sites', () => {
      expect(ada.visitor.setCookies.at(-1)).toMatch(
        /^portcullis_session=[\w-]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict$/,
      );
    });
  });

  describe('signing in', () => {
    test('name, password and six digits sign in, whatever the case of the name', async () => {
      const visitor = await signIn({ ...ada, name: ada.name.toUpperCase() });
      expect((await visitor.call(routes.getMe)).name).toBe(ada.name);
    });

    test('a code works once', async () => {
      house.pass(minute);
      const body = { name: ada.name, password: goodPassword, totpCode: totpCode(ada.totpSecret, house.now()) };
      await house.visitor().call(routes.signInWithPassword, { body });
      expect(await refusalOf(house.visitor().call(routes.signInWithPassword, { body }))).toBe('bad-sign-in');
    });

    test('a code of one step ago is fine, of three steps ago is not', async () => {
      house.pass(5 * minute);
      const at = (ms: number) => ({
        name: ada.name,
        password: goodPassword,
        totpCode: totpCode(ada.totpSecret, house.now() - ms),
      });
      expect(await refusalOf(house.visitor().call(routes.signInWithPassword, { body: at(90_000) }))).toBe('bad-sign-in');
      await house.visitor().call(routes.signInWithPassword, { body: at(30_000) });
    });

    test('a wrong name and a wrong password get the same answer', async () => {
      house.pass(minute);
      const totp = totpCode(ada.totpSecret, house.now());
      const answers = await Promise.all(
        [
          { name: 'Nobody', password: goodPassword, totpCode: totp },
          { name: ada.name, password: 'not the password', totpCode: totp },
          { name: ada.name, password: goodPassword, totpCode: '000000' },
        ].map((body) =>
          house
            .visitor()
            .call(routes.signInWithPassword, { body })
            .catch((error: unknown) => (error instanceof Error ? error.message : 'no error')),
        ),
      );
      expect(new Set(answers).size).toBe(1);
      expect(answers[0]).toMatch(/^bad-sign-in/);
    });

    test('a hundred guesses sent at once are few guesses', async () => {
      const person = await invite('Target', ['analyst']);
      house.pass(60 * minute);
      const guess = (password: string) =>
        refusalOf(
          house.visitor().call(routes.signInWithPassword, {
            body: { name: person.name, password, totpCode: totpCode(person.totpSecret, house.now()) },
          }),
        );
      const codes = await Promise.all(Array.from({ length: 40 }, (_, n) => guess(`a wrong guess ${n}`)));
      expect(codes.filter((code) => code === 'bad-sign-in').length).toBeLessThanOrEqual(5);
      expect(new Set(codes)).toEqual(new Set(['bad-sign-in', 'too-many-requests']));
      expect(await guess(goodPassword)).toBe('too-many-requests');
      const refused = await fetch(`${house.url}${routes.signInWithPassword.path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: house.url },
        body: JSON.stringify({ name: person.name, password: goodPassword, totpCode: '000000' }),
      });
      expect(refused.status).toBe(429);
      const seconds = Number(refused.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(0);
      house.pass((seconds - 1) * 1000);
      expect(await guess(goodPassword)).toBe('too-many-requests');
      house.pass(60 * minute);
      expect(await guess(goodPassword)).toBeNull();
    });

    test('a recovery code signs in once, and only with the password of a person who has one', async () => {
      house.pass(60 * minute);
      const [code = '', next = ''] = ada.recoveryCodes;
      const recover = (body: { recoveryCode: string; password?: string }) =>
        refusalOf(house.visitor().call(routes.signInWithRecoveryCode, { body: { name: ada.name, ...body } }));
      expect(await recover({ recoveryCode: code })).toBe('bad-sign-in');
      expect(await recover({ recoveryCode: code, password: 'not the password' })).toBe('bad-sign-in');
      expect(await recover({ recoveryCode: code.toUpperCase().replaceAll('-', ' '), password: goodPassword })).toBeNull();
      expect(await recover({ recoveryCode: code, password: goodPassword })).toBe('bad-sign-in');
      const visitor = await signIn(ada);
      expect((await visitor.call(routes.getMyKeys)).recoveryCodesLeft).toBe(9);
      await visitor.call(routes.renewMyRecoveryCodes);
      expect(await recover({ recoveryCode: next, password: goodPassword })).toBe('bad-sign-in');
    });
  });

  describe('sessions', () => {
    test('a session that is ended elsewhere is nobody on its next request', async () => {
      const here = await signIn(ada);
      const there = await signIn(ada);
      const { items } = await here.call(routes.listMySessions);
      expect(items.find((item) => item.current)).toMatchObject({ method: 'password', network: '127.0.0.0/24' });
      const other = (await there.call(routes.getMe)).sessionId;
      if (other === null) throw new Error('a session has an id');
      await here.call(routes.endMySession, { params: { sessionId: other } });
      expect(await refusalOf(there.call(routes.getMe))).toBe('not-signed-in');
      await signIn(ada);
      expect((await here.call(routes.endMyOtherSessions)).ended).toBeGreaterThanOrEqual(1);
      expect((await here.call(routes.listMySessions)).items).toHaveLength(1);
    });

    test('signing out forgets the cookie and ends the session', async () => {
      const visitor = await signIn(ada);
      const stolen = visitor.cookie;
      await visitor.call(routes.signOut);
      expect(visitor.cookie).toBeNull();
      visitor.cookie = stolen;
      expect(await refusalOf(visitor.call(routes.getMe))).toBe('not-signed-in');
    });

    test('a session ends after twelve idle hours, and after seven days whatever happens', async () => {
      const idle = await signIn(ada);
      house.pass(12 * 60 * minute);
      expect(await refusalOf(idle.call(routes.getMe))).toBe('not-signed-in');
      const busy = await signIn(ada);
      for (let hours = 0; hours < 7 * 24 - 11; hours += 11) {
        house.pass(11 * 60 * minute);
        if (hours + 11 < 7 * 24) await busy.call(routes.getMe);
      }
      house.pass(11 * 60 * minute);
      expect(await refusalOf(busy.call(routes.getMe))).toBe('not-signed-in');
    });

    test('a console that only listens keeps no session alive', async () => {
      const visitor = await signIn(ada);
      house.pass(6 * 60 * minute);
      visitor.headers = { accept: 'text/event-stream' };
      await visitor.call(routes.getMe);
      house.pass(6 * 60 * minute);
      expect(await refusalOf(visitor.call(routes.getMe))).toBe('not-signed-in');
    });

    test('another site cannot act with the cookie', async () => {
      const visitor = await signIn(ada);
      const send = async (headers: Record<string, string>) => {
        visitor.headers = headers;
        return refusalOf(visitor.call(routes.renewMyRecoveryCodes));
      };
      expect(await send({ origin: 'https://evil.example' })).toBe('not-allowed');
      expect(await send({ 'sec-fetch-site': 'cross-site' })).toBe('not-allowed');
      expect(await send({ 'sec-fetch-site': 'same-site' })).toBe('not-allowed');
      expect(await send({ origin: 'null' })).toBe('not-allowed');
      expect(await send({ 'sec-fetch-site': 'same-origin' })).toBeNull();
    });

    test('two cookies of the name are no cookie: one was planted', async () => {
      const visitor = await signIn(ada);
      visitor.cookie = `${visitor.cookie ?? ''}; portcullis_session=${'a'.repeat(43)}`;
      expect(await refusalOf(visitor.call(routes.getMe))).toBe('not-signed-in');
    });

    test('changing keys needs a sign-in of the last 15 minutes', async () => {
      const visitor = await signIn(ada);
      house.pass(16 * minute);
      for (const route of [routes.beginMyPasskey, routes.beginMyPassword, routes.renewMyRecoveryCodes, routes.removeMyPassword]) {
        expect(await refusalOf(visitor.call(route))).toBe('sign-in-again');
      }
    });

    test('the last way to sign in cannot be removed', async () => {
      const visitor = await signIn(ada);
      expect(await refusalOf(visitor.call(routes.removeMyPassword))).toBe('wrong-state');
    });

    test('a new password ends the other sessions', async () => {
      const person = await invite('Changes Password', ['analyst']);
      const other = await signIn(person);
      const visitor = await signIn(person);
      const begun = await visitor.call(routes.beginMyPassword);
      const body = { ceremonyId: begun.ceremonyId, password: goodPassword, totpCode: totpCode(begun.totpSecret, house.now()) };
      await visitor.call(routes.setMyPassword, { body });
      expect(await refusalOf(other.call(routes.getMe))).toBe('not-signed-in');
      expect(await refusalOf(signIn(person))).toBe('bad-sign-in');
      await signIn({ ...person, totpSecret: begun.totpSecret });
    });
  });

  describe('people', () => {
    test('a role that is taken away takes effect on the next request', async () => {
      const person = await invite('Second Operator', ['operator']);
      const visitor = await signIn(person);
      await visitor.call(routes.listPeople);
      const admin = await signIn(ada);
      await admin.call(routes.changePerson, { params: { personId: person.personId }, body: { roles: ['analyst'] } });
      expect(await refusalOf(visitor.call(routes.listPeople))).toBe('not-allowed');
    });

    test('a disabled person is out at once: sessions, tokens, links', async () => {
      const person = await invite('Leaves Soon', ['lead']);
      const visitor = await signIn(person);
      const { token } = await visitor.call(routes.createToken, { body: { name: 'script', scopes: ['orders:read'] } });
      const admin = await signIn(ada);
      const link = await admin.call(routes.renewInvitation, { params: { personId: person.personId } });
      await admin.call(routes.changePerson, { params: { personId: person.personId }, body: { disabled: true } });
      expect(await refusalOf(visitor.call(routes.getMe))).toBe('not-signed-in');
      expect(await refusalOf(bearer(token).call(routes.getMe))).toBe('not-signed-in');
      expect(await refusalOf(signIn(person))).toBe('bad-sign-in');
      expect(await refusalOf(house.visitor().call(routes.lookAtLink, { body: { code: codeIn(link.url) } }))).toBe('link-expired');
      await admin.call(routes.changePerson, { params: { personId: person.personId }, body: { disabled: false } });
      house.pass(60 * minute);
      await signIn(person);
      expect(await refusalOf(bearer(token).call(routes.getMe))).toBe('not-signed-in');
    });

    test('nobody changes oneself, and the last operator stays', async () => {
      const admin = await signIn(ada);
      const { personId } = await admin.call(routes.getMe);
      expect(await refusalOf(admin.call(routes.changePerson, { params: { personId }, body: { disabled: true } }))).toBe(
        'wrong-state',
      );
      const machine = await machineToken();
      expect(await refusalOf(machine.call(routes.changePerson, { params: { personId }, body: { disabled: true } }))).toBe(
        'wrong-state',
      );
      expect(await refusalOf(machine.call(routes.changePerson, { params: { personId }, body: { roles: ['lead'] } }))).toBe(
        'wrong-state',
      );
    });

    test('a name that is taken is taken in any case', async () => {
      const admin = await signIn(ada);
      const body = { name: ada.name.toLowerCase(), roles: ['analyst'] as const };
      expect(await refusalOf(admin.call(routes.invitePerson, { body: { ...body, roles: [...body.roles] } }))).toBe('name-taken');
    });

    test('a lost person’s new link voids the old keys and sessions when it is used', async () => {
      const person = await invite('Lost Keys', ['analyst']);
      const old = await signIn(person);
      const admin = await signIn(ada);
      const link = await admin.call(routes.renewInvitation, { params: { personId: person.personId } });
      await old.call(routes.getMe);
      const renewed = await signUp(house, codeIn(link.url), person.name);
      expect(await refusalOf(old.call(routes.getMe))).toBe('not-signed-in');
      expect(await refusalOf(signIn(person))).toBe('bad-sign-in');
      await signIn(renewed);
    });

    test('an account comes with its owner, who sees only that account', async () => {
      const admin = await signIn(ada);
      const made = await admin.call(routes.addAccount, { body: { name: 'Forum Co-op', ownerName: 'Olive Owner' } });
      expect(made.owner).toMatchObject({ roles: ['owner'], accountId: made.account.accountId, state: 'invited' });
      const owner = await signUp(house, codeIn(made.link.url), 'Olive Owner');
      expect(await owner.visitor.call(routes.getMe)).toMatchObject({ accountId: made.account.accountId, roles: ['owner'] });
      expect(await refusalOf(owner.visitor.call(routes.listPeople))).toBe('not-allowed');
      expect(await refusalOf(admin.call(routes.addAccount, { body: { name: 'forum co-op', ownerName: 'X' } }))).toBe(
        'name-taken',
      );
      const mixed = { name: 'Both', roles: [...mixedRoles], accountId: made.account.accountId };
      expect(await refusalOf(admin.call(routes.invitePerson, { body: mixed }))).toBe('wrong-state');
      const page = await admin.call(routes.listAccounts, { query: { limit: 1 } });
      expect(page.items).toHaveLength(1);
    });

    test('pages of people hold everybody once', async () => {
      const admin = await signIn(ada);
      const names: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await admin.call(routes.listPeople, { query: { limit: 2, ...(cursor === undefined ? {} : { cursor }) } });
        names.push(...page.items.map((item) => item.name));
        expect(page.total).toBeGreaterThan(4);
        cursor = page.next ?? undefined;
      } while (cursor !== undefined);
      expect(new Set(names).size).toBe(names.length);
      expect((await admin.call(routes.listPeople, { query: { search: 'LOVELACE%' } })).items).toHaveLength(0);
      expect((await admin.call(routes.listPeople, { query: { search: 'lost' } })).items).toHaveLength(1);
    });
  });

  function bearer(token: string) {
    const visitor = house.visitor();
    visitor.headers = { authorization: `Bearer ${token}` };
    return visitor;
  }

  async function machineToken() {
    const path = join(folder, 'operator.token');
    await ensureLocalOperator(house.deps, path);
    return bearer(readFileSync(path, 'utf8').trim());
  }

  describe('tokens', () => {
    test('the operator of this machine has a token in a file that only its owner reads, and it is mended when it is lost', async () => {
      const path = join(folder, 'operator.token');
      const first = await machineToken();
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(await first.call(routes.getMe)).toMatchObject({ via: 'token', roles: ['operator'], until: null });
      expect(await ensureLocalOperator(house.deps, path)).toBe('kept');
      writeFileSync(path, 'pcl_something-else\n');
      expect(await ensureLocalOperator(house.deps, path)).toBe('made');
      expect(await refusalOf(first.call(routes.getMe))).toBe('not-signed-in');
      await (await machineToken()).call(routes.listPeople);
    });

    test('a token holds what was granted and no more, and cannot make a stronger one', async () => {
      const admin = await signIn(ada);
      const { token, info } = await admin.call(routes.createToken, {
        body: { name: 'reader', scopes: ['orders:read', 'people:read'] },
      });
      expect(token).toMatch(/^pcl_[\w-]{43}$/);
      const reader = bearer(token);
      await reader.call(routes.listPeople);
      const draft = { name: 'X', roles: ['analyst' as const] };
      expect(await refusalOf(reader.call(routes.invitePerson, { body: draft }))).toBe('not-allowed');
      expect(await refusalOf(reader.call(routes.createToken, { body: { name: 'more', scopes: ['people:write'] } }))).toBe(
        'not-allowed',
      );
      expect(await refusalOf(reader.call(routes.beginMyPasskey))).toBe('not-allowed');
      await admin.call(routes.revokeToken, { params: { tokenId: info.tokenId } });
      expect(await refusalOf(reader.call(routes.getMe))).toBe('not-signed-in');
      expect(await refusalOf(admin.call(routes.revokeToken, { params: { tokenId: info.tokenId } }))).toBe('not-found');
    });

    test('a token ends on its day', async () => {
      const admin = await signIn(ada);
      const { token } = await admin.call(routes.createToken, {
        body: { name: 'day', scopes: ['status:read'], expiresInDays: 1 },
      });
      await bearer(token).call(routes.getMe);
      house.pass(24 * 60 * minute);
      expect(await refusalOf(bearer(token).call(routes.getMe))).toBe('not-signed-in');
    });

    test('a token that is not valid is nobody, even beside a good cookie', async () => {
      const visitor = await signIn(ada);
      for (const authorization of ['Bearer pcl_wrong', 'Bearer', 'Basic YTpi', `Bearer ${visitor.cookie ?? ''}`]) {
        visitor.headers = { authorization };
        expect(await refusalOf(visitor.call(routes.getMe))).toBe('not-signed-in');
      }
    });

    test('a person without a browser acts through a token', async () => {
      const admin = await signIn(ada);
      const made = await admin.call(routes.addPersonWithToken, { body: { name: 'second decider', roles: ['decider'] } });
      const me = await bearer(made.token).call(routes.getMe);
      expect(me).toMatchObject({ name: 'second decider', until: null });
      expect(me.scopes).toContain('orders:confirm');
      expect(
        (await admin.call(routes.listTokens, { query: { everybody: 'true' } })).items.map((item) => item.personName),
      ).toContain('second decider');
      expect(await refusalOf(bearer(made.token).call(routes.listTokens, { query: { everybody: 'true' } }))).toBe('not-allowed');
    });
  });

  test('no secret is in a log line or in the audit trail', async () => {
    const admin = await signIn(ada);
    const { token } = await admin.call(routes.createToken, { body: { name: 'leak check', scopes: ['status:read'] } });
    const audit = await house.store.db.selectFrom('audit_entry').selectAll().execute();
    const written = `${house.logged.join('\n')}\n${JSON.stringify(audit)}`;
    for (const secret of [token, goodPassword, ada.totpSecret, ...ada.recoveryCodes, admin.cookie ?? 'none']) {
      expect(written).not.toContain(secret);
    }
    for (const act of [
      'setup.done',
      'session.start',
      'person.invite',
      'invitation.use',
      'person.change',
      'token.create',
      'token.revoke',
    ]) {
      expect(audit.map((entry) => entry.act)).toContain(act);
    }
  });

  test('of two operators who disable each other at once, one stays', async () => {
    const other = await invite('Other Operator', ['operator']);
    const [here, there] = [await signIn(ada), await signIn(other)];
    const { personId } = await here.call(routes.getMe);
    const disable = (id: typeof personId) => ({ params: { personId: id }, body: { disabled: true } });
    const outcomes = await Promise.all([
      refusalOf(here.call(routes.changePerson, disable(PersonId.parse(other.personId)))),
      refusalOf(there.call(routes.changePerson, disable(personId))),
    ]);
    expect(outcomes.filter((code) => code === null)).toHaveLength(1);
    const left = await house.store.db.selectFrom('person').select('name').where('state', '=', 'active').execute();
    expect(left.filter(({ name }) => name === ada.name || name === 'Other Operator')).toHaveLength(1);
  });
});
