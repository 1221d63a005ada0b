// The path's tokens as a table and as JSON, in full precision, each row with the model that gave its numbers.

import {
  bitsFromNats,
  bytesHex,
  type ModelIdentity,
  pieceText,
  type SamplingSettings,
  type ScoredRow,
  type ScoreJson,
  scoreBits,
  scoreJson,
  type TokenNode,
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
 * One row a token, after a line of headings; numbers in full precision, an unscored one's cells empty.
 * UTF-8 with a byte order mark and CRLF, quoted as RFC 4180 has it; bytes_hex is the truth where text is no whole UTF-8.
 */
export function exportCsv(parts: ExportParts): string {
  const { vocabulary, model } = parts;
  const rows = exportRows(parts).map((row) => csvCells(row, vocabulary, model));
  return `${BYTE_ORDER_MARK}${papaparse.unparse([csvHeadings(), ...rows], { newline: "\r\n" })}\r\n`;
}

function csvHeadings(): readonly string[] {
  const ranks = Array.from({ length: TOP }, (_, i) => i + 1);
  return [
    ..."index,id,text,bytes_hex,special,role,turn,part,origin".split(","),
    ..."p,logprob_nats,bits,rank,entropy_bits".split(","),
    ...ranks.flatMap((rank) => [`top${rank}_id`, `top${rank}_text`, `top${rank}_p`]),
    ..."model,quantization,precision,backend,sha256".split(","),
  ];
}

function csvCells(
  { node, score, predictionBefore }: ExportRow,
  vocabulary: Vocabulary,
  model: ModelIdentity,
): readonly unknown[] {
  const bytes = vocabulary.bytes(node.id);
  const { position, id, role, turn, part, origin } = node;
  return [
    ...[position, id, pieceText(bytes) ?? "", bytesHex(bytes), vocabulary.isSpecial(id)],
    ...[role, turn, part, origin],
    ...[score && Math.exp(score.logprobNats), score?.logprobNats, scoreBits(score), score?.rank],
    predictionBefore && bitsFromNats(predictionBefore.entropyNats),
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
