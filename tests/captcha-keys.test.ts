/**
 * Captcha keys from their making to their suspension, as production runs it: a control plane and two processes of the provider on one PostgreSQL.
 *
 * A visitor's check is done here with the puzzles' own functions; how browsers do it: tests/captcha-widget.test.ts.
 */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { argon2id } from '../captcha/jobs.ts';
import { canonicalJson } from '../contract/canonical.ts';
import { CheckReply, checkPaths } from '../contract/captcha.ts';
import * as keys from '../contract/routes/captcha-keys.ts';
import type { CaptchaKeyWithSecret } from '../contract/routes/captcha-keys.ts';
import { getOrder, liftOrder } from '../contract/routes/orders.ts';
import type { Order } from '../contract/routes/orders.ts';
import { searchChain, writeFinds } from '../core/captcha/memory-chain.ts';
import { squareTimes } from '../core/captcha/time-lock.ts';
import { textVerifier } from '../kit/ed25519.ts';
import { apiClient, refusalOf } from './harness/api.ts';
import type { Api } from './harness/api.ts';
import { addAccount, addPersonWithToken } from '../contract/routes/identity.ts';
import { addSite } from '../contract/routes/sites.ts';
import { startParts } from './harness/provider.ts';
import type { Parts } from './harness/provider.ts';
import { freePorts, until } from './harness/ports.ts';
import { runProgram, startProgram } from './harness/program.ts';
import type { Program } from './harness/program.ts';
import { postgresDatabase } from './harness/stores.ts';
import type { SharedDatabase } from './harness/stores.ts';

const Verdict = z.object({ success: z.boolean(), 'error-codes': z.array(z.string()).optional() });

let database: SharedDatabase;
let parts: Parts;
const providers: { readonly url: string; readonly program: Program }[] = [];

beforeAll(async () => {
  database = await postgresDatabase();
  const env = { DATABASE_URL: database.address.url, PORTCULLIS_CAPTCHA_KEY: randomBytes(32).toString('base64') };
  parts = await startParts({ env });
  for (const port of await freePorts(2)) {
    const program = startProgram(['captcha-provider', '--state', parts.state, '--listen', `127.0.0.1:${port}`], env);
    const url = `http://127.0.0.1:${port}`;
    providers.push({ url, program });
    await until(
      'the captcha provider answers',
      async () => {
        if (!program.running()) throw new Error(`portcullis captcha-provider ended:\n${program.output()}`);
        return (await fetch(`${url}/healthz`)).ok;
      },
      { timeoutMs: 60_000 },
    );
  }
});
afterAll(async () => {
  for (const { program } of providers) if (program.running()) await program.stop('SIGTERM');
  await parts?.stop();
  await database?.drop();
});

const door = (at: number): string => providers[at]?.url ?? '';

