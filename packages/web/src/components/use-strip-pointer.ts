// The strip's pointer gestures: click, drag and Shift for a mouse; tap, and long press then tap, for a finger.

import { type MouseEvent, type PointerEvent, type RefObject, useMemo } from "react";
import type { StoreApi } from "zustand/vanilla";
import type { Store } from "../store/state.ts";
import { activeDocumentPath } from "../views/path.ts";
import { positionOf, tokenElement } from "./strip-elements.ts";

const SLOP_PX = 10; // a finger that rests moves less
const LONG_PRESS_MS = 450; // shorter than the browser's own menu, longer than a slow tap

/** Pointer handlers of the strip. `anchor` is where a span began, shared with the keys. */
export function useStripPointer(
  store: StoreApi<Store>,
  strip: RefObject<HTMLElement | null>,
  anchor: RefObject<number | null>,
) {
  return useMemo(() => stripPointer(store, strip, anchor), [store, strip, anchor]);
}

function selectTo(store: StoreApi<Store>, from: number, to: number): void {
  const { actions, history } = store.getState();
  const last = activeDocumentPath(history.present).nodes.length - 1; // "next" is in no span
  const start = Math.min(from, to, last);
  if (start < 0) return;
  actions.moveTo(to);
  actions.selectSpan({ from: start, to: Math.min(Math.max(from, to), last) });
}

function show(store: StoreApi<Store>, position: number): void {
  const { actions } = store.getState();
  actions.selectSpan(null);
  actions.moveTo(position);
}

function stripPointer(
  store: StoreApi<Store>,
  strip: RefObject<HTMLElement | null>,
  anchor: RefObject<number | null>,
) {
  let isDragging = false;
  let isExtending = false; // after a long press the next tap ends the span
  let press: ReturnType<typeof setTimeout> | undefined;
  let pressedAt = { x: 0, y: 0 };
  let wasHandled = false; // the click that follows a gesture is no second one

  return {
    onPointerDown: (event: PointerEvent<HTMLElement>) => {
      const at = positionOf(event.target as Element);
      wasHandled = false;
      if (at === null || event.button !== 0) return;
      if (event.pointerType === "touch") {
        pressedAt = { x: event.clientX, y: event.clientY };
        clearTimeout(press); // a second finger
        press = setTimeout(() => {
          isExtending = true;
          wasHandled = true;
          anchor.current = at;
          selectTo(store, at, at);
        }, LONG_PRESS_MS);
        return;
      }
      event.preventDefault(); // no text selection, and the focus goes where we say
      wasHandled = true;
      if (event.shiftKey) {
        const { span, position } = store.getState();
        anchor.current = span === null ? position : (anchor.current ?? span.from);
        selectTo(store, anchor.current, at);
      } else {
        isDragging = true;
        anchor.current = at;
        show(store, at);
      }
      tokenElement(strip.current, at)?.focus({ preventScroll: true });
    },
    onPointerMove: (event: PointerEvent<HTMLElement>) => {
      const away = Math.hypot(event.clientX - pressedAt.x, event.clientY - pressedAt.y);
      if (event.pointerType === "touch" && away > SLOP_PX) clearTimeout(press);
      isDragging = isDragging && event.buttons !== 0; // released outside the strip
      if (!isDragging) return;
      const at = positionOf(document.elementFromPoint(event.clientX, event.clientY));
      const { span, position } = store.getState();
      if (at === null || at === position || (at === anchor.current && span === null)) return;
      selectTo(store, anchor.current ?? at, at);
    },
    onPointerUp: () => {
      isDragging = false;
      clearTimeout(press);
    },
    onPointerCancel: () => {
      isDragging = false;
      clearTimeout(press);
    },
    onContextMenu: (event: MouseEvent<HTMLElement>) => {
      if (isExtending) event.preventDefault(); // a long press is ours
    },
    onClick: (event: MouseEvent<HTMLElement>) => {
      const at = positionOf(event.target as Element);
      const isSecond = wasHandled;
      wasHandled = false;
      if (at === null || isSecond) return;
      const hasStart = store.getState().span !== null; // it may have been cleared since
      if (isExtending && hasStart) selectTo(store, anchor.current ?? at, at);
      else show(store, at);
      isExtending = false;
    },
  };
}
