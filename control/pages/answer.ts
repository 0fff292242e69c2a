/**
 * How every public page is answered: strict headers, the reader's language, errors as pages with the reference that is in the log.
 *
 * `private`: for pages behind a private link or with what somebody typed in them: never stored, never listed. Not here: which pages there are.
 */
import type { Context } from 'hono';
import { Problem } from '../../contract/errors.ts';
import { problemResponse } from '../http/problem.ts';
import type { ControlDeps } from '../deps.ts';
import { loadAssets } from './assets.ts';
import type { Assets } from './assets.ts';
import { layout } from './layout.ts';
import type { PageBody } from './layout.ts';
import { errorPage } from './plain.ts';
import { english } from './words/en.ts';
import { wordsFor } from './words/index.ts';
import type { Words } from './words/index.ts';

/** Pages change with a decision; a browser may keep one only while it asks whether it is still the newest. */
export const pageCache = 'no-cache';

/** Headers of every public answer. */
export function publicHeaders(publicUrl: string): Record<string, string> {
  return {
    'content-security-policy':
      "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), browsing-topics=()',
    vary: 'Accept, Accept-Language',
    ...(publicUrl.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}

const privateHeaders = { 'cache-control': 'no-store', 'x-robots-tag': 'noindex, nofollow' };

export type PageAnswers = {
  readonly assets: Assets;
  /** A page. `extra`: more headers; a name that is set already is replaced, `set-cookie` is added. */
  readonly answer: (words: Words, page: PageBody, status?: number, extra?: Readonly<Record<string, string>>) => Promise<Response>;
  /** To another page of ours, by GET. */
  readonly redirect: (to: string, extra?: Readonly<Record<string, string>>) => Response;
  /** What a handler threw, as a page, or as a problem document for programs. */
  readonly failed: (error: unknown, context: Context) => Promise<Response>;
};

export function pageAnswers(deps: Pick<ControlDeps, 'provider' | 'publicUrl' | 'log'>): PageAnswers {
  const assets = loadAssets();
  const headers = publicHeaders(deps.publicUrl);

  async function answer(words: Words, page: PageBody, status = 200, extra: Readonly<Record<string, string>> = {}) {
    const text = await layout({ words, provider: deps.provider, assets }, page);
    return new Response(text.toString(), {
      status,
      headers: {
        ...headers,
        'content-type': 'text/html; charset=utf-8',
        'content-language': words.language,
        'cache-control': pageCache,
        ...(page.private === true ? privateHeaders : {}),
        ...extra,
      },
    });
  }

  return {
    assets,
    answer,
    redirect: (to, extra = {}) =>
      new Response(null, { status: 303, headers: { ...headers, ...privateHeaders, location: to, ...extra } }),
    async failed(error, context) {
      const problem = problemResponse(error, { method: context.req.method, path: context.req.path }, deps);
      if (wantsData(context)) return problem;
      const { code, detail, reference, status } = Problem.parse(await problem.json());
      const kept = ['connection', 'retry-after'].flatMap((name) => {
        const value = problem.headers.get(name);
        return value === null ? [] : [[name, value] as const];
      });
      return answer(english, errorPage(code, { detail, reference }), status, Object.fromEntries(kept));
    },
  };
}

export function wordsOf(context: Context): Words {
  return wordsFor(context.req.header('accept-language') ?? null);
}

/** Programs that name JSON and not HTML get JSON. */
export function wantsData(context: Context): boolean {
  const accept = context.req.header('accept') ?? '';
  return /\bapplication\/(?:problem\+)?json\b/.test(accept) && !/\btext\/html\b/.test(accept);
}
