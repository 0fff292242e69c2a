/**
 * Everything that browsers load of the captcha: each dialect's api.js, the frame, its worker. Read and put together once, at the start.
 *
 * api.js is one source below each dialect's table of names. Its bytes belong to its version: pages pin them (`integrity`), so whoever changes
 * them raises `apiVersion` (files.test.ts holds the hash). `/1/api.js` is the newest; `/1/<version>/api.js` stays as it is.
 * The frame's files stand in a folder named for their contents, and are kept by browsers for good. The solver is the shield's, the same file.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { argon2Scripts } from '../../kit/argon2-scripts.ts';
import { framePage, framePolicy } from './frame/frame.ts';
import { languageFor, widgetLanguages } from './words.ts';

export const apiDialects = ['hcaptcha', 'recaptcha', 'turnstile'] as const;
export type ApiDialect = (typeof apiDialects)[number];

/** Of the bytes of api.js, in all dialects. */
export const apiVersion = '1.0.0';

export type WidgetFile = {
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  readonly gzip: Uint8Array;
};

export type WidgetFiles = {
  readonly api: Readonly<Record<ApiDialect, WidgetFile>>;
  /** The frame's page for a language tag, whatever it is. */
  readonly frame: (asked: string) => WidgetFile;
  /** The folder of the frame's own files, and the files by their path in it. */
  readonly folder: string;
  readonly assets: ReadonlyMap<string, WidgetFile>;
};

const script = 'text/javascript; charset=utf-8';
/** For scripts and frames in anybody's page, isolated ones too. */
const shared = {
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
  vary: 'Accept-Encoding',
};
const isolated = { ...shared, 'cross-origin-embedder-policy': 'require-corp', 'referrer-policy': 'no-referrer' };
/** Compiles WebAssembly and loads its neighbours. */
const workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'";

const read = (name: string) => readFileSync(new URL(name, import.meta.url));
const hashOf = (bytes: Uint8Array, encoding: 'hex' | 'base64') => createHash('sha256').update(bytes).digest(encoding);

/** The text of a dialect's api.js. */
export function apiText(dialect: ApiDialect): string {
  const parts = ['address.js', `dialects/${dialect}.js`, 'api.js'].map((name) => read(name).toString('utf8'));
  return `(function () {\n'use strict';\n${parts.join('\n')}})();\n`;
}

/** What a page writes as `integrity`. */
export function integrityOf(bytes: Uint8Array): string {
  return `sha256-${hashOf(bytes, 'base64')}`;
}

function file(bytes: Uint8Array, headers: Readonly<Record<string, string>>): WidgetFile {
  return {
    bytes,
    gzip: gzipSync(bytes, { level: 9 }),
    headers: { etag: `W/"${hashOf(bytes, 'hex').slice(0, 32)}"`, ...headers },
  };
}

/** Reads all files. */
export function readWidgetFiles(): WidgetFiles {
  const api = (dialect: ApiDialect) => file(Buffer.from(apiText(dialect)), { 'content-type': script, ...shared });
  const sources: readonly {
    readonly path: string;
    readonly bytes: Uint8Array;
    readonly headers: Readonly<Record<string, string>>;
  }[] = [
    { path: 'frame.js', bytes: read('frame/frame.js'), headers: { 'content-type': script } },
    { path: 'frame.css', bytes: read('frame/frame.css'), headers: { 'content-type': 'text/css; charset=utf-8' } },
    {
      path: 'solver.js',
      bytes: read('../../edge/render/pages/solver.js'),
      headers: { 'content-type': script, 'content-security-policy': workerPolicy },
    },
    ...argon2Scripts().map(({ path, bytes }) => ({ path, bytes, headers: { 'content-type': script } })),
  ];
  const name = hashOf(Buffer.concat(sources.map(({ bytes }) => bytes)), 'hex').slice(0, 16);
  const folder = `/widget/${name}/`;
  const forGood = { 'cache-control': 'public, max-age=31536000, immutable' };
  const pages = new Map(
    widgetLanguages.map((language) => [
      language,
      file(Buffer.from(framePage(language, folder)), {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': framePolicy,
        'cache-control': 'public, max-age=300',
        ...isolated,
      }),
    ]),
  );
  const english = pages.get('en');
  if (english === undefined) throw new Error('the captcha has no English');
  return {
    api: { hcaptcha: api('hcaptcha'), recaptcha: api('recaptcha'), turnstile: api('turnstile') },
    frame: (asked) => pages.get(languageFor(asked)) ?? english,
    folder,
    assets: new Map(sources.map(({ path, bytes, headers }) => [path, file(bytes, { ...headers, ...isolated, ...forGood })])),
  };
}
