/** The desk's screens in Debian's Chromium against the mock: what they withhold, what they ask before they act, and that the keyboard reaches all. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createMock } from '../web/console/mock/mock.ts';
import type { Mock } from '../web/console/mock/mock.ts';
import { mockId, populated } from '../web/console/mock/state.ts';
import { startBrowser } from './harness/browser.ts';
import { builtConsole, leaveConsole, serveConsole } from './harness/console.ts';
import type { ServedConsole } from './harness/console.ts';

let dist = '';
let mock: Mock;
let served: ServedConsole;
let browser: Browser;
let page: Page;
let complaints: string[];
/** Every call to the API, as `METHOD path`. */
let calls: string[];

beforeAll(async () => {
  dist = await builtConsole();
  mock = createMock(populated(() => Date.now()));
  served = await serveConsole(dist, () => mock);
  browser = await startBrowser([]);
  page = await browser.newPage({ viewport: { width: 1360, height: 900 }, timezoneId: 'Europe/Berlin' });
  page.setDefaultTimeout(15_000);
});

afterAll(async () => {
  await browser.close();
  await served.close();
});

beforeEach(async () => {
  mock = createMock(populated(() => Date.now()));
  complaints = [];
  calls = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  page.on('request', (request) => calls.push(`${request.method()} ${new URL(request.url()).pathname}`));
});

afterEach(async () => {
  await leaveConsole(page, served);
  expect(complaints).toEqual([]);
});

const open = (where: string) => page.goto(`${served.url}/console${where}`);
const forum = `/desk/cases/${mockId('case', 'forum')}`;
const harbour = `/desk/cases/${mockId('case', 'harbour')}`;
const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name });
const button = (name: string | RegExp) => page.getByRole('button', { name });
const dialog = () => page.getByRole('dialog');
const panel = (name: string) => page.getByRole('region', { name, exact: true });

