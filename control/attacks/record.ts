/**
 * What is kept about one attack, for people to read: what happened, requests over time and by edge.
 *
 * Requests are as fine as they are still kept: ten seconds for a day, then minutes, then hours (docs/handbook/insight.md). Where nothing is
 * kept any more there are none, and the rest of the record stays.
 */
import type { AttackRecord } from '../../contract/attacks.ts';
import type { AttackId, Instant, SiteId } from '../../contract/ids.ts';
import type { OutcomeCounts } from '../../contract/stream.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { windowMs } from '../../core/shield/attack-signals.ts';
import { demandByEdge, findAttack, listEntries } from '../../store/attacks.ts';
import { readTraffic } from '../../store/house.ts';
import { readSeries, rollUpSteps } from '../../store/roll-ups.ts';
import type { ControlDeps } from '../deps.ts';
import type { Caller } from '../http/caller.ts';
import { notFound } from '../http/failure.ts';

type RecordDeps = Pick<ControlDeps, 'store' | 'now' | 'insight'>;

/** Of the record, before the attack began and after it ended. */
const aroundMs = 300_000;
const mostPoints = 360;
const hourMs = 3_600_000;

/** An attack with all that is kept about it; `accountId` of the caller, or null for everybody's. Throws Failure `not-found`. */
export async function recordOf(
  deps: RecordDeps,
  { accountId }: Pick<Caller, 'accountId'>,
  attackId: AttackId,
): Promise<AttackRecord> {
  const { db } = deps.store;
  const attack = await findAttack(db, attackId, accountId);
  if (attack === null) throw notFound('attack');
  const beganMs = msOf(attack.beganAt);
  const overMs = attack.endedAt === null ? deps.now() : msOf(attack.endedAt);
  const fromMs = Math.floor((beganMs - aroundMs) / windowMs) * windowMs;
  const untilMs = Math.min(deps.now(), overMs + aroundMs);
  const kept = keptMs(deps, fromMs);
  const stepMs = Math.max(1, Math.ceil((untilMs - fromMs) / kept / mostPoints)) * kept;
  const wholeMs = Math.floor(fromMs / stepMs) * stepMs;
  const range = { from: instantOf(wholeMs), until: instantOf(untilMs), stepSeconds: stepMs / 1000 };
  return {
    attack,
    entries: await listEntries(db, attackId),
    timeline: { ...range, points: (await pointsOf(deps, attack.siteId, range, kept)).filter(({ at }) => msOf(at) < untilMs) },
    edges: await demandByEdge(db, attack.siteId, {
      from: instantOf(Math.floor(beganMs / kept) * kept),
      until: instantOf(overMs),
      stepSeconds: kept / 1000,
    }),
  };
}

/** The finest step in which requests of that time are still kept, in milliseconds. */
function keptMs(deps: RecordDeps, atMs: number): number {
  const { fineHours, minuteDays } = deps.insight;
  const ageMs = deps.now() - atMs;
  const { fine, minute, hour } = rollUpSteps;
  // Counts of ten seconds are kept for a day in any case; both are taken away now and then, not to the minute.
  const step = ageMs < Math.min(24, fineHours) * hourMs ? fine : ageMs < minuteDays * 24 * hourMs ? minute : hour;
  return step * 1000;
}

/** Ten seconds from what attacks are judged by, which needs no insight; else from its roll-ups. */
async function pointsOf(
  deps: RecordDeps,
  siteId: SiteId,
  range: { readonly from: Instant; readonly until: Instant; readonly stepSeconds: number },
  kept: number,
): Promise<{ at: Instant; counts: OutcomeCounts }[]> {
  const { db } = deps.store;
  if (kept === windowMs) return readTraffic(db, siteId, range.from, range.stepSeconds);
  const rows = await readSeries(db, { viewer: null, siteId, edgeId: null }, range);
  return rows.map(({ at, sums: { origin_error: errors, ...sums } }) => {
    const { passed, challenged, solved, limited, denied, noticed } = sums;
    return { at, counts: { passed, challenged, solved, limited, denied, noticed, 'origin-error': errors } };
  });
}
