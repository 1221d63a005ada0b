// The text from left to right, as the drawer of surprise draws it: bits, entropy and turns by position, and words for one of them.

import {
  bitsFromNats,
  formatBits,
  formatCount,
  formatPercent,
  type PieceSegment,
  pieceGlyphs,
  pieceName,
  scoreBits,
  type Vocabulary,
} from "@tokenscope/core";
import { type DocumentPath, lastPosition, type Scores } from "./path.ts";
import type { PinLine } from "./pins.ts";

/** Numbers by position, "next" included; null at position 0 and where nothing is scored. */
export interface AlongText {
  readonly count: number;
  readonly bits: readonly (number | null)[];
  readonly entropyBits: readonly (number | null)[];
  readonly turns: readonly { readonly role: string; readonly from: number; readonly to: number }[];
}

/** One position in words. */
export interface Reading {
  readonly place: string; // "1,657"
  readonly segments: readonly PieceSegment[]; // empty at "next"
  readonly bits: string;
  readonly entropy: string;
  /** Its probability by pinned token, in the order of the pins. */
  readonly pins: readonly string[];
  readonly words: string; // for a screen reader
}

/** The numbers of a path. */
export function alongText(path: DocumentPath, scores: Scores): AlongText {
  const count = path.ids.length === 0 ? 0 : lastPosition(path) + 1;
  const positions = Array.from({ length: count }, (_, position) => position);
  return {
    count,
    bits: positions.map((position) => {
      const id = path.ids[position];
      return id === undefined ? null : scoreBits(scores.get(id)?.score ?? null);
    }),
    entropyBits: positions.map((position) => {
      const before = path.ids[position - 1];
      const prediction = before === undefined ? undefined : scores.get(before)?.prediction;
      return prediction === undefined ? null : bitsFromNats(prediction.entropyNats);
    }),
    turns: path.turns.map(({ role, start, end }) => ({ role, from: start, to: end })),
  };
}

/** What stands at a position of the charts. */
export function chartReading(
  position: number,
  path: DocumentPath,
  {
    along,
    pins,
    vocabulary,
  }: {
    readonly along: AlongText;
    readonly pins: readonly PinLine[];
    readonly vocabulary: Vocabulary;
  },
): Reading {
  const node = path.nodes[position];
  const bytes = node === undefined ? null : vocabulary.bytes(node.id);
  const place = formatCount(position);
  const bits = formatBits(along.bits[position] ?? null);
  const entropy = formatBits(along.entropyBits[position] ?? null);
  const pinned = pins.map(({ logprobsNats }) => {
    const nats = logprobsNats[position] ?? null;
    return formatPercent(nats === null ? null : Math.exp(nats));
  });
  const named = pins.map(({ name }, i) => `${name} ${pinned[i]}`);
  const token = bytes === null ? "next token" : `${pieceName(bytes)}, ${bits} bits`;
  return {
    place,
    segments: bytes === null ? [] : pieceGlyphs(bytes),
    bits,
    entropy,
    pins: pinned,
    words: [`position ${place}`, token, `entropy ${entropy}`, ...named].join(", "),
  };
}
