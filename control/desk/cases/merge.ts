/**
 * Merging a case into another, and moving a report. Nothing is closed silently: links, notes and lines of custody say what went where.
 *
 * A case with a measure is not merged away: the public decision names what it was decided on; it is linked instead. Before the grade is locked a
 * report moves with its whole claim, so that nobody counts a claim's reports by moving them one by one.
 */
import type { z } from 'zod';
import type { CaseId, ReportId } from '../../../contract/ids.ts';
import type { CaseAct, moveReport as moveReportRoute } from '../../../contract/routes/desk/cases.ts';
import { laneOfClass } from '../../../contract/desk/words.ts';
import { isMoreUrgent, laneRank } from '../../../core/desk/lane.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { searchedWords } from '../../../core/desk/target-record.ts';
import { addNoteIn, hasDecision, linkCasesIn } from '../../../store/desk/case-file.ts';
import { lockClusters } from '../../../store/desk/clusters.ts';
import { clusterFamily, findReport } from '../../../store/desk/case-reports.ts';
import { forgetWordsIn } from '../../../store/desk/case-words.ts';
import { changeCase, findCase, lockCase, openCaseIn, touchDue, touchSearch } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { lockClaimOf, lockReportsOfCase, moveAllIn, moveReportsIn, relabelTasksIn } from '../../../store/desk/moves.ts';
import { moveTargetsIn } from '../../../store/desk/targets.ts';
import { findSite } from '../../../store/sites.ts';
import { transact } from '../../../store/transact.ts';
import type { Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { settleCaseGradeIn } from '../assessment/case-grade.ts';
import { namesOfCase } from '../names.ts';
import { hold, mustBeOpen, mustHold, mustNotBeAnothers, settle } from './work.ts';
import type { Deps, Held } from './work.ts';

type Merge = Extract<CaseAct, { act: 'merge-into' }>;

/** Merges one case into another. Throws Failure `not-found`, `wrong-state`, `claimed-by-another`, `not-allowed`. */
export async function mergeCase(deps: Deps, caller: Caller, caseId: CaseId, { caseId: intoId, why }: Merge): Promise<void> {
  mustHold({ caller }, 'desk:lead');
  if (caseId === intoId) throw new Failure('wrong-state', 'A case is not merged into itself. Nothing was changed.');
  await transact(deps.store, async (unit) => {
    // As control/desk/reading locks them: clusters, reports, cases.
    await lockClusters(unit.tx);
    await lockReportsOfCase(unit.tx, caseId);
    await lockBoth(unit, caseId, intoId);
    const from = await hold(deps, unit, caller, caseId);
    const into = await hold(deps, unit, caller, intoId);
    for (const held of [from, into]) {
      mustBeOpen(held);
      mustNotBeAnothers(held);
    }
    if (await hasDecision(unit.tx, caseId)) {
      throw new Failure(
        'wrong-state',
        'A measure was decided or proposed in this case, so it stays a case of its own. Nothing was changed; link the two.',
      );
    }
    // Volume of a case that nobody has graded would stand open in one that is graded.
    if (into.found.grade_locked_at !== null && from.found.grade_locked_at === null) {
      throw new Failure(
        'wrong-state',
        'The other case’s grade is locked and this one’s is not. Nothing was changed; grade this case first, or link the two.',
      );
    }
    const { at, who } = from;
    const reason = into.clean(from.clean(why));
    const renamed = await moveTargetsIn(unit.tx, caseId, intoId);
    await relabelTasksIn(unit.tx, caseId, renamed);
    await moveAllIn(unit.tx, { from: caseId, to: intoId, at, who, why: reason });
    await blackOut(deps, unit, intoId, caseId);
    await linkCasesIn(unit.tx, { one: caseId, other: intoId, why: `merged: ${reason}`, at });
    const labels = [...renamed].map(([old, now]) => `${old} is ${now}`).join(', ');
    await addNoteIn(unit.tx, {
      caseId: intoId,
      at,
      who,
      text: `${from.found.number} was merged into this case: ${why}${labels === '' ? '' : ` (${labels})`}`,
    });
    await settle(from, {
      act: 'case.merge',
      change: { merged_into: intoId, closed_at: at, claimed_by: null, claimed_name: null, claimed_until: null },
      detail: { into: into.found.number, intoId, why: reason },
      keepsClaim: false,
    });
    await settle(into, {
      act: 'case.take-in',
      change: takenIn(from.found, into.found),
      detail: { from: from.found.number, fromId: caseId },
    });
    const after = await lockCase(unit.tx, intoId);
    // Its incidents may all be graded now: nothing else would ever lock it.
    if (after !== null) await settleCaseGradeIn(unit, after, at);
    await touchDue(unit.tx, intoId);
  });
}

/**
 * Who is sealed in a case stands in the title of neither case and is found by no search in either, also where words of the one came into the other.
 */
async function blackOut(deps: Deps, unit: Work, caseId: CaseId, otherId: CaseId): Promise<void> {
  const names = await namesOfCase(unit.tx, deps.seal, caseId);
  if (names.length === 0) return;
  for (const one of [caseId, otherId].sort()) {
    const found = await findCase(unit.tx, one);
    if (found === null) continue;
    await changeCase(unit.tx, one, { title: redact(found.title, names) });
    await touchSearch(unit.tx, one);
    await forgetWordsIn(unit.tx, one, searchedWords(names));
  }
}

/** The more urgent lane and the graver grade stay; what was withheld before stays withheld until this case's own grade is locked. */
function takenIn(from: CaseRecord, into: CaseRecord) {
  const urgent = isMoreUrgent(from.lane, into.lane);
  const graver = into.grade_locked_at !== null && from.grade !== null && (into.grade === null || from.grade > into.grade);
  return {
    ...(urgent
      ? {
          lane: from.lane,
          lane_rank: laneRank[from.lane],
          lane_reason: `as ${from.number}, which was merged into it`,
          emergency_since: from.emergency_since,
          clock_since: from.clock_since,
        }
      : {}),
    ...(graver ? { grade: from.grade } : {}),
    ...(into.state === 'open' && from.state === 'assessing' ? { state: from.state } : {}),
  };
}

/** In one order for everybody, so that two merges never wait for each other in a circle. */
async function lockBoth(unit: Work, one: CaseId, other: CaseId): Promise<void> {
  for (const caseId of [one, other].sort()) if ((await lockCase(unit.tx, caseId)) === null) throw notFound('case');
}

type MoveDraft = z.output<typeof moveReportRoute.body>;

/** Moves a report, or before the grade its whole claim, to another case or a new one. Returns the case where it is now. */
export async function moveReport(
  deps: Deps,
  caller: Caller,
  reportId: ReportId,
  { caseId: wanted, why }: MoveDraft,
): Promise<CaseId> {
  return transact(deps.store, async (unit) => {
    await lockClusters(unit.tx);
    const seen = await findReport(unit.tx, reportId);
    if (seen === null) throw notFound('report');
    const fromId = seen.case_id;
    if (fromId === null) {
      throw new Failure(
        'wrong-state',
        'This report is still being read into a case. Nothing was changed; try again in a moment.',
      );
    }
    if (fromId === wanted) throw new Failure('wrong-state', 'The report is in this case already. Nothing was changed.');
    const isLocked = ((await findCase(unit.tx, fromId))?.grade_locked_at ?? null) !== null;
    const clusters = isLocked || seen.cluster_id === null ? [] : await clusterFamily(unit.tx, seen.cluster_id);
    const moved = clusters.length === 0 ? [reportId] : await lockClaimOf(unit.tx, fromId, clusters);
    const report = await findReport(unit.tx, reportId, 'lock');
    if (report === null || report.case_id !== fromId) {
      throw new Failure('wrong-state', 'The report was moved meanwhile. Nothing was changed; load it again.');
    }
    if (wanted === null) await lockCase(unit.tx, fromId);
    else await lockBoth(unit, fromId, wanted);
    const from = await hold(deps, unit, caller, fromId);
    mustBeOpen(from);
    const reason = from.clean(why);
    const toId = wanted ?? (await openFor(deps, unit, from, report.class, reason));
    const to = await hold(deps, unit, caller, toId);
    mustBeOpen(to);
    // Whoever could move a claim into a case whose volume is open could count it before its own case is graded.
    if (!isLocked && to.found.grade_locked_at !== null) {
      throw new Failure(
        'wrong-state',
        'The other case’s grade is locked and this one’s is not. Nothing was changed; grade this case first.',
      );
    }
    const { at, who } = from;
    await moveReportsIn(unit.tx, moved, clusters, { from: fromId, to: toId, at, who, why: reason });
    await blackOut(deps, unit, toId, fromId);
    await linkCasesIn(unit.tx, { one: fromId, other: toId, why: `report ${report.receipt_number} was moved: ${reason}`, at });
    await settle(from, { act: 'case.move-report', detail: { reportId, to: to.found.number, why: reason } });
    await settle(to, { act: 'case.take-report', detail: { reportId, from: from.found.number, why: reason } });
    await touchDue(unit.tx, fromId);
    return toId;
  });
}

async function openFor(deps: Deps, unit: Work, from: Held, reportClass: CaseRecord['class'], reason: string): Promise<CaseId> {
  const { found, who } = from;
  const site = found.site_id === null ? null : await findSite(unit.tx, found.site_id, null);
  const where = found.site_name === '' ? 'no site' : found.site_name;
  const caseId = await openCaseIn(unit, {
    at: nowOf(deps),
    title: `${reportClass}: ${where}`,
    class: reportClass,
    // Out of a case in a more urgent lane nothing falls into a calmer one by itself.
    lane: isMoreUrgent(found.lane, laneOfClass[reportClass]) ? found.lane : laneOfClass[reportClass],
    laneReason: null,
    site,
    hostname: found.hostname,
    reason: `a report was moved out of ${found.number}: ${reason}`,
    who,
  });
  await changeCase(unit.tx, caseId, { first_eyes_at: from.at });
  return caseId;
}
