// From logits to log-probabilities, in float64 whatever the logits are. Knows no tokens and no settings.

import type { Logits } from "./rank-order.ts";

/** Largest logit, or -Infinity where there is none. */
export function maxLogit(logits: Logits): number {
  let max = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > max) max = logit;
  return max;
}

/** ln of the sum of exp(logit) over [V], shifted by the maximum so that it cannot overflow. Example: [0, 0] -> ln 2 = 0.693. */
export function logSumExp(logits: Logits): number {
  const max = maxLogit(logits);
  return Number.isFinite(max) ? max + logSumAbove(logits, max) : max;
}

/** Log-probabilities in nats, [V], or null where no token is possible or a logit is infinite: never NaN. Example: [5, 5] -> [-0.693, -0.693]. */
export function logSoftmax(logits: Logits): Float64Array | null {
  const max = maxLogit(logits);
  if (!Number.isFinite(max)) return null;
  const logSum = logSumAbove(logits, max);
  return Float64Array.from(logits, (logit) => logit - max - logSum); // not logit - logZ, which rounds where max is large
}

// ln of the sum of exp(logit - max).
function logSumAbove(logits: Logits, max: number): number {
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - max);
  return Math.log(sum);
}
