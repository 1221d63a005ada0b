// What `score` prints: tables for people, JSON lines, CSV by token or by word.

import {
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
  words,
} from "@tokenscope/core";
import papaparse from "papaparse";
import type { OpenModel } from "./open-model.ts";
import type { ScoreTask } from "./score-input.ts";
import { glyphs, tableLines } from "./table.ts";

/** A text that was scored; its rows are those that count. */
export interface Scored {
  readonly task: ScoreTask;
  readonly text: Pick<ScoredText, "rows" | "startTokenId">;
  readonly index: number; // of the text among all, from 0
}

export interface OutputOptions {
  readonly model: OpenModel;
  readonly top: number;
  readonly byWord: boolean;
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
];
const WORD_COLUMNS = ["textIndex", "wordIndex", "word", "firstToken", "lastToken", "surprisalBits"];

/** PRODUCT.md's object, and what belongs to this input alone: words where asked for, the context, the other columns. */
export type ScoreLineJson = ScoreJson & {
  readonly words?: readonly {
    readonly text: string;
    readonly first: number;
    readonly last: number;
    readonly surprisalBits: number | null;
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
      words: wordsOf(text.rows, model).map(({ text, first, last, bits }) => {
        return { text, first, last, surprisalBits: bits };
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

/** CSV lines of one text, with the heading before the first. Throws UsageError where the file's own columns take a name that is written here. */
export function scoreCsv(scored: Scored, { model, byWord }: OutputOptions): string {
  const { task, text, index } = scored;
  const own = byWord ? WORD_COLUMNS : TOKEN_COLUMNS;
  const carried = Object.keys(task.columns);
  const taken = carried.find((name) => own.includes(name));
  if (taken !== undefined) {
    throw new UsageError(`the file has a column "${taken}", which score writes itself; rename it`);
  }
  const values = Object.values(task.columns).map((value) =>
    typeof value === "object" && value !== null ? JSON.stringify(value) : value,
  );
  const rows = byWord ? wordCells(text.rows, model) : tokenCells(text.rows, model);
  const heading = index === 0 ? [[...carried, ...own]] : [];
  const lines = [...heading, ...rows.map((cells) => [...values, index, ...cells])];
  return lines.length === 0 ? "" : `${papaparse.unparse(lines, { newline: "\n" })}\n`;
}

function tokenCells(rows: readonly ScoredRow[], model: OpenModel): readonly (readonly unknown[])[] {
  const { vocabulary } = model.tokenizer;
  return rows.map(({ index, id, score, predictionBefore }) => {
    const bytes = vocabulary.bytes(id);
    const entropy = predictionBefore && predictionBefore.entropyNats / Math.LN2;
    return [
      index,
      id,
      pieceText(bytes),
      bytesHex(bytes),
      vocabulary.isSpecial(id),
      score?.logprobNats,
      scoreBits(score),
      score?.rank,
      entropy,
    ];
  });
}

function wordCells(rows: readonly ScoredRow[], model: OpenModel): readonly (readonly unknown[])[] {
  return wordsOf(rows, model).map(({ text, first, last, bits }, i) => [i, text, first, last, bits]);
}

/** Words of the rows, by the tokens' own indices. */
function wordsOf(rows: readonly ScoredRow[], model: OpenModel) {
  const offset = rows[0]?.index ?? 0; // tokens of a context stand before
  return words(rows, model.tokenizer.vocabulary).map((word) => {
    return { ...word, first: word.first + offset, last: word.last + offset };
  });
}

/** A text's table for people, with its figures below. */
export function scoreLines(
  { text }: Scored,
  { model, top, byWord }: OutputOptions,
): readonly string[] {
  const table = byWord ? wordTable(text.rows, model) : tokenTable(text.rows, model, top);
  return [...table, "", ...figureLines(text, model)];
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

function wordTable(rows: readonly ScoredRow[], model: OpenModel): readonly string[] {
  return tableLines(
    [
      { heading: "tokens", isNumber: true },
      { heading: "bits", isNumber: true },
      { heading: "word" },
    ],
    wordsOf(rows, model).map(({ first, last, bits, text }) => [
      first === last ? String(first) : `${first}–${last}`,
      formatBits(bits),
      glyphs(new TextEncoder().encode(text)),
    ]),
  );
}

function figureLines(
  { rows, startTokenId }: Scored["text"],
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
  ];
}
