// The head on the kernel: context vectors to logits, and from them the records, some rows at a time.

import type { Prediction, TokenId, TokenScore } from "@tokenscope/core";
import type { ModelShape } from "../architecture.ts";
import type { Head, HeadRow } from "../runtime.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import type { Kernel } from "./kernel-threads.ts";
import { RECORD } from "./layout.ts";
import { placedRows } from "./placed-rows.ts";
import { type PlacedMatrix, Program, type Rows } from "./program.ts";

export interface KernelHeadOptions {
  readonly kernel: Kernel;
  readonly memory: KernelMemory;
  readonly shape: ModelShape;
  readonly matrix: PlacedMatrix;
  readonly kept: number;
}

const LOGITS_BYTES = 8_388_608; // of the rows that one run takes: 42 of SmolLM2's, 8 of Gemma 3's
const MAX_ROWS = 256;

/** Runs of the head, counted. */
export class KernelHead implements Head {
  runs = 0;
  readonly #options: KernelHeadOptions;
  readonly #maxRows: number;
  readonly #contexts: Rows;
  readonly #logits: Rows;
  readonly #targets: number;
  readonly #records: number;
  readonly #weights: (id: number) => Float32Array;

  constructor(options: KernelHeadOptions) {
    const { memory, shape, matrix, kept } = options;
    const stride = Math.ceil(shape.vocabularySize / 4) * 4; // whole vectors
    const rows = Math.max(1, Math.min(MAX_ROWS, Math.floor(LOGITS_BYTES / (stride * 4))));
    this.#options = options;
    this.#maxRows = rows;
    this.#contexts = {
      address: memory.allocate(rows * shape.hiddenWidth * 4),
      stride: shape.hiddenWidth,
    };
    this.#logits = { address: memory.allocate(rows * stride * 4), stride };
    this.#targets = memory.allocate(rows * 4);
    this.#records = memory.allocate(rows * recordBytes(kept));
    this.#weights = placedRows(matrix, options);
  }

  async rows(contexts: Float32Array, targets: readonly number[]): Promise<readonly HeadRow[]> {
    const { shape, kept } = this.#options;
    const C = shape.hiddenWidth;
    const rows: HeadRow[] = [];
    for (let from = 0; from < targets.length; from += this.#maxRows) {
      const part = targets.slice(from, from + this.#maxRows);
      const vectors = contexts.subarray(from * C, (from + part.length) * C);
      this.#run(vectors, part, kept);
      for (const t of part.keys()) {
        const contextVector = vectors.slice(t * C, (t + 1) * C);
        rows.push({
          prediction: this.#prediction(t, contextVector),
          targetScore: this.#score(t, kept),
        });
      }
    }
    return rows;
  }

  async scores(vectors: readonly Float32Array[], id: TokenId): Promise<readonly TokenScore[]> {
    const C = this.#options.shape.hiddenWidth;
    const scores: TokenScore[] = [];
    for (let from = 0; from < vectors.length; from += this.#maxRows) {
      const part = vectors.slice(from, from + this.#maxRows);
      const contexts = new Float32Array(part.length * C);
      for (const [t, vector] of part.entries()) contexts.set(vector, t * C);
      const targets = part.map(() => id);
      this.#run(contexts, targets, 1);
      for (const t of part.keys()) scores.push(this.#score(t, 1));
    }
    return scores;
  }

  async logits(contextVector: Float32Array): Promise<Float32Array> {
    const { kernel, memory, shape } = this.#options;
    this.runs += 1;
    memory.floats(this.#contexts.address, contextVector.length).set(contextVector);
    kernel.run(this.#logitsProgram(1).instructions());
    return memory.floats(this.#logits.address, shape.vocabularySize).slice();
  }

  tokenVector(id: TokenId): Float32Array {
    return this.#weights(id);
  }

  async release(): Promise<void> {} // the body closes the kernel they share

  #logitsProgram(T: number): Program {
    const { shape, matrix } = this.#options;
    const program = new Program(T);
    program.linear(this.#contexts, matrix, this.#logits, {});
    if (shape.logitCap !== null) {
      program.cap(this.#logits.address, T * this.#logits.stride, shape.logitCap);
    }
    return program;
  }

  #run(contexts: Float32Array, targets: readonly number[], kept: number): void {
    const { kernel, memory, shape } = this.#options;
    this.runs += 1;
    memory.floats(this.#contexts.address, contexts.length).set(contexts);
    memory.words(this.#targets, targets.length).set(targets);
    const program = this.#logitsProgram(targets.length);
    const { vocabularySize } = shape;
    program.records(this.#logits, {
      vocabularySize,
      targets: this.#targets,
      kept,
      out: this.#records,
    });
    kernel.run(program.instructions());
  }

  #prediction(row: number, contextVector: Float32Array): Prediction {
    const { memory, kept } = this.#options;
    const { at, highest, logprob, entropyNats } = this.#mass(row, kept);
    const ids = memory.words(at + RECORD.kept, kept).slice();
    const logits = memory.floats(at + RECORD.kept + kept * 4, kept);
    return {
      topIds: ids,
      topLogprobsNats: Float32Array.from(logits, (logit) => logit - highest + logprob),
      entropyNats,
      logZ: highest - logprob,
      contextVector,
    };
  }

  #score(row: number, kept: number): TokenScore {
    const { memory } = this.#options;
    const { at, highest, logprob } = this.#mass(row, kept);
    const target = memory.floats(at + RECORD.target, 1)[0] ?? 0;
    const exceeding = memory.words(at + RECORD.exceeding, 1)[0] ?? 0;
    return { logprobNats: Math.fround(target - highest + logprob), rank: 1 + exceeding };
  }

  /** The most likely token's logit and logprob, -ln of the sum of e^(logit - highest); entropy = ln sum - mean of (logit - highest). */
  #mass(row: number, kept: number) {
    const { memory } = this.#options;
    const at = this.#records + row * recordBytes(kept);
    const [mass = 1, expected = 0] = memory.doubles(at, 2);
    const highest = memory.floats(at + RECORD.highest, 1)[0] ?? 0;
    const logprob = 0 - Math.log(mass);
    return { at, highest, logprob, entropyNats: Math.max(0, Math.log(mass) - expected / mass) };
  }
}

function recordBytes(kept: number): number {
  return RECORD.kept + kept * 8;
}
