// Next-token candidates of two models whose vocabularies differ, joined by what their tokens say.

import { entropyNats } from "./entropy.ts";
import { logSoftmax } from "./logits.ts";
import { type Logits, rankOf, topCandidates } from "./rank-order.ts";
import { type TokenId, tokenId } from "./token.ts";
import type { Vocabulary } from "./tokenizer.ts";

/** One model's logits [V] with its own vocabulary. */
export interface VocabularyLogits {
  readonly logits: Logits;
  readonly vocabulary: Vocabulary;
}

/** A token as one model has it. */
export interface CrossPlace {
  readonly id: TokenId;
  readonly logprobNats: number;
  readonly rank: number;
}

/** A text that is one token of at least one of the two; null for the one that has no such token. */
export interface CrossCandidate {
  readonly bytes: Uint8Array;
  readonly isSpecial: boolean;
  readonly own: CrossPlace | null;
  readonly other: CrossPlace | null;
}

export interface CrossCandidates {
  readonly ownEntropyNats: number;
  readonly otherEntropyNats: number;
  /** The most likely of either, by their rank in `own`, then in `other`. */
  readonly candidates: readonly CrossCandidate[];
}

/** The `top` most likely tokens of each, side by side where both have a token of the same bytes; null where no token is possible. Special tokens are joined by their written names, and never with text. */
export function crossCandidates(
  own: VocabularyLogits,
  other: VocabularyLogits,
  top: number,
): CrossCandidates | null {
  const [p, q] = [logSoftmax(own.logits), logSoftmax(other.logits)];
  if (p === null || q === null) return null;
  const wanted = wantedTokens([own, other], top);
  const owns = placesOf(wanted, own, p);
  const others = placesOf(wanted, other, q);
  const rank = (place: CrossPlace | null): number => place?.rank ?? Number.POSITIVE_INFINITY;
  return {
    ownEntropyNats: entropyNats(p.map(Math.exp)),
    otherEntropyNats: entropyNats(q.map(Math.exp)),
    candidates: [...wanted]
      .map(([key, token]) => {
        return { ...token, own: owns.get(key) ?? null, other: others.get(key) ?? null };
      })
      .sort((a, b) => rank(a.own) - rank(b.own) || rank(a.other) - rank(b.other)),
  };
}

type WantedToken = Pick<CrossCandidate, "bytes" | "isSpecial">;

function keyOf({ bytes, isSpecial }: WantedToken): string {
  return `${isSpecial ? "special " : ""}${bytes.join(",")}`;
}

function wantedTokens(
  sides: readonly VocabularyLogits[],
  top: number,
): ReadonlyMap<string, WantedToken> {
  const wanted = new Map<string, WantedToken>();
  for (const { logits, vocabulary } of sides) {
    for (const value of topCandidates(logits, top)) {
      const id = tokenId(value);
      const token = { bytes: vocabulary.bytes(id), isSpecial: vocabulary.isSpecial(id) };
      wanted.set(keyOf(token), token);
    }
  }
  return wanted;
}

/** Where each wanted token stands in one model: one walk over its vocabulary. Of several tokens with the same bytes the likeliest. */
function placesOf(
  wanted: ReadonlyMap<string, WantedToken>,
  { logits, vocabulary }: VocabularyLogits,
  logprobs: Float64Array,
): ReadonlyMap<string, CrossPlace> {
  const lengths = new Set(Array.from(wanted.values(), ({ bytes }) => bytes.length));
  const best = new Map<string, TokenId>();
  for (let index = 0; index < vocabulary.size; index += 1) {
    const id = tokenId(index);
    const bytes = vocabulary.bytes(id);
    if (!lengths.has(bytes.length)) continue;
    const key = keyOf({ bytes, isSpecial: vocabulary.isSpecial(id) });
    const before = best.get(key);
    const isBetter = before === undefined || (logits[id] ?? 0) > (logits[before] ?? 0);
    if (wanted.has(key) && isBetter) best.set(key, id);
  }
  return new Map(
    Array.from(best, ([key, id]) => {
      const logprobNats = logprobs[id] ?? Number.NEGATIVE_INFINITY;
      return [key, { id, logprobNats, rank: rankOf(logits, id) }] as const;
    }),
  );
}
