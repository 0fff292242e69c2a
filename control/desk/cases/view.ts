/**
 * A case, a row of the queue and a report as the API shows them: redacted, with labels for people, and without volume before the grade is locked.
 *
 * Every text that a person typed goes through core/desk/redaction.ts with the names of its case on its way out, whatever it was when it was stored.
 */
import { setImmediate } from 'node:timers/promises';
import type { z } from 'zod';
import type { CaseId, PersonId } from '../../../contract/ids.ts';
import type { Case, CaseRow, DeskReport, Task } from '../../../contract/routes/desk/cases.ts';
import { clocksOf } from '../../../core/desk/clocks.ts';
import { reporterLabel } from '../../../core/desk/labels.ts';
import { redact, redactUrl } from '../../../core/desk/redaction.ts';
import { evidenceOf, messagesOf } from '../../../store/desk/case-reports.ts';
import type { DeskReportRow } from '../../../store/desk/case-reports.ts';
import { listLinks, listNotes, listNoticesOfCase } from '../../../store/desk/case-file.ts';
import { findCase } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { clockFactsOf } from '../../../store/desk/clocks.ts';
import { volumeOf } from '../../../store/desk/clusters.ts';
import { evidenceOfCase } from '../../../store/desk/evidence.ts';
import type { QueueRow } from '../../../store/desk/queue.ts';
import { ReportUrls } from '../../../store/desk/reports.ts';
import { listTargets } from '../../../store/desk/targets.ts';
import { listTasks } from '../../../store/desk/tasks.ts';
import type { TaskRecord } from '../../../store/desk/tasks.ts';
import { nowOf } from '../../deps.ts';
import { notFound } from '../../http/failure.ts';
import { incidentsOfCase } from '../assessment/view.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase, namesOfReporter } from '../names.ts';

type Deps = Pick<DeskDeps, 'store' | 'now' | 'seal'>;

/** A row of the queue. Titles are stored redacted (control/desk/cases/acts.ts), so that a page of the queue opens no seal. */
function viewRow(deps: Pick<DeskDeps, 'now'>, row: CaseRecord, openTasks: number): z.input<typeof CaseRow> {
  const claimed = row.claimed_by !== null && row.claimed_until !== null && row.claimed_until > nowOf(deps);
  return {
    caseId: row.case_id,
    number: row.number,
    state: row.state,
    lane: row.lane,
    class: row.class,
    title: row.title,
    siteId: row.site_id,
    siteName: row.site_name,
    openedAt: row.opened_at,
    due: row.due_at === null ? null : { at: row.due_at, what: row.due_what ?? '' },
    grade: row.grade_locked_at === null ? null : row.grade,
    emergencySince: row.emergency_since,
    claim:
      claimed && row.claimed_by !== null && row.claimed_until !== null
        ? { by: { personId: row.claimed_by, name: row.claimed_name ?? '' }, until: row.claimed_until }
        : null,
    lead: row.lead_id === null ? null : { personId: row.lead_id, name: row.lead_name ?? '' },
    openTasks,
  };
}

export function viewQueueRow(deps: Pick<DeskDeps, 'now'>, row: QueueRow): z.input<typeof CaseRow> {
  return viewRow(deps, row, row.openTasks);
}

