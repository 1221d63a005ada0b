// `generate --trace` for people: a line a step, with the draw, the token, its raw numbers and what it was chosen from.

import {
  bitsFromNats,
  formatBits,
  formatCount,
  formatDraw,
  formatPercent,
  type GeneratedStepJson,
  RAW,
  type SamplingSettings,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import { glyphs } from "./table.ts";

const SHOWN = 5; // candidates that fit a line; --json has more
const COLUMNS = "position    draw  token            probability   bits  rank  most likely";

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

/** One step; the token's own numbers are n/a where the step's list does not hold it. */
export function traceLine(step: GeneratedStepJson, vocabulary: Vocabulary): string {
  const piece = (id: number): string => glyphs(vocabulary.bytes(tokenId(id)));
  const shown = step.top.slice(0, SHOWN);
  const listed = shown.reduce((sum, { logprobNats }) => sum + Math.exp(logprobNats), 0);
  const candidates = [
    ...shown.map(({ id, logprobNats }) => `${piece(id)} ${formatPercent(Math.exp(logprobNats))}`),
    `rest ${formatPercent(Math.max(0, 1 - listed))}`,
  ];
  const chosen = step.top.find(({ id }) => id === step.id)?.logprobNats ?? null;
  const rank =
    chosen === null ? null : 1 + step.top.filter(({ logprobNats }) => logprobNats > chosen).length;
  return [
    String(step.position).padStart(8),
    (step.draw === null ? "greedy" : formatDraw(step.draw)).padStart(6),
    piece(step.id).padEnd(15),
    (chosen === null ? "n/a" : formatPercent(Math.exp(chosen))).padStart(11),
    formatBits(chosen === null ? null : bitsFromNats(0 - chosen)).padStart(5),
    formatCount(rank).padStart(4),
    ...candidates,
  ].join("  ");
}
