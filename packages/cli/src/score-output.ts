// What `score` prints of its JSON: tables for people, CSV by token or by word. Whoever scored the text, here or on a server, what is not known is n/a.

import {
  countOf,
  formatBits,
  formatCount,
  formatPercent,
  formatPerplexity,
  formatTurnBits,
  type Summary,
  type TextWordJson,
  TOKEN_CSV_COLUMNS,
  tokenCsvCells,
  UsageError,
} from "@tokenscope/core";
import papaparse from "papaparse";
import { bar, type Paint } from "./paint.ts";
import type { PlacedText } from "./score-input.ts";
import { sparkline } from "./sparkline.ts";
import { glyphs, tableLines } from "./table.ts";
import { note, type World } from "./world.ts";

interface PrintedPiece {
  readonly index: number;
  readonly id: number | null;
  readonly text: string | null;
  readonly bytesHex: string | null; // null only where a server told no more than a sign for half a character
  readonly special: boolean | null;
}

export interface PrintedCandidate {
  readonly id: number | null;
  readonly text: string | null;
  readonly bytesHex?: string; // of a server's token whose text is null
  readonly logprobNats: number;
}

interface PrintedToken extends PrintedPiece {
  readonly logprobNats: number | null;
  readonly surprisalBits: number | null;
  readonly rank: number | null;
  readonly entropyBits: number | null;
  readonly top: readonly PrintedCandidate[];
}

/** A scored text as its JSON has it, with null for what was not told. */
export interface PrintedScore {
  readonly model: { readonly id: string; readonly precision: string | null };
  readonly conventions: {
    readonly startTokenId: number | null;
    readonly windowTokens?: number;
    readonly stride?: number;
  };
  readonly tokens: readonly PrintedToken[];
  readonly summary: Omit<Summary, "characters" | "bytes" | "scoredCharacters" | "scoredBytes">;
  readonly words?: readonly TextWordJson[];
  readonly context?: { readonly straddlingToken: PrintedPiece | null };
  readonly columns?: Readonly<Record<string, unknown>>;
}

export interface PrintOptions {
  readonly byWord: boolean;
  readonly columns: number; // of the terminal, or what a chart takes elsewhere
  readonly widest: number; // cells that a line may have: in a file as many as it needs
  readonly paint: Paint;
  /** A candidate as one visible string. */
  readonly candidateGlyphs: (
    candidate: Pick<PrintedCandidate, "id" | "text" | "bytesHex">,
  ) => string;
}

const WORD_COLUMNS = [
  "textIndex",
  "wordIndex",
  "word",
  "firstToken",
  "lastToken",
  "surprisalBits",
  "straddles",
];
const CUT = "\u{fffd}"; // what stands for half a character
const BAR_CELLS = 12;
const FEWEST_COLUMNS = 72; // of a terminal that has room for bars

/** Throws UsageError where the texts' own columns take a name that CSV writes itself, or are not the same in every text. */
export function checkCsvColumns(texts: readonly PlacedText[], byWord: boolean): void {
  const names = Object.keys(texts[0]?.columns ?? {});
  const taken = names.find((name) => ownColumns(byWord).includes(name));
  if (taken !== undefined) {
    throw new UsageError(`the file has a column "${taken}", which score writes itself; rename it`);
  }
  for (const { columns, place } of texts) {
    const missing = names.find((name) => !Object.hasOwn(columns, name));
    const added = Object.keys(columns).find((name) => !names.includes(name));
    const name = missing ?? added;
    if (name === undefined) continue;
    const difference = missing === undefined ? "has" : "lacks";
    const first = missing === undefined ? "does not have" : "has";
    throw new UsageError(
      `${place ?? "a text"} ${difference} the column ${JSON.stringify(name)}, which the first text ${first}; give every text the same columns, or print --json`,
    );
  }
}

function ownColumns(byWord: boolean): readonly string[] {
  return byWord ? WORD_COLUMNS : TOKEN_CSV_COLUMNS;
}

