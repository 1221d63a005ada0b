// Tables for a terminal: columns as wide as their widest cell, numbers to the right.

import { pieceGlyphs } from "@tokenscope/core";

/** A column's heading and side. */
export interface Column {
  readonly heading: string;
  readonly isNumber?: boolean;
}

/** Lines of a table. The last column is not padded. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const headings = columns.map(({ heading }) => heading);
  const widths = columns.map((_, i) =>
    [headings, ...rows].reduce((widest, row) => Math.max(widest, width(row[i] ?? "")), 0),
  );
  return [headings, ...rows].map((row) =>
    columns
      .map(({ isNumber }, i) => {
        const cell = row[i] ?? "";
        const padding = " ".repeat((widths[i] ?? 0) - width(cell));
        return isNumber ? padding + cell : cell + padding;
      })
      .join("  ")
      .trimEnd(),
  );
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Cells that a text takes on a terminal: two for wide characters, none for marks. */
function width(text: string): number {
  let cells = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    cells += WIDE.test(character) ? 2 : 1;
  }
  return cells;
}

/** A piece as one visible string. */
export function glyphs(bytes: Uint8Array): string {
  return pieceGlyphs(bytes)
    .map(({ text }) => text)
    .join("");
}
