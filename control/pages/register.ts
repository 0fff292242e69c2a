/**
 * The public pages, served: HTML for people, JSON for programs that ask for it, nothing that needs a script or a sign-in.
 *
 * Every answer carries the strictest headers that a page without scripts can have. An error here is a page too, with the reference that
 * is in the log. HEAD is answered by the GET handlers (Hono strips the body).
 */
import type { Context } from 'hono';
import { ErrorCode } from '../../contract/errors.ts';
import { DecisionNumber } from '../../contract/ids.ts';
import { instantOf } from '../../core/instant.ts';
import { Failure, notFound } from '../http/failure.ts';
import { problemResponse } from '../http/problem.ts';
import type { ControlDeps } from '../deps.ts';
import type { App } from '../http/register.ts';
import { versionsOf } from '../record/statements.ts';
import { pageAnswers, pageCache, publicHeaders, wantsData, wordsOf } from './answer.ts';
import type { Asset } from './assets.ts';
import { decisionPage, decisionsPage, noSuchDecision } from './decision.ts';
import { publicFacts } from './facts.ts';
import { decisionFeed } from './feed.ts';
import { homePage } from './home.ts';
import { appealPage, edgeAnswersPage, errorList, errorPage, helpPage, notFoundPage } from './plain.ts';
import { noActionPage } from './statement.ts';
import { english } from './words/en.ts';
import type { Words } from './words/index.ts';

export type PagesDeps = ControlDeps & {
  /** Where appeals are sent for now: a `mailto:` or `https:` address; null or left out when the operator gave none. */
  readonly contact?: string | null;
};

const assetCache = 'public, max-age=31536000, immutable';

const hidden = ['/api/', '/console/', '/edge/', '/r/', '/n/', '/report/status'];
const robots = ['User-agent: *', ...hidden.map((path) => `Disallow: ${path}`), ''].join('\n');

/** Serves all pages. Returns the page for whatever no route knows, for the app's `notFound`. */
export function registerPages(app: App, deps: PagesDeps): (context: Context) => Promise<Response> {
  const { assets, answer, failed } = pageAnswers(deps);
  const facts = publicFacts(deps);
  const headers = publicHeaders(deps.publicUrl);

  function data(value: unknown): Response {
    return new Response(JSON.stringify(value), {
      headers: { ...headers, 'content-type': 'application/json', 'cache-control': pageCache, 'access-control-allow-origin': '*' },
    });
  }

  function page(path: string, handler: (words: Words, context: Context) => Promise<Response>): void {
    app.get(path, async (context) => {
      try {
        return await handler(wordsOf(context), context);
      } catch (error) {
        return failed(error, context);
      }
    });
  }

  page('/', async (words, context) => {
    const status = await facts.status();
    const now = instantOf(deps.now());
    if (wantsData(context)) return data(await publicStatus());
    return answer(words, homePage(words, status, await facts.incidents(), await facts.decisions(null), now));
  });

  async function publicStatus() {
    const status = await facts.status();
    return {
      provider: status.provider,
      now: status.now,
      sitesReady: status.sitesReady,
      decisionsInForce: (await facts.decisions(null)).inForce.length,
      groups: status.groups.map(({ edges, current, away, p50Ms, p99Ms }) => ({ edges, current, away, p50Ms, p99Ms })),
      incidents: await facts.incidents(),
    };
  }
  page('/status.json', async () => data(await publicStatus()));

  const list = async (context: Context) => {
    const typed = context.req.query('before');
    const before = typed === undefined ? null : Number(typed);
    if (before !== null && !(Number.isSafeInteger(before) && before > 0)) {
      throw new Failure('bad-request', 'The list has no such page. Start from its first page.');
    }
    return { first: before === null, list: await facts.decisions(before) };
  };
  const listData = async (context: Context) => {
    const found = await list(context);
    return data({ items: [...found.list.inForce, ...found.list.over], notActed: found.list.notActed, next: found.list.next });
  };
  page('/decisions', async (words, context) => {
    if (wantsData(context)) return listData(context);
    const found = await list(context);
    return answer(words, decisionsPage(words, found.list, found.first));
  });
  page('/decisions.json', (_words, context) => listData(context));
  page('/decisions.atom', async (words) => {
    const feed = await decisionFeed(words, { ...deps, since: instantOf(deps.now()) }, await facts.decisions(null));
    const type = 'application/atom+xml; charset=utf-8';
    return new Response(feed.toString(), { headers: { ...headers, 'content-type': type, 'cache-control': pageCache } });
  });

  page('/decisions/:number/versions.json', async (_words, context) => {
    const typed = DecisionNumber.safeParse((context.req.param('number') ?? '').toUpperCase());
    // Showing it first keeps the newest version among them.
    const shown = typed.success ? await facts.decision(typed.data) : null;
    if (!typed.success || shown === null) throw notFound('decision');
    return data({ decision: typed.data, versions: await versionsOf(deps, typed.data) });
  });

  page('/decisions/:number', async (words, context) => {
    const typed = context.req.param('number') ?? '';
    const asData = typed.endsWith('.json') || wantsData(context);
    const decision = await facts.decision(typed.replace(/\.json$/, ''));
    if (decision === null) {
      if (!asData) return answer(words, noSuchDecision(words), 404);
      const failure = new Failure('not-found', words.decision.notFound);
      return problemResponse(failure, { method: context.req.method, path: context.req.path }, deps);
    }
    if (asData) return data(decision);
    return answer(words, 'kind' in decision ? noActionPage(words, decision) : decisionPage(words, decision, deps.now()));
  });

  page('/help', async (words) => answer(words, helpPage(words)));
  page('/appeal', async (words) => answer(words, appealPage(words, deps.contact ?? null)));
  page('/errors', async () => answer(english, errorList()));
  page('/errors/:code', async (words, context) => {
    const code = ErrorCode.safeParse(context.req.param('code'));
    return code.success ? answer(english, errorPage(code.data, null)) : answer(words, notFoundPage(words), 404);
  });
  page('/problems/:kind', async () => answer(english, edgeAnswersPage()));

  const file = (asset: Asset, cache: string) =>
    new Response(asset.bytes, { headers: { ...headers, 'content-type': asset.type, 'cache-control': cache } });
  app.get('/favicon.svg', () => file(assets.mark, 'public, max-age=86400'));
  for (const asset of assets.byPath.values()) app.get(asset.path, () => file(asset, assetCache));
  app.get('/robots.txt', () => new Response(robots, { headers: { ...headers, 'content-type': 'text/plain; charset=utf-8' } }));

  return async (context) => {
    if (!wantsData(context)) return answer(wordsOf(context), notFoundPage(wordsOf(context)), 404);
    const failure = new Failure('not-found', 'There is nothing at this address. Nothing was changed.');
    return problemResponse(failure, { method: context.req.method, path: context.req.path }, deps);
  };
}
