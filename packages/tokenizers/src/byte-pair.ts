// Byte-pair encoding over GPT-2's byte alphabet: words, then merges. Knows no special tokens.

import { byteLevelText } from "./byte-level.ts";
import { mergedBounds, type PairPriority } from "./pair-merging.ts";
import { buildWordCutter } from "./pre-tokenizer.ts";
import type { ByteLevelAlphabet } from "./tokenizer-fields.ts";

const utf8 = new TextEncoder();

/** Ids of the tokens that make up a stretch of text, or null where the vocabulary cannot write it. */
export type StretchEncoder = (text: string, isFirst: boolean) => readonly number[] | null;

// Words repeat: 8 MB of English have 60,000 of them. Beyond this many the memory starts anew.
const REMEMBERED_WORDS = 50_000;

/** Builds the encoder of a byte-level vocabulary. */
export function buildBytePairEncoder(
  { patterns, wholeWords, composed }: ByteLevelAlphabet,
  idOf: ReadonlyMap<string, number>,
  priorityOf: PairPriority,
): StretchEncoder {
  const cutWords = buildWordCutter(patterns);
  const remembered = new Map<string, readonly number[]>();
  const encodeWord = (word: string) => {
    const known = remembered.get(word);
    if (known) return known;
    const written = byteLevelText(utf8.encode(word));
    const ids = (wholeWords && wholeToken(written, idOf)) || mergedIds(written, idOf, priorityOf);
    if (!ids) return null;
    if (remembered.size === REMEMBERED_WORDS) remembered.clear();
    remembered.set(word, ids);
    return ids;
  };
  return (text) => {
    const ids: number[] = [];
    for (const word of cutWords(composed ? text.normalize("NFC") : text)) {
      const found = encodeWord(word);
      if (!found) return null;
      for (const id of found) ids.push(id); // no spread: a word may have 100,000 tokens
    }
    return ids;
  };
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
