/**
 * What the challenge page's script does, in Node: reads token and target from the page, finds a counter, hands it in.
 */
import { createHash } from 'node:crypto';
import { ownFolder } from '../../edge/render/index.ts';
import type { Met, Visit } from './visitor.ts';
import { navigation, visit } from './visitor.ts';

export type Puzzle = { readonly token: string; readonly target: number };

/** The puzzle of a challenge page; throws when the page is none. */
function readPuzzle(page: string): Puzzle {
  const token = /data-token="([^"]+)"/.exec(page)?.[1];
  const target = /data-target="(\d+)"/.exec(page)?.[1];
  if (token === undefined || target === undefined) throw new Error(`not a challenge page: ${page.slice(0, 200)}`);
  return { token, target: Number(target) };
}

/** First 48 bits of SHA-256 over token and counter. */
export function work(token: string, counter: number): number {
  return createHash('sha256').update(`${token}|${counter}`).digest().readUIntBE(0, 6);
}

/** A counter that solves (or with `good: false` one that does not). */
export function solve({ token, target }: Puzzle, good = true): number {
  for (let counter = 0; ; counter += 1) if (work(token, counter) < target === good) return counter;
}

export type Door = Pick<Visit, 'port' | 'host' | 'scheme' | 'from'>;

/** Asks for a page as a browser does and returns its puzzle. */
export async function meetChallenge(door: Door): Promise<Puzzle> {
  return readPuzzle((await visit({ ...door, headers: navigation })).body);
}

/** Hands a solution in. */
export function handIn(door: Door, token: string, counter: number | string): Promise<Met> {
  return visit({
    ...door,
    path: `${ownFolder}/verify`,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `t=${token}&c=${counter}`,
  });
}

/** Earns a clearance; returns it as a Cookie header's value. */
export async function earnClearance(door: Door): Promise<string> {
  const puzzle = await meetChallenge(door);
  const answer = await handIn(door, puzzle.token, solve(puzzle));
  const cookie = answer.headers['set-cookie']?.[0]?.split(';')[0];
  if (answer.status !== 204 || cookie === undefined)
    throw new Error(`no clearance: ${answer.status} ${JSON.stringify(answer.headers)}`);
  return cookie;
}
