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
  return {
    ownEntropyNats: entropyNats(p.map(Math.exp)),
    otherEntropyNats: entropyNats(q.map(Math.exp)),
    candidates: sidesOf(wanted, placesOf(wanted, own, p), placesOf(wanted, other, q)),
  };
}

/** A token of a list that another model's server gave. */
export interface ListedToken {
  readonly text: string; // the server's name of it
  readonly bytes: Uint8Array | null; // null where that does not tell them
  /** Null where the server does not tell: then it is one where `own` has a special token of that name. */
  readonly isSpecial: boolean | null;
  readonly logprobNats: number;
  readonly rank: number | null;
}

/** As CrossCandidate, of a model whose list is all that is known of it. */
export interface ListedCandidate extends Omit<CrossCandidate, "other"> {
  readonly other: Pick<ListedToken, "logprobNats" | "rank"> | null; // null: not in the list
  /** The server's name of a token whose bytes it does not tell, so that its place in `own` is not known; else null. */
  readonly untold: string | null;
}

export interface ListedCandidates {
  readonly ownEntropyNats: number;
  readonly candidates: readonly ListedCandidate[];
}

/** As crossCandidates, beside a list; null where no token of `own` is possible. */
export function listedCandidates(
  own: VocabularyLogits,
  listed: readonly ListedToken[],
  top: number,
): ListedCandidates | null {
  const p = logSoftmax(own.logits);
  if (p === null) return null;
  const wanted = new Map(wantedTokens([own], top));
  const others = new Map<string, ListedToken>();
  const specials = specialNames(own.vocabulary);
  const untold: ListedCandidate[] = [];
  for (const token of listed) {
    const { text, bytes } = token;
    if (bytes === null) {
      untold.push({ ...NO_BYTES, other: token, untold: text });
      continue;
    }
    const isSpecial = token.isSpecial ?? specials.has(bytes.join(","));
    const key = keyOf({ bytes, isSpecial });
    wanted.set(key, { bytes, isSpecial });
    if (!others.has(key)) others.set(key, token); // of equals the likeliest, which comes first
  }
  return {
    ownEntropyNats: entropyNats(p.map(Math.exp)),
    candidates: [
      ...sidesOf(wanted, placesOf(wanted, own, p), others).map((each) => ({
        ...each,
        untold: null,
      })),
      ...untold,
    ],
  };
}

const NO_BYTES = { bytes: new Uint8Array(), isSpecial: false, own: null };

function specialNames(vocabulary: Vocabulary): ReadonlySet<string> {
  const ids = Array.from({ length: vocabulary.size }, (_, index) => tokenId(index));
  const special = ids.filter((id) => vocabulary.isSpecial(id));
  return new Set(special.map((id) => vocabulary.bytes(id).join(",")));
}

/** Wanted tokens with both sides, by their rank in the first, then in the second. */
function sidesOf<Other extends { readonly rank: number | null }>(
  wanted: ReadonlyMap<string, WantedToken>,
  owns: ReadonlyMap<string, CrossPlace>,
  others: ReadonlyMap<string, Other>,
): readonly (WantedToken & { readonly own: CrossPlace | null; readonly other: Other | null })[] {
  const rank = (place: { readonly rank: number | null } | null): number =>
    place?.rank ?? Number.POSITIVE_INFINITY;
  return [...wanted]
    .map(([key, token]) => {
      return { ...token, own: owns.get(key) ?? null, other: others.get(key) ?? null };
    })
    .sort((a, b) => rank(a.own) - rank(b.own) || rank(a.other) - rank(b.other));
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
