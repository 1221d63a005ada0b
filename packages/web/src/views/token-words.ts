// A token in a sentence or a list of choices: its glyphs as text. Knows no markup.

import {
  formatPercent,
  type Prediction,
  pieceGlyphs,
  type TokenId,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";

/** A token's glyphs. Example: " dragon" -> "·dragon". */
export function tokenWord(id: TokenId, vocabulary: Vocabulary): string {
  return pieceGlyphs(vocabulary.bytes(id))
    .map(({ text }) => text)
    .join("");
}

/** A token that may be chosen, with its p where it is known. */
export interface TokenChoice {
  readonly id: TokenId;
  readonly label: string;
}

const LISTED = 20;

/** The most likely tokens, and those that are wanted beside them, each once. */
export function tokenChoices(
  { topIds, topLogprobsNats }: Prediction,
  wanted: readonly TokenId[],
  vocabulary: Vocabulary,
): readonly TokenChoice[] {
  const ids = [...new Set([...topIds.slice(0, LISTED), ...wanted])];
  return ids.map((each) => {
    const id = tokenId(each);
    const logprob = topLogprobsNats[topIds.indexOf(each)];
    const percent = logprob === undefined ? "" : `, ${formatPercent(Math.exp(logprob))}`;
    return { id, label: `${tokenWord(id, vocabulary)}${percent}` };
  });
}
