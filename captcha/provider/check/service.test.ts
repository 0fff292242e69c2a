/** Checks as the provider's program runs them: over HTTP, on a database, to a token that siteverify takes; and what is counted of them. */
import { hash, randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckReply, checkPaths } from '../../../contract/captcha.ts';
import { AccountId, CaptchaKeyId, idPrefix } from '../../../contract/ids.ts';
import { searchChain, writeFinds } from '../../../core/captcha/memory-chain.ts';
import { squareTimes } from '../../../core/captcha/time-lock.ts';
import { instantOf } from '../../../core/instant.ts';
import { secretBytes } from '../../../kit/random-bytes.ts';
import { randomId } from '../../../kit/random-id.ts';
import { newBoxKey } from '../../../kit/sealed-box.ts';
import { softenedCaptchaKeys, sumCaptchaCounts } from '../../../store/captcha-counts.ts';
import { openStore } from '../../../store/open.ts';
import type { Store } from '../../../store/open.ts';
import { removeFolder, temporaryFolder } from '../../../tests/harness/ports.ts';
import { embeddedAddress } from '../../../tests/harness/stores.ts';
import { argon2id } from '../../jobs.ts';
import { startProvider } from '../program.ts';
import type { Provider } from '../program.ts';
import { Tally } from './tally.ts';

const keyId = CaptchaKeyId.parse(randomId(idPrefix.captchaKey));
const siteKey = randomUUID();
const secret = `pcs_${secretBytes(32).toString('base64url')}`;
const minuteMs = 60_000;
let folder = '';
let store: Store;
let provider: Provider;

beforeAll(async () => {
  folder = temporaryFolder('checks');
  store = await openStore(await embeddedAddress(folder));
  const account = AccountId.parse(randomId(idPrefix.account));
  const now = instantOf(Date.now());
  await store.db.insertInto('account').values({ account_id: account, name: 'forum', created_at: now }).execute();
  const key = { key_id: keyId, site_key: siteKey, name: 'forum', account_id: account, owner_site_id: null, removed_at: null };
  await store.db
    .insertInto('captcha_key')
    .values({ ...key, hostnames: ['forum.example'], level: 'light', created_at: now })
    .execute();
  const row = { sha256: hash('sha256', secret, 'hex'), key_id: keyId, last_four: secret.slice(-4), made_at: now, ends_at: null };
  await store.db.insertInto('captcha_secret').values(row).execute();
  const listen = { host: '127.0.0.1', port: 0 };
  provider = await startProvider({
    store,
    sealKey: newBoxKey(),
    nowMs: Date.now,
    log: pino({ level: 'silent' }),
    listen,
    threads: 1,
  });
});
afterAll(async () => {
  await provider.stop();
  await store.close();
  removeFolder(folder);
});

async function post(
  path: string,
  body: string,
  type = 'application/json',
): Promise<{ readonly response: Response; readonly reply: CheckReply }> {
  const response = await fetch(`${provider.url}${path}`, { method: 'POST', headers: { 'content-type': type }, body });
  return { response, reply: CheckReply.parse(await response.json()) };
}

function solve(reply: Extract<CheckReply, { do: 'step' }>): string {
  const { step } = reply;
  if (step.kind === 'memory') return writeFinds(searchChain({ ...step, issuedMs: 0, beganMs: 0 }, argon2id));
  return squareTimes(BigInt(`0x${step.base}`), step.squarings, BigInt(`0x${step.modulus}`)).toString(16);
}

describe('a check over HTTP', () => {
  it('ends with a token that siteverify takes once, with the hostname and the action of the page', async () => {
    let { reply } = await post(checkPaths.begin, JSON.stringify({ siteKey, host: 'forum.example', action: 'login' }));
    let steps = 0;
    for (; reply.do === 'step'; steps += 1)
      ({ reply } = await post(checkPaths.answer, JSON.stringify({ line: reply.line, a: solve(reply), b: 20 })));
    expect(steps).toBe(2);
    if (reply.do !== 'token') throw new Error(JSON.stringify(reply));
    const ask = async () => {
      const body = new URLSearchParams({ secret, response: reply.do === 'token' ? reply.token : '' });
      return await (await fetch(`${provider.url}/turnstile/v0/siteverify`, { method: 'POST', body })).json();
    };
    expect(await ask()).toMatchObject({ success: true, hostname: 'forum.example', action: 'login' });
    expect(await ask()).toMatchObject({ success: false });
  });

  it('answers whatever is sent with JSON that any page may read, and says how long to wait by its status', async () => {
    const cases = [
      ['{"siteKey":', 'application/json'],
      ['siteKey=a&host=b', 'application/x-www-form-urlencoded'],
      ['[]', 'application/json'],
      [JSON.stringify({ siteKey: [siteKey], host: 'forum.example' }), 'application/json'],
      [JSON.stringify({ line: 'x'.repeat(60_000) }), 'application/json'],
      [`{"siteKey":"${'x'.repeat(1_000_000)}"}`, 'application/json'],
      ['', 'text/plain'],
    ] as const;
    for (const path of Object.values(checkPaths))
      for (const [body, type] of cases) {
        const { response, reply } = await post(path, body, type);
        expect(reply).toEqual({ do: 'refused', code: 'bad-request' });
        expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([400, '*']);
        expect(response.headers.get('cache-control')).toBe('no-store');
      }
    const elsewhere = await post(checkPaths.begin, JSON.stringify({ siteKey, host: 'other.example' }));
    expect([elsewhere.response.status, elsewhere.reply]).toEqual([200, { do: 'refused', code: 'hostname' }]);
    const asked = await fetch(`${provider.url}${checkPaths.begin}`, { method: 'OPTIONS' });
    expect([asked.status, asked.headers.get('access-control-allow-methods')]).toEqual([204, 'POST']);
  });
});

