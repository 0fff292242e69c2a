import { hash, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { AccountId, CaptchaKeyId, idPrefix } from '../../contract/ids.ts';
import { instantOf } from '../../core/instant.ts';
import { newBoxKey } from '../../kit/sealed-box.ts';
import { secretBytes } from '../../kit/random-bytes.ts';
import { randomId } from '../../kit/random-id.ts';
import { openStore } from '../../store/open.ts';
import type { Store } from '../../store/open.ts';
import { removeFolder, temporaryFolder } from '../../tests/harness/ports.ts';
import { embeddedAddress } from '../../tests/harness/stores.ts';
import { KeyBook } from './keys.ts';
import type { CaptchaKey } from './keys.ts';
import { MacKeys } from './mac-keys.ts';
import { startProvider } from './program.ts';
import type { Provider } from './program.ts';
import { dialects } from './siteverify.ts';
import {
  hcaptchaTestKeys,
  hcaptchaTestSecret,
  recaptchaDummy,
  recaptchaTestSecret,
  testKeys,
  turnstileDummy,
  turnstileTestSecrets,
} from './test-keys.ts';
import { Tokens, tokenLifeMs } from './tokens.ts';

const log = pino({ level: 'silent' });
const Answer = z.looseObject({
  success: z.boolean(),
  'error-codes': z.array(z.string().max(35)).optional(),
  hostname: z.string().optional(),
});
const paths = { hcaptcha: '/siteverify', recaptcha: '/recaptcha/api/siteverify', turnstile: '/turnstile/v0/siteverify' } as const;

let folder = '';
let store: Store;
let provider: Provider;
let macKeys: MacKeys;
let tokens: Tokens;
let book: KeyBook;
let aheadMs = 0;
const nowMs = () => Date.now() + aheadMs;
const account = AccountId.parse(randomId(idPrefix.account));
const sealKey = newBoxKey();

beforeAll(async () => {
  folder = temporaryFolder('captcha');
  store = await openStore(await embeddedAddress(folder));
  await store.db
    .insertInto('account')
    .values({ account_id: account, name: 'forum', created_at: instantOf(nowMs()) })
    .execute();
  provider = await startProvider({ store, sealKey, nowMs, log, listen: { host: '127.0.0.1', port: 0 }, threads: 1 });
  macKeys = await MacKeys.open({ store, sealKey, nowMs, log });
  tokens = new Tokens({ store, macKeys, nowMs });
  book = new KeyBook(store, nowMs);
});
afterEach(() => {
  aheadMs = 0;
});
afterAll(async () => {
  book.close();
  macKeys.close();
  await provider.stop();
  await store.close();
  removeFolder(folder);
});

/** A secret, made now; those before it end so much later. */
async function renew(keyId: CaptchaKeyId, overlapMs = 0): Promise<string> {
  const secret = `pcs_${secretBytes(32).toString('base64url')}`;
  const sha256 = hash('sha256', secret, 'hex');
  const ends = instantOf(nowMs() + overlapMs);
  await store.db.updateTable('captcha_secret').set({ ends_at: ends }).where('key_id', '=', keyId).execute();
  const row = { sha256, key_id: keyId, last_four: secret.slice(-4), made_at: instantOf(nowMs()), ends_at: null };
  await store.db.insertInto('captcha_secret').values(row).execute();
  store.doorbell.ring('captcha-keys', keyId);
  return secret;
}

async function newKey(hostnames: readonly string[] = []): Promise<{ key: CaptchaKey; secret: string }> {
  const keyId = CaptchaKeyId.parse(randomId(idPrefix.captchaKey));
  const siteKey = randomUUID();
  const row = { key_id: keyId, site_key: siteKey, name: 'forum', account_id: account, owner_site_id: null, removed_at: null };
  await store.db
    .insertInto('captcha_key')
    .values({ ...row, hostnames, created_at: instantOf(nowMs()) })
    .execute();
  const secret = await renew(keyId);
  const key = await book.find(siteKey);
  if (key === null) throw new Error('the key is not in the book');
  return { key, secret };
}

const tokenOf = async (key: CaptchaKey, more: { hostname?: string; action?: string; cData?: string } = {}) =>
  (await tokens.issue({ key, hostname: 'forum.example', action: '', cData: '', ...more })).token;

async function ask(
  dialect: keyof typeof paths,
  fields: Record<string, string> | [string, string][],
  how: 'form' | 'get' = 'form',
) {
  const text = new URLSearchParams(fields).toString();
  const url = `${provider.url}${paths[dialect]}`;
  const response =
    how === 'get'
      ? await fetch(`${url}?${text}`)
      : await fetch(url, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: text });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  return Answer.parse(await response.json());
}
const codes = async (...asked: Parameters<typeof ask>) => (await ask(...asked))['error-codes'];

describe('siteverify', () => {
  it('says of a good token what each dialect says, and only once', async () => {
    const { key, secret } = await newKey(['forum.example']);
    const known = { challenge_ts: expect.any(String), hostname: 'forum.example' };
    const said = { action: 'login', cData: 'a b' };
    const first = await tokenOf(key, said);
    expect(await ask('hcaptcha', { secret, response: first })).toEqual({ success: true, ...known, sitekey: key.siteKey });
    expect(await ask('hcaptcha', { secret, response: first })).toEqual({
      success: false,
      'error-codes': ['already-seen-response'],
    });
    const second = await tokenOf(key, said);
    expect(await ask('recaptcha', { secret, response: second })).toEqual({
      success: true,
      ...known,
      action: 'login',
      score: 0.9,
    });
    expect(await codes('recaptcha', { secret, response: second })).toEqual(['timeout-or-duplicate']);
    const third = await tokenOf(key, said);
    expect(await ask('turnstile', { secret, response: third })).toMatchObject({
      success: true,
      ...known,
      'error-codes': [],
      action: 'login',
      cdata: 'a b',
    });
    expect(await codes('turnstile', { secret, response: third })).toEqual(['timeout-or-duplicate']);
    expect(await codes('hcaptcha', { secret, response: third })).toEqual(['already-seen-response']);
    expect(await ask('recaptcha', { secret, response: await tokenOf(key) })).toEqual({ success: true, ...known });
  });
});
