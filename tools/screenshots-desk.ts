/**
 * Takes the desk's pictures of docs/screenshots from a running provider with an invented case: `node_modules/.bin/node tools/screenshots-desk.ts`.
 *
 * Nothing in a picture is drawn for it: reports come in by the public door, the pages that they name are captured, two people grade, two
 * decide, an edge signs. The threads are placeholders of a small server here. Not a test: nothing here is checked.
 */
import { createServer } from 'node:http';
import type { CaseId, EvidenceId, PolicyVersionId } from '../contract/ids.ts';
import { EvidenceId as EvidenceIdSchema, Instant } from '../contract/ids.ts';
import type { Grade } from '../contract/desk/words.ts';
import { addIncident, assess } from '../contract/routes/desk/assessments.ts';
import { actOnCase, addTarget, getCase, listCases } from '../contract/routes/desk/cases.ts';
import { confirmDecision, listCriteria, proposeDecision } from '../contract/routes/desk/decisions.ts';
import { sendReport } from '../contract/routes/desk/reports.ts';
import type { ReportDraft } from '../contract/routes/desk/reports.ts';
import { addPersonWithToken } from '../contract/routes/identity.ts';
import { apiClient } from '../tests/harness/api.ts';
import { startBrowser } from '../tests/harness/browser.ts';
import { startDns } from '../tests/harness/dns.ts';
import { axesFor, decisionDraft } from '../tests/harness/desk-house.ts';
import { freePort, until } from '../tests/harness/ports.ts';
import { inHours, startProvider } from '../tests/harness/provider.ts';
import { picture, signUp } from './pictures.ts';

const threads: Readonly<Record<string, string>> = {
  '/t/812': 'Post 1. Her street and the number of the house. [an invented address] Post 2. [threat naming a place and time]',
  '/t/815': 'Post 7. [call to go there on Saturday] Post 8. [photograph of a door, described]',
  '/t/640': 'Post 3, two years old. [a crude joke about a moderator]',
};

type Told = Pick<ReportDraft, 'class' | 'text'> & Partial<ReportDraft> & { readonly paths: readonly string[] };
const told: readonly Told[] = [
  {
    class: 'threat-to-life',
    dangerNow: true,
    role: 'family',
    text: 'They posted where Nora Vale lives and when she leaves for work. [threat naming a place and time]',
    paths: ['/t/812'],
  },
  {
    class: 'threat-to-life',
    role: 'witness',
    text: 'Somebody on this forum asks who comes along on Saturday, with the photograph of a door. [call to act]',
    paths: ['/t/815'],
  },
];
const others: readonly Told[] = [
  { class: 'doxxing', text: 'A list of the staff of a clinic with their home telephones is pinned.', paths: ['/t/640'] },
  { class: 'phishing', text: 'The sign-in page of this shop is a copy of a bank’s.', paths: [], hostname: 'shop.example' },
];

