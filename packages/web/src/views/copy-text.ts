// What "Copy as text" writes: the candidate list, and a span with its sum, for handing in.

import type { PieceSegment } from "@tokenscope/core";
import type { CandidateRow, CandidateTable } from "./candidates.ts";
import type { PositionHeader } from "./position-header.ts";
import type { SpanBar } from "./span-bar.ts";

/** The first ten candidates, the token that came, and the rest; they add up to 1. */
export function candidatesText(header: PositionHeader, table: CandidateTable): string {
  const { rows, rest } = table.copied;
  return [
    `${header.title}, after …${plain(header.context)}`,
    table.isAfter ? "rank  token  raw p  bits  after settings" : "rank  token  p  bits",
    ...rows.map((row) => columns(row, table.isAfter)),
    `${rest.label}  ${rest.percent}`,
    "",
  ].join("\n");
}

/** A span's figures, and its sum where it is written out. */
export function spanText(bar: SpanBar): string {
  const figures = [bar.range, ...bar.measures].map(({ label, value }) => `${label} ${value}`);
  const extremes = [
    bar.most === null ? [] : [`most surprised ${plain(bar.most.segments)} ${bar.most.bits}`],
    bar.least === null ? [] : [`least surprised ${plain(bar.least.segments)} ${bar.least.bits}`],
  ].flat();
  const sum = bar.sum === null ? [] : [sumText(bar.sum)];
  const left = bar.leftOut === "" ? [] : [bar.leftOut];
  return [[...figures, ...extremes, ...left].join(", "), ...sum, ""].join("\n");
}

/** Segments as one string, glyphs and all. Example: glyph "·", text "a" -> "·a". */
export function plain(segments: readonly PieceSegment[]): string {
  return segments.map((segment) => segment.text).join("");
}

function sumText(sum: NonNullable<SpanBar["sum"]>): string {
  const terms = sum.terms.map((term) => `${plain(term.segments)} ${term.bits}`);
  return `${terms.join(" + ")} = ${sum.total}`;
}

function columns(row: CandidateRow, isAfter: boolean): string {
  const cells = [row.rank, plain(row.segments), row.percent, row.bits];
  if (isAfter && row.after !== null) cells.push(row.after.text);
  if (row.isActual) cells.push("(the token that came)");
  return cells.join("  ");
}
