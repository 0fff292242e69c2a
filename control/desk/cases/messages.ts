/**
 * Messages to reporters: one at once, the rest of a claim by a job, each on its own private link.
 *
 * What is asked for a whole claim takes the same time for two reports as for two thousand, and says nothing of how many there were: what the desk can see
 * before the grade (one report of each claim, and who wrote again) is written at once, the rest by a job of which neither the audit trail nor a console hears,
 * and whether anybody still waits for an outcome is looked at only once the grade is locked. The text goes out
 * redacted with the names of the case: a reporter may be anybody, also whoever threatens. A mail says only that there is a message; it holds neither
 * text nor link (the link's token is not stored), and is not sent where the reporter said how to reach them safely: a machine cannot judge that.
 */
import { z } from 'zod';
import type { ReportId } from '../../../contract/ids.ts';
import type { PersonRef } from '../../../contract/routes/common.ts';
import type { answerReport as answerReportRoute } from '../../../contract/routes/desk/cases.ts';
import { stepReport } from '../../../core/desk/report-states.ts';
import { redact } from '../../../core/desk/redaction.ts';
import {
  addDeskMessageIn,
  advanceClaimAnswer,
  askClaimAnswerIn,
  clusterFamily,
  findReport,
  lockClaimMembers,
  lockReports,
  shownOfClaim,
  takeClaimAnswer,
  waitsForAnswer,
} from '../../../store/desk/case-reports.ts';
import type { ClaimAnswer, DeskReportRow } from '../../../store/desk/case-reports.ts';
import { lockCase, touchDue } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { listTasks, settleTaskIn } from '../../../store/desk/tasks.ts';
import { transact } from '../../../store/transact.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { namesOfCase, namesOfReporter } from '../names.ts';
import { hold, settle } from './work.ts';
import type { Deps } from './work.ts';

type Draft = z.output<typeof answerReportRoute.body>;

/** What each kind of message does to a report; a plain answer does nothing: a report that waits for its reporter goes on waiting. */
const steps = { question: 'ask-more', answer: null, outcome: 'answer' } as const;

/** Writes to a reporter, and on request to all of the same claim. Throws Failure `not-found`, `wrong-state`. */
export async function answerReport(deps: Deps, caller: Caller, reportId: ReportId, draft: Draft): Promise<void> {
  await transact(deps.store, async (unit) => {
    const seen = await findReport(unit.tx, reportId);
    if (seen === null) throw notFound('report');
    const caseId = seen.case_id;
    if (caseId === null) {
      throw new Failure('wrong-state', 'This report is still being read into a case. Nothing was sent; try again in a moment.');
    }
    const claim = draft.toCluster ? seen.cluster_id : null;
    // All at once and by their numbers: the order of locks of store/desk/moves.ts.
    const shown = claim === null ? [] : await shownOfClaim(unit.tx, caseId, await clusterFamily(unit.tx, claim));
    const locked = await lockReports(unit.tx, [...new Set([reportId, ...shown])]);
    const report = locked.find((one) => one.report_id === reportId);
    if (report === undefined || report.case_id !== caseId) {
      throw new Failure('wrong-state', 'The report was moved meanwhile. Nothing was sent; load it again.');
    }
    const held = await hold(deps, unit, caller, caseId);
    // Who wrote to us is named to nobody else of the claim, and not on their own link either: it may be shared.
    const text = redact(held.clean(draft.text), await namesOfReporter(unit.tx, deps.seal, reportId));
    const words = { kind: draft.kind, text, who: held.who, at: held.at };
    const written = await write(deps, unit, report, words);
    if (!written.ok) throw new Failure('wrong-state', `${written.why} Nothing was sent.`);
    for (const other of locked) {
      if (other === report) continue;
      const own = await namesOfReporter(unit.tx, deps.seal, other.report_id);
      await write(deps, unit, other, { ...words, text: redact(text, own) });
    }
    if (claim !== null) {
      await askClaimAnswerIn(unit.tx, {
        case_id: caseId,
        cluster_id: claim,
        report_id: reportId,
        kind: draft.kind,
        text,
        person_id: caller.personId,
        person_name: caller.name,
        at: held.at,
        told: JSON.stringify(locked.map((one) => one.report_id)),
        reached: 0,
        finished_at: null,
      });
    } else if (draft.kind === 'outcome') await settleAnswering(unit, held.found, held.at);
    await settle(held, { act: 'report.answer', detail: { reportId, kind: draft.kind, toClaim: draft.toCluster } });
  });
}

type Written = { readonly ok: true } | { readonly ok: false; readonly why: string };
type Words = { kind: Draft['kind']; text: string; who: PersonRef; at: ReturnType<typeof nowOf> };

