// The letter keys of the strip and the list, which share them. Nothing here acts while a text field has the focus.

import type { KeyboardEvent } from "react";
import type { StoreApi } from "zustand/vanilla";
import type { Store } from "../store/state.ts";
import { canWrite } from "../views/composer.ts";
import { nthCandidate } from "../views/place.ts";
import { editAction } from "./edit/edit-keys.ts";
import { surpriseAction } from "./surprise-keys.ts";

/** Acts on a key that means the same in the strip and in the list; true where it did. */
export function actOnPageKey(event: KeyboardEvent, store: StoreApi<Store>): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const state = store.getState();
  const act =
    editAction(event, store) ?? actionFor(event.key, state) ?? surpriseAction(event, state);
  if (act === null) return false;
  event.preventDefault();
  act();
  return true;
}

function actionFor(key: string, state: Store): (() => void) | null {
  const { actions } = state;
  if (/^[1-9]$/.test(key)) {
    return () => {
      const candidate = nthCandidate(state, Number(key));
      if (candidate !== null && canWrite(state)) actions.choose(candidate.id, candidate.origin);
    };
  }
  switch (key.toLowerCase()) {
    case "s":
      return () => actions.step();
    case "g":
      return () => canWrite(state) && actions.generate();
    case "r":
      return () => actions.setView(state.view === "raw" ? "after" : "raw");
    case "d":
      return () => actions.drawAgain();
    case "backspace":
      return () => actions.cut();
    case "/":
      return () => document.getElementById("search")?.focus();
    case "[":
      return () => actions.switchBranchBy(-1);
    case "]":
      return () => actions.switchBranchBy(1);
    case "c":
      return () => actions.toggleCompare("compare");
    case "v":
      return () => actions.toggleCompare("recover");
    case "l":
      return () => actions.toggleLab();
    case "i":
      return () => actions.toggleDrawer("deeper");
    case "u":
      return () => actions.openDialog("share");
    case "w":
      return () => actions.toggleDrawer("neighbour");
    case "k":
      return () => actions.openDialog("tools");
    case "m":
      return () => actions.openDialog("models");
    case ".":
      return () => (state.work.kind === "generating" ? actions.stop() : actions.stopLoading());
    default:
      return null;
  }
}

/** Ctrl+O and Ctrl+S, anywhere: what they open. */
export function fileKey(event: globalThis.KeyboardEvent): "open" | "export" | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return null;
  const key = event.key.toLowerCase();
  if (key === "o") return "open";
  return key === "s" ? "export" : null;
}

/** True where a text is being typed, or a choice is made by typing its first letter. */
function isTyping({ target }: globalThis.KeyboardEvent): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches("textarea, select, input:not([type=range], [type=checkbox], [type=radio])")
  );
}

/** "?" wherever no text is being typed: it opens the keys. */
export function isKeysKey(event: globalThis.KeyboardEvent): boolean {
  const isPlain = !(event.ctrlKey || event.metaKey || event.altKey);
  return event.key === "?" && isPlain && !isTyping(event);
}

/** Ctrl+Z and Ctrl+Shift+Z anywhere but in a text field, which has its own undo. */
export function undoKey(event: globalThis.KeyboardEvent): "undo" | "redo" | null {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return null;
  const isTextField =
    event.target instanceof HTMLElement &&
    event.target.matches("textarea, input:not([type=range])");
  if (isTextField) return null;
  const key = event.key.toLowerCase();
  if (key === "z") return event.shiftKey ? "redo" : "undo";
  return key === "y" ? "redo" : null;
}