/** Says which token is not counted, since it begins in the context; `place` is the text's among many. */
export async function noteStraddling(
  { context, tokens }: PrintedScore,
  place: string | null,
  world: World,
): Promise<void> {
  const token = context?.straddlingToken ?? null;
  if (token === null) return;
  const nothing = tokens.length === 0 ? ", and nothing of the text is left to count" : "";
  const text = place === null ? "" : `${place}: `;
  await note(
    world,
    `${text}token ${token.index} ${JSON.stringify(token.text ?? CUT)} begins in the context and ends in the text; it is not counted${nothing}`,
  );
}

/** CSV lines of the text with this index, with the heading before the first; `columnNames` are the first text's own, and in CSV every text's. */
export function scoreCsv(
  score: PrintedScore,
  index: number,
  { columnNames, byWord }: { readonly columnNames: readonly string[]; readonly byWord: boolean },
): string {
  const values = columnNames.map((name) => {
    const value = score.columns?.[name];
    return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
  });
  const rows = byWord ? wordCells(score, index) : tokenCells(score, index);
  const heading = index === 0 ? [[...columnNames, ...ownColumns(byWord)]] : [];
  const lines = [...heading, ...rows.map((cells) => [...values, ...cells])];
  return lines.length === 0 ? "" : `${papaparse.unparse(lines, { newline: "\n" })}\n`;
}

/** The tokens that count, and before them one that straddles the boundary, without numbers. */
function tokenCells(
  { tokens, context }: PrintedScore,
  textIndex: number,
): readonly (readonly unknown[])[] {
  const straddling = context?.straddlingToken ?? null;
  const cells = tokens.map((token) => tokenCsvCells(token, textIndex));
  if (straddling === null) return cells;
  return [tokenCsvCells({ ...straddling, ...NO_NUMBERS }, textIndex, true), ...cells];
}

const NO_NUMBERS = { logprobNats: null, surprisalBits: null, rank: null, entropyBits: null };

function wordCells(
  { words = [] }: PrintedScore,
  textIndex: number,
): readonly (readonly unknown[])[] {
  return words.map(({ text, first, last, surprisalBits, straddles }, i) => {
    return [textIndex, i, text, first, last, surprisalBits, straddles];
  });
}

/** A text's table for people, with its figures below. */
export function scoreLines(score: PrintedScore, options: PrintOptions): readonly string[] {
  const table = options.byWord ? wordTable(score) : tokenTable(score, options);
  return [...table, "", ...chartLines(score, options.columns), ...figureLines(score, options)];
}

/** One line a text, where there are many. */
export function scoreSummaryLine({ summary, tokens }: PrintedScore, index: number): string {
  const start = tokens.slice(0, 12).map(pieceGlyphs);
  return [
    formatCount(index + 1).padStart(5),
    `${formatTurnBits(summary.scoredTokens === 0 ? null : summary.totalBits)} bits`.padStart(14),
    `${formatBits(summary.bitsPerToken)} a token`.padStart(15),
    `perplexity ${formatPerplexity(summary.perplexity)}`.padEnd(18),
    start.join("") + (tokens.length > 12 ? "…" : ""),
  ].join("  ");
}

function tokenTable({ tokens }: PrintedScore, options: PrintOptions): readonly string[] {
  const { candidateGlyphs, columns, widest, paint } = options;
  const isListed = tokens.some(({ top }) => top.length > 0);
  const highest = highestBits(tokens);
  const hasBars = !isListed && columns >= FEWEST_COLUMNS && highest > 0;
  return tableLines(
    [
      { heading: "index", isNumber: true },
      { heading: "id", isNumber: true },
      { heading: "bits", isNumber: true },
      ...(hasBars ? [{ heading: "", paint: paint.surprise }] : []),
      { heading: "rank", isNumber: true },
      { heading: "token" },
      ...(isListed ? [{ heading: "most likely", paint: paint.quiet }] : []),
    ],
    tokens.map((token) => [
      String(token.index),
      token.id === null ? "n/a" : String(token.id),
      formatBits(token.surprisalBits),
      ...(hasBars ? [bar(token.surprisalBits, highest, BAR_CELLS)] : []),
      formatCount(token.rank),
      pieceGlyphs(token),
      ...(token.top.length > 0 ? [candidateCells(token.top, candidateGlyphs)] : []),
    ]),
    widest,
  );
}

