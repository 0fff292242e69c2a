import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { searchChain, writeFinds } from '../core/captcha/memory-chain.ts';
import { readPuzzle, writePuzzle } from '../core/captcha/puzzle.ts';
import { plainPower, squareTimes } from '../core/captcha/time-lock.ts';
import { Admission } from './admission.ts';
import { argon2id, isRight, opensslPower } from './jobs.ts';
import type { Job } from './jobs.ts';
import { Pool } from './pool.ts';
import type { Captcha } from './service.ts';
import { createCaptcha } from './service.ts';

describe('admission', () => {
  it('bounds all, each site and each network, and forgets who left', () => {
    const admission = new Admission({ all: 4, perSite: 3, perNetwork: 2 });
    const first = admission.enter('a', 'x');
    expect(admission.enter('a', 'x')).not.toBeNull();
    expect(admission.enter('a', 'x')).toBeNull();
    expect(admission.enter('a', 'y')).not.toBeNull();
    expect(admission.enter('a', 'z')).toBeNull();
    expect(admission.enter('b', 'z')).not.toBeNull();
    expect(admission.enter('c', 'w')).toBeNull();
    first?.();
    first?.();
    const again = admission.enter('a', 'x');
    expect(again).not.toBeNull();
    expect(admission.enter('c', 'w')).toBeNull();
  });

  it('holds no row for anybody who has left', () => {
    const admission = new Admission();
    for (const leave of Array.from({ length: 5 }, (_, index) => admission.enter(`s${index}`, 'n'))) leave?.();
    expect(admission.rows).toBe(0);
  });
});

it('powers by OpenSSL are the plain ones', () => {
  const primes = [2n ** 521n - 1n, 2n ** 607n - 1n];
  for (const modulus of primes)
    for (const [base, exponent] of [
      [2n, 3n],
      [modulus - 1n, 7n],
      [modulus - 1n, 8n],
      [0n, 5n],
      [1n, 5n],
      [modulus / 3n, modulus / 7n],
    ] as const)
      expect(opensslPower(base, exponent, modulus)).toBe(plainPower(base, exponent, modulus));
});

