// Where the arrow keys, Home and End lead in the strip.

import type { Turn } from "@tokenscope/core";
import type { KeyboardEvent } from "react";
import { positionInNextRow, type TokenBox } from "../views/strip.ts";

/** Where the strip stands: the position shown, the last one there is, and the turn around it. */
interface StripPlace {
  readonly position: number;
  readonly last: number;
  readonly turn: Turn | undefined;
}

/** The position that a key leads to; null for any other key. The boxes are measured for ↑ and ↓ alone. */
export function stripTarget(
  event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey">,
  { position, last, turn }: StripPlace,
  boxes: () => readonly TokenBox[],
): number | null {
  const isWhole = event.ctrlKey || event.metaKey;
  switch (event.key) {
    case "ArrowLeft":
      return Math.max(0, position - 1);
    case "ArrowRight":
      return Math.min(last, position + 1);
    case "ArrowUp":
      return positionInNextRow(boxes(), position, -1);
    case "ArrowDown":
      return positionInNextRow(boxes(), position, 1);
    case "Home":
      return isWhole ? 0 : (turn?.start ?? 0);
    case "End":
      return isWhole ? last : Math.max(0, (turn?.end ?? 1) - 1);
    default:
      return null;
  }
}
