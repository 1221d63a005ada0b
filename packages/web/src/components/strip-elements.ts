// The strip's elements: which token an element is, and where it lies.

import type { TokenBox } from "../views/strip.ts";

const MARGIN_PX = 20; // a token this near the edge counts as hidden
const SHOWN_AT = 0.4; // of the height: above the middle, and above the phone's sheet

/** The element of a position; null where it is not drawn. */
export function tokenElement(strip: HTMLElement | null, position: number): HTMLElement | null {
  return strip?.querySelector<HTMLElement>(`[data-i="${position}"]`) ?? null;
}

/** The position under an element of the strip; null beside the tokens. */
export function positionOf(element: Element | null): number | null {
  const index = element?.closest("[data-i]")?.getAttribute("data-i");
  return index == null ? null : Number(index);
}

/** Boxes of all tokens, by position. */
export function tokenBoxes(strip: HTMLElement | null): readonly TokenBox[] {
  const tokens = strip?.querySelectorAll<HTMLElement>("[data-i]") ?? [];
  return Array.from(tokens, (token) => token.getBoundingClientRect());
}

/** Scrolls the strip, and nothing else, until a token is in sight. */
export function scrollToToken(token: HTMLElement): void {
  const frame = token.closest<HTMLElement>(".script");
  if (frame === null) return;
  const box = token.getBoundingClientRect();
  const view = frame.getBoundingClientRect();
  const notice = frame.parentElement?.querySelector(".notice")?.getBoundingClientRect();
  const bottom = notice?.top ?? view.bottom;
  if (box.top >= view.top && box.bottom <= bottom - MARGIN_PX) return;
  frame.scrollTop += box.top - view.top - view.height * SHOWN_AT;
}
