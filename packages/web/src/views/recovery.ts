// Recover: bits by tokens since a forced one, beside the branch it was forced into, and in a sentence whether the text comes back to its usual surprise.

import {
  formatBits,
  formatCount,
  isCounted,
  RECOVERY_WINDOW,
  recovery,
  runningMeans,
  scoreBits,
  type TokenNode,
} from "@tokenscope/core";
import type { AppState } from "../store/state.ts";
import { align, comparedKeys } from "./compare.ts";
import {
  activeDocumentPath,
  type DocumentPath,
  documentPath,
  type Scores,
  turnHolding,
} from "./path.ts";
import { scoredRows } from "./scored-rows.ts";
import { countOf } from "./strip.ts";
import { tokenWord } from "./token-words.ts";

/** Bits of one branch from the place of the forced token on; the first value is the token that stands there. */
interface RecoveryLine {
  readonly bits: readonly number[];
  /** Mean of the last 8, the first token left out; null before there are 8. */
  readonly meanBits: readonly (number | null)[];
}

export interface RecoveryView {
  /** Whether and where the text comes back. */
  readonly words: string;
  /** The branch that holds the forced token, and its position there. */
  readonly key: number;
  readonly position: number;
  readonly forcedWord: string;
  readonly forced: RecoveryLine;
  /** The branch it was forced into; null where there is none. */
  readonly other: RecoveryLine | null;
  /** Usual bits a token, and where they were measured; null where there is too little to measure. */
  readonly usual: { readonly bits: number; readonly source: string } | null;
}

type Inputs = Pick<AppState, "history" | "compared" | "scores" | "vocabulary">;

/** A forced token on its path, and the path it was forced into. */
interface ForcedPlace {
  readonly key: number;
  readonly path: DocumentPath;
  readonly position: number;
  readonly other: DocumentPath | null;
}

/** The view of the two branches compared, or of a forced token on the only one; else the reason why there is none. */
export function recoveryView(state: Inputs): RecoveryView | string {
  const place = forcedPlace(state);
  if (typeof place === "string") return place;
  const { scores, vocabulary } = state;
  const { path, position, other, key } = place;
  const node = path.nodes[position];
  if (node === undefined) return "There is no token to look at.";
  const forced = lineFrom(path, position, scores);
  const otherLine = other === null ? null : lineFrom(other, position, scores);
  const usual = usualBits(place, scores, otherLine);
  const forcedWord = `“${tokenWord(node.id, vocabulary)}”`;
  const words = recoveryWords(forced.bits.slice(1), usual, forcedWord);
  return { words, key, position, forcedWord, forced, other: otherLine, usual };
}

/** Of two branches the one whose token at the parting was less likely holds the forced one; of a single path the last token that a person took against the odds. */
function forcedPlace(state: Inputs): ForcedPlace | string {
  const { history, scores } = state;
  const keys = comparedKeys(state);
  if (keys === null) return forcedOnOnePath(activeDocumentPath(history.present), state);
  const left = documentPath(history.present, keys.left);
  const right = documentPath(history.present, keys.right);
  const { shared: position, promptParting } = align(left, right);
  if (promptParting !== null) {
    return "These two branches differ in what was asked. Choose two that part within a reply.";
  }
  const a = { key: keys.left, path: left, position, other: right };
  const b = { key: keys.right, path: right, position, other: left };
  if (left.nodes[position] === undefined) return { ...b, other: null };
  if (right.nodes[position] === undefined) return { ...a, other: null };
  const logprob = (path: DocumentPath): number =>
    scoredRows(path, scores, { start: position, end: position + 1 })[0]?.score?.logprobNats ?? 0;
  return logprob(left) < logprob(right) ? a : b;
}

function forcedOnOnePath(path: DocumentPath, { history, scores }: Inputs): ForcedPlace | string {
  const rows = scoredRows(path, scores, { start: 0, end: path.nodes.length });
  const position = rows.findLastIndex(
    ({ node, score }) => isByHand(node) && score !== null && score.rank > 1,
  );
  if (position === -1) {
    return "No token was forced yet. Choose an unlikely candidate within a reply, then generate on.";
  }
  return { key: history.present.activeKey, path, position, other: null };
}

function isByHand({ origin, part }: TokenNode): boolean {
  return part === "content" && (origin === "forced" || origin === "chosen");
}

/** Bits from a position to the end of its turn, up to the first token without a score. */
function lineFrom(path: DocumentPath, position: number, scores: Scores): RecoveryLine {
  const end = turnHolding(path, position)?.end ?? path.nodes.length;
  const bits = bitsOf(path, scores, { start: position, end });
  return { bits, meanBits: [null, ...runningMeans(bits.slice(1), RECOVERY_WINDOW)] };
}

