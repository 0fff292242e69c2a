/** The console on the real provider: the first account by passkey, a site, an order by two people, receipts as they arrive. */
import { existsSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { confirmOrder, listOrders } from '../contract/routes/orders.ts';
import { picture, startBrowser } from './harness/browser.ts';
import { buildConsole, consoleFolder } from './harness/console.ts';
import { freePort, until } from './harness/ports.ts';
import { startProvider } from './harness/provider.ts';
import type { Provider } from './harness/provider.ts';

let provider: Provider;
let browser: Browser;
let origin: http.Server;
let originPort: number;

beforeAll(async () => {
  // Built by the setup of the tests; a developer who runs this file alone may not have it yet.
  if (!existsSync(path.join(consoleFolder, 'index.html'))) await buildConsole(consoleFolder);
  originPort = await freePort();
  origin = http.createServer((_, response) => response.end('the site itself'));
  await new Promise<void>((resolve) => origin.listen(originPort, '127.0.0.1', resolve));
  provider = await startProvider();
  browser = await startBrowser([]);
}, 180_000);

afterAll(async () => {
  await browser.close();
  await provider.stop();
  origin.closeAllConnections();
  await new Promise<void>((resolve) => origin.close(() => resolve()));
});

it('one person proposes in the console, a second confirms, and the receipts arrive on the open screen', async () => {
  const link = /http:\/\/localhost:\d+\/console\/setup\?code=\S+/.exec(provider.up.output())?.[0];
  if (link === undefined) throw new Error(`no one-time link was printed:\n${provider.up.output()}`);
  const base = new URL(link).origin;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });

  await page.goto(link);
  await page.getByLabel('Your name').fill('Ada Okafor');
  await page.getByRole('button', { name: 'Create the passkey' }).click();
  await page.getByLabel('I have kept these codes').check();
  await page.getByRole('button', { name: 'Open the console' }).click();
  await page.getByRole('heading', { name: 'No site yet' }).waitFor();

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
  await page.getByRole('link', { name: 'Add a site' }).first().click();
  // Exactly: the list that is still on the screen for a moment has a search box for “names and hostnames”.
  await page.getByLabel('Hostnames', { exact: true }).fill('forum.example');
  await page.getByLabel('Origin').fill(`http://127.0.0.1:${originPort}`);
  await page.getByRole('radio', { name: 'I vouch for it' }).check();
  await page.getByRole('button', { name: 'Add this site' }).click();
  await page.getByText(/Applied on 1 of 1 edge in [\d.]+ (ms|s)/).waitFor();
  expect(await visit('/board/threats')).toBe(200);

  await page.getByRole('link', { name: 'Place an order' }).click();
  await page.getByLabel('Path', { exact: true }).fill('/board');
  await page.getByLabel('Reason, as visitors and the public read it').fill('This board was used to threaten a person.');
  await page.getByLabel('Reason, for the desk').fill('Seen by two people on Friday.');
  await page.getByRole('button', { name: 'Propose this order' }).click();
  await page.getByText('You proposed this order, so somebody else has to confirm it.').waitFor();

  const { items } = await provider.second.call(listOrders, {});
  const order = items[0];
  if (order === undefined) throw new Error('the order is not in the list');
  await provider.second.call(confirmOrder, { params: { orderId: order.orderId } });
  await page.getByText(/1 of 1 edge, [\d.]+ (ms|s)/).waitFor();
  await page.getByRole('cell', { name: 'Enforced' }).waitFor();
  await picture(page, 'console-real-order');
  expect(await visit('/board/threats')).toBe(403);
  expect(await visit('/elsewhere')).toBe(200);

  await page.getByRole('button', { name: 'Lift' }).click();
  await page.getByRole('dialog').getByLabel('Reason').fill('The board was cleaned up.');
  await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).click();
  await page.getByText(/Lifted on 1 of 1 edge/).waitFor();
  expect(await visit('/board/threats')).toBe(200);

  for (const [room, words] of [
    ['edges', 'Current'],
    ['audit', 'order.lift'],
    ['people', 'Ada Okafor'],
    ['alarms', 'Alarms'],
    ['account', 'This device'],
    ['account?tab=sessions', 'this one'],
  ]) {
    await page.goto(`${base}/console/${room}`);
    await page
      .getByText(words ?? '')
      .first()
      .waitFor();
  }
  await until(
    'traffic of the site is counted',
    async () => {
      await page.goto(`${base}/console/sites`);
      const spark = page.getByRole('img', { name: /requests in the last 10 minutes/ });
      await spark.waitFor();
      return !(await spark.getAttribute('aria-label'))?.startsWith('0 ');
    },
    { timeoutMs: 40_000, everyMs: 1000 },
  );
  await context.close();
  expect(complaints).toEqual([]);
}, 240_000);

/** What a visitor of the site gets at a path. */
function visit(where: string): Promise<number> {
  return new Promise((resolve, reject) => {
    http
      .get(
        { host: '127.0.0.1', port: provider.edge.http, path: where, headers: { host: 'forum.example' }, agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      )
      .once('error', reject);
  });
}