describe('the queue', () => {
  it('is walked, claimed and opened by keyboard alone, and keeps its filters in the URL', async () => {
    await open('/sites');
    await heading('Sites').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await heading('Desk').waitFor();
    await page.getByRole('link', { name: /C-2026-0006/ }).waitFor();
    for (const _ of [1, 2, 3]) await page.keyboard.press('j');
    expect(await page.locator(':focus').textContent()).toContain('C-2026-0006');
    await page.keyboard.press('c');
    await page.getByText('C-2026-0006 is yours').waitFor();
    await page.getByLabel('Lane').selectOption('serious');
    await page.getByText('2 cases', { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe('?lane=serious');
    await page.getByRole('link', { name: /C-2026-0006/ }).focus();
    await page.keyboard.press('Enter');
    await heading(/C-2026-0006/).waitFor();
  });

  it('shows what is overdue by a word, and changes while one looks', async () => {
    await open('/desk');
    const row = page.getByRole('row', { name: /C-2026-0005/ });
    await row.getByText('Overdue').waitFor();
    mock.state.desk.cases = mock.state.desk.cases.map((held) =>
      held.number === 'C-2026-0005' ? { ...held, title: 'Renamed meanwhile' } : held,
    );
    mock.emit({ kind: 'case', caseId: mock.state.desk.cases[1]?.caseId ?? never() });
    await page.getByRole('link', { name: /Renamed meanwhile/ }).waitFor();
  });

  it('says no number of reports anywhere', async () => {
    await open('/desk');
    await page.getByRole('link', { name: /C-2026-0007/ }).waitFor();
    expect(await page.locator('main').innerText()).not.toMatch(/2,?041|\d+ reports?\b/);
  });
});

describe('a case whose grade is not locked', () => {
  it('withholds the line of reports and the pressure, and says why', async () => {
    await open(forum);
    await page.getByText('Reports: withheld until the grade is locked').waitFor();
    expect(await panel('Pressure').count()).toBe(0);
    await page.getByRole('link', { name: 'Pressure', exact: true }).click();
    await page.getByRole('heading', { name: 'Nobody may see this before the grade is locked' }).waitFor();
    await page.getByRole('link', { name: /C-2026-0007/ }).waitFor();
  });

  it('reads nothing and opens nothing by itself; reading and opening are asked for', async () => {
    await open(forum);
    const evidence = panel('Evidence');
    await evidence.getByText('Thread on the board').waitFor();
    expect(calls.filter((call) => call.startsWith('POST'))).toEqual([]);
    expect(await page.locator('img, video').count()).toBe(0);
    await evidence.getByRole('button', { name: 'Read as text' }).first().click();
    await evidence.getByText('[threat naming a place and time]').waitFor();
    await evidence.getByRole('button', { name: 'Open media' }).click();
    await dialog()
      .getByText(/You looked at such things for 13 of 60 min today/)
      .waitFor();
    expect(await dialog().getByRole('button', { name: 'Open', exact: true }).isDisabled()).toBe(true);
    await dialog().getByLabel('Why must it be looked at?').fill('Is the street to be seen?');
    await dialog().getByRole('button', { name: 'Open', exact: true }).click();
    await dialog().getByRole('checkbox', { name: 'Blur' }).waitFor();
    expect(await dialog().getByRole('checkbox', { name: 'Blur' }).isChecked()).toBe(true);
    expect(calls).toContain(`POST /api/v1/desk/evidence/${mockId('evid', 'photo')}/reveal`);
  });

  it('a limit that is reached keeps media closed, in the server’s words', async () => {
    mock.state.desk.wellness = { ...mock.state.desk.wellness, minutesToday: 61 };
    await open(forum);
    await panel('Evidence').getByRole('button', { name: 'Open media' }).click();
    await dialog().getByLabel('Why must it be looked at?').fill('Is the street to be seen?');
    await dialog().getByRole('button', { name: 'Open', exact: true }).click();
    await dialog().getByText('That is enough for today').waitFor();
  });

  it('a sealed name is shown once, with a reason, and is gone with its window', async () => {
    await open(forum);
    await button('Unseal: Target A').click();
    await dialog().getByLabel('Why must you know?').fill('To warn them by telephone.');
    await dialog().getByRole('button', { name: 'Unseal' }).click();
    await dialog().getByText('Invented Person').waitFor();
    await dialog().getByRole('button', { name: 'Close' }).last().click();
    expect(await page.getByText('Invented Person').count()).toBe(0);
    await button('Unseal: Target A').click();
    await dialog().getByLabel('Why must you know?').waitFor();
  });

  it('stays open while a task holds it, and closing asks for the number', async () => {
    await open(forum);
    await page.getByText('More', { exact: true }).click();
    await page.locator('.menu-list').getByRole('button', { name: 'Close', exact: true }).click();
    await dialog().getByLabel('Reason').fill('Nothing is left to do.');
    await dialog().getByRole('button', { name: 'Close', exact: true }).last().click();
    await dialog().getByLabel('Type “C-2026-0007” to confirm').fill('C-2026-0007');
    await dialog().getByRole('button', { name: 'Close', exact: true }).last().click();
    await dialog().getByText('A task that holds the case is still open').first().waitFor();
  });
});

describe('grading', () => {
  it('begins with everything unknown, suggests live, and asks why one differs', async () => {
    await open(`${forum}/incidents/${mockId('inc', 'older')}`);
    const axis = (name: string) => page.getByRole('group', { name, exact: true });
    await axis('Target').waitFor();
    expect(await page.getByRole('radio', { name: 'Unknown' }).count()).toBe(10);
    for (const radio of await page.getByRole('radio', { name: 'Unknown' }).all()) expect(await radio.isChecked()).toBe(true);
    await axis('Form of intent').getByRole('radio', { name: 'Direct' }).check();
    await axis('Target').getByRole('radio', { name: 'Named and locatable' }).check();
    await axis('Time and place').getByRole('radio', { name: 'Time and place' }).check();
    await panel('Suggested by the rules').getByText('G4').waitFor();
    await button('Lock in my grade').click();
    await page.getByText('needs a grade').waitFor();
    await page.getByRole('radio', { name: /^G1/ }).check();
    await button('Lock in my grade').click();
    await page.getByText('needs a reason of at least 10 characters').waitFor();
    await page.getByLabel('Why your grade differs from the suggestion').fill('It quotes an old song, as the thread says.');
    await button('Lock in my grade').click();
    await page.getByText('The grade is locked: G1.').waitFor();
    await heading(/C-2026-0007/).waitFor();
  });

  it('is not offered to whoever graded already', async () => {
    await open(`${forum}/incidents/${mockId('inc', 'post')}`);
    await page.getByRole('heading', { name: /You cannot grade this incident now/ }).waitFor();
  });
});

describe('a decision', () => {
  it('is not sent with an empty limb, and is confirmed by somebody else on the case', async () => {
    await open(`${harbour}/decide`);
    await page.getByRole('radio', { name: /Notice page on one path/ }).check();
    await button('Propose this decision').click();
    await page.getByText('needs “met” or “not met”').first().waitFor();
    expect(await page.getByText('needs “met” or “not met”').count()).toBe(9);
    expect(calls.filter((call) => call === `POST /api/v1${harbour}/decisions`)).toEqual([]);
    for (const name of await page.getByRole('radio', { name: 'Not met' }).all()) {
      await name.check();
    }
    for (const why of await page.getByLabel('Why', { exact: true }).all()) await why.fill('Looked at by two people.');
    await page.getByLabel('Why “Notice to the owner” would not do').fill('The owner was asked twice and did nothing.');
    await page.getByLabel('Path', { exact: true }).fill('/board/threats');
    await page.getByLabel('Reason, as visitors, the owner and the public read it').fill('A board was used to threaten a person.');
    await page.getByLabel('Reason, for the desk').fill('Graded G4 by two people on Friday.');
    await page.getByText('The number of reports played no part.').waitFor();
    await button('Propose this decision').click();
    await page.getByText('Proposed. A second person has to confirm it.').waitFor();
    await panel('Decisions').getByText('You proposed this, so somebody else has to confirm it.').waitFor();

    const proposed = mock.state.desk.decisions[0] ?? never();
    const ben = { personId: mock.state.people[1]?.personId ?? never(), name: 'Ben Sørensen' };
    mock.state.desk.decisions = [{ ...proposed, proposer: ben }, ...mock.state.desk.decisions.slice(1)];
    mock.emit({ kind: 'case', caseId: proposed.caseId });
    await panel('Decisions').getByRole('button', { name: 'Confirm' }).click();
    await dialog().getByLabel('Type “C-2026-0005” to confirm').fill('C-2026-0005');
    await dialog().getByRole('button', { name: 'Confirm' }).click();
    await panel('Decisions').getByText('On 2 of 2 edges, 38 ms').waitFor();
  });

  it('not to act asks for a day to look again, and for no limbs', async () => {
    await open(`${harbour}/decide?kind=no-action`);
    await page.getByLabel('Look again', { exact: true }).waitFor();
    expect(await page.getByRole('radio', { name: 'Not met' }).count()).toBe(0);
    await page.getByLabel('Look again', { exact: true }).fill('');
    await button('Propose this decision').click();
    await page.getByText('needs a date and a time').waitFor();
  });
});

describe('an address that was reported as child abuse', () => {
  it('is said to be checked by a lead, with who said so; others have no such button', async () => {
    const child = `/desk/cases/${mockId('case', 'child')}`;
    await open(child);
    await panel('Evidence').getByRole('button', { name: 'Checked: not child abuse' }).click();
    await dialog()
      .getByText(/Never open the address/)
      .waitFor();
    expect(await dialog().getByRole('button', { name: 'It was checked' }).isDisabled()).toBe(true);
    await dialog().getByLabel('Who said so').fill('The hotline, this morning, reference 12');
    await dialog().getByRole('button', { name: 'It was checked' }).click();
    await page.getByText('Kept. Captures of this address go on.').waitFor();
    expect(calls.filter((call) => call.startsWith('PATCH'))).toHaveLength(1);
    mock = createMock(populated(() => Date.now(), ['analyst']));
    await open(child);
    await panel('Evidence').getByRole('button', { name: 'Custody' }).waitFor();
    expect(await panel('Evidence').getByRole('button', { name: 'Checked: not child abuse' }).count()).toBe(0);
  });
});

describe('the desk’s other rooms', () => {
  it('an appeal is not decided by whoever had a part in it', async () => {
    await open('/desk/appeals');
    await page.getByText('We removed the thread within the hour.').waitFor();
    expect(await button('Take it').count()).toBe(0);
    mock = createMock(populated(() => Date.now(), ['appeals']));
    await open('/desk/appeals');
    await button('Take it').click();
    await button('Decide it').click();
    await dialog()
      .getByRole('radio', { name: /Reversed/ })
      .check();
    await dialog().getByLabel('Reasons').fill('One board was the danger; the whole site was too broad.');
    await dialog().getByRole('button', { name: 'Decide' }).click();
    await page.getByText('Decided. Whoever appealed is told').waitFor();
    await page.getByText('You had a part in this case, so somebody else decides.').waitFor();
  });

  it('an emergency request needs a call back, and a second person who did not call', async () => {
    await open('/desk/authority');
    await button('Record the call back').click();
    await dialog().getByLabel('Where the number was found').fill('The directory of the state’s police.');
    await dialog().getByLabel('Who answered, and what they said').fill('The officer on duty confirmed the request.');
    await dialog().getByRole('button', { name: 'Record the call back' }).click();
    await page.getByText('on a number from The directory').waitFor();
    expect(await button('Confirm as second person').count()).toBe(0);
  });

  it('says when mail does not go out, and a page is taken with one press', async () => {
    await open('/desk/on-call');
    await page.getByText('Mail does not go out.').waitFor();
    await button('I have it').click();
    await page.getByText('Everybody sees that you have it.').waitFor();
  });

  it('criteria are published by typing it, because nobody can take them back', async () => {
    await open('/desk/criteria');
    await button('Publish a version').click();
    await dialog().getByLabel('Title').fill('Second version');
    await dialog().getByLabel('Text').fill('Short.');
    await dialog().getByRole('button', { name: 'Publish' }).click();
    await dialog().getByText('needs at least 100 characters').waitFor();
    await dialog().getByLabel('Text').fill('A measure rests on verified incidents. '.repeat(4));
    await dialog().getByRole('button', { name: 'Publish' }).click();
    await dialog().getByLabel('Type “publish” to confirm').fill('publish');
    await dialog().getByRole('button', { name: 'Publish' }).click();
    await panel('Second version').waitFor();
  });

  it('one’s own limits are saved', async () => {
    await open('/desk/wellness');
    await page.getByLabel('Most minutes of such media in a day').fill('30');
    await page.getByRole('checkbox', { name: 'Intimate images' }).check();
    await button('Save').click();
    await page.getByText('Saved.').waitFor();
    expect(mock.state.desk.wellness).toMatchObject({ dailyCapMinutes: 30, optedOut: ['intimate-images'] });
  });
});

describe('an owner', () => {
  it('reads, answers and appeals a notice, and sees nothing of the desk', async () => {
    mock = createMock(populated(() => Date.now(), ['owner']));
    await open('/notices');
    await page.getByText('a board of this site was used to threaten a named person').waitFor();
    await button('Answer').click();
    await dialog().getByLabel('Your answer').fill('The thread is gone.');
    await dialog().getByRole('button', { name: 'Send' }).click();
    await page.getByText('Your answer is with the desk.').waitFor();
    await button('Appeal').click();
    await dialog().getByLabel('Why it is wrong, or too broad').fill('Only one board was concerned.');
    await dialog().getByRole('button', { name: 'Appeal' }).click();
    await page.getByText('Your appeal is open.').waitFor();
    expect(await button('Appeal').count()).toBe(0);
    expect(await page.getByRole('link', { name: 'Desk' }).count()).toBe(0);
    await open('/desk');
    await page.getByText('Your role does not allow this').first().waitFor();
  });

  it('takes the settings and the zone file away', async () => {
    mock = createMock(populated(() => Date.now(), ['owner']));
    await open(`/sites/${mockId('site', 'forum')}?tab=settings`);
    const download = page.waitForEvent('download');
    await button('DNS zone file').click();
    expect((await download).suggestedFilename()).toBe('forum.example.zone');
  });
});

function never(): never {
  throw new Error('the mock holds less than it should');
}
