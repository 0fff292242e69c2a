/** The report form and private links as people use them: a real browser without scripts, in every language, and whoever tries to misuse them. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeOn, picture, startBrowser } from '../../../tests/harness/browser.ts';
import { startControlHouse } from '../../../tests/harness/control-house.ts';
import type { ControlHouse } from '../../../tests/harness/control-house.ts';
import { removeFolder, temporaryFolder } from '../../../tests/harness/ports.ts';
import { embeddedAddress } from '../../../tests/harness/stores.ts';

let house: ControlHouse;
let folder: string;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  folder = temporaryFolder('report-pages');
  house = await startControlHouse(await embeddedAddress(folder));
  browser = await startBrowser([]);
  context = await browser.newContext({ javaScriptEnabled: false });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await house?.stop();
  removeFolder(folder);
});

const at = (path: string) => `${house.url().replace('127.0.0.1', 'localhost')}${path}`;
const contact = 'canary.rosa@mail.example';

/** Axe needs scripts for itself, so it looks at a copy of the page in a context of its own, under the page's own style. */
async function axe(page: Page): Promise<string[]> {
  const other = await browser.newContext({ bypassCSP: true, colorScheme: 'light' });
  try {
    const copy = await other.newPage();
    const url = page.url();
    const html = await page.content();
    await copy.route(url, (route) => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }));
    await copy.goto(url);
    const { violations } = await axeOn(copy).analyze();
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`));
  } finally {
    await other.close();
  }
}

async function look(page: Page, name: string): Promise<void> {
  await picture(page, `report-${name}`);
  expect([name, await axe(page)]).toEqual([name, []]);
}

async function go(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Continue' }).click();
}

/** From the first question to the check, with an answer to each. */
async function fillIn(page: Page, text: string): Promise<void> {
  await page.goto(at('/report'));
  await page.getByRole('link', { name: /^No/ }).click();
  await page.getByLabel('Private details published').check();
  await go(page);
  await page.getByLabel('What happened?').fill(text);
  await go(page);
  await page.getByLabel('Addresses of the pages').fill('https://forum.example/t/1\nhttps://forum.example/t/2');
  await go(page);
  await page.getByLabel('I know the day').check();
  await page.getByLabel('Day', { exact: true }).fill('2026-01-05');
  await go(page);
  await page.getByLabel('It is about me').check();
  await go(page);
  await page.getByLabel('Mail address').fill(contact);
  await page.getByLabel('How and when is it safe').fill('never call');
  await go(page);
}

describe('a browser without scripts', () => {
  it('reports step by step, goes back without losing anything, attaches a file, and gets a receipt', async () => {
    const page = await context.newPage();
    await page.goto(at('/'));
    await page.getByRole('navigation').getByRole('link', { name: 'Report' }).click();
    await look(page, 'start');
    await page.getByRole('link', { name: /^No/ }).click();
    await go(page);
    expect(await page.getByRole('alert').innerText()).toContain('Choose what it is about');
    await look(page, 'class-mistake');
    await page.getByLabel('Private details published').check();
    await go(page);
    await page.getByLabel('What happened?').fill('First words.');
    await look(page, 'what');
    await page.getByRole('button', { name: 'Back' }).click();
    expect(await page.getByLabel('Private details published').isChecked()).toBe(true);
    await go(page);
    expect(await page.getByLabel('What happened?').inputValue()).toBe('First words.');
    await go(page);
    await page
      .getByLabel('Addresses of the pages')
      .fill(Array.from({ length: 300 }, (_u, n) => `https://a.example/${n}`).join('\n'));
    await go(page);
    expect(await page.getByRole('alert').innerText()).toContain('250');
    await page.getByLabel('Addresses of the pages').fill('https://forum.example/t/1');
    await look(page, 'where');
    await go(page);
    await page.getByLabel('I know the day').check();
    await page.getByLabel('Day', { exact: true }).fill('2099-01-05');
    await go(page);
    await look(page, 'when-mistake');
    await page.getByLabel('Day', { exact: true }).fill('2026-01-05');
    await go(page);
    await page.getByLabel('It is about me').check();
    await look(page, 'who');
    await go(page);
    await page.getByLabel('Mail address').fill('no mailbox');
    await go(page);
    expect(await page.getByLabel('Mail address').getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Mail address').fill(contact);
    await page.getByLabel('Somebody may be watching').check();
    await look(page, 'contact');
    await go(page);
    await look(page, 'check');
    await page.getByRole('button', { name: 'Change: What happened?' }).click();
    await page.getByLabel('What happened?').fill('Better words.');
    for (let n = 0; n < 5; n += 1) await go(page);
    expect(await page.locator('.typed').innerText()).toBe('Better words.');
    const file = { name: 'screen.png', mimeType: 'image/png', buffer: Buffer.from('\x89PNG\r\n\x1a\n a picture', 'latin1') };
    await page.getByLabel('Pictures or files').setInputFiles([file]);
    await page.getByRole('button', { name: 'Send the report' }).click();
    await look(page, 'sent');
    expect(await page.locator('body').innerText()).not.toContain('canary');
    const link = await page.getByRole('link', { name: /\/r\// }).getAttribute('href');
    expect(link).toMatch(/\/r\/[A-Za-z0-9_-]{43}$/);

    await page.goto(String(link));
    expect(new URL(page.url()).pathname).toBe('/report/status');
    expect(await page.locator('dl').first().innerText()).toContain('Private details published');
    expect(await page.content()).not.toContain('canary');
    await look(page, 'status');
    await page.close();
  }, 120_000);

  it('a form that is sent twice by a reload is one report', async () => {
    const page = await context.newPage();
    await fillIn(page, 'Sent twice.');
    await page.getByRole('button', { name: 'Send the report' }).click();
    const first = await page.locator('dd .number').first().innerText();
    await page.reload();
    expect(await page.locator('dd .number').first().innerText()).toBe(first);
    await page.close();
  }, 120_000);

  it('somebody in danger sends one page, and reads first whom to call', async () => {
    const page = await context.newPage();
    await page.goto(at('/report'));
    await page.getByRole('link', { name: /^Yes/ }).click();
    expect(await page.locator('.call').first().innerText()).toMatch(/112.*911.*999/s);
    await page.getByRole('button', { name: 'Send now' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('Say what happened');
    await page.getByLabel('What is happening?').fill('[threat naming a place and time]');
    await page.getByLabel('How can we reach you safely?').fill(contact);
    await look(page, 'now');
    await page.getByRole('button', { name: 'Send now' }).click();
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('People on duty');
    await look(page, 'now-sent');
    await page.close();
  }, 120_000);

  it('behind the private link: writes, adds, asks for safe contact, withdraws, and leaves no trace when it leaves', async () => {
    const page = await context.newPage();
    await fillIn(page, 'To be withdrawn.');
    await page.getByRole('button', { name: 'Send the report' }).click();
    const link = await page.getByRole('link', { name: /\/r\// }).innerText();
    await context.clearCookies();
    await page.goto(at('/report/status'));
    await look(page, 'open');
    await page.getByLabel('Private link').fill('nonsense');
    await page.getByRole('button', { name: 'Open' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('not a private link');
    await page.getByLabel('Private link').fill(link);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByRole('button', { name: 'Send' }).click();
    expect(await page.getByRole('alert').innerText()).toContain('Say what happened');
    await page.getByLabel('Message').fill('It is <b>worse</b> now.');
    await page.getByRole('button', { name: 'Send' }).click();
    expect(await page.getByRole('status').innerText()).toContain('added');
    expect(await page.locator('.entries').innerText()).toContain('It is <b>worse</b> now.');
    await page.getByLabel('How and when is it safe').fill('by mail, after nine');
    await page.getByLabel('Somebody may be watching').check();
    await page.getByRole('button', { name: 'Save' }).click();
    expect(await page.content()).not.toContain('after nine');
    await page.getByRole('link', { name: 'Withdraw the report' }).click();
    await look(page, 'withdraw');
    await page.getByRole('button', { name: 'Yes, withdraw it' }).click();
    expect(await page.locator('.eyebrow').innerText()).toContain('Withdrawn');
    await look(page, 'withdrawn');
    await page.getByRole('button', { name: 'Leave this page' }).click();
    expect((await context.cookies()).filter(({ name }) => name === 'portcullis_report')).toEqual([]);
    await page.close();
  }, 120_000);
});
