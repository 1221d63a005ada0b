// The frame of a drawer under the strip. On a phone it lies over the sheet. OpenDrawer gives the focus back.

import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { useActions } from "./store-context.ts";
import { scrollToToken } from "./strip-elements.ts";

interface DrawerProps {
  readonly title: string;
  /** Beside the title: a switch, a choice. */
  readonly tools?: ReactNode;
  /** Keys that act anywhere in the drawer, but in a text field. */
  readonly onKey?: (event: KeyboardEvent) => void;
  readonly children: ReactNode;
}

/** A drawer's frame. It takes the focus when it opens; Escape closes it. */
export function Drawer({ title, tools, onKey, children }: DrawerProps) {
  const { openDrawer } = useActions();
  const frame = useRef<HTMLElement>(null);
  useEffect(() => {
    frame.current?.focus({ preventScroll: true });
    const strip = document.querySelector<HTMLElement>("#strip");
    if (strip !== null) showPosition(strip); // which the drawer would cover
  }, []);
  return (
    <section
      ref={frame}
      className="drawer"
      aria-label={title}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) {
          if (!(event.target instanceof HTMLInputElement)) onKey?.(event);
          return;
        }
        event.preventDefault();
        openDrawer(null);
      }}
    >
      <header className="drawer-head">
        <h2>{title}</h2>
        {tools}
        <button type="button" className="btn plain close" onClick={() => openDrawer(null)}>
          Close <kbd>Esc</kbd>
        </button>
      </header>
      <div className="drawer-body">{children}</div>
    </section>
  );
}

function showPosition(strip: HTMLElement): void {
  const token = strip.querySelector<HTMLElement>('[aria-current="true"]');
  if (token !== null) scrollToToken(token);
}
