// Between a scheduler and whoever listens to a job: events wait here until they are read.

import type { Ending } from "./generate.ts";
import type { JobEvent, JobRun } from "./job.ts";

type Outcome =
  | { readonly kind: "ended"; readonly ending: Ending }
  | { readonly kind: "failed"; readonly error: unknown };

/** Invariant: after an outcome nothing is told any more. */
export class JobChannel {
  readonly #events: JobEvent[] = [];
  #outcome: Outcome | null = null;
  #wake: () => void = () => undefined;
  #isAbandoned = false;

  /** True once the reader has gone away before the end. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  tell(event: JobEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  end(ending: Ending): void {
    this.#close({ kind: "ended", ending });
  }

  /** The reader gets what was told before, and then this. */
  fail(error: unknown): void {
    this.#close({ kind: "failed", error });
  }

  /** For one reader. */
  async *read(): JobRun {
    try {
      for (;;) {
        for (let event = this.#events.shift(); event; event = this.#events.shift()) yield event;
        if (this.#outcome?.kind === "failed") throw this.#outcome.error;
        if (this.#outcome?.kind === "ended") return this.#outcome.ending;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.#isAbandoned = true;
    }
  }

  #close(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.#wake();
  }
}
