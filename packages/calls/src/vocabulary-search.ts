// Finding tokens by what they say: the whole vocabulary as text, once, and the matches of a query by rank.

import {
  decodeTokens,
  logSumExp,
  rankOf,
  type TokenId,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import type { ModelCalls, SearchRow } from "./calls.ts";

/** Ids whose text contains the query, whatever the case, or whose id it is; `·` may be typed for a space. */
export type VocabularySearch = (query: string) => readonly TokenId[];

/** A search over all texts of a vocabulary, which are decoded at the first query. */
export function vocabularySearch(vocabulary: Vocabulary): VocabularySearch {
  let texts: readonly string[] | undefined;
  return (query) => {
    texts ??= Array.from({ length: vocabulary.size }, (_, id) =>
      decodeTokens([vocabulary.bytes(tokenId(id))]).toLowerCase(),
    );
    const wanted = query.replaceAll("·", " ").toLowerCase();
    const matches = texts.flatMap((text, id) => (text.includes(wanted) ? [tokenId(id)] : []));
    const named = Number(query);
    const isId = /^\d+$/.test(query) && named < vocabulary.size;
    return isId && !matches.includes(tokenId(named)) ? [tokenId(named), ...matches] : matches;
  };
}

/** The most likely of the matches under these logits [V], each with its rank over the whole vocabulary. */
export function rankedMatches(
  logits: Float32Array,
  matches: readonly TokenId[],
  limit: number,
): ModelCalls["search"]["result"] {
  const logZ = logSumExp(logits);
  const logit = (id: TokenId): number => logits[id] ?? -Infinity;
  const listed = matches.toSorted((a, b) => logit(b) - logit(a) || a - b).slice(0, limit);
  const rows = listed.map(
    (id): SearchRow => ({ id, logprobNats: logit(id) - logZ, rank: rankOf(logits, id) }),
  );
  return { rows, matches: matches.length };
}