async function knock(at: number, path: string, body: object): Promise<CheckReply> {
  const response = await fetch(`${door(at)}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return CheckReply.parse(await response.json());
}

const begin = (at: number, siteKey: string, host = 'forum.example') => knock(at, checkPaths.begin, { siteKey, host });

/** A token of one process; the work of an ordinary visitor. */
async function passCheck(at: number, siteKey: string): Promise<string> {
  let reply = await begin(at, siteKey);
  while (reply.do === 'step') {
    const { step, line } = reply;
    const a =
      step.kind === 'memory'
        ? writeFinds(searchChain({ ...step, issuedMs: 0, beganMs: 0 }, argon2id))
        : squareTimes(BigInt(`0x${step.base}`), step.squarings, BigInt(`0x${step.modulus}`)).toString(16);
    reply = await knock(at, checkPaths.answer, { line, a, b: 20 });
  }
  if (reply.do !== 'token') throw new Error(`no token: ${JSON.stringify(reply)}`);
  return reply.token;
}

async function siteverify(
  at: number,
  secret: string,
  response: string,
): Promise<z.infer<typeof Verdict> & { why: string | null }> {
  const asked = await fetch(`${door(at)}/siteverify`, { method: 'POST', body: new URLSearchParams({ secret, response }) });
  expect(asked.status).toBe(200);
  return { ...Verdict.parse(await asked.json()), why: asked.headers.get('portcullis-reason') };
}

const make = (body: keys.CaptchaKeyDraft, by: Api = parts.operator): Promise<CaptchaKeyWithSecret> =>
  by.call(keys.addCaptchaKey, { body });
const answered = async ({ orderId }: Order, state: 'enforced' | 'lifted') =>
  until(
    `both processes say ${state}`,
    async () => {
      const shown = await parts.operator.call(getOrder, { params: { orderId } });
      return shown.order.receipts[state] === 2 && shown;
    },
    { timeoutMs: 20_000, everyMs: 50 },
  );

it('an order suspends all keys of its site in every process, with signed receipts, until it is lifted', async () => {
  const site = await parts.protect('forum.example', 9);
  const { key, secret } = await make({ name: 'sign-up form', siteId: site.siteId });
  const beside = await make({ name: 'elsewhere', hostnames: ['shop.example'] });
  expect(key.hostnames).toEqual(['forum.example']);
  const [spent, kept] = [await passCheck(0, key.siteKey), await passCheck(1, key.siteKey)];
  expect(await siteverify(1, secret, spent)).toMatchObject({ success: true });

  const order = await parts.order(site.siteId, { measure: 'suspend-captcha-keys' });
  const { order: enforced, captchaReceipts = [] } = await answered(order, 'enforced');
  expect(enforced.receipts).toMatchObject({ expected: 2, enforced: 2, failed: 0 });
  for (const { receipt, publicKey } of captchaReceipts) {
    expect(textVerifier(publicKey)(canonicalJson(receipt.body), receipt.signature)).toBe(true);
    expect(receipt.body).toMatchObject({ orderId: order.orderId, state: 'enforced', keys: 1, asked: 1 });
  }
  expect(new Set(captchaReceipts.map(({ receipt }) => receipt.body.processId)).size).toBe(2);

  const publicly = await fetch(`${parts.controlUrl}/decisions/${order.decision}`, { headers: { 'accept-language': 'en' } });
  expect(await publicly.text()).toContain('2 of 2 processes of the captcha have signed that it is enforced');

  for (const at of [0, 1]) {
    expect(await begin(at, key.siteKey)).toEqual({ do: 'suspended', statement: order.statementUrl });
    const told = await siteverify(at, secret, kept);
    expect([told.success, told.why]).toEqual([false, 'suspended']);
    expect((await begin(at, beside.key.siteKey, 'shop.example')).do).toBe('step');
  }
  expect((await parts.operator.call(keys.getCaptchaKey, { params: { keyId: key.keyId } })).suspended).toMatchObject({
    decision: order.decision,
    statementUrl: order.statementUrl,
  });

  // No way around it: neither a new key, nor moving or removing the old one.
  const { key: later } = await make({ name: 'another form', hostnames: ['*.forum.example', 'forum.example'] });
  expect((await begin(0, later.siteKey)).do).toBe('suspended');
  const params = { keyId: key.keyId };
  const moved = parts.operator.call(keys.changeCaptchaKey, { params, body: { siteId: null } });
  expect(await refusalOf(moved)).toBe('site-under-order');
  expect(await refusalOf(parts.operator.call(keys.removeCaptchaKey, { params }))).toBe('site-under-order');
  await parts.operator.call(keys.changeCaptchaKey, { params, body: { hostnames: ['other.example'] } });
  expect((await begin(1, key.siteKey, 'other.example')).do).toBe('suspended');
  await parts.operator.call(keys.changeCaptchaKey, { params, body: { hostnames: ['forum.example'] } });

  await parts.second.call(liftOrder, { params: { orderId: order.orderId }, body: { reason: 'It is over.' } });
  await answered(order, 'lifted');
  expect(await siteverify(0, secret, kept)).toMatchObject({ success: true });
  expect((await begin(1, key.siteKey)).do).toBe('step');
});

it('a new secret is taken at once and the old one until its hours are over; neither is shown again or logged', async () => {
  const { key, secret } = await make({ name: 'contact', hostnames: ['forum.example'] });
  const params = { keyId: key.keyId };
  const token = await passCheck(0, key.siteKey);
  const renewed = await parts.operator.call(keys.renewCaptchaSecret, { params, body: { oldEndsInHours: 1 } });
  expect(renewed.key.secrets.map(({ lastFour, endsAt }) => [lastFour, endsAt === null])).toEqual([
    [renewed.secret.slice(-4), true],
    [secret.slice(-4), false],
  ]);
  expect(await siteverify(1, secret, token)).toMatchObject({ success: true });
  expect((await siteverify(1, renewed.secret, token)).success).toBe(false);
  const third = await parts.operator.call(keys.renewCaptchaSecret, { params, body: { oldEndsInHours: 0 } });
  expect(third.key.secrets).toHaveLength(1);
  const next = await passCheck(1, key.siteKey);
  for (const old of [secret, renewed.secret]) expect((await siteverify(0, old, next)).success).toBe(false);
  expect(await siteverify(0, third.secret, next)).toMatchObject({ success: true });

  const shown = JSON.stringify(await parts.operator.call(keys.listCaptchaKeys));
  const logged = [parts.control(), ...providers.map(({ program }) => program)].map((program) => program.output()).join('\n');
  for (const one of [secret, renewed.secret, third.secret])
    expect([shown.includes(one), logged.includes(one)]).toEqual([false, false]);
  await parts.operator.call(keys.removeCaptchaKey, { params });
  await until('the widget is refused', async () => {
    const reply = await begin(0, key.siteKey);
    return reply.do === 'refused' && reply.code === 'unknown-site-key';
  });
});

it('the command line makes, changes, renews, reviews and removes keys, and prints a secret once', async () => {
  const run = async (...args: string[]): Promise<string> => {
    const ran = await runProgram(['captcha-key', ...args, '--state', parts.state, '--control', parts.controlUrl]);
    expect([ran.code, ran.code === 0 ? '' : ran.stderr]).toEqual([0, '']);
    return ran.stdout;
  };
  const secretIn = (text: string): string => /pcs_[\w-]{43}/.exec(text)?.[0] ?? 'none';
  const made = await run('add', 'Newsletter', '--hostname', 'news.example', '--level', 'light');
  expect(secretIn(made)).not.toBe('none');
  const changed = z.object({ hostnames: z.array(z.string()), level: z.string() });
  expect(changed.parse(JSON.parse(await run('set', 'newsletter', '--hostname', '*.news.example', '--json')))).toEqual({
    hostnames: ['*.news.example'],
    level: 'light',
  });
  const renewed = await run('renew', 'Newsletter', '--old-ends-in', '2');
  expect(secretIn(renewed)).not.toBe(secretIn(made));
  const shown = `${await run('show', 'Newsletter')}${await run('list')}${await run('figures', 'Newsletter', '--hours', '48')}`;
  for (const text of [secretIn(made), secretIn(renewed)]) {
    expect(shown).not.toContain(text);
    expect(shown).toContain(`…${text.slice(-4)}`);
  }
  expect(await run('review', 'Newsletter')).toContain('No checks in the last month.');
  expect(await run('remove', 'Newsletter', '--yes')).toContain('is removed');
  expect(await run('list', '--search', 'newsletter')).toContain('No captcha keys.');
});

it('owners have keys of their own sites and see no others; checks are counted and told by class of device', async () => {
  const { account } = await parts.operator.call(addAccount, { body: { name: 'Shop Ltd', ownerName: 'Olga Owner' } });
  const body = { name: 'Olga’s program', roles: ['owner' as const], accountId: account.accountId };
  const owner = apiClient(parts.controlUrl, (await parts.operator.call(addPersonWithToken, { body })).token);
  const site = await owner.call(addSite, { body: { hostnames: ['olga.example'], origin: 'http://192.0.2.7' } });
  const { key } = await make({ name: 'checkout', siteId: site.siteId }, owner);
  expect(key).toMatchObject({ accountId: account.accountId, hostnames: ['olga.example'], site: { siteId: site.siteId } });
  expect((await owner.call(keys.listCaptchaKeys)).items.map(({ keyId }) => keyId)).toEqual([key.keyId]);
  const { key: foreign } = await make({ name: 'house', hostnames: ['house.example'] });
  const params = { keyId: foreign.keyId };
  for (const asked of [
    () => owner.call(keys.getCaptchaKey, { params }),
    () => owner.call(keys.getCaptchaFigures, { params }),
    () => owner.call(keys.listCaptchaReviews, { params }),
    () => owner.call(keys.changeCaptchaKey, { params, body: { name: 'mine' } }),
    () => owner.call(keys.renewCaptchaSecret, { params }),
    () => owner.call(keys.removeCaptchaKey, { params }),
  ])
    expect(await refusalOf(asked())).toBe('not-found');
  expect(await refusalOf(make({ name: 'any page' }, owner))).toBe('bad-request');

  const { key: own } = await make({ name: 'counted', hostnames: ['forum.example'] });
  await passCheck(0, own.siteKey);
  await begin(1, own.siteKey);
  const figures = await until(
    'the figures are there',
    async () => {
      const told = await parts.operator.call(keys.getCaptchaFigures, { params: { keyId: own.keyId } });
      return told.total.asked === 2 && told.total.passed === 1 && told;
    },
    { timeoutMs: 20_000, everyMs: 200 },
  );
  expect(figures.total).toMatchObject({ asked: 2, passed: 1, gaveUp: 0 });
  expect(figures.devices.reduce((sum, { passed }) => sum + passed, 0)).toBe(1);
  expect(figures.points.reduce((sum, { asked }) => sum + asked, 0)).toBe(2);
});
