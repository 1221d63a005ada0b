// Which pair of pieces merges first. Knows tokens by their written form, and not what a text is.

import { FormatError } from "@tokenscope/core";
import type { PairPriority } from "./pair-merging.ts";
import type { Ranking } from "./tokenizer-fields.ts";

/** Builds the priorities of pairs that make one of the tokens of `idOf`; throws FormatError for a merge that makes no token of the file. */
export function buildPairPriority(
  ranking: Ranking,
  idOf: ReadonlyMap<string, number>,
  isKnown: (token: string) => boolean,
): PairPriority {
  if (ranking.kind === "scores") {
    const { scores } = ranking;
    return (text, start, _, end) => {
      const id = idOf.get(text.slice(start, end));
      return id === undefined ? undefined : scores[id];
    };
  }
  const { merges, where } = ranking;
  const ranks = new Map<string, number>();
  merges.forEach((merge, rank) => {
    const space = merge.indexOf(" ", 1);
    const token = merge.slice(0, space) + merge.slice(space + 1);
    if (space > 0 && idOf.has(token)) ranks.set(merge, -rank);
    else if (space < 0 || !isKnown(token)) throw unknownMerge(`${where}[${rank}]`, merge);
  });
  return (text, start, middle, end) =>
    ranks.get(`${text.slice(start, middle)} ${text.slice(middle, end)}`);
}

function unknownMerge(place: string, merge: string): FormatError {
  return new FormatError(
    `loadTokenizer: ${place} is "${merge}", which makes no token of the vocabulary; fetch another file of this model`,
  );
}