function bitsOf(
  path: DocumentPath,
  scores: Scores,
  range: { readonly start: number; readonly end: number },
): readonly number[] {
  const all = scoredRows(path, scores, range)
    .filter(({ node }) => isCounted(node))
    .map(({ score }) => scoreBits(score));
  const unscored = all.indexOf(null);
  return all.slice(0, unscored === -1 ? undefined : unscored).filter((bits) => bits !== null);
}

/** The mean before the forced token in its turn, if there are 8 tokens; else that of the other branch after the same place, if there are. */
function usualBits(
  { path, position }: ForcedPlace,
  scores: Scores,
  other: RecoveryLine | null,
): RecoveryView["usual"] {
  const start = turnHolding(path, position)?.contentStart ?? 0;
  const before = bitsOf(path, scores, { start, end: position });
  if (before.length >= RECOVERY_WINDOW) return { bits: mean(before), source: "before it" };
  const beside = other?.bits.slice(1) ?? [];
  if (beside.length < RECOVERY_WINDOW) return null;
  return { bits: mean(beside), source: "in the other branch" };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function recoveryWords(
  after: readonly number[],
  usual: RecoveryView["usual"],
  forcedWord: string,
): string {
  if (usual === null) {
    return `There are fewer than ${RECOVERY_WINDOW} tokens before ${forcedWord}, and as few in another branch: nothing to come back to.`;
  }
  if (after.length < RECOVERY_WINDOW) {
    const only = `${countOf(after.length, "token")} ${after.length === 1 ? "follows" : "follow"}`;
    return `So far ${only} ${forcedWord}; the mean needs ${RECOVERY_WINDOW}. Generate on.`;
  }
  const { backAfter, lowestMeanBits } = recovery(after, usual.bits);
  const level = formatBits(usual.bits);
  if (backAfter !== null) {
    return `Back to ${level} bits a token after ${countOf(backAfter, "token")}; that is the mean ${usual.source}.`;
  }
  return `Not within ${countOf(after.length, "token")}: the lowest mean of ${RECOVERY_WINDOW} was ${formatBits(lowestMeanBits)} bits a token, and the mean ${usual.source} is ${level}.`;
}

/** What stands so many tokens after the forced one. Example: "12 after “·on”: 0.41 bits, mean of 8 1.37; the other branch 1.02". */
export function recoveryReading(view: RecoveryView, place: number): string {
  const { forced, other, forcedWord } = view;
  const where = place === 0 ? `At ${forcedWord}` : `${formatCount(place)} after ${forcedWord}`;
  const mean8 = forced.meanBits[place] ?? null;
  const own = `${formatBits(forced.bits[place] ?? null)} bits${mean8 === null ? "" : `, mean of ${RECOVERY_WINDOW} ${formatBits(mean8)}`}`;
  const beside =
    other === null ? "" : `; the other branch ${formatBits(other.bits[place] ?? null)}`;
  return `${where}: ${own}${beside}`;
}

/** A plot's paths, in pixels. */
export interface RecoveryChart {
  readonly bars: string;
  readonly mean: string;
  readonly otherMean: string;
  readonly usualY: number | null;
  readonly ticks: readonly { readonly y: number; readonly label: string }[];
}

const FULL_BITS = 16; // as the bars under the tokens, and like them by the square root
const LEAST_TOKENS = 24; // a short text does not get fat bars

/** How many tokens the axis of a view holds. */
export function recoveryCount({ forced, other }: RecoveryView): number {
  return Math.max(LEAST_TOKENS, forced.bits.length, other?.bits.length ?? 0);
}

/** Bars of the forced branch and both running means. */
export function recoveryChart(
  view: RecoveryView,
  { width, height }: { readonly width: number; readonly height: number },
): RecoveryChart {
  const step = width / recoveryCount(view);
  const y = (bits: number): number => height * (1 - Math.sqrt(Math.min(1, bits / FULL_BITS)));
  const bars = view.forced.bits.map((bits, i) => {
    const top = Math.min(y(bits), height - 0.5); // a certain token still has its line
    return `M${px(i * step)} ${height}V${px(top)}h${px(Math.max(1, step * 0.8))}V${height}z`;
  });
  const line = (means: readonly (number | null)[]): string =>
    means
      .flatMap((value, i) => (value === null ? [] : [`${px((i + 0.4) * step)} ${px(y(value))}`]))
      .map((point, i) => `${i === 0 ? "M" : "L"}${point}`)
      .join("");
  return {
    bars: bars.join(""),
    mean: line(view.forced.meanBits),
    otherMean: line(view.other?.meanBits ?? []),
    usualY: view.usual === null ? null : y(view.usual.bits),
    ticks: [1, 4, FULL_BITS].map((bits) => ({
      y: y(bits),
      label: bits === FULL_BITS ? `${bits} bits` : String(bits),
    })),
  };
}

function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}
