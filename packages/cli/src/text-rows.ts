// Files of many texts: a line each, or a row of CSV or JSON Lines with a column `text`. Other columns are carried along.

import { FormatError } from "@tokenscope/core";
import papaparse from "papaparse";
import { parseJson } from "./chat-file.ts";

/** One text of a file, with what stands beside it. */
export interface TextRow {
  readonly text: string;
  readonly context: string | null;
  readonly columns: Readonly<Record<string, unknown>>; // the others, as they came
}

/** The texts of a file by its name's ending; throws FormatError with the line. */
export function parseTextRows(
  content: string,
  path: string,
  { isByLine }: { readonly isByLine: boolean },
): readonly TextRow[] {
  if (/\.csv$/i.test(path)) return parseCsv(content, path);
  if (/\.(jsonl|ndjson)$/i.test(path)) return parseJsonLines(content, path);
  const texts = isByLine ? linesOf(content) : [content];
  return texts.map((text) => ({ text, context: null, columns: {} }));
}

/** The last line break ends a line and begins none. */
function linesOf(content: string): readonly string[] {
  const lines = content.split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function parseCsv(content: string, path: string): readonly TextRow[] {
  const { data, errors, meta } = papaparse.parse(content, { header: true, skipEmptyLines: true });
  const fields = meta.fields ?? [];
  if (!fields.includes("text")) {
    throw new FormatError(
      `${path}: line 1 names the columns ${fields.join(", ") || "(none)"}; one of them must be "text"`,
    );
  }
  // One column has no comma to find: that is no error of the file.
  const error = errors.find(({ type }) => type !== "Delimiter");
  if (error !== undefined) {
    const place = error.row === undefined ? "" : ` in row ${error.row + 1} after the heading`;
    throw new FormatError(`${path}: ${error.message}${place}; correct that row`);
  }
  return data.map(rowOf);
}

function parseJsonLines(content: string, path: string): readonly TextRow[] {
  return linesOf(content).flatMap((line, i) => {
    return line.trim() === "" ? [] : [jsonLineRow(line, path, i + 1)];
  });
}

/** The text of one line of JSON Lines; throws FormatError with the line's number. */
export function jsonLineRow(line: string, path: string, number: number): TextRow {
  const value = parseJson(line, path, number);
  if (typeof value === "object" && value !== null && "text" in value) {
    const record: Readonly<Record<string, unknown>> = { ...value };
    const { text, context = "" } = record;
    if (typeof text === "string" && typeof context === "string") {
      return rowOf({ ...record, text, context });
    }
  }
  throw new FormatError(
    `${path}: line ${number} must be an object with a string "text" (and perhaps a string "context"); correct that line`,
  );
}

function rowOf(record: Readonly<Record<string, unknown>>): TextRow {
  const { text, context, ...columns } = record;
  return {
    text: String(text ?? ""),
    context: typeof context === "string" && context !== "" ? context : null,
    columns,
  };
}
