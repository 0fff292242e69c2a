/**
 * Runs a job's work on one thing after another, so that one that fails holds up none behind it: it is logged by its id and comes again at the next turn.
 */
import type { Logger } from 'pino';

/** `name` is the job's; ids are logged, so they must not be secrets. */
export async function eachAlone<Id extends string>(
  log: Pick<Logger, 'warn'>,
  name: string,
  ids: readonly Id[],
  work: (id: Id) => Promise<unknown>,
): Promise<void> {
  for (const id of ids) {
    try {
      await work(id);
    } catch (error) {
      log.warn({ err: error, job: name, id }, 'one of a job’s items failed and is tried again');
    }
  }
}
