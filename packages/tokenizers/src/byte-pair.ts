// Byte-pair encoding over GPT-2's byte alphabet: words, then merges. Knows no special tokens.

import { byteLevelText } from "./byte-level.ts";
import { mergedBounds, type PairPriority } from "./pair-merging.ts";
import { buildWordCutter } from "./pre-tokenizer.ts";
import type { ByteLevelAlphabet } from "./tokenizer-fields.ts";
import { buildWordsEncoder, type StretchEncoder } from "./word-memory.ts";

const utf8 = new TextEncoder();

/** Builds the encoder of a byte-level vocabulary. */
export function buildBytePairEncoder(
  { patterns, wholeWords, composed }: ByteLevelAlphabet,
  idOf: ReadonlyMap<string, number>,
  priorityOf: PairPriority,
): StretchEncoder {
  const cutWords = buildWordCutter(patterns);
  const encodeWords = buildWordsEncoder((word) => {
    const written = byteLevelText(utf8.encode(word));
    return (wholeWords && wholeToken(written, idOf)) || mergedIds(written, idOf, priorityOf);
  });
  return (text) => encodeWords(cutWords(composed ? text.normalize("NFC") : text));
}

function wholeToken(written: string, idOf: ReadonlyMap<string, number>): readonly number[] | null {
  const id = idOf.get(written);
  return id === undefined ? null : [id];
}

function mergedIds(
  written: string,
  idOf: ReadonlyMap<string, number>,
  priorityOf: PairPriority,
): readonly number[] | null {
  const starts = Array.from(written, (_, i) => i); // every character of the alphabet is one UTF-16 unit
  const bounds = mergedBounds(written, starts, priorityOf);
  const ids: number[] = [];
  for (let i = 1; i < bounds.length; i++) {
    const id = idOf.get(written.slice(bounds[i - 1], bounds[i]));
    if (id === undefined) return null;
    ids.push(id);
  }
  return ids;
}
