/**
 * Serves a route of contract/routes: parses, asks who calls, checks the scope, calls the handler, answers JSON.
 *
 * All mistakes of path, query and body are told at once. Order: credentials before parameters, so that a stranger learns nothing of
 * what exists; size and syntax of the body before its schema. Guards here fail closed.
 * Cross-site requests: a browser sends the session cookie along, so a request that changes something must come from our own pages by
 * `Sec-Fetch-Site`, or by `Origin` in a browser too old to send that; with a session, one of the two must be there. A program that
 * sends neither uses a token, which no browser sends on its own.
 * After: OWASP's cross-site request forgery sheet ("Fetch Metadata headers"), Go 1.25 net/http CrossOriginProtection.
 */
import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import type { Logger } from 'pino';
import type { z } from 'zod';
import type { Route } from '../../contract/routes/route.ts';
import { isPlainText, readJsonBody } from './body.ts';
import type { Authenticate, Caller, RequestFacts } from './caller.ts';
import { Failure } from './failure.ts';
import type { FieldMistake } from './failure.ts';

export type App = Hono<{ Bindings: HttpBindings }>;

export type RouteDeps = {
  readonly authenticate: Authenticate;
  readonly log: Logger;
  /** Base of the public pages and the console, without a trailing slash; its origin is our own. */
  readonly publicUrl: string;
};

/** What a handler gets. `setHeader` adds a header to a good answer; the same name twice sends both (cookies). */
export type Asked<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Who> = {
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  readonly caller: Who;
  readonly request: RequestFacts;
  readonly setHeader: (name: string, value: string) => void;
};

type Handler<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType, Who> = (
  asked: Asked<P, Q, B, Who>,
) => Promise<z.input<A>>;

/** What a route may ask for beyond the usual. */
export type RouteOptions = {
  /** Runs before the body is read, with what it announces; may throw. What it returns is called when the answer is made. */
  readonly beforeBody?: (request: RequestFacts, caller: Caller | null) => () => void;
  /** Default: `maxBodyBytes`. */
  readonly maxBodyBytes?: number;
};

const jsonHeaders = { 'content-type': 'application/json', 'cache-control': 'no-store' } as const;

const served = new WeakMap<App, Route[]>();

/** The routes that an app serves, in order of registration: what the OpenAPI document is printed from. */
export function routesOf(app: App): readonly Route[] {
  return served.get(app) ?? [];
}

/** Serves a route that needs somebody. Throws at once when the route is declared for nobody. */
export function registerRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  app: App,
  deps: RouteDeps,
  route: Route<P, Q, B, A>,
  handler: Handler<P, Q, B, A, Caller>,
): void {
  if (route.needs === 'nobody') throw new Error(`${route.method} ${route.path} needs nobody: use registerOpenRoute`);
  register(app, deps, route, async (asked) => {
    if (asked.caller === null) throw new Error('a route that needs somebody was called by nobody');
    return handler({ ...asked, caller: asked.caller });
  });
}

/** Serves a route that is open to everybody; `caller` is set when a valid credential came along. */
export function registerOpenRoute<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  app: App,
  deps: RouteDeps,
  route: Route<P, Q, B, A>,
  handler: Handler<P, Q, B, A, Caller | null>,
  options: RouteOptions = {},
): void {
  if (route.needs !== 'nobody') throw new Error(`${route.method} ${route.path} needs ${route.needs}: use registerRoute`);
  register(app, deps, route, handler, options);
}

function register<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType>(
  app: App,
  deps: RouteDeps,
  route: Route<P, Q, B, A>,
  handler: Handler<P, Q, B, A, Caller | null>,
  options: RouteOptions = {},
): void {
  const list = served.get(app) ?? [];
  list.push(route);
  served.set(app, list);
  app.on(route.method, route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (context) => {
    const request = requestFacts(context);
    refuseForeignBrowser(request, deps.publicUrl);
    const caller = await deps.authenticate(request);
    allow(route, caller, request);
    const release = options.beforeBody?.(request, caller);
    try {
      return await answer(context, request, caller);
    } finally {
      release?.();
    }
  });

  async function answer(
    context: Context<{ Bindings: HttpBindings }>,
    request: RequestFacts,
    caller: Caller | null,
  ): Promise<Response> {
    const mistakes: FieldMistake[] = [];
    const params = parsePart(route.params, decodedParams(context), 'path.', mistakes);
    const query = parsePart(route.query, queryOf(context.req.url, mistakes), 'query.', mistakes);
    const sent = route.method === 'GET' ? {} : ((await readJsonBody(context.req.raw, options.maxBodyBytes)) ?? {});
    const body = parsePart(route.body, sent, '', mistakes);
    if (!params.ok || !query.ok || !body.ok || mistakes.length > 0) {
      throw new Failure('bad-request', sentenceFor(mistakes), { fields: mistakes });
    }
    let headers: Headers | null = null;
    const answered = await handler({
      params: params.value,
      query: query.value,
      body: body.value,
      caller,
      request,
      setHeader: (name, value) => (headers ??= new Headers(jsonHeaders)).append(name, value),
    });
    return new Response(JSON.stringify(answered), { status: route.status, headers: headers ?? jsonHeaders });
  }
}

