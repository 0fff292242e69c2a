/**
 * Reads reports that came in into evidence items, clusters and cases, each once, in the background.
 *
 * The fast lane has a batch of its own before every other, so nothing that waits beside it can hold it up or break it.
 */
import { clusterKeys } from '../../../core/desk/clusters.ts';
import { instantOf } from '../../../core/instant.ts';
import { hasRelabelling, lockClusters, relabelSome } from '../../../store/desk/clusters.ts';
import { listUnread, postponeReading } from '../../../store/desk/reading.ts';
import type { Unread } from '../../../store/desk/reading.ts';
import { isStoreDown } from '../../../store/errors.ts';
import { transact } from '../../../store/transact.ts';
import { nowOf } from '../../deps.ts';
import type { App } from '../../http/register.ts';
import type { Job } from '../../jobs/runner.ts';
import type { DeskDeps } from '../deps.ts';
import { readReports } from './read.ts';
import type { Reader } from './read.ts';

const everyMs = 200;
/** One turn ends after this long, so that stopping does not wait for a flood. */
const turnMs = 2000;
const plainFromAttempt = 2;
const longestPauseMs = 5 * 60_000;

export function registerReading(_app: App, deps: DeskDeps): Job[] {
  const reader: Reader = { deps, keysOf: clusterKeys((text) => deps.seal.mark(text)) };
  return [
    { name: 'reports read', everyMs, afterMs: everyMs, run: () => readTurn(deps, reader) },
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

/** Reads what waits, the fast lane first. */
export async function readTurn(deps: Pick<DeskDeps, 'store' | 'now' | 'log'>, reader: Reader): Promise<void> {
  // The embedded database has one connection, which a batch holds: small ones let others in between.
  const size = deps.store.kind === 'embedded' ? 20 : 60;
  const until = performance.now() + turnMs;
  while (performance.now() < until) {
    const urgent = await listUnread(deps.store.db, { at: nowOf(deps), limit: size, fastLane: true });
    const batch = urgent.length > 0 ? urgent : await listUnread(deps.store.db, { at: nowOf(deps), limit: size, fastLane: false });
    if (batch.length === 0) return;
    // Somebody else holds all of them, or their reporters just changed them.
    if ((await readBatch(deps, reader, batch)) === 0) return;
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
