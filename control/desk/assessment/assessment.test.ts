/** Incidents, grades and the escalation monitor through the API's own routes, on both databases. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { roleScopes } from '../../../contract/access.ts';
import type { Role } from '../../../contract/access.ts';
import {
  AccountId,
  EvidenceId,
  Instant,
  PersonId,
  ReceiptNumber,
  ReportId,
  SealedId,
  SiteId,
  idPrefix,
} from '../../../contract/ids.ts';
import type { CaseId, IncidentId } from '../../../contract/ids.ts';
import type { Grade, Lane } from '../../../contract/desk/words.ts';
import * as contract from '../../../contract/routes/desk/assessments.ts';
import { replay } from '../../../core/desk/escalation/monitor.ts';
import { randomId } from '../../../kit/random-id.ts';
import { findCase, openCaseIn } from '../../../store/desk/cases.ts';
import { addEvidenceIn } from '../../../store/desk/evidence.ts';
import { blankWordsIn } from '../../../store/desk/shredding.ts';
import { addTargetIn } from '../../../store/desk/targets.ts';
import { listTasks } from '../../../store/desk/tasks.ts';
import { migrate } from '../../../store/migrate.ts';
import { openStore } from '../../../store/open.ts';
import type { Store } from '../../../store/open.ts';
import { transact } from '../../../store/transact.ts';
import { apiClient, refusalOf } from '../../../tests/harness/api.ts';
import type { Api } from '../../../tests/harness/api.ts';
import { axesFor } from '../../../tests/harness/desk-house.ts';
import { describeOnBoth } from '../../../tests/harness/stores.ts';
import type { Caller } from '../../http/caller.ts';
import { problemResponse } from '../../http/problem.ts';
import type { App } from '../../http/register.ts';
import type { Outbox } from '../deps.ts';
import { registerAssessment } from './register.ts';
import { incidentsOfCase } from './view.ts';

/** A name that is sealed in every case here: it must come out of no route. */
const sealedName = 'Mira Beispiel';

