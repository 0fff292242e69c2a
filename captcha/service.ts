/**
 * Stronger work behind the challenge: hands out puzzles and checks answers, for HAProxy, which asks over a unix socket.
 *
 * It keeps no key, no visitor and nothing on disk. HAProxy signs each puzzle that goes out, and brings back only what bears its signature,
 * is not too old and was never brought before (edge/render/skeleton/strong.ts); it also makes the clearance when this says `solved`. So
 * rubbish does not get here, and whoever broke in here could wave visitors through, but not make clearances.
 * Order of a check: signature, age and single use (HAProxy) → a place (admission) → a first sum at random → the others.
 * Closed: what is wrong or unreadable is refused, what is of a modulus that is gone begins anew (410); without a place or a thread 429, with the same puzzle signed anew, so
 * that the work is not lost. When this does not run, HAProxy asks for its own work instead: never for none.
 * A modulus lives a day and is good for a while longer; a new process has a new one, and its visitors begin anew.
 */
import { createHash, generatePrime, randomBytes, randomInt } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { z } from 'zod';
import { SiteId } from '../contract/ids.ts';
import { GiveUps } from '../core/captcha/give-ups.ts';
import { readFinds, searchBound } from '../core/captcha/memory-chain.ts';
import { readPuzzle, writePuzzle } from '../core/captcha/puzzle.ts';
import type { MemoryPuzzle, Puzzle, TimePuzzle } from '../core/captcha/puzzle.ts';
import type { TimeLock } from '../core/captcha/time-lock.ts';
import { makeTimeLock } from '../core/captcha/time-lock.ts';
import { memoryKib, memoryWork, modulusBits, squarings } from '../core/captcha/work.ts';
import { Admission } from './admission.ts';
import type { Places } from './admission.ts';
import type { Job } from './jobs.ts';
import { baseOf } from './jobs.ts';

const modulusLifeMs = 24 * 3_600_000;
const mostBodyBytes = 8192;
/** When who found no place may come again. */
const againSeconds = 3;

export type CaptchaCounts = {
  readonly began: number;
  readonly passed: number;
  readonly refused: number;
  /** Sent away because there was no place. */
  readonly busy: number;
  readonly gaveUp: number;
};

export type CaptchaParts = {
  readonly nowMs: () => number;
  /** Checks an answer; rejects when it cannot. */
  readonly check: (job: Job) => Promise<boolean>;
  readonly places?: Places;
  /** Less work, for tests. */
  readonly work?: { readonly squarings: number; readonly kib: number; readonly bits: number };
};

export type Captcha = { readonly handle: RequestListener; readonly counts: () => CaptchaCounts };

/** What HAProxy says with a request; everything a visitor sent under such names is gone by then. */
const Asked = z.object({ site: SiteId, network: z.string().regex(/^[0-9A-F]{1,16}$/) });
const Answer = z.object({
  a: z.string().max(4096),
  b: z
    .string()
    .regex(/^[0-9]{1,6}$/)
    .nullable(),
});
const Squared = z.string().regex(/^[0-9a-f]{1,512}$/);

