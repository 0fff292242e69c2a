/** The console in Debian's Chromium against the mock: by role and label, with the keyboard, live, and under the policy it is served with. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMock } from '../web/console/mock/mock.ts';
import type { Mock } from '../web/console/mock/mock.ts';
import { firstDay, mockId, populated } from '../web/console/mock/state.ts';
import { startBrowser } from './harness/browser.ts';
import { builtConsole, leaveConsole, serveConsole } from './harness/console.ts';
import type { ServedConsole } from './harness/console.ts';

let dist = '';
const forum = mockId('site', 'forum');
let mock: Mock;
let served: ServedConsole;
let browser: Browser;
let page: Page;
/** What the browser complained about: broken policy, broken scripts. */
let complaints: string[];

beforeAll(async () => {
  dist = await builtConsole();
  mock = createMock(populated(() => Date.now()));
  served = await serveConsole(dist, () => mock);
  browser = await startBrowser([]);
  page = await browser.newPage({ viewport: { width: 1280, height: 800 }, timezoneId: 'Europe/Berlin' });
  page.setDefaultTimeout(15_000);
});

afterAll(async () => {
  await browser.close();
  await served.close();
});

beforeEach(async () => {
  mock = createMock(populated(() => Date.now()));
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // A refused call is the browser's own line in the log; whether it was expected is what a test says.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
});

afterEach(async () => {
  await leaveConsole(page, served);
  expect(complaints).toEqual([]);
});

const open = (where: string) => page.goto(`${served.url}/console${where}`);
const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const button = (name: string | RegExp) => page.getByRole('button', { name });

