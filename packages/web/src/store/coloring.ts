// What the colour of the tokens stands for.

import type { StoreApi } from "zustand/vanilla";
import type { ColorBy, Overlay } from "../views/coloring.ts";
import type { Store } from "./state.ts";

export interface ColoringState {
  readonly colorBy: ColorBy;
  /** Lies over the colouring while it is there: what a part of the page draws on the tokens. */
  readonly overlay: Overlay | null;
}

export interface ColoringActions {
  readonly setColorBy: (colorBy: ColorBy) => void;
  readonly setOverlay: (overlay: Overlay | null) => void;
}

export const FIRST_COLORING: ColoringState = { colorBy: "surprisal", overlay: null };

/** Choosing a colouring. */
export function coloringActions(store: StoreApi<Store>): ColoringActions {
  return {
    setColorBy: (colorBy) => store.setState({ colorBy }),
    setOverlay: (overlay) => store.setState({ overlay }),
  };
}
