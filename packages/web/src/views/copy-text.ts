// What "Copy as text" writes: the candidate list, and a span with its sum, for handing in.

import type { PieceSegment } from "@tokenscope/core";
import type { AppState } from "../store/state.ts";
import type { CandidateRow, CandidateTable } from "./candidates.ts";
import type { PositionHeader } from "./position-header.ts";
import type { SpanBar } from "./span-bar.ts";

/** The first ten candidates, the token that came, and the rest; they add up to 1. */
export function candidatesText(
  header: PositionHeader,
  table: CandidateTable,
  conditions: string,
): string {
  const { rows, rest } = table.copied;
  return [
    `${header.title}, after …${plain(header.context)}`,
    table.isAfter ? "rank  token  raw p  bits  after settings" : "rank  token  p  bits",
    ...rows.map((row) => columns(row, table.isAfter)),
    `${rest.label}  ${rest.percent}`,
    conditions,
    "",
  ].join("\n");
}

/** A span's figures, and its sum where it is written out. */
export function spanText(bar: SpanBar, conditions: string): string {
  const figures = [bar.range, ...bar.measures].map(({ label, value }) => `${label} ${value}`);
  const extremes = [
    bar.most === null ? [] : [`most surprised ${plain(bar.most.segments)} ${bar.most.bits}`],
    bar.least === null ? [] : [`least surprised ${plain(bar.least.segments)} ${bar.least.bits}`],
  ].flat();
  const sum = bar.sum === null ? [] : [sumText(bar.sum)];
  const left = bar.leftOut === "" ? [] : [bar.leftOut];
  return [[...figures, ...extremes, ...left].join(", "), ...sum, conditions, ""].join("\n");
}

/** Under what conditions the numbers hold. Example: "SmolLM2-135M-Instruct Q4_1, compact, WASM; bits raw, T = 1, first token unscored". */
export function conditionsText(
  state: Pick<AppState, "model" | "isRecording" | "view" | "settings" | "seed">,
): string {
  const { model, isRecording, view, settings, seed } = state;
  const parts: string[] = [];
  if (model.kind === "ready") {
    const { quantization, precision, backend, sha256 } = model.loaded.identity;
    parts.push(
      `${model.loaded.label} ${quantization} (sha256 ${sha256.slice(0, 12)}), ${precision}, ${backend}`,
    );
  } else if (isRecording) parts.push("recorded example, exact");
  parts.push("bits raw, T = 1, first token unscored");
  if (view === "after") {
    const { temperature, topK, topP, minP } = settings;
    parts.push(`after T ${temperature}, top-k ${topK}, top-p ${topP}, min-p ${minP}; seed ${seed}`);
  }
  return parts.join("; ");
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
