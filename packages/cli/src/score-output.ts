// What `score` prints: tables for people, JSON lines, CSV by token or by word.

import {
  bitsFromNats,
  bytesHex,
  formatBits,
  formatCount,
  formatPercent,
  formatPerplexity,
  formatTurnBits,
  pieceText,
  type ScoredRow,
  type ScoredText,
  type ScoreJson,
  scoreBits,
  scoreJson,
  summary,
  tokenId,
  UsageError,
  type Vocabulary,
  type Windows,
  type Word,
  words,
} from "@tokenscope/core";
import papaparse from "papaparse";
import type { OpenModel } from "./open-model.ts";
import type { PlacedText, ScoreTask } from "./score-input.ts";
import { sparkline } from "./sparkline.ts";
import { glyphs, tableLines } from "./table.ts";

/** A text that was scored. */
export interface Scored {
  readonly task: ScoreTask;
  readonly text: Pick<ScoredText, "rows" | "startTokenId" | "windows">; // its rows are those that count
  readonly joinedRows: readonly ScoredRow[]; // of the context and the text
  readonly index: number; // of the text among all, from 0
}

export interface OutputOptions {
  readonly model: OpenModel;
  readonly top: number;
  readonly byWord: boolean;
  readonly columnNames: readonly string[]; // the first text's own, and in CSV every text's
  readonly columns: number; // of the terminal
}

const TOKEN_COLUMNS = [
  "textIndex",
  "tokenIndex",
  "tokenId",
  "token",
  "bytesHex",
  "special",
  "logprobNats",
  "surprisalBits",
  "rank",
  "entropyBits",
  "straddles",
];
const WORD_COLUMNS = [
  "textIndex",
  "wordIndex",
  "word",
  "firstToken",
  "lastToken",
  "surprisalBits",
  "straddles",
];

/** A word of the text; one that straddles begins in the context, and its bits are null. */
interface TextWord extends Word {
  readonly straddles: boolean;
}

/** PRODUCT.md's object, and what belongs to this input alone: words where asked for, the context, the other columns. */
export type ScoreLineJson = ScoreJson & {
  readonly words?: readonly {
    readonly text: string;
    readonly first: number;
    readonly last: number;
    readonly surprisalBits: number | null;
    readonly straddles: boolean;
  }[];
  readonly context?: {
    readonly text: string;
    readonly ids: readonly number[];
    readonly straddlingIndex: number | null;
  };
  readonly columns?: Readonly<Record<string, unknown>>;
};

/** One line of `score --json`. */
export function scoreLineJson(scored: Scored, options: OutputOptions): ScoreLineJson {
  const { task, text } = scored;
  const { model, top, byWord } = options;
  const { context, columns, origins } = task;
  return {
    ...scoreJson({
      model: model.identity,
      vocabulary: model.tokenizer.vocabulary,
      text,
      top,
      ...(origins && { origins }),
    }),
    ...(byWord && {
      words: wordsOf(scored, model).map(({ text, first, last, bits, straddles }) => {
        return { text, first, last, surprisalBits: bits, straddles };
      }),
    }),
    ...(context && {
      context: {
        text: context.text,
        ids: task.ids.slice(0, context.split.firstIndex),
        straddlingIndex: context.split.straddlingIndex,
      },
    }),
    ...(Object.keys(columns).length > 0 && { columns }),
  };
}

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
  return byWord ? WORD_COLUMNS : TOKEN_COLUMNS;
}

/** CSV lines of one text, with the heading before the first. */
export function scoreCsv(
  scored: Scored,
  { model, byWord, columnNames }: Pick<OutputOptions, "model" | "byWord" | "columnNames">,
): string {
  const { task, index } = scored;
  const values = columnNames.map((name) => {
    const value = task.columns[name];
    return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
  });
  const rows = byWord ? wordCells(scored, model) : tokenCells(scored, model);
  const heading = index === 0 ? [[...columnNames, ...ownColumns(byWord)]] : [];
  const lines = [...heading, ...rows.map((cells) => [...values, index, ...cells])];
  return lines.length === 0 ? "" : `${papaparse.unparse(lines, { newline: "\n" })}\n`;
}

/** The tokens that count, and before them one that straddles the boundary, without numbers. */
function tokenCells(
  { task, text, joinedRows }: Scored,
  { tokenizer: { vocabulary } }: OpenModel,
): readonly (readonly unknown[])[] {
  const straddling = joinedRows[task.context?.split.straddlingIndex ?? -1];
  const straddlingCells = straddling && [
    ...pieceCells(straddling, vocabulary),
    ...["", "", "", ""],
    true,
  ];
  const cells = text.rows.map((row) => [
    ...pieceCells(row, vocabulary),
    row.score?.logprobNats,
    scoreBits(row.score),
    row.score?.rank,
    row.predictionBefore && bitsFromNats(row.predictionBefore.entropyNats),
    false,
  ]);
  return straddlingCells === undefined ? cells : [straddlingCells, ...cells];
}

function pieceCells({ index, id }: ScoredRow, vocabulary: Vocabulary): readonly unknown[] {
  const bytes = vocabulary.bytes(id);
  return [index, id, pieceText(bytes), bytesHex(bytes), vocabulary.isSpecial(id)];
}

function wordCells(scored: Scored, model: OpenModel): readonly (readonly unknown[])[] {
  return wordsOf(scored, model).map(({ text, first, last, bits, straddles }, i) => {
    return [i, text, first, last, bits, straddles];
  });
}

