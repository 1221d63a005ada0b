// The drawer of surprise: what it shows, the span held for comparison, and the jumps.

import type { NodeId, TokenNode } from "@tokenscope/core";
import type { StoreApi } from "zustand/vanilla";
import { type Jump, type JumpKind, nextJump } from "../views/jumps.ts";
import { activeDocumentPath } from "../views/path.ts";
import { shownSpan } from "../views/span-bar.ts";
import type { Store } from "./state.ts";

/** A span that stays to be compared, whatever branch is shown. */
export interface HeldSpan {
  readonly ids: readonly NodeId[];
  readonly nodes: readonly TokenNode[];
}

export interface SurpriseState {
  readonly surpriseView: "chart" | "span";
  readonly pinScale: "log" | "linear";
  /** Span A; null while none is held. */
  readonly heldSpan: HeldSpan | null;
  readonly jump: Jump | null;
}

export interface SurpriseActions {
  readonly setSurpriseView: (view: SurpriseState["surpriseView"]) => void;
  readonly setPinScale: (scale: SurpriseState["pinScale"]) => void;
  /** Holds the span shown, or the reply, as A; shows the comparison. */
  readonly holdSpan: () => void;
  readonly releaseSpan: () => void;
  /** Goes to the next place of a kind, or (steps -1) to the one before. */
  readonly jumpTo: (kind: JumpKind, steps: 1 | -1) => void;
}

export const FIRST_SURPRISE: SurpriseState = {
  surpriseView: "chart",
  pinScale: "log",
  heldSpan: null,
  jump: null,
};

/** The verbs of the drawer. */
export function surpriseActions(store: StoreApi<Store>): SurpriseActions {
  return {
    setSurpriseView: (surpriseView) => store.setState({ surpriseView }),
    setPinScale: (pinScale) => store.setState({ pinScale }),
    holdSpan: () =>
      store.setState((state) => {
        const path = activeDocumentPath(state.history.present);
        const span = shownSpan(path, state.span);
        if (span === null) return {};
        const [start, end] = [span.from, span.to + 1];
        return {
          heldSpan: {
            ids: path.ids.slice(start, end),
            nodes: path.nodes.slice(start, end),
          },
          drawer: "surprise",
          surpriseView: "span",
          announcement: "Span A is held. Select another to compare.",
        };
      }),
    releaseSpan: () => store.setState({ heldSpan: null }),
    jumpTo: (kind, steps) =>
      store.setState((state) => {
        const landing = nextJump(state, kind, steps);
        if (landing === null) return { announcement: "Nothing is scored yet" };
        const { jump, position, words } = landing;
        return { jump, position, announcement: words };
      }),
  };
}
