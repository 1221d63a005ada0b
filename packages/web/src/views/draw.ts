// The draw: candidates laid end to end, 0 to 1, and the random number on them.

import {
  drawStrip,
  formatDraw,
  type PieceSegment,
  pieceGlyphs,
  pieceName,
  RAW,
  type SamplingSettings,
  type TokenId,
  type Vocabulary,
} from "@tokenscope/core";
import type { PlaceViews } from "./place.ts";

/** A stretch of the strip; its text is empty where it would not fit. */
interface DrawSegment {
  readonly key: string;
  readonly width: number; // 0 to 1
  readonly segments: readonly PieceSegment[];
  readonly kind: "token" | "hit" | "rest";
  readonly hasGap: boolean; // wide enough for a hairline at its end
}

export interface DrawView {
  readonly caption: string; // "cumulative p, raw"
  /** That Step would take another way than this draw; empty where it would not. */
  readonly note: string;
  readonly segments: readonly DrawSegment[];
  readonly draw: number;
  readonly drawText: string;
  readonly hit: readonly PieceSegment[];
  readonly hitId: TokenId | null;
  readonly name: string; // for a screen reader
}

const STRIP_PX = 330; // the narrowest strip there is: what fits here fits everywhere
const CHARACTER_PX = 6.7;
const PADDING_PX = 6;
const GAP_FROM_PX = 4;
const MIN_SEGMENT = 0.0005; // thinner ones are drawn as part of the last; a strip of 50,000 elements helps nobody

/** The strip of a place; null where the view in force is not known. */
export function drawView(views: PlaceViews, vocabulary: Vocabulary): DrawView | null {
  const { inForce, draw } = views;
  if (inForce === null) return null;
  const strip = drawStrip(inForce, draw);
  const hitId = views.settledHit ?? strip.hitId;
  const hit = hitId === null ? [] : pieceGlyphs(vocabulary.bytes(hitId));
  const tokens = strip.segments
    .filter((segment) => segment.to - segment.from >= MIN_SEGMENT || segment.id === hitId)
    .map((segment): DrawSegment => {
      const width = segment.to - segment.from;
      const segments = pieceGlyphs(vocabulary.bytes(segment.id));
      return {
        key: String(segment.id),
        width,
        segments: fits(segments, width) ? segments : [],
        kind: segment.id === hitId ? "hit" : "token",
        hasGap: width * STRIP_PX > GAP_FROM_PX,
      };
    });
  const restWidth = 1 - tokens.reduce((sum, token) => sum + token.width, 0);
  const rest: DrawSegment[] =
    strip.rest === null
      ? []
      : [{ key: "rest", width: Math.max(0, restWidth), segments: [], kind: "rest", hasGap: false }];
  const words = hitId === null ? "one of the rest" : pieceName(vocabulary.bytes(hitId));
  return {
    caption: views.after === null ? "cumulative p, raw" : "cumulative p, after settings",
    note: views.after === null ? rawNote(views.stepSettings) : "",
    segments: [...tokens, ...rest],
    draw,
    drawText: formatDraw(draw),
    hit,
    hitId,
    name: `Random number ${formatDraw(draw)} falls in ${words}`,
  };
}

/** The raw distribution is drawn from whatever the settings are, but Step follows them. */
function rawNote({ temperature, topK, topP, minP }: SamplingSettings): string {
  const isRaw =
    temperature === RAW.temperature && topK === RAW.topK && topP === RAW.topP && minP === RAW.minP;
  if (isRaw) return "";
  const step = temperature === 0 ? "is greedy" : "follows the settings";
  return `drawn at T = 1, no filters; Step ${step}`;
}

function fits(segments: readonly PieceSegment[], width: number): boolean {
  const characters = segments.reduce((sum, { text }) => sum + Array.from(text).length, 0);
  return width * STRIP_PX > characters * CHARACTER_PX + PADDING_PX;
}
