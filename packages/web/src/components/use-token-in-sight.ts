// Keeps the position shown in sight: when it moves, and when something opens and takes room from the strip.

import { type RefObject, useLayoutEffect } from "react";
import { scrollToToken, tokenElement } from "./strip-elements.ts";

/** Scrolls to the token of a position, and gives it the focus that the strip has. */
export function useTokenInSight(strip: RefObject<HTMLElement | null>, position: number): void {
  useLayoutEffect(() => {
    const token = tokenElement(strip.current, position);
    if (token === null) return;
    const hasFocus = strip.current?.contains(document.activeElement) === true;
    if (hasFocus && document.activeElement !== token) token.focus({ preventScroll: true });
    scrollToToken(token);
  }, [strip, position]);

  useLayoutEffect(() => {
    const frame = strip.current?.closest<HTMLElement>(".script") ?? null;
    if (frame === null) return;
    let height = frame.clientHeight;
    const observer = new ResizeObserver(() => {
      const token = tokenElement(strip.current, position);
      if (frame.clientHeight < height && token !== null) scrollToToken(token);
      height = frame.clientHeight;
    });
    observer.observe(frame);
    return () => observer.disconnect();
  }, [strip, position]);
}
