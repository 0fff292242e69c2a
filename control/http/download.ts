/**
 * Serves what is no JSON: files and streams, with the same guards as a route of the contract, in the same order (control/http/register.ts).
 *
 * The handler makes the whole answer. Not in the OpenAPI document, which lists the contract's routes. Guards fail closed.
 */
import type { z } from 'zod';
import type { Route } from '../../contract/routes/route.ts';
import { readJsonBody } from './body.ts';
import type { Caller, RequestFacts } from './caller.ts';
import { Failure } from './failure.ts';
import { allow, refuseForeignBrowser, requestFacts } from './register.ts';
import type { App, RouteDeps } from './register.ts';

export type Download<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType> = Pick<
  Route<Params, Query, Body>,
  'method' | 'path' | 'needs' | 'params' | 'query' | 'body'
>;

export type DownloadAsked<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> = {
  readonly params: z.output<P>;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  readonly caller: Caller;
  readonly request: RequestFacts;
};

export function registerDownload<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType>(
  app: App,
  deps: RouteDeps,
  served: Download<P, Q, B>,
  handler: (asked: DownloadAsked<P, Q, B>) => Promise<Response>,
): void {
  app.on(served.method, served.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (context) => {
    const request = requestFacts(context);
    refuseForeignBrowser(request, deps.publicUrl);
    const caller = await deps.authenticate(request);
    allow(served, caller, request);
    if (caller === null) throw new Error('a download that needs somebody was called by nobody');
    const sent = served.method === 'GET' ? {} : ((await readJsonBody(context.req.raw)) ?? {});
    return handler({
      params: parsed(served.params, context.req.param(), 'path.'),
      query: parsed(served.query, Object.fromEntries(new URL(context.req.url).searchParams), 'query.'),
      body: parsed(served.body, sent, ''),
      caller,
      request,
    });
  });
}

function parsed<S extends z.ZodType>(schema: S, value: unknown, prefix: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const fields = result.error.issues.map((issue) => ({ path: `${prefix}${issue.path.join('.')}`, message: issue.message }));
  const [first] = fields;
  throw new Failure('bad-request', `${first?.path ?? 'request'}: ${first?.message ?? 'does not fit'}. Nothing was changed.`, {
    fields,
  });
}