/** One case as `callerId` may see it. Throws Failure `not-found`. */
export async function viewCase(deps: Deps, caseId: CaseId, callerId: PersonId): Promise<z.input<typeof Case>> {
  const { db } = deps.store;
  const row = await findCase(db, caseId);
  if (row === null) throw notFound('case');
  const names = await namesOfCase(db, deps.seal, caseId);
  const clean = (text: string) => redact(text, names);
  const tasks = await listTasks(db, caseId);
  const targets = await listTargets(db, caseId);
  const evidence = await evidenceOfCase(db, caseId);
  return {
    ...viewRow(deps, { ...row, title: clean(row.title) }, tasks.filter((task) => task.state === 'open').length),
    hostname: row.hostname,
    accountId: row.account_id,
    laneReason: row.lane_reason === null ? null : clean(row.lane_reason),
    gradeLockedAt: row.grade_locked_at,
    closedAt: row.closed_at,
    recheckAt: row.recheck_at,
    mergedInto: row.merged_into,
    policyVersionId: row.policy_version_id,
    lawEnforcementAt: row.law_enforcement_at,
    clocks: clocksOf(await clockFactsOf(db, row)).map(({ about, ...clock }) => ({
      ...clock,
      ...(about === undefined ? {} : { about: clean(about) }),
    })),
    tasks: tasks.map((task) => viewTask(task, clean)),
    evidence: await inTurns(evidence, (item) => ({
      ...item,
      title: clean(item.title),
      url: item.url === null ? null : redactUrl(item.url, names),
      note: item.note === null ? null : clean(item.note),
      captures: item.captures.map((capture) => ({
        ...capture,
        finding: capture.finding === null ? null : clean(capture.finding),
      })),
    })),
    incidents: await incidentsOfCase(db, caseId, callerId, clean),
    targets: targets.map(({ targetId, label }) => ({
      targetId,
      label,
      warned: tasks.some((task) => task.kind === 'warn-target' && task.subject === label && task.state === 'done'),
    })),
    notes: (await listNotes(db, caseId)).map((note) => ({ ...note, text: clean(note.text) })),
    links: (await listLinks(db, caseId)).map((link) => ({ ...link, why: clean(link.why) })),
    notices: (await listNoticesOfCase(db, caseId)).map((notice) => ({ ...notice, subject: clean(notice.subject) })),
    volume: row.grade_locked_at === null ? null : await volumeOf(db, caseId),
  };
}

/** Redacting thousands of items takes a second; others are let in between. */
async function inTurns<Item, Shown>(items: readonly Item[], show: (item: Item) => Shown): Promise<Shown[]> {
  const shown: Shown[] = [];
  for (const item of items) {
    if (shown.length % itemsInOneTurn === itemsInOneTurn - 1) await setImmediate();
    shown.push(show(item));
  }
  return shown;
}

const itemsInOneTurn = 50;

function viewTask(task: TaskRecord, clean: (text: string) => string): z.input<typeof Task> {
  return {
    taskId: task.task_id,
    kind: task.kind,
    subject: task.subject === null ? null : clean(task.subject),
    state: task.state,
    holds: task.holds,
    createdAt: task.created_at,
    dueAt: task.due_at,
    doneAt: task.done_at,
    doneBy: task.done_by === null ? null : { personId: task.done_by, name: task.done_name ?? '' },
    record: task.record === null ? null : clean(task.record),
  };
}

/** Reports of one case as the desk reads them. Each is redacted with its own reporter's names too. */
export async function viewReports(
  deps: Pick<DeskDeps, 'store' | 'seal'>,
  caseId: CaseId,
  reports: readonly DeskReportRow[],
  volumeIs: 'open' | 'withheld',
): Promise<z.input<typeof DeskReport>[]> {
  const { db } = deps.store;
  const ids = reports.map((report) => report.report_id);
  const names = await namesOfCase(db, deps.seal, caseId);
  const messages = await messagesOf(db, ids);
  const evidence = await evidenceOf(db, ids);
  const shown: z.input<typeof DeskReport>[] = [];
  for (const report of reports) {
    // One text may be 20,000 characters long.
    await setImmediate();
    const own = report.reporter_sealed_id === null ? [] : await namesOfReporter(db, deps.seal, report.report_id);
    const all = [...names, ...own];
    const clean = (text: string) => redact(text, all);
    shown.push({
      reportId: report.report_id,
      number: volumeIs === 'open' ? report.receipt_number : null,
      channel: report.channel,
      class: report.class,
      fastLane: report.fast_lane,
      state: report.state,
      receivedAt: report.received_at,
      happenedAt: report.happened_at,
      reporter: reporterLabel(report.report_id, report.reporter_sealed_id === null),
      role: report.role,
      proof: report.reporter_proof,
      wantsSafetyContact: report.wants_safety_contact,
      forwardConsent: report.forward_consent,
      text: clean(report.text),
      // Addresses of what is criminal to hold are for the hotline, not for anybody's eyes.
      urls: report.class === 'child-abuse' ? [] : ReportUrls.parse(report.urls).map(({ typed }) => redactUrl(typed, all)),
      lang: report.lang,
      evidence: evidence.get(report.report_id) ?? [],
      messages: (messages.get(report.report_id) ?? []).map((message) => ({ ...message, text: clean(message.text) })),
      outcome: report.outcome === null ? null : clean(report.outcome),
    });
  }
  return shown;
}
