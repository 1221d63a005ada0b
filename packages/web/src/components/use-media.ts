// Media queries as state.

import { useSyncExternalStore } from "react";

/** The phone layout: one column and a sheet. styles/phone.css has the same limit. */
export const PHONE = "(max-width: 719.98px)";

/** A finger is what points. */
export const COARSE = "(pointer: coarse)";

/** The system's own wish for dark. */
export const DARK = "(prefers-color-scheme: dark)";

/** True while a media query holds. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (onChange) => {
      const list = matchMedia(query);
      list.addEventListener("change", onChange);
      return () => list.removeEventListener("change", onChange);
    },
    () => matchMedia(query).matches,
  );
}