async function write(deps: Deps, unit: Work, report: DeskReportRow, { kind, text, who, at }: Words): Promise<Written> {
  if (report.state === 'withdrawn') return { ok: false, why: 'The report was withdrawn by its reporter.' };
  const step = steps[kind];
  const stepped = step === null ? { ok: true as const, state: report.state } : stepReport(report.state, step);
  if (!stepped.ok) return stepped;
  const messageId = await addDeskMessageIn(unit.tx, {
    reportId: report.report_id,
    at,
    text,
    personId: who.personId,
    personName: who.name,
    state: stepped.state,
    outcome: kind === 'outcome' ? text : null,
  });
  await announce(deps, unit, report, messageId);
  return { ok: true };
}

/** A mail that says that there is a message, where the reporter left a mailbox and no word that it is not safe. */
export async function announce(deps: Deps, unit: Work, report: DeskReportRow, messageId: string): Promise<void> {
  const sealedId = report.reporter_sealed_id;
  if (sealedId === null || report.wants_safety_contact) return;
  const fields = await deps.seal.open(unit.tx, sealedId);
  if (fields === null || (fields['mail'] ?? '') === '' || (fields['safeContact'] ?? '') !== '') return;
  await deps.outbox.send(unit, {
    channel: 'mail',
    to: { kind: 'sealed', sealedId, field: 'mail' },
    subject: `Your report ${report.receipt_number}: there is a new message`,
    body: [
      `There is a new message about the report that has the receipt number ${report.receipt_number}.`,
      '',
      'To read it, open the private link that you kept with your receipt. For your safety this mail holds neither the message nor the link.',
      '',
      `${deps.provider}, ${deps.publicUrl}`,
      '',
    ].join('\n'),
    dedupe: `report-message ${messageId}`,
    urgent: false,
    caseId: null,
  });
}

/** The task to answer the reporters is done when nobody waits any more. Not before the grade: when it is done would tell how many there were. */
async function settleAnswering(
  unit: Work,
  { case_id: caseId, grade_locked_at: lockedAt }: CaseRecord,
  at: ReturnType<typeof nowOf>,
): Promise<void> {
  if (lockedAt === null || (await waitsForAnswer(unit.tx, caseId))) return;
  unit.tellAfter({ kind: 'case', caseId });
  for (const task of await listTasks(unit.tx, caseId)) {
    if (task.kind !== 'answer-reporters' || task.state !== 'open') continue;
    await settleTaskIn(unit.tx, task.task_id, {
      state: 'done',
      record: 'Every report of this case has its outcome.',
      at,
      who: null,
    });
  }
}

const membersAtOnce = 100;

/** Goes on with the oldest answer that is still being written; false when there is none. Safe in several processes at once. */
export async function writeClaimAnswers(deps: Deps): Promise<boolean> {
  return transact(deps.store, async (unit) => {
    const answer = await takeClaimAnswer(unit.tx);
    if (answer === null) return false;
    const members = await lockClaimMembers(unit.tx, {
      caseId: answer.case_id,
      clusters: await clusterFamily(unit.tx, answer.cluster_id),
      after: answer.reached,
      limit: membersAtOnce,
    });
    const at = nowOf(deps);
    const text = redact(answer.text, await namesOfCase(unit.tx, deps.seal, answer.case_id));
    const told = new Set(ToldReports.parse(answer.told));
    for (const report of members) {
      if (!wants(report, told)) continue;
      const own = await namesOfReporter(unit.tx, deps.seal, report.report_id);
      await write(deps, unit, report, wordsOf(answer, redact(text, own), at));
    }
    const last = members.at(-1);
    await advanceClaimAnswer(unit.tx, answer.message_id, {
      reached: last?.receipt_number ?? answer.reached,
      finishedAt: members.length < membersAtOnce ? at : null,
    });
    if (members.length < membersAtOnce && answer.kind === 'outcome') {
      // The case only now, after its reports: the order of locks of store/desk/reports.ts.
      const found = await lockCase(unit.tx, answer.case_id);
      if (found !== null) await settleAnswering(unit, found, at);
      await touchDue(unit.tx, answer.case_id);
    }
    return true;
  });
}

const ToldReports = z.array(z.string());

function wants(report: DeskReportRow, told: ReadonlySet<string>): boolean {
  return !told.has(report.report_id) && report.state !== 'withdrawn';
}

function wordsOf(answer: ClaimAnswer, text: string, at: ReturnType<typeof nowOf>): Words {
  return { kind: answer.kind, text, who: { personId: answer.person_id, name: answer.person_name }, at };
}
