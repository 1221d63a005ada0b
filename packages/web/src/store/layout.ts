// Which panels are open: the lab guide beside the document, one drawer under it, one dialog over the page.

import type { StoreApi } from "zustand/vanilla";
import type { Store } from "./state.ts";

/** What may stand under the strip, one at a time. */
export type DrawerKind = "compare" | "surprise" | "deeper" | "neighbour" | "edit";

/** What may lie over the page, one at a time. */
export type DialogKind =
  | "keys"
  | "share"
  | "export"
  | "open"
  | "models"
  | "tools"
  | "card"
  | "more";

export interface LayoutState {
  readonly drawer: DrawerKind | null;
  readonly dialog: DialogKind | null;
  readonly isLabOpen: boolean;
}

export interface LayoutActions {
  /** Opens a drawer, or closes it where it is open. */
  readonly toggleDrawer: (kind: DrawerKind) => void;
  readonly openDrawer: (kind: DrawerKind | null) => void;
  readonly openDialog: (kind: DialogKind | null) => void;
  readonly toggleLab: () => void;
}

export const FIRST_LAYOUT: LayoutState = { drawer: null, dialog: null, isLabOpen: false };

/** Opening and closing. Where the focus goes is the components' part. */
export function layoutActions(store: StoreApi<Store>): LayoutActions {
  return {
    toggleDrawer: (kind) =>
      store.setState(({ drawer }) => ({ drawer: drawer === kind ? null : kind })),
    openDrawer: (drawer) => store.setState({ drawer }),
    openDialog: (dialog) => store.setState({ dialog }),
    toggleLab: () => store.setState(({ isLabOpen }) => ({ isLabOpen: !isLabOpen })),
  };
}
