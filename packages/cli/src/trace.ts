// `generate --trace` for people: a line a step, with the draw, the token, its raw numbers and what it was chosen from.

import {
  formatBits,
  formatCount,
  formatDraw,
  formatPercent,
  type GeneratedStepJson,
  RAW,
  type SamplingSettings,
  scoreBits,
  type TokenScore,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import { glyphs } from "./table.ts";

const SHOWN = 5; // candidates that fit a line; --json has more
const COLUMNS = "position    draw  token            probability   bits    rank  most likely";

/** What the columns of a trace are, after the settings where they are not raw. */
export function traceHeading(settings: SamplingSettings): readonly string[] {
  const names = settingNames(settings);
  if (names.length === 0) return [COLUMNS];
  return [`chosen after settings: ${names.join(", ")}; the numbers below are raw`, COLUMNS];
}

function settingNames({ temperature, topK, topP, minP }: SamplingSettings): readonly string[] {
  const isGreedy = temperature === 0;
  return [
    ...(temperature === RAW.temperature ? [] : [`temperature ${temperature}`]),
    ...(isGreedy ? ["greedy"] : []),
    ...(topK === RAW.topK ? [] : [`top-k ${topK}`]),
    ...(topP === RAW.topP ? [] : [`top-p ${topP}`]),
    ...(minP === RAW.minP ? [] : [`min-p ${minP}`]),
  ];
}

/** One step, with the score of the token that it chose, which its list need not hold. */
export function traceLine(
  step: GeneratedStepJson,
  score: TokenScore | null,
  vocabulary: Vocabulary,
): string {
  const piece = (id: number): string => glyphs(vocabulary.bytes(tokenId(id)));
  const shown = step.top.slice(0, SHOWN);
  const listed = shown.reduce((sum, { logprobNats }) => sum + Math.exp(logprobNats), 0);
  const candidates = [
    ...shown.map(({ id, logprobNats }) => `${piece(id)} ${formatPercent(Math.exp(logprobNats))}`),
    `rest ${formatPercent(Math.max(0, 1 - listed))}`,
  ];
  return [
    String(step.position).padStart(8),
    (step.draw === null ? "greedy" : formatDraw(step.draw)).padStart(6),
    piece(step.id).padEnd(15),
    (score === null ? "n/a" : formatPercent(Math.exp(score.logprobNats))).padStart(11),
    formatBits(scoreBits(score)).padStart(5),
    formatCount(score?.rank ?? null).padStart(6),
    ...candidates,
  ].join("  ");
}
