/**
 * A week at the desk, told by real programs: Fossil behind HAProxy, Chromium in front, SMTP in and out, the whole provider as `up` starts it.
 *
 * One danger, one campaign, two people, an order, an appeal. The steps depend on each other and run as they are written; README.md beside this
 * file tells the tale, and it is not cut in parts for that reason. The rules of each step are tested beside their code; here, that they hold together.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Role } from '../../../contract/access.ts';
import type { CaseId, DeskDecisionId, EvidenceId, PolicyVersionId, SiteId } from '../../../contract/ids.ts';
import { PathPrefix } from '../../../contract/policy.ts';
import type { Grade, LadderStep } from '../../../contract/desk/words.ts';
import { addIncident, assess, getEscalation } from '../../../contract/routes/desk/assessments.ts';
import { actOnCase, answerReport, getCase, listCaseReports, listCases } from '../../../contract/routes/desk/cases.ts';
import type { Case, CaseRow } from '../../../contract/routes/desk/cases.ts';
import * as decisions from '../../../contract/routes/desk/decisions.ts';
import type { DecisionDraft, DeskDecision } from '../../../contract/routes/desk/decisions.ts';
import { exportSite, setAccountContact } from '../../../contract/routes/desk/owners.ts';
import { acknowledgePage, getOnCall, getPressure, setOnCall } from '../../../contract/routes/desk/pressure.ts';
import { sendReport } from '../../../contract/routes/desk/reports.ts';
import { addAccount, addPersonWithToken, getMe } from '../../../contract/routes/identity.ts';
import { PublicDecision } from '../../../contract/routes/orders.ts';
import { addSite } from '../../../contract/routes/sites.ts';
import { apiClient, refusalOf } from '../../harness/api.ts';
import type { Api } from '../../harness/api.ts';
import { picture, startBrowser } from '../../harness/browser.ts';
import { buildConsole, consoleFolder } from '../../harness/console.ts';
import { axesFor, decisionDraft } from '../../harness/desk-house.ts';
import { campaigns, fill, picker } from '../../harness/desk-texts.ts';
import { startDns } from '../../harness/dns.ts';
import type { TestDns } from '../../harness/dns.ts';
import { startForum } from '../../harness/fossil.ts';
import type { Forum } from '../../harness/fossil.ts';
import { startRelay } from '../../harness/mail-relay.ts';
import type { KeptMail, TestRelay } from '../../harness/mail-relay.ts';
import { sendMail } from '../../harness/mail-sender.ts';
import { freePort, until } from '../../harness/ports.ts';
import { inHours, startProvider } from '../../harness/provider.ts';
import type { Provider } from '../../harness/provider.ts';
import { navigation, visit } from '../../harness/visitor.ts';
import type { Met } from '../../harness/visitor.ts';

const campaignSize = 200;
const publicReason = 'Threats against a named person were organised on this site, and grew within two days.';
const slow = { timeoutMs: 20_000, everyMs: 50 };

let forum: Forum;
let provider: Provider;
let browser: Browser;
let relay: TestRelay;
let dns: TestDns;
let mailPort: number;
let analyst: Api;
let second: Api;
let decider: Api;
let appeals: Api;
let owner: Api;
let siteId: SiteId;
let threads: string[] = [];
let privateLink: string;
let caseId: CaseId;
let evidence: EvidenceId[];
let policy: PolicyVersionId;
let onPath: DeskDecision;
let provisional: DeskDecision;
let lasting: DeskDecision;

const forumAt = (where: string): string => `http://forum.example:${provider.edge.http}${where}`;
const caseNow = (): Promise<Case> => analyst.call(getCase, { params: { caseId } });
const mailTo = (address: string, words: string): Promise<KeptMail> =>
  until(`${address} was written to of “${words}”`, () =>
    relay.mails.find((mail) => mail.to.includes(address) && mail.words.includes(words)),
  );
const atTheEdge = (where: string): Promise<Met> =>
  visit({ port: provider.edge.http, host: 'forum.example', path: where, headers: navigation });

beforeAll(async () => {
  // Built by the setup of the tests; whoever runs this file alone may not have it yet.
  if (!existsSync(path.join(consoleFolder, 'index.html'))) await buildConsole(consoleFolder);
  [forum, browser, relay, dns, mailPort] = await Promise.all([
    startForum(),
    startBrowser(['forum.example']),
    startRelay(),
    startDns(),
    freePort(),
  ]);
  dns.set('people.example', { txt: ['v=spf1 ip4:127.0.0.1 -all'] });
  dns.set('unproved.example', { txt: ['v=spf1 ip4:192.0.2.1 -all'] });
  dns.set('forum.example', { a: ['127.0.0.1'] });
  provider = await startProvider({
    env: {
      PORTCULLIS_MAIL_LISTEN: `127.0.0.1:${mailPort}`,
      PORTCULLIS_MAIL_DOMAIN: 'shield.example',
      PORTCULLIS_MAIL_RELAY: relay.url,
      PORTCULLIS_DNS_SERVERS: dns.address,
      PORTCULLIS_ALLOW_CAPTURES: '127.0.0.0/8',
    },
  });
  const person = async (name: string, roles: Role[]): Promise<Api> => {
    const { token } = await provider.operator.call(addPersonWithToken, { body: { name, roles } });
    return apiClient(provider.controlUrl, token);
  };
  [analyst, second, decider, appeals] = await Promise.all([
    person('Ada Analyst', ['analyst']),
    person('Sam Second', ['analyst']),
    person('Dee Decider', ['decider']),
    person('Abe Appeals', ['appeals']),
  ]);
  const { personId } = await provider.second.call(getMe);
  await provider.second.call(setOnCall, {
    body: { personId, channel: 'mail', address: 'awake@house.example', position: 1, active: true },
  });
  const { account } = await provider.operator.call(addAccount, { body: { name: 'Forum of Example', ownerName: 'Invited' } });
  const ownerAdded = await provider.operator.call(addPersonWithToken, {
    body: { name: 'Otto Owner', roles: ['owner'], accountId: account.accountId },
  });
  owner = apiClient(provider.controlUrl, ownerAdded.token);
  await owner.call(setAccountContact, { body: { mail: 'otto@owner.example' } });
  const site = await provider.operator.call(addSite, {
    body: {
      name: 'Forum of Example',
      hostnames: ['forum.example'],
      origin: `http://127.0.0.1:${forum.port}`,
      waiveOwnership: true,
      accountId: account.accountId,
    },
  });
  siteId = site.siteId;
  await provider.applied(site.propagation.revision);
  threads = await writeThreads(['[threat naming a person]', '[threat naming a place and time]']);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await provider?.stop();
  await forum?.stop();
  await relay?.stop();
  await dns?.stop();
}, 60_000);

it('somebody in danger says so without a script, and holds a number and a private link; people are woken', async () => {
  const page = await (await browser.newContext({ javaScriptEnabled: false, viewport: { width: 800, height: 900 } })).newPage();
  await page.goto(`${provider.controlUrl}/report`);
  await page.getByRole('link', { name: /^Yes/ }).click();
  await page.getByLabel('What is happening?').fill('They name my street and a day there. [threat naming a place and time]');
  await page.locator('input[name=where]').fill(forumAt(threads[0] ?? ''));
  await picture(page, 'desk-week-1-danger');
  await page.getByRole('button', { name: 'Send now' }).click();
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toContain('People on duty are being woken');
  expect(await page.locator('dd .number').first().innerText()).toMatch(/\d/);
  privateLink = await page.getByRole('link', { name: /\/r\// }).innerText();
  expect(privateLink).toMatch(/\/r\/[A-Za-z0-9_-]{43}$/);
  await picture(page, 'desk-week-2-receipt');
  await page.context().close();

  const [row] = await openCases(1);
  if (row === undefined) throw new Error('no case was opened');
  expect(row).toMatchObject({ lane: 'life-threat', siteId });
  caseId = row.caseId;
  const woken = await mailTo('awake@house.example', row.number);
  expect(woken.words).toContain(`/console/desk/cases/${caseId}`);
  expect(woken.words).not.toContain('street');
}, 60_000);

it('a campaign of two hundred changes neither the case nor its place, and the desk is not told how many', async () => {
  const stranger = apiClient(provider.controlUrl, null);
  const pick = picker(2022);
  const drafts = Array.from({ length: campaignSize }, () => ({
    class: 'harassment' as const,
    text: fill(campaigns.en, pick),
    urls: [forumAt('/forum')],
  }));
  for (let at = 0; at < drafts.length; at += 25) {
    await Promise.all(drafts.slice(at, at + 25).map((body) => stranger.call(sendReport, { body })));
  }
  const rows = await openCases(2);
  expect(rows[0]?.caseId).toBe(caseId);
  expect(rows[0]).toMatchObject({ lane: 'life-threat' });
  expect((await caseNow()).volume).toBeNull();
  expect(await refusalOf(analyst.call(getPressure, { params: { caseId } }))).toBe('not-graded');
}, 60_000);

it('mail to abuse@ is a report; a mailbox that was proved has its receipt, one that was not has none', async () => {
  const letter = { to: 'abuse@shield.example', subject: 'A post on a forum' };
  const text = (who: string): string => `${who} On the page ${forumAt(threads[1] ?? '')} somebody waits for my sister. [threat]`;
  await sendMail(mailPort, { ...letter, from: 'no.one@unproved.example', text: text('I saw it yesterday.') });
  await sendMail(mailPort, { ...letter, from: 'rahel@people.example', text: text('I am her brother.') });
  const receipt = await mailTo('rahel@people.example', '/r/');
  expect(receipt.from).toBe('desk@shield.example');
  expect(relay.mails.filter((mail) => mail.to.includes('no.one@unproved.example'))).toEqual([]);
}, 60_000);

it('in the console the case stands first, without a count, and pressure is closed until the grade is locked', async () => {
  const ada = await consoleOf(analyst);
  await ada.goto(`${provider.controlUrl}/console/desk`);
  const { number } = await caseNow();
  await ada
    .getByRole('link', { name: new RegExp(number) })
    .first()
    .waitFor();
  expect(await ada.locator('main').innerText()).not.toMatch(/\b20[0-4]\b|\d+ reports/);
  await picture(ada, 'desk-week-3-queue');
  await ada.goto(`${provider.controlUrl}/console/desk/cases/${caseId}`);
  await ada.getByText('Reports: withheld until the grade is locked').waitFor();
  await ada.getByRole('link', { name: 'Pressure', exact: true }).click();
  await ada.getByRole('heading', { name: 'Nobody may see this before the grade is locked' }).waitFor();
  await ada.context().close();

  // A lead puts what is about one site into one case, before anybody grades: afterwards the server would refuse it.
  for (const row of await openCases(1)) {
    if (row.caseId === caseId) continue;
    await provider.second.call(actOnCase, {
      params: { caseId: row.caseId },
      body: { act: 'merge-into', caseId, why: 'It is about the same site and week.' },
    });
  }
  expect((await openCases(1)).map((row) => row.caseId)).toEqual([caseId]);
}, 60_000);

it('two people grade blind on our own captures; the emergency opens and wakes, and nothing is blocked by it', async () => {
  evidence = [];
  for (const thread of threads) {
    evidence.push(
      await until(
        `there is our own copy of ${thread}`,
        async () =>
          (await caseNow()).evidence.find((item) => item.url?.endsWith(thread) === true && item.level === 'A2')?.evidenceId,
        slow,
      ),
    );
  }
  const before = relay.mails.length;
  await incident('A post names a person and shows the means', 30, 'G3', evidence[0]);
  await incident('A post names the place and the time', 2, 'G4', evidence[1]);
  const graded = await caseNow();
  expect(graded).toMatchObject({ grade: 'G4', lane: 'life-threat' });
  expect(graded.emergencySince).not.toBeNull();
  const { alarms } = await analyst.call(getEscalation, { params: { caseId } });
  expect(alarms.length).toBeGreaterThan(0);
  await until('the people on call are woken by the emergency', () =>
    relay.mails.slice(before).some((mail) => mail.to.includes('awake@house.example')),
  );
  for (const page of (await provider.second.call(getOnCall)).pages) {
    if (page.acknowledgedAt === null) await provider.second.call(acknowledgePage, { params: { pageId: page.pageId } });
  }
  expect((await atTheEdge('/forum')).status).toBe(200);

  const { volume } = await until(
    'every report was read',
    async () => {
      const found = await analyst.call(getPressure, { params: { caseId } });
      return found.volume.n === campaignSize + 3 && found;
    },
    slow,
  );
  expect(volume.m).toBeLessThanOrEqual(5);
  const ada = await consoleOf(analyst);
  await ada.goto(`${provider.controlUrl}/console/desk/cases/${caseId}`);
  await ada.getByText('Reports, by when they arrived').waitFor();
  await picture(ada, 'desk-week-4-graded');
  await ada.context().close();
}, 90_000);

it('a notice on a path, by two people: the edge answers with it within a second, and only there', async () => {
  const { items } = await analyst.call(decisions.listCriteria);
  policy = items[0]?.policyVersionId ?? policy;
  const measure = { endsAt: inHours(72), path: PathPrefix.parse('/forumpost') };
  const proposed = await propose(analyst, 'notice-on-path', { measure });
  expect(
    await refusalOf(analyst.call(decisions.confirmDecision, { params: { decisionId: proposed.decisionId } })),
  ).not.toBeNull();
  onPath = await confirmAndMeet(decider, proposed.decisionId, threads[0] ?? '');
  expect((await atTheEdge('/forum')).status).toBe(200);
}, 60_000);

it('what was asked was not enough: a provisional notice takes the path’s place, and a second panel makes it last', async () => {
  const wider = { kind: 'modify' as const, reverses: onPath.decisionId, provisional: true, measure: { endsAt: inHours(71) } };
  const proposed = await propose(analyst, 'provisional-notice-page', wider);
  provisional = await confirmAndMeet(decider, proposed.decisionId, '/forum');

  const longer = { confirms: provisional.decisionId, measure: { endsAt: inHours(24 * 30) } };
  const renewed = await propose(second, 'protection-withdrawn', longer);
  expect(await refusalOf(decider.call(decisions.confirmDecision, { params: { decisionId: renewed.decisionId } }))).toBe(
    'same-person',
  );
  // The second of the second panel does it on their own screen.
  const lead = await consoleOf(provider.second);
  const { number } = await caseNow();
  await lead.goto(`${provider.controlUrl}/console/desk/cases/${caseId}`);
  await lead.getByRole('region', { name: 'Decisions' }).getByRole('button', { name: 'Confirm' }).first().click();
  await lead.getByLabel(`Type “${number}” to confirm`).fill(number);
  await lead.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
  lasting = await until('the lasting decision is in force', () => enforced(renewed.decisionId), slow);
  await lead
    .getByRole('region', { name: 'Decisions' })
    .getByText(lasting.number ?? 'a number')
    .first()
    .waitFor();
  await picture(lead, 'desk-week-5-decided');
  await lead.context().close();
  // The case follows its order by the desk's own job, a moment after the edges' receipts.
  await until('the case follows its order', async () => (await caseNow()).state === 'enforced', slow);
}, 90_000);

it('visitors read why, and the public page counts reports, claims, evidence and witnesses apart, naming nobody', async () => {
  const page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
  const answer = await page.goto(forumAt('/forum'));
  expect(answer?.status()).toBe(403);
  const notice = (await page.textContent('body')) ?? '';
  for (const words of [publicReason, lasting.number ?? '-', 'appeal']) expect(notice).toContain(words);
  await picture(page, 'desk-week-6-notice');

  const address = `${provider.controlUrl}/decisions/${lasting.number ?? ''}`;
  await page.goto(address);
  const text = (await page.textContent('body')) ?? '';
  expect(text).toContain(`Reports: ${campaignSize + 3}.`);
  expect(text).toContain('First-hand witnesses: fewer than five.');
  for (const name of ['Ada', 'Sam', 'Dee', 'Rahel', 'people.example', 'street']) expect(text).not.toContain(name);
  await picture(page, 'desk-week-7-decision');
  const json = PublicDecision.parse(await (await fetch(address, { headers: { accept: 'application/json' } })).json());
  expect(json.statement?.volume).toMatchObject({ n: campaignSize + 3, w: null });
  expect(json).toMatchObject({ state: 'in-force', decidedBy: 'two-people', receipts: { expected: 1, enforced: 1 } });
  await page.context().close();
}, 60_000);

it('the reporter reads the outcome behind the private link', async () => {
  const { items } = await analyst.call(listCaseReports, { params: { caseId }, query: { limit: 200 } });
  const danger = items.find((report) => report.fastLane);
  if (danger === undefined) throw new Error('the report in the fast lane is not with its case');
  const outcome = 'We looked at it and blocked the site. The police were told. You can write to us here.';
  await analyst.call(answerReport, { params: { reportId: danger.reportId }, body: { kind: 'outcome', text: outcome } });
  const page = await (await browser.newContext({ javaScriptEnabled: false, viewport: { width: 800, height: 900 } })).newPage();
  await page.goto(privateLink);
  const text = await page.locator('main').innerText();
  expect(text).toContain(outcome);
  expect(text).toContain(lasting.number ?? 'a number');
  await picture(page, 'desk-week-8-outcome');
  await page.context().close();
}, 60_000);

it('the owner reads the notice by the link in their mail, takes the site along under the order, and appeals', async () => {
  const mails = relay.mails.filter((mail) => mail.to.includes('otto@owner.example'));
  expect(mails.length).toBeGreaterThan(0);
  for (const mail of mails) expect(mail.words).not.toContain(publicReason);
  const page = await (await browser.newContext({ viewport: { width: 800, height: 900 } })).newPage();
  await until('one of the links is about the lasting decision', async () => {
    for (const mail of relay.mails.filter(({ to }) => to.includes('otto@owner.example')).toReversed()) {
      await page.goto(/http\S+\/n\/[A-Za-z0-9_-]{43}/.exec(mail.words)?.[0] ?? 'about:blank');
      const shown = await page.locator('main').innerText();
      if (shown.includes(lasting.number ?? '-') && shown.includes(publicReason)) return true;
    }
    return false;
  });
  const { site, zone } = await owner.call(exportSite, { params: { siteId } });
  expect(JSON.stringify(site)).toContain('forum.example');
  expect(zone).toContain('forum.example');

  await page
    .getByLabel('Appeal', { exact: true })
    .fill('Both threads were removed and their author is banned since this morning.');
  await picture(page, 'desk-week-9-owner');
  await page.getByRole('button', { name: 'Appeal the decision', exact: true }).click();
  await page.getByText('Your appeal is open.').waitFor();
  await page.context().close();
}, 60_000);

it('somebody who had no hand in it reverses, and the edge serves the forum with every thread on it', async () => {
  const { items } = await appeals.call(decisions.listAppeals, { query: { caseId } });
  const [appeal] = items;
  expect(items).toHaveLength(1);
  if (appeal === undefined) throw new Error('there is no appeal');
  const params = { appealId: appeal.appealId };
  expect(appeal).toMatchObject({ by: 'owner', mayDecide: true, decisionId: lasting.decisionId });
  await appeals.call(decisions.takeAppeal, { params });
  const reasons = 'Both threads are gone and their author cannot write any more. The danger on this site is over.';
  await appeals.call(decisions.decideAppeal, { params, body: { outcome: 'reversed', reasons } });
  for (const where of ['/forum', ...threads]) {
    await until(`${where} is served again`, async () => (await atTheEdge(where)).status === 200);
  }
  expect(await forum.posts()).toContain('[threat naming a place and time]');
  await until('the case has ended', async () => (await caseNow()).state === 'ended', slow);
  await mailTo('otto@owner.example', '/n/');
  const page = await (await browser.newContext({ viewport: { width: 1100, height: 800 } })).newPage();
  await page.goto(`${provider.controlUrl}/decisions/${lasting.number ?? ''}`);
  expect(await page.textContent('body')).toContain('Appealed and reversed.');
  await picture(page, 'desk-week-10-reversed');
  await page.context().close();
}, 60_000);

/** The open cases, the first of the queue first, once there are at least so many. */
function openCases(atLeast: number): Promise<CaseRow[]> {
  return until(
    `${atLeast} cases are open`,
    async () => {
      const { items } = await analyst.call(listCases, { query: { open: 'true' } });
      return items.length >= atLeast && items;
    },
    slow,
  );
}

