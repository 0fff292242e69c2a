import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Problem } from '../../../contract/errors.ts';
import { SessionId, SiteId } from '../../../contract/ids.ts';
import type { CaseId, PersonId, ReportId } from '../../../contract/ids.ts';
import {
  actOnCase,
  addTarget,
  addTask,
  answerReport,
  getCase,
  listCaseReports,
  listCases,
  moveReport,
  openCase,
  settleTask,
  unseal,
} from '../../../contract/routes/desk/cases.ts';
import type { Case, CaseAct } from '../../../contract/routes/desk/cases.ts';
import { instantOf, msOf } from '../../../core/instant.ts';
import { changeCase } from '../../../store/desk/cases.ts';
import type { CaseChange } from '../../../store/desk/cases.ts';
import { addEvidenceIn } from '../../../store/desk/evidence.ts';
import { listCustody } from '../../../store/desk/custody.ts';
import { randomId } from '../../../kit/random-id.ts';
import { insertSession } from '../../../store/identity/sessions.ts';
import { hashOf } from '../../identity/secrets.ts';
import { refusalOf } from '../../../tests/harness/api.ts';
import type { Api } from '../../../tests/harness/api.ts';
import { startCasesHouse } from '../../../tests/harness/cases-house.ts';
import type { CasesHouse } from '../../../tests/harness/cases-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';

const minute = 60_000;
const reason = 'seen by the analyst on duty';

