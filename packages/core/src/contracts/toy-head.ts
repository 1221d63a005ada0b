// The toy's head: logits are a hash of the last three tokens, which the last norm writes into the context vector.

import type { TokenScore } from "../engine.ts";
import { logSumExp } from "../logits.ts";
import { rankOf } from "../rank-order.ts";
import type { TokenId } from "../token.ts";
import { TOY_MEMORY, TOY_WIDTH } from "./toy-layers.ts";
import { TOY_VOCABULARY } from "./toy-tokenizer.ts";

/** Logits [V] after a context vector that begins with the last three token ids plus 1 (0 where there is none): between -6 and 10, deterministic, rarely tied. */
export function toyLogits(contextVector: Float32Array): Float32Array {
  let state = 0x9e37_79b9;
  for (const entry of contextVector.subarray(0, TOY_MEMORY)) state = mixed(state ^ (entry + 1));
  return Float32Array.from({ length: TOY_VOCABULARY }, (_, id) => {
    const uniform = (mixed(state ^ Math.imul(id + 1, 0x85eb_ca6b)) >>> 8) / 2 ** 24;
    return 16 * uniform ** 3 - 6; // cubed: few likely tokens and many unlikely ones, as in a language model
  });
}

/** The toy's last norm: the stream's tokens, then the logit of each token after them. */
export function toyContext(stream: Float32Array): Float32Array {
  const vector = stream.slice();
  vector.set(toyLogits(stream), TOY_MEMORY);
  return vector;
}

/** A row of the head: 1 at the token's own logit, 0 elsewhere. */
export function toyTokenVector(id: TokenId): Float32Array {
  const vector = new Float32Array(TOY_WIDTH);
  vector[TOY_MEMORY + id] = 1;
  return vector;
}

/** How a token stands among logits. */
export function toyScore(logits: Float32Array, id: TokenId): TokenScore {
  return { logprobNats: (logits[id] ?? 0) - logSumExp(logits), rank: rankOf(logits, id) };
}

// A 32-bit integer mixer (two multiply-and-shift rounds): enough to scatter, quick, and the same everywhere.
function mixed(value: number): number {
  let word = value | 0;
  word = Math.imul(word ^ (word >>> 16), 0x7feb_352d);
  word = Math.imul(word ^ (word >>> 15), 0x846c_a68b);
  return (word ^ (word >>> 16)) >>> 0;
}
