// A prediction computed from whole logits: the slow, readable oracle of what an engine's graph computes.

import { KEPT_CANDIDATES, type Prediction } from "./engine.ts";
import { logSumExp } from "./logits.ts";
import { type Logits, topCandidates } from "./rank-order.ts";

/** Top 50, entropy and logZ of logits [V], with the context vector [C] they came from. */
export function predictionFromLogits(
  logits: Logits,
  contextVector: Float32Array | null,
): Prediction {
  const logZ = logSumExp(logits);
  const topIds = topCandidates(logits, KEPT_CANDIDATES);
  let expectedLogit = 0;
  for (const logit of logits) {
    const p = Math.exp(logit - logZ);
    if (p > 0) expectedLogit += p * logit;
  }
  return {
    topIds,
    topLogprobsNats: Float32Array.from(topIds, (id) => (logits[id] ?? 0) - logZ),
    entropyNats: Math.max(0, logZ - expectedLogit),
    logZ,
    contextVector,
  };
}
