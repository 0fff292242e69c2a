/**
 * The built console behind a small HTTP server: its files under the policy that the control plane sends, the mock as its API.
 *
 * The build is made once in a run. What is served ends with `close`, which also drops event streams.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { consolePolicy } from '../../control/http/console.ts';
import type { Mock } from '../../web/console/mock/mock.ts';
import { until } from './ports.ts';

const consoleRoom = fileURLToPath(new URL('../../web/console/', import.meta.url));

/** Where the console is built for operators, and where the control plane looks for it. */
export const consoleFolder = path.join(consoleRoom, 'dist');

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

/** Builds the console into a folder as it is built for operators: in a process of its own, because a test's environment says “test”. */
export async function buildConsole(outDir: string): Promise<void> {
  const vite = fileURLToPath(new URL('../../node_modules/vite/bin/vite.js', import.meta.url));
  const args = [vite, 'build', '--config', path.join(consoleRoom, 'vite.config.ts'), '--outDir', outDir, '--logLevel', 'error'];
  await promisify(execFile)(process.execPath, args, { env: { ...process.env, NODE_ENV: 'production' } });
}

/**
 * A folder with the console as operators have it, for reading only. Whoever asks first in a run of the suite builds it, the others wait: ten seconds
 * of a CPU each. The folder is the run's (TMPDIR, see whole-run.ts) and ends with it.
 */
export async function builtConsole(): Promise<string> {
  const folder = path.join(tmpdir(), 'console');
  const outcome = `${folder}.outcome`;
  try {
    await mkdir(folder);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const said = await until('another test file has built the console', () => readFile(outcome, 'utf8'), { timeoutMs: 120_000 });
    if (said !== 'built') throw new Error(said, { cause: error });
    return folder;
  }
  try {
    await buildConsole(folder);
    await writeFile(outcome, 'built');
  } catch (error) {
    await writeFile(outcome, `the console could not be built: ${String(error)}`);
    throw error;
  }
  return folder;
}

const blank = '/blank';

/**
 * Between two tests on one page: leaves the console for a page of the same origin on which nothing runs, and forgets what was kept and who listened. The next
 * test loads the console anew, in a renderer that has compiled it before: that is half of the time that a new one needs.
 */
export async function leaveConsole(page: Page, { url }: ServedConsole): Promise<void> {
  await page.goto(`${url}${blank}`);
  await page.evaluate('localStorage.clear(); sessionStorage.clear()');
  await page.mouse.move(0, 0);
  for (const event of ['console', 'pageerror', 'request'] as const) page.removeAllListeners(event);
}

export type ServedConsole = { readonly url: string; readonly close: () => Promise<void> };

/** Serves built files under `/console/` and the mock for everything else, on a free port of loopback. */
export async function serveConsole(dist: string, mock: () => Pick<Mock, 'handle'>): Promise<ServedConsole> {
  const server = http.createServer((request, response) => {
    answer(dist, mock(), request, response).catch((error: unknown) => {
      response.writeHead(500);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    url: `http://localhost:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  dist: string,
  mock: Pick<Mock, 'handle'>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  if (url.pathname === blank) {
    response.writeHead(200, { 'content-type': types['.html'] }).end();
    return;
  }
  if (url.pathname.startsWith('/console')) {
    await sendFile(dist, url.pathname.slice('/console'.length), response);
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) if (chunk instanceof Buffer) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const method = request.method ?? 'GET';
  const answered = await mock.handle(new Request(url, body === '' ? { method } : { method, body }));
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  if (answered.body === null) {
    response.end();
    return;
  }
  response.flushHeaders();
  const stream = Readable.fromWeb(answered.body);
  response.on('close', () => stream.destroy());
  stream.on('error', () => response.destroy());
  stream.pipe(response);
}

/** A file of the build, or the one page of the application for every other path. */
async function sendFile(dist: string, wanted: string, response: http.ServerResponse): Promise<void> {
  const inside = path.normalize(wanted).replace(/^[/\\]+/, '');
  const asked = path.join(dist, inside);
  const found =
    inside !== '' &&
    !inside.startsWith('..') &&
    (await stat(asked).then(
      (info) => info.isFile(),
      () => false,
    ));
  const file = found ? asked : path.join(dist, 'index.html');
  response.writeHead(200, {
    'content-type': types[path.extname(file)] ?? 'application/octet-stream',
    'content-security-policy': consolePolicy,
  });
  response.end(await readFile(file));
}
