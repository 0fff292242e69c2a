/**
 * Serves the built console (web/console/dist) below /console/; every path without a file is the application itself.
 *
 * Only files that the folder holds are named, so no path leads out of it. Names below assets/ carry a hash and never change.
 * A passkey belongs to a name, not to an address: whoever opens a console for `localhost` by 127.0.0.1 is led to the name.
 */
import { readFile, stat } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { compress } from 'hono/compress';
import type { App } from './register.ts';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

/** What the console needs, and no more: everything from here, nothing inline (elements are sized through the style object, which no policy minds). */
export const consolePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export function registerConsole(app: App, folder: string, publicUrl: string): void {
  // A phone on a slow line gets a third of the bytes.
  app.use('/console/*', compress());
  app.get('/console', (context) => context.redirect('/console/', 308));
  app.get('/console/*', async (context) => {
    const named = addressByName(context.req.url, context.req.raw.headers, publicUrl);
    if (named !== null) return context.redirect(named, 307);
    const asked = decoded(context.req.path).slice('/console/'.length);
    const file = await readSafely(folder, asked);
    if (file !== null) return answer(file, asked, asked.startsWith('assets/'));
    const index = extname(asked) === '' || asked === '' ? await readSafely(folder, 'index.html') : null;
    if (index !== null) return answer(index, 'index.html', false);
    const missing = extname(asked) === '';
    return context.text(
      missing
        ? 'The console is not built yet: run “node tools/setup.mjs install” in the folder of the program.\n'
        : 'There is no such file.\n',
      missing ? 503 : 404,
    );
  });
}

/**
 * Where a browser should go instead when it opens the console by a loopback address although it is bound to `localhost`; else null. Only for the
 * same port: another one is a tunnel, whose other end we do not know. Never for other hosts: their `localhost` is another machine.
 */
export function addressByName(url: string, headers: Headers, publicUrl: string): string | null {
  const home = new URL(publicUrl);
  const host = headers.get('host') ?? '';
  if (home.hostname !== 'localhost' || !URL.canParse(`http://${host}`)) return null;
  const asked = new URL(`http://${host}`);
  if (!/^(127\.[\d.]+|\[::1\])$/.test(asked.hostname) || asked.port !== home.port) return null;
  const mode = headers.get('sec-fetch-mode');
  const opensPage = mode === null ? headers.get('accept')?.includes('text/html') === true : mode === 'navigate';
  if (!opensPage) return null;
  const { pathname, search } = new URL(url);
  return `${home.origin}${pathname}${search}`;
}

function answer(bytes: Buffer, name: string, forEver: boolean): Response {
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': types[extname(name)] ?? 'application/octet-stream',
      'cache-control': forEver ? 'public, max-age=31536000, immutable' : 'no-cache',
      'content-security-policy': consolePolicy,
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy':
        'camera=(), geolocation=(), microphone=(), publickey-credentials-get=(self), publickey-credentials-create=(self)',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    },
  });
}

async function readSafely(folder: string, asked: string): Promise<Buffer | null> {
  const path = join(folder, normalize(`/${asked}`));
  if (asked.includes('\0') || !path.startsWith(`${folder}/`)) return null;
  try {
    return (await stat(path)).isFile() ? await readFile(path) : null;
  } catch {
    return null;
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
