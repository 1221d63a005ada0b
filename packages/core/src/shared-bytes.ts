// Which part of a text several tokenizers all scored, so that their bits are of the same bytes. Knows rows and no models.

import type { ScoredId } from "./summary.ts";
import type { Vocabulary } from "./tokenizer.ts";

/** A text's rows under one tokenizer. */
interface TokenizedRows<R extends ScoredId = ScoredId> {
  readonly rows: readonly R[];
  readonly vocabulary: Vocabulary;
}

/**
 * The longest end of the text that begins at a token's beginning in each and whose tokens are all scored: its bytes, and each one's rows of it.
 * Counted from the end, since some tokenizers write a space before a text; special tokens have no bytes.
 * Example: "ab" as a|b and as ab, the first token of each unscored: the last 0 bytes, for "ab" is one token.
 */
export function sharedEnd<R extends ScoredId>(
  texts: readonly TokenizedRows<R>[],
): { readonly bytes: number; readonly rows: readonly (readonly R[])[] } {
  const left = texts.map(bytesLeft);
  let bytes = Math.min(...texts.map((text, i) => scoredBytes(text.rows, left[i] ?? [])));
  for (;;) {
    const nearest = left.map((each) => each.find((count) => count <= bytes) ?? 0);
    const least = Math.min(bytes, ...nearest);
    if (least === bytes) break;
    bytes = least;
  }
  const rows = texts.map((text, i) => {
    const scored = firstScored(text.rows);
    const first = (left[i] ?? []).findIndex((count, row) => count <= bytes && row >= scored);
    return first === -1 ? [] : text.rows.slice(first);
  });
  return { bytes, rows };
}

/** For each row, the bytes of the text from its token on. */
function bytesLeft({ rows, vocabulary }: TokenizedRows): readonly number[] {
  const left: number[] = [];
  let bytes = 0;
  for (const { id } of rows.toReversed()) {
    if (!vocabulary.isSpecial(id)) bytes += vocabulary.bytes(id).length;
    left.push(bytes);
  }
  return left.reverse();
}

function scoredBytes(rows: readonly ScoredId[], left: readonly number[]): number {
  return left[firstScored(rows)] ?? 0;
}

/** The row after the last one without a number. */
function firstScored(rows: readonly ScoredId[]): number {
  return 1 + rows.findLastIndex(({ score }) => score === null);
}
