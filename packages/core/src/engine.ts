// The engine's interface: token ids in, predictions out. It knows no text, no file format and no runtime.

import type { TokenId } from "./token.ts";

/** exact: fp32 arithmetic; compact: int8 weights, activations in int8 limbs, with weights in a quarter of the memory. */
export type Precision = "exact" | "compact";
export type Backend = "node-cpu" | "wasm" | "webgpu";

/** What stands beside every number: which model, in which arithmetic, on which runtime. */
export interface ModelIdentity {
  readonly id: string;
  readonly sha256: string;
  readonly architecture: string;
  readonly quantization: string;
  readonly precision: Precision;
  readonly backend: Backend;
}

/** How many of the most likely tokens a prediction carries. */
export const KEPT_CANDIDATES = 50;

/** The distribution after a prefix, without its V logits: enough to show it, and (by the context vector) to get any of them back. */
export interface Prediction {
  readonly topIds: Int32Array; // [<= 50], ordered by logprob, then lower id
  readonly topLogprobsNats: Float32Array; // [<= 50]
  readonly entropyNats: number; // never below 0
  readonly logZ: number; // ln of the sum of exp(logit) over V: logit = logprob + logZ
  readonly contextVector: Float32Array | null; // [C] after the last norm; null in a recording
}

/** How the token that really came stood in the distribution before it. */
export interface TokenScore {
  readonly logprobNats: number;
  readonly rank: number; // 1 + the number of tokens that are strictly more likely
}

/** A token, its score under its prefix (null at position 0: no context), and the prediction after it. */
export interface ScoredToken {
  readonly id: TokenId;
  readonly score: TokenScore | null;
  readonly prediction: Prediction;
}

/** How much was computed, for tests and the status bar: a model run is one pass of the layers, a head run one pass from context vectors to logits. */
export interface RunCounts {
  readonly modelRuns: number;
  readonly headRuns: number;
}

export interface AppendOptions {
  readonly signal?: AbortSignal;
}

/**
 * Token ids with their key/value cache.
 * Invariant: tokens.length is the number of positions in the cache; a call of append that is aborted or fails leaves whole chunks only.
 */
export interface Sequence {
  readonly tokens: readonly ScoredToken[];
  /** Runs the ids on the cache in chunks and yields each chunk as it is scored; throws UsageError when the context is full, EngineError when the runtime fails, the signal's reason when aborted (between chunks). */
  append(
    ids: readonly TokenId[],
    options?: AppendOptions,
  ): AsyncGenerator<readonly ScoredToken[], void, void>;
  /** Keeps the first `length` positions; no model run. */
  cut(length: number): void;
  /** A second sequence with a copy of the cache. */
  fork(): Sequence;
  close(): void;
}

export interface Engine {
  readonly architecture: string;
  readonly quantization: string; // of the file, such as "Q4_1"
  readonly precision: Precision;
  readonly backend: Backend;
  readonly threads: number;
  readonly vocabularySize: number; // V
  readonly hiddenWidth: number; // C
  readonly contextLength: number; // positions
  readonly counts: RunCounts;
  openSequence(): Sequence;
  /** All V logits of one position, from its context vector [C]; one head run, no model run. */
  logits(contextVector: Float32Array): Promise<Float32Array>;
  /** Score of one id at each of n positions, from their context vectors; head runs, no model run. */
  scoreAt(contextVectors: readonly Float32Array[], id: TokenId): Promise<readonly TokenScore[]>;
  /** Waits for the run under way, then frees the sessions. */
  close(): Promise<void>;
}
