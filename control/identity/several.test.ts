/** Several control processes on one PostgreSQL: what one counts, revokes or uses up holds in the other at once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as routes from '../../contract/routes/identity.ts';
import { openStore } from '../../store/open.ts';
import { refusalOf } from '../../tests/harness/api.ts';
import { codeIn, goodPassword, signUp, startIdentityHouse } from '../../tests/harness/identity.ts';
import type { IdentityHouse, SignedUp } from '../../tests/harness/identity.ts';
import { startPostgres } from '../../tests/harness/postgres.ts';
import type { Postgres } from '../../tests/harness/postgres.ts';
import { renewSetupLink } from './first-start.ts';
import { totpCode } from './totp.ts';

let postgres: Postgres;
let north: IdentityHouse;
let south: IdentityHouse;
let ada: SignedUp;

beforeAll(async () => {
  postgres = await startPostgres();
  const address = await postgres.database();
  [north, south] = await Promise.all([
    startIdentityHouse(await openStore(address)),
    startIdentityHouse(await openStore(address)),
  ]);
});

afterAll(async () => {
  await north?.stop();
  await south?.stop();
  await postgres?.stop();
});

test('a link used at both at once makes one account', async () => {
  const code = codeIn((await renewSetupLink(north.deps))?.url ?? '');
  const outcomes = await Promise.allSettled([signUp(north, code, 'Ada'), signUp(south, code, 'Ada')]);
  const done = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  expect(done).toHaveLength(1);
  const [winner] = done;
  if (winner === undefined) throw new Error('nobody got the account');
  ada = winner;
});

test('a session of one is a session of the other, until either ends it', async () => {
  const elsewhere = south.visitor();
  elsewhere.cookie = ada.visitor.cookie;
  expect((await elsewhere.call(routes.getMe)).name).toBe('Ada');
  await ada.visitor.call(routes.signOut);
  expect(await refusalOf(elsewhere.call(routes.getMe))).toBe('not-signed-in');
});

test('a six-digit code works at one of them only', async () => {
  north.pass(60_000);
  south.pass(60_000);
  const body = { name: 'Ada', password: goodPassword, totpCode: totpCode(ada.totpSecret, north.now()) };
  const outcomes = await Promise.all(
    [north, south].map((house) => refusalOf(house.visitor().call(routes.signInWithPassword, { body }))),
  );
  expect(outcomes.filter((code) => code === null)).toHaveLength(1);
  expect(outcomes).toContain('bad-sign-in');
});

test('guesses spread over both are counted together', async () => {
  const guess = (house: IdentityHouse, n: number) =>
    refusalOf(
      house
        .visitor()
        .call(routes.signInWithPassword, { body: { name: 'Ada', password: `wrong guess ${n}`, totpCode: '000000' } }),
    );
  const outcomes = await Promise.all(Array.from({ length: 20 }, (_, n) => guess(n % 2 === 0 ? north : south, n)));
  expect(outcomes.filter((code) => code === 'bad-sign-in').length).toBeLessThanOrEqual(5);
  expect(await guess(south, 99)).toBe('too-many-requests');
});

test('when the database is away nobody signs in and nobody is signed in: fails closed', async () => {
  await postgres.crash();
  const body = { name: 'Ada', password: goodPassword, totpCode: '000000' };
  expect(await refusalOf(north.visitor().call(routes.signInWithPassword, { body }))).toBe('store-down');
  ada.visitor.cookie = `portcullis_session=${'a'.repeat(43)}`;
  expect(await refusalOf(ada.visitor.call(routes.getMe))).toBe('store-down');
  await postgres.start();
});
