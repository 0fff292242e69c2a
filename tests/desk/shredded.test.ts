/**
 * What is left of a shredded case in the database: two names are typed into every free field that people have, one of them is sealed only afterwards,
 * and then every text and JSON column of every table is looked through.
 *
 * Before: what the desk reads holds the sealed one nowhere, however early it was typed. After: no column holds either; who did what and when,
 * the measure and its public reason are there still.
 */
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EvidenceId, Instant } from '../../contract/ids.ts';
import type { CaseId, CaseNumber } from '../../contract/ids.ts';
import { Limb, LadderStep } from '../../contract/desk/words.ts';
import { addIncident, assess } from '../../contract/routes/desk/assessments.ts';
import {
  actOnCase,
  addTarget,
  addTask,
  answerReport,
  getCase,
  listCaseReports,
  openCase,
  settleTask,
  unseal,
} from '../../contract/routes/desk/cases.ts';
import type { CaseAct } from '../../contract/routes/desk/cases.ts';
import * as aftermath from '../../contract/routes/desk/aftermath.ts';
import * as decisions from '../../contract/routes/desk/decisions.ts';
import { addEvidence, changeEvidence, exportPath, listCustody, shredCase } from '../../contract/routes/desk/evidence.ts';
import { answerNotice, askOwner, listCaseNotices, listOwnerNotices } from '../../contract/routes/desk/owners.ts';
import { getPressure, logPressure } from '../../contract/routes/desk/pressure.ts';
import { addToReport } from '../../contract/routes/desk/reports.ts';
import { getOrder, liftOrder } from '../../contract/routes/orders.ts';
import { openStore } from '../../store/open.ts';
import type { Store, StoreAddress } from '../../store/open.ts';
import { axesFor, startDeskHouse } from '../harness/desk-house.ts';
import type { DeskHouse } from '../harness/desk-house.ts';
import { until } from '../harness/ports.ts';
import { startPostgres } from '../harness/postgres.ts';
import type { Postgres } from '../harness/postgres.ts';

/** Nobody ever seals it. */
const unlisted = 'Quillfeatherling';
/** Sealed when everything was typed. */
const sealedLate = 'Oakenshaw';
const typed = `${unlisted} and Mirabel ${sealedLate} were named here`;

let server: Postgres;
let address: StoreAddress;
let store: Store;
let house: DeskHouse;
let caseId: CaseId;
let number: CaseNumber;
let orderId: string;
let evidenceId: EvidenceId;

/** `table.column` of every text or JSON column that holds a word, whatever its case. */
async function columnsWith(word: string): Promise<string[]> {
  const { rows: columns } = await sql<{ table_name: string; column_name: string }>`
    select table_name, column_name from information_schema.columns
    where table_schema = 'public' and data_type in ('text', 'json', 'jsonb', 'character varying', 'tsvector', 'ARRAY')
    order by 1, 2`.execute(store.db);
  expect(columns.length).toBeGreaterThan(200);
  const found: string[] = [];
  for (const { table_name: table, column_name: column } of columns) {
    const { rows } = await sql<{ held: boolean }>`
      select exists (select 1 from ${sql.table(table)} where position(lower(${word}) in lower(${sql.ref(column)}::text)) > 0) as held`.execute(
      store.db,
    );
    if (rows[0]?.held === true) found.push(`${table}.${column}`);
  }
  return found;
}

