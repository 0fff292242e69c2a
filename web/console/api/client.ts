/**
 * Calls the control plane's API by its route objects: one function, whose argument and answer have the types that the contract says.
 *
 * What is sent is parsed first with the route's own schema, so a form shows every mistake without a round trip, in the same shape
 * as the server's `bad-request`. What comes back is parsed too: an answer of another version becomes an error, not a wrong screen.
 * Not here: caching and live updates (queries.ts, live.ts), where to go after `not-signed-in` (router.tsx).
 */
import type { z } from 'zod';
import { ErrorCode, Problem } from '../../../contract/errors.ts';
import type { Route } from '../../../contract/routes/route.ts';
import { say } from '../words/index.ts';

/** `offline`: no answer came. `unreadable`: an answer came that does not fit the contract. */
export type FailureCode = ErrorCode | 'offline' | 'unreadable';

export type FieldMistake = { readonly path: string; readonly message: string };

export class ApiError extends Error {
  readonly code: FailureCode;
  /** The sentence for this case, from the server; empty for `offline` and `unreadable`, whose words are in the catalogue. */
  readonly detail: string;
  readonly reference: string | null;
  readonly fields: readonly FieldMistake[];

  constructor(code: FailureCode, detail: string, reference: string | null, fields: readonly FieldMistake[], cause?: unknown) {
    super(detail === '' ? code : detail, { cause });
    this.name = 'ApiError';
    this.code = code;
    this.detail = detail;
    this.reference = reference;
    this.fields = fields;
  }
}

export type Given<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = {
  readonly params?: z.input<P>;
  readonly query?: z.input<Q>;
  readonly body?: z.input<B>;
  readonly signal?: AbortSignal;
};

/** Sends one call. Throws an ApiError for everything that can go wrong, and nothing else. */
export async function call<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  route: Route<P, Q, B, A>,
  given: Given<P, Q, B> = {},
): Promise<z.output<A>> {
  checkFits(route.body, given.body ?? {});
  const url = addressOf(route, given);
  const init: RequestInit = {
    method: route.method,
    headers: { accept: 'application/json, application/problem+json' },
    credentials: 'same-origin',
  };
  if (route.method !== 'GET') {
    init.headers = { ...init.headers, 'content-type': 'application/json' };
    init.body = JSON.stringify(given.body ?? {});
  }
  if (given.signal !== undefined) init.signal = given.signal;

  let response: Response;
  let text: string;
  try {
    response = await fetch(url, init);
    text = await response.text();
  } catch (cause) {
    throw new ApiError('offline', '', null, [], cause);
  }
  const json = parseJson(text);
  if (!response.ok) throw refusal(json, response.status);
  const answer = route.answer.safeParse(json ?? {});
  if (!answer.success) throw new ApiError('unreadable', '', response.headers.get('x-request-id'), [], answer.error);
  return answer.data;
}

/** Asks for a file and hands it to the browser's downloads under a name. Throws an ApiError for everything that can go wrong. */
export async function download(path: string, body: unknown, name: string): Promise<void> {
  let response: Response;
  let blob: Blob;
  try {
    const headers = { 'content-type': 'application/json', accept: 'application/zip, application/problem+json' };
    response = await fetch(path, { method: 'POST', headers, credentials: 'same-origin', body: JSON.stringify(body) });
    blob = await response.blob();
  } catch (cause) {
    throw new ApiError('offline', '', null, [], cause);
  }
  if (!response.ok) throw refusal(parseJson(await blob.text()), response.status);
  saveAs(blob, name);
}

/** Puts what we hold into the browser's downloads. */
export function saveAs(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has begun by then; the address would hold the content in memory as long as the page.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The address of a call: path parameters filled in, query parameters that are given appended. */
export function addressOf<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  route: Route<P, Q, B, A>,
  given: Given<P, Q, B>,
): string {
  const params = new Map<string, unknown>(Object.entries(given.params ?? {}));
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params.get(name))));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given.query ?? {})) {
    if (typeof value === 'number' || (typeof value === 'string' && value !== '')) query.set(name, String(value));
  }
  const search = query.toString();
  return search === '' ? path : `${path}?${search}`;
}

/** The mistakes in a draft, by the path of the field; empty when it fits. */
export function mistakesIn(schema: z.ZodType, value: unknown): readonly FieldMistake[] {
  const parsed = schema.safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => ({ path: issue.path.join('.'), message: sentenceOf(issue) }));
}

/** What a person should do about an issue; the contract's own words where it has some, ours for zod's. */
function sentenceOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'too_small':
      if (issue.origin === 'string') return say.mistake.tooShort(Number(issue.minimum));
      if (issue.origin === 'array') return say.mistake.tooFew(Number(issue.minimum));
      return say.mistake.tooSmall(String(issue.minimum));
    case 'too_big':
      if (issue.origin === 'string') return say.mistake.tooLong(Number(issue.maximum));
      if (issue.origin === 'array') return say.mistake.tooMany(Number(issue.maximum));
      return say.mistake.tooBig(String(issue.maximum));
    case 'invalid_type':
      return issue.expected === 'number' || issue.expected === 'int' ? say.mistake.number : say.mistake.missing;
    case 'invalid_format':
      if (issue.format === 'url') return say.mistake.url;
      return issue.format === 'datetime' ? say.mistake.instant : issue.message;
    default:
      return issue.message;
  }
}

function checkFits(schema: z.ZodType, value: unknown): void {
  const fields = mistakesIn(schema, value);
  if (fields.length > 0) throw new ApiError('bad-request', '', null, fields);
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusal(json: unknown, status: number): ApiError {
  const problem = Problem.safeParse(json);
  if (problem.success) {
    const { code, detail, reference, fields } = problem.data;
    return new ApiError(code, detail, reference, fields ?? []);
  }
  // Something between us and the control plane answered in its own words.
  return new ApiError(status >= 500 ? 'offline' : 'unreadable', '', null, []);
}
