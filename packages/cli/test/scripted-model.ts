// A model that writes what it is told: the tiny model's tokenizer over an engine whose every prediction is certain.

import {
  type Prediction,
  type ScoredToken,
  type Sequence,
  type TokenId,
  tokenId,
} from "@tokenscope/core";
import { openTextModel } from "../src/open-model.ts";
import type { World } from "../src/world.ts";
import { TINY } from "./test-world.ts";

/** Opens a model that continues any text with these ids. */
export function scriptedModel(ids: readonly number[]): World["openModel"] {
  return async ({ precision }, world) => {
    const text = await openTextModel(TINY, world);
    const description = {
      architecture: "llama",
      quantization: "Q8_0",
      precision: precision === "compact" ? "compact" : "exact",
      backend: "node-cpu",
    } as const;
    return {
      ...text,
      identity: { id: "scripted", sha256: "", ...description },
      engine: {
        ...description,
        threads: 1,
        vocabularySize: 261,
        hiddenWidth: 1,
        layers: 1,
        heads: 1,
        contextLength: 256,
        logitCap: null,
        counts: { modelRuns: 0, headRuns: 0 },
        openSequence: () => scriptedSequence(ids),
        openBatch() {
          throw new RangeError("scripted: no batches");
        },
        contextVector: (residual) => residual,
        predictions: async () => [],
        logits: async () => new Float32Array(261),
        tokenVector: async () => new Float32Array(1),
        scoreAt: async () => [],
        close: async () => {},
      },
    };
  };
}

function scriptedSequence(script: readonly number[]): Sequence {
  const tokens: ScoredToken[] = [];
  let written = -1; // the prompt's own run predicts the first
  return {
    tokens,
    async *append(ids: readonly TokenId[]) {
      written += 1;
      const prediction = certain(tokenId(script[written] ?? 260));
      const chunk = ids.map((id) => ({ id, score: null, prediction }));
      tokens.push(...chunk);
      yield chunk;
    },
    cut: () => {},
    fork: () => scriptedSequence(script),
    close: () => {},
  };
}

function certain(id: TokenId): Prediction {
  return {
    topIds: Int32Array.of(id),
    topLogprobsNats: Float32Array.of(0),
    entropyNats: 0,
    logZ: 0,
    contextVector: null,
  };
}
