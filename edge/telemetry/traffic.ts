/**
 * What happened to requests, read from HAProxy's counters every few seconds: differences per site, which is what travels.
 *
 * Counting costs Node nothing per request. A row that is gone (expired, or HAProxy started afresh) is forgotten, and a number smaller
 * than before is a fresh start. What an interval that was not sent had counted is lost, and no more. Not here: reading the socket.
 */
import type { FromEdge, Outcome } from '../../contract/stream.ts';
import { Outcome as OutcomeSchema } from '../../contract/stream.ts';
import type { SiteId } from '../../contract/ids.ts';
import { parseCounterLine } from '../render/index.ts';

export type SiteTraffic = Extract<FromEdge, { kind: 'telemetry' }>['sites'][number];
type Counts = Readonly<Record<Outcome, number>>;
type Bytes = { readonly bytesIn: number; readonly bytesOut: number };
type Read = { readonly counts: Counts; readonly bytes: Bytes };
export type SiteBytes = Bytes & { readonly siteId: SiteId };

export class TrafficCounters {
  #last = new Map<SiteId, Read>();

  /** Takes the answer to `show table` and returns what was added since the one before, for sites where anything was. */
  take(table: string): { readonly sites: SiteTraffic[]; readonly bytes: SiteBytes[] } {
    const now = new Map<SiteId, Read>();
    const sites: SiteTraffic[] = [];
    const bytes: SiteBytes[] = [];
    for (const line of table.split('\n')) {
      const row = parseCounterLine(line);
      if (row === null) continue;
      const { siteId, bytesIn, bytesOut } = row;
      now.set(siteId, { counts: row.counts, bytes: { bytesIn, bytesOut } });
      const before = this.#last.get(siteId);
      const since = (outcome: Outcome) => grown(before?.counts[outcome], row.counts[outcome]);
      const more = { bytesIn: grown(before?.bytes.bytesIn, bytesIn), bytesOut: grown(before?.bytes.bytesOut, bytesOut) };
      if (more.bytesIn > 0 || more.bytesOut > 0) bytes.push({ siteId, ...more });
      const counts = {
        passed: since('passed'),
        challenged: since('challenged'),
        solved: since('solved'),
        limited: since('limited'),
        denied: since('denied'),
        noticed: since('noticed'),
        'origin-error': since('origin-error'),
      } satisfies Record<Outcome, number>;
      if (outcomes.some((outcome) => counts[outcome] > 0)) sites.push({ siteId, counts });
    }
    this.#last = now;
    return { sites, bytes };
  }
}

function grown(before: number | undefined, now: number): number {
  return before !== undefined && now >= before ? now - before : now;
}

export const outcomes = OutcomeSchema.options;
