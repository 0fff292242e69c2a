/**
 * Insight as comma-separated values (RFC 4180): a heading, then one line per point, entry or event.
 *
 * Texts that visitors worded are in it. A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, so such a cell gets an apostrophe
 * in front (OWASP, "CSV Injection"); a terminal obeys control characters, so each becomes `�`. Numbers are written as they are.
 */
import { Outcome } from '../../contract/stream.ts';
import { StatusClass } from '../../contract/traffic.ts';
import type { Explanation, Series, Tops } from '../../contract/routes/insight.ts';

type Cell = string | number | null;

export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

function cell(value: Cell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const shown = value.replaceAll(/\p{Cc}/gu, '\ufffd');
  const inert = /^[=+\-@]/.test(shown) ? `'${shown}` : shown;
  return /[",]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

export function seriesCsv({ stepSeconds, points }: Series): string {
  const head = [
    ...['at', 'seconds', ...Outcome.options, 'bytes_in', 'bytes_out', 'sampled', 'seen_passed', 'seen_refused'],
    ...StatusClass.options.map((answered) => `status_${answered}`),
    ...['p50_ms', 'p95_ms', 'p99_ms'],
  ];
  const rows = points.map(({ at, counts, bytesIn, bytesOut, sampled, seen, statuses, latency }): Cell[] => [
    ...[at, stepSeconds, ...Outcome.options.map((outcome) => counts[outcome])],
    ...[bytesIn, bytesOut, sampled, seen.passed, seen.refused],
    ...StatusClass.options.map((answered) => statuses[answered]),
    ...[latency?.p50Ms ?? null, latency?.p95Ms ?? null, latency?.p99Ms ?? null],
  ]);
  return csv([head, ...rows]);
}

export function topsCsv({ of, items }: Tops): string {
  return csv([[of, 'passed', 'refused', 'over'], ...items.map(({ key, passed, refused, over }) => [key, passed, refused, over])]);
}

export function eventsCsv(events: readonly Explanation[]): string {
  const head = [
    'at',
    'reference',
    'site_id',
    'site',
    'edge_id',
    'guard',
    'rule_id',
    'order_id',
    'status',
    'network',
    'method',
    'path',
  ];
  const rows = events.map((event): Cell[] => [
    ...[event.at, event.reference, event.siteId, event.siteName, event.edgeId, event.guard, event.ruleId, event.orderId],
    ...[event.status, event.network, event.method, event.path],
  ]);
  return csv([head, ...rows]);
}
