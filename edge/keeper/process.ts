/**
 * Keeps the keeper of forms running beside the agent: a program of its own, with a socket that HAProxy asks.
 *
 * It is given sockets and nothing else: no environment, no state. When it ends, what it kept is gone, and it is started again, later each time; HAProxy
 * sees that it is away and challenges without keeping meanwhile (edge/render/skeleton/keep-rules.ts). When the agent dies it ends too.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Logger } from 'pino';
import { z } from 'zod';
import { backoffMs } from '../../kit/backoff.ts';
import type { KeeperPlan } from '../render/types.ts';
import { keeperOutcomes } from './service.ts';
import type { KeeperOutcome } from './service.ts';

export type KeeperProcessParts = {
  /** What this program was started as: Node and the file that it runs. */
  readonly execPath: string;
  readonly entry: string;
  readonly plan: KeeperPlan;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly chance: () => number;
  /** What was counted since it was last told. */
  readonly onCounts: (outcome: KeeperOutcome, more: number) => void;
};

const Told = z.object({ kind: z.literal('counts'), counts: z.record(z.enum(keeperOutcomes), z.int().nonnegative()) });
const backoff = { firstMs: 200, longestMs: 30_000 };
/** One that lived this long did not die of its start. */
const livedMs = 10_000;
const stopLimitMs = 3000;

export class KeeperProcess {
  readonly #parts: KeeperProcessParts;
  #child: ChildProcess | null = null;
  #again: NodeJS.Timeout | null = null;
  #failures = 0;
  #stopping = false;

  constructor(parts: KeeperProcessParts) {
    this.#parts = parts;
  }

  start(): void {
    const { execPath, entry, plan, log, nowMs, chance, onCounts } = this.#parts;
    const beganMs = nowMs();
    const before: Record<KeeperOutcome, number> = { kept: 0, refused: 0, sent: 0, again: 0, used: 0, gone: 0 };
    const tls = plan.tls === null ? [] : ['--inner-tls', plan.tls.socket];
    const child = spawn(execPath, [entry, 'keeper', '--socket', plan.socket, '--inner', plan.inner, ...tls], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {},
    });
    this.#child = child;
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-500)));
    child.on('message', (message: unknown) => {
      const told = Told.safeParse(message);
      if (!told.success) return;
      for (const outcome of keeperOutcomes) {
        onCounts(outcome, Math.max(0, told.data.counts[outcome] - before[outcome]));
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
      log.warn({ how, said: said.trim() }, 'the keeper of forms ended and is started again; what it kept is gone');
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
