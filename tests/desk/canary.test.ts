/**
 * Names that were seeded into a report and a target are looked for in everything that leaves the house: mails, pages to people on call, every
 * address that answers GET for every role and for nobody, live events, the log, the audit trail, metrics, statements, the export.
 *
 * One whole case from report to appeal is played first. What may hold them: a mail's own To line, the answer to an unsealing, and the page
 * itself inside the export's archive, which is why only a lead exports, with a reason and an entry.
 */
import { createServer } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cidr } from '../../contract/network.ts';
import { EvidenceId, Instant } from '../../contract/ids.ts';
import type { CaseId } from '../../contract/ids.ts';
import { actOnCase, addTarget, addTask, answerReport, listCaseReports, unseal } from '../../contract/routes/desk/cases.ts';
import { confirmDecision, proposeDecision } from '../../contract/routes/desk/decisions.ts';
import { exportPath, readEvidence } from '../../contract/routes/desk/evidence.ts';
import { logPressure, setOnCall } from '../../contract/routes/desk/pressure.ts';
import { addToReport } from '../../contract/routes/desk/reports.ts';
import { getMe } from '../../contract/routes/identity.ts';
import { eventsPath } from '../../contract/routes/house.ts';
import { openapiPaths } from '../harness/openapi.ts';
import type { Api } from '../harness/api.ts';
import { decisionDraft, startDeskHouse } from '../harness/desk-house.ts';
import type { DeskHouse } from '../harness/desk-house.ts';
import { startRelay } from '../harness/mail-relay.ts';
import type { TestRelay } from '../harness/mail-relay.ts';
import { freePort, removeFolder, temporaryFolder, until } from '../harness/ports.ts';
import { embeddedAddress } from '../harness/stores.ts';
import { unzipped } from '../harness/zip.ts';

const reporterMail = 'quillon.featherby@mail.example';
/** What nobody outside the seal may read, and what of it would be enough to know. */
const ofReporter = ['Quillon', 'Featherby', reporterMail, '030 90182077', '90182077', 'behind the bakery'];
const ofTarget = ['Mirabel', 'Oakenshaw', 'mira_oak', 'Lindenstrasse 12', 'mirabel@home.example'];

let house: DeskHouse;
let relay: TestRelay;
let caseId: CaseId;
let folder = '';
const pages: string[] = [];
const events: string[] = [];
const stopping = new AbortController();
let webhook: ReturnType<typeof createServer>;

/** The first of the strings that a text holds, with what stands around it. */
function found(text: string, among: readonly string[]): string | null {
  const flat = text.toLowerCase();
  for (const secret of among) {
    const at = flat.indexOf(secret.toLowerCase());
    if (at >= 0) return text.slice(Math.max(0, at - 80), at + 80);
  }
  return null;
}

