/**
 * From what was asked of insight to what is read: ranges in whole steps, steps that are kept, sums as the API tells them.
 *
 * Pure but for the store. A range is never refused for being old: what is no longer kept has no points.
 */
import type { z } from 'zod';
import type { SiteId } from '../../contract/ids.ts';
import type { Series, SeriesQuery, SeriesSum, Tops, TopsQuery } from '../../contract/routes/insight.ts';
import { mostTops } from '../../contract/traffic.ts';
import { instantOf, msOf } from '../../core/instant.ts';
import { byCertain, mergedFrequent } from '../../core/shield/frequent.ts';
import { quantilesOf } from '../../core/shield/latency.ts';
import { latencyColumns, readSeries, rollUpSteps } from '../../store/roll-ups.ts';
import type { RollUpColumn, Scope } from '../../store/roll-ups.ts';
import { findSite } from '../../store/sites.ts';
import type { Viewer } from '../../store/sites.ts';
import { readTops, topsCut, topSteps } from '../../store/top-lists.ts';
import type { ControlDeps } from '../deps.ts';
import { notFound } from '../http/failure.ts';

type Deps = Pick<ControlDeps, 'store' | 'now' | 'insight'>;
type RangeAsked = Pick<z.output<typeof SeriesQuery>, 'siteId' | 'edgeId' | 'from' | 'until'>;
type Sums = Readonly<Record<RollUpColumn, number>>;

const steps = [10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400] as const;
const pointsUnasked = 300;
const mostPoints = 3000;
const hourMs = 3_600_000;

/** Whose traffic is asked for. Throws Failure `not-found` for a site that the caller may not see. */
export async function scopeOf(deps: Deps, asked: Pick<RangeAsked, 'siteId' | 'edgeId'>, viewer: Viewer): Promise<Scope> {
  const siteId: SiteId | null = asked.siteId ?? null;
  if (siteId !== null && (await findSite(deps.store.db, siteId, viewer)) === null) throw notFound('site');
  // An operator who names a site sees it whoever owns it; rows of sites that are gone belong to nobody.
  return { viewer, siteId, edgeId: asked.edgeId ?? null };
}

/** The range in milliseconds: the last hour unless said, never the other way round, never into the future. */
export function rangeOf(asked: RangeAsked, nowMs: number): { fromMs: number; untilMs: number } {
  const untilMs = Math.min(nowMs, asked.until === undefined ? nowMs : msOf(asked.until));
  const fromMs = asked.from === undefined ? untilMs - hourMs : msOf(asked.from);
  return { fromMs: Math.min(fromMs, untilMs), untilMs };
}

/** Seconds of one point: what was asked for, or more, where finer rows are no longer kept or there would be too many points. */
export function stepOf(
  { fromMs, untilMs }: { readonly fromMs: number; readonly untilMs: number },
  asked: number | undefined,
  nowMs: number,
  kept: Pick<ControlDeps['insight'], 'fineHours' | 'minuteDays'>,
): number {
  const seconds = (untilMs - fromMs) / 1000;
  const ageMs = nowMs - fromMs;
  const finest =
    ageMs > kept.minuteDays * 24 * hourMs
      ? rollUpSteps.hour
      : ageMs > kept.fineHours * hourMs
        ? rollUpSteps.minute
        : rollUpSteps.fine;
  const wanted = asked ?? seconds / pointsUnasked;
  const least = Math.max(finest, wanted, seconds / mostPoints);
  return steps.find((step) => step >= least) ?? 86_400;
}

export async function seriesOf(deps: Deps, query: z.output<typeof SeriesQuery>, viewer: Viewer): Promise<Series> {
  const scope = await scopeOf(deps, query, viewer);
  const nowMs = deps.now();
  const range = rangeOf(query, nowMs);
  const stepSeconds = stepOf(range, query.stepSeconds, nowMs, deps.insight);
  const stepMs = stepSeconds * 1000;
  const from = instantOf(Math.floor(range.fromMs / stepMs) * stepMs);
  const until = instantOf(range.untilMs);
  const rows = await readSeries(deps.store.db, scope, { from, until, stepSeconds });
  const total = rows.reduce((sum, { sums }) => added(sum, sums), noSums);
  return { from, until, stepSeconds, points: rows.map(({ at, sums }) => ({ at, ...told(sums) })), total: told(total) };
}

const noSums: Partial<Record<RollUpColumn, number>> = {};

function added(one: Partial<Record<RollUpColumn, number>>, other: Sums): Partial<Record<RollUpColumn, number>> {
  const sum: Partial<Record<RollUpColumn, number>> = { ...other };
  for (const column of [...plainColumns, ...latencyColumns]) sum[column] = other[column] + (one[column] ?? 0);
  return sum;
}

const plainColumns = [
  ...(['passed', 'challenged', 'solved', 'limited', 'denied', 'noticed', 'origin_error'] as const),
  ...(['bytes_in', 'bytes_out', 'sampled', 'seen_passed', 'seen_refused'] as const),
  ...(['status_1xx', 'status_2xx', 'status_3xx', 'status_4xx', 'status_5xx', 'status_none'] as const),
] as const;

function told(sums: Partial<Record<RollUpColumn, number>>): SeriesSum {
  const of = (column: RollUpColumn) => sums[column] ?? 0;
  return {
    counts: {
      passed: of('passed'),
      challenged: of('challenged'),
      solved: of('solved'),
      limited: of('limited'),
      denied: of('denied'),
      noticed: of('noticed'),
      'origin-error': of('origin_error'),
    },
    bytesIn: of('bytes_in'),
    bytesOut: of('bytes_out'),
    statuses: {
      '1xx': of('status_1xx'),
      '2xx': of('status_2xx'),
      '3xx': of('status_3xx'),
      '4xx': of('status_4xx'),
      '5xx': of('status_5xx'),
      none: of('status_none'),
    },
    latency: quantilesOf(latencyColumns.map(of)),
    seen: { passed: of('seen_passed'), refused: of('seen_refused') },
    sampled: of('sampled'),
  };
}

export async function topsOf(deps: Deps, query: z.output<typeof TopsQuery>, viewer: Viewer): Promise<Tops> {
  const scope = await scopeOf(deps, query, viewer);
  const { fromMs, untilMs } = rangeOf(query, deps.now());
  const cut = await topsCut(deps.store.db);
  // Where lists have been merged into six hours, a range begins with a whole one of those.
  const stepMs = (cut !== null && fromMs < msOf(cut) ? topSteps.coarse : topSteps.fine) * 1000;
  const from = instantOf(Math.floor(fromMs / stepMs) * stepMs);
  const until = instantOf(untilMs);
  const lists = await readTops(deps.store.db, scope, query.of, { from, until });
  const seen = lists.reduce((sum, { seen: one }) => ({ passed: sum.passed + one.passed, refused: sum.refused + one.refused }), {
    passed: 0,
    refused: 0,
  });
  const merged = mergedFrequent(
    lists.map(({ list }) => list),
    mostTops,
  );
  return { of: query.of, from, until, seen, items: byCertain(merged).slice(0, query.limit) };
}