beforeAll(async () => {
  server = await startPostgres();
  address = await server.database();
  house = await startDeskHouse(address);
  store = await openStore(address);
  const { analyst, second, boss, decider, appeals } = house;
  const { statusUrl } = await house.report({
    class: 'harassment',
    text: `It says that ${typed}.`,
    urls: [`https://forum.example/${unlisted}/${sealedLate}`],
    contact: { name: 'Ray Reporter', mail: 'ray@reporter.example' },
    files: [{ name: `${unlisted}.txt`, mediaType: 'text/plain', content: Buffer.from(typed).toString('base64') }],
  });
  const token = statusUrl.split('/').at(-1) ?? '';
  const asReporter = async (body: unknown) => {
    const answer = await fetch(`${house.url()}${addToReport.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-report-token': token },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
  };
  const [first] = await house.cases();
  if (first === undefined) throw new Error('no case was opened');
  ({ caseId, number } = first);
  const params = { caseId };
  const act = (body: CaseAct, id = caseId) => boss.call(actOnCase, { params: { caseId: id }, body });
  await asReporter({ act: 'add', text: typed, urls: [], files: [] });
  await act({ act: 'title', title: typed });
  await act({ act: 'note', text: typed });
  await act({ act: 'lane', lane: 'routine', why: typed });
  await act({ act: 'skip', why: typed });
  await act({ act: 'law-enforcement-contacted', agency: unlisted, record: typed });
  const other = await boss.call(openCase, { body: { title: 'Another one', class: 'harassment', reason: 'for a link' } });
  await act({ act: 'link', caseId: other.caseId, why: typed });
  const merged = await boss.call(openCase, { body: { title: typed, class: 'harassment', reason: typed, lane: 'serious' } });
  await act({ act: 'note', text: typed }, merged.caseId);
  await act({ act: 'merge-into', caseId, why: typed }, merged.caseId);
  const tasks = (await boss.call(addTask, { params, body: { kind: 'warn-police', subject: typed } })).tasks;
  for (const task of tasks.filter(({ kind }) => kind === 'warn-police')) {
    await boss.call(settleTask, { params: { caseId, taskId: task.taskId }, body: { state: 'done', record: typed } });
  }
  const item = await analyst.call(addEvidence, { params, body: { kind: 'text', title: typed, text: typed } });
  evidenceId = EvidenceId.parse(item.evidenceId);
  await analyst.call(changeEvidence, {
    params: { evidenceId },
    body: { level: { to: 'A4', confirmedBy: typed }, holdDays: 1, why: typed },
  });
  await boss.call(changeEvidence, { params: { evidenceId }, body: { holdDays: 0, why: typed } });
  const { incidentId } = await analyst.call(addIncident, {
    params,
    body: { title: typed, eventAt: Instant.parse(new Date(house.now() - 3_600_000).toISOString()), evidence: [evidenceId] },
  });
  const axes = axesFor('G1', [evidenceId]);
  const worded = { ...axes, target: { ...axes.target, reason: typed } };
  const graded = await analyst.call(assess, {
    params: { incidentId },
    body: { axes: worded, assigned: 'G2', differsReason: typed, seat: 'first' },
  });
  if (graded.grading !== 'locked') {
    await second.call(assess, {
      params: { incidentId },
      body: { axes: worded, assigned: 'G2', differsReason: typed, seat: 'second' },
    });
  }
  await boss.call(logPressure, {
    body: { caseId, kind: 'letter', at: Instant.parse(new Date(house.now()).toISOString()), description: typed, source: typed },
  });
  const [mine] = (await boss.call(listCaseReports, { params })).items;
  if (mine === undefined) throw new Error('the case has no report');
  await boss.call(answerReport, {
    params: { reportId: mine.reportId },
    body: { kind: 'answer', text: `Dear Ray Reporter, ${typed}`, toCluster: true },
  });
  await boss.call(askOwner, { params, body: { subject: typed, text: typed, namedUrls: [`https://forum.example/${unlisted}`] } });
  const owner = await house.person('Olga Owner', ['owner']).catch(() => null);
  const [question] = owner === null ? [] : (await owner.call(listOwnerNotices)).items;
  if (owner !== null && question !== undefined) {
    await owner.call(answerNotice, { params: { noticeId: question.noticeId }, body: { act: 'reply', text: typed } });
  }
  const proposed = await analyst.call(decisions.proposeDecision, {
    params,
    body: {
      kind: 'measure',
      step: 'notice-on-path',
      limbs: Limb.options.map((limb) =>
        limb === 'criteria-before-case'
          ? { limb, finding: 'met' as const, reason: typed, evidence: [] }
          : { limb, finding: 'not-met' as const, reason: typed },
      ),
      whyNotBelow: LadderStep.options
        .slice(0, LadderStep.options.indexOf('notice-on-path'))
        .map((below) => ({ step: below, why: 'The owner does not answer.' })),
      measure: { endsAt: Instant.parse(new Date(house.now() + 86_400_000).toISOString()), path: '/thread' },
      evidence: [evidenceId],
      namedUrls: [`https://forum.example/${unlisted}`],
      policyVersionId: await house.criteria(),
      publicReason: 'This part of the site was used to harass a person.',
      internalReason: typed,
      ownerNoticeDelayReason: typed,
    },
  });
  const { decisionId } = proposed;
  await decider.call(decisions.confirmDecision, { params: { decisionId } });
  orderId = String(proposed.orderId);
  await boss.call(decisions.tellOwner, { params: { decisionId } });
  await asReporter({ act: 'appeal', text: `It is not enough: ${typed}.` });
  const [appeal] = (await appeals.call(decisions.listAppeals, { query: { caseId } })).items;
  if (appeal === undefined) throw new Error('there is no appeal');
  await appeals.call(decisions.takeAppeal, { params: { appealId: appeal.appealId } });
  await appeals.call(decisions.decideAppeal, {
    params: { appealId: appeal.appealId },
    body: { outcome: 'upheld', reasons: typed },
  });
  await boss.call(aftermath.addReview, {
    params,
    body: { afterDays: 7, harmFell: 'yes', displaced: 'no', copycats: 'unknown', text: typed },
  });
  await boss.call(unseal, {
    params,
    body: { what: { kind: 'reporter', reportId: mine.reportId }, reason: `To call back about ${typed}.` },
  });
  await (
    await fetch(`${house.url()}${exportPath.replace('{caseId}', caseId)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${boss.token ?? ''}` },
      body: JSON.stringify({ reason: typed }),
    })
  ).arrayBuffer();
  await house.lead().call(liftOrder, {
    params: { orderId: proposed.orderId ?? '' },
    body: { reason: `${unlisted} was told.` },
  });
  await until('all of the claim was answered', async () => {
    const { rows } = await sql`select 1 from claim_answer where finished_at is null`.execute(store.db);
    return rows.length === 0;
  });
}, 180_000);

