/** The edge's pages in a real browser: the challenge solves itself and keeps the address, and no page breaks accessibility rules or its own policy. */
import { createServer } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { axeOn, picture, startBrowser } from './harness/browser.ts';
import type { Echo } from './harness/echo.ts';
import { startEcho } from './harness/echo.ts';
import type { Edge } from './harness/haproxy.ts';
import { legalBasis, order, site, startEdge } from './harness/haproxy.ts';
import { freePort } from './harness/ports.ts';

let echo: Echo;
let edge: Edge;
let browser: Browser;

beforeAll(async () => {
  echo = await startEcho();
  const noticed = site(2, ['noticed.example'], echo.port);
  const law = site(3, ['law.example'], echo.port);
  edge = await startEdge({
    sites: [
      site(1, ['attack.example'], echo.port, { mode: 'attack', challenge: { expectedHashes: 20_000, clearanceSeconds: 600 } }),
      site(4, ['slow.example'], echo.port, { mode: 'attack', challenge: { expectedHashes: 100_000_000, clearanceSeconds: 600 } }),
      site(5, ['down.example'], await freePort()),
      noticed,
      law,
    ],
    orders: [order(1, noticed), order(2, law, { basis: legalBasis })],
  });
  browser = await startBrowser([
    'attack.example',
    'slow.example',
    'noticed.example',
    'law.example',
    'down.example',
    'nope.example',
    'outer.example',
  ]);
}, 60_000);
afterAll(async () => {
  await browser.close();
  await edge.stop();
  await echo.stop();
});

/** Opens a page and collects what the browser complains about (a policy that refuses our own style would show here). */
async function open(
  host: string,
  path = '/',
  colorScheme: 'light' | 'dark' = 'light',
): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext({ colorScheme });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  // This puzzle is never solved: without its worker the page stays as it is and leaves the processor alone.
  if (host === 'slow.example')
    await page.route('**/worker.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
  await page.goto(`http://${host}:${edge.port}${path}`);
  return { page, complaints };
}

it('the challenge solves itself, and the visitor arrives at the address that was asked for, query and fragment included', async () => {
  const { page, complaints } = await open('attack.example', '/thread/7?page=2#post-9');
  await page.getByText('"url":"/thread/7?page=2"').waitFor({ timeout: 30_000 });
  expect(page.url()).toBe(`http://attack.example:${edge.port}/thread/7?page=2#post-9`);
  expect(complaints).toEqual([]);
  await page.context().close();
}, 60_000);

it('a form that meets the challenge is not lost: loading the page again sends it', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route('**/form.html', (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<form method="post" action="http://attack.example:${edge.port}/post"><input name="text" value="kept"><button>Send</button></form>`,
    }),
  );
  await page.goto(`http://attack.example:${edge.port}/form.html`);
  await page.click('button');
  await page.getByText('let your browser send the form once more').waitFor({ timeout: 30_000 });
  await page.reload();
  expect(await page.locator('body').innerText()).toContain('"body":"text=kept"');
  await context.close();
}, 60_000);

it.each([
  ['slow.example', 'A short check before you enter'],
  ['noticed.example', 'Access to this site is withdrawn'],
  ['law.example', 'District Court of Example'],
  ['down.example', 'The site’s server does not answer'],
  ['nope.example', 'No such site here'],
])(
  'the page of %s has no accessibility fault in light and dark, and keeps to its own policy',
  async (host, text) => {
    for (const scheme of host === 'noticed.example' ? (['light', 'dark'] as const) : (['light'] as const)) {
      const { page, complaints } = await open(host, '/', scheme);
      expect(await page.locator('body').innerText()).toContain(text);
      const { violations } = await axeOn(page).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
      expect(complaints).toEqual([]);
      await picture(page, `edge-${host.split('.')[0]}-${scheme}`);
      await page.context().close();
    }
  },
  60_000,
);

it('a pass in one tab opens the others that wait for the same site, and Back leads to where one came from', async () => {
  const context = await browser.newContext();
  const [first, second] = [await context.newPage(), await context.newPage()];
  // The second tab never solves by itself: its worker is silent.
  await second.route('**/worker.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
  await second.goto(`http://attack.example:${edge.port}/second#there`);
  await first.goto(`http://down.example:${edge.port}/before`);
  await first.goto(`http://attack.example:${edge.port}/first`);
  await first.getByText('"url":"/first"').waitFor({ timeout: 30_000 });
  await second.getByText('"url":"/second"').waitFor({ timeout: 30_000 });
  expect(second.url()).toContain('/second#there');
  await first.goBack();
  expect(first.url()).toContain('/before');
  await context.close();
}, 60_000);

it('with cookies off the page says so in words, does no work and does not load itself again', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript("Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set: () => undefined })");
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(`http://attack.example:${edge.port}/page`);
  await page.getByText('does not keep our cookie').waitFor({ timeout: 10_000 });
  expect(asked.filter((path) => !path.endsWith('challenge.js') && path !== '/favicon.ico')).toEqual(['/page']);
  await context.close();
}, 60_000);

it('inside another site’s frame the page offers a window of its own', async () => {
  // A real server: a page that the test makes up may not show one on loopback.
  const outer = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<iframe src="http://attack.example:${edge.port}/framed?x=1"></iframe>`);
  });
  await new Promise<void>((resolve) => outer.listen(0, '127.0.0.1', resolve));
  const address = outer.address();
  const outerPort = typeof address === 'object' && address !== null ? address.port : 0;
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`http://outer.example:${outerPort}/`);
  const link = page.frameLocator('iframe').getByRole('link', { name: 'Open it in a window of its own' });
  await link.waitFor({ timeout: 10_000 });
  expect(await link.getAttribute('href')).toBe(`http://attack.example:${edge.port}/framed?x=1`);
  await context.close();
  outer.closeAllConnections();
  await new Promise<void>((resolve) => outer.close(() => resolve()));
}, 60_000);

it('without JavaScript the waiting line leads a browser to the page, without accessibility faults on the way', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'ar' });
  const page = await context.newPage();
  await page.goto(`http://slow.example:${edge.port}/thread?page=3`);
  expect(await page.locator('html').getAttribute('dir')).toBe('rtl');
  await picture(page, 'edge-challenge-ar');
  await page.getByRole('link', { name: 'الانتظار في الصف' }).click();
  await picture(page, 'edge-waiting-ar');
  await page.getByText('"url":"/thread?page=3"').waitFor({ timeout: 30_000 });
  expect(page.url()).toBe(`http://slow.example:${edge.port}/thread?page=3`);
  await context.close();
}, 60_000);
