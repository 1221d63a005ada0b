// Words as readers count them, from tokens: a leading space belongs to the word.

import type { BoundarySplit } from "./boundary.ts";
import { decodeTokens } from "./piece.ts";
import { type ScoredId, scoreBits } from "./summary.ts";
import type { Vocabulary } from "./tokenizer.ts";

/** Consecutive tokens [first, last]. `bits` is null where one of them is unscored: a part of a word is no word. */
export interface Word {
  readonly first: number;
  readonly last: number;
  readonly text: string;
  readonly bits: number | null;
}

/** Groups tokens into words: a word runs until the next token that begins with white space; special tokens and line breaks are words of their own. */
export function words(rows: readonly ScoredId[], vocabulary: Vocabulary): readonly Word[] {
  const pieces = rows.map(({ id }) => vocabulary.bytes(id));
  const isAlone = rows.map(
    ({ id }, i) => vocabulary.isSpecial(id) || isLineBreak(pieces[i] ?? new Uint8Array()),
  );
  const starts = rows.flatMap((_, i) => {
    const begins = i === 0 || isAlone[i] || isAlone[i - 1] || beginsWithSpace(pieces[i]);
    return begins ? [i] : [];
  });
  return starts.map((first, i) => {
    const end = starts[i + 1] ?? rows.length;
    return {
      first,
      last: end - 1,
      text: decodeTokens(pieces.slice(first, end)),
      bits: bitsOf(rows.slice(first, end)),
    };
  });
}

/** A word of a text behind a context; one that straddles begins in the context, and its bits are null. */
export interface TextWordJson {
  readonly text: string;
  readonly first: number;
  readonly last: number;
  readonly surprisalBits: number | null;
  readonly straddles: boolean;
}

/** Of the words of a context and its text as one string those that reach into the text: one that begins in the context is whole here and has no bits, since a part of a word is no word. */
export function textWords(
  joined: readonly Word[],
  split: BoundarySplit | null,
): readonly TextWordJson[] {
  const { firstIndex = 0, straddlingIndex = null } = split ?? {};
  return joined
    .filter(({ last }) => last >= (straddlingIndex ?? firstIndex))
    .map(({ text, first, last, bits }) => {
      const straddles = first < firstIndex;
      return { text, first, last, surprisalBits: straddles ? null : bits, straddles };
    });
}

function bitsOf(rows: readonly ScoredId[]): number | null {
  return rows.reduce<number | null>((sum, { score }) => {
    const bits = scoreBits(score);
    return sum === null || bits === null ? null : sum + bits;
  }, 0);
}

function beginsWithSpace(bytes: Uint8Array | undefined): boolean {
  return bytes !== undefined && /^\s/u.test(decodeTokens([bytes]));
}

function isLineBreak(bytes: Uint8Array): boolean {
  return /^\s*[\n\r]\s*$/u.test(decodeTokens([bytes]));
}
