/**
 * `--wait`: stays until something that others do has happened, woken by the live event stream, with a poll beside it.
 *
 * The stream is only a doorbell: the answer always comes from asking the API again, so a lost event costs at most one poll interval.
 * Receipts of a burst ring once: while a question is on its way, further rings are kept and answered by one more question.
 */
import type { LiveEvent } from '../contract/routes/house.ts';
import type { Client } from './client.ts';
import { CommandFailure } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

const pollMs = 1000;

export type Waiting<Answer> = {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly timeoutMs: number;
  /** Whether an event may have changed the answer. */
  readonly rings: (event: LiveEvent) => boolean;
  /** Asks again; null means "not yet". */
  readonly ask: () => Promise<Answer | null>;
  /** The sentence for the person when the time is up. */
  readonly timedOut: () => string;
};

/** Resolves with the first answer. Fails with `timedOut`, `interrupted`, or whatever asking failed with. */
export async function waitFor<Answer>(waiting: Waiting<Answer>): Promise<Answer> {
  const deadline = AbortSignal.timeout(waiting.timeoutMs);
  const over = new AbortController();
  const ends = AbortSignal.any([deadline, waiting.terminal.interrupted, over.signal]);
  let ring = (): void => undefined;
  let rung = false;
  ends.addEventListener('abort', () => ring(), { once: true });
  const listening = (async () => {
    while (!ends.aborted) {
      for await (const event of waiting.client.events(ends)) {
        if (event.kind !== 'hello' && !waiting.rings(event)) continue;
        rung = true;
        ring();
      }
      if (!ends.aborted) await pause(pollMs, ends);
    }
  })();
  try {
    for (;;) {
      rung = false;
      const answer = await waiting.ask();
      if (answer !== null) return answer;
      if (waiting.terminal.interrupted.aborted)
        throw new CommandFailure('interrupted', 'Interrupted. What was asked before stays done.');
      if (deadline.aborted) throw new CommandFailure('timedOut', waiting.timedOut());
      if (rung) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pollMs);
        ring = () => {
          clearTimeout(timer);
          resolve();
        };
        if (ends.aborted) ring();
      });
    }
  } finally {
    over.abort();
    await listening;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
