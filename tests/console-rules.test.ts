/** The rules tab in Debian's Chromium against the mock: written, checked while typing, refused and mended, saved; presets shown first. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMock } from '../web/console/mock/mock.ts';
import { mockId, populated } from '../web/console/mock/state.ts';
import { startBrowser } from './harness/browser.ts';
import { buildConsole, serveConsole } from './harness/console.ts';
import type { ServedConsole } from './harness/console.ts';
import { removeFolder, temporaryFolder } from './harness/ports.ts';

const dist = temporaryFolder('console-rules');
const mock = createMock(populated(() => Date.now()));
let served: ServedConsole;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  await buildConsole(dist);
  served = await serveConsole(dist, () => mock);
  browser = await startBrowser([]);
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(15_000);
});
afterAll(async () => {
  await browser.close();
  await served.close();
  removeFolder(dist);
});

it('a rule is checked while it is typed, mended with what was meant, and saved', { timeout: 60_000 }, async () => {
  await page.goto(`${served.url}/console/sites/${mockId('site', 'forum')}?tab=rules`);
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByLabel('Name').fill('no-scan');
  await page.getByLabel('When').fill('pth starts "/.git"');
  await page.getByText('There is no “pth”').waitFor();
  expect(await page.locator('mark').textContent()).toBe('pth');
  await page.getByRole('button', { name: 'Use path' }).click();
  await page.getByText('This can be read.').waitFor();
  expect(await page.getByLabel('When').inputValue()).toBe('path starts "/.git"');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('region', { name: 'Rule 1: no-scan' }).waitFor();
  await page.reload();
  expect(await page.getByLabel('When').inputValue()).toBe('path starts "/.git"');
});

it('a mistake of the server stands at its rule, and nothing that was typed is lost', { timeout: 60_000 }, async () => {
  await page.getByLabel('Then').selectOption('limit');
  await page.getByLabel('With').fill('none');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.locator('.mistake').first().waitFor();
  expect(await page.getByLabel('With').inputValue()).toBe('none');
});

it('a preset is shown before it is applied, and can be taken back', { timeout: 60_000 }, async () => {
  await page.getByRole('button', { name: 'Show what “Strict” would change' }).click();
  await page.getByRole('rowheader', { name: 'Requests of one client in ten seconds' }).waitFor();
  await page.getByRole('button', { name: 'Apply “Strict”' }).click();
  await page.getByText('“Strict” is in use.').waitFor();
  await page.getByRole('button', { name: 'Go back to before it' }).click();
  await page.getByText('“Strict” is in use.').waitFor({ state: 'detached' });
});
