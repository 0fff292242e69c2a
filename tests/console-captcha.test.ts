/** The room of captcha keys in Debian's Chromium against the mock: making a key, its secret shown once, figures, a review, a suspension. */
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMock } from '../web/console/mock/mock.ts';
import { populated } from '../web/console/mock/state.ts';
import { startBrowser } from './harness/browser.ts';
import { builtConsole, serveConsole } from './harness/console.ts';
import type { ServedConsole } from './harness/console.ts';

const mock = createMock(populated(() => Date.now()));
let served: ServedConsole;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  served = await serveConsole(await builtConsole(), () => mock);
  browser = await startBrowser([]);
  page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  page.setDefaultTimeout(15_000);
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await served?.close();
});

async function withoutFaults(): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
}

it('a key is made, refused with what is wrong and kept as typed, and its secret is shown once', { timeout: 60_000 }, async () => {
  await page.goto(`${served.url}/console/captcha`);
  await page.getByRole('table', { name: 'Captcha keys' }).getByText('Suspended').waitFor();
  await withoutFaults();
  await page.getByRole('button', { name: 'Make a key' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Checkout');
  await dialog.getByLabel('Hostnames').fill('https://shop.example/');
  await dialog.getByRole('button', { name: 'Make a key' }).click();
  await dialog.getByText('give the name alone').waitFor();
  await dialog.getByLabel('Hostnames').fill('shop.example');
  await dialog.getByRole('button', { name: 'Make a key' }).click();
  await dialog.getByText('shown only now').waitFor();
  await dialog.getByText(/^pcs_/).waitFor();
  await withoutFaults();
  await dialog.getByRole('button', { name: 'I have kept it' }).click();
  await page.getByRole('link', { name: 'Checkout' }).click();
  await page.getByRole('link', { name: 'Secrets' }).click();
  await page.getByRole('table', { name: 'Secrets' }).getByText('…kAid').waitFor();
  expect(await page.getByText(/^pcs_/).count()).toBe(0);
  await page.getByRole('button', { name: 'Make a new secret' }).click();
  await page.getByRole('dialog').getByLabel('The old one is taken for').selectOption('1');
  await page.getByRole('dialog').getByRole('button', { name: 'Make a new secret' }).click();
  await page.getByRole('button', { name: 'I have kept it' }).click();
  expect(await page.getByRole('table', { name: 'Secrets' }).getByRole('row').count()).toBe(3);
});

it('figures are a chart and the same as a table, by class of device, and a day is reviewed', { timeout: 60_000 }, async () => {
  await page.goto(`${served.url}/console/captcha`);
  await page.getByRole('link', { name: 'Sign-up form' }).click();
  await page.getByRole('img', { name: /Checks over time/ }).waitFor();
  await page.getByRole('table', { name: 'By class of device' }).getByText('Answered no step').waitFor();
  await withoutFaults();
  await page.getByLabel('Shown as').selectOption('table');
  await page.getByRole('table', { name: 'Checks', exact: true }).waitFor();
  await page.getByRole('link', { name: 'Review' }).click();
  await page.getByText('Worth a look').waitFor();
  await page.getByRole('row').filter({ hasText: 'Worth a look' }).getByRole('button').click();
  await page.getByLabel('Why you think so').fill('Old phones at a school.');
  await page.getByLabel('Ask one level less for a day from now').check();
  await page.getByRole('dialog').getByRole('button', { name: 'Say who it was' }).click();
  await page.getByText('Old phones at a school.').waitFor();
  await page.getByText('Asks less').waitFor();
  await withoutFaults();
});

it('a suspended key says by which decision, and cannot be removed', { timeout: 60_000 }, async () => {
  await page.goto(`${served.url}/console/captcha`);
  await page.getByRole('link', { name: 'Contact form' }).click();
  await page.getByText('Order D-2026-0007 suspends this key.').waitFor();
  await page.getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('Contact form');
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByText('Order D-2026-0007 suspends this key. Nothing was changed.').waitFor();
});
