// The open drawer; what stands in it is loaded when it is first opened.

import { type ComponentType, lazy, Suspense, useEffect, useLayoutEffect, useRef } from "react";
import type { DrawerKind } from "../store/layout.ts";
import { usePage } from "./store-context.ts";

const DRAWERS: Readonly<Record<DrawerKind, ComponentType>> = {
  compare: lazy(async () => ({
    default: (await import("./compare/CompareDrawer.tsx")).CompareDrawer,
  })),
  surprise: lazy(async () => ({
    default: (await import("./surprise/SurpriseDrawer.tsx")).SurpriseDrawer,
  })),
  deeper: lazy(async () => ({ default: (await import("./deeper/DeeperDrawer.tsx")).DeeperDrawer })),
  edit: lazy(async () => ({ default: (await import("./edit/EditDrawer.tsx")).EditDrawer })),
  neighbour: lazy(async () => ({
    default: (await import("./files/NeighbourDrawer.tsx")).NeighbourDrawer,
  })),
};

/** The open drawer, if one is; what had the focus before gets it back. */
export function OpenDrawer() {
  const kind = usePage((state) => state.drawer);
  useFocusGivenBack(kind !== null);
  if (kind === null) return null;
  const Content = DRAWERS[kind];
  return (
    <Suspense fallback={null}>
      <Content />
    </Suspense>
  );
}

function useFocusGivenBack(isOpen: boolean): void {
  const before = useRef<Element | null>(null);
  useLayoutEffect(() => {
    if (isOpen) before.current = document.activeElement; // what the drawer covers loses its focus with the next frame
  }, [isOpen]);
  useEffect(() => {
    if (!isOpen) return;
    return () => {
      // after the commit: until then it may be covered, and takes no focus
      if (before.current instanceof HTMLElement && before.current.isConnected)
        before.current.focus();
    };
  }, [isOpen]);
}
