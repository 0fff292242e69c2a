/**
 * Requests by outcome, counted by HAProxy in one stick table: a row per site, an array of counters per row.
 *
 * The skeleton increments, the agent reads `show table` every few seconds: counting costs Node nothing per request. Counters only
 * grow, until a row expires after a quiet hour or HAProxy starts afresh: a reader takes differences and reads a smaller number
 * as a fresh start.
 */
import { SiteId } from '../../contract/ids.ts';
import type { Outcome } from '../../contract/stream.ts';

/** The stick table's name, for `show table`. Its keys are site ids. */
export const counterTable = 'sites';

/** Which element of the array counts an outcome. The numbers are part of the skeleton: changing one is a reload. */
export const counterIndex = {
  passed: 0,
  challenged: 1,
  solved: 2,
  limited: 3,
  denied: 4,
  noticed: 5,
  'origin-error': 6,
} as const satisfies Record<Outcome, number>;

export type SiteCounters = {
  readonly siteId: SiteId;
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly inProgress: number;
  /** Of requests and of answers, headers included. */
  readonly bytesIn: number;
  readonly bytesOut: number;
};

/** One line of `show table sites`, or null for its heading, empty lines and keys that are not sites. */
export function parseCounterLine(line: string): SiteCounters | null {
  const siteId = SiteId.safeParse(/ key=(\S+) /.exec(line)?.[1]);
  if (!siteId.success) return null;
  const number = (name: string) => Number(new RegExp(` ${name}=(\\d+)`).exec(line)?.[1] ?? 0);
  const counter = (outcome: Outcome) => number(`gpc${counterIndex[outcome]}`);
  return {
    siteId: siteId.data,
    counts: {
      passed: counter('passed'),
      challenged: counter('challenged'),
      solved: counter('solved'),
      limited: counter('limited'),
      denied: counter('denied'),
      noticed: counter('noticed'),
      'origin-error': counter('origin-error'),
    },
    inProgress: number('conn_cur'),
    bytesIn: number('bytes_in_cnt'),
    bytesOut: number('bytes_out_cnt'),
  };
}
