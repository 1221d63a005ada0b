// A prediction with one head switched off, beside the prediction as it was (head ablation: Michel et al., 2019).

import {
  formatBits,
  formatCount,
  formatPercent,
  type PieceSegment,
  type Prediction,
  pieceGlyphs,
  scoreBits,
  type TokenId,
  type TokenScore,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import type { HeadOff } from "../store/deeper.ts";

interface HeadOffRow {
  readonly id: TokenId;
  readonly segments: readonly PieceSegment[];
  readonly before: string;
  readonly after: string;
  readonly isActual: boolean;
}

export interface HeadOffView {
  readonly rows: readonly HeadOffRow[];
  /** What became of the token that came; empty at "next". */
  readonly sentence: string;
}

export interface HeadOffInputs {
  readonly prediction: Prediction;
  readonly off: HeadOff;
  readonly actual: { readonly id: TokenId; readonly score: TokenScore | null } | null;
  readonly vocabulary: Vocabulary;
}

const SHOWN = 6;

/** The most likely tokens before, those that came up, and the token that came. */
export function headOffView({ prediction, off, actual, vocabulary }: HeadOffInputs): HeadOffView {
  const first = prediction.topIds.slice(0, SHOWN);
  const risen = off.prediction.topIds.slice(0, 1);
  const ids = [...new Set([...first, ...risen, ...(actual === null ? [] : [actual.id])])];
  const percentOf = (from: Prediction, score: TokenScore | null, id: number): string => {
    const kept = from.topLogprobsNats[from.topIds.indexOf(id)];
    const logprob = id === actual?.id && score !== null ? score.logprobNats : kept;
    if (logprob !== undefined) return formatPercent(Math.exp(logprob));
    return `<${formatPercent(Math.exp(from.topLogprobsNats.at(-1) ?? 0)).replace("<", "")}`; // less likely than all that are kept
  };
  return {
    rows: ids.map((each) => ({
      id: tokenId(each),
      segments: pieceGlyphs(vocabulary.bytes(tokenId(each))),
      before: percentOf(prediction, actual?.score ?? null, each),
      after: percentOf(off.prediction, off.score, each),
      isActual: each === actual?.id,
    })),
    sentence: actual === null ? "" : changeWords(actual.score, off.score),
  };
}

function changeWords(before: TokenScore | null, after: TokenScore | null): string {
  const words = (score: TokenScore | null): string =>
    `${formatBits(scoreBits(score))} bits, rank ${formatCount(score?.rank ?? null)}`;
  return `The token that came: ${words(before)}; without this head ${words(after)}.`;
}
