// The figures of a text or of a part of it, by PRODUCT.md's conventions.

import type { TokenScore } from "./engine.ts";
import type { TokenId } from "./token.ts";
import type { Vocabulary } from "./tokenizer.ts";
import { bitsFromNats, perplexity, surprisalBits } from "./units.ts";

/** A token with its score, or null where nothing stands before it. */
export interface ScoredId {
  readonly id: TokenId;
  readonly score: TokenScore | null;
}

/** Null where nothing was scored: a figure is never made up. Bytes and characters leave special tokens out; a character belongs to the token with its first byte. */
export interface Summary {
  readonly tokens: number;
  readonly scoredTokens: number;
  readonly characters: number; // Unicode code points
  readonly bytes: number; // of UTF-8
  readonly scoredCharacters: number;
  readonly scoredBytes: number;
  readonly totalBits: number; // of all scored tokens, special ones too
  readonly bitsPerToken: number | null;
  readonly bitsPerByte: number | null; // bits of the scored tokens that are not special / their bytes
  readonly perplexity: number | null;
  readonly nllNats: number; // total, as totalBits
}

/** Sums rows up. Example: "ab" as two tokens, the first unscored, the second at p = 1/4: 2 bits over 1 token and 1 byte, perplexity 4. */
export function summary(rows: readonly ScoredId[], vocabulary: Vocabulary): Summary {
  const counts = { scoredTokens: 0, characters: 0, bytes: 0, scoredCharacters: 0, scoredBytes: 0 };
  let nllNats = 0;
  let textNats = 0;
  for (const { id, score } of rows) {
    const isSpecial = vocabulary.isSpecial(id);
    const bytes = isSpecial ? new Uint8Array() : vocabulary.bytes(id);
    const characters = characterCount(bytes);
    counts.characters += characters;
    counts.bytes += bytes.length;
    if (score === null) continue;
    counts.scoredTokens += 1;
    counts.scoredCharacters += characters;
    counts.scoredBytes += bytes.length;
    nllNats -= score.logprobNats;
    if (!isSpecial) textNats -= score.logprobNats;
  }
  const totalBits = bitsFromNats(nllNats);
  const { scoredTokens, scoredBytes } = counts;
  return {
    tokens: rows.length,
    ...counts,
    totalBits,
    bitsPerToken: scoredTokens === 0 ? null : totalBits / scoredTokens,
    bitsPerByte: scoredBytes === 0 ? null : bitsFromNats(textNats) / scoredBytes,
    perplexity: perplexity(totalBits, scoredTokens),
    nllNats,
  };
}

/** Characters that begin in these bytes: UTF-8 bytes that continue none. A cut character counts where it begins, so counts of tokens add up. Example: the first byte of "é" -> 1, its second -> 0. */
export function characterCount(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if ((byte & 0xc0) !== 0x80) count += 1;
  return count;
}

/** Surprisal in bits of a score, or null where there is none. */
export function scoreBits(score: TokenScore | null): number | null {
  return score === null ? null : surprisalBits(score.logprobNats);
}
