// A small conversation with scores that can be checked on paper: eight tokens of a vocabulary of six words.

import {
  emptyDocument,
  extend,
  type History,
  type NewToken,
  type NodeId,
  type Origin,
  type Prediction,
  type ScoredToken,
  startHistory,
  type TokenDocument,
  type TokenId,
  type TurnPart,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import type { Scores } from "../src/views/path.ts";

/** Ids: 0 `<|s|>` and 1 `<|e|>` are special, then words. */
const PIECES = ["<|s|>", "<|e|>", " cat", " dog", "\n", " sat", "The", " fish"] as const;
export const END = tokenId(1);
export const CAT = tokenId(2);
export const DOG = tokenId(3);
export const SAT = tokenId(5);
export const FISH = tokenId(7);

const encoder = new TextEncoder();

export const vocabulary: Vocabulary = {
  size: PIECES.length,
  bytes: (id) => encoder.encode(PIECES[id] ?? ""),
  isSpecial: (id) => id < 2,
};

/** p = 1/2, 1/4, 1/8 and 2^-4.5 = 4.4 % for dog, cat, sat and the end; the other four share 8.1 %. The entropy of 2 bits is a round number, not theirs. */
export const prediction: Prediction = {
  topIds: Int32Array.from([DOG, CAT, SAT, END]),
  topLogprobsNats: Float32Array.from([1, 2, 3, 4.5], (bits) => -bits * Math.LN2),
  entropyNats: 2 * Math.LN2,
  logZ: 0,
  contextVector: null,
};

export function token(
  id: number,
  place: { turn: number; role: string; part: TurnPart; origin?: Origin },
): NewToken {
  return { id: tokenId(id), origin: "template", ...place };
}

const user = { turn: 0, role: "user" };
const reply = { turn: 1, role: "assistant" };

/** <|s|> The cat <|e|> | <|s|> dog sat, an open reply from position 5. */
export const TOKENS: readonly NewToken[] = [
  token(0, { ...user, part: "open" }),
  token(6, { ...user, part: "content", origin: "typed" }),
  token(CAT, { ...user, part: "content", origin: "typed" }),
  token(END, { ...user, part: "close" }),
  token(0, { ...reply, part: "open" }),
  token(DOG, { ...reply, part: "content", origin: "greedy" }),
  token(SAT, { ...reply, part: "content", origin: "forced" }),
];

/** Bits of the tokens, by position; the first has none. */
const BITS = [null, 4, 2, 1, 0, 1, 3] as const;

export function conversation(): TokenDocument {
  return extend(emptyDocument(), TOKENS);
}

export function scored(id: TokenId, bits: number | null): ScoredToken {
  const score = bits === null ? null : { logprobNats: -bits * Math.LN2, rank: 1 + 2 * bits };
  return { id, score, prediction };
}

/** Scores of the first nodes of a document, as BITS has them. */
export function scoresOf(doc: TokenDocument): Scores {
  const scores = new Map<NodeId, ScoredToken>();
  for (const [i, node] of doc.nodes.entries()) {
    const bits = BITS[i];
    if (bits !== undefined) scores.set(i as NodeId, scored(node.id, bits));
  }
  return scores;
}

export function historyOf(doc: TokenDocument): History {
  return startHistory(doc);
}
