/**
 * Checks of the provider: begin, answer step by step, wait instead; at the end a token.
 *
 * Nothing is kept of a visitor between question and answer: the line carries it, signed. Order of an answer, the cheapest first: signature → age →
 * use known here → place (admission) → single use for all processes → a first sum at random → the others. A network without a place and
 * garbage cost neither the database nor a thread, and an answer that found no place stays good.
 * Closed: what is wrong, used, late or unreadable is refused; without the database nothing is passed; a thread that is lost passes nobody.
 * Who is asked for more: core/captcha/plan.ts. After eight seconds of work, or when a person asks for it, the waiting line is next.
 */
import { randomInt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { CheckAnswer, CheckBegin, CheckWait, mostWorkSeconds } from '../../../contract/captcha.ts';
import type { CheckLevel, CheckRefusal, CheckReply } from '../../../contract/captcha.ts';
import { readLine, writeLine } from '../../../core/captcha/check-line.ts';
import type { CheckState, LineMac } from '../../../core/captcha/check-line.ts';
import { readFinds, searchBound } from '../../../core/captcha/memory-chain.ts';
import { deviceClass, hops, isCalm, planFor, stepsOf, waitSecondsOf } from '../../../core/captcha/plan.ts';
import type { PlannedStep } from '../../../core/captcha/plan.ts';
import type { Puzzle } from '../../../core/captcha/puzzle.ts';
import { Rates } from '../../../core/captcha/rates.ts';
import { WaitingLine } from '../../../core/captcha/waiting-line.ts';
import { answerSeconds, believedHashMs, memoryKib, memoryWork, modulusBits } from '../../../core/captcha/work.ts';
import { secretBytes } from '../../../kit/random-bytes.ts';
import { Admission, usualPlaces } from '../../admission.ts';
import type { Places } from '../../admission.ts';
import type { Job } from '../../jobs.ts';
import { baseOf } from '../../jobs.ts';
import { hmacText } from './quick.ts';
import { Moduli } from './moduli.ts';
import type { MacKey } from './moduli.ts';
import { SpentLines } from './spent-lines.ts';
import type { Spend } from './spent-lines.ts';
import type { Tally } from './tally.ts';

/** What a check needs to know of a key. */
export type CheckedKey = {
  readonly keyId: string;
  readonly siteKey: string;
  /** Exact, or `*.` and a parent. Empty: any. */
  readonly hostnames: readonly string[];
  readonly level: CheckLevel;
  readonly suspended: { readonly statement: string | null } | null;
  /** A test key: passes at once with this token, or never. */
  readonly test: { readonly token: string } | 'never' | null;
};

export type CheckParts<Key extends CheckedKey> = {
  readonly nowMs: () => number;
  readonly findKey: (siteKey: string) => Promise<Key | null>;
  /** Live MAC keys, the one that signs first. */
  readonly macKeys: () => Promise<readonly MacKey[]>;
  readonly issueToken: (asked: {
    readonly key: Key;
    readonly hostname: string;
    readonly action: string;
    readonly cData: string;
  }) => Promise<{ readonly token: string; readonly expiresInSeconds: number }>;
  readonly spend: Spend;
  /** Checks an answer on a thread; rejects when it cannot. */
  readonly check: (job: Job) => Promise<boolean>;
  readonly tally: Tally;
  readonly places?: Places;
  /** Less work, for tests. */
  readonly work?: { readonly share: number; readonly kib: number; readonly bits: number };
};

/** `network`: of the visitor, /24 or /48 (networkOf). `body`: as it came, unread. */
export type CheckAsked = { readonly body: unknown; readonly network: string };

export type Checks = {
  readonly begin: (asked: CheckAsked) => Promise<CheckReply>;
  readonly answer: (asked: CheckAsked) => Promise<CheckReply>;
  readonly wait: (asked: CheckAsked) => Promise<CheckReply>;
};

const againSeconds = 3;
/** Of one network, in a minute or so: nobody who is asked for the most begins more often. */
const mostBegun = 3000;
const rateFadesMs = 60_000;
const Squared = z.string().regex(/^[0-9a-f]{1,512}$/);

export function createChecks<Key extends CheckedKey>(parts: CheckParts<Key>): Checks {
  const { nowMs, tally } = parts;
  const places = parts.places ?? usualPlaces;
  const work = parts.work ?? { share: 1, kib: memoryKib, bits: modulusBits };
  const admission = new Admission(places);
  const moduli = new Moduli(work.bits);
  const spent = new SpentLines(parts.spend);
  const begun = new Rates(rateFadesMs);
  const wrong = new Rates(rateFadesMs);
  const line = new WaitingLine();
  let inside = 0;

  const sign = (state: Omit<CheckState, 'lineId'>, keys: readonly MacKey[]): string =>
    writeLine({ ...state, lineId: secretBytes(16).toString('hex') }, keys[0]?.name ?? '', macOf(keys));

  /** The step that a state is at, as words and as a signed line. */
  const ask = async (
    state: Omit<CheckState, 'lineId' | 'work'>,
    step: PlannedStep,
    stepBeganMs: number,
    keys: readonly MacKey[],
  ): Promise<CheckReply> => {
    const seed = secretBytes(16).toString('hex');
    const of = stepsOf[state.plan].length;
    const issuedMs = nowMs();
    if (step.kind === 'time') {
      const modulus = await moduli.current(keys, issuedMs);
      const squarings = Math.ceil(step.squarings * work.share);
      const puzzle: Puzzle = { kind: 'time', issuedMs: nowMs(), seed, modulusId: modulus.id, squarings };
      const base = baseOf(seed, modulus.value).toString(16);
      const words = { kind: 'time', base, modulus: modulus.hex, squarings } as const;
      return { do: 'step', line: sign({ ...state, work: puzzle }, keys), step: words, of, at: state.at };
    }
    const most = { budgetMs: step.budgetMs * work.share, mostTries: Math.ceil(step.mostTries * work.share) };
    const size = memoryWork(state.hashMs, issuedMs - stepBeganMs, most);
    const puzzle = { kind: 'memory', issuedMs, beganMs: state.beganMs, seed, ...size, kib: work.kib } as const;
    const words = { kind: 'memory', seed, ...size, kib: work.kib, bound: searchBound(puzzle) } as const;
    return { do: 'step', line: sign({ ...state, work: puzzle }, keys), step: words, of, at: state.at };
  };

  const begin = async ({ body, network }: CheckAsked): Promise<CheckReply> => {
    const now = nowMs();
    const count = begun.add(network, now);
    if (count > mostBegun) return { do: 'again', seconds: againSeconds };
    const read = CheckBegin.safeParse(body);
    if (!read.success) return refused('bad-request');
    const { siteKey, host, action = '', cData = '', website = '' } = read.data;
    const key = await parts.findKey(siteKey);
    if (key === null) return refused('unknown-site-key');
    if (key.test === 'never') return refused('never-passes');
    if (key.test !== null) return { do: 'token', token: key.test.token, expiresInSeconds: answerSeconds };
    if (key.suspended !== null) return { do: 'suspended', statement: key.suspended.statement };
    if (!isAllowed(key, host)) return refused('hostname');
    const signs = { begun: count, wrong: wrong.of(network, now), busy: inside / places.all, trapped: website !== '' };
    const calm = isCalm(signs);
    const plan = planFor(key.level, signs, tally.softened(key.keyId));
    const [first] = stepsOf[plan];
    const keys = await parts.macKeys();
    if (first === undefined || keys.length === 0) return refused('unavailable');
    tally.asked({ keyId: key.keyId, beganMs: now, calm });
    return ask({ siteKey, hostname: host, action, cData, beganMs: now, plan, calm, at: 1, hashMs: null }, first, now, keys);
  };

  /** What stands in a line that may still be used, or why it may not. */
  const opened = (text: string, keys: readonly MacKey[], now: number): CheckState | CheckRefusal => {
    const state = readLine(text, macOf(keys), sameText);
    if (state === null) return 'expired';
    const { work: of } = state;
    const untilMs = (of.kind === 'wait' ? of.readyMs : of.issuedMs) + answerSeconds * 1000;
    if (now > untilMs) return 'expired';
    return spent.has(state.lineId) ? 'used' : state;
  };

  const jobOf = async (puzzle: Puzzle, text: string, keys: readonly MacKey[]): Promise<Job | 'wrong' | 'expired'> => {
    if (puzzle.kind === 'memory') {
      const finds = readFinds(text);
      return finds === null ? 'wrong' : { kind: 'memory', puzzle, finds, first: randomInt(Math.max(1, puzzle.searches)) };
    }
    if (!Squared.safeParse(text).success) return 'wrong';
    const modulus = await moduli.find(puzzle.modulusId, keys, nowMs());
    if (modulus === null) return 'expired';
    return { kind: 'time', lock: moduli.lock(modulus, puzzle.squarings), seed: puzzle.seed, answer: BigInt(`0x${text}`) };
  };

  /** Ends a check well: looks at the key once more, because an order may have come meanwhile. */
  const pass = async (state: CheckState, tookMs: number | null): Promise<CheckReply> => {
    const key = await parts.findKey(state.siteKey);
    if (key === null) return refused('unknown-site-key');
    if (key.suspended !== null) return { do: 'suspended', statement: key.suspended.statement };
    const { hostname, action, cData, beganMs, calm } = state;
    const { token, expiresInSeconds } = await parts.issueToken({ key, hostname, action, cData });
    tally.passed({ keyId: key.keyId, beganMs, calm }, classOf(state), tookMs);
    return { do: 'token', token, expiresInSeconds };
  };

  const putInLine = (state: CheckState, network: string, keys: readonly MacKey[]): CheckReply => {
    const now = nowMs();
    const extraMs = line.enter(state.siteKey, network, now);
    if (extraMs === null) return { do: 'again', seconds: 30 };
    return hop(state, 1, Math.ceil((waitSecondsOf[state.plan] + extraMs / 1000) / hops), keys);
  };
  const hop = (state: CheckState, at: number, seconds: number, keys: readonly MacKey[]): CheckReply => {
    const place = { kind: 'wait', readyMs: nowMs() + seconds * 1000, at, of: hops, seconds } as const;
    return { do: 'wait', line: sign({ ...state, work: place }, keys), seconds, of: hops, at };
  };

  const answer = async ({ body, network }: CheckAsked): Promise<CheckReply> => {
    const read = CheckAnswer.safeParse(body);
    if (!read.success) return refused('bad-request');
    const keys = await parts.macKeys();
    const now = nowMs();
    const state = opened(read.data.line, keys, now);
    if (typeof state === 'string') return refused(state);
    const early = state.work.kind === 'wait' ? state.work.readyMs - now : 0;
    if (state.work.kind === 'wait' && early > 0) {
      const { at, of } = state.work;
      return { do: 'wait', line: read.data.line, seconds: Math.ceil(early / 1000), of, at };
    }
    const leave = admission.enter(state.siteKey, network);
    if (leave === null) return { do: 'again', seconds: againSeconds };
    inside += 1;
    try {
      return await answered(state, read.data, network, keys);
    } catch {
      return refused('unavailable');
    } finally {
      inside -= 1;
      leave();
    }
  };

  const answered = async (state: CheckState, { a = '', b = null }: CheckAnswer, network: string, keys: readonly MacKey[]) => {
    if (!(await spent.use(state.lineId, keptUntil(state), nowMs()))) return refused('used');
    if (state.work.kind === 'wait') {
      const { at, of, seconds } = state.work;
      return at >= of ? pass(state, null) : hop(state, at + 1, seconds, keys);
    }
    const issuedMs = state.work.issuedMs;
    const job = await jobOf(state.work, a, keys);
    if (job === 'expired') return refused(job);
    if (job === 'wrong' || !(await parts.check(job))) {
      wrong.add(network, nowMs());
      const key = await parts.findKey(state.siteKey);
      if (key !== null) tally.wrong({ keyId: key.keyId, beganMs: state.beganMs, calm: state.calm }, classOf(state));
      return refused('wrong');
    }
    const now = nowMs();
    // What the benchmark said stands for the whole check: a later step says nothing of it.
    const hashMs = state.at === 1 ? (b === null ? null : believedHashMs(b, now - issuedMs)) : state.hashMs;
    const after = { ...state, hashMs };
    if (state.at === 1) await countStep(after);
    const next = stepsOf[state.plan][state.at];
    if (next === undefined) return pass(after, now - state.beganMs);
    if (now - state.beganMs > mostWorkSeconds * 1000) return putInLine(after, network, keys);
    return ask({ ...after, at: state.at + 1 }, next, issuedMs, keys);
  };

  const countStep = async (state: CheckState) => {
    const key = await parts.findKey(state.siteKey);
    if (key !== null) tally.stepped({ keyId: key.keyId, beganMs: state.beganMs, calm: state.calm }, deviceClass(state.hashMs));
  };

  const wait = async ({ body, network }: CheckAsked): Promise<CheckReply> => {
    const read = CheckWait.safeParse(body);
    if (!read.success) return refused('bad-request');
    const keys = await parts.macKeys();
    const now = nowMs();
    const state = opened(read.data.line, keys, now);
    if (typeof state === 'string') return refused(state);
    if (state.work.kind === 'wait') {
      const { at, of, readyMs } = state.work;
      return { do: 'wait', line: read.data.line, seconds: Math.max(1, Math.ceil((readyMs - now) / 1000)), of, at };
    }
    const leave = admission.enter(state.siteKey, network);
    if (leave === null) return { do: 'again', seconds: againSeconds };
    try {
      // Into the line first: who finds it full keeps the step.
      const reply = putInLine(state, network, keys);
      if (reply.do !== 'wait') return reply;
      return (await spent.use(state.lineId, keptUntil(state), now)) ? reply : refused('used');
    } finally {
      leave();
    }
  };

  const closed =
    (ask: (asked: CheckAsked) => Promise<CheckReply>) =>
    async (asked: CheckAsked): Promise<CheckReply> => {
      try {
        return await ask(asked);
      } catch {
        return refused('unavailable');
      }
    };
  return { begin: closed(begin), answer: closed(answer), wait: closed(wait) };
}

function refused(code: CheckRefusal): CheckReply {
  return { do: 'refused', code };
}

/** No hostnames: any page, also one that has none. */
function isAllowed({ hostnames }: CheckedKey, host: string): boolean {
  const covers = (name: string) =>
    name.startsWith('*.') ? host.endsWith(name.slice(1)) && host.length >= name.length : host === name;
  return hostnames.length === 0 || hostnames.some(covers);
}

/** Beyond the last moment at which the line itself is taken. */
function keptUntil({ work }: CheckState): number {
  return (work.kind === 'wait' ? work.readyMs : work.issuedMs) + 2 * answerSeconds * 1000;
}

/** Null before the first answer. */
function classOf({ at, hashMs }: CheckState) {
  return at === 1 && hashMs === null ? null : deviceClass(hashMs);
}

function macOf(keys: readonly MacKey[]): LineMac {
  return (keyName, text) => {
    const key = keys.find(({ name }) => name === keyName);
    return key === undefined ? null : hmacText(key.secret, text);
  };
}

function sameText(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}
