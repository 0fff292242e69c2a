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

  it('takes questions as forms, JSON, multipart and addresses', async () => {
    const { key, secret } = await newKey();
    expect((await ask('recaptcha', { secret, response: await tokenOf(key) }, 'get')).success).toBe(true);
    const unset = JSON.stringify({ secret, response: await tokenOf(key), remoteip: null });
    expect((await post('turnstile', 'application/json', unset)).success).toBe(true);
    const body = JSON.stringify({ secret, response: await tokenOf(key), remoteip: '192.0.2.7' });
    expect((await post('turnstile', 'application/json; charset=utf-8', body)).success).toBe(true);
    const form = new FormData();
    form.append('secret', secret);
    form.append('response', await tokenOf(key));
    const sent = await fetch(`${provider.url}${paths.hcaptcha}`, { method: 'POST', body: form });
    expect(Answer.parse(await sent.json()).success).toBe(true);
  });

  it('names what is missing or wrong in the words of each dialect, and spends nothing by it', async () => {
    const { key, secret } = await newKey();
    const other = await newKey();
    const response = await tokenOf(key);
    const foreign = other.secret;
    const wrong = `pcs_${'a'.repeat(43)}`;
    const rows: [keyof typeof paths, Record<string, string>, string[]][] = [
      ['hcaptcha', {}, ['missing-input-response', 'missing-input-secret']],
      ['recaptcha', {}, ['missing-input-response', 'missing-input-secret']],
      ['turnstile', {}, ['missing-input-response', 'missing-input-secret']],
      ['hcaptcha', { secret }, ['missing-input-response']],
      ['hcaptcha', { secret, response: '' }, ['invalid-input-response']],
      ['turnstile', { secret, response: '' }, ['missing-input-response']],
      ['hcaptcha', { response }, ['missing-input-secret']],
      ['hcaptcha', { response: 'rubbish' }, ['invalid-input-response']],
      ['hcaptcha', { secret, response: 'rubbish' }, ['invalid-input-response']],
      ['turnstile', { secret, response: 'rubbish' }, ['invalid-input-response']],
      ['turnstile', { secret: wrong, response: 'rubbish' }, ['invalid-input-secret']],
      ['hcaptcha', { secret: wrong, response }, ['invalid-input-secret']],
      ['recaptcha', { secret: 'short', response }, ['invalid-input-secret']],
      ['turnstile', { secret: wrong, response }, ['invalid-input-secret']],
      ['hcaptcha', { secret: foreign, response }, ['sitekey-secret-mismatch']],
      ['recaptcha', { secret: foreign, response }, ['invalid-input-response']],
      ['turnstile', { secret: foreign, response }, ['invalid-input-response']],
      ['hcaptcha', { secret, response, sitekey: other.key.siteKey }, ['sitekey-secret-mismatch']],
      ['hcaptcha', { secret, response, sitekey: 'none' }, ['invalid-sitekey']],
      ['hcaptcha', { secret, response, remoteip: 'here' }, ['invalid-remoteip']],
      ['turnstile', { secret, response, idempotency_key: 'again' }, ['bad-request']],
    ];
    for (const [dialect, fields, said] of rows) {
      const answer = await ask(dialect, fields);
      expect([answer.success, answer['error-codes'], 'score' in answer], JSON.stringify([dialect, fields])).toEqual([
        false,
        said,
        false,
      ]);
    }
    expect((await ask('hcaptcha', { secret, response, sitekey: key.siteKey, remoteip: '2001:db8::1' })).success).toBe(true);
  });

  it('refuses a token that is too old, or of a clock that is far ahead, and minds no skew of five minutes', async () => {
    const { key, secret } = await newKey();
    const old = await tokenOf(key);
    aheadMs = 5 * 60_000 - 5_000;
    const early = await tokenOf(key);
    aheadMs = 10 * 60_000;
    const tooEarly = await tokenOf(key);
    aheadMs = 0;
    expect((await ask('hcaptcha', { secret, response: early })).success).toBe(true);
    expect(await codes('hcaptcha', { secret, response: tooEarly })).toEqual(['invalid-input-response']);
    aheadMs = tokenLifeMs;
    expect(await codes('hcaptcha', { secret, response: old })).toEqual(['expired-input-response']);
    expect(await codes('turnstile', { secret, response: old })).toEqual(['timeout-or-duplicate']);
  });

  it('passes a token once, however many ask at once and whichever process they ask', async () => {
    const { key, secret } = await newKey();
    const second = await startProvider({ store, sealKey, nowMs, log, listen: { host: '127.0.0.1', port: 0 }, threads: 1 });
    try {
      const response = await tokenOf(key);
      const answers = await Promise.all(
        Array.from({ length: 24 }, (_, index) =>
          fetch(`${index % 2 === 0 ? provider.url : second.url}${paths.hcaptcha}`, {
            method: 'POST',
            body: new URLSearchParams({ secret, response }),
          }).then(async (answer) => Answer.parse(await answer.json()).success),
        ),
      );
      expect(answers.filter(Boolean)).toHaveLength(1);
    } finally {
      await second.stop();
    }
  });

  it('answers the same to the same question under its own key, and no other question by it', async () => {
    const { key, secret } = await newKey();
    const response = await tokenOf(key, { action: 'pay' });
    const fields = { secret, response, idempotency_key: randomUUID() };
    const answers = await Promise.all([ask('turnstile', fields), ask('turnstile', fields)]);
    expect(answers[0]).toMatchObject({ success: true, action: 'pay' });
    expect(answers[1]).toEqual(answers[0]);
    expect(await ask('turnstile', fields)).toEqual(answers[0]);
    expect(await codes('turnstile', { ...fields, idempotency_key: randomUUID() })).toEqual(['timeout-or-duplicate']);
    expect(await codes('turnstile', { secret, response })).toEqual(['timeout-or-duplicate']);
    const next = { ...fields, response: await tokenOf(key) };
    expect((await ask('turnstile', next)).success).toBe(true);
    expect(await codes('turnstile', { ...fields, secret: (await newKey()).secret })).toEqual(['invalid-input-response']);
  });

  it('takes both secrets while they overlap, and the old one no longer afterwards', async () => {
    const { key, secret } = await newKey();
    const renewed = await renew(key.keyId, 60_000);
    expect((await ask('hcaptcha', { secret, response: await tokenOf(key) })).success).toBe(true);
    expect((await ask('hcaptcha', { secret: renewed, response: await tokenOf(key) })).success).toBe(true);
    aheadMs = 61_000;
    store.doorbell.ring('captcha-keys', key.keyId);
    expect(await codes('hcaptcha', { secret, response: await tokenOf(key) })).toEqual(['invalid-input-secret']);
    expect((await ask('hcaptcha', { secret: renewed, response: await tokenOf(key) })).success).toBe(true);
  });

  it('passes nothing for a page that the key is no longer for, nor for a key that was removed', async () => {
    const { key, secret } = await newKey(['*.forum.example']);
    const response = await tokenOf(key, { hostname: 'www.forum.example' });
    expect(await codes('hcaptcha', { secret, response: await tokenOf(key, { hostname: 'shop.example' }) })).toEqual([
      'invalid-input-response',
    ]);
    expect(await codes('hcaptcha', { secret, response: await tokenOf(key, { hostname: '' }) })).toEqual([
      'invalid-input-response',
    ]);
    await store.db
      .updateTable('captcha_key')
      .set({ removed_at: instantOf(nowMs()) })
      .where('key_id', '=', key.keyId)
      .execute();
    store.doorbell.ring('captcha-keys', key.keyId);
    expect(await codes('hcaptcha', { secret, response })).toEqual(['invalid-input-secret']);
  });
});

