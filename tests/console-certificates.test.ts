/** The certificates tab in Debian's Chromium against the mock: what is answered with what, an upload that is refused and mended, settings. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMock } from '../web/console/mock/mock.ts';
import { mockId, populated } from '../web/console/mock/state.ts';
import { startBrowser } from './harness/browser.ts';
import { builtConsole, serveConsole } from './harness/console.ts';
import type { ServedConsole } from './harness/console.ts';

let dist = '';
const mock = createMock(populated(() => Date.now()));
let served: ServedConsole;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  dist = await builtConsole();
  served = await serveConsole(dist, () => mock);
  browser = await startBrowser([]);
  page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  page.setDefaultTimeout(15_000);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await served?.close();
});

it('what each hostname is answered with is shown, also why there is nothing', { timeout: 60_000 }, async () => {
  await page.goto(`${served.url}/console/sites/${mockId('site', 'forum')}?tab=certificates`);
  const names = page.getByRole('table', { name: 'Hostnames' });
  await names.getByText('Example Authority R3').waitFor();
  await names.getByText('Failed, tried again').first().waitFor();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
});

it('an upload that is refused keeps what was typed, and is taken when it is mended', { timeout: 60_000 }, async () => {
  await page.getByRole('button', { name: 'Upload a certificate' }).click();
  await page.getByLabel('Certificate and chain (PEM)').fill('-----BEGIN CERTIFICATE-----');
  await page.getByLabel('Private key (PEM)').fill('none');
  await page.getByRole('dialog').getByRole('button', { name: 'Upload a certificate' }).click();
  await page.getByText('No private key was found.').waitFor();
  expect(await page.getByLabel('Certificate and chain (PEM)').inputValue()).toBe('-----BEGIN CERTIFICATE-----');
  await page.getByLabel('Private key (PEM)').fill('-----BEGIN PRIVATE KEY-----');
  await page.getByRole('dialog').getByRole('button', { name: 'Upload a certificate' }).click();
  await page.getByRole('table', { name: 'Certificates kept' }).getByText('Own, by Example Private CA').waitFor();
});

it('how plain http is met is changed and stays', { timeout: 60_000 }, async () => {
  await page.getByLabel('Browsers insist on https for').selectOption('month');
  await page.getByLabel('Plain http').selectOption('serve');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await page.reload();
  await page.getByLabel('Plain http').waitFor();
  expect(await page.getByLabel('Plain http').inputValue()).toBe('serve');
  expect(await page.getByLabel('Browsers insist on https for').inputValue()).toBe('month');
});

it('what the site’s own server is shown is made, renewed in two steps and removed', { timeout: 60_000 }, async () => {
  const panel = page
    .locator('section, div')
    .filter({ has: page.getByRole('heading', { name: 'What the site’s own server is shown' }) })
    .last();
  const act = async (name: string) => {
    await panel.getByRole('button', { name, exact: true }).first().click();
    await page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  };
  await panel.getByText('This site has none of its own.').waitFor();
  await act('Make one');
  await panel.getByRole('region', { name: 'In use' }).getByText('cdcd').waitFor();
  await act('Make one');
  await panel.getByRole('region', { name: 'Waits' }).getByText('efef').waitFor();
  await panel.getByText('What the server must trust').first().click();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
  await act('Put to use');
  await panel.getByRole('region', { name: 'In use' }).getByText('efef').waitFor();
  await act('Remove');
  await panel.getByText('This site has none of its own.').waitFor();
});

it('certificates of all sites are listed, found by who must renew them and by their end', { timeout: 60_000 }, async () => {
  await page.goto(`${served.url}/console/sites`);
  await page.getByRole('link', { name: 'Certificates of all sites' }).click();
  const list = page.getByRole('table', { name: 'Certificates of all sites' });
  await list.getByText('By a person').first().waitFor();
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
  await page.getByLabel('From', { exact: true }).selectOption('own');
  await page.waitForURL(/source=own/);
  await list.getByText('Example Authority R3').first().waitFor({ state: 'detached' });
  await page.getByLabel('Ends', { exact: true }).selectOption('14');
  await page.getByText('Nothing fits').first().waitFor();
  expect(new URL(page.url()).searchParams.get('days')).toMatch(/14/);
});
