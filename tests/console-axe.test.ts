/** Every screen of the console, light and dark, wide and narrow: no violation that axe can find, and nothing wider than the screen. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMock } from '../web/console/mock/mock.ts';
import type { Mock } from '../web/console/mock/mock.ts';
import { firstDay, mockId, populated } from '../web/console/mock/state.ts';
import { axeOn, picture, startBrowser } from './harness/browser.ts';
import { builtConsole, serveConsole } from './harness/console.ts';
import type { ServedConsole } from './harness/console.ts';

let dist = '';
let mock: Mock;
let served: ServedConsole;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  dist = await builtConsole();
  mock = createMock(populated(() => Date.now()));
  served = await serveConsole(dist, () => mock);
  browser = await startBrowser([]);
  // One for all: each loads anew, and a renderer that has compiled the console before needs half the time for it.
  page = await browser.newPage();
});

afterAll(async () => {
  await browser.close();
  await served.close();
});

const busy = () => createMock(populated(() => Date.now()));
const signedOut = () => {
  const made = busy();
  made.state.signedIn = false;
  return made;
};
const empty = () => {
  const made = createMock(firstDay(() => Date.now()));
  made.state.signedIn = true;
  return made;
};

const owner = () => createMock(populated(() => Date.now(), ['owner']));
const ofCase = (id: string) => `/desk/cases/${mockId('case', id)}`;

/** Each screen: its address, the mock it needs, what to press once it is there. */
type Screen = readonly [name: string, where: string, make: () => Mock, press?: string];

