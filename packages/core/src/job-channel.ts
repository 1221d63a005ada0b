// Between a scheduler and whoever listens to a job: events wait here until they are read, and a channel that is full asks for a pause.

import type { Ending } from "./generate.ts";
import type { JobEvent, JobRun } from "./job.ts";

type Outcome =
  | { readonly kind: "ended"; readonly ending: Ending }
  | { readonly kind: "failed"; readonly error: unknown };

export interface ChannelOptions {
  readonly capacity: number; // tokens that wait, at least 1; those of the prompt's event, which must come whole, do not count
  /** The reader took something, or went away. */
  readonly onTaken: () => void;
}

/** Invariant: after an outcome nothing is told any more. */
export class JobChannel {
  readonly #options: ChannelOptions;
  readonly #events: JobEvent[] = [];
  #waiting = 0; // tokens in the events
  #isFull = false;
  #outcome: Outcome | null = null;
  #wake: () => void = () => undefined;
  #isAbandoned = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  /** True once the reader has gone away before the end. */
  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  /** True from when no more tokens may wait until half of them are read: a reader just behind would stop its job at every token. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Tokens that may be told before it is full. */
  get room(): number {
    return Math.max(0, this.#options.capacity - this.#waiting);
  }

  tell(event: JobEvent): void {
    this.#events.push(event);
    this.#waiting += countedTokens(event);
    if (this.room === 0) this.#isFull = true;
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
        for (let event = this.#take(); event; event = this.#take()) yield event;
        if (this.#outcome?.kind === "failed") throw this.#outcome.error;
        if (this.#outcome?.kind === "ended") return this.#outcome.ending;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    } finally {
      this.#isAbandoned = true;
      this.#events.length = 0;
      this.#options.onTaken();
    }
  }

  #take(): JobEvent | undefined {
    const event = this.#events.shift();
    if (event === undefined) return undefined;
    this.#waiting -= countedTokens(event);
    if (this.#waiting <= this.#options.capacity / 2) this.#isFull = false;
    this.#options.onTaken();
    return event;
  }

  #close(outcome: Outcome): void {
    this.#outcome ??= outcome;
    this.#wake();
  }
}

function countedTokens(event: JobEvent): number {
  if (event.kind === "token") return 1;
  return event.kind === "read" ? event.tokens.length : 0;
}
