// The keys of surprise and pins: where the strip, the list and the drawer share them.

import type { Store } from "../store/state.ts";
import type { JumpKind } from "../views/jumps.ts";
import { pinnable } from "../views/place.ts";
import { isPlain, type KeyPress } from "./key-press.ts";

const JUMPS: Readonly<Record<string, JumpKind>> = { n: "surprising", y: "certain", q: "uncertain" };

/** What a key does: a jump (with Shift the one before), the drawer, a span held, a pin; null for any other key. */
export function surpriseAction(press: KeyPress, state: Store): (() => void) | null {
  if (!isPlain(press)) return null;
  const { key, shiftKey } = press;
  const { actions } = state;
  const letter = key.toLowerCase();
  const kind = JUMPS[letter];
  if (kind !== undefined) return () => actions.jumpTo(kind, shiftKey ? -1 : 1);
  if (letter === "h") return () => actions.holdSpan();
  if (letter === "b") return () => actions.toggleDrawer("surprise");
  const id = letter === "p" ? pinnable(state) : null;
  return id === null ? null : () => actions.togglePin(id);
}
