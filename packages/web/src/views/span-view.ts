// A span in full: its figures, the sum that gives them, reference points beside them, and another span to compare with.

import {
  formatBits,
  formatCount,
  formatPerplexity,
  formatProbability,
  formatSpanRange,
  NO_VALUE,
  type PieceSegment,
  pieceGlyphs,
  type SpanMeasures,
  spanMeasures,
  spanSum,
  type Vocabulary,
} from "@tokenscope/core";
import type { AppState } from "../store/state.ts";
import type { HeldSpan } from "../store/surprise.ts";
import { activeDocumentPath } from "./path.ts";
import { isOff, roundedWords } from "./rounded-sum.ts";
import { type ScoredNodeRow, scoredRows } from "./scored-rows.ts";
import { bitsOf, LONGEST_SUM, shownSpan } from "./span-bar.ts";

/** A term of the sum: −log₂ p of one token. */
interface SumTerm {
  readonly position: number;
  readonly segments: readonly PieceSegment[];
  readonly p: string;
  readonly bits: string;
}

/** A span with its name and its first tokens. */
export interface SpanHead {
  readonly name: string; // "A", "B", or empty where there is no other
  readonly range: string; // "44–48"
  readonly segments: readonly PieceSegment[];
  readonly isCutShort: boolean;
}

/** A figure of the spans; difference and ratio are of B to A, empty where they say nothing. */
export interface ComparedFigure {
  readonly label: string;
  readonly a: string | null;
  readonly b: string;
  readonly difference: string;
  readonly ratio: string;
}

/** A mark on the scale of bits per token, 0 to 1 from the left. */
export interface ScaleMark {
  readonly label: string;
  readonly bits: string;
  readonly at: number;
  readonly kind: "reference" | "a" | "b";
}

export interface SpanView {
  readonly isReply: boolean;
  readonly a: SpanHead | null;
  readonly b: SpanHead;
  readonly figures: readonly ComparedFigure[];
  /** B's sum written out; null where it is too long or nothing of it is scored. */
  readonly sum: {
    readonly terms: readonly SumTerm[];
    readonly total: string;
    readonly p: string;
  } | null;
  readonly marks: readonly ScaleMark[];
  /** What the figures leave out, and why there is no sum; empty where nothing. */
  readonly notes: readonly string[];
}

type SpanInputs = Pick<AppState, "history" | "scores" | "vocabulary" | "span" | "heldSpan">;

const HEAD_TOKENS = 8; // enough to know a span again
const SCALE_BITS = 16; // the end of the scale, as of the bars under the tokens; more stand at its end

/** The view of the span shown, or of the reply, beside the one held; null where there is neither. */
export function spanView(state: SpanInputs): SpanView | null {
  const { scores, vocabulary, span } = state;
  const path = activeDocumentPath(state.history.present);
  const shown = shownSpan(path, span);
  if (shown === null) return null;
  const rows = scoredRows(path, scores, { start: shown.from, end: shown.to + 1 });
  const heldRows = rowsOfHeld(state.heldSpan, state);
  const b = spanMeasures(rows, vocabulary);
  const a = heldRows === null ? null : spanMeasures(heldRows, vocabulary);
  const isLong = rows.length > LONGEST_SUM;
  const unscored = b.unscoredTokens + (a?.unscoredTokens ?? 0);
  return {
    isReply: span === null,
    a: heldRows === null ? null : headOf("A", heldRows, vocabulary),
    b: headOf(heldRows === null ? "" : "B", rows, vocabulary),
    figures: FIGURES.map((figure) => compared(figure, a, b)),
    sum: isLong || b.scoredTokens === 0 ? null : writtenSum(rows, b, vocabulary),
    marks: scaleMarks(a, b, vocabulary),
    notes: [
      ...(isLong ? [`The sum is written out for spans of up to ${LONGEST_SUM} tokens.`] : []),
      ...(a !== null && isDifferenceOff(a, b)
        ? ["Differences and ratios are taken before rounding."]
        : []),
      ...(unscored > 0 ? [`${formatCount(unscored)} unscored, not counted.`] : []),
    ],
  };
}

/** The rows of the held span; null where none is held, or where its tokens are not in the document any more. */
function rowsOfHeld(
  held: HeldSpan | null,
  { history, scores }: Pick<SpanInputs, "history" | "scores">,
): readonly ScoredNodeRow[] | null {
  if (held === null) return null;
  const { nodes } = history.present;
  if (!held.ids.every((id, i) => nodes[id] === held.nodes[i])) return null;
  return held.nodes.map((node, i) => {
    const id = held.ids[i];
    return { id: node.id, node, score: (id === undefined ? null : scores.get(id)?.score) ?? null };
  });
}

