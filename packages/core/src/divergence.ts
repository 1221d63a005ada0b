// Two distributions over one vocabulary, side by side: how far apart they are, and their most likely tokens in both.

import { klNats } from "./entropy.ts";
import { logSoftmax } from "./logits.ts";
import { type Logits, rankOf, topCandidates } from "./rank-order.ts";
import { type TokenId, tokenId } from "./token.ts";

/** A token's place in one distribution. */
interface TokenPlace {
  readonly logprobNats: number;
  readonly rank: number;
}

/** A token in both distributions. */
export interface SharedCandidate {
  readonly id: TokenId;
  readonly own: TokenPlace;
  readonly other: TokenPlace;
}

export interface Divergence {
  /** KL(own || other) over all of V: what a reader who expects `other` pays beyond the entropy of `own`. */
  readonly klNats: number;
  /** KL(other || own). */
  readonly reverseKlNats: number;
  /** Whether both hold the same token for the most likely. */
  readonly isSameTop: boolean;
  /** The most likely tokens of either, by their rank in `own`. */
  readonly candidates: readonly SharedCandidate[];
}

/** Compares logits [V] of one vocabulary; null where no token is possible, RangeError where the vocabularies differ. Example: [0, 0] and [0, 0] -> 0 nats, the same first token. */
export function divergence(own: Logits, other: Logits, top: number): Divergence | null {
  if (own.length !== other.length) {
    throw new RangeError(`divergence: vocabularies of ${own.length} and of ${other.length} tokens`);
  }
  const [p, q] = [logSoftmax(own), logSoftmax(other)];
  if (p === null || q === null) return null;
  const [ownTop, otherTop] = [topCandidates(own, top), topCandidates(other, top)];
  const place = (logits: Logits, logprobs: Float64Array, id: number): TokenPlace => ({
    logprobNats: logprobs[id] ?? Number.NEGATIVE_INFINITY,
    rank: rankOf(logits, id),
  });
  const candidates = [...new Set([...ownTop, ...otherTop])].map((id) => ({
    id: tokenId(id),
    own: place(own, p, id),
    other: place(other, q, id),
  }));
  const [ps, qs] = [p.map(Math.exp), q.map(Math.exp)];
  return {
    klNats: klNats(ps, qs),
    reverseKlNats: klNats(qs, ps),
    isSameTop: ownTop[0] === otherTop[0],
    candidates: candidates.sort((a, b) => a.own.rank - b.own.rank || a.id - b.id),
  };
}
