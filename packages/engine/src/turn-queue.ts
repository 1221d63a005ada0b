// One thing at a time: a runtime session must not be entered twice.

/** Runs jobs one after another, in the order they came; a job that fails does not stop the next. */
export class TurnQueue {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(job: () => Promise<T>): Promise<T> {
    const result = this.#last.then(job);
    this.#last = result.catch(() => undefined); // the caller has the failure; the queue goes on
    return result;
  }
}
