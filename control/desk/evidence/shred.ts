/**
 * The end of evidence: a lead shreds a closed case on purpose, or an item's time is over. Refused while a hold is in force (fails closed).
 *
 * Shredding deletes the keys of the case and of its reports: every identity and every copy is unreadable for ever, in this database; and it blanks
 * what anybody typed for the house alone. Hashes, custody, measures with their public reasons and the numbers of receipts stay, so that what
 * happened can still be shown without what it was about.
 * What can still go wrong: a backup of the database that is older than the shredding still opens with the seal key.
 */
import type { z } from 'zod';
import type { CaseId, EvidenceId, Instant, ReportId } from '../../../contract/ids.ts';
import type { PersonRef } from '../../../contract/routes/common.ts';
import type { shredCase as shredRoute } from '../../../contract/routes/desk/evidence.ts';
import { redact } from '../../../core/desk/redaction.ts';
import { instantOf } from '../../../core/instant.ts';
import { addAudit } from '../../../store/audit.ts';
import { lockCase } from '../../../store/desk/cases.ts';
import type { CaseRecord } from '../../../store/desk/cases.ts';
import { addCustodyIn } from '../../../store/desk/custody.ts';
import { findEvidence, listEvidence } from '../../../store/desk/evidence.ts';
import {
  authoritiesOf,
  blankItemIn,
  blankWordsIn,
  casesPastTime,
  isHeld,
  itemsPastTime,
  lockReportsOf,
  mergedInto,
} from '../../../store/desk/shredding.ts';
import { blankCustodyIn, blankDoneWordsIn } from '../../../store/desk/shredded-words.ts';
import { transact } from '../../../store/transact.ts';
import type { Tx, Work } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { Caller, RequestFacts } from '../../http/caller.ts';
import { Failure, notFound } from '../../http/failure.ts';
import { eachAlone } from '../../jobs/each-alone.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { namesOfCase } from '../names.ts';
import { mustHaveSignedInLately } from '../recent.ts';

type Deps = Pick<DeskDeps, 'store' | 'now' | 'seal' | 'publicUrl' | 'log'>;

const dayMs = 86_400_000;
/** A case without a measure: as long as evidence is kept. With one: the time for appeals (six months) and six months more. */
const keptDays = 90;
const keptDecidedDays = 365;
const timeIsOver = 'its time of keeping is over and no hold is in force';

/** Shreds a closed case. Returns how many items, reports and files lost their words. */
export async function shredCase(
  deps: Deps,
  caller: Caller,
  request: RequestFacts,
  caseId: CaseId,
  { number, reason }: z.output<typeof shredRoute.body>,
): Promise<number> {
  await mustHaveSignedInLately(deps, request, { undone: 'Nothing was shredded.', lest: 'does this in your name' });
  return transact(deps.store, async (unit) => {
    const { tx } = unit;
    const reports = await lockReportsOf(tx, caseId);
    const found = await lockCase(tx, caseId);
    if (found === null) throw notFound('case');
    if (found.number !== number) throw new Failure('wrong-state', 'That is not the number of this case. Nothing was shredded.');
    if (found.closed_at === null) throw new Failure('wrong-state', 'Only a closed case is shredded. Nothing was shredded.');
    const at = nowOf(deps);
    if (await isHeld(tx, caseId, at)) {
      throw new Failure('hold-in-force', 'A legal hold is in force on evidence of this case. Nothing was shredded.');
    }
    const why = redact(reason, await namesOfCase(tx, deps.seal, caseId));
    return shredIn(deps, unit, {
      found,
      reports,
      at,
      who: { personId: caller.personId, name: caller.name },
      why,
    });
  });
}

type Shredding = {
  readonly found: CaseRecord;
  readonly reports: readonly ReportId[];
  readonly at: Instant;
  /** Null when its time was over. */
  readonly who: PersonRef | null;
  readonly why: string;
};

