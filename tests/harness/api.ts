/**
 * The API as a test's people use it: typed by the route that is called, with a token, one answer parsed by the route's own schema.
 *
 * A refusal is an `ApiRefusal` with the problem document, so that a test can name the code that it expects.
 */
import type { z } from 'zod';
import { Problem } from '../../contract/errors.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import type { Route } from '../../contract/routes/route.ts';

export class ApiRefusal extends Error {
  readonly status: number;
  readonly problem: Problem | null;
  constructor(status: number, problem: Problem | null, text: string) {
    super(problem === null ? `the API answered ${status}: ${text.slice(0, 500)}` : `${problem.code}: ${problem.detail}`);
    this.status = status;
    this.problem = problem;
  }
}

export type Input<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> = {
  readonly params?: z.input<Params>;
  readonly query?: z.input<Query>;
  readonly body?: z.input<Body>;
};

export type Api = {
  readonly url: string;
  readonly token: string | null;
  /** Calls one route; throws an ApiRefusal on anything but the route's own status. */
  readonly call: <Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Answer extends z.ZodType>(
    route: Route<Params, Query, Body, Answer>,
    input?: Input<Params, Query, Body>,
  ) => Promise<z.output<Answer>>;
};

/** A client for the control plane at `url` (no trailing slash), with a bearer token or none. */
export function apiClient(url: string, token: string | null): Api {
  return {
    url,
    token,
    call: async (route, input = {}) => {
      const path = fill(route.path, input.params);
      const search = new URLSearchParams(stringsOf(input.query)).toString();
      const hasBody = route.method !== 'GET' && route.method !== 'DELETE';
      const response = await fetch(`${url}${path}${search === '' ? '' : `?${search}`}`, {
        method: route.method,
        headers: {
          accept: 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(hasBody ? { 'content-type': 'application/json' } : {}),
        },
        ...(hasBody ? { body: JSON.stringify(input.body ?? {}) } : {}),
        signal: AbortSignal.timeout(30_000),
      });
      const text = await response.text();
      if (response.status !== route.status) throw new ApiRefusal(response.status, problemIn(text), text);
      return route.answer.parse(JSON.parse(text));
    },
  };
}

/** The code with which the API refuses; null when it does not refuse. */
export async function refusalOf(call: Promise<unknown>): Promise<ErrorCode | null> {
  try {
    await call;
    return null;
  } catch (error) {
    if (error instanceof ApiRefusal && error.problem !== null) return error.problem.code;
    throw error;
  }
}

function problemIn(text: string): Problem | null {
  try {
    const parsed = Problem.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}

function fill(path: string, params: unknown): string {
  const values = stringsOf(params);
  return path.replaceAll(/\{([a-zA-Z]+)\}/g, (_whole, name: string) => encodeURIComponent(values[name] ?? ''));
}

function stringsOf(input: unknown): Record<string, string> {
  if (typeof input !== 'object' || input === null) return {};
  const pairs: [string, string][] = [];
  for (const [name, value] of Object.entries(input)) if (value !== undefined) pairs.push([name, String(value)]);
  return Object.fromEntries(pairs);
}
