/**
 * A report as the holder of its private link sees it, and what they may do: write, add evidence, ask for safe contact, withdraw, appeal, take the appeal back.
 *
 * The token is looked up by its SHA-256 in a unique index, so comparing leaks nothing of it; what is stored cannot be turned back into it.
 * Whoever holds the link is the reporter for us: it can be shared, and then shows answers, but never a contact, a name or another report.
 * Fails closed: an unknown token is not-found, and wrong ones are counted by the doors.
 */
import { appealOpenDays, later } from '../../../core/desk/clocks.ts';
import { nextForReport } from '../../../core/desk/report-next.ts';
import type { NextStep } from '../../../core/desk/report-next.ts';
import { stepReport } from '../../../core/desk/report-states.ts';
import type { ReportStep } from '../../../core/desk/report-states.ts';
import type { CaseId, DeskDecisionId, Instant, ReportId } from '../../../contract/ids.ts';
import type { AppealState, ReportChannel, ReportClass, ReportState } from '../../../contract/desk/words.ts';
import { addAudit } from '../../../store/audit.ts';
import { appealOfReport } from '../../../store/desk/appeal-joiners.ts';
import {
  addReporterMessage,
  countReportFiles,
  decisionBehind,
  findReportByStatus,
  forgetReporter,
  messagesOfReport,
  setReporterSealed,
  setReportState,
} from '../../../store/desk/reports.ts';
import type { ReportRecord } from '../../../store/desk/reports.ts';
import type { Db } from '../../../store/open.ts';
import { transact } from '../../../store/transact.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import { Failure } from '../../http/failure.ts';
import { hashOf } from '../../identity/secrets.ts';
import type { DeskDeps, IncomingFile } from '../deps.ts';
import { openAppealIn, withdrawAppeal } from '../decisions/appeals.ts';
import { namesOfReporter } from '../names.ts';
import { addMaterialIn } from './added.ts';
import { cleanText } from './clean.ts';
import { contactFields } from './intake.ts';

export type StatusView = {
  readonly reportId: ReportId;
  readonly number: ReportRecord['receipt_number'];
  readonly receivedAt: Instant;
  readonly leaf: string;
  readonly sha256: string;
  readonly channel: ReportChannel;
  readonly class: ReportClass;
  readonly fastLane: boolean;
  readonly state: ReportState;
  readonly next: { readonly step: NextStep; readonly at: Instant | null };
  readonly outcome: string | null;
  readonly messages: readonly { readonly at: Instant; readonly sender: 'reporter' | 'desk'; readonly text: string }[];
  readonly filesAdded: number;
  readonly wantsSafetyContact: boolean;
  /** Whether it can still be withdrawn. */
  readonly mayWithdraw: boolean;
  /** Whether something may be added. */
  readonly mayAdd: boolean;
  /** The decision that may be appealed; null when there is none, or this report has an appeal already, or it is too late. */
  readonly appealable: { readonly decisionId: DeskDecisionId; readonly number: string | null; readonly until: Instant } | null;
  /** How this report's newest appeal stands. Not since when it is open: that would tell whether others appealed before. */
  readonly appeal: 'none' | 'open' | 'answered';
};

export type StatusAct =
  | { readonly act: 'add'; readonly text: string; readonly urls: readonly string[]; readonly files: readonly IncomingFile[] }
  | { readonly act: 'safety-contact'; readonly wanted: boolean; readonly how: string }
  | { readonly act: 'withdraw'; readonly why: string }
  | { readonly act: 'appeal'; readonly text: string }
  | { readonly act: 'withdraw-appeal' };

export type StatusDeps = Pick<DeskDeps, 'store' | 'seal' | 'now' | 'outbox'>;

/** Null when no report has this token. */
export async function readStatus(deps: StatusDeps, token: string): Promise<StatusView | null> {
  if (!isToken(token)) return null;
  const report = await findReportByStatus(deps.store.db, hashOf(token));
  return report === null ? null : viewOf(deps.store.db, report, nowOf(deps));
}

