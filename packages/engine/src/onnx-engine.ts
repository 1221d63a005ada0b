// The engine over ONNX Runtime: two sessions, and the sequences that share them.

import type {
  Backend,
  Engine,
  Precision,
  RunCounts,
  Sequence,
  TokenId,
  TokenScore,
} from "@tokenscope/core";
import type { ModelShape } from "./architecture.ts";
import type { BodySession } from "./body-session.ts";
import type { HeadSession } from "./head-session.ts";
import { checkIds } from "./known-ids.ts";
import { KvCache } from "./kv-cache.ts";
import { OnnxSequence } from "./onnx-sequence.ts";
import { TurnQueue } from "./turn-queue.ts";

export interface OnnxEngineOptions {
  readonly shape: ModelShape;
  readonly body: BodySession;
  readonly head: HeadSession;
  readonly precision: Precision;
  readonly backend: Backend;
  readonly threads: number;
  readonly quantization: string;
}

const PASS_POSITIONS = 256;
const PASS_POSITIONS_LARGE = 64; // for vocabularies whose logits [256, V] would be hundreds of MB
const LARGE_VOCABULARY = 100_000;

/** An engine that is ready; loadEngine makes it. */
export class OnnxEngine implements Engine {
  readonly architecture: string;
  readonly quantization: string;
  readonly precision: Precision;
  readonly backend: Backend;
  readonly threads: number;
  readonly vocabularySize: number;
  readonly hiddenWidth: number;
  readonly contextLength: number;
  readonly #options: OnnxEngineOptions;
  readonly #queue = new TurnQueue();

  constructor(options: OnnxEngineOptions) {
    const { shape } = options;
    this.#options = options;
    this.architecture = shape.architecture;
    this.quantization = options.quantization;
    this.precision = options.precision;
    this.backend = options.backend;
    this.threads = options.threads;
    this.vocabularySize = shape.vocabularySize;
    this.hiddenWidth = shape.hiddenWidth;
    this.contextLength = shape.contextLength;
  }

  get counts(): RunCounts {
    return { modelRuns: this.#options.body.runs, headRuns: this.#options.head.runs };
  }

  openSequence(): Sequence {
    const { shape, body, head } = this.#options;
    const { vocabularySize, contextLength } = shape;
    const isLarge = vocabularySize > LARGE_VOCABULARY;
    const passPositions = isLarge ? PASS_POSITIONS_LARGE : PASS_POSITIONS;
    const options = {
      body,
      head,
      queue: this.#queue,
      vocabularySize,
      contextLength,
      passPositions,
    };
    return new OnnxSequence(options, new KvCache(shape));
  }

  logits(contextVector: Float32Array): Promise<Float32Array> {
    return this.#queue.run(() => this.#options.head.logits(contextVector));
  }

  scoreAt(contextVectors: readonly Float32Array[], id: TokenId): Promise<readonly TokenScore[]> {
    return this.#queue.run(async () => {
      checkIds([id], this.vocabularySize);
      return this.#options.head.scores(contextVectors, id);
    });
  }

  close(): Promise<void> {
    return this.#queue.close(async () => {
      await this.#options.body.release();
      await this.#options.head.release();
    });
  }
}
