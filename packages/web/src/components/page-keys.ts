// The letter keys of the strip and the list, which share them. Nothing here acts while a text field has the focus.

import type { KeyboardEvent } from "react";
import type { StoreApi } from "zustand/vanilla";
import type { Store } from "../store/state.ts";
import { canWrite } from "../views/composer.ts";
import { nthCandidate } from "../views/place.ts";
import { editAction } from "./edit/edit-keys.ts";
import { isPlain, type KeyPress, type wideKey } from "./key-press.ts";
import { surpriseAction } from "./surprise-keys.ts";

/** Acts on a key that means the same in the strip and in the list; true where it did. */
export function actOnPageKey(event: KeyboardEvent, store: StoreApi<Store>): boolean {
  const act = pageAction(event, store);
  if (act === null) return false;
  event.preventDefault();
  act();
  return true;
}

/** What a key does in the strip and in the list alike; null for any other key. */
export function pageAction(press: KeyPress, store: StoreApi<Store>): (() => void) | null {
  if (!isPlain(press)) return null;
  const state = store.getState();
  return editAction(press, store) ?? actionFor(press.key, state) ?? surpriseAction(press, state);
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

/** True where a key of the whole page is left to the text being typed, or to a choice made by typing its first letter. */
export function isTexts(verb: ReturnType<typeof wideKey>, target: EventTarget | null): boolean {
  if (verb === "open" || verb === "export" || !(target instanceof HTMLElement)) return false;
  if (verb !== "keys") return target.matches("textarea, input:not([type=range])"); // it has its own undo
  return target.matches("textarea, select, input:not([type=range], [type=checkbox], [type=radio])");
}