const post = async (dialect: keyof typeof paths, type: string, body: string | Uint8Array<ArrayBuffer>) => {
  const response = await fetch(`${provider.url}${paths[dialect]}`, { method: 'POST', headers: { 'content-type': type }, body });
  expect(response.status).toBe(200);
  return Answer.parse(await response.json());
};

describe('test keys', () => {
  it('answer as the dialects document, and open nothing that is real', async () => {
    const { key, secret } = await newKey();
    const [one, safe, bot] = hcaptchaTestKeys.map(({ does }) => (does === 'never' ? '' : does.token));
    const test = hcaptchaTestSecret;
    expect(await ask('hcaptcha', { secret: test, response: one ?? '' })).toMatchObject({
      success: true,
      hostname: 'dummy-key-pass',
    });
    expect(await ask('hcaptcha', { secret: test, response: safe ?? '' })).toMatchObject({ success: true, score: 0 });
    expect(await ask('hcaptcha', { secret: test, response: bot ?? '' })).toMatchObject({ success: true, score: 1 });
    expect((await ask('recaptcha', { secret: recaptchaTestSecret, response: recaptchaDummy })).success).toBe(true);
    const turnstileSaid = await Promise.all(
      [...turnstileTestSecrets.keys()].map((dummy) => codes('turnstile', { secret: dummy, response: turnstileDummy })),
    );
    expect(turnstileSaid).toEqual([[], ['invalid-input-response'], ['timeout-or-duplicate']]);
    for (const [dialect, tests, dummies] of [
      ['hcaptcha', [test], [one, safe, bot]],
      ['recaptcha', [recaptchaTestSecret], [recaptchaDummy]],
      ['turnstile', [...turnstileTestSecrets.keys()], [turnstileDummy]],
    ] as const) {
      for (const dummy of dummies) expect((await ask(dialect, { secret, response: dummy ?? '' })).success).toBe(false);
      for (const testSecret of tests) {
        const response = await tokenOf(key);
        expect((await ask(dialect, { secret: testSecret, response })).success).toBe(false);
        expect((await ask(dialect, { secret, response })).success).toBe(true);
      }
    }
    for (const { siteKey, does } of testKeys.values()) expect((await book.find(siteKey))?.test).toEqual(does);
  });
});

