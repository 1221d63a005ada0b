// Exact beside compact: one position's candidates in both, how far the two are apart, and how often they agree along the text.

import {
  bitsFromNats,
  type Divergence,
  formatBits,
  formatCount,
  formatMegabytes,
  formatPercent,
  type PieceSegment,
  type Precision,
  pieceGlyphs,
  pieceName,
  scoreBits,
  type TokenId,
  type Vocabulary,
} from "@tokenscope/core";
import type { DeeperState } from "../store/deeper.ts";
import type { AppState } from "../store/state.ts";
import type { LoadedModel } from "../worker/protocol.ts";
import type { DocumentPath } from "./path.ts";
import { countOf } from "./strip.ts";

/** A token in both engines. Widths are shares of the axis. */
export interface EnginesRow {
  readonly key: string;
  readonly segments: readonly PieceSegment[];
  readonly own: SideView;
  readonly other: SideView;
  readonly isActual: boolean;
  readonly name: string;
}

export interface SideView {
  readonly rank: string;
  readonly percent: string;
  readonly width: number;
}

export interface EnginesView {
  readonly rows: readonly EnginesRow[];
  /** All tokens that are not listed, and their mass in each. */
  readonly rest: { readonly label: string; readonly own: string; readonly other: string };
  readonly measures: readonly { readonly label: string; readonly value: string }[];
}

/** Two engines at one position. */
export function enginesView(
  { klNats, reverseKlNats, isSameTop, candidates }: Divergence,
  {
    actual,
    names,
    vocabulary,
  }: {
    readonly actual: TokenId | null;
    readonly names: { readonly own: Precision; readonly other: Precision };
    readonly vocabulary: Vocabulary;
  },
): EnginesView {
  const most = candidates.reduce(
    (highest, { own, other }) =>
      Math.max(highest, Math.exp(own.logprobNats), Math.exp(other.logprobNats)),
    0,
  );
  const side = ({ rank, logprobNats }: { rank: number; logprobNats: number }): SideView => ({
    rank: formatCount(rank),
    percent: formatPercent(Math.exp(logprobNats)),
    width: most === 0 ? 0 : Math.exp(logprobNats) / most,
  });
  const { own: ownName, other: otherName } = names;
  return {
    rows: candidates.map(({ id, own, other }) => {
      const [a, b] = [side(own), side(other)];
      return {
        key: String(id),
        segments: pieceGlyphs(vocabulary.bytes(id)),
        own: a,
        other: b,
        isActual: id === actual,
        name: `${pieceName(vocabulary.bytes(id))}: ${ownName} rank ${a.rank}, ${a.percent}; ${otherName} rank ${b.rank}, ${b.percent}`,
      };
    }),
    rest: {
      label: countOf(vocabulary.size - candidates.length, "other token"),
      own: restPercent(candidates.map(({ own }) => own)),
      other: restPercent(candidates.map(({ other }) => other)),
    },
    measures: [
      { label: `KL(${ownName} ‖ ${otherName}), bits`, value: klBits(klNats) },
      { label: `KL(${otherName} ‖ ${ownName}), bits`, value: klBits(reverseKlNats) },
      { label: "same first choice here", value: isSameTop ? "yes" : "no" },
    ],
  };
}

function restPercent(listed: readonly { readonly logprobNats: number }[]): string {
  const mass = listed.reduce((sum, { logprobNats }) => sum + Math.exp(logprobNats), 0);
  return formatPercent(Math.max(0, 1 - mass));
}

/** Divergences are small: four decimals below 0.01. */
function klBits(nats: number): string {
  const bits = bitsFromNats(nats);
  if (bits >= 0.01) return formatBits(bits);
  return bits > 0 && bits < 0.0001 ? "<0.0001" : bits.toFixed(4);
}

/** How the two agree over all positions that both have scored; null where there is none. */
export function agreementWords(
  path: DocumentPath,
  scores: AppState["scores"],
  secondScores: DeeperState["secondScores"],
): string | null {
  let predicted = 0;
  let sameFirst = 0;
  let scored = 0;
  let changeBits = 0;
  for (const node of path.ids) {
    const own = scores.get(node);
    const other = own && secondScores.get(own);
    if (!own || !other) continue;
    predicted += 1;
    if (own.prediction.topIds[0] === other.prediction.topIds[0]) sameFirst += 1;
    const [bits, otherBits] = [scoreBits(own.score), scoreBits(other.score)];
    if (bits === null || otherBits === null) continue;
    scored += 1;
    changeBits += Math.abs(bits - otherBits);
  }
  if (predicted === 0) return null;
  const mean = scored === 0 ? null : changeBits / scored;
  return `Along this text: the same first choice after ${formatCount(sameFirst)} of ${countOf(predicted, "token")}; the tokens' bits differ by ${formatBits(mean)} on average.`;
}

/** What a second engine costs, before it is loaded. */
export function secondCost(loaded: LoadedModel, other: Precision): string {
  const bytes = loaded.weightBytes[other];
  return `The page runs in ${loaded.identity.precision}. A second engine in ${other} takes about ${formatMegabytes(bytes)} more memory for its weights, reads the same file again, and is closed with this drawer.`;
}
