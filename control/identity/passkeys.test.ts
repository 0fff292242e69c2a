/** Passkeys in Debian's Chromium with a virtual authenticator: what a browser really sends. */
import { join } from 'node:path';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { z } from 'zod';
import * as routes from '../../contract/routes/identity.ts';
import { openStore } from '../../store/open.ts';
import { refusalOf } from '../../tests/harness/api.ts';
import { codeIn, goodPassword, startIdentityHouse } from '../../tests/harness/identity.ts';
import type { IdentityHouse, Visitor } from '../../tests/harness/identity.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { embeddedAddress } from '../../tests/harness/stores.ts';
import { startBrowser } from '../../tests/harness/browser.ts';
import { renewSetupLink } from './first-start.ts';
import { totpCode } from './totp.ts';

let folder: string;
let house: IdentityHouse;
let browser: Browser;
let page: Page;
let cdp: CDPSession;
let authenticatorId: string;

beforeAll(async () => {
  folder = temporaryFolder('passkeys');
  house = await startIdentityHouse(await openStore(await embeddedAddress(join(folder, 'db'))));
  browser = await startBrowser([]);
  page = await browser.newPage();
  await page.goto(`${house.url}/blank`);
  cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  ({ authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  }));
});

afterAll(async () => {
  await browser.close();
  await house.stop();
  removeFolder(folder);
});

/** `navigator.credentials.create` with the server's options; the answer as the browser prints it. */
async function create(options: routes.PasskeyCreation): Promise<routes.CreatedPasskey> {
  const answer: unknown = await page.evaluate(`(async () => {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(${JSON.stringify(options)});
    return (await navigator.credentials.create({ publicKey })).toJSON();
  })()`);
  return routes.CreatedPasskey.parse(answer);
}

async function get(options: z.infer<typeof routes.PasskeyRequest>): Promise<routes.PasskeyProof> {
  const answer: unknown = await page.evaluate(`(async () => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(${JSON.stringify(options)});
    return (await navigator.credentials.get({ publicKey })).toJSON();
  })()`);
  return routes.PasskeyProof.parse(answer);
}

async function signIn(visitor: Visitor): Promise<z.infer<typeof routes.Me>> {
  const begun = await visitor.call(routes.beginPasskeySignIn);
  const credential = await get(begun.passkey);
  return visitor.call(routes.signInWithPasskey, { body: { ceremonyId: begun.ceremonyId, credential } });
}

test('the first account is made with a passkey, which signs in without a name', async () => {
  const code = codeIn((await renewSetupLink(house.deps))?.url ?? '');
  const visitor = house.visitor();
  const begun = await visitor.call(routes.beginLink, { body: { code, name: 'Ada Lovelace' } });
  const proof = { kind: 'passkey', credential: await create(begun.passkey), label: 'test key' } as const;
  const done = await visitor.call(routes.redeemLink, { body: { code, ceremonyId: begun.ceremonyId, proof } });
  expect(done.recoveryCodes).toHaveLength(10);
  await visitor.call(routes.signOut);
  const me = await signIn(visitor);
  expect(me).toMatchObject({ name: 'Ada Lovelace', via: 'session' });
  expect((await visitor.call(routes.getMyKeys)).passkeys).toMatchObject([{ label: 'test key' }]);
});

test('a proof is good for one challenge and once', async () => {
  const visitor = house.visitor();
  const first = await visitor.call(routes.beginPasskeySignIn);
  const second = await visitor.call(routes.beginPasskeySignIn);
  const credential = await get(first.passkey);
  const send = (ceremonyId: routes.CeremonyId) =>
    refusalOf(house.visitor().call(routes.signInWithPasskey, { body: { ceremonyId, credential } }));
  expect(await send(second.ceremonyId)).toBe('bad-sign-in');
  expect(await send(first.ceremonyId)).toBeNull();
  expect(await send(first.ceremonyId)).toBe('bad-sign-in');
});

test('a proof made on another origin is not good here', async () => {
  const elsewhere = await startIdentityHouse(await openStore(await embeddedAddress(join(folder, 'other'))));
  try {
    const begun = await elsewhere.visitor().call(routes.beginPasskeySignIn);
    const credential = await get(begun.passkey);
    const refusal = await refusalOf(
      elsewhere.visitor().call(routes.signInWithPasskey, { body: { ceremonyId: begun.ceremonyId, credential } }),
    );
    expect(refusal).toBe('bad-sign-in');
  } finally {
    await elsewhere.stop();
  }
});

test('an answer that was changed on its way is not good', async () => {
  const visitor = house.visitor();
  const begun = await visitor.call(routes.beginPasskeySignIn);
  const credential = await get(begun.passkey);
  const flipped = (credential.response.signature.startsWith('A') ? 'B' : 'A') + credential.response.signature.slice(1);
  const body = {
    ceremonyId: begun.ceremonyId,
    credential: { ...credential, response: { ...credential.response, signature: flipped } },
  };
  expect(await refusalOf(visitor.call(routes.signInWithPasskey, { body }))).toBe('bad-sign-in');
});

test('a copied key whose counter goes back is refused', async () => {
  const visitor = house.visitor();
  await signIn(visitor);
  await house.store.db.updateTable('passkey').set({ counter: 1_000_000 }).execute();
  expect(await refusalOf(signIn(visitor))).toBe('bad-sign-in');
  await house.store.db.updateTable('passkey').set({ counter: 0 }).execute();
  await signIn(visitor);
});

test('a second way to sign in is added, and then the first can go', async () => {
  const visitor = house.visitor();
  await signIn(visitor);
  const [key] = (await visitor.call(routes.getMyKeys)).passkeys;
  if (key === undefined) throw new Error('there is a passkey');
  const params = { credentialId: key.credentialId };
  expect(await refusalOf(visitor.call(routes.removeMyPasskey, { params }))).toBe('wrong-state');

  const begun = await visitor.call(routes.beginMyPassword);
  const body = { ceremonyId: begun.ceremonyId, password: goodPassword, totpCode: totpCode(begun.totpSecret, house.now()) };
  await visitor.call(routes.setMyPassword, { body });
  await visitor.call(routes.removeMyPasskey, { params });
  expect(await refusalOf(signIn(house.visitor()))).toBe('bad-sign-in');

  await cdp.send('WebAuthn.clearCredentials', { authenticatorId });
  const again = await visitor.call(routes.beginMyPasskey);
  const added = await visitor.call(routes.addMyPasskey, {
    body: { ceremonyId: again.ceremonyId, credential: await create(again.passkey), label: 'new key' },
  });
  expect(added.label).toBe('new key');
  await signIn(house.visitor());
});
