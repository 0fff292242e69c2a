/**
 * Errors that people act on: a code, an HTTP status, and a title. The one list.
 *
 * On the wire an error is `application/problem+json` (RFC 9457): `type` is the code's page below the public address, `detail` the
 * sentence for this case (what happened, whether anything was lost, what to do), `reference` joins it to the log line. What is not
 * in this list is `internal`: the outside sees only the reference. tests/conventions hold that every code is declared by a route
 * that can answer with it.
 */
import { z } from 'zod';

export const errorTable = {
  'bad-request': { status: 400, title: 'The request does not fit its schema' },
  'not-signed-in': { status: 401, title: 'You are not signed in' },
  'bad-sign-in': { status: 401, title: 'That sign-in did not work' },
  'not-allowed': { status: 403, title: 'Your role does not allow this' },
  'sign-in-again': { status: 403, title: 'Sign in again for this' },
  'not-found': { status: 404, title: 'There is no such thing' },
  conflict: { status: 409, title: 'The state has changed meanwhile' },
  'hostname-taken': { status: 409, title: 'Another site has this hostname' },
  'site-under-order': { status: 409, title: 'An order is in force on this site' },
  'same-person': { status: 409, title: 'A second person is needed' },
  'wrong-state': { status: 409, title: 'This is not possible in the present state' },
  'origin-refused': { status: 422, title: 'This origin is not allowed' },
  'origin-unresolved': { status: 422, title: 'The origin’s name has no address' },
  'rules-refused': { status: 422, title: 'These rules cannot be used as they are' },
  'ownership-unproved': { status: 422, title: 'The proof of ownership was not found' },
  'certificate-refused': { status: 422, title: 'This certificate cannot be used' },
  'setup-done': { status: 410, title: 'The first account exists already' },
  'name-taken': { status: 409, title: 'Another person or account has this name' },
  'password-refused': { status: 422, title: 'This password is too easy to guess' },
  'link-expired': { status: 410, title: 'This link has expired or was used' },
  'too-large': { status: 413, title: 'The request is too large' },
  'too-many-requests': { status: 429, title: 'Too many attempts' },
  'token-refused': { status: 403, title: 'This enrolment token is not valid' },
  'report-refused': { status: 422, title: 'This report cannot be taken as it is' },
  'claimed-by-another': { status: 409, title: 'Somebody else works on this case' },
  'task-open': { status: 409, title: 'A task that holds the case is still open' },
  'not-graded': { status: 409, title: 'The grade is not locked yet' },
  'assessment-incomplete': { status: 422, title: 'The assessment lacks something' },
  'decision-incomplete': { status: 422, title: 'The decision lacks something' },
  'criteria-unpublished': { status: 422, title: 'These criteria are not published' },
  'exposure-cap': { status: 429, title: 'That is enough for today' },
  'hold-in-force': { status: 409, title: 'A legal hold is in force' },
  'sealed-away': { status: 410, title: 'This was shredded' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  'store-down': { status: 503, title: 'The database does not answer' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof errorTable;

export const ErrorCode = z.custom<ErrorCode>(
  (value) => typeof value === 'string' && Object.hasOwn(errorTable, value),
  'unknown error code',
);

export const Problem = z.object({
  type: z.string(),
  code: ErrorCode,
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  reference: z.string(),
  /** For `bad-request`: every mistake at once, by the path of the field. */
  fields: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;
