// Going places: position, span, branch. Nothing here changes a token.

import { branchOf, switchBranch, type TokenDocument } from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { branchWords, spanWords } from "../views/announcements.ts";
import { activeDocumentPath, lastPosition } from "../views/path.ts";
import type { Actions, AppState, Store } from "./state.ts";

type Moves = Pick<Actions, "moveTo" | "moveBy" | "selectSpan" | "switchBranch" | "switchBranchBy">;

/** The moves over a store. */
export function moves(store: StoreApi<Store>): Moves {
  return {
    moveTo: (position) => store.setState((state) => ({ position: clamped(position, state) })),
    moveBy: (tokens) =>
      store.setState((state) => ({ position: clamped(state.position + tokens, state) })),
    selectSpan(span) {
      const state = store.getState();
      if (span === null && state.span === null) return;
      store.setState({ span, announcement: span === null ? "" : spanWords({ ...state, span }) });
    },
    switchBranch: (key) => store.setState((state) => onBranch(state, key)),
    switchBranchBy: (lanes) =>
      store.setState((state) => {
        const { branches, activeKey } = state.history.present;
        const lane = branches.findIndex((branch) => branch.key === activeKey);
        const wanted = branches[(lane + lanes + branches.length) % branches.length];
        return wanted === undefined ? {} : onBranch(state, wanted.key);
      }),
  };
}

/** The state on another branch, as near to the position as it reaches. */
export function onBranch(state: AppState, key: number): Partial<AppState> {
  if (key === state.history.present.activeKey) return {};
  const history = { ...state.history, present: switchBranch(state.history.present, key) };
  const position = clamped(state.position, { history });
  const announcement = branchWords({ ...state, history, position });
  const isRecording = isRecorded(history.present, state.recordedTips);
  return { history, position, isRecording, span: null, ending: null, announcement };
}

/** True where the active branch stands as it was recorded. */
export function isRecorded(doc: TokenDocument, recordedTips: AppState["recordedTips"]): boolean {
  const { tip } = branchOf(doc);
  return tip !== null && recordedTips.has(tip);
}

function clamped(position: number, { history }: Pick<AppState, "history">): number {
  const last = lastPosition(activeDocumentPath(history.present));
  return Math.max(0, Math.min(position, last));
}
