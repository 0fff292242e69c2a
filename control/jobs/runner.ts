/**
 * Runs small jobs again and again, each never beside itself: what time alone brings about.
 *
 * A job that fails is logged and comes again at its next turn; it must be safe to run in several processes at once. `stop` waits for what is running.
 */
import type { Logger } from 'pino';

export type Job = {
  readonly name: string;
  readonly everyMs: number;
  /** Before the first run; zero runs at once. */
  readonly afterMs: number;
  readonly run: () => Promise<void>;
  /** Told at the stop, before running turns are waited for: cut short what can be taken up again. */
  readonly cut?: () => void;
};

export type Running = { stop(): Promise<void> };

export function runJobs(jobs: readonly Job[], log: Logger): Running {
  let stopped = false;
  const timers = new Map<Job, NodeJS.Timeout>();
  const active = new Set<Promise<void>>();
  const schedule = (job: Job, waitMs: number) => {
    if (stopped) return;
    timers.set(
      job,
      setTimeout(() => {
        const turn = job
          .run()
          .catch((error: unknown) => log.warn({ err: error, job: job.name }, 'a job failed and is tried again'))
          .finally(() => {
            active.delete(turn);
            schedule(job, job.everyMs);
          });
        active.add(turn);
      }, waitMs),
    );
  };
  for (const job of jobs) schedule(job, job.afterMs);
  return {
    async stop() {
      stopped = true;
      for (const timer of timers.values()) clearTimeout(timer);
      for (const job of jobs) job.cut?.();
      await Promise.all(active);
    },
  };
}
