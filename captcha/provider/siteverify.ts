/**
 * siteverify: a site's own server asks whether a token is good. One path for all dialects; what they call things stands in dialects/.
 *
 * Always HTTP 200 and JSON within a second, for GET and POST, for whatever is sent: many clients take anything else for an outage. Order, the cheapest
 * first: shape of the fields → test keys → the token's signature and age → the secret → the key → single use. A token that is none costs no
 * question to the database but in the dialect that names the secret first, and there only for secrets of our shape.
 * A token is spent only by the right secret; a no spends nothing. Closed: without the database, or later than the deadline, the answer is no. A
 * token may then be spent whose server heard a no: the visitor is asked once more.
 * While a flood makes this process late, servers that it does not know hear the same no before they are read (gate.ts): `unavailable`, never a yes.
 * The header `portcullis-reason` says in our own words why, for people: dialects have too few.
 */
import { z } from 'zod';
import { hostnameCovers } from '../../contract/hostname.ts';
import { IpAddress } from '../../contract/network.ts';
import type { TokenFields } from '../../core/captcha/token.ts';
import type { Fields } from './asked.ts';
import { hcaptcha } from './dialects/hcaptcha.ts';
import { recaptcha } from './dialects/recaptcha.ts';
import { turnstile } from './dialects/turnstile.ts';
import type { Dialect, Failing, Verdict } from './dialects/verdict.ts';
import { json } from './http.ts';
import type { Asked, Reply, Route } from './http.ts';
import { TooManyQuestions } from './keys.ts';
import type { CaptchaKey, KeyBook } from './keys.ts';
import { isDummy } from './test-keys.ts';
import type { Tokens } from './tokens.ts';

export const dialects: readonly Dialect[] = [hcaptcha, recaptcha, turnstile];

export type SiteverifyParts = {
  readonly keys: Pick<KeyBook, 'bySecret' | 'find'>;
  readonly tokens: Pick<Tokens, 'read' | 'use' | 'useNamed'>;
  readonly nowMs: () => number;
  /** A key's secret came in an address, where logs of others may keep it. */
  readonly onSecretInUrl?: (keyId: string) => void;
  readonly deadlineMs?: number;
};

/** Below the second after which some clients give up. */
const usualDeadlineMs = 800;
const mostFieldCharacters = 4096;

/** The routes of the three dialects, GET and POST. */
export function siteverifyRoutes(parts: SiteverifyParts): Route[] {
  return dialects.flatMap((dialect) => {
    const handle = async (asked: Asked): Promise<Reply> => {
      const deadlineMs = parts.deadlineMs ?? usualDeadlineMs;
      return await inTime(answerOf(parts, dialect, asked), deadlineMs, () => failed(dialect, ['unavailable']));
    };
    const busy = failed(dialect, ['unavailable']);
    const lost = () => busy;
    return [
      { method: 'POST', path: dialect.path, handle, lost, busy },
      { method: 'GET', path: dialect.path, handle, lost, busy },
    ] as const;
  });
}

async function answerOf(parts: SiteverifyParts, dialect: Dialect, asked: Asked): Promise<Reply> {
  const read = readQuestion(dialect, asked);
  if (read === null) return failed(dialect, ['bad-request']);
  const { secret, response, address, siteKey } = read;
  const missing: Failing[] = [];
  if (response === null) missing.push('missing-response');
  else if (response === '') missing.push('empty-response');
  if (secret === null || secret === '') {
    if (dialect.tokenFirst && response !== null && response !== '' && !isKnown(parts, response))
      return failed(dialect, ['bad-response']);
    return failed(dialect, [...missing, 'missing-secret']);
  }
  if (response === null || response === '') return failed(dialect, missing);
  if (dialect.minds.address && address !== null && !IpAddress.safeParse(address).success) return failed(dialect, ['bad-address']);
  const test = dialect.test({ secret, response, siteKey, nowMs: parts.nowMs() });
  if (test?.kind === 'answer') return json(test.answer);
  if (test?.kind === 'failed') return failed(dialect, [test.why]);
  const question: Question = { secret, response, siteKey, idempotencyKey: read.idempotencyKey };
  const verdict = await verdictOf(parts, dialect, question, asked.method === 'GET');
  if (verdict.kind === 'answered') return { ...json(verdict.answer), good: true };
  return failed(dialect, verdict.why, verdict.statement ?? null);
}

type Question = {
  readonly secret: string;
  readonly response: string;
  readonly siteKey: string | null;
  readonly idempotencyKey: string | null;
};

type Outcome = Extract<Verdict, { kind: 'failed' }> | { readonly kind: 'answered'; readonly answer: unknown };