describe('what the browser loads first', () => {
  it('is at most 200 kB of script, compressed', async () => {
    const html = await readFile(path.join(dist, 'index.html'), 'utf8');
    const first = [...html.matchAll(/\/console\/(assets\/[^"]+\.js)/g)].map(([, file = '']) => file);
    const list = (await readdir(path.join(dist, 'assets'))).filter((file) =>
      /^(list|sites|sign-in|frame|filters|table)-.*\.js$/.test(file),
    );
    const sizes = await Promise.all(
      [...first, ...list.map((file) => `assets/${file}`)].map(
        async (file) => gzipSync(await readFile(path.join(dist, file))).length,
      ),
    );
    expect(first.length).toBeGreaterThan(0);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(200 * 1024);
  });

  it('holds no script or style in the page itself, and asks nobody else', async () => {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).origin));
    await open('/sites');
    await heading('Sites').waitFor();
    expect(await readFile(path.join(dist, 'index.html'), 'utf8')).not.toMatch(/<style|style=|<script(?![^>]*src=)/);
    expect([...new Set(asked)]).toEqual([served.url]);
  });
});

describe('the doors', () => {
  it('a deep link survives signing in with password and code', async () => {
    mock.state.signedIn = false;
    await open('/orders?state=proposed');
    await heading('Sign in').waitFor();
    await button('Password and code').click();
    await page.getByLabel('Your name').fill('Ada Okafor');
    await page.getByLabel('Password').fill('wrong');
    await page.getByLabel('Six-digit code').fill('123456');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('alert').getByText('That sign-in did not work').waitFor();
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await heading('Orders').waitFor();
    await page.getByRole('link', { name: 'D-2026-0004' }).waitFor();
    expect(new URL(page.url()).search).toBe('?state=proposed');
  });

  it('a recovery code lets one in', async () => {
    mock.state.signedIn = false;
    await open('/sign-in');
    await button('Recovery code').click();
    await page.getByLabel('Your name').fill('Ada Okafor');
    await page.getByLabel('Recovery code').fill('k7m2-9q4r-x3t8');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await heading('Sites').waitFor();
  });

  it('the first account is made from the one-time link, and its recovery codes must be kept', async () => {
    mock = createMock(firstDay(() => Date.now()));
    await open('/setup?code=4f2m8k1v9q7r3s5t0w6x2y');
    await heading('Create the first account').waitFor();
    await page.getByLabel('Your name').fill('Ada Okafor');
    await page.getByRole('radio', { name: /With a password/ }).check();
    await button('Continue').click();
    await page.getByRole('img', { name: /QR code/ }).waitFor();
    await page.getByLabel('New password').fill('short');
    await page.getByLabel('Six-digit code').fill('123456');
    await button('Create the account').click();
    await page.getByText('1 field needs your attention').waitFor();
    await page.getByLabel('New password').fill('plum harbour ninety clocks');
    await button('Create the account').click();
    await heading('Keep your recovery codes').waitFor();
    expect(await button('Open the console').isDisabled()).toBe(true);
    await page.getByLabel('I have kept these codes').check();
    await button('Open the console').click();
    await page.getByRole('heading', { name: 'No site yet' }).waitFor();
  });

  it('a link that was used says what to do', async () => {
    mock.state.signedIn = false;
    await open('/invitation?code=expired00000000000000000');
    await page.getByText('Ask whoever invited you for a new link.').waitFor();
  });

  it('a session that ends while one works leads to the door and back', async () => {
    await open('/edges');
    await heading('Edges').waitFor();
    mock.state.signedIn = false;
    mock.emit({ kind: 'edge', edgeId: mock.state.edges[0]?.edgeId ?? never() });
    await heading('Sign in').waitFor();
    expect(new URL(page.url()).searchParams.get('next')).toBe('/edges');
  });
});

describe('sites', () => {
  it('are added in one form, and every mistake is told at once', async () => {
    await open('/sites');
    await page.getByRole('link', { name: 'Add a site' }).click();
    await page.getByLabel('Hostnames', { exact: true }).fill('http://bad.example/\nbücher.example');
    await page.getByLabel('Origin').fill('nowhere');
    await button('Add this site').click();
    await page.getByText(/is not a hostname: give the name alone/).waitFor();
    await page.getByText('must be an address such as http://192.0.2.7:8000').waitFor();
    expect(await page.getByLabel('Hostnames', { exact: true }).getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Hostnames', { exact: true }).fill('news.example');
    await page.getByLabel('Origin').fill('http://192.0.2.50:8080');
    await button('Add this site').click();
    await heading('news.example').waitFor();
    await page.getByText('_portcullis.news.example').waitFor();
    await button('Look now').click();
    await page.getByRole('alert').getByText('The proof of ownership was not found').waitFor();
    await button('Vouch for it').click();
    await page.getByLabel(/How do you know/).fill('The owner is our member.');
    await page.getByRole('dialog').getByRole('button', { name: 'Vouch for it' }).click();
    await page.getByText('Vouched for by an operator').waitFor();
    await page.getByText('Applied on 2 of 2 edges in 31 ms').waitFor();
  });

  it('save only what was changed, and say when it is applied', async () => {
    await open(`/sites/${forum}?tab=settings`);
    await page.getByLabel('Requests per client').fill('250');
    await page.getByText('1 change not saved').waitFor();
    await button('Save changes').click();
    await page.locator('.save-bar').getByText('Applied on 2 of 2 edges in 31 ms').waitFor();
    expect(mock.state.sites[0]?.limits.requestsPer10s).toBe(250);
  });

  it('keep what one typed when somebody else was quicker', async () => {
    await open(`/sites/${forum}?tab=settings`);
    await page.getByLabel('Name', { exact: true }).fill('Harbour Forum Two');
    const site = mock.state.sites[0] ?? never();
    mock.state.sites[0] = { ...site, version: site.version + 1, mode: 'off' };
    await button('Save changes').click();
    await page.getByText('The state has changed meanwhile').waitFor();
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Harbour Forum Two');
  });

  it('go into attack mode with one press', async () => {
    await open(`/sites/${mockId('site', 'wiki')}`);
    await button('Turn attack mode on').click();
    await button('Turn attack mode off').waitFor();
    expect(mock.state.sites.find((site) => site.name === 'Commons Wiki')?.mode).toBe('attack');
  });

  it('show their traffic as a chart and as a table with the same numbers', async () => {
    await open(`/sites/${forum}`);
    await page.getByRole('img', { name: /Chart of Requests per second by outcome over 15 minutes/ }).waitFor();
    await page.getByLabel('View', { exact: true }).selectOption('Table');
    await page.getByRole('columnheader', { name: 'Origin error' }).waitFor();
    expect(new URL(page.url()).searchParams.get('view')).toBe('table');
  });

  it('show what else is known of their traffic: latency, the most frequent, refusals one by one, live or held still, and files', async () => {
    await open(`/sites/${forum}`);
    await page.getByText(/^Live: .*\/s in the last ten seconds/).waitFor();
    await page.getByRole('cell', { name: 'GET /live' }).waitFor();
    await page.getByLabel('Show', { exact: true }).selectOption('Latency');
    await page.getByLabel('Range').selectOption('7 days');
    await page.getByRole('img', { name: /^Chart of Time to the first byte .* over 7 days/ }).waitFor();
    await page.getByRole('rowheader', { name: 'p99' }).waitFor();
    await page.getByLabel('What', { exact: true }).selectOption('Networks');
    await page.getByRole('rowheader', { name: '192.0.2.0/24' }).waitFor();
    await page.getByText(/^From a sample that stands for 48,320 requests/).waitFor();
    await page.getByLabel('Refused by').selectOption('A rule');
    await page.getByRole('cell', { name: 'GET /live' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Explain 3023456789-1001' }).waitFor();
    const refusals = page.getByRole('cell', { name: 'GET /.git/config' });
    expect(await refusals.count()).toBe(15);
    await page.getByRole('button', { name: 'Explain 3023456789-1001' }).click();
    await page.getByText('As the edge answered it. The answer was 403.').waitFor();
    await page.getByLabel('Refused by').selectOption('All');
    await button('Show more').click();
    await page.getByRole('cell', { name: 'GET /topic/42' }).waitFor();
    await button('Hold still').click();
    await page.getByText('Held still: nothing on this page moves.').waitFor();
    const file = await page.getByRole('link', { name: 'Most frequent, CSV' }).getAttribute('href');
    expect(file).toMatch(/^\/api\/v1\/insight\/export\/tops\.csv\?siteId=.*&of=networks$/);
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      minutes: '10080',
      measure: 'latency',
      of: 'networks',
    });
  });

  it('say what a reference on a page stands for, and what is none', async () => {
    await open(`/sites/${forum}`);
    const reference = page.getByLabel('Reference', { exact: true });
    await reference.fill('not one');
    await page.getByRole('button', { name: 'Explain', exact: true }).click();
    await page.getByText('This is no reference.').waitFor();
    await reference.fill(' 0D9C6B1E-6c1f-4b59-9f0e-2f6a5c1d7e88 ');
    await page.getByRole('button', { name: 'Explain', exact: true }).click();
    await page.getByText('limit of requests. The answer was 429.').waitFor();
  });

  it('are removed by typing their name, and not while an order is in force', async () => {
    await open(`/sites/${forum}?tab=settings`);
    await page.getByText('It must be lifted first').waitFor();
    await open(`/sites/${mockId('site', 'books')}?tab=settings`);
    await button('Remove this site').click();
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'Remove this site' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('Type “Bücherstube” to confirm').fill('Bücherstube');
    await confirm.click();
    await heading('Sites').waitFor();
    await page.getByText('3 sites').waitFor();
  });
});

describe('orders', () => {
  it('are proposed with a preview of what visitors will see', async () => {
    await open(`/orders/new?siteId=${forum}`);
    await button('Propose this order').click();
    await page.getByText('needs a path').waitFor();
    await page.getByLabel('Path', { exact: true }).fill('/board/new');
    await page.getByLabel('Reason, as visitors and the public read it').fill('This board was used to threaten a person.');
    await page.getByLabel('Reason, for the desk').fill('Seen by two people on Friday.');
    await page.getByRole('radio', { name: 'A legal order' }).check();
    await page.getByText('451 Unavailable For Legal Reasons').waitFor();
    await page.getByRole('radio', { name: 'Our own decision' }).check();
    const preview = page.getByRole('region', { name: 'What visitors will see' });
    await preview.getByText('403 Forbidden').waitFor();
    await preview.getByText('This board was used to threaten a person.').waitFor();
    await button('Propose this order').click();
    await heading(/D-2026-0005/).waitFor();
    await page.getByText('You proposed this order, so somebody else has to confirm it.').waitFor();
    expect(await button('Confirm this order').count()).toBe(0);
    await button('Withdraw').click();
    await page.getByRole('dialog').getByLabel('Reason').fill('Placed on the wrong board.');
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
    await page.getByText('Withdrawn').first().waitFor();
  });

  it('are confirmed by a second person, and receipts arrive live', async () => {
    await open('/orders');
    await page.getByRole('link', { name: 'D-2026-0004' }).click();
    await button('Confirm this order').click();
    await page
      .getByRole('dialog')
      .getByLabel(/Type “Commons Wiki”/)
      .fill('Commons Wiki');
    await page.getByRole('dialog').getByRole('button', { name: 'Confirm this order' }).click();
    await page.getByText('2 of 2 edges, 31 ms').waitFor();
    await page.getByRole('cell', { name: 'edge-1' }).waitFor();
    await button('Lift').click();
    await page.getByRole('dialog').getByLabel('Reason').fill('The copying has stopped.');
    await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).click();
    await page.getByText('Lifted on 2 of 2 edges, 31 ms').waitFor();
  });

  it('by break-glass say what it means before they can be placed', async () => {
    await open(`/orders/new?siteId=${mockId('site', 'wiki')}`);
    await page.getByRole('radio', { name: /^Challenge/ }).check();
    await page.getByLabel('Reason, as visitors and the public read it').fill('Automated copying overloaded this site.');
    await page.getByLabel('Reason, for the desk').fill('Seen in the traffic since noon.');
    await page.getByLabel('Break-glass: put it in force now, alone').check();
    await page.getByText('Everybody is alarmed at once.').waitFor();
    await button('Put it in force now').click();
    await page.getByText('1 field needs your attention').waitFor();
    await page.getByLabel('Why it cannot wait').fill('The site is going down now.');
    await button('Put it in force now').click();
    await page.getByText('Put in force by Ada Okafor alone (break-glass)').waitFor();
  });
});

describe('edges, alarms and people', () => {
  it('an edge is enrolled with a command to copy, and revoked by typing its name', async () => {
    await open('/edges');
    await button('Enrol an edge').click();
    await button('Make a token').click();
    await page.getByText(/portcullis edge --control http:\/\/localhost:\d+ --token /).waitFor();
    await button('Done').click();
    await button('Revoke edge-3').click();
    await page.getByLabel('Type “edge-3” to confirm').fill('edge-3');
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('edge-3 is revoked.').waitFor();
  });

  it('rollouts are stopped with a reason, one is taken back, and an edge is made a canary', async () => {
    await open('/edges');
    await button('Stop rollouts of default').click();
    await page.getByLabel('Reason').fill('a holiday');
    await page.getByRole('dialog').getByRole('button', { name: 'Stop' }).click();
    await page.getByText(/: a holiday/).waitFor();
    await button('Resume rollouts of default').click();
    await page.getByText('Rollouts of default go on.').waitFor();
    await button('Take back: roll_000000000002').click();
    await page.getByLabel('Reason').fill('wrong path');
    await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
    await page.getByText(/: wrong path/).waitFor();
    await button('Change edge-2').click();
    await page.getByRole('checkbox', { name: 'Canary' }).check();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByText('2 canaries').waitFor();
  });

  it('the plan of a group is changed, a wrong one is refused at its field, and who changed it stands there', async () => {
    await open('/edges');
    await button('Plan of default').click();
    const save = page.getByRole('dialog').getByRole('button', { name: 'Save' });
    await page.getByLabel('Waves').fill('50, 10, 100');
    await save.click();
    await page.getByText('Must be one to five whole numbers that rise and end with 100').waitFor();
    await page.getByLabel('Waves').fill('10, 50, 100');
    await save.click();
    await page.getByText('rollouts are under way in the group').waitFor();
    await page.getByLabel('Waves').fill('25, 100');
    await page.getByLabel('Watch the canaries for').fill('300');
    await save.click();
    await page.getByText('The plan of default is changed.').waitFor();
    await page.getByText('Canaries 300 s, then 25 %, 100 %, 15 s each').waitFor();
    await button('Plan of default').click();
    await page.getByText('Ada Okafor changed it').getByText('before that: canaries 30 s').waitFor();
  });

  it('an open alarm stands over every screen until somebody has seen it', async () => {
    await open('/edges');
    await page.getByText('Ben Sørensen put D-2026-0003 in force alone.').waitFor();
    await page.getByRole('link', { name: '1 open alarm' }).click();
    await button('I have seen it').click();
    await page.getByRole('link', { name: '1 open alarm' }).waitFor({ state: 'detached' });
  });

  it('a person is invited with a link that is shown once', async () => {
    await open('/people');
    await button('Invite a person').click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Elif Kaya');
    await button('Make the link').click();
    await page.getByText('needs at least one role').waitFor();
    await page.getByRole('checkbox', { name: 'Analyst' }).check();
    await button('Make the link').click();
    await page.getByText('/console/invitation?code=').waitFor();
    await button('Done').click();
    await page.getByText('Elif Kaya').waitFor();
  });

  it('a token is made with chosen scopes and shown once', async () => {
    await open('/account?tab=tokens');
    const tabs = page.getByRole('navigation', { name: 'My account' });
    await tabs.getByRole('link', { name: 'API tokens' }).waitFor();
    expect(await tabs.locator('[aria-current=page]').allTextContents()).toEqual(['API tokens']);
    await button('Make a token').click();
    await page.keyboard.type('backup');
    expect(await page.getByLabel('Name').inputValue()).toBe('backup');
    await page.getByRole('checkbox', { name: 'see sites' }).check();
    await button('Make the token').click();
    await page.getByText(/^pcl_/).waitFor();
    expect(mock.state.tokens.at(-1)?.scopes).toEqual(['sites:read']);
  });
});

describe('a role without a scope', () => {
  it('sees no dead buttons and no closed rooms', async () => {
    mock = createMock(populated(() => Date.now(), ['auditor']));
    await open('/sites');
    await page.getByRole('link', { name: 'Harbour Forum' }).waitFor();
    for (const name of ['Add a site', 'Place an order']) expect(await page.getByRole('link', { name }).count()).toBe(0);
    await open('/orders/new');
    await heading('Your role does not open this room').waitFor();
    mock = createMock(populated(() => Date.now(), ['owner']));
    await open('/sites');
    await page.getByRole('link', { name: 'Harbour Forum' }).waitFor();
    const rooms = page.getByRole('navigation', { name: 'Rooms of the console' });
    expect(await rooms.getByRole('link').allTextContents()).toEqual(['Sites', 'Orders1', 'Notices', 'Captcha']);
  });
});

describe('the keyboard', () => {
  it('walks rows, searches, goes to rooms, adds, and lists itself', async () => {
    await open('/sites');
    await page.getByRole('link', { name: 'Harbour Forum' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    expect(await page.locator(':focus').textContent()).toBe('Bücherstube');
    await page.keyboard.press('k');
    await page.keyboard.press('Enter');
    await heading('Harbour Forum').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await heading('Sites').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('wiki');
    await page.getByText('1 site', { exact: true }).waitFor();
    expect(new URL(page.url()).searchParams.get('search')).toBe('wiki');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    const keys = page.getByRole('dialog', { name: 'Keyboard' });
    await keys.waitFor();
    await page.keyboard.press('Escape');
    await keys.waitFor({ state: 'hidden' });
    await page.keyboard.press('n');
    await heading('Add a site').waitFor();
  });

  it('goes where it was told, though a search was ended just before', async () => {
    await open('/sites');
    await page.getByRole('link', { name: 'Harbour Forum' }).waitFor();
    // The screen that is gone to comes late: whatever the search does meanwhile must not call it back.
    await page.route('**/console/assets/*.js', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 600));
      await route.continue();
    });
    await page.keyboard.press('/');
    await page.keyboard.type('wiki');
    await page.getByText('1 site', { exact: true }).waitFor();
    // Chromium empties a search box too.
    await page.keyboard.press('Escape');
    await page.keyboard.press('n');
    await heading('Add a site').waitFor();
    await page.unroute('**/console/assets/*.js');
  });
});

describe('the live feed', () => {
  it('says when it is away, and loads everything again when it is back', async () => {
    await open('/sites');
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Harbour Forum' }).waitFor();
    const site = mock.state.sites[0] ?? never();
    mock.state.sites[0] = { ...site, name: 'Renamed meanwhile' };
    mock.dropStreams();
    await page.getByText(/No live updates since/).waitFor();
    await page.getByRole('link', { name: 'Renamed meanwhile' }).waitFor();
    await page.getByText(/No live updates since/).waitFor({ state: 'detached' });
  });
});

function never(): never {
  throw new Error('the mock holds less than it should');
}
