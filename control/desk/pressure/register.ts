/**
 * The pressure log and what may be seen of volume.
 *
 * Writing is always possible and shows nothing of the others. Reading is refused until the case's grade is locked; fails closed. Before the
 * lock an entry tells nobody that it came: an event for each would be a count of them.
 */
import * as contract from '../../../contract/routes/desk/pressure.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { addAudit } from '../../../store/audit.ts';
import { findCase } from '../../../store/desk/cases.ts';
import { clustersOfCase, volumeOf } from '../../../store/desk/clusters.ts';
import { insertPressure, listPressure } from '../../../store/desk/pressure.ts';
import { findSite } from '../../../store/sites.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { registerRoute } from '../../http/register.ts';
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase, namesOfReporter } from '../names.ts';

const mostClusters = 200;
const mostEntries = 500;
const sampleLetters = 140;

export function registerPressure(app: App, deps: DeskDeps): Job[] {
  const { db } = deps.store;

  registerRoute(app, deps, contract.logPressure, async ({ body, caller }) => {
    const { siteId = null, caseId = null } = body;
    const by = { personId: caller.personId, name: caller.name };
    return transact(deps.store, async (unit) => {
      if (siteId !== null && (await findSite(unit.tx, siteId, null)) === null) throw notFound('site');
      const found = caseId === null ? null : await findCase(unit.tx, caseId);
      if (caseId !== null && found === null) throw notFound('case');
      const pressureId = await insertPressure(unit.tx, {
        siteId,
        caseId,
        kind: body.kind,
        at: body.at,
        description: body.description,
        count: body.count ?? null,
        source: body.source ?? null,
        by,
      });
      await addAudit(unit.tx, {
        at: nowOf(deps),
        who: by,
        act: 'pressure.log',
        subject: pressureId,
        detail: { kind: body.kind, caseId, siteId },
      });
      if (found !== null && found.grade_locked_at !== null) unit.tellAfter({ kind: 'case', caseId: found.case_id });
      return { pressureId };
    });
  });

  registerRoute(app, deps, contract.getPressure, async ({ params: { caseId } }) => {
    const found = await findCase(db, caseId);
    if (found === null) throw notFound('case');
    if (found.grade_locked_at === null) {
      throw new Failure(
        'not-graded',
        'How many asked is kept from everybody until the grade of this case is locked. Grade its incidents first; nothing of the pressure is lost.',
      );
    }
    const names = await namesOfCase(db, deps.seal, caseId);
    const clusters = await clustersOfCase(db, caseId, mostClusters);
    const entries = await listPressure(db, { caseId, siteId: found.site_id }, mostEntries);
    return {
      volume: await volumeOf(db, caseId),
      clusters: await Promise.all(
        clusters.map(async ({ sample, firstReportId, ...cluster }) => {
          const own = await namesOfReporter(db, deps.seal, firstReportId);
          return { ...cluster, sample: beginning(redact(sample, [...names, ...own])) };
        }),
      ),
      entries: entries.map((entry) => ({
        ...entry,
        description: redact(entry.description, names),
        source: entry.source === null ? null : redact(entry.source, names),
      })),
    };
  });

  return [];
}

function beginning(text: string): string {
  const line = text.replaceAll(/\s+/gu, ' ').trim();
  const letters = [...line];
  return letters.length <= sampleLetters ? line : `${letters.slice(0, sampleLetters).join('')}…`;
}
