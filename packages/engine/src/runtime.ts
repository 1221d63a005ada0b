// What a runtime must give for the engine to run on it: the layers on a cache, and the head. Knows ids' vectors and no sequence, no queue, no text.

import type { Patch, Prediction, TokenId, TokenScore } from "@tokenscope/core";

/** Keys and values of one sequence's positions, wherever the runtime keeps them. May be cut, forked or closed while a pass over it runs: whoever waits for the pass then drops its result and cuts again. */
export interface Cache {
  readonly length: number; // positions
  /** Keeps the first `length` positions. */
  cut(length: number): void;
  /** A second cache with the same rows, which goes its own way. */
  fork(): Cache;
  /** `count` caches that hold these rows once and may run in one pass together; this one stays as it is. */
  share(count: number): readonly Cache[];
  /** A cache with the rows of that one, which may run in one pass with this one (itself a shared one); both stay as they are. */
  join(cache: Cache): Cache;
  close(): void;
}

/** The next ids of one sequence, at positions cache.length and on. */
export interface Part {
  readonly cache: Cache;
  readonly ids: readonly TokenId[];
}

/** What a pass shows and changes beside its context vectors. Rows count through the parts, from 0. */
export interface Look {
  /** Rows whose residual stream after each layer is wanted. */
  readonly residualRows: readonly number[];
  /** Rows whose attention is wanted, in these layers and heads. */
  readonly attentionRows: readonly number[];
  readonly attention: readonly { readonly layer: number; readonly heads: readonly number[] }[];
  /** A residual patch's position stands for the row that is at it; a pass with patches has one part. */
  readonly patches: readonly Patch[];
}

/** A look that shows and changes nothing. */
export const NO_LOOK: Look = { residualRows: [], attentionRows: [], attention: [], patches: [] };

export interface PassResult {
  readonly contexts: Float32Array; // [rows, C] after the last norm
  readonly residuals: readonly (readonly Float32Array[])[]; // for each of residualRows, [N] of [C]
  /** For each of attentionRows, one entry a wanted layer and head in their order: weights [position + 1], 0 outside a window. */
  readonly attention: readonly (readonly Float32Array[])[];
}

/** The layers. */
export interface Body {
  readonly runs: number;
  openCache(): Cache;
  /** Runs every part's ids behind its cache and writes their rows to it; several parts share one beginning (Cache.share). Throws EngineError where the runtime fails, and then leaves the caches as they were. */
  pass(parts: readonly Part[], look: Look): Promise<PassResult>;
  release(): Promise<void>;
}

export interface HeadRow {
  readonly prediction: Prediction;
  readonly targetScore: TokenScore; // of the target asked for at this row
}

/** From context vectors to what is kept of each distribution over V. */
export interface Head {
  readonly runs: number;
  /** Predictions after contexts [T, C], and the score of each row's target under it. */
  rows(contexts: Float32Array, targets: readonly number[]): Promise<readonly HeadRow[]>;
  /** The score of one id at each context vector. */
  scores(contextVectors: readonly Float32Array[], id: TokenId): Promise<readonly TokenScore[]>;
  /** All V logits after one context vector. */
  logits(contextVector: Float32Array): Promise<Float32Array>;
  /** The weights [C] of one id, as the arithmetic has them; no run. */
  tokenVector(id: TokenId): Float32Array;
  release(): Promise<void>;
}

/** Keys and values of positions, for each layer [n, K, D]: how they pass from one runtime's cache to the other's. */
export interface CacheRows {
  readonly count: number;
  readonly keys: readonly Float32Array[];
  readonly values: readonly Float32Array[];
}

/** A cache whose rows can be read, and written behind what it has. */
export interface OpenCache extends Cache {
  rowsFrom(first: number): CacheRows;
  add(rows: CacheRows): void;
  fork(): OpenCache;
  share(count: number): readonly OpenCache[];
  join(cache: Cache): OpenCache;
}

/** A body with such caches. */
export interface OpenBody extends Body {
  openCache(): OpenCache;
}

/** Layers and head of one runtime. */
export interface RuntimeParts {
  readonly body: OpenBody;
  readonly head: Head;
}
