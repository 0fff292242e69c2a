/** A site's traffic as text for people: sums, steps, the most frequent, refusals one by one. */
import type { Explanation, InsightLive, Series, SeriesSum, Tops } from '../contract/routes/insight.ts';
import { facts, table } from './terminal.ts';
import { showMs } from './when.ts';

export function seriesText(series: Series): string {
  const { total } = series;
  const counts = Object.entries(total.counts).filter(([, count]) => count > 0);
  const statuses = Object.entries(total.statuses).filter(([, count]) => count > 0);
  const { latency } = total;
  const sums = facts([
    ['from', series.from],
    ['until', series.until],
    ['requests', String(requestsOf(total))],
    ...counts.map(([outcome, count]): [string, string] => [`  ${outcome}`, String(count)]),
    ['bytes in, out', `${showBytes(total.bytesIn)}, ${showBytes(total.bytesOut)}`],
    ['latency p50, p95, p99', latency === null ? null : [latency.p50Ms, latency.p95Ms, latency.p99Ms].map(showMs).join(', ')],
    ['statuses', statuses.length === 0 ? null : statuses.map(([answered, count]) => `${answered}: ${count}`).join(', ')],
    [
      'exact',
      `requests and bytes; the rest is from ${total.sampled} that were sampled, for ${total.seen.passed} that passed, and ${total.seen.refused} refusals`,
    ],
  ]);
  if (series.points.length === 0) return `${sums}\n\nNo requests.`;
  const heads = ['from', 'passed', 'other', 'bytes out', 'p50', 'p95', 'p99'];
  const rows = series.points.map((point) => [
    point.at.replace(/\.000Z$/, 'Z'),
    String(point.counts.passed),
    String(requestsOf(point) - point.counts.passed),
    showBytes(point.bytesOut),
    ...(point.latency === null ? ['', '', ''] : [point.latency.p50Ms, point.latency.p95Ms, point.latency.p99Ms].map(showMs)),
  ]);
  return `${sums}\n\nIn steps of ${series.stepSeconds} s, those without requests left out:\n${table(heads, rows)}`;
}

function requestsOf({ counts }: SeriesSum): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

export function topsText({ of, from, until, seen, items }: Tops): string {
  const heads = ['passed', 'refused', 'may be off by', of];
  const rows = items.map(({ key, passed, refused, over }) => [String(passed), String(refused), String(over), key]);
  const range = `${from} until ${until}, from requests that stand for ${seen.passed} that passed, and ${seen.refused} refusals`;
  return items.length === 0 ? `Nothing was seen (${range}).` : `${table(heads, rows)}\n\n${range}`;
}

const eventHeads = ['at', 'reference', 'site', 'by', 'status', 'network', 'request'];

/** `next`: how to ask for older ones, or null. */
export function eventsText(events: readonly Explanation[], next: string | null): string {
  if (events.length === 0) return 'Nothing was refused that edges told of.';
  const older = next === null ? '' : `\n\nThere are older ones: add --cursor ${next}`;
  return `${table(eventHeads, events.map(eventRow))}${older}`;
}

function eventRow({ at, reference, siteName, guard, ruleId, status, network, method, path }: Explanation): string[] {
  return [at, reference, siteName, ruleId ?? guard, String(status), network, `${method} ${path}`];
}

/** One line of the live view; null for what nobody needs to read. */
export function liveText(told: InsightLive): string | null {
  switch (told.kind) {
    case 'hello':
      return null;
    case 'left-out':
      return `… and ${told.events} more in a second`;
    case 'event':
      // A table of one line: what visitors worded cannot steer the terminal.
      return table(
        eventHeads.map(() => ''),
        [eventRow(told.event)],
      ).trimStart();
    case 'counts': {
      const counts = Object.entries(told.counts).filter(([, count]) => count > 0);
      return `${told.at}  ${told.siteId} at ${told.edgeId}, ${told.seconds} s: ${counts.map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`;
    }
    default:
      return told satisfies never;
  }
}

/** `1.5 MB`: powers of a thousand. */
export function showBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
