// The panel's head: which position, how its token came, what stands before it, and four numbers.

import {
  bitsFromNats,
  formatBits,
  formatCount,
  formatPercent,
  type Origin,
  type PieceSegment,
  pieceGlyphs,
  type SurpriseClass,
  scoreBits,
  surprisalBits,
  surpriseClass,
  type TokenNode,
  type Vocabulary,
} from "@tokenscope/core";
import { RECORDED_WITH } from "../recording/recorded-with.ts";
import type { AppState } from "../store/state.ts";
import { type DocumentPath, lastPosition, turnHolding } from "./path.ts";
import type { Place, PlaceViews } from "./place.ts";

/** A labelled number. */
export interface Measure {
  readonly label: string;
  readonly value: string;
  readonly unit: string;
}

export interface PositionHeader {
  readonly title: string;
  readonly where: string; // the role, or the position before "next"
  readonly turnWord: string; // " turn" after a role; a phone leaves it out
  readonly context: readonly PieceSegment[];
  readonly token: { readonly segments: readonly PieceSegment[]; readonly surprise: SurpriseClass };
  /** How the token came; empty at "next". */
  readonly origin: string;
  readonly measures: readonly Measure[];
  readonly entropy: string; // for a phone, which has no room for all four
  /** True where there is neither a context nor a token. */
  readonly isEmpty: boolean;
  /** Labels of the buttons to the neighbours; null at the ends. */
  readonly previous: string | null;
  readonly next: string | null;
}

const CONTEXT_TOKENS = 16; // more never fits in one line

const ORIGIN_WORDS: Readonly<Record<Origin, string>> = {
  template: "template",
  typed: "typed",
  greedy: "greedy",
  sampled: "sampled",
  chosen: "you chose this",
  forced: "you forced this",
};

const UNKNOWN: readonly PieceSegment[] = [{ text: "?", isGlyph: false }];

/** The head of the panel for a place. */
export function positionHeader(
  path: DocumentPath,
  place: Place,
  views: PlaceViews | null,
  { vocabulary, recordedTips }: Pick<AppState, "vocabulary" | "recordedTips">,
): PositionHeader {
  const { position, token } = place;
  const last = lastPosition(path);
  const role = turnHolding(path, position)?.role;
  const before = path.nodes.slice(Math.max(0, position - CONTEXT_TOKENS), position);
  const bits = scoreBits(token?.score ?? null);
  const after = position === 0 ? "" : `after ${formatCount(position - 1)}`;
  return {
    title: token === null ? "Next token" : `Position ${formatCount(position)}`,
    where: token === null ? after : (role ?? ""),
    turnWord: token === null ? "" : " turn",
    context: before.flatMap((node) => pieceGlyphs(vocabulary.bytes(node.id))),
    token: {
      segments: token === null ? UNKNOWN : pieceGlyphs(vocabulary.bytes(token.node.id)),
      surprise: surpriseClass(bits) ?? 0,
    },
    origin: token === null ? "" : originWords(path, token.node, recordedTips),
    measures: token === null ? nextMeasures(place, views) : tokenMeasures(place, vocabulary),
    entropy: entropyMeasure(place.prediction).value,
    isEmpty: path.nodes.length === 0,
    previous: position > 0 ? formatCount(position - 1) : null,
    next: position < last ? nextLabel(path, position) : null,
  };
}

/** How a token came. One that was drawn for the recorded example says at which temperature: Sampling may be set otherwise. */
function originWords(
  path: DocumentPath,
  { origin, position }: TokenNode,
  recordedTips: AppState["recordedTips"],
): string {
  const words = ORIGIN_WORDS[origin];
  const lastRecorded = path.ids.findLastIndex((id) => recordedTips.has(id));
  const isRecorded = origin === "sampled" && position <= lastRecorded;
  return isRecorded ? `${words}, T ${RECORDED_WITH.settings.temperature}` : words;
}

function nextLabel(path: DocumentPath, position: number): string {
  return position + 1 < path.nodes.length ? formatCount(position + 1) : "next";
}

function tokenMeasures({ token, prediction }: Place, vocabulary: Vocabulary): readonly Measure[] {
  const score = token?.score ?? null;
  return [
    measure("p of this token", formatPercent(score && Math.exp(score.logprobNats))),
    measure("bits, −log₂ p", formatBits(scoreBits(score))),
    measure(`rank of ${formatCount(vocabulary.size)}`, formatCount(score?.rank ?? null)),
    entropyMeasure(prediction),
  ];
}

function nextMeasures({ prediction }: Place, views: PlaceViews | null): readonly Measure[] {
  const most = prediction?.topLogprobsNats[0] ?? null;
  return [
    measure("most likely", formatPercent(most === null ? null : Math.exp(most))),
    measure("its bits", formatBits(most === null ? null : surprisalBits(most))),
    measure("kept by sampling", formatCount(views?.keptCount ?? null)),
    entropyMeasure(prediction),
  ];
}

function entropyMeasure(prediction: Place["prediction"]): Measure {
  const bits = prediction === null ? null : bitsFromNats(prediction.entropyNats);
  return { label: "entropy here", value: formatBits(bits), unit: bits === null ? "" : "bits" };
}

function measure(label: string, value: string): Measure {
  return { label, value, unit: "" };
}
