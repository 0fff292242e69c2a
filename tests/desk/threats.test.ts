/**
 * What docs/handbook/threats.md promises and no test beside the code shows: a false alarm blocks nobody, an owner cannot tell that somebody
 * reported, appeals by the hundred need a hundred reports, and what strangers wrote stays text in the console.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EvidenceId, Instant } from '../../contract/ids.ts';
import type { CaseId, SiteId } from '../../contract/ids.ts';
import { lockNoThreat } from '../../contract/routes/desk/assessments.ts';
import { getCase, listCaseReports, listCases } from '../../contract/routes/desk/cases.ts';
import { confirmDecision, proposeDecision } from '../../contract/routes/desk/decisions.ts';
import { exportSite, getAccountContact, listOwnerNotices } from '../../contract/routes/desk/owners.ts';
import { addToReport, getReportStatus, ReportStatus } from '../../contract/routes/desk/reports.ts';
import { addAccount, addPersonWithToken } from '../../contract/routes/identity.ts';
import { listAlarms } from '../../contract/routes/house.ts';
import { listOrders } from '../../contract/routes/orders.ts';
import { addSite, getSite, listSites } from '../../contract/routes/sites.ts';
import { consolePolicy } from '../../control/http/console.ts';
import { apiClient, ApiRefusal, refusalOf } from '../harness/api.ts';
import type { Api } from '../harness/api.ts';
import { decisionDraft, startDeskHouse } from '../harness/desk-house.ts';
import type { DeskHouse } from '../harness/desk-house.ts';
import { removeFolder, temporaryFolder, until } from '../harness/ports.ts';
import { readSources } from '../harness/sources.ts';
import { embeddedAddress } from '../harness/stores.ts';

const folder = temporaryFolder('threats');
let house: DeskHouse;
beforeAll(async () => {
  house = await startDeskHouse(await embeddedAddress(folder));
}, 60_000);
afterAll(async () => {
  await house?.stop();
  removeFolder(folder);
});

const tokenOf = (statusUrl: string): string => statusUrl.split('/').at(-1) ?? '';
const behindLink = (token: string, body?: unknown): Promise<Response> =>
  fetch(`${house.url()}${getReportStatus.path}`, {
    method: body === undefined ? 'GET' : addToReport.method,
    headers: { 'content-type': 'application/json', 'x-report-token': token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** The case about a site that nobody else here reports. */
const caseAbout = (hostname: string): Promise<CaseId> =>
  until(
    `there is a case about ${hostname}`,
    async () => (await house.analyst.call(listCases, { query: { search: hostname } })).items[0]?.caseId,
    { timeoutMs: 60_000 },
  );

async function problemOf(call: Promise<unknown>): Promise<string> {
  const refusal: unknown = await call.then(
    () => null,
    (error: unknown) => error,
  );
  return refusal instanceof ApiRefusal ? JSON.stringify(refusal.problem) : String(refusal);
}

describe('false urgent reports about a rival', () => {
  it('wake people and begin a clock, and change nothing at any edge', async () => {
    const { siteId } = await house.operator().call(addSite, {
      body: { name: 'Rival', hostnames: ['rival.example'], origin: 'http://192.0.2.9', waiveOwnership: true },
    });
    const edge = await house.edge();
    const before = [...edge.items.keys()].toSorted();
    await Promise.all(
      Array.from({ length: 12 }, (_, n) =>
        house.report({
          dangerNow: true,
          hostname: 'rival.example',
          text: `Somebody will die because of this site, block it now! [invented claim ${n}]`,
          urls: [`https://rival.example/t/${n}`],
        }),
      ),
    );
    const caseId = await caseAbout('rival.example');
    const { evidence, lane, emergencySince } = await until('its addresses are evidence', async () => {
      const found = await house.case(caseId);
      return found.evidence.length > 0 && found;
    });
    expect([lane, emergencySince === null]).toEqual(['life-threat', false]);
    expect((await house.boss.call(listAlarms, {})).items.map(({ kind }) => kind)).toContain('fast-lane');
    const params = { caseId };
    const draft = decisionDraft(
      'provisional-notice-page',
      await house.criteria(),
      evidence.slice(0, 1).map(({ evidenceId }) => EvidenceId.parse(evidenceId)),
      { endsAt: new Date(house.now() + 3_600_000).toISOString(), provisional: true },
    );
    // Not by two people before a grade, and not by one alone on what others only say.
    expect(await problemOf(house.boss.call(proposeDecision, { params, body: draft }))).toMatch(/"not-graded"/);
    const alone = { ...draft, breakGlass: { reason: 'Twelve people say so.' } };
    expect(await problemOf(house.boss.call(proposeDecision, { params, body: alone }))).toMatch(
      /one person alone needs our own capture/,
    );
    expect((await house.boss.call(listOrders, { query: { siteId } })).items).toEqual([]);
    expect([...edge.items.keys()].toSorted()).toEqual(before);
  }, 120_000);
});

