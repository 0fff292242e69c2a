/** The tabs of rules and of attacks in Debian's Chromium against the mock: written, checked while typing, refused and mended, saved; presets shown first. */
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
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(15_000);
});
afterAll(async () => {
  await browser.close();
  await served.close();
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

it(
  'rules are tried on the last hour before they are saved, and so are a preset and attack mode',
  { timeout: 60_000 },
  async () => {
    await page.getByRole('button', { name: 'Add a rule' }).click();
    const rule = page.getByRole('region', { name: /^Rule 2/ });
    await rule.getByLabel('Name').fill('no-fr');
    await rule.getByLabel('When').fill('country is "FR"');
    await rule.getByLabel('Then').selectOption('deny');
    await page.getByRole('region', { name: 'Rule 1: no-scan' }).getByLabel('Then').selectOption('deny');
    await page.getByRole('button', { name: 'Try on the last hour', exact: true }).click();
    const result = page.getByRole('region', { name: 'What it would do' });
    await result.getByText(/^About 13,184 requests between .* 412 are in the sample/).waitFor();
    await result.getByText(/ is away\./).waitFor();
    await result.getByRole('rowheader', { name: 'no-fr Not sure: It names countries' }).waitFor();
    expect(await page.getByRole('region', { name: /^Rule / }).count()).toBe(2);
    await result.getByRole('button', { name: 'Put the result away' }).click();
    await page.getByRole('button', { name: 'Show what “Strict” would change' }).click();
    await page.getByRole('button', { name: 'Try “Strict” on the last hour' }).click();
    await result.getByRole('heading', { name: 'What would change' }).waitFor();
    await page.goto(`${served.url}/console/sites/${mockId('site', 'books')}?tab=attacks`);
    await page.getByRole('button', { name: 'Try attack mode on the last hour' }).click();
    await result.getByRole('rowheader', { name: 'be checked once' }).waitFor();
    await page.goto(`${served.url}/console/sites/${mockId('site', 'wiki')}?tab=rules`);
    await page.getByRole('button', { name: 'Try on the last hour', exact: true }).click();
    await result.getByText('Nothing was seen of this site in the last hour.').waitFor();
  },
);

it(
  'headers of answers and the secret for the origin are edited, the secret is never shown, and missing network data is said',
  { timeout: 60_000 },
  async () => {
    await page.goto(`${served.url}/console/sites/${mockId('site', 'forum')}?tab=rules`);
    await page.getByRole('button', { name: 'Add a header' }).click();
    await page.getByLabel('Header', { exact: true }).selectOption('x-frame-options');
    await page.getByLabel('Value').fill('DENY');
    await page.getByLabel('Secret for the origin').fill('short');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('must be 16 to 200 letters').waitFor();
    await page.getByLabel('Secret for the origin').fill('a-secret-of-the-origin');
    await page.getByRole('button', { name: 'Add a rule' }).click();
    const rule = page.getByRole('region', { name: /^Rule 2/ });
    await rule.getByLabel('Name').fill('no-as');
    await rule.getByLabel('When').fill('country is "FR" and asn is 64500');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('One is held and sent as X-Portcullis-Secret').waitFor();
    expect(await page.getByLabel('Secret for the origin').inputValue()).toBe('');
    expect(await page.getByLabel('Value').inputValue()).toBe('DENY');
    await page.getByText('1 of 3 edges have no country data: rules that ask for a country do nothing there.').waitFor();
    await page.getByText('No edge has data about AS numbers').waitFor();
  },
);

it(
  'an attack has a page: what it was seen by, its requests, edges and notes, and a person’s word on it; paths and a program are set beside it',
  { timeout: 60_000 },
  async () => {
    await page.goto(`${served.url}/console/sites/${mockId('site', 'forum')}?tab=attacks`);
    await page.getByLabel('Path', { exact: true }).fill('/login');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('button', { name: 'Take /login out' }).waitFor();
    await page.getByRole('button', { name: 'Name an address' }).click();
    await page.getByLabel('Address').fill('https://hook.example/secret-word');
    await page.getByRole('dialog').getByRole('button', { name: 'Name an address' }).click();
    await page.getByText('It signs every message and is shown only now.').waitFor();
    await page.getByRole('button', { name: 'Kept' }).click();
    await page.getByText('A program at hook.example is told.').waitFor();
    expect(await page.content()).not.toContain('secret-word');
    await page.getByLabel('State').selectOption('open');
    await page.getByText('1 attack', { exact: true }).waitFor();
    await page.getByRole('link', { name: /ago$/ }).first().click();
    await page.getByRole('heading', { name: 'Attack on', level: 1 }).waitFor();
    await page.getByText('4,890 requests in 10 s; an attack begins at 820. The origin failed 310 of them').waitFor();
    await page.getByRole('rowheader', { name: 'edge-1' }).waitFor();
    await page.getByLabel('Note').fill('Asked the owner.');
    await page.getByRole('button', { name: 'Add the note' }).click();
    await page.getByRole('listitem').filter({ hasText: 'Asked the owner.' }).waitFor();
    await page.getByRole('button', { name: 'Turn attack mode on' }).click();
    await page.getByRole('button', { name: 'Turn attack mode on' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Keep on by hand' }).click();
    await page.getByRole('listitem').filter({ hasText: 'Attack mode stays on by hand' }).waitFor();
    expect(await page.getByRole('button', { name: 'End now' }).count()).toBe(0);
  },
);
