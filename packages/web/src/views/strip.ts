// The strip: every token of the active path, turn by turn.

import {
  countOf,
  formatTurnBits,
  isCounted,
  spanMeasures,
  type Vocabulary,
} from "@tokenscope/core";
import { type DocumentPath, isOpen, type Scores } from "./path.ts";
import { scoredRows } from "./scored-rows.ts";
import { type TokenView, tokenView } from "./token-view.ts";

/** A turn of the strip. `from` and `to` are its positions, half-open. */
export interface TurnView {
  readonly index: number;
  readonly role: string;
  readonly from: number;
  readonly to: number;
  readonly tokens: readonly TokenView[];
  readonly countText: string;
  readonly bitsText: string;
  /** True where "next" stands after the last token. */
  readonly hasNext: boolean;
}

/** The turns of the path; "next" is drawn after an open turn, and wherever it is the position shown. */
export function stripView(
  path: DocumentPath,
  scores: Scores,
  options: { readonly vocabulary: Vocabulary; readonly isAtNext: boolean },
): readonly TurnView[] {
  const { vocabulary } = options;
  return path.turns.map((turn) => {
    const nodes = path.nodes.slice(turn.start, turn.end);
    const ids = path.ids.slice(turn.start, turn.end);
    const tokens = nodes.map((node, i) => {
      const id = ids[i];
      return tokenView(node, id === undefined ? undefined : scores.get(id), vocabulary);
    });
    const counted = scoredRows(path, scores, turn).filter((row) => isCounted(row.node));
    const figures = spanMeasures(counted, vocabulary);
    const isLast = turn.end === path.nodes.length;
    return {
      index: turn.index,
      role: turn.role,
      from: turn.start,
      to: turn.end,
      tokens,
      countText: countOf(tokens.length, "token"),
      bitsText: figures.scoredTokens === 0 ? "" : `${formatTurnBits(figures.totalBits)} bits`,
      hasNext: isLast && (isOpen(path) || options.isAtNext),
    };
  });
}

export { countOf }; // with the views of turns and spans, which say most counts

/** True where two turns would be drawn alike. */
export function isSameTurn(a: TurnView, b: TurnView): boolean {
  return (
    a.role === b.role &&
    a.from === b.from &&
    a.hasNext === b.hasNext &&
    a.bitsText === b.bitsText &&
    a.tokens.length === b.tokens.length &&
    a.tokens.every((token, i) => token === b.tokens[i])
  );
}

/** Where ↑ or ↓ leads in a strip of these rows: the nearest token of the next row, or the same position where there is none. */
export function positionInNextRow(
  boxes: readonly TokenBox[],
  from: number,
  direction: 1 | -1,
): number {
  const own = boxes[from];
  if (own === undefined) return from;
  let best: { readonly at: number; readonly row: number; readonly away: number } | null = null;
  for (let at = from + direction; at >= 0 && at < boxes.length; at += direction) {
    const box = boxes[at];
    if (box === undefined) break;
    if ((box.top - own.top) * direction < ROW_STEP_PX) continue;
    if (best !== null && Math.abs(box.top - best.row) >= ROW_STEP_PX) break;
    const away = Math.abs(box.left - own.left);
    if (best === null || away < best.away) best = { at, row: box.top, away };
  }
  return best?.at ?? from;
}

/** Where a token lies on screen, in pixels. */
export interface TokenBox {
  readonly top: number;
  readonly left: number;
}

const ROW_STEP_PX = 20; // less than a row's height, more than how tokens of one row differ