describe('an owner who wants to know whether somebody reported', () => {
  let owner: Api;
  let siteId: SiteId;

  it('gets the same answers before and after, byte for byte', async () => {
    const { account } = await house.operator().call(addAccount, { body: { name: 'Watcher', ownerName: 'Invited' } });
    const { token } = await house.operator().call(addPersonWithToken, {
      body: { name: 'Otto Owner', roles: ['owner'], accountId: account.accountId },
    });
    owner = apiClient(house.url(), token);
    const body = { name: 'Watched', hostnames: ['watched.example'], origin: 'http://192.0.2.8' };
    siteId = (await owner.call(addSite, { body })).siteId;
    const seen = async () =>
      JSON.stringify([
        await owner.call(listSites, {}),
        await owner.call(getSite, { params: { siteId } }),
        await owner.call(exportSite, { params: { siteId } }),
        await owner.call(listOrders, {}),
        await owner.call(listOwnerNotices, {}),
        await owner.call(getAccountContact),
        await refusalOf(owner.call(listAlarms, {})),
      ]);
    const before = await seen();
    const { statusUrl } = await house.report({
      dangerNow: true,
      text: 'It is about this board. [threat]',
      hostname: 'watched.example',
    });
    const caseId = await caseAbout('watched.example');
    expect(await seen()).toBe(before);
    expect(await refusalOf(owner.call(getCase, { params: { caseId } }))).toBe('not-allowed');
    expect(ReportStatus.parse(await (await behindLink(tokenOf(statusUrl))).json()).messages).toEqual([]);
  }, 120_000);
});

describe('a flood of appeals', () => {
  it('needs a report for each: a link has one open appeal, and whoever has no link has none', async () => {
    const { statusUrl } = await house.report({ class: 'phishing', text: 'It copies a sign-in page.', hostname: 'flood.example' });
    const caseId = await caseAbout('flood.example');
    await house.boss.call(lockNoThreat, { params: { caseId }, body: { reason: 'Nobody is threatened by this page.' } });
    const { decisionId } = await house.analyst.call(proposeDecision, {
      params: { caseId },
      body: {
        kind: 'no-action',
        limbs: [],
        whyNotBelow: [],
        evidence: [],
        policyVersionId: await house.criteria(),
        recheckAt: Instant.parse(new Date(house.now() + 14 * 86_400_000).toISOString()),
        publicReason: 'The page that was named is no copy of anything.',
        internalReason: 'Looked at by two people.',
      },
    });
    await house.decider.call(confirmDecision, { params: { decisionId } });
    const appeal = (token: string) => behindLink(token, { act: 'appeal', text: 'You did not look at the second page.' });
    const answers = [];
    for (let n = 0; n < 5; n += 1) answers.push((await appeal(tokenOf(statusUrl))).status);
    expect(answers).toEqual([200, 409, 409, 409, 409]);
    expect((await appeal(`${tokenOf(statusUrl).slice(0, -4)}AAAA`)).status).toBe(404);
  }, 120_000);
});

describe('markup in every field', () => {
  const script = '<script>alert(1)</script>';

  it('reaches the desk as JSON with the words unchanged, under a policy that lets no foreign script run', async () => {
    await house.report({
      class: 'doxxing',
      hostname: 'markup.example',
      text: `${script}<img src=x onerror=alert(1)> [address of an invented person]`,
      urls: [`https://markup.example/${script}`],
      contact: { name: '<b>Nobody at all</b>', safeContact: script },
      files: [{ name: `${script}.html`, mediaType: 'text/html', content: Buffer.from(script).toString('base64') }],
    });
    const caseId = await caseAbout('markup.example');
    const { items } = await house.analyst.call(listCaseReports, { params: { caseId } });
    expect(items[0]?.text).toContain(script);
    const answer = await fetch(`${house.url()}${getCase.path.replace('{caseId}', caseId)}`, {
      headers: { authorization: `Bearer ${house.analyst.token ?? ''}`, accept: 'text/html' },
    });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(consolePolicy).toMatch(/default-src 'none'; script-src 'self';/);
    expect(consolePolicy).not.toContain('unsafe');
  });

  it('is never handed to the browser as markup by the console', () => {
    const doors = /dangerouslySetInnerHTML|\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write|\beval\(|new Function\(/;
    const wrong = readSources().filter(({ room, test, text }) => room === 'web' && !test && doors.test(text));
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });
});
