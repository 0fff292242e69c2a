/**
 * Keeps the captcha service of this edge running: a program of its own beside the agent, with a socket that HAProxy asks.
 *
 * It is given a socket and nothing else: no environment, no key, no state. When it ends it is started again, later each time; HAProxy sees that
 * it is away and asks for its own work meanwhile (edge/render/skeleton/strong.ts). When the agent dies it ends too.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Logger } from 'pino';
import { z } from 'zod';
import { backoffMs } from '../kit/backoff.ts';

export type CaptchaParts = {
  /** What this program was started as: Node and the file that it runs. */
  readonly execPath: string;
  readonly entry: string;
  readonly socket: string;
  readonly threads: number | 'auto';
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly chance: () => number;
  /** What was counted since it was last told. */
  readonly onCounts: (outcome: CaptchaOutcome, more: number) => void;
};

export const captchaOutcomes = ['began', 'passed', 'refused', 'busy', 'gaveUp'] as const;
export type CaptchaOutcome = (typeof captchaOutcomes)[number];

const count = z.int().nonnegative();
const Told = z.object({
  kind: z.literal('counts'),
  counts: z.object({ began: count, passed: count, refused: count, busy: count, gaveUp: count }),
});
const backoff = { firstMs: 200, longestMs: 30_000 };
/** One that lived this long did not die of its start. */
const livedMs = 10_000;
const stopLimitMs = 3000;

export class CaptchaProcess {
  readonly #parts: CaptchaParts;
  #child: ChildProcess | null = null;
  #again: NodeJS.Timeout | null = null;
  #failures = 0;
  #stopping = false;

  constructor(parts: CaptchaParts) {
    this.#parts = parts;
  }

  start(): void {
    const { execPath, entry, socket, threads, log, nowMs, chance } = this.#parts;
    const beganMs = nowMs();
    const before = { began: 0, passed: 0, refused: 0, busy: 0, gaveUp: 0 };
    const more = threads === 'auto' ? [] : ['--threads', String(threads)];
    const child = spawn(execPath, [entry, 'captcha', '--socket', socket, ...more], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {},
    });
    this.#child = child;
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-500)));
    child.on('message', (message: unknown) => {
      const told = Told.safeParse(message);
      if (!told.success) return;
      for (const outcome of captchaOutcomes) {
        this.#parts.onCounts(outcome, Math.max(0, told.data.counts[outcome] - before[outcome]));
        before[outcome] = told.data.counts[outcome];
      }
    });
    let ended = false;
    const onEnd = (how: string) => {
      if (ended) return;
      ended = true;
      this.#child = null;
      if (this.#stopping) return;
      this.#failures = nowMs() - beganMs > livedMs ? 0 : this.#failures + 1;
      log.warn(
        { how, said: said.trim() },
        'the captcha service ended and is started again; a hard check is HAProxy’s own until then',
      );
      this.#again = setTimeout(() => this.start(), backoffMs(backoff, this.#failures, chance()));
    };
    child.once('error', (error) => onEnd(error.message));
    child.once('exit', (code, signal) => onEnd(signal ?? `code ${code ?? 'unknown'}`));
  }

  /** Ends it, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#again !== null) clearTimeout(this.#again);
    const child = this.#child;
    if (child === null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
    await gone;
    clearTimeout(hard);
  }
}
