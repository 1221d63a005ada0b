// The keys of editing, where the strip and the list share them, and where the focus goes when a token is to be chosen.

import type { Store } from "../../store/state.ts";
import { placingEdit } from "../../views/edit.ts";
import type { KeyPress } from "../key-press.ts";

/** What a key does: replace, insert before, insert text, remove, edit as text; null for any other key. */
export function editAction(
  { key, shiftKey }: KeyPress,
  store: { readonly getState: () => Store },
): (() => void) | null {
  const { actions } = store.getState();
  switch (key.toLowerCase()) {
    case "o":
      return () => beginPlacing(store, actions.replaceTokens);
    case "a":
      return () => beginPlacing(store, actions.insertTokens);
    case "t":
      return actions.insertAsText;
    case "x":
      return actions.removeTokens;
    case "e":
      return actions.editAsText;
    case "backspace":
      return shiftKey ? actions.removeTokens : null;
    default:
      return null;
  }
}

/** Begins an edit that chooses a token, and goes where it is chosen: the list, or the search where nothing is predicted. */
export function beginPlacing(store: { readonly getState: () => Store }, begin: () => void): void {
  begin();
  const state = store.getState();
  if (placingEdit(state) === null) return;
  const list = document.getElementById("candidates");
  const row = list?.querySelector<HTMLElement>('[tabindex="0"]') ?? list;
  if (state.position === 0) document.getElementById("search")?.focus();
  else row?.focus();
}