describeOnBoth('cases', ({ fresh }) => {
  let house: CasesHouse;
  let analyst: Api;
  let other: Api;
  let lead: Api & { readonly personId: PersonId };

  beforeAll(async () => {
    house = await startCasesHouse(await fresh());
    analyst = await house.person('Ada Analyst', ['analyst']);
    other = await house.person('Otto Other', ['analyst']);
    lead = await house.person('Lee Lead', ['lead']);
  });
  afterEach(() => {
    // A fault of ours shows its cause.
    const faults = house.logged.filter((line) => line.includes('"stack"'));
    house.logged.length = 0;
    expect(faults).toEqual([]);
  });
  afterAll(() => house?.stop());

  const open = (over: Partial<Parameters<typeof bodyOf>[0]> = {}) => analyst.call(openCase, { body: bodyOf(over) });
  const act = (who: Api, caseId: CaseId, body: CaseAct) => who.call(actOnCase, { params: { caseId }, body });
  const set = (caseId: CaseId, change: CaseChange) =>
    house.store.db.transaction().execute((tx) => changeCase(tx, caseId, change));
  const reports = async (who: Api, caseId: CaseId) => who.call(listCaseReports, { params: { caseId }, query: {} });

  test('are numbered densely, also when one that was begun came to nothing', async () => {
    const first = await open();
    await expect(analyst.call(openCase, { body: { ...bodyOf({}), siteId: SiteId.parse('site_000000000000') } })).rejects.toThrow(
      'not-found',
    );
    const second = await open();
    const numberOf = (found: Case) => Number(found.number.split('-')[2]);
    expect(numberOf(second)).toBe(numberOf(first) + 1);
    expect(first.number).toMatch(/^C-2026-\d{4}$/);
  });

  test('stand in the queue by lane and by what is due, page by page, whatever was reported', async () => {
    const routine = await open({ class: 'spam', title: 'queue routine' });
    house.pass(minute);
    const serious = await open({ class: 'doxxing', title: 'queue serious' });
    const danger = await open({ class: 'swatting', title: 'queue danger' });
    for (let n = 0; n < 30; n += 1) await house.report({ caseId: routine.caseId });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await analyst.call(listCases, {
        query: { open: 'true', search: 'queue', limit: 2, ...(cursor === undefined ? {} : { cursor }) },
      });
      expect(page.total).toBe(3);
      seen.push(...page.items.map((row) => row.caseId));
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual([danger.caseId, serious.caseId, routine.caseId]);
  });

  test('are found by number, title, hostname in parts, and by words of their reports', async () => {
    const found = await open({ title: 'marmalade on the stairs', hostname: 'board.orchard.example' });
    await house.report({ caseId: found.caseId, search: 'quincejelly [name] quincejelly' });
    await house.runJobs();
    const search = async (text: string) =>
      (await analyst.call(listCases, { query: { search: text } })).items.map((row) => row.caseId);
    for (const text of [
      found.number.toLowerCase(),
      'MARMALADE',
      'marma',
      'orchard',
      'board.orchard.example',
      'stairs marmalade',
    ]) {
      expect(await search(text), text).toEqual([found.caseId]);
    }
    for (const text of ['marmalade nowhere', "'; drop table desk_case; --", 'C-1999-0001'])
      expect(await search(text), text).toEqual([]);
    expect(await search('quincejelly')).toEqual([found.caseId]);
  });

  test('are held by one person at a time, until half an hour after their last act', async () => {
    const { caseId } = await open();
    expect((await act(analyst, caseId, { act: 'claim' })).claim?.by.name).toBe('Ada Analyst');
    expect(await refusalOf(act(other, caseId, { act: 'claim' }))).toBe('claimed-by-another');
    expect(await refusalOf(act(other, caseId, { act: 'title', title: 'another title' }))).toBe('claimed-by-another');
    // Facts do not wait, and reading is free.
    expect((await act(other, caseId, { act: 'note', text: 'called back' })).notes.at(-1)?.text).toBe('called back');
    house.pass(20 * minute);
    await act(analyst, caseId, { act: 'title', title: 'a better title' });
    house.pass(20 * minute);
    expect(await refusalOf(act(other, caseId, { act: 'claim' }))).toBe('claimed-by-another');
    house.pass(10 * minute);
    expect((await act(other, caseId, { act: 'claim' })).claim?.by.name).toBe('Otto Other');
    expect(await refusalOf(act(analyst, caseId, { act: 'release', why: '' }))).toBe('claimed-by-another');
    expect((await act(lead, caseId, { act: 'release', why: 'fell ill' })).claim).toBeNull();
  });

  test('are claimed by one of two people who ask at once', async () => {
    const { caseId } = await open();
    const asked = await Promise.all([analyst, other].map((who) => refusalOf(act(who, caseId, { act: 'claim' }))));
    expect(asked.toSorted()).toEqual([null, 'claimed-by-another'].toSorted());
  });

  test('change lane only by a lead, and a case that becomes an emergency wakes people and needs new eyes', async () => {
    const { caseId, number } = await open({ class: 'harassment' });
    expect(await refusalOf(act(analyst, caseId, { act: 'lane', lane: 'life-threat', why: reason }))).toBe('not-allowed');
    house.pass(60 * minute);
    house.woken.length = 0;
    const changed = await act(lead, caseId, { act: 'lane', lane: 'life-threat', why: reason });
    expect(changed.emergencySince).toBe(house.now());
    expect(changed.due).toEqual({ at: instantOf(msOf(house.now()) + 15 * minute), what: 'eyes' });
    expect(house.woken).toEqual([`${number} was put into the lane life-threat by Lee Lead.`]);
  });

  test('do not close while a task holds them or a reporter has no answer', async () => {
    const { caseId } = await open();
    expect(await refusalOf(act(lead, caseId, { act: 'close', why: reason }))).toBe('wrong-state');
    await set(caseId, { state: 'no-action' });
    const withTask = await analyst.call(addTask, { params: { caseId }, body: { kind: 'warn-police' } });
    expect(await refusalOf(act(lead, caseId, { act: 'close', why: reason }))).toBe('task-open');
    const [task] = withTask.tasks;
    if (task === undefined) throw new Error('no task');
    const params = { caseId, taskId: task.taskId };
    const record = 'the desk of the station took it down';
    expect(await refusalOf(analyst.call(settleTask, { params, body: { state: 'not-possible', record } }))).toBe('not-allowed');
    expect((await analyst.call(settleTask, { params, body: { state: 'done', record } })).openTasks).toBe(0);
    expect(await refusalOf(analyst.call(settleTask, { params, body: { state: 'done', record } }))).toBe('wrong-state');
    const reportId = await house.report({ caseId });
    expect(await refusalOf(act(lead, caseId, { act: 'close', why: reason }))).toBe('task-open');
    await analyst.call(answerReport, { params: { reportId }, body: { kind: 'outcome', text: 'We looked and did not act.' } });
    expect(await refusalOf(act(analyst, caseId, { act: 'close', why: reason }))).toBe('not-allowed');
    const closed = await act(lead, caseId, { act: 'close', why: reason });
    expect(closed.closedAt).toBe(house.now());
    expect(closed.due).toBeNull();
    expect(await refusalOf(act(lead, caseId, { act: 'title', title: 'too late' }))).toBe('wrong-state');
    expect((await act(analyst, caseId, { act: 'reopen', why: reason })).state).toBe('assessing');
  });

  test('seal a target at once: label, no name in title, notes, search, audit trail or events', async () => {
    const name = 'Ines Canaryfeather';
    const before = await open({ title: `threats against ${name}` });
    const { caseId } = before;
    // Read before anybody knew whom to black out: once into the search already, once not yet.
    await house.report({ caseId, search: 'canaryfeather' });
    await house.runJobs();
    expect((await analyst.call(listCases, { query: { search: 'canaryfeather' } })).items).toHaveLength(1);
    await house.report({ caseId, search: 'ines canaryfeather' });
    await act(analyst, caseId, { act: 'note', text: `${name} moved; canary_f posts about it` });
    house.told.length = 0;
    const after = await analyst.call(addTarget, {
      params: { caseId },
      body: { name, contact: 'by the shelter only', redact: ['canary_f'], safetyNotes: 'never by post' },
    });
    expect(after.targets).toEqual([{ targetId: expect.any(String), label: 'Target A', warned: false }]);
    expect(after.title).toBe('threats against [name]');
    const seen = JSON.stringify([after, await analyst.call(listCases, { query: {} }), house.told]);
    const audit = JSON.stringify(await house.store.db.selectFrom('audit_entry').select('detail').execute());
    const rows = JSON.stringify(await house.store.db.selectFrom('desk_case').selectAll().where('case_id', '=', caseId).execute());
    for (const text of [seen, audit, rows, house.logged.join('\n')])
      expect(text.toLowerCase()).not.toMatch(/canary|shelter|ines /);
    await house.report({ caseId, search: 'once more ines canaryfeather' });
    await house.runJobs();
    expect((await analyst.call(listCases, { query: { search: 'canaryfeather' } })).items).toEqual([]);
  });

  test('a sealed identity opens for its scope only, and who opened it stands in the audit trail without what was read', async () => {
    const { caseId } = await open();
    const withTarget = await analyst.call(addTarget, { params: { caseId }, body: { name: 'Jo Canary', contact: 'shelter' } });
    const [target] = withTarget.targets;
    if (target === undefined) throw new Error('no target');
    const body = { what: { kind: 'target' as const, targetId: target.targetId }, reason: 'to warn them with the police' };
    expect(await refusalOf(analyst.call(unseal, { params: { caseId }, body }))).toBe('not-allowed');
    const { fields } = await lead.call(unseal, { params: { caseId }, body });
    expect(fields).toContainEqual({ name: 'name', value: 'Jo Canary' });
    const reportId = await house.report({ caseId, contact: { mail: 'reporter@mail.example' } });
    const reporter = { what: { kind: 'reporter' as const, reportId }, reason: 'asked for a safe call back' };
    expect((await lead.call(unseal, { params: { caseId }, body: reporter })).fields).toEqual([
      { name: 'mail', value: 'reporter@mail.example' },
    ]);
    const entries = await house.store.db
      .selectFrom('audit_entry')
      .select(['detail', 'person_name'])
      .where('act', '=', 'desk.unseal')
      .where('subject', '=', caseId)
      .execute();
    expect(entries.map((entry) => entry.person_name)).toEqual(['Lee Lead', 'Lee Lead']);
    expect(JSON.stringify(entries)).toContain(target.targetId);
    expect(JSON.stringify(entries)).not.toMatch(/Canary|reporter@/);
    const elsewhere = await open();
    expect(await refusalOf(lead.call(unseal, { params: { caseId: elsewhere.caseId }, body }))).toBe('not-found');
    await house.store.db.transaction().execute((tx) => house.deps.seal.shred(tx, caseId, house.now()));
    expect(await refusalOf(lead.call(unseal, { params: { caseId }, body }))).toBe('sealed-away');
  });

  test('a person on the console opens a seal only with a sign-in of the last quarter of an hour', async () => {
    const { caseId } = await open();
    const reportId = await house.report({ caseId, contact: { mail: 'reporter@mail.example' } });
    const secret = randomBytes(32).toString('base64url');
    const at = house.now();
    const until = instantOf(msOf(at) + 600 * minute);
    await insertSession(
      house.store.db,
      {
        sessionId: SessionId.parse(randomId('sess')),
        secretHash: hashOf(secret),
        personId: lead.personId,
        method: 'passkey',
        at,
        until,
        agent: 'test',
        network: 'test',
      },
      at,
    );
    const ask = async () => {
      const response = await fetch(`${lead.url}/api/v1/desk/cases/${caseId}/unseal`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: lead.url, cookie: `portcullis_session=${secret}` },
        body: JSON.stringify({ what: { kind: 'reporter', reportId }, reason: 'asked for a safe call back' }),
      });
      return [response.status, response.ok ? null : Problem.parse(await response.json()).code];
    };
    expect(await ask()).toEqual([200, null]);
    house.pass(16 * minute);
    expect(await ask()).toEqual([403, 'sign-in-again']);
    const opened = await house.store.db
      .selectFrom('audit_entry')
      .select('audit_id')
      .where('act', '=', 'desk.unseal')
      .where('subject', '=', caseId)
      .execute();
    expect(opened).toHaveLength(1);
  });

  test('show one report of each claim before the grade, and the same answer for one report as for two hundred', async () => {
    const [small, big] = [await open({ title: 'claims' }), await open({ title: 'claims' })];
    for (const [found, times] of [
      [small, 1],
      [big, 200],
    ] as const) {
      const { caseId } = found;
      const root = await house.cluster(caseId);
      const joined = await house.cluster(caseId, root);
      for (let n = 0; n < times; n += 1) await house.report({ caseId, clusterId: n % 2 === 0 ? root : joined });
      await house.report({ caseId, clusterId: root, role: 'target', wantsSafetyContact: true });
    }
    const [few, many] = [await reports(analyst, small.caseId), await reports(analyst, big.caseId)];
    const shape = (page: typeof few) => JSON.stringify({ ...page, items: page.items.map((item) => [item.role, item.text]) });
    expect(shape(many)).toBe(shape(few));
    expect(many.items.map((item) => item.role)).toEqual(['unsaid', 'target']);
    expect([many.total, many.next]).toEqual([0, null]);
    const text = JSON.stringify(await analyst.call(getCase, { params: { caseId: big.caseId } }));
    expect(text).not.toMatch(/201|200/);
    await set(big.caseId, { grade: 'G1', grade_locked_at: house.now() });
    expect((await reports(analyst, big.caseId)).total).toBe(201);
  });

  test('a reporter who writes again in a crowd is seen before the grade', async () => {
    const { caseId } = await open();
    const clusterId = await house.cluster(caseId);
    const ids: ReportId[] = [];
    for (let n = 0; n < 5; n += 1) ids.push(await house.report({ caseId, clusterId }));
    const loud = ids[3];
    if (loud === undefined) throw new Error('five reports');
    const { addReporterMessage } = await import('../../../store/desk/reports.ts');
    await addReporterMessage(house.store.db, { reportId: loud, at: house.now(), text: 'they are at my door' });
    const page = await reports(analyst, caseId);
    expect(page.items.map((item) => item.reportId)).toEqual([ids[0], loud]);
    expect(page.items[1]?.messages.map((message) => message.text)).toEqual(['they are at my door']);
  });

  test('an outcome for a claim reaches every reporter on their own link, and mails hold neither text nor link', async () => {
    const { caseId } = await open();
    const clusterId = await house.cluster(caseId);
    const ids: ReportId[] = [];
    for (let n = 0; n < 150; n += 1) ids.push(await house.report({ caseId, clusterId }));
    ids.push(await house.report({ caseId, clusterId, contact: { mail: 'one@mail.example' } }));
    ids.push(await house.report({ caseId, clusterId, contact: { mail: 'two@mail.example', safeContact: 'never by mail' } }));
    const [first] = ids;
    if (first === undefined) throw new Error('reports');
    await analyst.call(addTask, { params: { caseId }, body: { kind: 'answer-reporters' } });
    await set(caseId, { grade: 'G1', grade_locked_at: house.now() });
    house.sent.length = 0;
    const text = 'We looked at every address and did not act.';
    await analyst.call(answerReport, { params: { reportId: first }, body: { kind: 'outcome', text, toCluster: true } });
    await house.runJobs();
    const rows = await house.store.db.selectFrom('report').select(['state', 'outcome']).where('case_id', '=', caseId).execute();
    expect(rows.every((row) => row.state === 'answered' && row.outcome === text)).toBe(true);
    const messages = await house.store.db
      .selectFrom('report_message')
      .select('report_id')
      .where('report_id', 'in', ids)
      .execute();
    expect(messages.map((row) => row.report_id).toSorted()).toEqual(ids.toSorted());
    expect(house.sent).toHaveLength(1);
    expect(JSON.stringify(house.sent)).not.toMatch(/every address|status |@mail/);
    expect((await analyst.call(getCase, { params: { caseId } })).tasks.map((task) => task.state)).toEqual(['done']);
  });

  test('a question to a claim leaves the same lines, events and views before the grade for two reports as for two hundred', async () => {
    const trace = async (times: number) => {
      const { caseId } = await open({ title: 'asked' });
      const clusterId = await house.cluster(caseId);
      const ids: ReportId[] = [];
      for (let n = 0; n < times; n += 1) ids.push(await house.report({ caseId, clusterId }));
      ids.push(await house.report({ caseId, clusterId, role: 'target', wantsSafetyContact: true }));
      const [first] = ids;
      if (first === undefined) throw new Error('reports');
      const events: string[] = [];
      const stop = house.store.doorbell.onRing('live', (text) => void (text.includes(caseId) && events.push(text)));
      const body = { kind: 'question' as const, text: 'Which page was it?', toCluster: true };
      await analyst.call(answerReport, { params: { reportId: first }, body });
      const shown = async () =>
        (await reports(analyst, caseId)).items.map((item) => [item.role, item.state, item.messages.length]);
      // Everybody whom the desk sees is asked at once; the job, which takes longer for more, changes nothing that it sees.
      const before = await shown();
      await house.runJobs();
      stop();
      const asked = await house.store.db.selectFrom('report_message').select('report_id').where('report_id', 'in', ids).execute();
      expect(asked.map((row) => row.report_id).toSorted()).toEqual(ids.toSorted());
      const lines = await house.store.db
        .selectFrom('audit_entry')
        .select('act')
        .where('subject', '=', caseId)
        .orderBy('created_order')
        .execute();
      return JSON.stringify([before, await shown(), lines, events.length]);
    };
    const few = await trace(2);
    expect(await trace(200)).toBe(few);
    expect(few).toContain('["target","more-asked",1]');
  });

  test('a claim moves whole before the grade, with its evidence and a line of custody; shared evidence stays in both', async () => {
    const { caseId } = await open();
    const [mine, others] = [await house.cluster(caseId), await house.cluster(caseId)];
    const moving = [await house.report({ caseId, clusterId: mine }), await house.report({ caseId, clusterId: mine })];
    const staying = await house.report({ caseId, clusterId: others });
    const add = (artefact: string, reportId: ReportId) =>
      house.store.db.transaction().execute((tx) =>
        addEvidenceIn(tx, {
          caseId,
          kind: 'url',
          level: 'A0',
          artefact,
          title: artefact,
          url: artefact,
          blob: null,
          eventAt: null,
          firstSeenAt: house.now(),
          at: house.now(),
          addedBy: null,
          sensitive: false,
          captureState: 'none',
          why: 'reported',
          reportId,
        }),
      );
    const [first, second] = moving;
    if (first === undefined || second === undefined) throw new Error('two reports');
    const { evidenceId: own } = await add('https://forum.example/own', second);
    const { evidenceId: shared } = await add('https://forum.example/shared', first);
    await add('https://forum.example/shared', staying);
    const to = await analyst.call(moveReport, { params: { reportId: first }, body: { caseId: null, why: 'another matter' } });
    expect(to.caseId).not.toBe(caseId);
    expect(to.evidence.map((item) => item.title)).toEqual(['https://forum.example/own', 'https://forum.example/shared']);
    expect(to.evidence[0]?.evidenceId).toBe(own);
    const from = await analyst.call(getCase, { params: { caseId } });
    expect(from.evidence.map((item) => item.evidenceId)).toEqual([shared]);
    expect(from.links.map((link) => link.caseId)).toEqual([to.caseId]);
    const custody = await listCustody(house.store.db, own);
    expect(custody.lines.map((line) => line.act)).toEqual(['create', 'relabel']);
    expect(custody.intact).toBe(true);
    await set(to.caseId, { grade: 'G0', grade_locked_at: house.now() });
    expect((await reports(analyst, to.caseId)).items.map((item) => item.reportId)).toEqual(moving);
  });

  test('merge with everything that hangs on them; a target gets a new label, and the merged case says where it went', async () => {
    const [from, into] = [await open({ class: 'swatting' }), await open({ class: 'harassment' })];
    const clusterId = await house.cluster(from.caseId);
    await house.report({ caseId: from.caseId, clusterId });
    await analyst.call(addTarget, { params: { caseId: into.caseId }, body: { name: 'First Person' } });
    await analyst.call(addTarget, { params: { caseId: from.caseId }, body: { name: 'Second Person' } });
    const warning = { kind: 'warn-target', subject: 'Target A' } as const;
    await analyst.call(addTask, { params: { caseId: into.caseId }, body: warning });
    const [warned] = (await analyst.call(addTask, { params: { caseId: from.caseId }, body: warning })).tasks;
    if (warned === undefined) throw new Error('no task');
    await analyst.call(settleTask, {
      params: { caseId: from.caseId, taskId: warned.taskId },
      body: { state: 'done', record: 'called back, they have it' },
    });
    const merge = { act: 'merge-into', caseId: into.caseId, why: 'the same people' } as const;
    expect(await refusalOf(act(analyst, from.caseId, merge))).toBe('not-allowed');
    const gone = await act(lead, from.caseId, merge);
    expect([gone.mergedInto, gone.closedAt]).toEqual([into.caseId, house.now()]);
    expect(await refusalOf(act(lead, from.caseId, { act: 'reopen', why: reason }))).toBe('wrong-state');
    const merged = await analyst.call(getCase, { params: { caseId: into.caseId } });
    expect(merged.lane).toBe('life-threat');
    expect(merged.targets.map((target) => target.label)).toEqual(['Target A', 'Target B']);
    expect(merged.tasks.map((task) => [task.subject, task.state]).toSorted()).toEqual([
      ['Target A', 'open'],
      ['Target B', 'done'],
    ]);
    expect(merged.targets.map((target) => target.warned)).toEqual([false, true]);
    expect((await reports(analyst, into.caseId)).items).toHaveLength(1);
    expect(JSON.stringify(merged)).not.toMatch(/Second Person/);
  });

  test('an emergency that nobody looks at raises one alarm and wakes people once for each time that is missed', async () => {
    const { caseId, number } = await open({ class: 'swatting' });
    await set(caseId, { first_eyes_at: null });
    await act(analyst, caseId, { act: 'note', text: 'seen' });
    await house.runJobs();
    house.woken.length = 0;
    house.pass(46 * minute);
    await house.runJobs();
    await house.runJobs();
    expect(house.woken.filter((sentence) => sentence.startsWith(number))).toHaveLength(1);
    house.pass(15 * minute);
    const alarms = await house.store.db.selectFrom('alarm').select('kind').where('case_id', '=', caseId).execute();
    expect(alarms.map((alarm) => alarm.kind)).toEqual(['overdue']);
  });
});

function bodyOf(over: {
  title?: string;
  class?: 'swatting' | 'harassment' | 'spam' | 'doxxing' | 'threat-to-life';
  hostname?: string;
}) {
  return { title: 'a case', class: 'harassment' as const, reason: 'opened by the test', ...over };
}
