// What a prediction's kept top 50 and logZ determine on their own, without the V logits. Where they do not, the answer is null and the caller runs the head.

import type { Prediction } from "./engine.ts";
import { type Cuts, filterRanked } from "./sampling.ts";
import type { SamplingSettings } from "./settings.ts";
import { type TokenId, tokenId } from "./token.ts";

/** The first tokens that the settings keep, in order of rank. */
export interface KeptDistribution {
  readonly ids: Int32Array; // [n <= 50]
  readonly probs: Float64Array; // [n], over all that the settings keep
  readonly isWhole: boolean; // false where tokens beyond the kept ones stay too
  readonly cuts: Cuts;
  readonly margin: number; // how far a probability may be off: kept logprobs are float32
}

// Kept logprobs are float32 (off by 2e-6 at 20 nats) and a head run may add in another order than the pass did (1e-5 seen).
// Anything nearer than this to a threshold is left to the head, so that both ways always give the same token.
const MARGIN_AT_TEMPERATURE_1 = 1e-4;

/** Settings over the kept candidates alone, or null where they do not determine the result beyond doubt. */
export function filterKept(
  prediction: Prediction,
  settings: SamplingSettings,
  vocabularySize: number,
): KeptDistribution | null {
  const { topIds: ids, topLogprobsNats: logprobs } = prediction;
  const { temperature, topK, topP, minP } = settings;
  const margin = MARGIN_AT_TEMPERATURE_1 / Math.min(1, temperature || 1);
  if (temperature === 0) return greedyKept(ids, vocabularySize, margin);
  const most = logprobs[0] ?? 0;
  const weights = Float64Array.from(logprobs, (logprob) =>
    Math.exp((logprob - most) / temperature),
  );
  const counts = { possible: vocabularySize, temperature: vocabularySize };
  const allowed = topK === 0 ? vocabularySize : Math.min(topK, vocabularySize);
  if (allowed <= ids.length) {
    const prefix = weights.subarray(0, allowed);
    if (isDoubtful(prefix, settings, margin)) return null;
    const kept = filterRanked(prefix, settings);
    const cuts = { ...counts, topK: allowed, topP: kept.topP, minP: kept.minP };
    return { ids: ids.slice(0, kept.minP), probs: kept.probs, isWhole: true, cuts, margin };
  }
  if (allowed < vocabularySize) return null; // the mass that top-k leaves is not known
  if (topP < 1) {
    if (temperature !== 1) return null; // nor is the mass at another temperature
    return keptByTopP(prediction, settings, { counts, margin });
  }
  if (minP > 0) return keptByMinP(ids, weights, { minP, counts, margin });
  if (temperature !== 1) return null;
  const cuts = { ...counts, topK: allowed, topP: allowed, minP: allowed };
  return { ids, probs: Float64Array.from(logprobs, Math.exp), isWhole: false, cuts, margin };
}

/** The token that a draw in [0, 1) hits among the kept ones, or null where it falls beyond them or too near an edge to tell. */
export function keptToken(kept: KeptDistribution, draw: number): TokenId | null {
  const { ids, probs, isWhole, margin } = kept;
  let from = 0;
  for (let i = 0; i < ids.length; i += 1) {
    const isFirst = i === 0;
    const isLast = isWhole && i === ids.length - 1;
    const to = from + (probs[i] ?? 0);
    if (draw < to || isLast) {
      const isClear = (isFirst || draw - from >= margin) && (isLast || to - draw >= margin);
      return isClear ? tokenId(ids[i] ?? 0) : null;
    }
    from = to;
  }
  return null;
}

interface KnownCounts {
  readonly counts: Pick<Cuts, "possible" | "temperature">;
  readonly margin: number;
}

function greedyKept(ids: Int32Array, possible: number, margin: number): KeptDistribution {
  const cuts = { possible, temperature: 1, topK: 1, topP: 1, minP: 1 };
  return { ids: ids.slice(0, 1), probs: Float64Array.of(1), isWhole: true, cuts, margin };
}

function keptByTopP(
  prediction: Prediction,
  settings: SamplingSettings,
  { counts, margin }: KnownCounts,
): KeptDistribution | null {
  const probs = Float64Array.from(prediction.topLogprobsNats, Math.exp);
  let cumulative = 0;
  const last = probs.findIndex((p) => {
    cumulative += p;
    return cumulative >= settings.topP - margin;
  });
  // Whether this row or the next is the last one is beyond doubt only when the sum is clearly above, and was clearly below before it.
  if (last < 0 || cumulative < settings.topP + margin) return null;
  const prefix = probs.subarray(0, last + 1);
  if (isDoubtful(prefix, { topP: 1, minP: settings.minP }, margin)) return null;
  const kept = filterRanked(prefix, { topP: 1, minP: settings.minP });
  const cuts = { ...counts, topK: counts.possible, topP: last + 1, minP: kept.minP };
  const ids = prediction.topIds.slice(0, kept.minP);
  return { ids, probs: kept.probs, isWhole: true, cuts, margin };
}

// A ratio to the most likely token needs no total: min-p alone is determined at any temperature once it cuts inside the list.
function keptByMinP(
  ids: Int32Array,
  weights: Float64Array,
  { minP, counts, margin }: KnownCounts & { readonly minP: number },
): KeptDistribution | null {
  if (isDoubtful(weights, { topP: 1, minP }, margin)) return null;
  const kept = filterRanked(weights, { topP: 1, minP });
  if (kept.minP === ids.length) return null; // the next token might stay too
  const all = counts.possible;
  const cuts = { ...counts, topK: all, topP: all, minP: kept.minP };
  return { ids: ids.slice(0, kept.minP), probs: kept.probs, isWhole: true, cuts, margin };
}

// True where a sum lies within the margin of top-p, or a ratio to the largest within the margin of min-p.
function isDoubtful(
  weights: Float64Array,
  { topP, minP }: Pick<SamplingSettings, "topP" | "minP">,
  margin: number,
): boolean {
  const largest = weights[0] ?? 0;
  let total = 0;
  for (const weight of weights) total += weight;
  let cumulative = 0;
  return weights.some((weight, i) => {
    cumulative += weight / total;
    const isLast = i === weights.length - 1; // its sum is 1, exactly
    if (topP < 1 && !isLast && Math.abs(cumulative - topP) < margin) return true;
    return minP > 0 && i > 0 && Math.abs(weight / largest - minP) < margin * minP;
  });
}
