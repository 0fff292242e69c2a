/**
 * Serves the built console (web/console/dist) below /console/; every path without a file is the application itself.
 *
 * Only files that the folder holds are named, so no path leads out of it. Names below assets/ carry a hash and never change.
 */
import { readFile, stat } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
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
  '.woff2': 'font/woff2',
};

/** Scripts and connections only from here; style attributes are Mantine's way to size things. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export function registerConsole(app: App, folder: string): void {
  app.get('/console', (context) => context.redirect('/console/', 308));
  app.get('/console/*', async (context) => {
    const asked = decoded(context.req.path).slice('/console/'.length);
    const file = await readSafely(folder, asked);
    if (file !== null) return answer(file, asked, asked.startsWith('assets/'));
    const index = extname(asked) === '' || asked === '' ? await readSafely(folder, 'index.html') : null;
    if (index !== null) return answer(index, 'index.html', false);
    const missing = extname(asked) === '';
    return context.text(
      missing ? 'The console is not built yet: run “npm run build” in the folder of the program.\n' : 'There is no such file.\n',
      missing ? 503 : 404,
    );
  });
}

function answer(bytes: Buffer, name: string, forEver: boolean): Response {
  return new Response(new Uint8Array(bytes), {
    headers: {
      'content-type': types[extname(name)] ?? 'application/octet-stream',
      'cache-control': forEver ? 'public, max-age=31536000, immutable' : 'no-cache',
      'content-security-policy': policy,
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
