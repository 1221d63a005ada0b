// One head's attention of one query, in float64 from the graph's own queries and keys: the graph need not give its shares, which would be memory and time in every pass.

import { isLocalLayer, type ModelShape } from "./architecture.ts";

export interface AttentionQuery {
  readonly layer: number;
  readonly head: number; // of H
  readonly query: Float32Array; // [D], rotated
  /** Keys [K, D] of positions 0 to the query's own, in pieces. */
  readonly keys: readonly Float32Array[];
}

/** The weights [position + 1]: softmax of scale q . k, bent by the cap and 0 before the window where the layer has one. */
export function attentionWeights(
  shape: ModelShape,
  { layer, head, query, keys }: AttentionQuery,
): Float32Array {
  const { heads: H, keyValueHeads: K, headWidth: D, attentionScale, attentionCap: cap } = shape;
  const offset = Math.floor(head / (H / K)) * D; // query heads of one group share a key head
  const scores: number[] = [];
  for (const piece of keys) {
    for (let row = offset; row < piece.length; row += K * D) {
      let product = 0;
      for (let i = 0; i < D; i += 1) product += (query[i] ?? 0) * (piece[row + i] ?? 0);
      const score = product * attentionScale;
      scores.push(cap === null ? score : cap * Math.tanh(score / cap));
    }
  }
  const window = isLocalLayer(shape, layer) ? shape.window?.positions : undefined;
  return softmax(scores, window === undefined ? 0 : Math.max(0, scores.length - window));
}

/** Shares of scores from `first` on, 0 before. Example: (5, 0, ln 3) from 1 -> (0, 1/4, 3/4). */
function softmax(scores: readonly number[], first: number): Float32Array {
  const seen = scores.slice(first);
  const highest = seen.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  const sum = seen.reduce((total, score) => total + Math.exp(score - highest), 0);
  return Float32Array.from(scores, (score, i) => (i < first ? 0 : Math.exp(score - highest) / sum));
}
