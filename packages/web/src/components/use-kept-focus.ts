// Focus that a redraw would lose goes back to the same place.

import { type FocusEvent, useLayoutEffect, useRef } from "react";

/** Handlers for the area that keeps its focus; `target` names who gets it when its holder is gone. */
export function useKeptFocus(target: () => HTMLElement | null): {
  readonly onFocus: (event: FocusEvent) => void;
  readonly onBlur: (event: FocusEvent) => void;
} {
  const hasFocus = useRef(false);
  useLayoutEffect(() => {
    // React fires no blur for an element that it removes, so the flag still says that the area had the focus.
    if (!hasFocus.current || document.activeElement !== document.body) return;
    target()?.focus({ preventScroll: true });
  });
  return {
    onFocus: () => {
      hasFocus.current = true;
    },
    onBlur: () => {
      hasFocus.current = false;
    },
  };
}
