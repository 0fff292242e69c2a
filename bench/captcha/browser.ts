/**
 * How long a whole check takes in Chromium: page loaded anew for each, nothing in its cache, served from this process over loopback.
 *
 * Unthrottled in a worker, as visitors have it; slowed down six times by the browser itself, with the same script in the page's own thread. What of
 * the time is the network and a page that is being laid out, a real visitor has more of.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { checkPaths } from '../../contract/captcha.ts';
import { strongFileBytes, strongFiles } from '../../edge/render/pages/strong-files.ts';
import { startBrowser } from '../../tests/harness/browser.ts';
import { ours } from './ours.ts';

export type Solved = { readonly tookMs: number; readonly steps: number; readonly hashMs: number | null };
const Taken = z.object({ tookMs: z.number(), steps: z.int(), hashMs: z.number().nullable(), end: z.string() });

/** `throttle` 1: not slowed down. Throws when a check ends without a token. */
export async function solveInBrowser(tries: number, throttle: number): Promise<readonly Solved[]> {
  const { checks } = ours('normal');
  const files = strongFileBytes();
  const script = readFileSync(new URL('page.js', import.meta.url));
  const server = createServer((request, response) => {
    const { url = '/' } = request;
    const name = Object.entries(checkPaths).find(([, path]) => path === url)?.[0];
    const file = strongFiles.find(({ path }) => url === `/captcha/${path}`);
    if (name === 'begin' || name === 'answer' || name === 'wait') {
      void bodyOf(request).then(async (body) => {
        const reply = await checks[name]({ body, network: '192.0.2.0/24' });
        response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(reply));
      });
    } else if (file !== undefined) {
      const gzip = file.file.endsWith('.gz') ? { 'content-encoding': 'gzip' } : {};
      response.writeHead(200, { 'content-type': 'text/javascript', 'cache-control': 'no-store', ...gzip }).end(files[file.file]);
    } else if (url === '/page.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    else
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>bench</title><script src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the bench listens nowhere');
  const browser = await startBrowser([]);
  try {
    const page = await browser.newPage();
    const session = await page.context().newCDPSession(page);
    const solved: Solved[] = [];
    // The first try warms the browser up and is not counted.
    for (let turn = 0; turn <= tries; turn += 1) {
      await session.send('Emulation.setCPUThrottlingRate', { rate: 1 });
      await page.goto(`http://127.0.0.1:${address.port}/`);
      await session.send('Emulation.setCPUThrottlingRate', { rate: throttle });
      const taken = Taken.parse(await page.evaluate(throttle === 1 ? `check('worker')` : `check('page')`));
      if (taken.end === 'refused') throw new Error('a check of the bench was refused');
      if (turn > 0) solved.push(taken);
    }
    return solved;
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text);
}
