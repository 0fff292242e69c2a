/** A thread that does sums: a job in, whether it is right out, one after the other. A job that throws ends the thread; the pool starts another. */
import { parentPort } from 'node:worker_threads';
import type { Job } from './jobs.ts';
import { isRight } from './jobs.ts';

parentPort?.on('message', ({ id, job }: { readonly id: number; readonly job: Job }) => {
  parentPort?.postMessage({ id, right: isRight(job) });
});
