/** Which part of a site's traffic is shown: from the words in the URL and the present. Pure. */
import { EdgeId } from '../../../../contract/ids.ts';
import type { SiteId } from '../../../../contract/ids.ts';

export type Range = '15' | '60' | '360' | '1440' | '10080' | '43200';
export const rangeNames: readonly Range[] = ['15', '60', '360', '1440', '10080', '43200'];

/** Seconds of a step for each range in minutes: near a hundred points. */
const steps: Readonly<Record<Range, number>> = {
  '15': 10,
  '60': 30,
  '360': 240,
  '1440': 900,
  '10080': 7200,
  '43200': 21_600,
};

export type Window = {
  readonly siteId: SiteId;
  readonly edgeId: EdgeId | undefined;
  readonly range: Range;
  readonly minutes: number;
  readonly stepSeconds: number;
  /** Where it begins, at a whole step. */
  readonly from: string;
  readonly nowMs: number;
  /** UTC, or the browser's own zone. */
  readonly zone: 'UTC' | undefined;
};

export type WindowWords = { readonly minutes?: string; readonly edge?: string; readonly zone?: string };

export function rangeOf({ minutes }: WindowWords): Range {
  return rangeNames.find((name) => name === minutes) ?? '15';
}

/** How often a range is looked at anew while it is live: a step, but no oftener than counts arrive and no rarer than each minute. */
export function refreshMs(range: Range): number {
  return Math.min(60, steps[range]) * 1000;
}

export function windowOf(siteId: SiteId, words: WindowWords, nowMs: number): Window {
  const range = rangeOf(words);
  const stepMs = steps[range] * 1000;
  const minutes = Number(range);
  const edge = EdgeId.safeParse(words.edge);
  return {
    siteId,
    edgeId: edge.success ? edge.data : undefined,
    range,
    minutes,
    stepSeconds: steps[range],
    from: new Date(Math.floor(nowMs / stepMs) * stepMs - minutes * 60_000).toISOString(),
    nowMs,
    zone: words.zone === 'utc' ? 'UTC' : undefined,
  };
}