/** What may be known of a request before anybody is known. */
export function requestFacts(context: Context<{ Bindings: HttpBindings }>): RequestFacts {
  return {
    method: context.req.method,
    headers: context.req.raw.headers,
    clientAddress: context.env.incoming.socket.remoteAddress ?? 'unknown',
  };
}

/** Throws Failure unless the caller may use what needs this. Fails closed. */
export function allow(route: Pick<Route, 'needs'>, caller: Caller | null, request: RequestFacts): void {
  if (route.needs === 'nobody') return;
  if (caller === null) throw new Failure('not-signed-in', 'Sign in, or send an API token as “Authorization: Bearer …”.');
  if (caller.via === 'session' && !isReading(request) && !namesItsPage(request)) {
    throw new Failure(
      'not-allowed',
      'This browser does not say which page sent the request, so it was refused. Nothing was changed.',
    );
  }
  if (route.needs !== 'signed-in' && !caller.scopes.has(route.needs)) {
    throw new Failure(
      'not-allowed',
      `This needs “${route.needs}”, which your roles or this token do not hold. Nothing was changed.`,
    );
  }
}

function isReading(request: RequestFacts): boolean {
  return request.method === 'GET' || request.method === 'HEAD';
}

function namesItsPage(request: RequestFacts): boolean {
  return request.headers.has('sec-fetch-site') || request.headers.has('origin');
}

/** Throws Failure for a change that a page of another site sent. */
export function refuseForeignBrowser(request: RequestFacts, publicUrl: string): void {
  if (isReading(request)) return;
  const site = request.headers.get('sec-fetch-site');
  if (site === 'same-origin' || site === 'none') return;
  const origin = request.headers.get('origin');
  if (site === null && origin === null) return;
  if (site === null && origin !== null) {
    if (origin === new URL(publicUrl).origin) return;
    // The same console reached under another name of this machine: the page's own host is the host that it asks.
    const host = request.headers.get('host');
    if (host !== null && (origin === `http://${host}` || origin === `https://${host}`)) return;
  }
  throw new Failure('not-allowed', 'This request came from a page of another site, so it was refused. Nothing was changed.');
}

function decodedParams(context: Context): Record<string, string> {
  return context.req.param();
}

function queryOf(url: string, mistakes: FieldMistake[]): Record<string, string> {
  const values: Record<string, string> = {};
  if (!url.includes('?')) return values;
  for (const [name, value] of new URL(url).searchParams) {
    if (Object.hasOwn(values, name)) mistakes.push({ path: `query.${name}`, message: 'is given more than once' });
    if (!isPlainText(value)) mistakes.push({ path: `query.${name}`, message: 'holds control characters' });
    values[name] = value;
  }
  return values;
}

type Parsed<Schema extends z.ZodType> = { ok: true; value: z.output<Schema> } | { ok: false };

function parsePart<S extends z.ZodType>(schema: S, value: unknown, prefix: string, mistakes: FieldMistake[]): Parsed<S> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  for (const issue of result.error.issues) {
    const path = `${prefix}${issue.path.map(String).join('.')}`;
    if (issue.code === 'unrecognized_keys') {
      const base = issue.path.length > 0 ? `${path}.` : prefix;
      for (const key of issue.keys) mistakes.push({ path: `${base}${key}`, message: 'is not known here' });
    } else {
      mistakes.push({ path: path.replace(/\.$/, '') || 'body', message: issue.message });
    }
  }
  return { ok: false };
}

function sentenceFor(mistakes: readonly FieldMistake[]): string {
  const shown = mistakes.slice(0, 3).map((mistake) => `${mistake.path}: ${mistake.message}`);
  const more = mistakes.length > 3 ? ` and ${mistakes.length - 3} more` : '';
  return `${shown.join('; ')}${more}. Nothing was changed.`;
}