function headOf(name: string, rows: readonly ScoredNodeRow[], vocabulary: Vocabulary): SpanHead {
  const first = rows[0]?.node.position ?? 0;
  const last = rows.at(-1)?.node.position ?? first;
  const shown = rows.slice(0, HEAD_TOKENS);
  return {
    name,
    range: formatSpanRange(first, last),
    segments: shown.flatMap(({ id }) => pieceGlyphs(vocabulary.bytes(id))),
    isCutShort: shown.length < rows.length,
  };
}

interface Figure {
  readonly label: string;
  readonly of: (measures: SpanMeasures) => number | null;
  readonly format: (value: number) => string;
}

const FIGURES: readonly Figure[] = [
  { label: "tokens", of: (m) => m.scoredTokens, format: formatCount },
  { label: "total bits", of: totalBits, format: formatBits },
  { label: "bits per token", of: (m) => m.bitsPerToken, format: formatBits },
  { label: "bits per byte", of: (m) => m.bitsPerByte, format: formatBits },
  { label: "perplexity", of: (m) => m.perplexity, format: formatPerplexity },
];

function totalBits({ scoredTokens, totalBits: bits }: SpanMeasures): number | null {
  return scoredTokens === 0 ? null : bits;
}

function compared(figure: Figure, a: SpanMeasures | null, b: SpanMeasures): ComparedFigure {
  const { label, of, format } = figure;
  const write = (value: number | null): string => (value === null ? NO_VALUE : format(value));
  const before = a === null ? null : of(a);
  const now = of(b);
  const isBoth = before !== null && now !== null;
  return {
    label,
    a: a === null ? null : write(before),
    b: write(now),
    difference: isBoth ? signed(now - before, format) : "",
    ratio: isBoth && before > 0 ? `${formatBits(now / before)} ×` : "",
  };
}

/** True where a difference is not that of the figures as they are written. */
function isDifferenceOff(a: SpanMeasures, b: SpanMeasures): boolean {
  return FIGURES.some(({ of }) => {
    const [before, now] = [of(a), of(b)];
    return before !== null && now !== null && isOff([before, now - before], now);
  });
}

/** Example: -1.2 -> "−1.20", with a true minus sign. */
function signed(value: number, format: (value: number) => string): string {
  const text = format(Math.abs(value));
  return value < 0 ? `−${text}` : value > 0 ? `+${text}` : text;
}

function writtenSum(
  rows: readonly ScoredNodeRow[],
  measures: SpanMeasures,
  vocabulary: Vocabulary,
): NonNullable<SpanView["sum"]> {
  const sum = spanSum(rows);
  const terms = sum.map(({ index, id, bits }) => ({
    position: rows[index]?.node.position ?? 0,
    segments: pieceGlyphs(vocabulary.bytes(id)),
    p: formatProbability(2 ** -bits),
    bits: formatBits(bits),
  }));
  const p = formatProbability(2 ** -measures.totalBits);
  const rounded = roundedWords(bitsOf(sum), measures.totalBits);
  return { terms, total: `${formatBits(measures.totalBits)} bits${rounded}`, p };
}

function scaleMarks(
  a: SpanMeasures | null,
  b: SpanMeasures,
  vocabulary: Vocabulary,
): readonly ScaleMark[] {
  const references: readonly (readonly [string, number])[] = [
    ["near-certain", 0.01], // p = 0.993
    ["coin", 1],
    ["die", Math.log2(6)],
    ["letter of 26", Math.log2(26)],
    [`one of ${formatCount(vocabulary.size)}`, Math.log2(Math.max(1, vocabulary.size))],
  ];
  const own: readonly (readonly ["a" | "b", number | null])[] = [
    ["a", a?.bitsPerToken ?? null],
    ["b", b.bitsPerToken],
  ];
  const isAlone = a === null;
  return [
    ...references.map(([label, bits]) => markAt(label, bits, "reference")),
    ...own.flatMap(([kind, bits]) => {
      const name = kind === "a" ? "A" : isAlone ? "this span" : "B";
      return bits === null ? [] : [markAt(name, bits, kind)];
    }),
  ];
}

/** The scale is that of the bars: the root of bits / 16. */
function markAt(label: string, bits: number, kind: ScaleMark["kind"]): ScaleMark {
  const at = Math.sqrt(Math.min(bits, SCALE_BITS) / SCALE_BITS);
  return { label, bits: formatBits(bits), at, kind };
}