afterAll(async () => {
  await house?.stop();
  await store?.close();
  await server?.stop();
}, 60_000);

it('every free field of a case holds the words that were typed into it', async () => {
  const held = await columnsWith(unlisted);
  for (const column of [
    'after_review.text',
    'appeal.reasons',
    'assessment.axes',
    'assessment.differs_reason',
    'audit_entry.detail',
    'case_link.why',
    'case_note.text',
    'claim_answer.text',
    'custody.why',
    'desk_case.title',
    'desk_case.lane_reason',
    'desk_decision.internal_reason',
    'desk_decision.limbs',
    'desk_decision.named_urls',
    'desk_decision.owner_notice_delay_reason',
    'evidence.confirmed_by_note',
    'evidence.title',
    'incident.title',
    'owner_notice.text',
    'owner_notice.named_urls',
    'pressure.description',
    'report.text',
    'report_message.text',
    'shield_order.lift_reason',
    'task.record',
    'task.subject',
  ])
    expect(held).toContain(column);
});

it('a reporter whom the desk writes to by name is not named in what the whole claim reads', async () => {
  const { rows } = await sql<{ text: string }>`
    select text from claim_answer union all select text from report_message where sender = 'desk'`.execute(store.db);
  expect(rows.length).toBeGreaterThan(1);
  for (const { text } of rows) expect(text).not.toMatch(/Ray|Reporter/);
  expect(rows.map(({ text }) => text).join(' ')).toContain('Dear [name]');
});

it('a name that is sealed late is read nowhere at the desk, however early it was typed', async () => {
  const { boss } = house;
  const params = { caseId };
  await boss.call(addTarget, { params, body: { name: `Mirabel ${sealedLate}` } });
  const read = [
    await boss.call(getCase, { params }),
    await boss.call(listCaseReports, { params }),
    await boss.call(decisions.listDecisions, { params }),
    await boss.call(aftermath.listReviews, { params }),
    await boss.call(decisions.listAppeals, { query: { caseId } }),
    await boss.call(listCaseNotices, { params }),
    await boss.call(getPressure, { params }),
    await boss.call(listCustody, { params: { evidenceId } }),
  ];
  for (const answer of read) {
    const text = JSON.stringify(answer);
    expect(text).not.toContain(sealedLate);
    expect(text).not.toContain('Mirabel');
  }
  // What is not sealed is read: the fields do hold words.
  expect(JSON.stringify(read[2])).toContain(unlisted);
  const order = JSON.stringify(await house.operator().call(getOrder, { params: { orderId } }));
  expect(order).toContain('The reasons stand in the case');
  expect(order).not.toContain(sealedLate);
});

it('after the shredding no column holds a word that was typed about it, and what was done can still be shown', async () => {
  const { boss } = house;
  const params = { caseId };
  await sql`update desk_case set closed_at = now() where case_id = ${caseId}`.execute(store.db);
  await boss.call(shredCase, { params, body: { number, reason: 'The person asked for it.' } });
  expect(await columnsWith(unlisted)).toEqual([]);
  expect(await columnsWith(sealedLate)).toEqual([]);
  expect(await columnsWith('ray@reporter.example')).toEqual([]);
  const [decision] = (await boss.call(decisions.listDecisions, { params })).items;
  expect(decision).toMatchObject({
    step: 'notice-on-path',
    publicReason: 'This part of the site was used to harass a person.',
    proposer: { name: 'Ada Analyst' },
    confirmer: { name: 'Dee Decider' },
    internalReason: 'Shredded',
  });
  expect(decision?.limbs.map(({ finding }) => finding)).toContain('met');
  const { lines, intact } = await boss.call(listCustody, { params: { evidenceId } });
  expect(intact).toBe(true);
  expect(lines.map(({ act }) => act)).toEqual(['create', 'relabel', 'hold', 'release', 'export', 'shred']);
  expect(lines.at(-1)?.why).toMatch(
    /^The person asked for it\. Of the 5 lines before, which ended in [0-9a-f]{64} and held together/,
  );
  const [reviewed] = (await boss.call(aftermath.listReviews, { params })).items;
  expect(reviewed).toMatchObject({ harmFell: 'yes', by: { name: 'Bo Boss' } });
});
