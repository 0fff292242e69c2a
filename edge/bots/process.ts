/**
 * Keeps the verifier of signed bots running beside the agent, and tells it the keys.
 *
 * When it ends it is started again, later each time; HAProxy sees that it is away and challenges bots like anybody meanwhile
 * (edge/render/skeleton/bots.ts). When the agent dies it ends too.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Logger } from 'pino';
import { z } from 'zod';
import { backoffMs } from '../../kit/backoff.ts';
import type { BotKey } from './keys.ts';
import type { ToldKeys } from './main.ts';

export type BotsProcessParts = {
  /** What this program was started as: Node and the file that it runs. */
  readonly execPath: string;
  readonly entry: string;
  readonly socket: string;
  readonly log: Logger;
  readonly nowMs: () => number;
  readonly chance: () => number;
  /** What was counted since it was last told. */
  readonly onCounts: (outcome: 'verified' | 'refused', more: number) => void;
};

const count = z.int().nonnegative();
const Told = z.object({ kind: z.literal('counts'), counts: z.object({ verified: count, refused: count }) });
const backoff = { firstMs: 200, longestMs: 30_000 };
/** One that lived this long did not die of its start. */
const livedMs = 10_000;
const stopLimitMs = 3000;

export class BotsProcess {
  readonly #parts: BotsProcessParts;
  #keys: readonly BotKey[] = [];
  #child: ChildProcess | null = null;
  #again: NodeJS.Timeout | null = null;
  #failures = 0;
  #stopping = false;

  constructor(parts: BotsProcessParts) {
    this.#parts = parts;
  }

  start(): void {
    const { execPath, entry, socket, log, nowMs, chance, onCounts } = this.#parts;
    const beganMs = nowMs();
    const before = { verified: 0, refused: 0 };
    const child = spawn(execPath, [entry, 'bots', '--socket', socket], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], env: {} });
    this.#child = child;
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString('utf8')).slice(-500)));
    child.on('message', (message: unknown) => {
      const told = Told.safeParse(message);
      if (!told.success) return;
      for (const outcome of ['verified', 'refused'] as const) {
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
      log.warn({ how, said: said.trim() }, 'the verifier of bots ended and is started again; bots are challenged until then');
      this.#again = setTimeout(() => this.start(), backoffMs(backoff, this.#failures, chance()));
    };
    child.once('error', (error) => onEnd(error.message));
    child.once('exit', (code, signal) => onEnd(signal ?? `code ${code ?? 'unknown'}`));
    this.#tell();
  }

  /** Tells it all keys, now and after each start. */
  hold(keys: readonly BotKey[]): void {
    this.#keys = keys;
    this.#tell();
  }

  #tell(): void {
    const told: ToldKeys = { kind: 'keys', keys: [...this.#keys] };
    // One that has just ended is told when it starts again.
    if (this.#child?.connected === true) this.#child.send(told, () => undefined);
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
