/** The captcha's files: bytes that pages may pin, their weight, what is said with them, and words in every language. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Asked, Reply } from '../provider/http.ts';
import { apiDialects, apiText, apiVersion, readWidgetFiles } from './files.ts';
import { widgetRoutes } from './routes.ts';
import { languageFor, widgetLanguages, wordsOf } from './words.ts';

const files = readWidgetFiles();
const routes = widgetRoutes();

async function ask(path: string, headers: Asked['headers'] = {}, params: Asked['params'] = {}): Promise<Reply> {
  const [bare = '', query = ''] = path.split('?');
  const route = routes.find((one) => one.path === bare || (one.path.endsWith('*') && bare.startsWith(one.path.slice(0, -1))));
  if (route === undefined) throw new Error(`no route for ${path}`);
  const rest = route.path.endsWith('*') ? { '*': bare.slice(route.path.length - 1) } : params;
  const asked: Asked = {
    method: 'GET',
    path: bare,
    params: rest,
    query: new Map([...new URLSearchParams(query)].map(([name, value]) => [name, [value]])),
    body: { kind: 'none' },
    address: '192.0.2.1',
    host: 'captcha.example',
    proto: 'https',
    headers,
  };
  return await route.handle(asked);
}

describe('api.js', () => {
  // Pages pin these bytes (`integrity`). Whoever changes them raises `apiVersion`, and lets the old bytes be served on under the old version.
  const pinned = {
    version: '1.0.0',
    hcaptcha: '9c7283dc2db5014bdf22bab8df946ccc0b900f03019dba893cc3641ae470d9b3',
    recaptcha: 'ae21346e68d64854fe8f4bf9afb8826ffa8fef1a3692569cdcb30e6335bdb6e7',
    turnstile: 'bcb73273ac8f0088315d65901a069f87e8e9b71f9427c9307b52cea451750347',
  };
  it('is the same to the byte in a version, for every dialect', () => {
    const hashes = apiDialects.map((dialect) => [dialect, createHash('sha256').update(apiText(dialect)).digest('hex')]);
    expect({ version: apiVersion, ...Object.fromEntries(hashes) }).toEqual(pinned);
  });

  it('weighs less than 15 kB with gzip, and asks for no eval, no inline code and no worker', () => {
    for (const dialect of apiDialects) {
      expect(files.api[dialect].gzip.byteLength).toBeLessThan(15_000);
      expect(apiText(dialect)).not.toMatch(
        /\beval\s*\(|new Function|innerHTML|setAttribute\('style|new Worker|fetch\(|document\.write/,
      );
    }
  });

  it.each(['/1/api.js', '/1/secure-api.js', '/recaptcha/api.js', '/recaptcha/enterprise.js', '/turnstile/v0/api.js'])(
    'at %s is for pages anywhere, with any query',
    async (path) => {
      const plain = await ask(`${path}?onload=x&render=explicit&hl=de&onload=y&sentry=false`);
      expect(plain.status).toBe(200);
      expect(plain.headers).toMatchObject({
        'access-control-allow-origin': '*',
        'cross-origin-resource-policy': 'cross-origin',
        'content-type': 'text/javascript; charset=utf-8',
        vary: 'Accept-Encoding',
      });
      expect((await ask(path)).body).toEqual(plain.body);
      expect((await ask(path, { 'accept-encoding': 'br, gzip;q=0.5' })).headers?.['content-encoding']).toBe('gzip');
      expect((await ask(path, { 'accept-encoding': 'gzip;q=0' })).headers?.['content-encoding']).toBeUndefined();
      expect((await ask(path, { 'if-none-match': plain.headers?.['etag'] })).status).toBe(304);
    },
  );

  it('of a version is kept for good, and of an unknown version is not there', async () => {
    const known = await ask('/1/:version/api.js', {}, { version: apiVersion });
    expect([known.status, known.headers?.['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect((await ask('/1/:version/api.js', {}, { version: '9.9.9' })).status).toBe(404);
  });
});

describe('the frame', () => {
  it('may stand in anybody’s page, and may do nothing but check', async () => {
    const { headers, body } = await ask('/widget/frame?hl=he');
    expect(headers?.['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'",
    );
    expect(headers?.['cross-origin-embedder-policy']).toBe('require-corp');
    expect(headers?.['x-frame-options']).toBeUndefined();
    expect(String(body)).toContain('<html lang="he" dir="rtl"');
    expect(String(body)).toContain('<title>Portcullis captcha</title>');
  });

  it('finds all its files in its own folder, and nothing else there', async () => {
    const html = String((await ask('/widget/frame')).body);
    const named = [...html.matchAll(/(?:href|src|data-solver)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(named).toHaveLength(3);
    for (const path of [...named, `${files.folder}argon2.js`, `${files.folder}noble/argon2.js`])
      expect((await ask(path)).status).toBe(200);
    for (const path of ['../api.js', 'package.json', '', 'noble/../frame.js'])
      expect((await ask(files.folder + path)).status).toBe(404);
  });
});

describe('words', () => {
  it('are there in 30 languages and more, each string in each, none of them copied from English', () => {
    expect(widgetLanguages.length).toBeGreaterThanOrEqual(30);
    const english = wordsOf('en').words;
    for (const language of widgetLanguages) {
      const { words } = wordsOf(language);
      for (const [name, text] of Object.entries(words)) {
        expect(text.trim()).not.toBe('');
        expect(text.length).toBeLessThan(120);
        if (language !== 'en') expect(Object.entries(english)).not.toContainEqual([name, text]);
      }
      expect(new Set(Object.values(words)).size).toBe(13);
    }
  });

  it('are found for whatever a page or a browser calls a language', () => {
    const cases = {
      'de-CH': 'de',
      zh_TW: 'zh-tw',
      'zh-Hant-HK': 'zh-tw',
      no: 'nb',
      iw: 'he',
      'pt-AO': 'pt-br',
      tlh: 'en',
      '': 'en',
      constructor: 'en',
      __proto__: 'en',
    };
    for (const [asked, language] of Object.entries(cases)) expect(languageFor(asked)).toBe(language);
    fc.assert(fc.property(fc.string(), (asked) => widgetLanguages.includes(languageFor(asked))));
  });
});
