// The position under the pointer, in the charts and in the strip alike: pointing at one marks it in the other.

import { useEffect, useState } from "react";
import { positionOf, tokenElement } from "../strip-elements.ts";

/** The position pointed at, null where none is, and how a chart sets it. */
export function usePointed(): readonly [number | null, (position: number | null) => void] {
  const [pointed, setPointed] = useState<number | null>(null);

  useEffect(() => {
    const strip = document.getElementById("strip");
    if (strip === null) return;
    const onOver = (event: PointerEvent): void => {
      if (event.target instanceof Element) setPointed(positionOf(event.target));
    };
    const onLeave = (): void => setPointed(null);
    strip.addEventListener("pointerover", onOver);
    strip.addEventListener("pointerleave", onLeave);
    return () => {
      strip.removeEventListener("pointerover", onOver);
      strip.removeEventListener("pointerleave", onLeave);
    };
  }, []);

  useEffect(() => {
    const token = pointed === null ? null : tokenElement(document.getElementById("strip"), pointed);
    token?.setAttribute("data-pointed", ""); // an attribute that no component draws, so that no token is drawn again
    return () => token?.removeAttribute("data-pointed");
  }, [pointed]);

  return [pointed, setPointed];
}
