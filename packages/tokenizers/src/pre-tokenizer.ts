// How a text is cut into words before merging, by the name in tokenizer.ggml.pre.

import { FormatError } from "@tokenscope/core";
import { PRE_TOKENIZER_KINDS, type PreTokenizerKind } from "./pre-tokenizer-kinds.ts";
import { buildSplitPattern } from "./split-pattern.ts";

const KIND_OF_NAME: ReadonlyMap<string, PreTokenizerKind> = new Map(
  PRE_TOKENIZER_KINDS.flatMap((kind) => kind.names.map((name) => [name, kind] as const)),
);

/** The rules of a named pre-tokenizer; throws FormatError for a name whose rules are not known here. */
export function preTokenizerKind(name: string): PreTokenizerKind {
  const kind = KIND_OF_NAME.get(name);
  if (kind) return kind;
  throw new FormatError(
    `loadTokenizer: tokenizer.ggml.pre is "${name}"; readable are ${[...KIND_OF_NAME.keys()].join(", ")}; choose a model with one of these`,
  );
}

/** A cutter of texts into words; each pattern cuts the pieces of the one before, and what no pattern matches is a word too. */
export function buildWordCutter(patterns: readonly string[]): (text: string) => readonly string[] {
  const compiled = patterns.map(buildSplitPattern);
  return (text) =>
    compiled.reduce<readonly string[]>(
      (pieces, pattern) => pieces.flatMap((piece) => cutPiece(piece, pattern)),
      text === "" ? [] : [text],
    );
}

function cutPiece(piece: string, pattern: RegExp): readonly string[] {
  const words: string[] = [];
  let at = 0;
  for (const { index, 0: matched } of piece.matchAll(pattern)) {
    if (matched === "") continue;
    if (index > at) words.push(piece.slice(at, index));
    words.push(matched);
    at = index + matched.length;
  }
  if (at < piece.length) words.push(piece.slice(at));
  return words;
}