describe('the service', () => {
  const work = { squarings: 500, kib: 64, bits: 1024 };
  let nowMs = 1_800_000_000_000;
  let check: (job: Job) => Promise<boolean>;
  let captcha: Captcha;
  let server: Server;
  let url = '';

  beforeAll(async () => {
    captcha = createCaptcha({
      nowMs: () => nowMs,
      check: (job) => check(job),
      work,
      places: { all: 2, perSite: 2, perNetwork: 1 },
    });
    server = createServer(captcha.handle);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  });
  beforeEach(() => {
    check = (job) => Promise.resolve(isRight(job));
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const Begun = z.object({ kind: z.literal('time'), base: z.string(), modulus: z.string(), squarings: z.int() });
  const post = (path: string, puzzle: string, answer: string, network = '0A000001') =>
    fetch(`${url}/.well-known/portcullis/captcha/${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'portcullis-site': 'site_000000000001',
        'portcullis-network': network,
        'portcullis-puzzle': puzzle,
      },
      body: answer,
    });
  const lineOf = (response: Response) => response.headers.get('portcullis-puzzle') ?? '';
  async function begin(): Promise<{ line: string; answer: string }> {
    const begun = await post('begin', '', '');
    const { base, modulus, squarings } = Begun.parse(await begun.json());
    const answer = squareTimes(BigInt(`0x${base}`), squarings, BigInt(`0x${modulus}`)).toString(16);
    return { line: lineOf(begun), answer };
  }
  async function second(hashMs = 20): Promise<string> {
    const { line, answer } = await begin();
    nowMs += 700;
    const next = await post('answer', line, `a=${answer}&b=${hashMs}`);
    expect(next.status).toBe(200);
    return lineOf(next);
  }

  it('asks for squarings, then for memory, and says that who did both has solved it', async () => {
    const line = await second(100);
    const puzzle = readPuzzle(line);
    if (puzzle?.kind !== 'memory') throw new Error(line);
    expect(puzzle).toMatchObject({ searches: 3, tries: 5, kib: 64, issuedMs: nowMs, beganMs: nowMs - 700 });
    const before = captcha.counts();
    const solved = await post('answer', line, `a=${writeFinds(searchChain(puzzle, argon2id))}`);
    expect([solved.status, solved.headers.get('portcullis-verdict'), lineOf(solved)]).toEqual([204, 'solved', '']);
    expect(captcha.counts()).toEqual({ ...before, passed: before.passed + 1 });
  });

  it('gives a device that is slow less to do', async () => {
    expect(readPuzzle(await second(600))).toMatchObject({ searches: 3, tries: 1 });
  });

  it.each([
    ['no answer', ''],
    ['an answer that is wrong', 'a=12'],
    ['nought', 'a=0'],
    ['no number', 'a=xyz'],
    ['an answer that is too long', `a=${'1'.repeat(600)}`],
    ['an answer to the other puzzle', `a=1:${'0'.repeat(32)}`],
    ['a body without an end', `a=${'1'.repeat(20_000)}`],
    ['a benchmark that is no number', 'a=12&b=1e9'],
  ])('refuses %s', async (_name, body) => {
    const { line } = await begin();
    const refused = await post('answer', line, body);
    expect([refused.status, lineOf(refused), refused.headers.get('portcullis-verdict')]).toEqual([403, '', null]);
  });

  it('refuses a puzzle that is none, of a modulus that is gone, or of nobody', async () => {
    const { line, answer } = await begin();
    const puzzle = readPuzzle(line);
    if (puzzle?.kind !== 'time') throw new Error(line);
    for (const other of [`${line}0`, writePuzzle({ ...puzzle, modulusId: '0'.repeat(16) })])
      expect((await post('answer', other, `a=${answer}`)).status).toBe(410);
    for (const other of [line.slice(1), `${line}-0`, '']) expect((await post('answer', other, `a=${answer}`)).status).toBe(403);
    for (const changed of [
      { ...puzzle, seed: '0'.repeat(32) },
      { ...puzzle, kind: 'memory' as const, beganMs: nowMs, searches: 0, tries: 1, kib: 64 },
    ])
      expect((await post('answer', writePuzzle(changed), `a=${answer}`)).status).toBe(403);
    expect((await post('answer', line, `a=${answer}`, 'nobody')).status).toBe(403);
  });

  it('sends away who finds no place, with a puzzle whose answer is still good, and does not hold a place for who is gone', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    check = async (job) => {
      await held;
      return isRight(job);
    };
    const [one, two] = [await begin(), await begin()];
    const first = post('answer', one.line, `a=${one.answer}`);
    await expect
      .poll(() => captcha.counts().busy === 0 && post('answer', two.line, `a=${two.answer}`).then(({ status }) => status))
      .toBe(429);
    const later = await post('answer', two.line, `a=${two.answer}`);
    expect([later.status, later.headers.get('retry-after'), lineOf(later)]).toEqual([429, '3', two.line]);
    release();
    expect((await first).status).toBe(200);
    expect((await post('answer', two.line, `a=${two.answer}`)).status).toBe(200);
  });

  it('lets nobody pass when a sum cannot be done', async () => {
    check = () => Promise.reject(new Error('lost'));
    const { line, answer } = await begin();
    const later = await post('answer', line, `a=${answer}`);
    expect([later.status, lineOf(later)]).toEqual([429, line]);
  });

  it('says that it is alive, and has nothing else to show', async () => {
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect((await fetch(`${url}/.well-known/portcullis/captcha/begin`)).status).toBe(404);
  });
});

it('a pool does sums on threads, replaces one that is lost, and rejects its job', async () => {
  const pool = new Pool(1);
  try {
    const puzzle = {
      kind: 'memory',
      issuedMs: 1,
      beganMs: 1,
      seed: '00112233445566778899aabbccddeeff',
      searches: 1,
      tries: 1,
      kib: 64,
    } as const;
    const finds = searchChain(puzzle, argon2id);
    const good: Job = { kind: 'memory', puzzle, finds, first: 0 };
    // Argon2id refuses a memory of nothing: the thread throws and ends.
    const broken: Job = { ...good, puzzle: { ...puzzle, kib: 0 } };
    const results = await Promise.allSettled([pool.run(good), pool.run(broken), pool.run(good)]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  } finally {
    await pool.stop();
  }
  await expect(
    pool.run({
      kind: 'time',
      lock: { modulus: 1n, p: 1n, q: 1n, squarings: 1, exponentP: 1n, exponentQ: 1n },
      seed: '',
      answer: 0n,
    }),
  ).rejects.toThrow('stopped');
}, 30_000);
