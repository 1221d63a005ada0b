// What the test asks of the worker in which it opens engines, and what it hears.

import type { Precision } from "@tokenscope/core";

/** An engine over one of the tiny files, which lie beside the page. */
export interface EngineUnderTest {
  readonly backend: "wasm" | "webgpu";
  readonly precision: Precision;
  readonly file: string;
  /** In place of the header's. */
  readonly contextLength?: number;
}

export type Question =
  /** Runs one sentence of the engine contract. */
  | { readonly kind: "sentence"; readonly engine: EngineUnderTest; readonly sentence: string }
  /** Logprobs in nats of ids that are appended so many at a time. */
  | {
      readonly kind: "scores";
      readonly engine: EngineUnderTest;
      readonly ids: readonly number[];
      readonly size: number;
    };

export type Heard =
  | { readonly kind: "sentence" } // which holds
  | {
      readonly kind: "scores";
      readonly logprobsNats: readonly (number | null)[];
      readonly threads: number;
    }
  | { readonly kind: "failed"; readonly message: string };
