// An exact engine over bytes, small enough to check by hand: the oracle of unit tests. No root can select it.

import type { AppendOptions, Engine, ScoredToken, Sequence } from "../engine.ts";
import { EngineError } from "../errors.ts";
import { checkInspection, checkWidth } from "../inspection.ts";
import { predictionFromLogits } from "../prediction.ts";
import { openToyBatch } from "./toy-batch.ts";
import { toyContext, toyLogits, toyScore, toyTokenVector } from "./toy-head.ts";
import { TOY_HEADS, TOY_LAYERS, TOY_WIDTH } from "./toy-layers.ts";
import { checkIds, type ToyParts, withToken } from "./toy-text.ts";
import { TOY_VOCABULARY } from "./toy-tokenizer.ts";

const CHUNK_TOKENS = 4; // small, so that short texts cross chunks

export interface ToyEngineOptions {
  readonly contextLength?: number; // positions, 256 unless told
}

/** An engine whose logits are a hash of the last three tokens. */
export function openToyEngine({ contextLength = 256 }: ToyEngineOptions = {}): Engine {
  const counts = { modelRuns: 0, headRuns: 0 };
  let isClosed = false;
  const checkOpen = () => {
    if (isClosed) throw new EngineError("toy: the engine is closed; open another");
  };
  const onHeadRun = () => {
    checkOpen();
    counts.headRuns += 1;
  };
  const onRun = () => {
    checkOpen();
    counts.modelRuns += 1;
  };
  return {
    architecture: "toy",
    quantization: "none",
    precision: "exact",
    backend: "node-cpu",
    threads: 1,
    vocabularySize: TOY_VOCABULARY,
    hiddenWidth: TOY_WIDTH,
    layers: TOY_LAYERS,
    heads: TOY_HEADS,
    contextLength,
    logitCap: null,
    get counts() {
      return { ...counts };
    },
    openSequence: () => openToySequence([], { contextLength, onRun }),
    openBatch(beginning, count) {
      checkOpen();
      const parts = { contextLength, onRun };
      const open = (tokens: readonly ScoredToken[]) => openToySequence(tokens, parts);
      return openToyBatch(beginning.tokens, count, { ...parts, open });
    },
    contextVector(residual) {
      checkWidth(residual, TOY_WIDTH);
      return toyContext(residual);
    },
    async predictions(contextVectors) {
      if (contextVectors.length > 0) onHeadRun();
      return contextVectors.map((vector) => predictionFromLogits(toyLogits(vector), vector));
    },
    async logits(contextVector) {
      onHeadRun();
      return toyLogits(contextVector);
    },
    async tokenVector(id) {
      checkOpen();
      checkIds([id], [], 1);
      return toyTokenVector(id);
    },
    async scoreAt(contextVectors, id) {
      checkIds([id], [], 1);
      onHeadRun();
      return contextVectors.map((contextVector) => toyScore(toyLogits(contextVector), id));
    },
    async close() {
      isClosed = true;
    },
  };
}

function openToySequence(begun: readonly ScoredToken[], parts: ToyParts): Sequence {
  let tokens = begun;
  let isClosed = false;
  const checkOpen = () => {
    if (isClosed) throw new EngineError("toy: the sequence is closed; open another");
  };
  return {
    get tokens() {
      return tokens;
    },
    async *append(ids, options: AppendOptions = {}) {
      checkOpen();
      checkIds(ids, tokens, parts.contextLength);
      const sizes = { layers: TOY_LAYERS, heads: TOY_HEADS, hiddenWidth: TOY_WIDTH };
      checkInspection(options, sizes, { first: tokens.length, count: ids.length });
      for (let start = 0; start < ids.length; start += CHUNK_TOKENS) {
        options.signal?.throwIfAborted();
        parts.onRun();
        const before = tokens.length;
        for (const id of ids.slice(start, start + CHUNK_TOKENS)) {
          tokens = withToken(tokens, id, options);
        }
        yield tokens.slice(before);
      }
    },
    cut(length) {
      checkOpen();
      if (!Number.isInteger(length) || length < 0 || length > tokens.length) {
        throw new RangeError(`toy: cut to ${length} is not in 0 to ${tokens.length}`);
      }
      tokens = tokens.slice(0, length);
    },
    fork() {
      checkOpen();
      return openToySequence(tokens, parts);
    },
    close() {
      isClosed = true;
      tokens = [];
    },
  };
}
