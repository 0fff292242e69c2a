/**
 * Reads reports that came in into evidence items, clusters and cases, each once, in the background.
 *
 * The fast lane has a batch of its own before every other, so nothing that waits beside it can hold it up or break it.
 * In a flood the reading of ordinary reports gives way to taking reports in: a few at each turn, and the rest when it is over. It never stops, so
 * everything is read in the end; when ordinary reports wait longer than ten minutes, or those of the fast lane one, an alarm says so. How long a
 * report waits depends on all that come in, never on how many there are of its own case.
 */
import { clusterKeys } from '../../../core/desk/clusters.ts';
import { instantOf } from '../../../core/instant.ts';
import { hasRelabelling, lockClusters, relabelSome } from '../../../store/desk/clusters.ts';
import { listUnread, postponeReading } from '../../../store/desk/reading.ts';
import type { Unread } from '../../../store/desk/reading.ts';
import { isUnreadSince } from '../../../store/desk/reports.ts';
import { isStoreDown } from '../../../store/errors.ts';
import { raiseAlarm } from '../../../store/house.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { readReports } from './read.ts';
import type { Reader } from './read.ts';

const everyMs = 200;
/** In a flood a turn reads ordinary reports for so long, that is, a fifth of the time, and at least one batch. */
const floodTurnMs = 40;
const floodBatch = 10;
/** One turn ends after this long, so that stopping does not wait for a flood. */
const turnMs = 2000;
const plainFromAttempt = 2;
const lookEveryMs = 15_000;
const urgentLateMs = 60_000;
const ordinaryLateMs = 10 * 60_000;
const longestPauseMs = 5 * 60_000;

export function registerReading(_app: App, deps: DeskDeps): Job[] {
  const reader: Reader = { deps, keysOf: clusterKeys((text) => deps.seal.mark(text)) };
  return [
    { name: 'reports read', everyMs, afterMs: everyMs, run: () => readTurn(deps, reader, () => deps.intake.isFlood()) },
    { name: 'reports that wait', everyMs: lookEveryMs, afterMs: lookEveryMs, run: () => alarmAboutLate(deps) },
    {
      name: 'reports of joined clusters',
      everyMs: 1000,
      afterMs: 1000,
      run: async () => {
        const until = performance.now() + turnMs;
        while (performance.now() < until && (await hasRelabelling(deps.store.db))) {
          const done = await transact(deps.store, async ({ tx }) => {
            await lockClusters(tx);
            return relabelSome(tx);
          });
          if (done === 0) return;
        }
      },
    },
  ];
}

/** Reads what waits, the fast lane first. `isFlood`: whether what is ordinary gives way now. */
export async function readTurn(
  deps: Pick<DeskDeps, 'store' | 'now' | 'log'>,
  reader: Reader,
  isFlood: () => boolean = () => false,
): Promise<void> {
  // The embedded database has one connection, which a batch holds: small ones let others in between.
  const size = deps.store.kind === 'embedded' ? 20 : 60;
  const began = performance.now();
  let ordinaryMs = 0;
  while (performance.now() - began < turnMs) {
    const urgent = await listUnread(deps.store.db, { at: nowOf(deps), limit: size, fastLane: true });
    if (urgent.length > 0) {
      if ((await readBatch(deps, reader, urgent)) === 0) return;
      continue;
    }
    const gives = isFlood();
    if (gives && ordinaryMs >= floodTurnMs) return;
    const from = performance.now();
    const limit = gives ? floodBatch : size;
    const batch = await listUnread(deps.store.db, { at: nowOf(deps), limit, fastLane: false });
    if (batch.length === 0) return;
    // Somebody else holds all of them, or their reporters just changed them.
    if ((await readBatch(deps, reader, batch)) === 0) return;
    ordinaryMs += performance.now() - from;
  }
}

/** Says that reports wait too long to be read. The alarm names no number: how many wait would tell how many came. */
export async function alarmAboutLate(deps: Pick<DeskDeps, 'store' | 'now'>): Promise<void> {
  for (const [fastLane, lateMs, what] of [
    [true, urgentLateMs, 'Reports in the fast lane have waited for more than a minute'],
    [false, ordinaryLateMs, 'Reports have waited for more than ten minutes'],
  ] as const) {
    if (!(await isUnreadSince(deps.store.db, instantOf(deps.now() - lateMs), fastLane))) continue;
    await transact(deps.store, (unit) =>
      raiseAlarm(unit, {
        kind: 'reports-late',
        at: nowOf(deps),
        sentence: `${what} to be read into cases. None is lost, and all have their receipts. The control plane has too much to do, or its log says what fails.`,
      }),
    );
    return;
  }
}

async function readBatch(
  deps: Pick<DeskDeps, 'store' | 'now' | 'log'>,
  reader: Reader,
  batch: readonly Unread[],
): Promise<number> {
  const [first] = batch;
  const plain = batch.length === 1 && first !== undefined && first.attempts >= plainFromAttempt;
  try {
    return await readReports(reader, batch, plain);
  } catch (error) {
    if (isStoreDown(error)) throw error;
    if (batch.length > 1) {
      let read = 0;
      for (const one of batch) read += await readBatch(deps, reader, [one]);
      return read;
    }
    if (first !== undefined) await postpone(deps, first, error);
    return 1;
  }
}

async function postpone(
  deps: Pick<DeskDeps, 'store' | 'now' | 'log'>,
  { reportId, attempts }: Unread,
  error: unknown,
): Promise<void> {
  const pauseMs = Math.min(longestPauseMs, 1000 * 2 ** attempts);
  await postponeReading(deps.store.db, reportId, instantOf(deps.now() + pauseMs));
  // Not the error's own words: a database repeats in them what it was given, and that is the report.
  deps.log.warn(
    { reportId, attempt: attempts + 1, cause: causeOf(error) },
    'a report could not be read; it is kept and tried again',
  );
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? ` ${error.code}` : '';
  return `${error.name}${code}`;
}
