// What the settings do to a distribution, and how a draw picks from it. Randomness is an argument; knows no text.

import { EngineError } from "./errors.ts";
import { maxLogit } from "./logits.ts";
import { type Logits, rankOrder, topCandidates } from "./rank-order.ts";
import type { SamplingSettings } from "./settings.ts";

/** The filter that took a token out. */
export type CutBy = "temperature" | "top-k" | "top-p" | "min-p";

/** How many tokens are left after each step. Invariant: every step keeps a prefix of the order of rank, so five counts describe all cuts. */
export interface Cuts {
  readonly possible: number; // tokens whose logit is not -Infinity
  readonly temperature: number; // 1 at temperature 0
  readonly topK: number;
  readonly topP: number;
  readonly minP: number;
}

/** The tokens that the settings keep, in order of rank, with probabilities that sum to 1. */
export interface FilteredDistribution {
  readonly ids: Int32Array; // [n]
  readonly probs: Float64Array; // [n]
  readonly cuts: Cuts;
}

const TOP_P_SLACK = 1e-12; // mass added up in floats may fall this short of an exact sum

/** Temperature, top-k, top-p, min-p over logits [V], renormalised after every step, ties by lower id. Example: [ln 2, 0], temperature 1 -> 2/3, 1/3. Throws EngineError where no logit is finite. */
export function applySettings(logits: Logits, settings: SamplingSettings): FilteredDistribution {
  const possible = possibleCount(logits);
  const { temperature, topK } = settings;
  if (temperature === 0) {
    const cuts = { possible, temperature: 1, topK: 1, topP: 1, minP: 1 };
    return { ids: topCandidates(logits, 1), probs: Float64Array.of(1), cuts };
  }
  const keptByTopK = topK === 0 ? possible : Math.min(topK, possible);
  const order = keptByTopK < possible ? topCandidates(logits, keptByTopK) : rankOrder(logits);
  const ids = order.subarray(0, keptByTopK); // masked tokens are last in rank
  const { probs, topP, minP } = filterRanked(rankedWeights(logits, ids, temperature), settings);
  const cuts = { possible, temperature: possible, topK: keptByTopK, topP, minP };
  return { ids: ids.slice(0, minP), probs, cuts };
}

/** Top-p and min-p over weights in order of rank that need not sum to 1. Example: [4, 3, 2], topP 0.5 -> 4/9 + 3/9 reach it, 2 kept. */
export function filterRanked(
  weights: Float64Array,
  settings: Pick<SamplingSettings, "topP" | "minP">,
): { readonly probs: Float64Array; readonly topP: number; readonly minP: number } {
  let probs = normalised(weights);
  if (settings.topP < 1) probs = normalised(probs.subarray(0, topPCount(probs, settings.topP)));
  const topP = probs.length;
  if (settings.minP > 0) {
    const least = settings.minP * (probs[0] ?? 0);
    const firstBelow = probs.findIndex((p) => p < least);
    if (firstBelow >= 0) probs = normalised(probs.subarray(0, firstBelow));
  }
  return { probs, topP, minP: probs.length };
}

/** Which filter cut the token at this place in the order of rank (from 0), or null where it stays or was never possible. */
export function cutBy(cuts: Cuts, rankIndex: number): CutBy | null {
  if (rankIndex >= cuts.possible) return null;
  if (rankIndex >= cuts.temperature) return "temperature";
  if (rankIndex >= cuts.topK) return "top-k";
  if (rankIndex >= cuts.topP) return "top-p";
  return rankIndex >= cuts.minP ? "min-p" : null;
}

/** The first index whose cumulative sum is above the draw in [0, 1); the last possible one where rounding leaves the total below it. Example: [0.5, 0.5], 0.5 -> 1. */
export function sampleIndex(probs: ArrayLike<number>, draw: number): number {
  if (!(draw >= 0 && draw < 1)) {
    throw new RangeError(`sampleIndex: a draw is in [0, 1), not ${draw}`);
  }
  let cumulative = 0;
  let lastPossible = -1;
  for (let i = 0; i < probs.length; i += 1) {
    const p = probs[i] ?? 0;
    if (p > 0) lastPossible = i;
    cumulative += p;
    if (p > 0 && cumulative > draw) return i;
  }
  if (lastPossible < 0) throw new RangeError("sampleIndex: no entry has a probability above 0");
  return lastPossible;
}

function possibleCount(logits: Logits): number {
  let possible = 0;
  let sum = 0;
  for (const logit of logits) {
    if (logit !== Number.NEGATIVE_INFINITY) {
      possible += 1;
      sum += logit * 0; // NaN once a logit is NaN or +Infinity
    }
  }
  if (possible > 0 && sum === 0) return possible;
  throw new EngineError(
    `the model's ${logits.length} logits are no distribution (largest: ${maxLogit(logits)}, possible tokens: ${possible}); load the model again or choose another precision`,
  );
}

function topPCount(probs: Float64Array, topP: number): number {
  let cumulative = 0;
  for (let i = 0; i < probs.length; i += 1) {
    cumulative += probs[i] ?? 0;
    if (cumulative >= topP - TOP_P_SLACK) return i + 1;
  }
  return probs.length;
}

// exp(logit / temperature) relative to the first id's, [n]. Loops here and below: Float64Array.from with a function takes ten times as long at V = 49,152.
function rankedWeights(logits: Logits, ids: Int32Array, temperature: number): Float64Array {
  const weights = new Float64Array(ids.length);
  const max = logits[ids[0] ?? 0] ?? 0;
  for (let i = 0; i < ids.length; i += 1) {
    weights[i] = Math.exp(((logits[ids[i] ?? 0] ?? 0) - max) / temperature);
  }
  return weights;
}

function normalised(weights: Float64Array): Float64Array {
  let total = 0;
  for (let i = 0; i < weights.length; i += 1) total += weights[i] ?? 0;
  const probs = new Float64Array(weights.length);
  for (let i = 0; i < weights.length; i += 1) probs[i] = (weights[i] ?? 0) / total;
  return probs;
}
