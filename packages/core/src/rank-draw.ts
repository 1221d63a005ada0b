// The token that a draw hits in the order of rank, where no filter cuts: without putting all V tokens in order. Knows no settings but the temperature.

import { maxLogit } from "./logits.ts";
import type { Logits } from "./rank-order.ts";

const BUCKETS_PER_NAT = 16; // of logit / temperature: a few hundred tokens of a usual distribution each
const BUCKETS = 1_024; // 64 nats; what is less likely than e^-64 of the best shares the last one

/** The id where the cumulative sum of softmax(logits / temperature), by logit and then lower id, is first above the draw in [0, 1): what applySettings and sampleIndex give. Null where the logits are no distribution. Example: [0, ln 3], temperature 1, draw 0.7 -> 1, draw 0.8 -> 0. */
export function rankDraw(logits: Logits, temperature: number, draw: number): number | null {
  const max = maxLogit(logits);
  const weights = new Float64Array(logits.length);
  const masses = new Float64Array(BUCKETS);
  let total = 0;
  for (let id = 0; id < logits.length; id += 1) {
    const weight = Math.exp(((logits[id] ?? 0) - max) / temperature);
    weights[id] = weight;
    total += weight;
    if (!(weight > 0)) continue;
    const bucket = bucketOf(logits[id] ?? 0, max, temperature);
    masses[bucket] = (masses[bucket] ?? 0) + weight;
  }
  if (!(total > 0 && Number.isFinite(total))) return null;
  const target = draw * total;
  const { bucket, before } = bucketAt(masses, target);
  const ids: number[] = [];
  for (let id = 0; id < logits.length; id += 1) {
    const logit = logits[id] ?? 0;
    if ((weights[id] ?? 0) > 0 && bucketOf(logit, max, temperature) === bucket) ids.push(id);
  }
  ids.sort((a, b) => (logits[b] ?? 0) - (logits[a] ?? 0) || a - b);
  let cumulative = before;
  for (const id of ids) {
    cumulative += weights[id] ?? 0;
    if (cumulative > target) return id;
  }
  return ids.at(-1) ?? null; // rounding left the sum below the target
}

function bucketOf(logit: number, max: number, temperature: number): number {
  return Math.min(BUCKETS - 1, Math.floor(((max - logit) / temperature) * BUCKETS_PER_NAT));
}

/** The bucket in which the sum is first above the target, else the last one that has any mass; and the mass of those before it. */
function bucketAt(masses: Float64Array, target: number) {
  let found = { bucket: 0, before: 0 };
  let cumulative = 0;
  for (const [bucket, mass] of masses.entries()) {
    if (mass === 0) continue;
    found = { bucket, before: cumulative };
    cumulative += mass;
    if (cumulative > target) break;
  }
  return found;
}
