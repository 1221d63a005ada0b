// Tables for a terminal: columns as wide as their widest cell, numbers to the right.

import { pieceGlyphs } from "@tokenscope/core";

/** A column's heading and side. */
export interface Column {
  readonly heading: string;
  readonly isNumber?: boolean;
  readonly paint?: (cell: string) => string; // adds no width
}

const GAP = "  ";

/** Lines of a table. The last column is not padded, and cut where a line would be wider than `most` cells. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  most = Number.POSITIVE_INFINITY,
): readonly string[] {
  const headings = columns.map(({ heading }) => heading);
  const widths = columns.map((_, i) =>
    [headings, ...rows].reduce((widest, row) => Math.max(widest, width(row[i] ?? "")), 0),
  );
  const before = widths.slice(0, -1).reduce((sum, cells) => sum + cells + GAP.length, 0);
  const room = Math.max(LEAST_ROOM, most - before);
  return [headings, ...rows].map((row, index) => {
    const last = columns.reduce((found, _, i) => ((row[i] ?? "") === "" ? found : i), 0);
    return columns
      .slice(0, last + 1)
      .map(({ isNumber, paint }, i) => {
        const whole = row[i] ?? "";
        const cell = i === columns.length - 1 ? cut(whole, room) : whole;
        const padding = " ".repeat(Math.max(0, (widths[i] ?? 0) - width(cell)));
        const painted = index > 0 && paint ? paint(cell) : cell;
        if (isNumber) return padding + painted;
        return i === last ? painted : painted + padding;
      })
      .join(GAP)
      .trimEnd();
  });
}

const LEAST_ROOM = 8; // of the last column, however narrow the terminal

/** A text in at most `room` cells, with a sign where something is missing. */
function cut(text: string, room: number): string {
  if (width(text) <= room) return text;
  let kept = "";
  let cells = 1; // the sign's own
  for (const character of text) {
    cells += width(character);
    if (cells > room) break;
    kept += character;
  }
  return `${kept}…`;
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