describeOnBoth('grading', (databases) => {
  let store: Store;
  let server: Server;
  let url = '';
  let nowMs = Date.parse('2026-05-04T09:00:00.000Z');
  const woken: string[] = [];
  const callers = new Map<string, Caller>();
  const at = (hoursAgo = 0) => Instant.parse(new Date(nowMs - hoursAgo * 3_600_000).toISOString());
  const outbox: Outbox = {
    send: async () => undefined,
    wake: async (_unit, page) => void (woken.includes(page.dedupe) || woken.push(page.dedupe)),
    wakeFastLane: async () => undefined,
  };

  const person = (name: string, role: Role): Api => {
    const token = name.replaceAll(' ', '-');
    callers.set(token, {
      personId: PersonId.parse(randomId(idPrefix.person)),
      name,
      roles: [role],
      scopes: new Set(roleScopes[role]),
      accountId: null,
      via: 'token',
    });
    return apiClient(url, token);
  };
  let ada: Api;
  let sam: Api;
  let bo: Api;

  beforeAll(async () => {
    store = await openStore(await databases.fresh());
    await migrate(store);
    const app: App = new Hono<{ Bindings: HttpBindings }>();
    const log = pino({ level: 'silent' });
    const deps = {
      store,
      now: () => nowMs,
      log,
      publicUrl: 'https://shield.example',
      outbox,
      authenticate: async ({ headers }: { headers: Headers }) =>
        callers.get((headers.get('authorization') ?? '').replace('Bearer ', '')) ?? null,
      // The one thing that these routes ask of the seal: the names of a case's targets.
      seal: { ...sealOf(), open: async () => ({ name: sealedName, contact: '', redact: '[]', safetyNotes: '' }) },
    };
    registerAssessment(app, deps);
    app.onError((error, context) => problemResponse(error, { method: context.req.method, path: context.req.path }, deps));
    server = createServer(getRequestListener(app.fetch));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
    ada = person('Ada Analyst', 'analyst');
    sam = person('Sam Second', 'analyst');
    bo = person('Bo Lead', 'lead');
  });
  afterAll(async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
    await store?.close();
  });

  let made = 0;
  const openCase = (lane: Lane = 'routine', siteId: SiteId | null = null): Promise<CaseId> =>
    transact(store, (unit) =>
      openCaseIn(unit, {
        at: at(),
        title: 'A case',
        class: 'other',
        lane,
        laneReason: null,
        site: siteId === null ? null : { siteId, accountId: AccountId.parse(randomId(idPrefix.account)), name: 'forum.example' },
        hostname: 'forum.example',
        reason: 'For a test.',
        who: null,
      }),
    );
  const addEvidence = async (caseId: CaseId, firstSeenAt = at(), eventAt: Instant | null = null): Promise<EvidenceId> => {
    made += 1;
    const draft = {
      caseId,
      kind: 'url' as const,
      level: 'A2' as const,
      artefact: `https://forum.example/${made}`,
      title: 'A page',
      url: null,
      blob: null,
      eventAt,
      firstSeenAt,
      at: at(),
      addedBy: null,
      sensitive: false,
      captureState: 'captured' as const,
      why: 'For a test.',
    };
    return (await transact(store, (unit) => addEvidenceIn(unit.tx, draft))).evidenceId;
  };
  const addTarget = async (caseId: CaseId) => {
    const sealedId = SealedId.parse(randomId(idPrefix.sealed));
    return transact(store, async (unit) => {
      await unit.tx
        .insertInto('seal_key')
        .values({ file_id: caseId, wrapped: Buffer.from('x'), created_at: at(), shredded_at: null })
        .onConflict((conflict) => conflict.column('file_id').doNothing())
        .execute();
      await unit.tx
        .insertInto('sealed_record')
        .values({ sealed_id: sealedId, file_id: caseId, kind: 'target', ciphertext: Buffer.from('x'), created_at: at() })
        .execute();
      return addTargetIn(unit.tx, { caseId, sealedId, at: at() });
    });
  };
  const record = async (caseId: CaseId, hoursAgo = 1, more: Partial<Parameters<typeof draftOf>[0]> = {}) => {
    const evidence = await addEvidence(caseId);
    const body = draftOf({ evidence: [evidence], eventAt: at(hoursAgo), ...more });
    const incident = await ada.call(contract.addIncident, { params: { caseId }, body });
    return { ...incident, evidence: [evidence] };
  };
  const draftOf = (draft: { evidence: EvidenceId[]; eventAt: Instant; offlineAct?: boolean }) => ({
    title: `Threats against ${sealedName}`,
    ...draft,
  });
  const grade = (
    by: Api,
    incident: { incidentId: IncidentId; evidence: EvidenceId[] },
    assigned: Grade,
    seat: 'first' | 'second' | 'lead' = 'first',
  ) =>
    by.call(contract.assess, {
      params: { incidentId: incident.incidentId },
      body: { axes: axesFor(assigned, incident.evidence), assigned, seat },
    });
  const lockAs = async (incident: { incidentId: IncidentId; evidence: EvidenceId[] }, assigned: Grade) => {
    const first = await grade(ada, incident, assigned);
    return first.grading === 'locked' ? first : grade(sam, incident, assigned);
  };
  const chart = (caseId: CaseId, by: Api = sam, days = 7) =>
    by.call(contract.getEscalation, { params: { caseId }, query: { days } });
  const caseNow = async (caseId: CaseId) => {
    const found = await findCase(store.db, caseId);
    if (found === null) throw new Error('the case is gone');
    return found;
  };
  const auditOf = (subject: string) => store.db.selectFrom('audit_entry').selectAll().where('subject', '=', subject).execute();
  const addReports = (caseId: CaseId, count: number) =>
    transact(store, async (unit) => {
      for (let n = 0; n < count; n += 1) {
        made += 1;
        await unit.tx
          .insertInto('report')
          .values({
            report_id: ReportId.parse(randomId(idPrefix.report)),
            receipt_number: ReceiptNumber.parse(made),
            receipt_leaf: '{}',
            receipt_sha256: 'x',
            status_hash: `hash ${made}`,
            channel: 'api',
            class: 'other',
            fast_lane: false,
            state: 'linked',
            received_at: at(1),
            happened_at: null,
            hostname: null,
            site_id: null,
            urls: '[]',
            text: 'The same words.',
            lang: null,
            role: 'unsaid',
            reporter_sealed_id: null,
            reporter_mark: null,
            reporter_proof: 'none',
            forward_consent: false,
            wants_safety_contact: false,
            machine: '{}',
            raw_blob_id: null,
            processed_at: at(),
            cluster_id: null,
            case_id: caseId,
            outcome: null,
            search: null,
          })
          .execute();
      }
    });

  describe('an incident', () => {
    it('has the time at which it happened; left out, the earliest that its evidence tells', async () => {
      const caseId = await openCase();
      const said = await ada.call(contract.addIncident, {
        params: { caseId },
        body: { title: 'Said', eventAt: at(500), evidence: [await addEvidence(caseId, at(3))] },
      });
      expect(said).toMatchObject({ eventAt: at(500), eventAtSource: 'stated', firstSeenAt: at(3), grading: 'none', grade: null });
      const seen = await ada.call(contract.addIncident, {
        params: { caseId },
        body: { title: 'Seen', evidence: [await addEvidence(caseId, at(2)), await addEvidence(caseId, at(4))] },
      });
      expect(seen).toMatchObject({ eventAt: at(4), eventAtSource: 'first-seen' });
      const dated = await ada.call(contract.addIncident, {
        params: { caseId },
        body: { title: 'Dated', evidence: [await addEvidence(caseId, at(2), at(900))] },
      });
      expect(dated).toMatchObject({ eventAt: at(900), eventAtSource: 'stated' });
      expect((await caseNow(caseId)).state).toBe('assessing');
      expect((await caseNow(caseId)).first_eyes_at).toBe(at());
    });

    it('does not lie in the future, and rests on evidence and a target of its own case', async () => {
      const caseId = await openCase();
      const other = await openCase();
      const mine = await addEvidence(caseId);
      const foreign = await addEvidence(other);
      const theirs = await addTarget(other);
      const add = (body: Parameters<typeof draftOf>[0] & { targetId?: typeof theirs.targetId }) =>
        refusalOf(ada.call(contract.addIncident, { params: { caseId }, body: { title: 'An act', ...body } }));
      expect(await add({ evidence: [mine], eventAt: at(-1) })).toBe('bad-request');
      expect(await add({ evidence: [mine, foreign], eventAt: at(1) })).toBe('bad-request');
      expect(await add({ evidence: [mine], eventAt: at(1), targetId: theirs.targetId })).toBe('bad-request');
    });

    it('is shown with names blacked out', async () => {
      const caseId = await openCase();
      await addTarget(caseId);
      const incident = await record(caseId);
      expect(incident.title).not.toContain('Mira');
      expect(incident.title).toContain('Threats against');
    });
  });

  describe('a grade', () => {
    it('below G3 is one person’s and locks the case', async () => {
      const caseId = await openCase();
      const locked = await grade(ada, await record(caseId), 'G2');
      expect(locked).toMatchObject({ grading: 'locked', grade: 'G2' });
      expect(await caseNow(caseId)).toMatchObject({ grade: 'G2', grade_locked_at: at(), lane: 'routine' });
    });

    it('from G3 on is not locked by one, and the other cannot tell that a first was given', async () => {
      const caseId = await openCase();
      const incident = await record(caseId);
      const untouched = await record(caseId);
      expect(await grade(ada, incident, 'G4')).toMatchObject({ grading: 'second-needed', grade: null });
      expect(await caseNow(caseId)).toMatchObject({ grade: null, grade_locked_at: null });
      // What Sam may learn by every route of this part: the same as of an incident that nobody graded.
      const suggestion = (about: typeof incident) =>
        sam.call(contract.suggestGrade, {
          params: { incidentId: about.incidentId },
          body: { axes: axesFor('G1', about.evidence) },
        });
      expect(await suggestion(incident)).toEqual(await suggestion(untouched));
      const settling = (about: typeof incident) => refusalOf(grade(bo, about, 'G4', 'lead'));
      expect(await settling(incident)).toBe(await settling(untouched));
      const told = (await auditOf(incident.incidentId)).map(({ detail }) => JSON.stringify(detail)).join(' ');
      expect(told).not.toMatch(/G[0-4]|second|first/);
      expect(JSON.stringify(await chart(caseId))).not.toMatch(/"G[0-4]"/);

      const second = await grade(sam, incident, 'G4', 'first');
      expect(second).toMatchObject({ grading: 'locked', grade: 'G4' });
      expect(second.assessments.map(({ seat }) => seat)).toEqual(['first', 'second']);
      expect(await caseNow(caseId)).toMatchObject({ grade: 'G4', grade_locked_at: null });
      await grade(ada, untouched, 'G0');
      expect(await caseNow(caseId)).toMatchObject({ grade: 'G4', grade_locked_at: at() });
    });

    it('on which two differ is settled by a third, a lead, and all three stay on record', async () => {
      const caseId = await openCase();
      const incident = await record(caseId);
      await grade(ada, incident, 'G4');
      expect(await refusalOf(grade(ada, incident, 'G4', 'second'))).toBe('same-person');
      expect(await grade(sam, incident, 'G2')).toMatchObject({ grading: 'lead-needed', grade: null });
      expect(await refusalOf(grade(person('Al Analyst', 'analyst'), incident, 'G3', 'lead'))).toBe('not-allowed');
      const settled = await grade(bo, incident, 'G3', 'lead');
      expect(settled).toMatchObject({ grading: 'locked', grade: 'G3' });
      expect(settled.assessments.map(({ seat, assigned }) => [seat, assigned])).toEqual([
        ['first', 'G4'],
        ['second', 'G2'],
        ['lead', 'G3'],
      ]);
      expect(await refusalOf(grade(person('Lu Lead', 'lead'), incident, 'G4', 'lead'))).toBe('wrong-state');
    });

    it('that differs from the suggestion needs a reason, and one below it still gets a second', async () => {
      const incident = await record(await openCase());
      const low = { axes: axesFor('G4', incident.evidence), assigned: 'G1' as const, seat: 'first' as const };
      const params = { incidentId: incident.incidentId };
      expect(await refusalOf(ada.call(contract.assess, { params, body: low }))).toBe('assessment-incomplete');
      const kept = await ada.call(contract.assess, {
        params,
        body: { ...low, differsReason: 'It quotes a song, word for word.' },
      });
      expect(kept).toMatchObject({ grading: 'second-needed', assessments: [{ suggested: 'G4', assigned: 'G1' }] });
    });

    it('without its evidence is refused, with every mistake', async () => {
      const incident = await record(await openCase());
      const body = { axes: axesFor('G4', []), assigned: 'G1' as const, seat: 'first' as const };
      expect(await refusalOf(ada.call(contract.assess, { params: { incidentId: incident.incidentId }, body }))).toBe(
        'assessment-incomplete',
      );
      const foreign = { ...body, axes: axesFor('G1', [await addEvidence(await openCase())]) };
      expect(await refusalOf(ada.call(contract.assess, { params: { incidentId: incident.incidentId }, body: foreign }))).toBe(
        'assessment-incomplete',
      );
    });

    it('given by two at the same instant is one first and one second', async () => {
      const incident = await record(await openCase());
      const both = await Promise.all([grade(ada, incident, 'G3'), grade(sam, incident, 'G3')]);
      expect(both.filter(({ grading }) => grading === 'locked')).toHaveLength(1);
    });

    it('after the lock of its case is marked as given with volume open', async () => {
      const caseId = await openCase();
      expect((await lockAs(await record(caseId), 'G1')).assessments[0]?.volumeOpen).toBe(false);
      expect((await lockAs(await record(caseId), 'G2')).assessments[0]?.volumeOpen).toBe(true);
      expect(await caseNow(caseId)).toMatchObject({ grade: 'G2' });
    });

    it('of G3 or G4 makes warnings into tasks that hold the case', async () => {
      const caseId = await openCase();
      const { targetId } = await addTarget(caseId);
      const evidence = [await addEvidence(caseId)];
      const body = { title: 'An act', eventAt: at(1), evidence, targetId };
      const incident = await ada.call(contract.addIncident, { params: { caseId }, body });
      await lockAs({ incidentId: incident.incidentId, evidence }, 'G4');
      const tasks = await listTasks(store.db, caseId);
      expect(tasks.map(({ kind, subject, holds, due_at: due }) => [kind, subject, holds, due]).sort()).toEqual([
        ['law-enforcement-referral', null, true, at(-1)],
        ['warn-police', 'Target A', true, at(-1)],
        ['warn-target', 'Target A', true, at(-1)],
      ]);
    });
  });

  describe('retracting', () => {
    it('keeps the incident on record, counts it for nothing, and can be what locks the case', async () => {
      const other = await openCase();
      const right = await record(other);
      const wrong = await record(other, 1);
      await lockAs(right, 'G1');
      expect(await caseNow(other)).toMatchObject({ grade: 'G1', grade_locked_at: null });
      expect(await refusalOf(ada.call(contract.retractIncident, { params: wrong, body: { why: 'It did not happen so.' } }))).toBe(
        'not-allowed',
      );
      const params = { incidentId: wrong.incidentId };
      const retracted = await bo.call(contract.retractIncident, {
        params,
        body: { why: `It was not ${sealedName}, it was a play.` },
      });
      expect(retracted.retractedAt).toBe(at());
      expect((await auditOf(wrong.incidentId)).map(({ detail }) => JSON.stringify(detail)).join(' ')).not.toContain('Mira');
      expect(await refusalOf(grade(ada, wrong, 'G1'))).toBe('wrong-state');
      expect(await caseNow(other)).toMatchObject({ grade: 'G1', grade_locked_at: at() });
    });
  });

  describe('shredding', () => {
    it('blanks what people typed of incidents and grades, and keeps times and grades', async () => {
      const caseId = await openCase();
      const incident = await record(caseId);
      await grade(ada, incident, 'G2');
      await transact(store, (unit) => blankWordsIn(unit.tx, caseId, []));
      const [shown] = await incidentsOfCase(store.db, caseId, PersonId.parse(randomId(idPrefix.person)), (text) => text);
      expect(shown).toMatchObject({ title: 'Shredded', grade: 'G2', eventAt: incident.eventAt });
      expect(JSON.stringify(shown)).not.toMatch(/Mira|Read on/);
      expect(shown?.assessments[0]?.axes.intent.value).toBe('conditional');
    });
  });

  describe('a case without an incident', () => {
    it('is locked as G0 with a reason, outside the routine lane by a lead only, and not when there is an incident', async () => {
      const body = { reason: 'It is advertising and threatens nobody.' };
      const plain = await openCase();
      expect(await ada.call(contract.lockNoThreat, { params: { caseId: plain }, body })).toEqual({
        grade: 'G0',
        gradeLockedAt: at(),
      });
      for (const lane of ['serious', 'life-threat'] as const) {
        const params = { caseId: await openCase(lane) };
        expect(await refusalOf(ada.call(contract.lockNoThreat, { params, body }))).toBe('not-allowed');
        expect(await bo.call(contract.lockNoThreat, { params, body })).toMatchObject({ grade: 'G0' });
      }
      const graded = await openCase();
      await record(graded);
      expect(await refusalOf(ada.call(contract.lockNoThreat, { params: { caseId: graded }, body }))).toBe('wrong-state');
    });
  });

  describe('the escalation monitor', () => {
    it('calls in the transaction of the lock, opens the emergency clock, wakes people, and its text replays', async () => {
      const caseId = await openCase();
      const before = performance.now();
      await lockAs(await record(caseId), 'G4');
      expect(performance.now() - before).toBeLessThan(5000);
      expect(await caseNow(caseId)).toMatchObject({
        lane: 'life-threat',
        lane_rank: 0,
        emergency_since: at(),
        state: 'assessing',
      });
      const { alarms, changed } = await chart(caseId);
      expect(alarms).toHaveLength(1);
      expect(changed).toEqual(alarms[0]?.because);
      const text = alarms[0]?.explanation ?? '';
      expect(replay(text)).toBe(text);
      expect(text).not.toContain('Mira');
      expect(text).not.toContain('forum.example');
      expect(woken.filter((dedupe) => dedupe.includes(caseId))).toHaveLength(1);
      const raised = await store.db.selectFrom('alarm').selectAll().where('case_id', '=', caseId).execute();
      expect(raised.map(({ kind }) => kind)).toEqual(['escalation']);
      expect((await store.db.selectFrom('shield_order').selectAll().execute()).length).toBe(0);
    });

    it('is quiet about old acts that are graded now, however grave', async () => {
      const caseId = await openCase();
      for (const days of [800, 900, 1000]) await lockAs(await record(caseId, days * 24), 'G4');
      expect((await chart(caseId)).alarms).toEqual([]);
      expect(await caseNow(caseId)).toMatchObject({ lane: 'serious', emergency_since: null, grade: 'G4' });
    });

    it('calls for a burst of independent acts over all cases of one site, also when two are locked at once', async () => {
      const siteId = SiteId.parse(randomId(idPrefix.site));
      const cases = await Promise.all([openCase('routine', siteId), openCase('routine', siteId), openCase('routine', siteId)]);
      const incidents = [];
      for (const caseId of cases) incidents.push(await record(caseId, 5));
      for (const incident of incidents) await grade(ada, incident, 'G3');
      await Promise.all(incidents.map((incident) => grade(sam, incident, 'G3')));
      const called = [];
      for (const caseId of cases) called.push(...(await chart(caseId)).alarms);
      expect(called).toHaveLength(1);
      expect(called[0]?.because[0]).toContain('3 independent incidents');
    });

    it('does not call again for what it has told, when an old act is verified late', async () => {
      const caseId = await openCase();
      await lockAs(await record(caseId, 3), 'G4');
      await lockAs(await record(caseId, 24 * 200), 'G4');
      await lockAs(await record(caseId, 3), 'G1');
      expect((await chart(caseId)).alarms).toHaveLength(1);
      await lockAs(await record(caseId, 2), 'G4');
      expect((await chart(caseId)).alarms).toHaveLength(2);
    });

    it('forgets nothing that it told when an incident is retracted, and no longer counts it', async () => {
      const caseId = await openCase();
      const incident = await record(caseId);
      await lockAs(incident, 'G4');
      const params = { incidentId: incident.incidentId };
      await bo.call(contract.retractIncident, { params, body: { why: 'It did not happen so.' } });
      expect(await chart(caseId)).toMatchObject({ alarms: [{ incidentId: incident.incidentId }], changed: [] });
      expect(await caseNow(caseId)).toMatchObject({ grade: 'G0', grade_locked_at: at() });
    });

    it('does not set back an emergency clock that runs, and starts a new one where a decision stands', async () => {
      const caseId = await openCase('life-threat');
      const began = (await caseNow(caseId)).emergency_since;
      nowMs += 600_000;
      await lockAs(await record(caseId), 'G4');
      expect((await caseNow(caseId)).emergency_since).toBe(began);
      await store.db.updateTable('desk_case').set({ state: 'enforced' }).where('case_id', '=', caseId).execute();
      nowMs += 600_000;
      await lockAs(await record(caseId, 0), 'G4');
      expect(await caseNow(caseId)).toMatchObject({ emergency_since: at(), state: 'enforced' });
    });
  });

  describe('the chart', () => {
    it('shows incidents by when they happened, and reports by arrival only after the lock', async () => {
      const caseId = await openCase();
      await addReports(caseId, 40);
      const incident = await record(caseId, 30);
      const before = await chart(caseId);
      expect(before.points.every(({ reports }) => reports === null)).toBe(true);
      expect(before.points.reduce((sum, { incidents }) => sum + incidents, 0)).toBe(1);
      await lockAs(incident, 'G1');
      const after = await chart(caseId);
      expect(after.points.reduce((sum, { reports }) => sum + (reports ?? 0), 0)).toBe(40);
      expect(after.points.find(({ incidents }) => incidents > 0)).toMatchObject({ worst: 'G1', reports: 0 });
      expect(after).toMatchObject({ stepHours: 6 });
      expect((await chart(caseId, sam, 90)).points).toHaveLength(90);
    });

    it('is the same to the byte before the lock, whether one or two hundred reported', async () => {
      const few = await openCase();
      const many = await openCase();
      await addReports(few, 1);
      await addReports(many, 200);
      expect(JSON.stringify(await chart(many))).toBe(JSON.stringify(await chart(few)));
      const [one, other] = [await record(few), await record(many)];
      const same = (incident: object) => JSON.stringify(incident).replaceAll(/(inc|evid|assess)_[0-9a-z]{12}/g, '$1');
      expect(same(one)).toBe(same(other));
      expect(same(await grade(ada, one, 'G3'))).toBe(same(await grade(ada, other, 'G3')));
    });
  });
});

function sealOf() {
  const unused = (): never => {
    throw new Error('these routes seal nothing');
  };
  return {
    keep: unused,
    keepMany: unused,
    sealNew: unused,
    open: unused,
    keepBlob: unused,
    keepBlobs: unused,
    openBlob: unused,
    shred: unused,
    mark: unused,
    encrypt: unused,
    decrypt: unused,
  };
}
