// `generate --trace` for people: a line a step, with the draw, the token and what it was chosen from.

import {
  formatDraw,
  formatPercent,
  type GeneratedStepJson,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import { glyphs } from "./table.ts";

const SHOWN = 5; // candidates that fit a line; --json has more

/** What the columns of a trace are. */
export const TRACE_HEADING = "position    draw  token            most likely (raw)";

/** One step. */
export function traceLine(step: GeneratedStepJson, vocabulary: Vocabulary): string {
  const piece = (id: number): string => glyphs(vocabulary.bytes(tokenId(id)));
  const shown = step.top.slice(0, SHOWN);
  const listed = shown.reduce((sum, { logprobNats }) => sum + Math.exp(logprobNats), 0);
  const candidates = [
    ...shown.map(({ id, logprobNats }) => `${piece(id)} ${formatPercent(Math.exp(logprobNats))}`),
    `rest ${formatPercent(Math.max(0, 1 - listed))}`,
  ];
  const position = String(step.position).padStart(8);
  const draw = (step.draw === null ? "greedy" : formatDraw(step.draw)).padStart(6);
  return `${position}  ${draw}  ${piece(step.id).padEnd(15)}  ${candidates.join("  ")}`;
}
