// Logits that a draw has just asked for: the token that it gives is scored under the same ones, and the head need not run again.

import { rankOf, type TokenId, type TokenScore } from "@tokenscope/core";

const MOST = 32; // positions that draw between two passes; V floats each

/** The logits of the last few context vectors; whoever got them may also have given them away. */
export class RecentLogits {
  readonly #held = new Map<Float32Array, Float32Array>();

  keep(contextVector: Float32Array, logits: Float32Array): void {
    this.#held.set(contextVector, logits);
    const [oldest] = this.#held.keys();
    if (this.#held.size > MOST && oldest !== undefined) this.#held.delete(oldest);
  }

  /** A token's score under the logits of this very vector, which are forgotten then; null where they are not there. */
  take(contextVector: Float32Array, id: TokenId, logZ: number): TokenScore | null {
    const logits = this.#held.get(contextVector);
    this.#held.delete(contextVector);
    const logit = logits?.[id];
    if (logits === undefined || logit === undefined) return null; // moved to another thread
    return { logprobNats: Math.min(0, logit - logZ), rank: rankOf(logits, id) };
  }
}