/** An incident some hours ago on one artefact, graded by one analyst and, blind, by another. */
async function incident(title: string, hoursAgo: number, assigned: Grade, on: EvidenceId | undefined): Promise<void> {
  const ids = on === undefined ? [] : [on];
  const { incidentId } = await analyst.call(addIncident, {
    params: { caseId },
    body: { title, eventAt: inHours(-hoursAgo), evidence: ids },
  });
  const body = { axes: axesFor(assigned, ids), assigned };
  await analyst.call(assess, { params: { incidentId }, body: { ...body, seat: 'first' } });
  const seen = (await second.call(getCase, { params: { caseId } })).incidents.find((one) => one.incidentId === incidentId);
  expect(seen).toMatchObject({ grading: 'none', assessments: [], grade: null });
  const locked = await second.call(assess, { params: { incidentId }, body: { ...body, seat: 'second' } });
  expect(locked).toMatchObject({ grading: 'locked', grade: assigned });
}

function propose(who: Api, step: LadderStep, over: Partial<DecisionDraft>): Promise<DeskDecision> {
  const endsAt = over.measure?.endsAt ?? inHours(71);
  const body = decisionDraft(step, policy, evidence, { ...over, endsAt: String(endsAt), publicReason });
  return who.call(decisions.proposeDecision, { params: { caseId }, body });
}