/** Words that reach into the text, cut from it and its context as one string: a word that begins in the context is whole here and has no bits, since a part of a word is no word. */
function wordsOf({ task, joinedRows }: Scored, model: OpenModel): readonly TextWord[] {
  const { firstIndex = 0, straddlingIndex = null } = task.context?.split ?? {};
  return words(joinedRows, model.tokenizer.vocabulary)
    .filter(({ last }) => last >= (straddlingIndex ?? firstIndex))
    .map((word) => {
      const straddles = word.first < firstIndex;
      return { ...word, straddles, bits: straddles ? null : word.bits };
    });
}

/** A text's table for people, with its figures below. */
export function scoreLines(
  scored: Scored,
  { model, top, byWord, columns }: OutputOptions,
): readonly string[] {
  const { text } = scored;
  const table = byWord ? wordTable(scored, model) : tokenTable(text.rows, model, top);
  return [...table, "", ...chartLines(text, columns), ...figureLines(text, model)];
}

/** One line a text, where there are many. */
export function scoreSummaryLine({ text, index }: Scored, { model }: OutputOptions): string {
  const { vocabulary } = model.tokenizer;
  const figures = summary(text.rows, vocabulary);
  const start = text.rows.slice(0, 12).map(({ id }) => glyphs(vocabulary.bytes(id)));
  return [
    formatCount(index + 1).padStart(5),
    `${formatTurnBits(figures.scoredTokens === 0 ? null : figures.totalBits)} bits`.padStart(14),
    `${formatBits(figures.bitsPerToken)} a token`.padStart(15),
    `perplexity ${formatPerplexity(figures.perplexity)}`.padEnd(18),
    start.join("") + (text.rows.length > 12 ? "…" : ""),
  ].join("  ");
}

function tokenTable(rows: readonly ScoredRow[], model: OpenModel, top: number): readonly string[] {
  const { vocabulary } = model.tokenizer;
  return tableLines(
    [
      { heading: "index", isNumber: true },
      { heading: "id", isNumber: true },
      { heading: "bits", isNumber: true },
      { heading: "rank", isNumber: true },
      { heading: "token" },
      ...(top > 0 ? [{ heading: "most likely" }] : []),
    ],
    rows.map(({ index, id, score, predictionBefore }) => [
      String(index),
      String(id),
      formatBits(scoreBits(score)),
      formatCount(score?.rank ?? null),
      glyphs(vocabulary.bytes(id)),
      ...(predictionBefore && top > 0 ? [candidates(predictionBefore, model, top)] : []),
    ]),
  );
}

function candidates(
  { topIds, topLogprobsNats }: NonNullable<ScoredRow["predictionBefore"]>,
  { tokenizer, engine }: OpenModel,
  top: number,
): string {
  const shown = [...topIds.subarray(0, Math.min(top, engine.vocabularySize))];
  return shown
    .map((id, i) => {
      const percent = formatPercent(Math.exp(topLogprobsNats[i] ?? Number.NEGATIVE_INFINITY));
      return `${glyphs(tokenizer.vocabulary.bytes(tokenId(id)))} ${percent}`;
    })
    .join("  ");
}

function wordTable(scored: Scored, model: OpenModel): readonly string[] {
  const found = wordsOf(scored, model);
  const isMarked = found.some(({ straddles }) => straddles);
  return tableLines(
    [
      { heading: "tokens", isNumber: true },
      { heading: "bits", isNumber: true },
      { heading: "word" },
      ...(isMarked ? [{ heading: "" }] : []),
    ],
    found.map(({ first, last, bits, text, straddles }) => [
      first === last ? String(first) : `${first}–${last}`,
      formatBits(bits),
      glyphs(new TextEncoder().encode(text)),
      ...(straddles ? ["begins in the context; not counted"] : []),
    ]),
  );
}

/** Bits by position in one line. Example: "0 to 13.17 bits  ▁▅▂▆▂▂▁▂▂█▇". */
function chartLines({ rows }: Scored["text"], columns: number): readonly string[] {
  const bits = rows.map(({ score }) => scoreBits(score));
  const highest = Math.max(0, ...bits.map((value) => value ?? 0));
  if (bits.length < 2 || highest === 0) return [];
  const scale = `0 to ${formatBits(highest)} bits  `;
  return [`${scale}${sparkline(bits, highest, columns - scale.length)}`];
}

function figureLines(
  { rows, startTokenId, windows }: Scored["text"],
  { tokenizer: { vocabulary }, identity }: OpenModel,
): readonly string[] {
  const figures = summary(rows, vocabulary);
  const start =
    startTokenId === null
      ? "the first token has no context and is unscored (n/a)"
      : `after the start token ${glyphs(vocabulary.bytes(startTokenId))} (id ${startTokenId})`;
  return [
    `${formatCount(figures.tokens)} tokens, ${formatCount(figures.scoredTokens)} scored: ${formatBits(figures.scoredTokens === 0 ? null : figures.totalBits)} bits`,
    `${formatBits(figures.bitsPerToken)} bits per token, ${formatBits(figures.bitsPerByte)} bits per byte, perplexity ${formatPerplexity(figures.perplexity)}`,
    `${start}; ${identity.id}, ${identity.precision}`,
    ...(windows === undefined ? [] : [windowsLine(windows)]),
  ];
}

/** What a token's context is in a text that was read in windows. */
function windowsLine({ tokens, stride }: Windows): string {
  const least = tokens - stride;
  const before = `after the first window every token has at least ${formatCount(least)} before it`;
  return `windows of ${formatCount(tokens)} tokens, ${formatCount(stride)} apart; ${before}`;
}
