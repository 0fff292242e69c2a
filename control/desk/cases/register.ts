/**
 * The routes of contract/routes/desk/cases.ts, served, and the jobs that go with them: answers to whole claims, words for the search, and cases whose clock ran out.
 */
import * as contract from '../../../contract/routes/desk/cases.ts';
import { readPlace, readSearch, writePlace } from '../../../core/desk/queue.ts';
import { claimsOfCase, reportsOfCase } from '../../../store/desk/case-reports.ts';
import { findCase } from '../../../store/desk/cases.ts';
import { listQueue } from '../../../store/desk/queue.ts';
import { nowOf } from '../../deps.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { registerRoute } from '../../http/register.ts';
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps, Seal } from '../deps.ts';
import { actOnCase, openByHand } from './acts.ts';
import { moveReport } from './merge.ts';
import { answerReport, writeClaimAnswers } from './messages.ts';
import { alarmAboutOverdue } from './overdue.ts';
import { addTarget, addTask, gatherWords, settleTask, unseal } from './people.ts';
import { viewCase, viewQueueRow, viewReports } from './view.ts';

export function registerCases(app: App, deps: DeskDeps): Job[] {
  const { db } = deps.store;

  registerRoute(app, deps, contract.listCases, async ({ query, caller }) => {
    const filter = {
      open: query.open === undefined ? null : query.open === 'true',
      lane: query.lane ?? null,
      state: query.state ?? null,
      siteId: query.siteId ?? null,
      mine: query.mine === undefined ? null : caller.personId,
      unclaimed: query.unclaimed !== undefined,
      search: readSearch(query.search ?? ''),
      at: nowOf(deps),
    };
    const page = await listQueue(db, filter, { limit: query.limit, after: placeIn(query.cursor) });
    return {
      items: page.rows.map((row) => viewQueueRow(deps, row)),
      next: page.next === null ? null : writePlace(page.next),
      total: page.total,
    };
  });

  registerRoute(app, deps, contract.openCase, async ({ body, caller }) =>
    viewCase(deps, await openByHand(deps, caller, body), caller.personId),
  );
  registerRoute(app, deps, contract.getCase, ({ params, caller }) => viewCase(deps, params.caseId, caller.personId));
  registerRoute(app, deps, contract.actOnCase, async ({ params, body, caller }) => {
    await actOnCase(deps, caller, params.caseId, body);
    return viewCase(deps, params.caseId, caller.personId);
  });
  registerRoute(app, deps, contract.addTask, async ({ params, body, caller }) => {
    await addTask(deps, caller, params.caseId, body);
    return viewCase(deps, params.caseId, caller.personId);
  });
  registerRoute(app, deps, contract.settleTask, async ({ params, body, caller }) => {
    await settleTask(deps, caller, params, body);
    return viewCase(deps, params.caseId, caller.personId);
  });
  registerRoute(app, deps, contract.addTarget, async ({ params, body, caller }) => {
    await addTarget(deps, caller, params.caseId, body);
    return viewCase(deps, params.caseId, caller.personId);
  });
  registerRoute(app, deps, contract.unseal, async ({ params, body, caller, request }) => ({
    fields: await unseal(deps, caller, request, params.caseId, body),
  }));

  registerRoute(app, deps, contract.listCaseReports, async ({ params, query }) => {
    const found = await findCase(db, params.caseId);
    if (found === null) throw notFound('case');
    const volumeIs = found.grade_locked_at === null ? 'withheld' : 'open';
    const read = volumeIs === 'withheld' ? claimsOfCase : reportsOfCase;
    const page = await read(db, params.caseId, { limit: query.limit, after: openCursor(deps.seal, query.cursor) });
    return {
      items: await viewReports(deps, params.caseId, page.reports, volumeIs),
      next: page.next === null ? null : sealCursor(deps.seal, page.next),
      total: page.total,
    };
  });
  registerRoute(app, deps, contract.answerReport, async ({ params, body, caller }) => {
    await answerReport(deps, caller, params.reportId, body);
    return { answered: true };
  });
  registerRoute(app, deps, contract.moveReport, async ({ params, body, caller }) =>
    viewCase(deps, await moveReport(deps, caller, params.reportId, body), caller.personId),
  );

  return [
    {
      name: 'answers to whole claims',
      everyMs: 500,
      afterMs: 500,
      run: async () => {
        for (let round = 0; round < mostRounds; round += 1) if (!(await writeClaimAnswers(deps))) return;
      },
    },
    {
      name: 'words for the search',
      everyMs: 1000,
      afterMs: 500,
      run: async () => {
        for (let round = 0; round < mostRounds; round += 1) {
          if ((await gatherWords(deps, wordsAtOnce)) < wordsAtOnce) return;
        }
      },
    },
    { name: 'overdue cases', everyMs: 1000, afterMs: 500, run: () => alarmAboutOverdue(deps) },
  ];
}

/** Pieces of work in one turn, so that no turn lasts long. */
const mostRounds = 10;
const wordsAtOnce = 500;

function placeIn(cursor: string | undefined) {
  if (cursor === undefined) return null;
  const place = readPlace(cursor);
  if (place !== null) return place;
  throw new Failure('bad-request', 'The cursor is not one that this list gave out. Start from the first page.', {
    fields: [{ path: 'query.cursor', message: 'is not a cursor of this list' }],
  });
}

/** A place in a list of reports. Sealed, not only opaque: inside is a receipt's number, and two of those tell how many came between. */
function sealCursor(seal: Seal, number: number): string {
  return seal.encrypt(String(number)).toString('base64url');
}

function openCursor(seal: Seal, cursor: string | undefined): number | null {
  if (cursor === undefined) return null;
  let number = Number.NaN;
  try {
    number = Number(seal.decrypt(Buffer.from(cursor, 'base64url')));
  } catch {
    // Not one of ours: told below, with what was never a number.
  }
  if (Number.isSafeInteger(number)) return number;
  throw new Failure('bad-request', 'The cursor is not one that this list gave out. Start from the first page.', {
    fields: [{ path: 'query.cursor', message: 'is not a cursor of this list' }],
  });
}
