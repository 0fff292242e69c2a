/**
 * The mock's desk: cases, evidence, incidents and grades. It keeps what the real one would keep, withholds volume before the lock, and
 * suggests by a rule of thumb; the real rules are core/desk's.
 */
import type { z } from 'zod';
import { Instant } from '../../../contract/ids.ts';
import { Assessment, CustodyLine, Evidence, Incident } from '../../../contract/desk/shapes.ts';
import { laneOfClass } from '../../../contract/desk/words.ts';
import type { Grade } from '../../../contract/desk/words.ts';
import * as assessments from '../../../contract/routes/desk/assessments.ts';
import * as cases from '../../../contract/routes/desk/cases.ts';
import * as evidence from '../../../contract/routes/desk/evidence.ts';
import type { LiveEvent } from '../../../contract/routes/house.ts';
import { MockFailure } from './mock.ts';
import type { On } from './mock.ts';
import { mockId } from './state.ts';
import type { MockState } from './state.ts';

export function registerDesk(on: On, state: MockState, emit: (event: LiveEvent) => void): void {
  const desk = state.desk;
  const now = () => Instant.parse(new Date(state.nowMs()).toISOString());
  const later = (ms: number) => Instant.parse(new Date(state.nowMs() + ms).toISOString());
  const me = () => ({ personId: state.me.personId, name: state.me.name });
  let made = 0;
  const fresh = (prefix: string) => mockId(prefix, `n${(made += 1)}`);

  const caseAt = (caseId: string): cases.Case => {
    const found = desk.cases.find((held) => held.caseId === caseId);
    if (found === undefined) throw new MockFailure('not-found', 'There is no such case.');
    return found;
  };
  const keep = (changed: cases.Case): cases.Case => {
    desk.cases = desk.cases.map((held) => (held.caseId === changed.caseId ? changed : held));
    emit({ kind: 'case', caseId: changed.caseId });
    return changed;
  };
  const evidenceAt = (evidenceId: string) => {
    for (const held of desk.cases) {
      const item = held.evidence.find((candidate) => candidate.evidenceId === evidenceId);
      if (item !== undefined) return { held, item };
    }
    throw new MockFailure('not-found', 'There is no such evidence.');
  };
  const keepEvidence = (held: cases.Case, item: Evidence): Evidence => {
    keep({ ...held, evidence: held.evidence.map((old) => (old.evidenceId === item.evidenceId ? item : old)) });
    return item;
  };
  const custody = (item: Evidence, act: z.infer<typeof CustodyLine>['act'], why: string) => {
    const lines = desk.custody.get(item.evidenceId) ?? [];
    const line = { custodyId: fresh('cust'), at: now(), who: me(), act, why, sha256: item.sha256, lineHash: 'c4'.repeat(32) };
    desk.custody.set(item.evidenceId, [...lines, CustodyLine.parse(line)]);
  };
  const incidentAt = (incidentId: string) => {
    for (const held of desk.cases) {
      const incident = held.incidents.find((candidate) => candidate.incidentId === incidentId);
      if (incident !== undefined) return { held, incident };
    }
    throw new MockFailure('not-found', 'There is no such incident.');
  };
  const keepIncident = (held: cases.Case, incident: Incident): Incident => {
    const incidents = held.incidents.map((old) => (old.incidentId === incident.incidentId ? incident : old));
    const locked = incident.grading === 'locked' && incident.grade !== null;
    keep({ ...held, incidents, ...(locked ? { grade: incident.grade, gradeLockedAt: now() } : {}) });
    return incident;
  };

  on(cases.listCases, ({ query }) => {
    const over = ['no-action', 'ended', 'reviewed'];
    const wanted = query.search?.toLowerCase();
    const items = desk.cases.filter(
      (row) =>
        (query.lane === undefined || row.lane === query.lane) &&
        (query.state === undefined || row.state === query.state) &&
        (query.open === undefined || (query.open === 'true') === (row.closedAt === null && !over.includes(row.state))) &&
        (query.mine === undefined || row.claim?.by.personId === state.me.personId) &&
        (query.unclaimed === undefined || row.claim === null) &&
        (wanted === undefined ||
          `${row.number} ${row.title} ${row.siteName} ${row.hostname ?? ''}`.toLowerCase().includes(wanted)),
    );
    return { items: items.map(rowOf), next: null, total: items.length };
  });
  on(cases.openCase, ({ body }) => {
    const opened = cases.Case.parse({
      ...(desk.cases[0] ?? {}),
      ...{ caseId: fresh('case'), number: `C-2026-00${20 + made}`, title: body.title, class: body.class, state: 'open' },
      ...{
        lane: body.lane ?? laneOfClass[body.class],
        hostname: body.hostname ?? null,
        siteId: null,
        siteName: '',
        openTasks: 0,
      },
      ...{ openedAt: now(), due: { at: later(900_000), what: 'eyes' }, grade: null, gradeLockedAt: null, claim: null },
      ...{ evidence: [], incidents: [], tasks: [], targets: [], notes: [], links: [], clocks: [], notices: [], volume: null },
    });
    desk.cases = [opened, ...desk.cases];
    emit({ kind: 'case', caseId: opened.caseId });
    return opened;
  });
  on(cases.getCase, ({ params }) => caseAt(params.caseId));
  on(cases.actOnCase, ({ params, body }) => {
    const held = caseAt(params.caseId);
    switch (body.act) {
      case 'claim':
        if (held.claim !== null && held.claim.by.personId !== state.me.personId)
          throw new MockFailure('claimed-by-another', `${held.claim.by.name} works on this case. Nothing was changed.`);
        return keep({ ...held, claim: { by: me(), until: later(1_800_000) } });
      case 'release':
      case 'skip':
        return keep({ ...held, claim: null });
      case 'assign-lead':
        return keep({ ...held, lead: me() });
      case 'lane':
        return keep({ ...held, lane: body.lane, laneReason: body.why });
      case 'title':
        return keep({ ...held, title: body.title });
      case 'site':
        return keep({ ...held, siteId: body.siteId });
      case 'note': {
        const note = cases.Case.shape.notes.element.parse({ messageId: fresh('msg'), at: now(), by: me(), text: body.text });
        return keep({ ...held, notes: [note, ...held.notes] });
      }
      case 'link':
        return keep({
          ...held,
          links: [...held.links, { caseId: body.caseId, number: caseAt(body.caseId).number, why: body.why }],
        });
      case 'merge-into':
        return keep({ ...held, mergedInto: body.caseId, closedAt: now() });
      case 'law-enforcement-contacted':
        return keep({ ...held, lawEnforcementAt: now() });
      case 'close':
        if (held.tasks.some((task) => task.holds && task.state === 'open'))
          throw new MockFailure('task-open', 'A task that holds the case is still open. The case stays open.');
        return keep({ ...held, state: 'ended', closedAt: now() });
      case 'reopen':
        return keep({ ...held, state: 'assessing', closedAt: null });
      default:
        return body satisfies never;
    }
  });
  on(cases.addTask, ({ params, body }) => {
    const held = caseAt(params.caseId);
    const task = cases.Task.parse({
      ...{ taskId: fresh('task'), kind: body.kind, subject: body.subject ?? null, state: 'open', holds: true, createdAt: now() },
      ...{ dueAt: body.dueAt ?? null, doneAt: null, doneBy: null, record: null },
    });
    return keep({ ...held, tasks: [...held.tasks, task], openTasks: held.openTasks + 1 });
  });
  on(cases.settleTask, ({ params, body }) => {
    const held = caseAt(params.caseId);
    const tasks = held.tasks.map((task) =>
      task.taskId === params.taskId ? { ...task, state: body.state, record: body.record, doneAt: now(), doneBy: me() } : task,
    );
    return keep({ ...held, tasks, openTasks: tasks.filter((task) => task.state === 'open').length });
  });
  on(cases.addTarget, ({ params }) => {
    const held = caseAt(params.caseId);
    const target = { targetId: fresh('targ'), label: `Target ${'ABCDEF'[held.targets.length] ?? 'Z'}`, warned: false };
    return keep({ ...held, targets: [...held.targets, cases.Case.shape.targets.element.parse(target)] });
  });
  on(cases.unseal, ({ body }) => ({
    fields:
      body.what.kind === 'target'
        ? [
            { name: 'name', value: 'Invented Person' },
            { name: 'contact', value: 'person@mail.example' },
          ]
        : [{ name: 'mail', value: 'reporter@mail.example' }],
  }));
  on(cases.listCaseReports, ({ params }) => {
    const items = desk.reports.get(params.caseId) ?? [];
    return { items, next: null, total: caseAt(params.caseId).gradeLockedAt === null ? 0 : items.length };
  });
  on(cases.answerReport, ({ params, body }) => {
    for (const [caseId, held] of desk.reports) {
      desk.reports.set(
        caseId,
        held.map((report) =>
          report.reportId === params.reportId
            ? { ...report, messages: [...report.messages, { at: now(), sender: 'desk' as const, text: body.text, by: me() }] }
            : report,
        ),
      );
    }
    return { answered: true };
  });
  on(cases.moveReport, ({ body }) => caseAt(body.caseId ?? desk.cases[0]?.caseId ?? ''));

  on(evidence.addEvidence, ({ params, body }) => {
    const held = caseAt(params.caseId);
    const item = Evidence.parse({
      ...{ evidenceId: fresh('evid'), kind: body.kind, level: body.kind === 'url' ? 'A0' : 'A1' },
      ...{ title: body.kind === 'url' ? 'Address added at the desk' : body.title, url: body.kind === 'url' ? body.url : null },
      ...{ sha256: null, mediaType: null, bytes: null, eventAt: body.eventAt ?? null, firstSeenAt: now(), addedBy: me() },
      ...{ sensitive: false, captureState: body.kind === 'url' ? 'waiting' : 'none', captures: [] },
      ...{ holdUntil: null, deleteAfter: null, note: null },
    });
    keep({ ...held, evidence: [...held.evidence, item] });
    return item;
  });
  on(evidence.captureAgain, ({ params }) => {
    const { held, item } = evidenceAt(params.evidenceId);
    return keepEvidence(held, { ...item, captureState: 'waiting' });
  });
  on(evidence.readEvidence, ({ params }) => {
    const { item } = evidenceAt(params.evidenceId);
    custody(item, 'view', 'Read as text');
    return { text: desk.texts.get(params.evidenceId) ?? '[nothing to read]', truncated: false };
  });
  on(evidence.revealEvidence, ({ params, body }) => {
    const { item } = evidenceAt(params.evidenceId);
    if (desk.wellness.minutesToday >= desk.wellness.dailyCapMinutes)
      throw new MockFailure('exposure-cap', 'You have reached your own limit for today. Nothing was opened.');
    custody(item, 'reveal', body.reason);
    const { minutesToday, dailyCapMinutes } = desk.wellness;
    return {
      url: '/mock/picture.svg',
      expiresAt: later(60_000),
      mediaType: 'image/png',
      minutesToday,
      capMinutes: dailyCapMinutes,
    };
  });
  on(evidence.changeEvidence, ({ params, body }) => {
    const { held, item } = evidenceAt(params.evidenceId);
    custody(item, 'relabel', body.why);
    return keepEvidence(held, {
      ...item,
      title: body.title ?? item.title,
      eventAt: body.eventAt ?? item.eventAt,
      level: body.level?.to ?? item.level,
      sensitive: body.sensitive ?? item.sensitive,
      holdUntil: body.holdDays === undefined ? item.holdUntil : body.holdDays === 0 ? null : later(body.holdDays * 86_400_000),
    });
  });
  on(evidence.listCustody, ({ params }) => ({ lines: desk.custody.get(params.evidenceId) ?? [], intact: true }));
  on(evidence.shredCase, ({ params }) => ({ shredded: caseAt(params.caseId).evidence.length }));
  on(evidence.getWellness, () => desk.wellness);
  on(evidence.setWellness, ({ body }) => (desk.wellness = { ...desk.wellness, ...body }));
  on(evidence.tellExposure, ({ body }) => {
    desk.wellness = { ...desk.wellness, minutesToday: desk.wellness.minutesToday + body.seconds / 60 };
    return desk.wellness;
  });

  on(assessments.addIncident, ({ params, body }) => {
    const held = caseAt(params.caseId);
    const target = held.targets.find((candidate) => candidate.targetId === body.targetId);
    const incident = Incident.parse({
      ...{ incidentId: fresh('inc'), title: body.title, eventAt: body.eventAt ?? now(), offlineAct: body.offlineAct },
      ...{ eventAtSource: body.eventAt === undefined ? 'first-seen' : 'stated', firstSeenAt: now(), evidence: body.evidence },
      target: target === undefined ? null : { targetId: target.targetId, label: target.label },
      ...{
        verifiedBy: me(),
        verifiedAt: now(),
        retractedAt: null,
        retractedWhy: null,
        grading: 'none',
        grade: null,
        assessments: [],
      },
    });
    keep({ ...held, state: 'assessing', incidents: [...held.incidents, incident] });
    return incident;
  });
  on(assessments.retractIncident, ({ params, body }) => {
    const { held, incident } = incidentAt(params.incidentId);
    return keepIncident(held, { ...incident, retractedAt: now(), retractedWhy: body.why });
  });
  on(assessments.suggestGrade, ({ body }) => suggestionFor(body.axes));
  on(assessments.assess, ({ params, body }) => {
    const { held, incident } = incidentAt(params.incidentId);
    if (incident.assessments.some((other) => other.assessor.personId === state.me.personId))
      throw new MockFailure('same-person', 'You graded this incident already, so somebody else has to. Nothing was saved.');
    const { suggested } = suggestionFor(body.axes);
    const assessment = Assessment.parse({
      ...{ assessmentId: fresh('assess'), incidentId: incident.incidentId, seat: body.seat, axes: body.axes },
      ...{ indicators: body.indicators, suggested, rules: 'grades-1', assigned: body.assigned },
      ...{ differsReason: body.differsReason ?? null, assessor: me(), at: now() },
    });
    const done = body.seat !== 'first' || body.assigned < 'G3';
    return keepIncident(held, {
      ...incident,
      assessments: [...incident.assessments, assessment],
      grading: done ? 'locked' : 'second-needed',
      grade: done ? body.assigned : null,
    });
  });
  on(assessments.lockNoThreat, ({ params }) => {
    const locked = keep({ ...caseAt(params.caseId), grade: 'G0', gradeLockedAt: now(), volume: { n: 0, m: 0, k: 0, w: 0 } });
    return { grade: 'G0' as const, gradeLockedAt: locked.gradeLockedAt ?? now() };
  });
  on(assessments.getEscalation, ({ params, query }) => {
    const held = caseAt(params.caseId);
    const locked = held.gradeLockedAt !== null;
    const steps = Math.min(query.days, 90);
    const points = Array.from({ length: steps }, (_, index) => {
      const fromMs = state.nowMs() - (steps - index) * 86_400_000;
      const inside = held.incidents.filter(
        (one) => Date.parse(one.eventAt) >= fromMs && Date.parse(one.eventAt) < fromMs + 86_400_000,
      );
      const reports = index === steps - 1 ? 2012 : index === steps - 2 ? 22 : index % 11 === 0 ? 1 : 0;
      return {
        from: Instant.parse(new Date(fromMs).toISOString()),
        incidents: inside.length,
        worst: locked && inside.length > 0 ? ('G4' as const) : null,
        reports: locked ? reports : null,
      };
    });
    const changed =
      held.incidents.length === 0 ? [] : ['The first incident that names a place and a time.', 'A new named target.'];
    const explanation = '{"code":"escalation-1","inputs":["inc_00000000post"],"window":{"hours":48}}';
    const alarms =
      held.emergencySince === null
        ? []
        : held.incidents.slice(0, 1).map((incident) => ({
            ...{ alarmId: mockId('alarm', 'esc'), incidentId: incident.incidentId, at: held.emergencySince ?? now() },
            ...{ because: ['First incident graded G4 within 48 hours.'], explanation, sha256: '3f'.repeat(32) },
          }));
    return { stepHours: 24, points, changed, alarms: alarms.map((alarm) => assessments.EscalationAlarm.parse(alarm)) };
  });
}

function rowOf(held: cases.Case): cases.CaseRow {
  return cases.CaseRow.strip().parse(held);
}

/** A rule of thumb, so that the form has something to show. */
function suggestionFor(axes: z.output<typeof Assessment>['axes']) {
  const direct = ['direct', 'instruction-to-others'].includes(axes.intent.value);
  const specific =
    axes.target.value === 'named-and-locatable' && axes.timePlace.value !== 'none' && axes.timePlace.value !== 'unknown';
  const suggested: Grade = direct && specific ? 'G4' : direct ? 'G3' : axes.intent.value === 'unknown' ? 'G0' : 'G2';
  const because = [
    direct ? 'The intent is direct, or tells others to act.' : 'No direct intent was found.',
    specific ? 'The target is named and locatable, with a time or a place.' : 'Target, time and place are not specific together.',
  ];
  return { suggested, rules: 'grades-1', because, mistakes: [] };
}
