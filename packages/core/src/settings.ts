// Sampling settings and their defaults; what they do to a distribution is in sampling.ts.

/** Applied in this order: temperature, top-k, top-p, min-p; renormalised after every step. */
export interface SamplingSettings {
  readonly temperature: number; // 0 is greedy
  readonly topK: number; // 0 is off
  readonly topP: number; // 1 is off
  readonly minP: number; // 0 is off
}

/** Greedy, no filters: the default everywhere but on OpenAI's routes. */
export const GREEDY: SamplingSettings = { temperature: 0, topK: 0, topP: 1, minP: 0 };

/** The model's own distribution: what a draw in the raw view uses. */
export const RAW: SamplingSettings = { temperature: 1, topK: 0, topP: 1, minP: 0 };
