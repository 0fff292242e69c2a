/**
 * A queue that runs asynchronous tasks one after another, in the order in which they were handed in.
 *
 * A task that rejects rejects for its caller only; the next one runs. Hazard: a task that waits for another task of the same queue
 * waits for ever.
 */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs the task when all earlier ones have ended. */
  run<T>(task: () => Promise<T>): Promise<T> {
    const next = this.#last.then(task, task);
    this.#last = next.catch(() => undefined);
    return next;
  }

  /** Resolves when everything handed in so far has ended. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
