/**
 * Issuing, checking and siteverify of our own beside `@cap.js/server` and `altcha-lib`: calls in this process, each as its own documents show it, with
 * what is spent in memory. Counted is CPU of the whole process, threads of libraries included. Solutions are made before the clock runs.
 */
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { createChallenge, randomInt, solveChallenge, verifySolution } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { z } from 'zod';
import type { CheckReply } from '../../contract/captcha.ts';
import { begin, ours } from './ours.ts';
import { solveStep } from './native.ts';

/** Per second of CPU. `verify`: from a right answer to the token (or the last word, where there is none); `siteverify`: from a token to its word. */
export type Rates = { readonly issue: number; readonly verify: number; readonly siteverify: number | null };

export type Contender = { readonly name: string; readonly measure: (size: Size) => Promise<Rates> };
export type Size = { readonly issues: number; readonly verifies: number };

async function perCpuSecond(times: number, act: (index: number) => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let index = 0; index < times; index += 1) await act(index);
  const { user, system } = process.cpuUsage(before);
  return times / ((user + system) / 1e6);
}

function must<Value>(value: Value | null | undefined, what: string): Value {
  if (value === null || value === undefined) throw new Error(`the bench broke: ${what}`);
  return value;
}

const portcullis: Contender = {
  name: 'portcullis',
  measure: async ({ issues, verifies }) => {
    const own = ours('normal');
    await begin(own);
    const issue = await perCpuSecond(issues, async () => JSON.stringify(await begin(own)));
    const tokens: string[] = [];
    // Each answer asks for the next step: solving is taken out of the sum.
    let [cpu, passed] = [0, 0];
    for (; passed < verifies; passed += 1) {
      let reply: CheckReply = await begin(own);
      while (reply.do === 'step') {
        const body: unknown = { line: reply.line, a: solveStep(reply.step), b: 18 };
        const before = process.cpuUsage();
        reply = await own.checks.answer({ body, network: `10.0.${passed % 256}.0/24` });
        JSON.stringify(reply);
        const { user, system } = process.cpuUsage(before);
        cpu += user + system;
      }
      if (reply.do !== 'token') throw new Error(`the bench broke: ${JSON.stringify(reply)}`);
      tokens.push(reply.token);
    }
    const siteverify = await perCpuSecond(tokens.length, (index) =>
      Promise.resolve(must(own.verify(must(tokens[index], 'a token')) || null, 'a token that is none')),
    );
    return { issue, verify: passed / (cpu / 1e6), siteverify };
  },
};

const CapModule = z.custom<new (config: { noFSState: boolean; disableAutoCleanup: boolean }) => CapServer>(
  (value) => typeof value === 'function',
);
type CapServer = {
  createChallenge(config?: {
    challengeDifficulty?: number;
  }): Promise<{ challenge: { c: number; s: number; d: number }; token?: string }>;
  redeemChallenge(solution: { token: string; solutions: number[] }): Promise<{ success: boolean; token?: string }>;
  validateToken(token: string): Promise<{ success: boolean }>;
};

const cap: Contender = {
  name: 'cap',
  measure: async ({ issues, verifies }) => {
    const Cap = CapModule.parse(createRequire(import.meta.url)('@cap.js/server'));
    const server = new Cap({ noFSState: true, disableAutoCleanup: true });
    const issue = await perCpuSecond(issues, async () => JSON.stringify(await server.createChallenge()));
    // Difficulty changes what solving costs, not what checking does: 50 hashes either way.
    const solved: { readonly token: string; readonly solutions: number[] }[] = [];
    for (let index = 0; index < verifies; index += 1) {
      const { challenge, token } = await server.createChallenge({ challengeDifficulty: 1 });
      solved.push({ token: must(token, 'a challenge'), solutions: solveCap(must(token, 'a challenge'), challenge) });
    }
    const tokens: string[] = [];
    const verify = await perCpuSecond(verifies, async (index) => {
      const redeemed = await server.redeemChallenge(must(solved[index], 'a solution'));
      tokens.push(must(redeemed.token, 'a solution that is none'));
      JSON.stringify(redeemed);
    });
    const siteverify = await perCpuSecond(verifies, async (index) =>
      must((await server.validateToken(must(tokens[index], 'a token'))).success || null, 'a token that is none'),
    );
    return { issue, verify, siteverify };
  },
};

/** As Cap's widget does it. */
function solveCap(token: string, { c, s, d }: { readonly c: number; readonly s: number; readonly d: number }): number[] {
  return Array.from({ length: c }, (_, index) => {
    const [salt, target] = [capText(`${token}${index + 1}`, s), capText(`${token}${index + 1}d`, d)];
    for (let nonce = 0; ; nonce += 1)
      if (createHash('sha256').update(`${salt}${nonce}`).digest('hex').startsWith(target)) return nonce;
  });
}

function capText(seed: string, length: number): string {
  let state = 2166136261;
  for (const letter of seed) {
    state ^= letter.charCodeAt(0);
    state += (state << 1) + (state << 4) + (state << 7) + (state << 8) + (state << 24);
  }
  state >>>= 0;
  let text = '';
  while (text.length < length) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    text += (state >>> 0).toString(16).padStart(8, '0');
  }
  return text.slice(0, length);
}

/** Both of its ways to check: by deriving the key again, and by a second signature that was made with the challenge. */
const altcha = (way: 'derived' | 'signed'): Contender => ({
  name: way === 'derived' ? 'altcha' : 'altcha-signed',
  measure: async ({ issues, verifies }) => {
    const secrets = {
      hmacSignatureSecret: 'of the bench',
      ...(way === 'signed' ? { hmacKeySignatureSecret: 'of the bench too' } : {}),
    };
    const make = (cost: number, most: number) =>
      createChallenge({
        algorithm: 'PBKDF2/SHA-256',
        cost,
        deriveKey,
        ...secrets,
        ...(way === 'signed' ? { counter: randomInt(Math.floor(most / 2), most) } : { keyPrefix: '0' }),
      });
    const issue = await perCpuSecond(Math.ceil(issues / 10), async () => JSON.stringify(await make(5000, 10_000)));
    const solved: {
      challenge: Awaited<ReturnType<typeof make>>;
      solution: NonNullable<Awaited<ReturnType<typeof solveChallenge>>>;
    }[] = [];
    // Of cost 5,000 as its documents have it, but found soon: checking derives one key either way.
    for (let index = 0; index < verifies; index += 1) {
      const challenge = await make(5000, 4);
      solved.push({ challenge, solution: must(await solveChallenge({ challenge, deriveKey }), 'a solution') });
    }
    const verify = await perCpuSecond(verifies, async (index) => {
      const { verified } = await verifySolution({ ...must(solved[index], 'a solution'), deriveKey, ...secrets });
      must(verified || null, 'a solution that is none');
    });
    return { issue, verify, siteverify: null };
  },
});

export const contenders: readonly Contender[] = [portcullis, cap, altcha('derived'), altcha('signed')];
