/**
 * A mail that answers one of ours is a message on its report: when it names our Message-ID (60 random bits), and comes from the mailbox
 * that reported. The caller has proved the sender. Everything else is a new report, so nothing is lost by being strict.
 */
import { PageId } from '../../../contract/ids.ts';
import type { ReportId } from '../../../contract/ids.ts';
import { answeredPages, reportText } from '../../../core/desk/mail.ts';
import { stepReport } from '../../../core/desk/report-states.ts';
import { addReporterMessage, findReportByStatus, setReportState } from '../../../store/desk/reports.ts';
import { reportOfMessage } from '../../../store/desk/outbox.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { DeskDeps } from '../deps.ts';
import { addMaterialIn } from '../intake/added.ts';
import { cleanText } from '../intake/clean.ts';
import type { ReadMail } from './read-mail.ts';

/** The report to which it was added; null when it answers nothing of ours or the report takes nothing more. */
export async function addReply(deps: DeskDeps, mail: ReadMail): Promise<ReportId | null> {
  if (mail.from === null) return null;
  const mark = deps.seal.mark(mail.from.address.trim().toLowerCase());
  for (const id of answeredPages(mail.headers, deps.desk.mailDomain).toReversed()) {
    const found = await reportOfMessage(deps.store.db, PageId.parse(id), mark);
    if (found === null) continue;
    return transact(deps.store, async (unit) => {
      const at = nowOf(deps);
      const report = await findReportByStatus(unit.tx, found.statusHash, 'lock');
      const stepped = report === null ? null : stepReport(report.state, 'reporter-adds');
      if (report === null || stepped === null || !stepped.ok) return null;
      if (stepped.state !== report.state) await setReportState(unit.tx, report.report_id, stepped.state);
      const text = cleanText(reportText('', mail.body));
      await addReporterMessage(unit.tx, { reportId: report.report_id, at, text });
      await addMaterialIn(deps, unit, report, { text, urls: [], files: mail.files, at });
      // Only an answer that the desk waits for is told at once: telling of every other would tell how much arrives.
      if (report.case_id !== null && report.state === 'more-asked') unit.tellAfter({ kind: 'case', caseId: report.case_id });
      return report.report_id;
    });
  }
  return null;
}