export function createCaptcha(parts: CaptchaParts): Captcha {
  const { nowMs } = parts;
  const work = parts.work ?? { squarings, kib: memoryKib, bits: modulusBits };
  const admission = new Admission(parts.places);
  const giveUps = new GiveUps();
  const counts = { began: 0, passed: 0, refused: 0, busy: 0 };
  let current: Lock | null = null;
  let before: Lock | null = null;
  let making: Promise<Lock> | null = null;
  const make = async (): Promise<Lock> => {
    try {
      const made = { madeMs: nowMs(), ...(await makeLock(work.bits, work.squarings)) };
      [before, current] = [current, made];
      return made;
    } finally {
      making = null;
    }
  };
  /** Made when it is first asked for, which takes a moment; the next one is made while the old one still serves. */
  const lockNow = (): Lock | Promise<Lock> => {
    if (current === null) return (making ??= make());
    if (nowMs() - current.madeMs > modulusLifeMs) (making ??= make()).catch(() => undefined);
    return current;
  };

  const begin = async (response: ServerResponse) => {
    const { id, lock } = await lockNow();
    const issuedMs = nowMs();
    counts.began += 1;
    giveUps.began(issuedMs);
    const seed = randomBytes(16).toString('hex');
    ask(
      response,
      { kind: 'time', issuedMs, seed, modulusId: id, squarings: lock.squarings },
      { base: baseOf(seed, lock.modulus).toString(16), modulus: lock.modulus.toString(16), squarings: lock.squarings },
    );
  };

  const lockOf = ({ modulusId, squarings: times }: TimePuzzle): TimeLock | null => {
    const found = [current, before].find((one) => one?.id === modulusId);
    return found?.lock.squarings === times ? found.lock : null;
  };
  const jobOf = (puzzle: Puzzle | null, text: string): Job | null => {
    if (puzzle?.kind === 'memory') {
      const finds = readFinds(text);
      return finds === null ? null : { kind: 'memory', puzzle, finds, first: randomInt(Math.max(1, puzzle.searches)) };
    }
    const squared = Squared.safeParse(text);
    const lock = puzzle === null ? null : lockOf(puzzle);
    if (puzzle === null || !squared.success || lock === null) return null;
    return { kind: 'time', lock, seed: puzzle.seed, answer: BigInt(`0x${squared.data}`) };
  };

  const answered = async (request: IncomingMessage, response: ServerResponse) => {
    const asked = Asked.safeParse({ site: header(request, 'site'), network: header(request, 'network') });
    const line = header(request, 'puzzle') ?? '';
    const fields = new URLSearchParams((await bodyOf(request)) ?? '');
    const answer = Answer.safeParse({ a: fields.get('a'), b: fields.get('b') });
    const puzzle = readPuzzle(line);
    const job = answer.success ? jobOf(puzzle, answer.data.a) : null;
    const leave = !asked.success || job === null ? null : admission.enter(asked.data.site, asked.data.network);
    if (puzzle?.kind === 'time' && lockOf(puzzle) === null) return gone(response);
    if (!asked.success || !answer.success || puzzle === null || job === null) return refuse(response);
    if (leave === null) return later(response, line);
    try {
      if (!(await parts.check(job))) return refuse(response);
    } catch {
      return later(response, line);
    } finally {
      leave();
    }
    if (puzzle.kind === 'memory') {
      counts.passed += 1;
      giveUps.passed(puzzle.beganMs);
      response.writeHead(204, { 'portcullis-verdict': 'solved' }).end();
      return;
    }
    const issuedMs = nowMs();
    const hashMs = answer.data.b === null ? null : Number(answer.data.b);
    const next: MemoryPuzzle = {
      kind: 'memory',
      issuedMs,
      beganMs: puzzle.issuedMs,
      seed: randomBytes(16).toString('hex'),
      ...memoryWork(hashMs, issuedMs - puzzle.issuedMs),
      kib: work.kib,
    };
    const { seed, searches, tries, kib } = next;
    ask(response, next, { seed, searches, tries, kib, bound: searchBound(next) });
  };

  const refuse = (response: ServerResponse) => {
    counts.refused += 1;
    response.writeHead(403, { 'content-type': 'text/plain' }).end('work');
  };
  const gone = (response: ServerResponse) => {
    counts.refused += 1;
    response.writeHead(410, { 'content-type': 'text/plain' }).end('gone');
  };
  const later = (response: ServerResponse, line: string) => {
    counts.busy += 1;
    response.writeHead(429, { 'retry-after': String(againSeconds), 'portcullis-puzzle': line }).end();
  };

  return {
    counts: () => ({ ...counts, gaveUp: giveUps.total(nowMs()) }),
    handle: (request, response) => {
      const { method, url } = request;
      if (url === '/healthz') return void response.writeHead(200).end('ok');
      if (method !== 'POST') return void response.writeHead(404).end();
      const begins = url?.endsWith('/begin') === true;
      if (begins) request.resume();
      (begins ? begin(response) : answered(request, response)).catch(() => response.destroy());
    },
  };
}

type Lock = { readonly id: string; readonly lock: TimeLock; readonly madeMs: number };

async function makeLock(bits: number, times: number): Promise<Omit<Lock, 'madeMs'>> {
  const [p, q] = await Promise.all([prime(bits / 2), prime(bits / 2)]);
  if (p === q) return makeLock(bits, times);
  const lock = makeTimeLock(p, q, times);
  return { id: createHash('sha256').update(lock.modulus.toString(16)).digest('hex').slice(0, 16), lock };
}

function prime(bits: number): Promise<bigint> {
  return new Promise((resolve, reject) => {
    // Node leaves the error undefined, where its types promise null.
    generatePrime(bits, { bigint: true }, (error: Error | null | undefined, found: bigint) => {
      if (error instanceof Error) reject(error);
      else resolve(found);
    });
  });
}

function ask(response: ServerResponse, puzzle: Puzzle, words: Readonly<Record<string, string | number>>): void {
  response
    .writeHead(200, { 'content-type': 'application/json', 'portcullis-puzzle': writePuzzle(puzzle) })
    .end(JSON.stringify({ kind: puzzle.kind, ...words }));
}

function header(request: IncomingMessage, name: 'site' | 'network' | 'puzzle'): string | undefined {
  const value = request.headers[`portcullis-${name}`];
  return typeof value === 'string' ? value : undefined;
}

/** The body, or null when it is longer than any answer. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > mostBodyBytes) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}