describe('figures', () => {
  const began = (beganMs: number, calm = true) => ({ keyId, beganMs, calm });
  const all = { since: instantOf(0), until: instantOf(4_000_000_000_000) };

  it('add up over processes, by class of device and the time of the beginning', async () => {
    const tallies = [new Tally(), new Tally()] as const;
    const at = 1_700_000_000_000;
    for (const tally of tallies) {
      tally.asked(began(at));
      tally.asked(began(at + 1, false));
      tally.stepped(began(at), 'slow');
    }
    // Begun at one process, passed at the other.
    tallies[1].passed(began(at), 'slow', 1500);
    tallies[0].passed(began(at), null, null);
    tallies[0].wrong(began(at), 'slow');
    for (const tally of tallies) await tally.flush(store.db);
    for (const tally of tallies) await tally.flush(store.db);
    const sums = await sumCaptchaCounts(store.db, keyId, { since: instantOf(at - 300_000), until: instantOf(at + 300_000) });
    expect(sums.get('unknown')).toMatchObject({ asked: 4, calmAsked: 2, stepped: 0, passed: 1, waited: 1 });
    expect(sums.get('slow')).toMatchObject({
      asked: 0,
      stepped: 2,
      passed: 1,
      calmPassed: 1,
      wrong: 1,
      solved: [0, 0, 0, 1, 0, 0, 0, 0],
    });
  });

  it('are kept when the database does not take them, and handed over the next time', async () => {
    const tally = new Tally();
    tally.asked(began(1_600_000_000_000));
    await store.runScript('alter table captcha_count rename to captcha_count_away;');
    await expect(tally.flush(store.db)).rejects.toThrow();
    await store.runScript('alter table captcha_count_away rename to captcha_count;');
    tally.asked(began(1_600_000_000_000));
    await tally.flush(store.db);
    const sums = await sumCaptchaCounts(store.db, keyId, { since: all.since, until: instantOf(1_650_000_000_000) });
    expect(sums.get('unknown')?.asked).toBe(2);
  });

  it('soften a key for a day when too many calm visitors gave up, in every process that is asked', async () => {
    const now = 1_900_000_000_000;
    const tallies = [new Tally(), new Tally()] as const;
    for (let n = 0; n < 40; n += 1) tallies[0].asked(began(now - 60 * minuteMs));
    for (let n = 0; n < 10; n += 1) tallies[0].passed(began(now - 60 * minuteMs), 'fast', 500);
    await tallies[0].flush(store.db);
    await tallies[0].look(store.db, now);
    expect(tallies[0].softened(keyId)).toBe(true);
    tallies[1].asked(began(now));
    await tallies[1].look(store.db, now);
    expect(tallies[1].softened(keyId)).toBe(true);
    expect((await softenedCaptchaKeys(store.db, [keyId], instantOf(now))).get(keyId)).toMatchObject({ asked: 40, passed: 10 });
    await tallies[1].look(store.db, now + 25 * 60 * minuteMs);
    expect(tallies[1].softened(keyId)).toBe(false);
  });

  it('do not count who may still be at work, nor networks that begin much', async () => {
    const now = 2_000_000_000_000;
    const tally = new Tally();
    for (let n = 0; n < 40; n += 1) tally.asked(began(now - minuteMs));
    for (let n = 0; n < 40; n += 1) tally.asked(began(now - 60 * minuteMs, false));
    await tally.flush(store.db);
    await tally.look(store.db, now);
    expect(tally.softened(keyId)).toBe(false);
  });
});
