// The log-probability of any token after a prediction, without a run: its row of the head against the stored context vector.

import type { Prediction } from "./engine.ts";
import { cappedLogit } from "./logit-terms.ts";

/** A token's row of the head, and where its model bends logits (Engine.tokenVector, Engine.logitCap). */
export interface HeadRow {
  readonly vector: Float32Array; // [C]
  readonly logitCap: number | null;
}

/** capped(contextVector . row) - logZ in nats, or null in a recording, which holds no context vector. Within float32 of Engine.scoreAt. Example: (1, 2) . (3, -1) = 1 with logZ = 2 -> -1. */
export function tokenLogprobNats(
  { contextVector, logZ }: Pick<Prediction, "contextVector" | "logZ">,
  { vector, logitCap }: HeadRow,
): number | null {
  if (contextVector === null) return null;
  let sum = 0;
  for (let i = 0; i < vector.length; i += 1) sum += (contextVector[i] ?? 0) * (vector[i] ?? 0);
  return Math.min(0, cappedLogit(sum, logitCap) - logZ); // the two sums round apart: never above certain
}
