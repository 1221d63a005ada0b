// The head as a session: context vectors in, predictions and scores out, with no run of the layers.

import { EngineError, type Prediction, type TokenId, type TokenScore } from "@tokenscope/core";
import { joined } from "./float-rows.ts";
import { floats, integers, type Ort, type OrtSession, type OrtTensor } from "./ort.ts";
import type { Head, HeadRow } from "./runtime.ts";

export interface HeadSessionOptions {
  readonly ort: Ort;
  readonly session: OrtSession;
  readonly hiddenWidth: number; // C
  readonly kept: number;
  /** Rows a run takes at most: a row needs three temporaries of V floats. */
  readonly maxRows: number;
  readonly tokenVector: (id: TokenId) => Float32Array;
}

const MASS_OUTPUTS = ["highest-logit", "highest-logprob"];
const KEPT_OUTPUTS = [...MASS_OUTPUTS, "top-logits", "top-ids", "expected-logit"];
const TARGET_OUTPUTS = [...MASS_OUTPUTS, "target-logit", "higher"];

/** Runs of the head, counted. */
export class HeadSession implements Head {
  runs = 0;
  readonly #options: HeadSessionOptions;

  constructor(options: HeadSessionOptions) {
    this.#options = options;
  }

  async rows(contexts: Float32Array, targets: readonly number[]): Promise<readonly HeadRow[]> {
    const { hiddenWidth: C, maxRows } = this.#options;
    const rows: HeadRow[] = [];
    for (let from = 0; from < targets.length; from += maxRows) {
      const part = targets.slice(from, from + maxRows);
      const vectors = contexts.subarray(from * C, (from + part.length) * C);
      const outputs = await this.#run(vectors, part, [
        ...new Set([...KEPT_OUTPUTS, ...TARGET_OUTPUTS]),
      ]);
      for (const t of part.keys()) {
        const contextVector = vectors.slice(t * C, (t + 1) * C);
        rows.push({
          prediction: this.#prediction(outputs, t, contextVector),
          targetScore: targetScore(outputs, t),
        });
      }
    }
    return rows;
  }

  async scores(vectors: readonly Float32Array[], id: TokenId): Promise<readonly TokenScore[]> {
    const { maxRows } = this.#options;
    const scores: TokenScore[] = [];
    for (let from = 0; from < vectors.length; from += maxRows) {
      const part = vectors.slice(from, from + maxRows);
      const targets = part.map(() => id);
      const outputs = await this.#run(joined(part), targets, TARGET_OUTPUTS);
      for (const t of part.keys()) scores.push(targetScore(outputs, t));
    }
    return scores;
  }

  async logits(vector: Float32Array): Promise<Float32Array> {
    const outputs = await this.#run(vector, [0], ["logits"]);
    return floats(outputs, "logits");
  }

  tokenVector(id: TokenId): Float32Array {
    return this.#options.tokenVector(id);
  }

  release(): Promise<void> {
    return this.#options.session.release();
  }

  #run(
    contexts: Float32Array,
    targets: readonly number[],
    fetches: readonly string[],
  ): Promise<Readonly<Record<string, OrtTensor>>> {
    const { ort, session, hiddenWidth } = this.#options;
    this.runs += 1;
    const ids = BigInt64Array.from(targets, BigInt);
    const feeds = {
      context: new ort.Tensor("float32", contexts, [targets.length, hiddenWidth]),
      targets: new ort.Tensor("int64", ids, [targets.length, 1]),
    };
    return session.run(feeds, fetches).catch((cause) => {
      throw new EngineError(
        `the runtime failed on the logits of ${targets.length} positions: ${String(cause)}; load the model again`,
        { cause },
      );
    });
  }

  #prediction(
    outputs: Readonly<Record<string, OrtTensor>>,
    row: number,
    contextVector: Float32Array,
  ): Prediction {
    const { kept } = this.#options;
    const { highest, logprob } = massOf(outputs, row);
    const logZ = highest - logprob;
    const expectedLogit = floats(outputs, "expected-logit")[row] ?? 0;
    const logits = floats(outputs, "top-logits").subarray(row * kept, (row + 1) * kept);
    return {
      topIds: integers(outputs, "top-ids").slice(row * kept, (row + 1) * kept),
      topLogprobsNats: logits.map((logit) => logit - highest + logprob),
      entropyNats: Math.max(0, logZ - expectedLogit),
      logZ,
      contextVector,
    };
  }
}

/** The most likely token's logit and logprob, never above 0. */
function massOf(outputs: Readonly<Record<string, OrtTensor>>, row: number) {
  const highest = floats(outputs, "highest-logit")[row] ?? 0;
  const logprob = Math.min(0, floats(outputs, "highest-logprob")[row] ?? 0);
  return { highest, logprob };
}

function targetScore(outputs: Readonly<Record<string, OrtTensor>>, row: number): TokenScore {
  const logit = floats(outputs, "target-logit")[row] ?? 0;
  const { highest, logprob } = massOf(outputs, row);
  const higher = floats(outputs, "higher")[row] ?? 0;
  const logprobNats = Math.fround(logit - highest + logprob); // float32, as the kept candidates have it: the same score by either way
  return { logprobNats, rank: 1 + higher };
}
