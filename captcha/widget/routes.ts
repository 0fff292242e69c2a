/**
 * Where the captcha's files are found: at the addresses that each dialect's clients know, with whatever query they send.
 *
 * The query of api.js is the page's own (`onload`, `render`, `hl`, …): the script reads it, the bytes are the same for all.
 */
import type { Asked, Reply, Route } from '../provider/http.ts';
import { apiVersion, readWidgetFiles } from './files.ts';
import type { ApiDialect, WidgetFile } from './files.ts';

/** Dialects by the path of their script. */
const apiPaths: readonly (readonly [path: string, dialect: ApiDialect])[] = [
  ['/1/api.js', 'hcaptcha'],
  ['/1/secure-api.js', 'hcaptcha'],
  ['/recaptcha/api.js', 'recaptcha'],
  ['/recaptcha/enterprise.js', 'recaptcha'],
  ['/turnstile/v0/api.js', 'turnstile'],
];
const versionPaths: readonly (readonly [path: string, dialect: ApiDialect])[] = [
  ['/1/:version/api.js', 'hcaptcha'],
  ['/recaptcha/:version/api.js', 'recaptcha'],
  ['/turnstile/v0/:version/api.js', 'turnstile'],
];
const newest = { 'cache-control': 'public, max-age=3600' };
const forGood = { 'cache-control': 'public, max-age=31536000, immutable' };
const unknown: Reply = {
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'access-control-allow-origin': '*' },
  body: 'There is no such version.\n',
};

/** The routes of everything that a browser loads. Reads the files. */
export function widgetRoutes(): readonly Route[] {
  const files = readWidgetFiles();
  return [
    ...apiPaths.map(([path, dialect]): Route => ({
      method: 'GET',
      path,
      handle: (asked) => reply(asked, files.api[dialect], newest),
    })),
    ...versionPaths.map(([path, dialect]): Route => ({
      method: 'GET',
      path,
      handle: (asked) => (asked.params['version'] === apiVersion ? reply(asked, files.api[dialect], forGood) : unknown),
    })),
    { method: 'GET', path: '/widget/frame', handle: (asked) => reply(asked, files.frame(languageAsked(asked))) },
    {
      method: 'GET',
      path: `${files.folder}*`,
      handle: (asked) => {
        const found = files.assets.get(asked.params['*'] ?? '');
        return found === undefined ? unknown : reply(asked, found);
      },
    },
  ];
}

function languageAsked({ query }: Asked): string {
  const [asked] = query.get('hl') ?? [];
  return typeof asked === 'string' ? asked : 'en';
}

function reply({ headers: asked }: Asked, found: WidgetFile, more: Readonly<Record<string, string>> = {}): Reply {
  const headers = { ...found.headers, ...more };
  if (asked['if-none-match'] === found.headers['etag']) return { status: 304, headers };
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(String(asked['accept-encoding'] ?? ''));
  return takesGzip
    ? { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: found.gzip }
    : { status: 200, headers, body: found.bytes };
}
