// Which of its prints `score` chooses: JSON lines, CSV, a table a text, or a line a text where there are many.

import { paintOf } from "./paint.ts";
import type { PlacedText } from "./score-input.ts";
import {
  type PrintedScore,
  type PrintOptions,
  scoreCsv,
  scoreLines,
  scoreSummaryLine,
} from "./score-output.ts";
import { type World, widestLine, writeLine } from "./world.ts";

export interface PrinterOptions {
  readonly byWord: boolean;
  readonly top: number;
  readonly lines?: boolean;
  readonly csv?: boolean;
  readonly json?: boolean;
}

/** Prints scored texts in the order they come. */
export function scorePrinter(
  { files, texts }: { readonly files: readonly string[]; readonly texts: readonly PlacedText[] },
  { byWord, top, lines, csv, json }: PrinterOptions,
  world: World,
  candidateGlyphs: PrintOptions["candidateGlyphs"],
): (score: PrintedScore) => Promise<void> {
  const { stdout } = world;
  const columnNames = Object.keys(texts[0]?.columns ?? {});
  const { columns } = stdout;
  const widths = { columns, widest: widestLine(stdout) };
  const options = { byWord, ...widths, paint: paintOf(world), candidateGlyphs };
  const isSingle =
    files.length === 0 ||
    (files.length === 1 && !lines && !/\.(csv|jsonl|ndjson)$/i.test(files[0] ?? ""));
  let printed = 0;
  return async (score) => {
    const index = printed;
    printed += 1;
    if (json) return writeLine(stdout, JSON.stringify(score));
    if (csv) return stdout.write(scoreCsv(score, index, { columnNames, byWord }));
    if (!isSingle && !byWord && top === 0) {
      return writeLine(stdout, scoreSummaryLine(score, index));
    }
    const separator = index > 0 ? [""] : [];
    for (const line of [...separator, ...scoreLines(score, options)]) await writeLine(stdout, line);
  };
}
