/** Checks of the provider in memory: two processes on one store of spent ids, sums done in this thread. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CheckReply } from '../../../contract/captcha.ts';
import { searchChain, writeFinds } from '../../../core/captcha/memory-chain.ts';
import { squareTimes } from '../../../core/captcha/time-lock.ts';
import { argon2id, isRight } from '../../jobs.ts';
import { createChecks } from './checks.ts';
import type { CheckedKey, Checks } from './checks.ts';
import { networkOf } from './network.ts';
import { Tally } from './tally.ts';

const siteKey = 'key-of-a-test';
const network = '192.0.2.0/24';
let nowMs: number;
let key: CheckedKey | null;
let macKeys = [{ name: 'm1', secret: Buffer.alloc(32, 1) }];
let spent: Set<string>;
let databaseIsThere: boolean;
let sums: number;
let issued: unknown[];
let one: Checks;
let other: Checks;

function process(): Checks {
  return createChecks({
    nowMs: () => nowMs,
    findKey: (asked) => Promise.resolve(asked === key?.siteKey ? key : null),
    macKeys: () => Promise.resolve(macKeys),
    issueToken: ({ hostname, action, cData }) => {
      issued.push({ hostname, action, cData });
      return Promise.resolve({ token: 'a token', expiresInSeconds: 300 });
    },
    spend: (id) => {
      if (!databaseIsThere) return Promise.reject(new Error('lost'));
      const fresh = !spent.has(id);
      spent.add(id);
      return Promise.resolve(fresh);
    },
    check: (job) => {
      sums += 1;
      return Promise.resolve(isRight(job));
    },
    tally: new Tally(),
    work: { share: 0.01, kib: 64, bits: 1024 },
    places: { all: 4, perSite: 4, perNetwork: 2 },
  });
}

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  key = { keyId: 'ckey_0123456789ab', siteKey, hostnames: [], level: 'normal', suspended: null, test: null };
  macKeys = [{ name: 'm1', secret: Buffer.alloc(32, 1) }];
  [spent, databaseIsThere, sums, issued] = [new Set(), true, 0, []];
  [one, other] = [process(), process()];
});
afterEach(() => expect(() => JSON.stringify(issued)).not.toThrow());

const begin = (checks: Checks, more: object = {}, from = network) =>
  checks.begin({ body: { siteKey, host: 'shop.example', action: 'login', cData: 'c', ...more }, network: from });

type Step = Extract<CheckReply, { do: 'step' }>;
function stepOf(reply: CheckReply): Step {
  if (reply.do !== 'step') throw new Error(`no step: ${JSON.stringify(reply)}`);
  return reply;
}

function solve({ step }: Step): string {
  if (step.kind === 'memory') return writeFinds(searchChain({ ...step, issuedMs: 0, beganMs: 0 }, argon2id));
  return squareTimes(BigInt(`0x${step.base}`), step.squarings, BigInt(`0x${step.modulus}`)).toString(16);
}

/** Answers until something else than a step comes; each answer goes to the other process. */
async function through(first: CheckReply): Promise<{ readonly steps: number; readonly end: CheckReply }> {
  let reply = first;
  let steps = 0;
  for (; reply.do === 'step'; steps += 1) {
    const turn = steps % 2 === 0 ? other : one;
    nowMs += 100;
    reply = CheckReply.parse(await turn.answer({ body: { line: reply.line, a: solve(reply), b: 20 }, network }));
  }
  return { steps, end: reply };
}

