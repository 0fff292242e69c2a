/**
 * What the scripts of stronger work do, in Node: begin with a solution, square, search with Argon2id, hand each answer in.
 */
import { argon2id } from '../../captcha/jobs.ts';
import { z } from 'zod';
import { searchChain, writeFinds } from '../../core/captcha/memory-chain.ts';
import { squareTimes } from '../../core/captcha/time-lock.ts';
import { ownFolder } from '../../edge/render/index.ts';
import { meetChallenge, solve } from './challenge.ts';
import type { Door } from './challenge.ts';
import type { Met } from './visitor.ts';
import { visit } from './visitor.ts';

const Asked = z.union([
  z.object({ kind: z.literal('time'), base: z.string(), modulus: z.string(), squarings: z.int() }),
  z.object({ kind: z.literal('memory'), seed: z.string(), searches: z.int(), tries: z.int(), kib: z.int() }),
]);

/** What was asked, with the token that HAProxy signed. */
export type Step = { readonly token: string; readonly asked: z.infer<typeof Asked> };

export function post(door: Door, path: 'begin' | 'answer', fields: Readonly<Record<string, string | number>>): Promise<Met> {
  return visit({
    ...door,
    path: `${ownFolder}/captcha/${path}`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Object.entries(fields)
      .map(([name, value]) => `${name}=${value}`)
      .join('&'),
    timeoutMs: 30_000,
  });
}

export function stepOf(met: Met): Step {
  const token = met.headers['portcullis-token'];
  if (met.status !== 200 || typeof token !== 'string') throw new Error(`no puzzle: ${met.status} ${met.body}`);
  return { token, asked: Asked.parse(JSON.parse(met.body)) };
}

/** Solves the page's own puzzle and begins; who is told to come again does so. */
export async function beginStrong(door: Door): Promise<Step> {
  const puzzle = await meetChallenge(door);
  const counter = solve(puzzle);
  for (let tries = 0; ; tries += 1) {
    const met = await post(door, 'begin', { t: puzzle.token, c: counter });
    if (met.status !== 429 || tries === 20) return stepOf(met);
    await later(met);
  }
}

export function answerOf({ asked }: Step): string {
  if (asked.kind === 'time')
    return squareTimes(BigInt(`0x${asked.base}`), asked.squarings, BigInt(`0x${asked.modulus}`)).toString(16);
  return writeFinds(searchChain({ ...asked, issuedMs: 0, beganMs: 0 }, argon2id));
}

/** Hands an answer in; who is told to come again does so, with the same answer. */
export async function handInAnswer(door: Door, step: Step, answer: string): Promise<Met> {
  for (let token = step.token, tries = 0; ; tries += 1) {
    const met = await post(door, 'answer', { t: token, a: answer });
    if (met.status !== 429 || tries === 20) return met;
    if (typeof met.headers['portcullis-token'] === 'string') token = met.headers['portcullis-token'];
    await later(met);
  }
}

function later(met: Met): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1000 * Number(met.headers['retry-after'] ?? 1)));
}

/** All of it; the clearance as a Cookie header's value. */
export async function earnStrong(door: Door): Promise<string> {
  const first = await beginStrong(door);
  const second = stepOf(await handInAnswer(door, first, answerOf(first)));
  const solved = await handInAnswer(door, second, answerOf(second));
  const cookie = solved.headers['set-cookie']?.[0]?.split(';')[0];
  if (solved.status !== 204 || cookie === undefined) throw new Error(`no clearance: ${solved.status} ${solved.body}`);
  return cookie;
}
