// One token as the strip draws it. Views are kept per node, so that a redraw gives the same object and touches nothing.

import {
  formatBits,
  formatCount,
  type PieceSegment,
  pieceGlyphs,
  pieceName,
  type ScoredToken,
  type SurpriseClass,
  scoreBits,
  surpriseClass,
  surpriseHeight,
  type TokenNode,
  type Vocabulary,
} from "@tokenscope/core";

/** A token of the strip. `bits` is null at position 0 and where nothing is scored yet. */
export interface TokenView {
  readonly position: number;
  readonly segments: readonly PieceSegment[];
  readonly bits: number | null;
  readonly surprise: SurpriseClass;
  readonly height: number; // 0 to 1 of the full bar
  readonly look: "plain" | "special" | "template";
  readonly isForced: boolean;
  readonly endsLine: boolean;
  readonly name: string; // for a screen reader
  readonly title: string; // for a pointer
}

interface Kept {
  readonly scored: ScoredToken | undefined;
  readonly vocabulary: Vocabulary;
  readonly view: TokenView;
}

const kept = new WeakMap<TokenNode, Kept>();

/** The view of a node under its score; the same object as long as both are the same. */
export function tokenView(
  node: TokenNode,
  scored: ScoredToken | undefined,
  vocabulary: Vocabulary,
): TokenView {
  const before = kept.get(node);
  if (before && before.scored === scored && before.vocabulary === vocabulary) return before.view;
  const view = buildView(node, scored, vocabulary);
  kept.set(node, { scored, vocabulary, view });
  return view;
}

function buildView(
  node: TokenNode,
  scored: ScoredToken | undefined,
  vocabulary: Vocabulary,
): TokenView {
  const bytes = vocabulary.bytes(node.id);
  const score = scored?.score ?? null;
  const bits = scoreBits(score);
  const isSpecial = vocabulary.isSpecial(node.id);
  const isMarker = node.part !== "content";
  const isForced = node.origin === "forced";
  const measure =
    score === null
      ? unscoredWords(node.position)
      : `${formatBits(bits)} bits, rank ${formatCount(score.rank)}`;
  return {
    position: node.position,
    segments: pieceGlyphs(bytes),
    bits,
    surprise: surpriseClass(bits) ?? 0,
    height: surpriseHeight(bits) ?? 0,
    look: isSpecial ? "special" : isMarker ? "template" : "plain",
    isForced,
    endsLine: !isMarker && bytes.at(-1) === 0x0a, // a newline
    name: `${pieceName(bytes)}, position ${node.position}, ${measure}${isForced ? ", forced" : ""}`,
    title: `${node.position} · id ${node.id} · ${measure}`,
  };
}

function unscoredWords(position: number): string {
  return position === 0 ? "no prediction" : "not scored yet";
}
