// The span bar: what the selected span, or without one the reply, costs together.

import {
  formatBits,
  formatCount,
  formatPerplexity,
  formatSpanRange,
  isCounted,
  type PieceSegment,
  pieceGlyphs,
  type SpanTerm,
  spanMeasures,
  spanSum,
  type Vocabulary,
} from "@tokenscope/core";
import type { Span } from "../store/state.ts";
import { type DocumentPath, replyTurn, type Scores } from "./path.ts";
import type { Measure } from "./position-header.ts";
import { roundedWords } from "./rounded-sum.ts";
import { type ScoredNodeRow, scoredRows } from "./scored-rows.ts";
import { countOf } from "./strip.ts";

/** A token with its bits, as a term of a sum or as the most surprised. */
export interface BitsOfToken {
  readonly position: number;
  readonly segments: readonly PieceSegment[];
  readonly bits: string;
}

export interface SpanBar {
  readonly isSelected: boolean;
  readonly range: Measure;
  readonly measures: readonly Measure[];
  readonly most: BitsOfToken | null;
  readonly least: BitsOfToken | null;
  /** The sum written out, up to 12 tokens; null beyond. */
  readonly sum: { readonly terms: readonly BitsOfToken[]; readonly total: string } | null;
  /** One line under the numbers of a span that is too long for a sum; empty without one. */
  readonly sentence: string;
  /** Tokens that are shown with their bits and left out of the total. */
  readonly leftOut: string;
}

/** Tokens of the longest sum that is written out: a longer one does not fit and nobody adds it up. */
export const LONGEST_SUM = 12;

/** The bar of a span, or of the reply; null where there is neither. */
export function spanBar(
  path: DocumentPath,
  scores: Scores,
  span: Span | null,
  vocabulary: Vocabulary,
): SpanBar | null {
  const shown = shownSpan(path, span);
  const rows = shown === null ? [] : spanRows(path, scores, shown);
  if (rows.length === 0) return null;
  const figures = spanMeasures(rows, vocabulary);
  const token = (term: SpanTerm): BitsOfToken => ({
    position: rows[term.index]?.node.position ?? 0,
    segments: pieceGlyphs(vocabulary.bytes(term.id)),
    bits: formatBits(term.bits),
  });
  const total = figures.scoredTokens === 0 ? null : figures.totalBits;
  const isSummed = span !== null && rows.length <= LONGEST_SUM && total !== null;
  const sum = spanSum(rows);
  const rounded = roundedWords(bitsOf(sum), figures.totalBits);
  const first = rows[0]?.node.position ?? 0;
  const last = rows.at(-1)?.node.position ?? first;
  return {
    isSelected: span !== null,
    range: {
      label: span === null ? "Reply" : "Selected span",
      value: formatSpanRange(first, last),
      unit: "",
    },
    measures: [
      { label: "tokens", value: formatCount(figures.scoredTokens), unit: "" },
      { label: "total bits", value: formatBits(total), unit: "" },
      { label: "bits per token", value: formatBits(figures.bitsPerToken), unit: "" },
      { label: "bits per byte", value: formatBits(figures.bitsPerByte), unit: "" },
      { label: "perplexity", value: formatPerplexity(figures.perplexity), unit: "" },
    ],
    most: figures.mostSurprising && token(figures.mostSurprising),
    least: figures.leastSurprising && token(figures.leastSurprising),
    sum: isSummed ? { terms: sum.map(token), total: `${formatBits(total)} bits${rounded}` } : null,
    sentence: span === null ? "" : "Perplexity is 2 to the power of bits per token.",
    leftOut: leftOut(figures.unscoredTokens, span === null ? markersOf(path) : 0),
  };
}

/** The bits of the terms that have any. */
export function bitsOf(terms: readonly SpanTerm[]): readonly number[] {
  return terms.flatMap(({ bits }) => bits ?? []);
}

/** The span selected, or the counted tokens of the reply; null where there is neither. */
export function shownSpan(path: DocumentPath, span: Span | null): Span | null {
  if (span !== null) return span;
  const reply = replyTurn(path);
  if (reply === undefined) return null;
  const counted = path.nodes.slice(reply.start, reply.end).filter(isCounted);
  const [first, last] = [counted[0], counted.at(-1)];
  return first && last ? { from: first.position, to: last.position } : null;
}

/** How a span is selected, with a mouse or keys, and with a finger. */
export const HOW_TO_SELECT = {
  desktop: "Drag over tokens, or hold Shift and press an arrow key, to add up a span.",
  phone: "Press a token long, then tap another, to add up the span between them.",
} as const;

/** Words of the bar where there is neither a reply nor a span. */
export const NO_REPLY =
  "No reply yet. Totals for the reply, or for any span you select, appear here.";

function spanRows(path: DocumentPath, scores: Scores, span: Span): readonly ScoredNodeRow[] {
  return scoredRows(path, scores, { start: span.from, end: span.to + 1 });
}

/** Tokens after the reply that End turn wrote. */
function markersOf(path: DocumentPath): number {
  const reply = replyTurn(path);
  if (reply === undefined) return 0;
  return path.nodes.slice(reply.contentStart, reply.end).filter((node) => !isCounted(node)).length;
}

function leftOut(unscored: number, markers: number): string {
  const parts: string[] = [];
  if (markers > 0) parts.push(`+ ${countOf(markers, "marker")}`);
  if (unscored > 0) parts.push(`${countOf(unscored, "token")} unscored, not counted`);
  return parts.join(" · ");
}
