/**
 * A few threads for sums, so that the process answers (and says that it is alive) while they are busy.
 *
 * Jobs wait in turn; who may hand one in is admission's. A thread that dies or does not come back is replaced, and its job rejects: nobody passes
 * by that. Threads start with the pool's first job.
 */
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import type { Job } from './jobs.ts';

const jobLimitMs = 10_000;
const Answer = z.object({ id: z.int(), right: z.boolean() });

type Waiting = { readonly job: Job; readonly resolve: (right: boolean) => void; readonly reject: (error: Error) => void };
type Thread = { readonly worker: Worker; current: (Waiting & { readonly id: number; readonly timer: NodeJS.Timeout }) | null };

export class Pool {
  readonly #most: number;
  readonly #threads: Thread[] = [];
  readonly #waiting: Waiting[] = [];
  #last = 0;
  #stopped = false;

  constructor(threads: number) {
    this.#most = threads;
  }

  /** Whether an answer is right. Rejects when the thread was lost or the pool stopped. */
  run(job: Job): Promise<boolean> {
    if (this.#stopped) return Promise.reject(new Error('the pool has stopped'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#next();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the pool has stopped'));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #next(): void {
    if (this.#stopped || this.#waiting.length === 0) return;
    const free = this.#threads.find(({ current }) => current === null) ?? this.#grow();
    const waiting = free === null ? undefined : this.#waiting.shift();
    if (free === null || waiting === undefined) return;
    this.#last += 1;
    const timer = setTimeout(() => void free.worker.terminate(), jobLimitMs);
    free.current = { ...waiting, id: this.#last, timer };
    free.worker.postMessage({ id: this.#last, job: waiting.job });
  }

  #grow(): Thread | null {
    if (this.#threads.length >= this.#most) return null;
    const thread: Thread = { worker: new Worker(new URL('./worker.ts', import.meta.url)), current: null };
    this.#threads.push(thread);
    thread.worker.on('message', (message: unknown) => {
      const { id, right } = Answer.parse(message);
      const { current } = thread;
      if (current?.id !== id) return;
      clearTimeout(current.timer);
      thread.current = null;
      current.resolve(right);
      this.#next();
    });
    thread.worker.on('error', () => undefined);
    thread.worker.on('exit', () => {
      this.#threads.splice(this.#threads.indexOf(thread), 1);
      const { current } = thread;
      if (current !== null) clearTimeout(current.timer);
      current?.reject(new Error('a thread that checks answers was lost'));
      this.#next();
    });
    return thread;
  }
}
