/**
 * The captcha provider as a guest of a control plane with the embedded database, published by an edge as an ordinary site.
 *
 * Several processes on PostgreSQL, and suspension: tests/captcha-keys.test.ts. In a browser: tests/captcha-widget.test.ts.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { argon2id } from '../captcha/jobs.ts';
import { CheckReply, checkPaths } from '../contract/captcha.ts';
import { addCaptchaKey } from '../contract/routes/captcha-keys.ts';
import type { CaptchaKeyWithSecret } from '../contract/routes/captcha-keys.ts';
import { searchChain, writeFinds } from '../core/captcha/memory-chain.ts';
import { squareTimes } from '../core/captcha/time-lock.ts';
import { freePorts, until } from './harness/ports.ts';
import { runProgram } from './harness/program.ts';
import { startParts } from './harness/provider.ts';
import type { Parts } from './harness/provider.ts';
import { visit } from './harness/visitor.ts';

const Verdict = z.object({ success: z.boolean(), 'error-codes': z.array(z.string()).optional() });

let parts: Parts;
let port = 0;
let made: CaptchaKeyWithSecret;

beforeAll(async () => {
  [port = 0] = await freePorts(1);
  parts = await startParts({ args: ['--captcha-listen', `127.0.0.1:${port}`] });
  await parts.protect('captcha.example', port);
  made = await parts.operator.call(addCaptchaKey, { body: { name: 'sign-up form', hostnames: ['forum.example'] } });
});
afterAll(async () => parts?.stop());

/** As visitors and servers do, through the edge. */
async function post(where: string, type: string, body: string): Promise<unknown> {
  const headers = { 'content-type': type };
  const met = await visit({
    port: parts.edge.http,
    host: 'captcha.example',
    path: where,
    method: 'POST',
    headers,
    body,
    timeoutMs: 30_000,
  });
  expect([where, met.status]).toEqual([where, 200]);
  return JSON.parse(met.body);
}

const knock = async (where: string, body: object) =>
  CheckReply.parse(await post(where, 'application/json', JSON.stringify(body)));
const siteverify = async (response: string) => {
  const fields = new URLSearchParams({ secret: made.secret, response }).toString();
  return Verdict.parse(await post('/siteverify', 'application/x-www-form-urlencoded', fields));
};

async function passCheck(): Promise<string> {
  let reply = await knock(checkPaths.begin, { siteKey: made.key.siteKey, host: 'forum.example' });
  while (reply.do === 'step') {
    const { step, line } = reply;
    const a =
      step.kind === 'memory'
        ? writeFinds(searchChain({ ...step, issuedMs: 0, beganMs: 0 }, argon2id))
        : squareTimes(BigInt(`0x${step.base}`), step.squarings, BigInt(`0x${step.modulus}`)).toString(16);
    reply = await knock(checkPaths.answer, { line, a, b: 20 });
  }
  if (reply.do !== 'token') throw new Error(`no token: ${JSON.stringify(reply)}`);
  return reply.token;
}

it('what was spent stays spent, and what was not stays good, when the control plane is killed and started again', async () => {
  const script = await visit({ port: parts.edge.http, host: 'captcha.example', path: '/1/api.js?render=explicit' });
  expect([script.status, script.headers['access-control-allow-origin']]).toEqual([200, '*']);
  const [spent, kept] = [await passCheck(), await passCheck()];
  expect(await siteverify(spent)).toMatchObject({ success: true });

  await parts.control().stop('SIGKILL');
  await parts.startControl();
  await until('the provider answers again', async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok, {
    timeoutMs: 60_000,
  });
  expect(await siteverify(spent)).toEqual({ success: false, 'error-codes': ['already-seen-response'] });
  expect(await siteverify(kept)).toMatchObject({ success: true });
  expect(await siteverify(kept)).toMatchObject({ success: false });
});

it('a provider of its own says in a sentence why it does not start: the database is in use, there is no key', async () => {
  const beside = await runProgram(['captcha-provider', '--state', parts.state, '--listen', '127.0.0.1:0']);
  expect([beside.code, beside.stderr]).toEqual([1, expect.stringContaining('is in use by process')]);
  const without = await runProgram(['captcha-provider', '--state', path.join(parts.state, 'elsewhere')]);
  expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('There is no captcha key')]);
  const key = readFileSync(path.join(parts.state, 'control', 'captcha.key'), 'utf8').trim();
  expect(`${beside.stderr}${parts.control().output()}`).not.toContain(key);
});