/** A token's form: what `newSecret` makes. */
export function isToken(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

/**
 * Does one thing to a report. Null when no report has this token; throws Failure `wrong-state` when its state does not allow it.
 * `filesRefused`: files that were not kept because of the report's class.
 */
export async function actOnReport(
  deps: StatusDeps,
  token: string,
  act: StatusAct,
): Promise<{ view: StatusView; filesRefused: number } | null> {
  if (!isToken(token)) return null;
  return transact(deps.store, async (unit) => {
    const at = nowOf(deps);
    const report = await findReportByStatus(unit.tx, hashOf(token), 'lock');
    if (report === null) return null;
    const filesRefused = await run(deps, unit, report, act, at);
    const after = await findReportByStatus(unit.tx, hashOf(token));
    return after === null ? null : { view: await viewOf(unit.tx, after, at), filesRefused };
  });
}

async function run(deps: StatusDeps, unit: Work, report: ReportRecord, act: StatusAct, at: Instant): Promise<number> {
  const { tx } = unit;
  const reportId = report.report_id;
  switch (act.act) {
    case 'add': {
      await step(unit, report, 'reporter-adds');
      const text = cleanText(act.text).trim();
      if (text !== '') await addReporterMessage(tx, { reportId, at, text });
      const filesRefused = await addMaterialIn(deps, unit, report, { ...act, text, at });
      // Only an answer that the desk waits for is told at once: telling of every other would tell how much arrives.
      if (report.case_id !== null && report.state === 'more-asked') unit.tellAfter({ kind: 'case', caseId: report.case_id });
      return filesRefused;
    }
    case 'safety-contact': {
      if (report.state === 'withdrawn') throw wrongState('The report was withdrawn.');
      const how = cleanText(act.how).trim();
      const known = report.reporter_sealed_id === null ? null : await deps.seal.open(tx, report.reporter_sealed_id);
      const fields = contactFields({ ...known, ...(how === '' ? {} : { safeContact: how }) });
      const sealedId =
        how === '' || fields === null ? report.reporter_sealed_id : await deps.seal.keep(tx, reportId, 'reporter', fields);
      await setReporterSealed(tx, reportId, { wantsSafetyContact: act.wanted, sealedId });
      await audit(unit, at, 'report.safety-contact', reportId, { wanted: act.wanted });
      return 0;
    }
    case 'withdraw': {
      await step(unit, report, 'withdraw');
      const why = cleanText(act.why).trim();
      if (why !== '') await addReporterMessage(tx, { reportId, at, text: why });
      await forgetReporter(tx, reportId);
      await audit(unit, at, 'report.withdraw', reportId, {});
      return 0;
    }
    case 'appeal': {
      const behind = await appealable(tx, report, at);
      if (behind === null) throw wrongState('There is no decision here that this report may appeal now.');
      const text = cleanText(act.text).trim();
      const names = await namesOfReporter(tx, deps.seal, reportId);
      await openAppealIn(unit, { decisionId: behind.decisionId, by: 'reporter', text, reportId, names, at, who: null });
      await addReporterMessage(tx, { reportId, at, text });
      return 0;
    }
    case 'withdraw-appeal': {
      const appeal = await appealOfReport(tx, reportId, null);
      if (appeal === null) throw wrongState('This report has no appeal.');
      await withdrawAppeal(unit, { appealId: appeal.appealId, reportId, at, who: null });
      return 0;
    }
    default:
      return act satisfies never;
  }
}

async function step(unit: Work, report: ReportRecord, what: ReportStep): Promise<void> {
  const stepped = stepReport(report.state, what);
  if (!stepped.ok) throw wrongState(stepped.why);
  if (stepped.state !== report.state) await setReportState(unit.tx, report.report_id, stepped.state);
}

function wrongState(why: string): Failure {
  return new Failure('wrong-state', `${why} Nothing was changed.`);
}

function audit(unit: Work, at: Instant, act: string, reportId: ReportId, detail: Record<string, boolean>): Promise<void> {
  return addAudit(unit.tx, { at, who: null, act, subject: reportId, detail });
}

async function appealable(db: Db, report: ReportRecord, at: Instant): Promise<StatusView['appealable']> {
  const caseId: CaseId | null = report.case_id;
  if (caseId === null || report.state === 'withdrawn') return null;
  const decision = await decisionBehind(db, caseId);
  if (decision === null) return null;
  const until = later(decision.since, { hours: appealOpenDays * 24 });
  if (at > until || (await appealOfReport(db, report.report_id, decision.decisionId)) !== null) return null;
  return { decisionId: decision.decisionId, number: decision.number, until };
}

async function viewOf(db: Db, report: ReportRecord, at: Instant): Promise<StatusView> {
  return {
    reportId: report.report_id,
    number: report.receipt_number,
    receivedAt: report.received_at,
    leaf: report.receipt_leaf,
    sha256: report.receipt_sha256,
    channel: report.channel,
    class: report.class,
    fastLane: report.fast_lane,
    state: report.state,
    next: nextForReport({
      state: report.state,
      class: report.class,
      fastLane: report.fast_lane,
      receivedAt: report.received_at,
    }),
    outcome: report.outcome,
    messages: await messagesOfReport(db, report.report_id),
    filesAdded: await countReportFiles(db, report.report_id),
    wantsSafetyContact: report.wants_safety_contact,
    mayWithdraw: report.state !== 'withdrawn' && stepReport(report.state, 'withdraw').ok,
    mayAdd: stepReport(report.state, 'reporter-adds').ok,
    appealable: await appealable(db, report, at),
    appeal: appealState((await appealOfReport(db, report.report_id, null))?.state ?? null),
  };
}

function appealState(state: AppealState | null): StatusView['appeal'] {
  if (state === null || state === 'withdrawn') return 'none';
  return state === 'open' || state === 'taken' ? 'open' : 'answered';
}
