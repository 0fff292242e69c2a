/**
 * A failure that somebody outside can act on: a code of contract/errors.ts and a sentence for this case.
 *
 * Thrown anywhere in control/, turned into an answer in exactly one place (control/http/problem.ts). `detail` says what happened,
 * whether anything was lost, and what to do; it is read by strangers, so it holds no secret. `cause` goes to the log only.
 */
import type { ErrorCode, Problem } from '../../contract/errors.ts';

export type FieldMistake = NonNullable<Problem['fields']>[number];

type Extra = { readonly cause?: unknown; readonly fields?: readonly FieldMistake[]; readonly retryAfterSeconds?: number };

export class Failure extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  /** For `bad-request`: every mistake at once. */
  readonly fields: readonly FieldMistake[];
  /** When it may be tried again; sent as `Retry-After`. */
  readonly retryAfterSeconds: number | null;

  constructor(code: ErrorCode, detail: string, extra: Extra = {}) {
    super(`${code}: ${detail}`, extra.cause === undefined ? {} : { cause: extra.cause });
    this.name = 'Failure';
    this.code = code;
    this.detail = detail;
    this.fields = extra.fields ?? [];
    this.retryAfterSeconds = extra.retryAfterSeconds ?? null;
  }
}

/** What every route says about a thing that is not there, or that this caller may not know of. */
export function notFound(what: string): Failure {
  return new Failure('not-found', `There is no ${what} with this id, or it is not yours. Nothing was changed.`);
}
