// A span: consecutive tokens, with what they cost together and the sum written out.

import { type ScoredId, type Summary, scoreBits, summary } from "./summary.ts";
import type { TokenId } from "./token.ts";
import type { Vocabulary } from "./tokenizer.ts";

export interface SpanTerm {
  readonly index: number; // within the span
  readonly id: TokenId;
  readonly bits: number;
}

export interface SpanMeasures extends Summary {
  readonly unscoredTokens: number;
  readonly mostSurprising: SpanTerm | null; // the first of equals
  readonly leastSurprising: SpanTerm | null;
}

/** Figures of a span's rows; null where it has no scored token. */
export function spanMeasures(rows: readonly ScoredId[], vocabulary: Vocabulary): SpanMeasures {
  const terms = spanSum(rows);
  const figures = summary(rows, vocabulary);
  const pick = (isBetter: (bits: number, best: number) => boolean): SpanTerm | null =>
    terms.reduce<SpanTerm | null>(
      (best, term) => (best === null || isBetter(term.bits, best.bits) ? term : best),
      null,
    );
  return {
    ...figures,
    unscoredTokens: figures.tokens - figures.scoredTokens,
    mostSurprising: pick((bits, best) => bits > best),
    leastSurprising: pick((bits, best) => bits < best),
  };
}

/** The terms that add up to a span's total bits: its scored tokens in order. */
export function spanSum(rows: readonly ScoredId[]): readonly SpanTerm[] {
  return rows.flatMap(({ id, score }, index) => {
    const bits = scoreBits(score);
    return bits === null ? [] : [{ index, id, bits }];
  });
}
