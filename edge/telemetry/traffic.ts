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

export class TrafficCounters {
  #last = new Map<SiteId, Counts>();

  /** Takes the answer to `show table` and returns what was added since the one before, for sites where anything was. */
  take(table: string): SiteTraffic[] {
    const now = new Map<SiteId, Counts>();
    const sites: SiteTraffic[] = [];
    for (const line of table.split('\n')) {
      const row = parseCounterLine(line);
      if (row === null) continue;
      now.set(row.siteId, row.counts);
      const before = this.#last.get(row.siteId);
      const since = (outcome: Outcome) => {
        const earlier = before?.[outcome] ?? 0;
        return row.counts[outcome] >= earlier ? row.counts[outcome] - earlier : row.counts[outcome];
      };
      const counts = {
        passed: since('passed'),
        challenged: since('challenged'),
        solved: since('solved'),
        limited: since('limited'),
        denied: since('denied'),
        noticed: since('noticed'),
        'origin-error': since('origin-error'),
      } satisfies Record<Outcome, number>;
      if (outcomes.some((outcome) => counts[outcome] > 0)) sites.push({ siteId: row.siteId, counts });
    }
    this.#last = now;
    return sites;
  }
}

export const outcomes = OutcomeSchema.options;
