/**
 * How an API route is said once: the server registers it, the console and the CLI call it, the OpenAPI document is printed from it.
 *
 * `needs`: the scope that a caller must hold; `signed-in` for any session or token; `nobody` for a public door.
 * Paths name parameters in braces. Bodies and answers are JSON. Every route may also answer `bad-request`, `internal`,
 * `store-down`, `too-large` and, when it needs somebody, `not-signed-in` and `not-allowed`; the others are listed in `errors`.
 */
import type { z } from 'zod';
import type { Scope } from '../access.ts';
import type { ErrorCode } from '../errors.ts';

export type Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Answer extends z.ZodType = z.ZodType,
> = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT';
  readonly path: `/${string}`;
  readonly summary: string;
  readonly needs: Scope | 'signed-in' | 'nobody';
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly answer: Answer;
  readonly status: 200 | 201 | 202;
  readonly errors: readonly ErrorCode[];
};

/** Declares a route; only gives its argument a precise type. */
export function route<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType>(
  declared: Route<Params, Query, Body, Answer>,
): Route<Params, Query, Body, Answer> {
  return declared;
}

/** Errors that any route can answer with, so that no route repeats them. */
export const commonErrors: readonly ErrorCode[] = ['bad-request', 'internal', 'store-down', 'too-large', 'too-many-requests'];
export const signedInErrors: readonly ErrorCode[] = ['not-signed-in', 'not-allowed'];
