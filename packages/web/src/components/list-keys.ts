// What the keys of the candidates mean, beside those that the list shares with the strip.

import { isPlain, type KeyPress } from "./key-press.ts";

/** Back to the token, the row's own click, a pin of the row; null for any other key. */
export function listVerb(press: KeyPress): "leave" | "choose" | "pin" | null {
  if (!isPlain(press)) return null;
  return LIST_VERBS[press.key] ?? (press.key.toLowerCase() === "p" ? "pin" : null);
}

const LIST_VERBS: Readonly<Record<string, "leave" | "choose">> = {
  Escape: "leave",
  Enter: "choose",
  " ": "choose",
};
