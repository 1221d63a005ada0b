// An exact engine and tokenizer over bytes, small enough to check by hand: the oracle of unit tests. No root can select it.

import type { AppendOptions, Engine, Prediction, ScoredToken, Sequence } from "../engine.ts";
import { EngineError, UsageError } from "../errors.ts";
import { logSumExp } from "../logits.ts";
import { predictionFromLogits } from "../prediction.ts";
import { rankOf } from "../rank-order.ts";
import { type TokenId, tokenId } from "../token.ts";
import type { Tokenizer, Vocabulary } from "../tokenizer.ts";

const BYTE_TOKENS = 256;
const SPECIALS: readonly string[] = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"];

/** Special tokens of the toy, by what they do. */
export const TOY_SPECIAL = {
  endOfText: tokenId(BYTE_TOKENS),
  startOfTurn: tokenId(BYTE_TOKENS + 1),
  endOfTurn: tokenId(BYTE_TOKENS + 2),
} as const;

const TOY_VOCABULARY = BYTE_TOKENS + SPECIALS.length; // V = 259
const CONTEXT_TOKENS = 3; // logits depend on the last three tokens: C = 3
const CHUNK_TOKENS = 4; // small, so that short texts cross chunks

export interface ToyEngineOptions {
  readonly contextLength?: number; // positions, 256 unless told
}

/** The 256 bytes as tokens 0 to 255, then three special tokens. */
export const toyVocabulary: Vocabulary = {
  size: TOY_VOCABULARY,
  bytes(id) {
    if (id < BYTE_TOKENS) return Uint8Array.of(id);
    const name = SPECIALS[id - BYTE_TOKENS];
    if (name === undefined) throw new RangeError(`toy: token ${id} is outside ${TOY_VOCABULARY}`);
    return new TextEncoder().encode(name);
  },
  isSpecial: (id) => id >= BYTE_TOKENS,
};

/** One token a UTF-8 byte; no start token. */
export const toyTokenizer: Tokenizer = {
  name: "toy-bytes",
  vocabulary: toyVocabulary,
  startTokenId: null,
  endTokenIds: [TOY_SPECIAL.endOfText, TOY_SPECIAL.endOfTurn],
  encode(text, options = {}) {
    const stretches = options.parseSpecial
      ? text.split(/(<\|endoftext\|>|<\|im_start\|>|<\|im_end\|>)/)
      : [text];
    return stretches.flatMap((stretch, i) => {
      const special = SPECIALS.indexOf(stretch);
      if (i % 2 === 1) return [tokenId(BYTE_TOKENS + special)];
      return Array.from(new TextEncoder().encode(stretch), tokenId);
    });
  },
};

/** An engine whose logits are a hash of the last three tokens, computed in float64 with no cache at all. */
export function openToyEngine({ contextLength = 256 }: ToyEngineOptions = {}): Engine {
  const counts = { modelRuns: 0, headRuns: 0 };
  let isClosed = false;
  const checkOpen = () => {
    if (isClosed) throw new EngineError("toy: the engine is closed; open another");
  };
  return {
    architecture: "toy",
    quantization: "none",
    precision: "exact",
    backend: "node-cpu",
    threads: 1,
    vocabularySize: TOY_VOCABULARY,
    hiddenWidth: CONTEXT_TOKENS,
    contextLength,
    get counts() {
      return { ...counts };
    },
    openSequence: () =>
      openToySequence([], {
        contextLength,
        onRun() {
          checkOpen();
          counts.modelRuns += 1;
        },
      }),
    async logits(contextVector) {
      checkOpen();
      counts.headRuns += 1;
      return toyLogits(contextVector);
    },
    async scoreAt(contextVectors, id) {
      checkOpen();
      checkIds([id]);
      counts.headRuns += 1;
      return contextVectors.map((contextVector) => scoreIn(toyLogits(contextVector), id));
    },
    async close() {
      isClosed = true;
    },
  };
}

/** Logits [V] after a context vector [3] of the last token ids plus 1 (0 where there is none): between -6 and 10, deterministic, rarely tied. */
export function toyLogits(contextVector: Float32Array): Float32Array {
  let state = 0x9e37_79b9;
  for (const entry of contextVector) state = mixed(state ^ (entry + 1));
  return Float32Array.from({ length: TOY_VOCABULARY }, (_, id) => {
    const uniform = (mixed(state ^ Math.imul(id + 1, 0x85eb_ca6b)) >>> 8) / 2 ** 24;
    return 16 * uniform ** 3 - 6; // cubed: few likely tokens and many unlikely ones, as in a language model
  });
}

interface ToySequenceParts {
  readonly contextLength: number;
  readonly onRun: () => void;
}

function openToySequence(scored: readonly ScoredToken[], parts: ToySequenceParts): Sequence {
  let tokens = [...scored];
  let isClosed = false;
  const checkOpen = () => {
    if (isClosed) throw new EngineError("toy: the sequence is closed; open another");
  };
  return {
    get tokens() {
      return tokens;
    },
    async *append(ids, { signal }: AppendOptions = {}) {
      checkOpen();
      checkIds(ids);
      const room = parts.contextLength - tokens.length;
      if (ids.length > room) {
        throw new UsageError(
          `toy: ${ids.length} tokens do not fit; ${room} of ${parts.contextLength} positions are free; shorten the text`,
        );
      }
      for (let start = 0; start < ids.length; start += CHUNK_TOKENS) {
        signal?.throwIfAborted();
        parts.onRun();
        const before = tokens.length;
        for (const id of ids.slice(start, start + CHUNK_TOKENS)) {
          tokens = [...tokens, scoredToken(tokens, id)];
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

function checkIds(ids: readonly TokenId[]): void {
  const unknown = ids.find((id) => id >= TOY_VOCABULARY);
  if (unknown === undefined) return;
  throw new UsageError(`toy: token id ${unknown} is not in the vocabulary of ${TOY_VOCABULARY}`);
}

function scoredToken(before: readonly ScoredToken[], id: TokenId): ScoredToken {
  const last = before.at(-1)?.prediction.contextVector;
  const score = last ? scoreIn(toyLogits(last), id) : null;
  return { id, score, prediction: toyPrediction([...before.map((token) => token.id), id]) };
}

function toyPrediction(ids: readonly TokenId[]): Prediction {
  const contextVector = new Float32Array(CONTEXT_TOKENS);
  for (let back = 0; back < CONTEXT_TOKENS; back += 1) {
    contextVector[back] = (ids.at(-1 - back) ?? -1) + 1;
  }
  return predictionFromLogits(toyLogits(contextVector), contextVector);
}

function scoreIn(logits: Float32Array, id: TokenId): { logprobNats: number; rank: number } {
  return { logprobNats: (logits[id] ?? 0) - logSumExp(logits), rank: rankOf(logits, id) };
}

// A 32-bit integer mixer (two multiply-and-shift rounds): enough to scatter, quick, and the same everywhere.
function mixed(value: number): number {
  let word = value | 0;
  word = Math.imul(word ^ (word >>> 16), 0x7feb_352d);
  word = Math.imul(word ^ (word >>> 15), 0x846c_a68b);
  return (word ^ (word >>> 16)) >>> 0;
}
