// The engine's interface: token ids in, predictions out. It knows no text, no file format and no runtime.

import type { TokenId } from "./token.ts";

/** exact: fp32 arithmetic over the file's weights; compact: weights of at most 8 bits, and inputs rounded to 16 bits where products run in integers. */
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

/** Attention of one head: how much of each position's value it takes. */
export interface AttentionRow {
  readonly layer: number;
  readonly head: number; // of H query heads
  readonly weights: Float32Array; // [position + 1], sums to 1
}

/** What a run shows of its inside at one position. */
export interface Inside {
  readonly residuals: readonly Float32Array[]; // [N] of [C]: the residual stream after each layer, before the last norm; empty where not asked for
  readonly attention: readonly AttentionRow[]; // ordered by layer, then head
}

/** A token, its score under its prefix (null at position 0: no context), and the prediction after it. */
export interface ScoredToken {
  readonly id: TokenId;
  readonly score: TokenScore | null;
  readonly prediction: Prediction;
  readonly inside?: Inside; // only where the run was asked for it
}

/** How much was computed, for tests and the status bar: a model run is one pass of the layers, a head run one pass from context vectors to logits. */
export interface RunCounts {
  readonly modelRuns: number;
  readonly headRuns: number;
}

/** What a run is asked to show of its inside: for chosen positions of the ids it appends, and paid for only there. */
export interface Inspection {
  readonly positions: readonly number[];
  readonly residuals?: boolean;
  /** Layers whose attention is wanted; all H heads where none are named. */
  readonly attention?: readonly { readonly layer: number; readonly heads?: readonly number[] }[];
}

/** A change of what the layers compute, for the ids of one call of append: causal tracing (Meng et al., 2022) and head ablation (Michel et al., 2019). */
export type Patch =
  /** The residual stream after this layer, at this position, is this vector [C] instead. */
  | {
      readonly kind: "residual";
      readonly layer: number;
      readonly position: number;
      readonly vector: Float32Array;
    }
  /** This head adds nothing to the residual stream. */
  | { readonly kind: "head-off"; readonly layer: number; readonly head: number };

export interface AppendOptions {
  readonly signal?: AbortSignal;
  readonly inspect?: Inspection;
  readonly patches?: readonly Patch[];
}

/**
 * Token ids with their key/value cache.
 * Invariant: tokens.length is the number of positions in the cache; a call of append that is aborted or fails leaves whole chunks only.
 * A patch stays in the cache: cut to before its position to run without it.
 */
export interface Sequence {
  readonly tokens: readonly ScoredToken[];
  /** Runs the ids on the cache in chunks and yields each chunk as it is scored; throws UsageError when the context is full or an inspection or patch names a layer, head or position that is not there, EngineError when the runtime fails, the signal's reason when aborted (between chunks). */
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

/** Several sequences that one pass of the layers takes the next ids of; the beginning that they are opened with is held once. */
export interface Batch {
  /** Tokens of each member, those of the common beginning first; none where a member has left. */
  readonly members: readonly (readonly ScoredToken[])[];
  /** Runs parts[i] behind member i, in as few passes as fit; [] leaves a member as it is. Gives each member's new tokens; throws as Sequence's append does, and then leaves every member whole passes longer or as it was. */
  append(
    parts: readonly (readonly TokenId[])[],
    options?: Pick<AppendOptions, "signal">,
  ): Promise<readonly (readonly ScoredToken[])[]>;
  /** A member more, which begins with what this sequence holds; the sequence stays as it is. Gives its place: the first that was left, else a new one. No model run. */
  join(sequence: Sequence): number;
  /** What a member holds, as a sequence of its own; no model run. */
  fork(member: number): Sequence;
  /** Frees a member's cache; its place takes no ids until another has joined there. */
  leave(member: number): void;
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
  readonly layers: number; // N
  readonly heads: number; // H
  readonly contextLength: number; // positions
  /** Logits are bent to cap tanh(logit / cap) where the architecture has it so (Gemma 2); null where they are not. */
  readonly logitCap: number | null;
  readonly counts: RunCounts;
  openSequence(): Sequence;
  /** `count` members that all begin with what this sequence holds; the sequence itself stays as it is. */
  openBatch(beginning: Sequence, count: number): Batch;
  /** The context vector [C] that a residual stream [C] would give: the last norm, and nothing run. With `predictions`, the logit lens (nostalgebraist, 2020). */
  contextVector(residual: Float32Array): Float32Array;
  /** The predictions after these context vectors; head runs, no model run. */
  predictions(contextVectors: readonly Float32Array[]): Promise<readonly Prediction[]>;
  /** All V logits of one position, from its context vector [C]; one head run, no model run. */
  logits(contextVector: Float32Array): Promise<Float32Array>;
  /** A token's row [C] of the head, as the engine's arithmetic has it: its dot product with a context vector is the token's logit, before the cap where there is one. No run; throws UsageError for an id that the vocabulary does not have. */
  tokenVector(id: TokenId): Promise<Float32Array>;
  /** Score of one id at each of n positions, from their context vectors; head runs, no model run. */
  scoreAt(contextVectors: readonly Float32Array[], id: TokenId): Promise<readonly TokenScore[]>;
  /** Waits for the run under way, then frees the sessions. */
  close(): Promise<void>;
}
