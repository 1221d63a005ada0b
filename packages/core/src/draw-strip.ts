// The draw as a picture: candidates laid end to end from 0 to 1 in order of rank, and where the random number falls.

import type { SettingsView } from "./settings-view.ts";
import type { TokenId } from "./token.ts";

export interface StripSegment {
  readonly id: TokenId;
  readonly from: number;
  readonly to: number;
}

/** Invariant: segments and rest touch, start at 0 and end at 1. */
export interface DrawStrip {
  readonly segments: readonly StripSegment[];
  readonly rest: { readonly from: number; readonly to: number } | null;
  /** The listed token that the draw hits; null where it falls in the rest, which only the whole distribution can name. */
  readonly hitId: TokenId | null;
}

/** Lays the listed rows of a view end to end under a draw in [0, 1); pinned rows lie in the rest. For the token of a step take nextToken's, which settles a draw too near an edge from all logits. */
export function drawStrip(view: SettingsView, draw: number): DrawStrip {
  const kept = view.rows.filter((row) => row.afterProbability > 0);
  const hasRest = view.keptCount > view.rows.filter((row) => row.cutBy === null).length;
  const segments: StripSegment[] = [];
  let from = 0;
  for (const [i, { id, afterProbability }] of kept.entries()) {
    const isLast = !hasRest && i === kept.length - 1;
    const to = isLast ? 1 : Math.min(1, from + afterProbability); // rounding must not leave a gap before 1
    segments.push({ id, from, to });
    from = to;
  }
  const hit = segments.find((segment) => segment.from <= draw && draw < segment.to);
  return { segments, rest: hasRest ? { from, to: 1 } : null, hitId: hit?.id ?? null };
}
