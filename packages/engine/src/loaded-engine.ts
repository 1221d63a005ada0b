// The engine over a runtime's layers and head: the sequences and batches that share them, one run at a time.

import {
  type Backend,
  type Batch,
  checkWidth,
  type Engine,
  type Precision,
  type Prediction,
  type RunCounts,
  type Sequence,
  type TokenId,
  type TokenScore,
} from "@tokenscope/core";
import type { ModelShape } from "./architecture.ts";
import { openBatch } from "./engine-batch.ts";
import { type EngineParts, EngineSequence } from "./engine-sequence.ts";
import type { FinalNorm } from "./final-norm.ts";
import { joined } from "./float-rows.ts";
import { checkIds } from "./known-ids.ts";
import { RecentLogits } from "./recent-logits.ts";
import type { Body, Head } from "./runtime.ts";
import { TurnQueue } from "./turn-queue.ts";

export interface LoadedEngineOptions {
  readonly shape: ModelShape;
  readonly body: Body;
  readonly head: Head;
  readonly finalNorm: FinalNorm;
  readonly precision: Precision;
  readonly backend: Backend;
  readonly threads: number;
  readonly quantization: string;
  /** Runs when body and head have been released. */
  readonly onClose?: () => Promise<void>;
}

const PASS_ROWS = 256;
const PASS_ROWS_LARGE = 64; // for vocabularies whose logits [256, V] would be hundreds of MB
const LARGE_VOCABULARY = 100_000;

/** An engine that is ready; loadEngine makes it. */
export class LoadedEngine implements Engine {
  readonly architecture: string;
  readonly quantization: string;
  readonly precision: Precision;
  readonly backend: Backend;
  readonly threads: number;
  readonly vocabularySize: number;
  readonly hiddenWidth: number;
  readonly layers: number;
  readonly heads: number;
  readonly contextLength: number;
  readonly logitCap: number | null;
  readonly #finalNorm: FinalNorm;
  readonly #onClose: (() => Promise<void>) | undefined;
  readonly #parts: EngineParts;

  constructor({ shape, body, head, finalNorm, ...named }: LoadedEngineOptions) {
    const { vocabularySize, hiddenWidth, layers, heads, contextLength } = shape;
    this.architecture = shape.architecture;
    this.quantization = named.quantization;
    this.precision = named.precision;
    this.backend = named.backend;
    this.threads = named.threads;
    this.vocabularySize = vocabularySize;
    this.hiddenWidth = hiddenWidth;
    this.layers = layers;
    this.heads = heads;
    this.contextLength = contextLength;
    this.logitCap = shape.logitCap;
    this.#finalNorm = finalNorm;
    this.#onClose = named.onClose;
    const passRows = vocabularySize > LARGE_VOCABULARY ? PASS_ROWS_LARGE : PASS_ROWS;
    const sizes = { vocabularySize, hiddenWidth, layers, heads, contextLength, passRows };
    this.#parts = {
      body,
      head,
      queue: new TurnQueue(),
      recentLogits: new RecentLogits(),
      ...sizes,
    };
  }

  get counts(): RunCounts {
    return { modelRuns: this.#parts.body.runs, headRuns: this.#parts.head.runs };
  }

  openSequence(): Sequence {
    return new EngineSequence(this.#parts, this.#parts.body.openCache());
  }

  openBatch(beginning: Sequence, count: number): Batch {
    if (!Number.isInteger(count) || count < 0) {
      throw new RangeError(`openBatch: a batch has 0 members or more, not ${count}`);
    }
    return openBatch(this.#parts, beginning, count);
  }

  contextVector(residual: Float32Array): Float32Array {
    checkWidth(residual, this.hiddenWidth);
    return this.#finalNorm(residual);
  }

  async predictions(contextVectors: readonly Float32Array[]): Promise<readonly Prediction[]> {
    for (const vector of contextVectors) checkWidth(vector, this.hiddenWidth);
    const { head, queue } = this.#parts;
    const targets = contextVectors.map(() => 0); // their scores are not read
    const rows = await queue.run(() => head.rows(joined(contextVectors), targets));
    return rows.map(({ prediction }) => prediction);
  }

  async logits(contextVector: Float32Array): Promise<Float32Array> {
    checkWidth(contextVector, this.hiddenWidth);
    const { head, queue, recentLogits } = this.#parts;
    const logits = await queue.run(() => head.logits(contextVector));
    recentLogits.keep(contextVector, logits);
    return logits;
  }

  tokenVector(id: TokenId): Promise<Float32Array> {
    const { head, queue } = this.#parts;
    return queue.run(async () => {
      checkIds([id], this.vocabularySize);
      return head.tokenVector(id);
    });
  }

  scoreAt(contextVectors: readonly Float32Array[], id: TokenId): Promise<readonly TokenScore[]> {
    const { head, queue } = this.#parts;
    return queue.run(async () => {
      checkIds([id], this.vocabularySize);
      for (const vector of contextVectors) checkWidth(vector, this.hiddenWidth);
      return head.scores(contextVectors, id);
    });
  }

  close(): Promise<void> {
    const { body, head, queue } = this.#parts;
    return queue.close(async () => {
      await body.release();
      await head.release();
      await this.#onClose?.();
    });
  }
}
