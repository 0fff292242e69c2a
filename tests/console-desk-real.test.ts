/**
 * The desk's screens on the real control plane: from a report to a decision by two people, each in their own browser, with nobody but the server
 * deciding what they may see. Signed in by token, because signing in is console-real's; the edges are too.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { listDecisions } from '../contract/routes/desk/decisions.ts';
import { getOrder } from '../contract/routes/orders.ts';
import type { Api } from './harness/api.ts';
import { picture, startBrowser } from './harness/browser.ts';
import { builtConsole, serveConsole } from './harness/console.ts';
import type { ServedConsole } from './harness/console.ts';
import { startDeskHouse } from './harness/desk-house.ts';
import type { DeskHouse } from './harness/desk-house.ts';
import { removeFolder, temporaryFolder } from './harness/ports.ts';
import { embeddedAddress } from './harness/stores.ts';

let dist = '';
const data = temporaryFolder('console-desk-real-db');
const hops = ['content-encoding', 'content-length', 'transfer-encoding', 'connection', 'keep-alive'];
let house: DeskHouse;
let browser: Browser;
const served: ServedConsole[] = [];
const complaints: string[] = [];

beforeAll(async () => {
  dist = await builtConsole();
  house = await startDeskHouse(await embeddedAddress(data));
  browser = await startBrowser([]);
}, 180_000);

afterAll(async () => {
  await browser.close();
  for (const one of served) await one.close();
  await house.stop();
  removeFolder(data);
});

/** A browser of their own, whose every call carries their token. */
async function consoleOf(who: Api): Promise<{ page: Page; context: BrowserContext; open: (where: string) => Promise<void> }> {
  const handle = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    const sends = request.method !== 'GET';
    const answer = await fetch(`${house.url()}${pathname}${search}`, {
      method: request.method,
      headers: { authorization: `Bearer ${who.token}`, ...(sends ? { 'content-type': 'application/json' } : {}) },
      ...(sends ? { body: await request.text() } : {}),
    });
    const headers = new Headers(answer.headers);
    for (const hop of hops) headers.delete(hop);
    return new Response(answer.body, { status: answer.status, headers });
  };
  const own = await serveConsole(dist, () => ({ handle }));
  served.push(own);
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  const open = async (where: string) => {
    await page.goto(`${own.url}/console${where}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
  };
  return { page, context, open };
}

it('one grades, another grades blind, one proposes, a third confirms; until the lock nobody reads how many reported', async () => {
  house.pages.set('/board/17', '<title>A board</title><p>[threat naming a place and time]</p>');
  const urls = [house.pageUrl('/board/17')];
  await house.report({ role: 'family', urls, text: 'They posted a street and a day.', dangerNow: true });
  await house.report({ role: 'family', urls, text: 'They posted a street and a day!' });
  const [row] = await house.cases();
  if (row === undefined) throw new Error('no case was opened');
  const where = `/desk/cases/${row.caseId}`;

  const ada = await consoleOf(house.analyst);
  await ada.open('/desk');
  await ada.page.getByRole('link', { name: new RegExp(row.number) }).waitFor();
  await ada.page.keyboard.press('j');
  await ada.page.keyboard.press('c');
  await ada.page.getByText(`${row.number} is yours`).waitFor();
  await ada.page.keyboard.press('Enter');
  await ada.page.getByText('Reports: withheld until the grade is locked').waitFor();
  const evidence = ada.page.getByRole('region', { name: 'Evidence', exact: true });
  await evidence.getByText('Captured', { exact: true }).waitFor();
  await evidence.getByRole('button', { name: 'Read as text' }).first().click();
  await evidence.getByText('[threat naming a place and time]').waitFor();
  await evidence.getByRole('button', { name: 'Custody' }).first().click();
  await ada.page.getByText('The chain of hashes holds.').waitFor();
  await ada.page.keyboard.press('Escape');
  await ada.page.getByRole('link', { name: 'Pressure', exact: true }).click();
  await ada.page.getByRole('heading', { name: 'Nobody may see this before the grade is locked' }).waitFor();

  await ada.open(where);
  await ada.page.getByRole('button', { name: 'Add a person in danger' }).click();
  await ada.page.getByLabel('Name', { exact: true }).fill('Ione Quill');
  await ada.page.getByRole('button', { name: 'Seal' }).click();
  await ada.page.getByText('Target A').first().waitFor();
  expect(await ada.page.locator('body').innerText()).not.toContain('Ione');
  await ada.page.getByRole('button', { name: 'Record an incident' }).click();
  await ada.page.getByLabel('What happened').fill('A post names Ione Quill, a street and a day');
  await ada.page.getByLabel('Target', { exact: true }).selectOption({ label: 'Target A' });
  await ada.page.getByRole('dialog').getByRole('group', { name: 'On which evidence' }).getByRole('checkbox').first().check();
  await ada.page.getByRole('button', { name: 'Record', exact: true }).click();
  await ada.page.getByText(/A post names \[name\]/).waitFor();
  await grade(ada.page);
  await ada.page.getByText('Your grade is kept.').first().waitFor();

  const sam = await consoleOf(house.second);
  await sam.open(where);
  await sam.page.getByText('Not graded yet').waitFor();
  expect(await sam.page.locator('main').innerText()).not.toMatch(/\bG[0-4]\b/);
  await grade(sam.page);
  await sam.page.getByText('The grade is locked: G4.').waitFor();

  // Ada's screen is live: it learns of the lock by itself.
  await ada.page.getByText('Reports, by when they arrived').waitFor();
  await ada.page.getByRole('button', { name: 'Explanation' }).first().click();
  await ada.page.getByText('SHA-256 of the explanation').waitFor();
  await picture(ada.page, 'desk-real-case');

  await ada.open(`${where}/decide`);
  const { page } = ada;
  await page.getByRole('radio', { name: /Notice page on one path/ }).check();
  for (const met of await page.getByRole('radio', { name: 'Met', exact: true }).all()) await met.check();
  for (const why of await page.getByLabel('Why', { exact: true }).all()) {
    if ((await why.inputValue()) === '') await why.fill('As the evidence shows.');
  }
  await page.getByLabel('Why “Notice to the owner” would not do').fill('The owner was asked twice and did nothing.');
  await page.getByLabel('Path', { exact: true }).fill('/board');
  const publicReason = page.getByLabel('Reason, as visitors, the owner and the public read it');
  await publicReason.fill('A board was used to threaten Ione Quill.');
  await page.getByLabel('Reason, for the desk').fill('Graded G4 by two people.');
  await page.getByText(/is read outside and holds what names or locates a person/).waitFor();
  await publicReason.fill('A board was used to threaten somebody with violence.');
  await page.getByText(/is read outside and holds/).waitFor({ state: 'detached' });
  await picture(page, 'desk-real-decide');
  await page.getByRole('button', { name: 'Propose this decision' }).click();
  await page.getByText('Proposed. A second person has to confirm it.').waitFor();
  await page.getByText('You proposed this, so somebody else has to confirm it.').waitFor();

  const boss = await consoleOf(house.boss);
  await boss.open(where);
  await boss.page.getByRole('region', { name: 'Decisions' }).getByRole('button', { name: 'Confirm' }).click();
  await boss.page.getByLabel(`Type “${row.number}” to confirm`).fill(row.number);
  await boss.page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
  await boss.page.getByRole('link', { name: 'Order and receipts' }).waitFor();
  const { items } = await house.boss.call(listDecisions, { params: { caseId: row.caseId } });
  const orderId = items[0]?.orderId;
  if (orderId === undefined || orderId === null) throw new Error('the decision made no order');
  const { order } = await house.boss.call(getOrder, { params: { orderId } });
  expect(order).toMatchObject({ state: 'confirmed', measure: 'notice-on-path', path: '/board' });
  expect(complaints).toEqual([]);
}, 180_000);

it('every other room of the desk opens without a complaint', async () => {
  const boss = await consoleOf(house.boss);
  for (const room of ['on-call', 'appeals', 'criteria', 'authority', 'wellness']) {
    await boss.open(`/desk/${room}`);
    await boss.page.getByText('Loading…').first().waitFor({ state: 'detached' });
    expect(await boss.page.getByRole('alert').count()).toBe(0);
  }
  expect(complaints).toEqual([]);
});

/** Grades the newest incident G4 on every axis that it needs. */
async function grade(page: Page): Promise<void> {
  await page.getByRole('link', { name: 'Grade it' }).first().click();
  const found = {
    Target: 'Named and locatable',
    'Form of intent': 'Direct',
    Means: 'Shown',
    'Time and place': 'Time and place',
    'Tie to the site': 'Posted there',
    'Past or to come': 'Imminent (72 h)',
  };
  for (const [axis, value] of Object.entries(found)) {
    await page.getByRole('group', { name: axis, exact: true }).getByRole('radio', { name: value, exact: true }).check();
  }
  for (const why of await page.getByLabel('Why', { exact: true }).all()) await why.fill('Read on the captured page.');
  await page.getByRole('region', { name: 'Suggested by the rules' }).getByText('G4').waitFor();
  await page.getByRole('radio', { name: /^G4/ }).check();
  await page.getByRole('button', { name: 'Lock in my grade' }).click();
}