describe('a check', () => {
  it('passes whoever does its steps, whichever process they are brought to, and issues a token for what the page said', async () => {
    const { steps, end } = await through(await begin(one));
    expect(steps).toBe(2);
    expect(end).toEqual({ do: 'token', token: 'a token', expiresInSeconds: 300 });
    expect(issued).toEqual([{ hostname: 'shop.example', action: 'login', cData: 'c' }]);
  });

  it('asks the most of who fills in the field that people do not see, and tells no lie', async () => {
    const { steps, end } = await through(await begin(one, { website: 'https://spam.example' }));
    expect(steps).toBe(4);
    expect(end.do).toBe('token');
  });

  it('takes a line once in all processes, also when it was answered wrong', async () => {
    const first = stepOf(await begin(one));
    const right = { line: first.line, a: solve(first) };
    const replies = await Promise.all([one, other, one].map((checks) => checks.answer({ body: right, network })));
    expect(replies.filter(({ do: what }) => what === 'step')).toHaveLength(1);
    expect(replies.filter((reply) => reply.do === 'refused' && reply.code === 'used')).toHaveLength(2);
    const second = stepOf(await begin(one));
    expect(await one.answer({ body: { line: second.line, a: '2' }, network })).toEqual({ do: 'refused', code: 'wrong' });
    expect(await other.answer({ body: { line: second.line, a: solve(second) }, network })).toEqual({
      do: 'refused',
      code: 'used',
    });
  });

  it('refuses garbage, changed and old lines without a sum and without asking the database', async () => {
    const { line } = stepOf(await begin(one));
    for (const body of [
      null,
      [],
      'text',
      { line: 5 },
      { line: [line] },
      { line, a: ['1'] },
      { line, b: 'x' },
      { line: '' },
      { line: 'x'.repeat(3000) },
    ])
      expect(await one.answer({ body, network })).toEqual({ do: 'refused', code: 'bad-request' });
    for (const bad of [
      'x',
      line.replace('shop', 'shup'),
      line.replace(/^m1/, 'm2'),
      `${line}x`,
      line.replace('5:login', '4:logi'),
    ])
      expect(await one.answer({ body: { line: bad, a: '2' }, network })).toEqual({ do: 'refused', code: 'expired' });
    nowMs += 301_000;
    expect(await one.answer({ body: { line, a: '2' }, network })).toEqual({ do: 'refused', code: 'expired' });
    expect([sums, spent.size]).toEqual([0, 0]);
  });

  it('goes on while MAC keys are rotated, and ends when a key is gone', async () => {
    const first = stepOf(await begin(one));
    macKeys = [{ name: 'm2', secret: Buffer.alloc(32, 2) }, ...macKeys];
    const { end } = await through(first);
    expect(end.do).toBe('token');
    const second = stepOf(await begin(one));
    macKeys = [{ name: 'm3', secret: Buffer.alloc(32, 3) }];
    expect(await one.answer({ body: { line: second.line, a: '2' }, network })).toEqual({ do: 'refused', code: 'expired' });
  });

  it('says what is wrong with a key or a page', async () => {
    expect(await begin(one, { siteKey: 'nobody' })).toEqual({ do: 'refused', code: 'unknown-site-key' });
    if (key === null) throw new Error('no key');
    key = { ...key, hostnames: ['*.shop.example', 'shop.test'] };
    expect(await begin(one)).toEqual({ do: 'refused', code: 'hostname' });
    expect((await begin(one, { host: 'www.shop.example' })).do).toBe('step');
    expect(await begin(one, { host: '' })).toEqual({ do: 'refused', code: 'hostname' });
    expect(await begin(one, { host: 'HTTPS://x/' })).toEqual({ do: 'refused', code: 'bad-request' });
    expect(await begin(one, { cData: 'ü' })).toEqual({ do: 'refused', code: 'bad-request' });
    key = { ...key, test: { token: 'dummy' } };
    expect(await begin(one)).toMatchObject({ do: 'token', token: 'dummy' });
    key = { ...key, test: 'never' };
    expect(await begin(one)).toEqual({ do: 'refused', code: 'never-passes' });
  });

  it('stops at its next end when the key is suspended meanwhile, with the statement', async () => {
    const first = await begin(one);
    if (key === null) throw new Error('no key');
    key = { ...key, suspended: { statement: 'https://shield.example/statement' } };
    expect((await through(first)).end).toEqual({ do: 'suspended', statement: 'https://shield.example/statement' });
    expect((await begin(one)).do).toBe('suspended');
    expect(issued).toEqual([]);
  });

  it('passes nobody without its database', async () => {
    const first = stepOf(await begin(one));
    databaseIsThere = false;
    const body = { line: first.line, a: solve(first) };
    expect(await one.answer({ body, network })).toEqual({ do: 'refused', code: 'unavailable' });
    databaseIsThere = true;
    expect((await one.answer({ body, network })).do).toBe('step');
  });

  it('sends a network without a place away, whose answer stays good', async () => {
    const steps = await Promise.all([begin(one), begin(one), begin(one)]);
    const replies = await Promise.all(
      steps.map((reply) => one.answer({ body: { line: stepOf(reply).line, a: solve(stepOf(reply)) }, network })),
    );
    expect(replies.map(({ do: what }) => what)).toEqual(['step', 'step', 'again']);
    const third = stepOf(steps[2] ?? { do: 'again', seconds: 0 });
    expect((await one.answer({ body: { line: third.line, a: solve(third) }, network })).do).toBe('step');
  });

  it('stops a network that begins without end', async () => {
    for (let n = 0; n < 3000; n += 1) await one.begin({ body: null, network });
    expect(await begin(one)).toEqual({ do: 'again', seconds: 3 });
    expect((await begin(one, {}, '198.51.100.0/24')).do).toBe('step');
  });
});

describe('waiting', () => {
  it('passes without work, in hops that cannot be taken early, twice or in another order', async () => {
    const first = stepOf(await begin(one));
    let reply = await one.wait({ body: { line: first.line }, network });
    expect(await one.answer({ body: { line: first.line, a: solve(first) }, network })).toEqual({ do: 'refused', code: 'used' });
    let waited = 0;
    for (let at = 1; reply.do === 'wait'; at += 1) {
      expect(reply).toMatchObject({ at, of: 3 });
      const { line, seconds } = reply;
      expect(await other.answer({ body: { line }, network })).toEqual(reply);
      nowMs += seconds * 1000;
      waited += seconds;
      reply = await other.answer({ body: { line }, network });
      expect(await one.answer({ body: { line }, network })).toEqual({ do: 'refused', code: 'used' });
    }
    expect(waited).toBe(12);
    expect(reply.do).toBe('token');
    expect(sums).toBe(0);
  });

  it('comes of itself when the work takes longer than eight seconds', async () => {
    const first = stepOf(await begin(one));
    nowMs += 9000;
    const reply = await one.answer({ body: { line: first.line, a: solve(first), b: 900 }, network });
    expect(reply).toMatchObject({ do: 'wait', at: 1 });
  });

  it('is metered for a network', async () => {
    const seconds: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      const reply = await one.wait({ body: { line: stepOf(await begin(one)).line }, network });
      if (reply.do === 'wait') seconds.push(reply.seconds);
    }
    expect(seconds.slice(0, 6)).toEqual([4, 4, 4, 4, 4, 4]);
    expect(seconds.at(-1)).toBeGreaterThan(7);
  });
});

it('networks are /24 and /48, and what cannot be read is one of them', () => {
  const cases = ['192.0.2.7', '::ffff:192.0.2.9', '2001:db8:1:2::3', 'nonsense', ''];
  expect(cases.map(networkOf)).toEqual(['192.0.2.0/24', '192.0.2.0/24', '2001:db8:1::/48', 'unknown', 'unknown']);
});
