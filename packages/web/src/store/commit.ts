// A new version of the document, as every verb writes it.

import { record, type TokenDocument } from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { activeDocumentPath, lastPosition } from "../views/path.ts";
import { isRecorded } from "./moves.ts";
import type { AppState, Store } from "./state.ts";

/** Records a new version, with the position at its end unless told. */
export function commit(
  store: StoreApi<Store>,
  next: TokenDocument,
  more: Partial<AppState> = {},
): void {
  store.setState(({ history, recordedTips }) => ({
    history: record(history, next),
    position: lastPosition(activeDocumentPath(next)),
    span: null,
    ending: null,
    isRecording: isRecorded(next, recordedTips),
    ...more,
  }));
}