/** Takes everything of a locked case away, its words before its keys. Returns how many items and reports it had. */
async function shredIn(deps: Deps, unit: Work, { found, reports, at, who, why }: Shredding): Promise<number> {
  const { tx } = unit;
  const caseId = found.case_id;
  const items = await listEvidence(tx, caseId);
  for (const item of items) {
    if (item.captureState !== 'shredded')
      await shredItemIn(tx, { evidenceId: item.evidenceId, sha256: item.sha256, at, who, why });
  }
  await blankWordsIn(tx, caseId, reports);
  await blankDoneWordsIn(tx, caseId, at);
  let files = 0;
  for (const file of [caseId, ...(await mergedInto(tx, caseId)), ...(await authoritiesOf(tx, caseId)), ...reports])
    if (await deps.seal.shred(tx, file, at)) files += 1;
  await addAudit(tx, {
    at,
    who,
    act: 'case.shred',
    subject: caseId,
    detail: { number: found.number, reason: why, items: items.length, reports: reports.length, files },
  });
  unit.tellAfter({ kind: 'case', caseId });
  return items.length + reports.length;
}

type ShreddedItem = Omit<Shredding, 'found' | 'reports'> & { readonly evidenceId: EvidenceId; readonly sha256: string | null };

async function shredItemIn(tx: Tx, { evidenceId, sha256, at, who, why }: ShreddedItem): Promise<void> {
  await blankItemIn(tx, evidenceId);
  const before = await blankCustodyIn(tx, evidenceId);
  const line = { evidenceId, at, personId: who?.personId ?? null, personName: who?.name ?? null, sha256 };
  await addCustodyIn(tx, { ...line, act: 'shred', why: `${why.replace(/\.$/, '')}. ${before}` });
}

/** Once an hour: items and cases whose time is over lose their words, bytes and identities. */
export function retentionJob(deps: Deps): Job {
  return { name: 'evidence past its time', everyMs: 3_600_000, afterMs: 60_000, run: () => dropPastTime(deps) };
}

export async function dropPastTime(deps: Deps): Promise<void> {
  const now = deps.now();
  const due = await itemsPastTime(deps.store.db, {
    now: instantOf(now),
    closedBefore: instantOf(now - keptDays * dayMs),
    decidedBefore: instantOf(now - keptDecidedDays * dayMs),
    limit: 500,
  });
  await eachAlone(deps.log, 'evidence past its time', due, async (evidenceId) => {
    await transact(deps.store, async (unit) => {
      const seen = await findEvidence(unit.tx, evidenceId);
      if (seen === null || seen.caseId === null) return;
      await lockCase(unit.tx, seen.caseId);
      const item = await findEvidence(unit.tx, evidenceId, 'lock');
      const at = nowOf(deps);
      // A hold may have come meanwhile.
      if (item === null || item.captureState === 'shredded' || (item.holdUntil !== null && item.holdUntil > at)) return;
      await shredItemIn(unit.tx, { evidenceId, sha256: item.sha256, at, who: null, why: timeIsOver });
      unit.tellAfter({ kind: 'case', caseId: seen.caseId });
    });
  });
  const cases = await casesPastTime(deps.store.db, {
    now: instantOf(now),
    closedBefore: instantOf(now - keptDays * dayMs),
    decidedBefore: instantOf(now - keptDecidedDays * dayMs),
    limit: 500,
  });
  await eachAlone(deps.log, 'cases past their time', cases, async (caseId) => {
    await transact(deps.store, async (unit) => {
      const reports = await lockReportsOf(unit.tx, caseId);
      const found = await lockCase(unit.tx, caseId);
      const at = nowOf(deps);
      // A hold, or somebody who opened it again, may have come meanwhile.
      if (found === null || found.closed_at === null || (await isHeld(unit.tx, caseId, at))) return;
      await shredIn(deps, unit, { found, reports, at, who: null, why: timeIsOver });
    });
  });
  if (due.length + cases.length > 0) {
    deps.log.info({ items: due.length, cases: cases.length }, 'what was past its time was shredded');
  }
}