function candidateCells(
  top: readonly PrintedCandidate[],
  candidateGlyphs: PrintOptions["candidateGlyphs"],
): string {
  return top
    .map((each) => `${candidateGlyphs(each)} ${formatPercent(Math.exp(each.logprobNats))}`)
    .join("  ");
}

/** A token as one visible string; where its bytes are not known, the sign that stands for half a character. */
function pieceGlyphs({ bytesHex, text }: Pick<PrintedPiece, "bytesHex" | "text">): string {
  if (bytesHex !== null) return glyphs(Buffer.from(bytesHex, "hex"));
  return glyphs(new TextEncoder().encode(text ?? CUT));
}

function wordTable({ words = [] }: PrintedScore): readonly string[] {
  const isMarked = words.some(({ straddles }) => straddles);
  return tableLines(
    [
      { heading: "tokens", isNumber: true },
      { heading: "bits", isNumber: true },
      { heading: "word" },
      ...(isMarked ? [{ heading: "" }] : []),
    ],
    words.map(({ first, last, surprisalBits, text, straddles }) => [
      first === last ? String(first) : `${first}–${last}`,
      formatBits(surprisalBits),
      glyphs(new TextEncoder().encode(text)),
      ...(straddles ? ["begins in the context; not counted"] : []),
    ]),
  );
}

/** Bits by position in one line. Example: "0 to 13.17 bits  ▁▅▂▆▂▂▁▂▂█▇". */
function chartLines({ tokens }: PrintedScore, columns: number): readonly string[] {
  const bits = tokens.map(({ surprisalBits }) => surprisalBits);
  const highest = highestBits(tokens);
  if (bits.length < 2 || highest === 0) return [];
  const scale = `0 to ${formatBits(highest)} bits  `;
  return [`${scale}${sparkline(bits, highest, columns - scale.length)}`];
}

function highestBits(tokens: readonly PrintedToken[]): number {
  return tokens.reduce((most, { surprisalBits }) => Math.max(most, surprisalBits ?? 0), 0);
}

function figureLines(score: PrintedScore, options: PrintOptions): readonly string[] {
  const { summary, conventions, model } = score;
  const { windowTokens, stride } = conventions;
  const { tokens, scoredTokens, totalBits, bitsPerToken, bitsPerByte, perplexity } = summary;
  return [
    `${countOf(tokens, "token")}, ${formatCount(scoredTokens)} scored: ${formatBits(scoredTokens === 0 ? null : totalBits)} bits`,
    `${formatBits(bitsPerToken)} bits per token, ${formatBits(bitsPerByte)} bits per byte, perplexity ${formatPerplexity(perplexity)}`,
    `${beginning(score, options)}; ${model.id}, ${model.precision ?? "in the server's own precision"}`,
    ...(windowTokens === undefined || stride === undefined
      ? []
      : [windowsLine(windowTokens, stride)]),
  ];
}

/** What stands before the first token of the table, which is the text's own. */
function beginning(
  { conventions: { startTokenId }, context, tokens }: PrintedScore,
  { candidateGlyphs }: PrintOptions,
): string {
  const before = [
    ...(startTokenId === null
      ? []
      : [
          `the start token ${candidateGlyphs({ id: startTokenId, text: null })} (id ${startTokenId})`,
        ]),
    ...(context !== undefined && tokens[0]?.index !== 0 ? ["the context"] : []), // an empty one is none
  ];
  return before.length === 0
    ? "the first token has no context and is unscored (n/a)"
    : `after ${before.join(" and ")}`;
}

/** What a token's context is in a text that was read in windows. */
function windowsLine(windowTokens: number, stride: number): string {
  const least = windowTokens - stride;
  const before = `after the first window every token has at least ${formatCount(least)} before it`;
  return `windows of ${formatCount(windowTokens)} tokens, ${formatCount(stride)} apart; ${before}`;
}