async function verdictOf(parts: SiteverifyParts, dialect: Dialect, question: Question, byGet: boolean): Promise<Outcome> {
  const { keys, tokens } = parts;
  const read = tokens.read(question.response);
  const badToken = whyNot(read.kind, question.response);
  if (badToken !== null && dialect.tokenFirst) return no(badToken);
  // Rubbish waits for nobody: when the book is busy with names that it never met, it is told what it is.
  const key = await keys.bySecret(question.secret).catch((error: unknown) => {
    if (badToken !== null && error instanceof TooManyQuestions) return 'busy' as const;
    throw error;
  });
  if (key === 'busy') return no(badToken ?? 'bad-response');
  if (key === null) return no('bad-secret');
  if (byGet) parts.onSecretInUrl?.(key.keyId);
  if (key.suspended !== null) return { kind: 'failed', why: ['suspended'], statement: key.suspended.statement };
  if (read.kind !== 'spent' || badToken !== null) return no(badToken ?? 'bad-response');
  const { token } = read;
  const wrongKey = await otherKey(parts, key, token, question.siteKey);
  if (wrongKey !== null) return no(wrongKey);
  if (!isForPage(key, token.hostname)) return no('bad-response');
  const answer = dialect.passed(token);
  if (question.idempotencyKey === null) {
    return (await tokens.use(token)) ? { kind: 'answered', answer } : no('used');
  }
  const held = await tokens.useNamed(token, question.idempotencyKey.toLowerCase(), answer);
  return held === null ? no('used') : { kind: 'answered', answer: held };
}

function whyNot(kind: ReturnType<Tokens['read']>['kind'], response: string): Failing | null {
  if (kind === 'spent') return null;
  if (kind === 'expired' || kind === 'used') return kind;
  return isDummy(response) ? 'dummy' : 'bad-response';
}

/** Secret, token and the site key that the server names (if it does) must be of one key. */
async function otherKey(
  { keys }: SiteverifyParts,
  key: CaptchaKey,
  token: TokenFields,
  siteKey: string | null,
): Promise<Failing | null> {
  if (siteKey !== null && siteKey !== key.siteKey) {
    const named = await keys.find(siteKey);
    return named === null ? 'bad-site-key' : 'other-key';
  }
  return token.siteKey === key.siteKey ? null : 'other-key';
}

/** Once more, because the list may have changed since the check. */
function isForPage({ hostnames }: CaptchaKey, host: string): boolean {
  return hostnames.length === 0 || hostnames.some((hostname) => hostnameCovers(hostname, host));
}

function isKnown({ tokens }: SiteverifyParts, response: string): boolean {
  return isDummy(response) || tokens.read(response).kind !== 'invalid';
}

function no(why: Failing): Outcome {
  return { kind: 'failed', why: [why] };
}

/** Null for what no documented client sends: a field twice, a list, a number, a name of a question that is no UUID. */
function readQuestion(dialect: Dialect, { method, body, query }: Asked) {
  if (body.kind === 'unreadable') return null;
  // A body of a GET means nothing to HTTP.
  const fields: Fields | null = method === 'GET' || body.kind === 'none' ? null : body.fields;
  const values = (name: string) => [...(fields?.get(name) ?? []), ...(query.get(name) ?? [])];
  const one = (name: string | null): string | null | undefined => {
    const [value = null, ...more] = name === null ? [] : values(name);
    if (more.length > 0) return undefined;
    if (value === null) return null;
    return typeof value === 'string' && value.length <= mostFieldCharacters ? value : undefined;
  };
  const [secret, siteKey, address, idempotencyKey] = [
    one('secret'),
    one(dialect.siteKeyField),
    one('remoteip'),
    one(dialect.idempotencyField),
  ];
  // The one field that visitors choose: too long is none of ours, and no fault of the server's.
  const [token, ...moreTokens] = values('response');
  const response = typeof token === 'string' && moreTokens.length === 0 ? token : one('response');
  if (secret === undefined || siteKey === undefined || address === undefined || idempotencyKey === undefined) return null;
  if (response === undefined) return null;
  if (idempotencyKey !== null && idempotencyKey !== '' && !z.guid().safeParse(idempotencyKey).success) return null;
  const said = (text: string | null) => (text === '' ? null : text);
  return { secret, response, siteKey: said(siteKey), address: said(address), idempotencyKey: said(idempotencyKey) };
}

function failed(dialect: Dialect, why: readonly Failing[], statement: string | null = null): Reply {
  const codes = [...new Set(why.flatMap((one) => dialect.codes[one]))];
  return json(dialect.failed(codes, statement), 200, { 'portcullis-reason': why.join(', ') });
}

async function inTime(answer: Promise<Reply>, limitMs: number, late: () => Reply): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Reply>((resolve) => {
    timer = setTimeout(() => resolve(late()), limitMs);
  });
  // Nobody hears of a failure that comes after the deadline.
  answer.catch(() => undefined);
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}