describe('whatever is sent to siteverify', () => {
  it('is answered with a documented no within the dialect: fields twice, lists, numbers, other types, a token of a megabyte', async () => {
    const { key, secret } = await newKey();
    const response = await tokenOf(key);
    for (const { name } of dialects) {
      for (const fields of [
        [
          ['secret', secret],
          ['secret', secret],
          ['response', response],
        ],
        [
          ['secret', secret],
          ['response', response],
          ['response', response],
        ],
        [
          ['secret', secret],
          ['response', response],
          ['remoteip', '192.0.2.1'],
          ['remoteip', '192.0.2.1'],
        ],
      ] satisfies [string, string][][])
        expect(await codes(name, fields)).toEqual(['bad-request']);
      for (const [type, body] of [
        ['application/json', JSON.stringify({ secret, response: [response] })],
        ['application/json', JSON.stringify({ secret, response: { toString: response } })],
        ['application/json', JSON.stringify({ secret: 1, response })],
        ['application/json', `{"secret":"x","secret":${JSON.stringify(secret)},"response":${JSON.stringify(response)}}`],
        ['application/json', `[${JSON.stringify(secret)}]`],
        ['application/json', 'null'],
        ['application/json', '{'],
        ['text/plain', new URLSearchParams({ secret, response }).toString()],
        ['application/xml', '<secret/>'],
        ['multipart/form-data; boundary=x', 'rubbish'],
        ['multipart/form-data', 'rubbish'],
        ['application/x-www-form-urlencoded', `response=${'a'.repeat(1_000_000)}&secret=${secret}`],
      ] as const)
        expect((await post(name, type, body))['error-codes'], `${name} ${type} ${body.slice(0, 60)}`).toEqual(['bad-request']);
      expect(await codes(name, { secret, response: 'a'.repeat(40_000) })).toEqual(['invalid-input-response']);
    }
    expect((await ask('hcaptcha', { secret, response })).success).toBe(true);
  });

  it('never passes, and never leaves the dialect, for any text in any field of any dialect', async () => {
    const { key, secret } = await newKey();
    const good = await tokenOf(key);
    const documented = new Map(dialects.map(({ name, codes: known }) => [name, new Set(Object.values(known).flat())]));
    const names = ['secret', 'response', 'remoteip', 'sitekey', 'idempotency_key', '__proto__'];
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('', secret, turnstileDummy, `${good}a`, good.slice(1)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...dialects.map(({ name }) => name)),
        fc.array(fc.tuple(fc.constantFrom(...names), text), { maxLength: 6 }),
        fc.constantFrom('form', 'get', 'json'),
        async (dialect, fields, how) => {
          const json = JSON.stringify(Object.fromEntries(fields));
          const answer = how === 'json' ? await post(dialect, 'application/json', json) : await ask(dialect, fields, how);
          expect(answer.success).toBe(false);
          const said = answer['error-codes'] ?? [];
          expect(said.length).toBeGreaterThan(0);
          expect(said.filter((code) => documented.get(dialect)?.has(code) !== true)).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
    expect((await ask('hcaptcha', { secret, response: good })).success).toBe(true);
  });
});

it('a flood of invented site keys and secrets leaves the keys in use to be found', async () => {
  const { key, secret } = await newKey();
  const response = await tokenOf(key);
  expect((await ask('turnstile', { secret, response: await tokenOf(key) })).success).toBe(true);
  const flood = Array.from({ length: 300 }, () => [
    book.find(randomUUID()),
    book.bySecret(`pcs_${secretBytes(32).toString('base64url')}`),
  ]).flat();
  store.doorbell.ring('captcha-keys', '');
  const found = book.find(key.siteKey);
  const settled = await Promise.allSettled(flood);
  expect((await found)?.keyId).toBe(key.keyId);
  expect(settled.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(500);
  expect((await ask('turnstile', { secret, response })).success).toBe(true);
});

describe('the keys of tokens', () => {
  it('are renewed after half a day; what the one before signed goes on, and a new one signs when everybody knows it', async () => {
    const [first] = macKeys.live();
    aheadMs = 12 * 3_600_000 + 1000;
    await macKeys.look();
    expect(macKeys.live().map(({ name }) => name === first?.name)).toEqual([true, false]);
    aheadMs += 61_000;
    expect(macKeys.live().map(({ name }) => name === first?.name)).toEqual([false, true]);
    const other = await MacKeys.open({ store, sealKey, nowMs, log });
    expect(other.live()).toEqual(macKeys.live());
    other.close();
  });

  it('do not open with another captcha key, and the provider says so instead of starting', async () => {
    await expect(MacKeys.open({ store, sealKey: newBoxKey(), nowMs, log })).rejects.toThrow('PORTCULLIS_CAPTCHA_KEY');
  });
});