async function main(): Promise<void> {
  const origin = createServer((request, response) => {
    const words = threads[request.url ?? ''];
    response.writeHead(words === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(`<title>Forum of Example</title><h1>Thread</h1><p>${words ?? 'gone'}</p>`);
  });
  const port = await freePort();
  await new Promise<void>((resolve) => origin.listen(port, '127.0.0.1', resolve));
  // What captures ask: the forum is this small server.
  const dns = await startDns();
  dns.set('forum.example', { a: ['127.0.0.1'] });
  const [provider, browser] = await Promise.all([
    startProvider({
      args: ['--provider-name', 'Gate Co-operative'],
      env: { PORTCULLIS_ALLOW_CAPTURES: '127.0.0.0/8', PORTCULLIS_CHROMIUM: 'off', PORTCULLIS_DNS_SERVERS: dns.address },
    }),
    startBrowser(['forum.example']),
  ]);
  try {
    const base = `http://localhost:${provider.edge.control}`;
    const viewport = { width: 1180, height: 820 };
    const cookie = await signUp(provider);
    const desk = await browser.newContext({ viewport });
    await desk.addCookies([{ ...cookie, url: base }]);
    const console_ = await desk.newPage();
    const open = async (where: string): Promise<void> => {
      await console_.goto(`${base}${where}`, { waitUntil: 'load' });
      await console_.waitForTimeout(1500);
      await until('all of the screen is there', async () => (await console_.getByText('Loading…').count()) === 0);
    };
    await provider.protect('forum.example', port, { name: 'Forum of Example' });
    await provider.protect('shop.example', port, { name: 'Shop' });

    const visitor = await (await browser.newContext({ viewport: { width: 1180, height: 760 } })).newPage();
    await visitor.goto(`${base}/report`);
    await picture(visitor, 'report');

    const people = await Promise.all(
      [
        { name: 'Lin Okafor', roles: ['analyst' as const] },
        { name: 'Sol Reyes', roles: ['analyst' as const] },
        { name: 'Grace Hollow', roles: ['decider' as const] },
      ].map(async (body) => apiClient(provider.controlUrl, (await provider.operator.call(addPersonWithToken, { body })).token)),
    );
    const [analyst, second, decider] = people;
    if (analyst === undefined || second === undefined || decider === undefined) throw new Error('a case needs three people');
    const stranger = apiClient(provider.controlUrl, null);
    const report = ({ paths, ...draft }: Told): Promise<unknown> =>
      stranger.call(sendReport, {
        body: { hostname: 'forum.example', urls: paths.map((path) => `http://forum.example:${port}${path}`), ...draft },
      });
    for (const draft of [...told, ...others]) await report(draft);
    const rows = await until(
      'the cases are there',
      async () => {
        const { items } = await analyst.call(listCases, { query: { open: 'true' } });
        return items.length >= told.length + others.length && items;
      },
      { timeoutMs: 60_000 },
    );

    const captured = (caseId: CaseId): Promise<EvidenceId> =>
      until(
        'its page is captured',
        async () => {
          const { evidence } = await analyst.call(getCase, { params: { caseId } });
          const found = evidence.find(({ level }) => level === 'A2');
          return found !== undefined && EvidenceIdSchema.parse(found.evidenceId);
        },
        { timeoutMs: 60_000 },
      );
    const urgent = rows.filter(({ lane }) => lane === 'life-threat');
    const [first] = urgent;
    if (first === undefined) throw new Error('no case is urgent');
    const { caseId } = first;
    await analyst.call(actOnCase, { params: { caseId }, body: { act: 'claim' } });
    await analyst.call(addTarget, {
      params: { caseId },
      body: { name: 'Nora Vale', contact: 'nora@home.example', redact: ['nvale'], safetyNotes: 'Call, do not write.' },
    });
    const evidence = await captured(caseId);
    await open('/console/desk');
    await picture(console_, 'desk-queue');

    await grade(caseId, { title: 'Address and time posted', hoursAgo: 5, assigned: 'G4', evidence });
    await analyst.call(actOnCase, {
      params: { caseId },
      body: { act: 'note', text: 'Nora Vale was told by telephone at once.' },
    });
    await console_.setViewportSize({ width: 1440, height: 1000 });
    await open(`/console/desk/cases/${caseId}`);
    await picture(console_, 'desk-case');
    await console_.setViewportSize(viewport);

    const policy = (await analyst.call(listCriteria)).items[0]?.policyVersionId;
    if (policy === undefined) throw new Error('no criteria are published');
    await open(`/console/desk/cases/${caseId}/decide`);
    await picture(console_, 'desk-decide');
    const decisionId = await propose(caseId, policy, evidence);
    await decider.call(confirmDecision, { params: { decisionId } });

    async function grade(
      id: CaseId,
      what: { title: string; hoursAgo: number; assigned: Grade; evidence: EvidenceId },
    ): Promise<void> {
      if (analyst === undefined || second === undefined) return;
      const made = await analyst.call(addIncident, {
        params: { caseId: id },
        body: { title: what.title, eventAt: inHours(-what.hoursAgo), evidence: [what.evidence] },
      });
      const body = { axes: axesFor(what.assigned, [what.evidence]), assigned: what.assigned };
      const params = { incidentId: made.incidentId };
      await analyst.call(assess, { params, body: { ...body, seat: 'first' } });
      await second.call(assess, { params, body: { ...body, seat: 'second' } });
    }
    async function propose(id: CaseId, version: PolicyVersionId, item: EvidenceId) {
      if (analyst === undefined) throw new Error('nobody proposes');
      const draft = decisionDraft('notice-on-path', version, [item], {
        endsAt: Instant.parse(new Date(Date.now() + 14 * 86_400_000).toISOString()),
        measure: { endsAt: inHours(14 * 24), path: '/t/' },
        publicReason: 'Threads on this part of the forum say where a person lives and call for violence against them.',
      });
      return (await analyst.call(proposeDecision, { params: { caseId: id }, body: draft })).decisionId;
    }
  } finally {
    await browser.close();
    await provider.stop();
    await dns.stop();
    origin.closeAllConnections();
    origin.close();
  }
}

await main();
