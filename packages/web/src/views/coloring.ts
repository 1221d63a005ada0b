// How the strip is coloured: a tint for each position, and the scale that the legend shows. Every scale is absolute, so two texts can be compared.

import {
  bitsFromNats,
  type ScoredToken,
  SURPRISE_CLASS_BITS,
  type SurpriseClass,
  scoreBits,
  surpriseHeight,
} from "@tokenscope/core";
import type { DocumentPath, Scores } from "./path.ts";

/** What the colour of a token stands for. Higher classes are darker and mean less expected, or less certain. */
export type ColorBy = "surprisal" | "probability" | "rank" | "entropy";

/** The wash of a token, class 0 to 6, and its bar as a share of the full height, which repeats it without colour. */
export interface Tint {
  readonly level: SurpriseClass;
  readonly height: number; // 0 to 1, continuous
}

/** A class as the legend shows it, with the bar of the value at which it begins. */
interface ScaleStep {
  readonly label: string;
  readonly height: number;
}

/** Something else drawn on the tokens for a while, in grey: amber is surprise. */
export interface Overlay {
  readonly title: string;
  readonly steps: readonly ScaleStep[]; // 7, from class 0
  /** By position; null or missing: nothing is known there. */
  readonly tints: readonly (Tint | null)[];
}

/** What the legend shows: the seven classes and their colours. */
export interface Scale {
  readonly ramp: "amber" | "grey";
  readonly title: string;
  readonly steps: readonly ScaleStep[];
}

/** What is drawn on the tokens: the overlay where there is one, else the measure. */
export interface Coloring {
  readonly colorBy: ColorBy;
  readonly overlay: Overlay | null;
}

/** What a token is coloured by: its own score, and the prediction that it was drawn from. */
interface Measured {
  readonly score: ScoredToken["score"];
  readonly entropyNats: number | null;
}

interface Measure {
  readonly title: string;
  readonly labels: readonly string[]; // 7
  /** Where each class begins, in the measure's own unit, the likelier first. */
  readonly from: readonly number[]; // 7
  readonly measured: (token: Measured) => number | null;
  readonly heightOf: (value: number) => number;
  /** Whether a value of this class or a later one lies at or behind where it begins. */
  readonly isFrom: (value: number, from: number) => boolean;
}

/** Of a token of which nothing is known. */
export const NO_TINT: Tint = { level: 0, height: 0 };
const LEVELS: readonly SurpriseClass[] = [0, 1, 2, 3, 4, 5, 6];
const LEAST_HEIGHT = 0.055; // the first class of a legend still has its line
const FULL_RANK = 10_000; // a bar is full here and capped above
const FULL_ENTROPY_BITS = 8; // as good as an even choice among 256 tokens
const isAtLeast = (value: number, from: number): boolean => value >= from;

// The classes of probability are round shares: above 90 % a token was all but certain, and from 1 % down each is a tenth or a fifth of
// the one before. Those of rank are the usual ones: first, second, top 5, 10, 100, 1,000. Those of entropy double from a quarter of a bit.
const MEASURES: Readonly<Record<ColorBy, Measure>> = {
  surprisal: {
    title: "bits of surprise",
    labels: ["0", "½", "1", "2", "4", "8", "16+"],
    from: SURPRISE_CLASS_BITS,
    measured: ({ score }) => scoreBits(score),
    heightOf: (bits) => surpriseHeight(bits) ?? 0,
    isFrom: isAtLeast,
  },
  probability: {
    title: "probability in %",
    labels: [">90", "≤90", "≤50", "≤20", "≤5", "≤1", "≤0.1"],
    from: [1, 0.9, 0.5, 0.2, 0.05, 0.01, 0.001],
    measured: ({ score }) => (score === null ? null : Math.exp(score.logprobNats)),
    heightOf: (p) => 1 - p,
    isFrom: (p, from) => p <= from,
  },
  rank: {
    title: "rank",
    labels: ["1", "2", "3", "6", "11", "101", "1,001+"],
    from: [1, 2, 3, 6, 11, 101, 1001],
    measured: ({ score }) => score?.rank ?? null,
    heightOf: (rank) => Math.min(1, Math.log(rank) / Math.log(FULL_RANK)),
    isFrom: isAtLeast,
  },
  entropy: {
    title: "bits of entropy",
    labels: ["0", "¼", "½", "1", "2", "4", "8+"],
    from: [0, 0.25, 0.5, 1, 2, 4, 8],
    measured: ({ entropyNats }) => (entropyNats === null ? null : bitsFromNats(entropyNats)),
    heightOf: (bits) => Math.sqrt(Math.min(1, Math.max(0, bits) / FULL_ENTROPY_BITS)),
    isFrom: isAtLeast,
  },
};

/** The measures in the order in which they are offered, with their names. */
export const COLOR_CHOICES: readonly { readonly by: ColorBy; readonly title: string }[] = (
  ["surprisal", "probability", "rank", "entropy"] as const
).map((by) => ({ by, title: MEASURES[by].title }));

/** The scale of a colouring. */
export function scaleOf({ colorBy, overlay }: Coloring): Scale {
  if (overlay !== null) return { ramp: "grey", title: overlay.title, steps: overlay.steps };
  const { title, labels, from, heightOf } = MEASURES[colorBy];
  const steps = labels.map((label, i) => ({
    label,
    height: Math.max(LEAST_HEIGHT, heightOf(from[i] ?? 0)),
  }));
  return { ramp: "amber", title, steps };
}

/** The tints of a path, by position. */
export function tintsOf(
  path: DocumentPath,
  scores: Scores,
  { colorBy, overlay }: Coloring,
): readonly Tint[] {
  return path.ids.map((id, position) => {
    if (overlay !== null) return overlay.tints[position] ?? NO_TINT;
    const before = path.ids[position - 1];
    const prediction = before === undefined ? undefined : scores.get(before)?.prediction;
    const score = scores.get(id)?.score ?? null;
    return tintOf(colorBy, { score, entropyNats: prediction?.entropyNats ?? null });
  });
}

/** The tint of one token. Example: 4 bits by surprisal -> class 4, half the height. */
export function tintOf(by: ColorBy, token: Measured): Tint {
  const { measured, heightOf, from, isFrom } = MEASURES[by];
  const value = measured(token);
  if (value === null) return NO_TINT;
  const level = LEVELS.findLast((at) => isFrom(value, from[at] ?? 0)) ?? 0;
  return { level, height: heightOf(value) };
}