const screens: readonly Screen[] = [
  ['sign-in', '/sign-in', signedOut],
  ['sign-in-password', '/sign-in', signedOut, 'Password and code'],
  ['setup', '/setup?code=4f2m8k1v9q7r3s5t0w6x2y', () => createMock(firstDay(() => Date.now()))],
  ['link-expired', '/invitation?code=expired00000000000000000', signedOut],
  ['sites', '/sites', busy],
  ['sites-empty', '/sites', empty],
  ['site-add', '/sites/new', busy],
  ['site-add-mistakes', '/sites/new', busy, 'Add this site'],
  ['site', `/sites/${mockId('site', 'forum')}`, busy],
  ['site-table', `/sites/${mockId('site', 'forum')}?view=table&measure=latency&minutes=43200&zone=utc&of=networks`, busy],
  ['site-settings', `/sites/${mockId('site', 'forum')}?tab=settings`, busy],
  ['site-certificates', `/sites/${mockId('site', 'forum')}?tab=certificates`, busy],
  ['site-rules', `/sites/${mockId('site', 'forum')}?tab=rules`, busy],
  ['site-rules-tried', `/sites/${mockId('site', 'forum')}?tab=rules`, busy, 'Try on the last hour'],
  ['site-orders', `/sites/${mockId('site', 'forum')}?tab=orders`, busy],
  ['site-ownership', `/sites/${mockId('site', 'new')}?tab=ownership`, busy],
  ['site-attacks', `/sites/${mockId('site', 'forum')}?tab=attacks`, busy],
  ['site-attack-program', `/sites/${mockId('site', 'forum')}?tab=attacks`, busy, 'Name an address'],
  ['attacks', '/attacks', busy],
  ['attack', `/attacks/${mockId('atk', 'search')}`, busy],
  ['orders', '/orders', busy],
  ['orders-empty', '/orders', empty],
  ['order-place', `/orders/new?siteId=${mockId('site', 'forum')}`, busy],
  ['order-place-mistakes', '/orders/new', busy, 'Propose this order'],
  ['order', `/orders/${mockId('order', 'glass')}`, busy],
  ['order-confirm', `/orders/${mockId('order', 'wait')}`, busy, 'Confirm this order'],
  ['edges', '/edges', busy],
  ['edges-empty', '/edges', empty],
  ['edge-enrol', '/edges', busy, 'Enrol an edge'],
  ['edge-change', '/edges', busy, 'Change edge-1'],
  ['edge-plan', '/edges', busy, 'Plan of default'],
  ['alarms', '/alarms', busy],
  ['people', '/people', busy],
  ['person-manage', '/people', busy, 'Manage Ben Sørensen'],
  ['customers', '/people?tab=customers', busy],
  ['account', '/account', busy],
  ['sessions', '/account?tab=sessions', busy],
  ['tokens', '/account?tab=tokens', busy],
  ['token-make', '/account?tab=tokens', busy, 'Make a token'],
  ['audit', '/audit', busy],
  ['desk-queue', '/desk', busy],
  ['desk-queue-empty', '/desk', empty],
  ['desk-case-open', '/desk', busy, 'Open a case'],
  ['case', `${ofCase('forum')}?evidence=${mockId('evid', 'thread')}&view=table`, busy],
  ['case-locked', ofCase('harbour'), busy],
  ['case-child', ofCase('child'), busy],
  ['case-add-evidence', ofCase('forum'), busy, 'Add evidence'],
  ['case-incident', ofCase('forum'), busy, 'Record an incident'],
  ['case-unseal', ofCase('forum'), busy, 'Unseal: Target A'],
  ['case-explanation', ofCase('harbour'), busy, 'Explanation'],
  ['assess', `${ofCase('forum')}/incidents/${mockId('inc', 'older')}`, busy],
  ['assess-mistakes', `${ofCase('forum')}/incidents/${mockId('inc', 'older')}`, busy, 'Lock in my grade'],
  ['decide', `${ofCase('harbour')}/decide`, busy],
  ['decide-mistakes', `${ofCase('harbour')}/decide`, busy, 'Propose this decision'],
  ['pressure', `${ofCase('harbour')}/pressure`, busy],
  ['pressure-locked', `${ofCase('forum')}/pressure`, busy],
  ['pressure-add', `${ofCase('forum')}/pressure`, busy, 'Hand in pressure'],
  ['on-call', '/desk/on-call', busy],
  ['on-call-add', '/desk/on-call', busy, 'Add a way to wake somebody'],
  ['appeals', '/desk/appeals', busy],
  ['criteria', '/desk/criteria', busy],
  ['criteria-publish', '/desk/criteria', busy, 'Publish a version'],
  ['authority', '/desk/authority', busy],
  ['authority-enter', '/desk/authority', busy, 'Enter a request'],
  ['wellness', '/desk/wellness', busy],
  ['notices', '/notices', owner],
  ['lost', '/nowhere', busy],
];

describe('a screen', () => {
  it.each(screens.map(([name, where, make, press]) => ({ name, where, make, press })))(
    '$name has nothing that axe objects to, light or dark, and is no wider than a small phone',
    async ({ name, where, make, press }) => {
      mock = make();
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.emulateMedia({ colorScheme: null });
      await page.goto(`${served.url}/console${where}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.getByText('Loading…').first().waitFor({ state: 'detached' });
      if (press !== undefined) await page.getByRole('button', { name: press }).click();
      const said: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        await picture(page, `console-${name}-${colorScheme}`);
        // In the dark only colours differ.
        const axe = colorScheme === 'light' ? axeOn(page) : axeOn(page).withRules(['color-contrast', 'link-in-text-block']);
        const { violations } = await axe.analyze();
        for (const { id, nodes } of violations) {
          said.push(...nodes.map((node) => `${colorScheme}: ${id}: ${node.html.slice(0, 160)} ${node.failureSummary ?? ''}`));
        }
      }
      await page.setViewportSize({ width: 320, height: 640 });
      // A chart hears of its new width a frame later, and on a busy machine some more.
      await page.waitForFunction('document.documentElement.scrollWidth <= 320', null, { timeout: 3000 }).catch(() => undefined);
      const wide = Number(await page.evaluate('document.documentElement.scrollWidth'));
      if (wide > 320) said.push(`${wide} pixels wide on a screen of 320`);
      await picture(page, `console-${name}-narrow`);
      expect(said).toEqual([]);
    },
  );
});