/** Confirms, and asserts that a visitor of this path meets its notice within a second and that every edge signs. */
async function confirmAndMeet(who: Api, decisionId: DeskDecisionId, where: string): Promise<DeskDecision> {
  const began = performance.now();
  const { number } = await who.call(decisions.confirmDecision, { params: { decisionId } });
  const met = await until(
    `the edge answers with ${number ?? 'a decision'}`,
    async () => {
      const now = await atTheEdge(where);
      return now.headers['portcullis-decision'] === number && now;
    },
    { everyMs: 5 },
  );
  expect(performance.now() - began).toBeLessThan(1000);
  expect([met.status, met.headers['portcullis-action']]).toEqual([403, 'notice']);
  expect(met.body).toContain(publicReason);
  return until('the receipt stands at the case', () => enforced(decisionId));
}

/** The decision, once the one edge has signed that it enforces it. */
async function enforced(decisionId: DeskDecisionId): Promise<DeskDecision | undefined> {
  const { items } = await analyst.call(decisions.listDecisions, { params: { caseId } });
  return items.find((one) => one.decisionId === decisionId && one.receipts?.enforced === 1);
}

/** The console as the provider serves it, in a browser whose every call carries this person's token. */
async function consoleOf(who: Api): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1360, height: 900 },
    extraHTTPHeaders: { authorization: `Bearer ${who.token ?? ''}` },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  return page;
}

/** A member writes threads on the forum, through the edge; their paths. */
async function writeThreads(texts: readonly string[]): Promise<string[]> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(forumAt('/login'));
  await page.locator('input[name=u]').fill(forum.member.name);
  await page.locator('input[name=p]').fill(forum.member.password);
  await page.locator('input[type=submit][name=in]').click();
  const written: string[] = [];
  for (const text of texts) {
    await page.goto(forumAt('/forumnew'));
    await page.locator('input[name=title]').fill(`A thread: ${text}`);
    await page.locator('textarea[name=content]').fill(text);
    await page.locator('input[type=submit][name=preview]').click();
    await page.locator('input[type=submit][name=submit]').click();
    await page.waitForURL(/\/forumpost\//);
    written.push(new URL(page.url()).pathname);
  }
  await page.context().close();
  return written;
}
