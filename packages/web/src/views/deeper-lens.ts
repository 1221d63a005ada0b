// The logit lens: what each layer alone would predict (nostalgebraist, 2020), and where the token that came first leads.

import {
  bitsFromNats,
  formatBits,
  formatCount,
  formatPercent,
  type PieceSegment,
  type Prediction,
  pieceGlyphs,
  pieceName,
  type TokenId,
  type TokenScore,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import { tokenWord } from "./token-words.ts";

/** One of a layer's most likely tokens. */
interface LensCell {
  readonly id: TokenId;
  readonly segments: readonly PieceSegment[];
  readonly percent: string; // without its sign, which the head of the column has
  readonly bar: number; // p, 0 to 1; 0 where it is too small to be drawn
  readonly isFollowed: boolean;
}

export interface LensRow {
  readonly layer: number; // from 0
  readonly cells: readonly LensCell[];
  readonly rank: string;
  readonly percent: string; // of the token that is followed
  readonly entropy: string;
  /** The first layer after which the token is the most likely. */
  readonly isFirst: boolean;
  readonly name: string; // for a screen reader
}

/** Rank by layer: x from 0 to 1 along the layers, y from 0 (rank 1) to 1 (the least likely), logarithmic. */
export interface RankChart {
  readonly points: readonly { readonly layer: number; readonly x: number; readonly y: number }[];
  readonly ticks: readonly { readonly y: number; readonly label: string }[];
  readonly first: number | null; // layer
}

export interface LensView {
  /** The last layer first: from the prediction back to the beginning. */
  readonly rows: readonly LensRow[];
  readonly chart: RankChart | null;
  readonly sentence: string;
}

export interface LensInputs {
  readonly layers: readonly Prediction[];
  /** Of the token that is followed, after each layer; null while they are asked for. */
  readonly scores: readonly TokenScore[] | null;
  readonly followed: TokenId;
  readonly vocabulary: Vocabulary;
}

const SHOWN = 5;
const LEAST_BAR = 0.005; // below, a bar is a speck

/** The table, the chart and its sentence. */
export function lensView(inputs: LensInputs): LensView {
  const { layers, scores, vocabulary } = inputs;
  const first = scores === null ? -1 : scores.findIndex(({ rank }) => rank === 1);
  const rows = layers.map((_, layer) => lensRow(inputs, layer, layer === first));
  return {
    rows: rows.toReversed(),
    chart: scores && rankChart(scores, vocabulary.size),
    sentence: scores === null ? "" : firstWords(inputs, scores, first),
  };
}

function lensRow(inputs: LensInputs, layer: number, isFirst: boolean): LensRow {
  const { layers, scores, followed, vocabulary } = inputs;
  const prediction = layers[layer];
  const score = scores?.[layer] ?? null;
  const cells = Array.from(prediction?.topIds.slice(0, SHOWN) ?? [], (each, i): LensCell => {
    const id = tokenId(each);
    const share = Math.exp(prediction?.topLogprobsNats[i] ?? Number.NEGATIVE_INFINITY);
    const segments = pieceGlyphs(vocabulary.bytes(id));
    const percent = formatPercent(share).replace(" %", "");
    const bar = share < LEAST_BAR ? 0 : share;
    return { id, segments, percent, bar, isFollowed: id === followed };
  });
  const rank = formatCount(score?.rank ?? null);
  const percent = formatPercent(score && Math.exp(score.logprobNats));
  const entropy = formatBits(prediction ? bitsFromNats(prediction.entropyNats) : null);
  const [most] = cells;
  const likely = most && `${pieceName(vocabulary.bytes(most.id))}, ${most.percent} %`;
  return {
    layer,
    cells,
    rank,
    percent,
    entropy,
    isFirst,
    name: `after layer ${layer}: ${likely}; ${pieceName(vocabulary.bytes(followed))} has rank ${rank}, ${percent}; entropy ${entropy} bits${isFirst ? "; the first time it is the most likely" : ""}`,
  };
}

function firstWords(
  { followed, vocabulary }: LensInputs,
  scores: readonly TokenScore[],
  first: number,
): string {
  const word = tokenWord(followed, vocabulary);
  if (first === -1) {
    const best = scores.reduce(
      (least, { rank }) => Math.min(least, rank),
      Number.POSITIVE_INFINITY,
    );
    const layer = scores.findIndex(({ rank }) => rank === best);
    return `${word} is the most likely after no layer; it comes nearest after layer ${layer}, with rank ${formatCount(best)}.`;
  }
  const since = 1 + scores.findLastIndex(({ rank }) => rank !== 1);
  const begin = `${word} is the most likely for the first time after layer ${first}`;
  if (since === first) return `${begin}, and stays so.`;
  if (since < scores.length) return `${begin}, and for good after layer ${since}.`;
  return `${begin}, but not after the last.`;
}

const POWERS = [1, 10, 100, 1_000, 10_000, 100_000];

/** Rank by layer. Example: ranks 100 and 1 of 10,000 -> y 0.5 and 0. */
export function rankChart(scores: readonly TokenScore[], vocabularySize: number): RankChart {
  const height = (rank: number): number => Math.log(rank) / Math.log(vocabularySize);
  const first = scores.findIndex(({ rank }) => rank === 1);
  return {
    points: scores.map(({ rank }, layer) => ({
      layer,
      x: layer / Math.max(1, scores.length - 1),
      y: height(rank),
    })),
    ticks: POWERS.filter((rank) => rank <= vocabularySize).map((rank) => ({
      y: height(rank),
      label: formatCount(rank),
    })),
    first: first === -1 ? null : first,
  };
}
