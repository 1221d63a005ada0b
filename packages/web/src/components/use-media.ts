// Media queries as state.

import { useSyncExternalStore } from "react";

/** The phone layout, in a narrow window and in a low one: a sheet with tabs. styles/phone.css has the same limits. */
export const PHONE = "(max-width: 719.98px), (max-height: 559.98px)";

/** The phone layout of a low window, a phone held sideways: the sheet beside the strip. styles/low.css has the same limits. */
export const LOW = "(min-width: 540px) and (max-height: 559.98px)";

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
