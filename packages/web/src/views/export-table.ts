// The path's tokens as a table and as JSON, in full precision, each row with the model that gave its numbers.

import {
  type ModelIdentity,
  pieceText,
  type SamplingSettings,
  type ScoredRow,
  type ScoreJson,
  scoreJson,
  TOKEN_CSV_COLUMNS,
  type TokenNode,
  tokenCsvCells,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import papaparse from "papaparse";
import type { Span } from "../store/state.ts";
import type { DocumentPath, Scores } from "./path.ts";
import { placeAt } from "./place.ts";

const TOP = 10; // candidates a row

/** What is exported, with the model behind its numbers. */
export interface ExportParts {
  readonly path: DocumentPath;
  readonly scores: Scores;
  readonly vocabulary: Vocabulary;
  readonly model: ModelIdentity;
  readonly span: Span;
}

interface ExportRow extends ScoredRow {
  readonly node: TokenNode;
}

function exportRows({ path, scores, span }: ExportParts): readonly ExportRow[] {
  return path.nodes.slice(span.from, span.to + 1).map((node) => {
    const { prediction, token } = placeAt(path, scores, node.position);
    const score = token?.score ?? null;
    const predictionBefore = score === null ? null : prediction;
    return { index: node.position, id: node.id, score, predictionBefore, node };
  });
}

const BYTE_ORDER_MARK = "\ufeff"; // without it Excel reads UTF-8 as something else

/**
 * One row a token, after a line of headings: what `tokenscope score --csv` writes, then what the page knows more; numbers in full precision, an unscored one's cells empty.
 * UTF-8 with a byte order mark and CRLF, quoted as RFC 4180 has it; bytesHex is the truth where text is no whole UTF-8.
 */
export function exportCsv(parts: ExportParts): string {
  const { vocabulary, model } = parts;
  const rows = exportRows(parts);
  const { tokens } = scoreJson({ model, vocabulary, text: { rows, startTokenId: null }, top: 0 });
  const lines = rows.flatMap((row, i) => {
    const token = tokens[i];
    return token === undefined
      ? []
      : [[...tokenCsvCells(token, ONLY_TEXT), ...pageCells(row, vocabulary, model)]];
  });
  const headings = [...TOKEN_CSV_COLUMNS, ...PAGE_COLUMNS];
  return `${BYTE_ORDER_MARK}${papaparse.unparse([headings, ...lines], { newline: "\r\n" })}\r\n`;
}

const ONLY_TEXT = 0; // the index of the one text that a page has

const PAGE_COLUMNS: readonly string[] = [
  ..."role,turn,part,origin,p".split(","),
  ...Array.from({ length: TOP }, (_, i) => [
    `top${i + 1}TokenId`,
    `top${i + 1}Token`,
    `top${i + 1}P`,
  ]).flat(),
  ..."model,quantization,precision,backend,sha256".split(","),
];

function pageCells(
  { node, score, predictionBefore }: ExportRow,
  vocabulary: Vocabulary,
  model: ModelIdentity,
): readonly unknown[] {
  const { role, turn, part, origin } = node;
  return [
    ...[role, turn, part, origin, score && Math.exp(score.logprobNats)],
    ...Array.from({ length: TOP }, (_, i) =>
      candidateCells(predictionBefore, i, vocabulary),
    ).flat(),
    ...[model.id, model.quantization, model.precision, model.backend, model.sha256],
  ];
}

function candidateCells(
  prediction: ExportRow["predictionBefore"],
  i: number,
  vocabulary: Vocabulary,
): readonly unknown[] {
  const value = prediction?.topIds[i];
  if (value === undefined) return ["", "", ""];
  const id = tokenId(value);
  return [
    id,
    pieceText(vocabulary.bytes(id)) ?? "",
    Math.exp(prediction?.topLogprobsNats[i] ?? Number.NaN),
  ];
}

/** The command line's object for a scored text, with where each token stands in the conversation. */
export interface ExportJson extends ScoreJson {
  readonly document: {
    readonly range: Span;
    readonly places: readonly Pick<TokenNode, "turn" | "role" | "part">[];
    readonly settings: SamplingSettings;
    readonly seed: number;
  };
}

/** JSON as `tokenscope score --json` prints it, and the document's part of it. */
export function exportJson(
  parts: ExportParts,
  { settings, seed }: { readonly settings: SamplingSettings; readonly seed: number },
): ExportJson {
  const { model, vocabulary, span, path } = parts;
  const rows = exportRows(parts);
  const origins = path.nodes.map(({ origin }) => origin);
  const text = { rows, startTokenId: null };
  const places = rows.map(({ node: { turn, role, part } }) => ({ turn, role, part }));
  return {
    ...scoreJson({ model, vocabulary, text, top: TOP, origins }),
    document: { range: span, places, settings, seed },
  };
}