beforeAll(async () => {
  folder = temporaryFolder('canary');
  relay = await startRelay();
  webhook = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => void pieces.push(piece));
    request.on('end', () => {
      pages.push(Buffer.concat(pieces).toString('utf8'));
      response.end();
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => webhook.listen(port, '127.0.0.1', resolve));
  house = await startDeskHouse(await embeddedAddress(folder), { mailRelay: relay.url, allowNotify: [Cidr.parse('127.0.0.0/8')] });
  const { personId } = await house.boss.call(getMe);
  await house.boss.call(setOnCall, {
    body: { personId, channel: 'webhook', address: `http://127.0.0.1:${port}/`, position: 1, active: true },
  });
  void listen(house.boss);

  house.pages.set(
    '/thread',
    '<h1>Thread</h1><p>Mirabel Oakenshaw (mira_oak) of Lindenstrasse 12: [threat naming a place and time]</p>',
  );
  const report = await house.report({
    dangerNow: true,
    role: 'family',
    text: `They name Mirabel Oakenshaw, mira_oak, Lindenstrasse 12. Write to ${reporterMail} or call 030 90182077. Quillon Featherby`,
    urls: [house.pageUrl('/thread')],
    contact: {
      name: 'Quillon Featherby',
      mail: reporterMail,
      phone: '030 90182077',
      safeContact: 'Only mornings, behind the bakery.',
    },
    files: [
      {
        name: 'Quillon Featherby.txt',
        mediaType: 'text/plain',
        content: Buffer.from('Mirabel Oakenshaw was named.').toString('base64'),
      },
    ],
  });
  // The same words from a mailbox that may be written to.
  await house.report({
    dangerNow: true,
    text: `They name Mirabel Oakenshaw, mira_oak, Lindenstrasse 12. Write to ${reporterMail} or call 030 90182077. Quillon Featherby`,
    urls: [house.pageUrl('/thread')],
    contact: { name: 'Quillon Featherby', mail: reporterMail },
  });
  caseId = (await house.cases())[0]?.caseId ?? caseId;
  await house.analyst.call(addTarget, {
    params: { caseId },
    body: {
      name: 'Mirabel Oakenshaw',
      contact: 'mirabel@home.example',
      redact: ['mira_oak', 'Lindenstrasse 12'],
      safetyNotes: 'Call first.',
    },
  });
  await until('the page was captured', async () => (await house.case(caseId)).evidence.some(({ level }) => level === 'A2'), {
    timeoutMs: 60_000,
  });
  const evidence = (await house.case(caseId)).evidence
    .filter(({ level }) => level === 'A2')
    .map((item) => EvidenceId.parse(item.evidenceId));
  const [first] = evidence;
  if (first === undefined) throw new Error('nothing was captured');
  await house.incident(caseId, {
    title: 'Threat in a thread',
    eventAt: new Date(house.now() - 3_600_000).toISOString(),
    grade: 'G4',
    evidence,
  });
  await house.analyst.call(actOnCase, {
    params: { caseId },
    body: { act: 'note', text: 'Mirabel Oakenshaw was told by telephone.' },
  });
  await house.analyst.call(addTask, { params: { caseId }, body: { kind: 'warn-target', subject: 'Target A' } });
  await house.analyst.call(logPressure, {
    body: {
      caseId,
      kind: 'letter',
      at: Instant.parse(new Date(house.now()).toISOString()),
      description: 'A letter that names Mirabel Oakenshaw.',
    },
  });
  const [mine] = (await house.boss.call(listCaseReports, { params: { caseId } })).items;
  if (mine === undefined) throw new Error('the case has no report');
  await house.analyst.call(answerReport, {
    params: { reportId: mine.reportId },
    body: { kind: 'answer', text: 'Thank you. We look at it now.', toCluster: true },
  });
  const draft = decisionDraft('protection-withdrawn', await house.criteria(), evidence, {
    endsAt: new Date(house.now() + 30 * 86_400_000).toISOString(),
  });
  const { decisionId } = await house.analyst.call(proposeDecision, { params: { caseId }, body: draft });
  await house.decider.call(confirmDecision, { params: { decisionId } });
  const token = report.statusUrl.split('/').at(-1) ?? '';
  await fetch(`${house.url()}${addToReport.path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-report-token': token },
    body: JSON.stringify({ act: 'appeal', text: 'Quillon Featherby says: it is not enough for Mirabel Oakenshaw.' }),
  });
  await house.boss.call(unseal, {
    params: { caseId },
    body: { what: { kind: 'reporter', reportId: mine.reportId }, reason: 'To call them back about safety.' },
  });
  await until('mail and pages went out', () => relay.mails.length > 0 && pages.length > 0, { timeoutMs: 30_000 });
}, 180_000);

afterAll(async () => {
  stopping.abort();
  await house?.stop();
  await relay?.stop();
  webhook?.closeAllConnections();
  await new Promise((resolve) => webhook?.close(resolve));
  removeFolder(folder);
}, 60_000);

async function listen(api: Api): Promise<void> {
  const response = await fetch(`${api.url}${eventsPath}`, {
    headers: { authorization: `Bearer ${api.token ?? ''}` },
    signal: stopping.signal,
  });
  const decoder = new TextDecoder();
  try {
    for await (const piece of response.body ?? []) events.push(decoder.decode(piece));
  } catch {
    // The test ended.
  }
}

describe('nothing that leaves the house names a reporter or a target', () => {
  it('not the mails, but for whom each is addressed to', () => {
    for (const mail of relay.mails) {
      const rest = mail.words.replace(/^To: .*$/gim, '');
      expect(found(rest, [...ofReporter, ...ofTarget])).toBeNull();
      if (mail.to.includes(reporterMail)) continue;
      expect(found(mail.words, ofReporter)).toBeNull();
    }
  });

  it('not what wakes people, not live events, not the log', () => {
    for (const text of [...pages, ...events, ...house.logged]) expect(found(text, [...ofReporter, ...ofTarget])).toBeNull();
    expect(events.length).toBeGreaterThan(0);
  });

  it('not any address that answers GET, for any role, a customer, and nobody', async () => {
    const whole = await house.case(caseId);
    const known = {
      caseId,
      siteId: house.siteId,
      evidenceId: whole.evidence.map((item) => String(item.evidenceId)),
      orderId: [],
      accountId: String(whole.accountId),
    };
    const asked = new Set<string>();
    const people = [house.analyst, house.second, house.boss, house.decider, house.appeals, house.operator(), house.stranger()];
    for (const path of await openapiPaths(house.url())) {
      const filled = Object.entries(known).flatMap(([name, values]) =>
        path.includes(`{${name}}`) ? [[name, [values].flat()] as const] : [],
      );
      const addresses = filled.reduce(
        (paths, [name, values]) => paths.flatMap((one) => values.map((value) => one.replaceAll(`{${name}}`, value))),
        [path],
      );
      for (const address of addresses.filter((one) => !one.includes('{') && one !== eventsPath)) {
        for (const person of people) {
          const headers = person.token === null ? {} : { authorization: `Bearer ${person.token}` };
          const answer = await fetch(`${house.url()}${address}`, { headers });
          expect(found(await answer.text(), [...ofReporter, ...ofTarget]), address).toBeNull();
          asked.add(address);
        }
      }
    }
    expect(asked.size).toBeGreaterThan(25);
    for (const page of [
      '/',
      '/decisions',
      '/decisions.json',
      '/decisions.atom',
      '/criteria',
      '/help',
      '/report',
      '/metrics',
      `/decisions/D-${new Date().getUTCFullYear()}-0001`,
    ]) {
      const answer = await fetch(`${house.url()}${page}`);
      expect(found(await answer.text(), [...ofReporter, ...ofTarget]), page).toBeNull();
    }
  }, 120_000);

  it('not the text of evidence as the desk reads it', async () => {
    for (const { evidenceId } of (await house.case(caseId)).evidence) {
      const read = await house.analyst.call(readEvidence, { params: { evidenceId } }).catch(() => null);
      if (read !== null) expect(found(read.text, [...ofReporter, ...ofTarget])).toBeNull();
    }
  });

  it('not the export, but for the page itself inside its archive', async () => {
    const answer = await fetch(`${house.url()}${exportPath.replace('{caseId}', caseId)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${house.boss.token ?? ''}` },
      body: JSON.stringify({ reason: 'For the public prosecutor.' }),
    });
    expect(answer.status).toBe(200);
    const files = await unzipped(Buffer.from(await answer.arrayBuffer()));
    expect(files.size).toBeGreaterThan(3);
    for (const [name, bytes] of files) {
      expect(found(name, [...ofReporter, ...ofTarget])).toBeNull();
      const inner = name.endsWith('.wacz') ? [...(await unzipped(bytes))] : [[name, bytes] as const];
      for (const [innerName, content] of inner) {
        const text = innerName.endsWith('.gz') ? gunzipSync(content).toString('latin1') : content.toString('latin1');
        expect(found(text, ofReporter), `${name} ${innerName}`).toBeNull();
      }
    }
  }, 60_000);
});
