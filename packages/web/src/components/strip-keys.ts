// Where the arrow keys, Home and End lead in the strip.

import type { Turn } from "@tokenscope/core";
import { positionInNextRow, type TokenBox } from "../views/strip.ts";
import { isPlain, type KeyPress } from "./key-press.ts";

/** Where the strip stands: the position shown, the last one there is, and the turn around it. */
interface StripPlace {
  readonly position: number;
  readonly last: number;
  readonly turn: Turn | undefined;
}

/** What a key does with the focus of the strip: away from an edit or a span, on to the candidates; null for any other key. */
export function stripVerb(press: KeyPress): "leave" | "candidates" | null {
  if (!isPlain(press)) return null;
  return ({ Escape: "leave", Enter: "candidates" } as const)[press.key] ?? null;
}

/** The position that a key leads to; null for any other key. The boxes are measured for ↑ and ↓ alone. */
export function stripTarget(
  press: KeyPress,
  { position, last, turn }: StripPlace,
  boxes: () => readonly TokenBox[],
): number | null {
  const isWhole = press.ctrlKey || press.metaKey;
  const isBrowsers = press.altKey || (isWhole && press.key.startsWith("Arrow")); // Alt+← is its way back
  if (isBrowsers) return null;
  switch (press.key) {
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
