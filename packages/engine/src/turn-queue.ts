// One thing at a time: a runtime session must not be entered twice, nor after it was freed.

import { EngineError } from "@tokenscope/core";

/** Runs jobs one after another, in the order they came; a job that fails does not stop the next. */
export class TurnQueue {
  #last: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | null = null;

  /** The job's result when its turn has come; rejects with EngineError once the queue is closed. */
  run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#closing !== null) {
      return Promise.reject(new EngineError("the engine is closed; load the model again"));
    }
    const result = this.#last.then(job);
    this.#last = result.catch(() => undefined); // the caller has the failure; the queue goes on
    return result;
  }

  /** Runs the last job, once all that came before are done; a second call waits for the same. */
  close(job: () => Promise<void>): Promise<void> {
    this.#closing ??= this.#last.then(job);
    return this.#closing;
  }
}
