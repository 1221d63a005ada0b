// The frame of a dialog over the page.

import { type ReactNode, useEffect, useRef } from "react";
import { useActions } from "./store-context.ts";

interface DialogProps {
  readonly title: string;
  /** For a text to read, which arrows scroll; a dialog with controls scrolls to the one that has the focus. */
  readonly isText?: boolean;
  readonly children: ReactNode;
}

/** A modal dialog's frame: the browser keeps the focus in it, and gives it back when it closes. Escape and a click beside it close it. */
export function Dialog({ title, isText = false, children }: DialogProps) {
  const { openDialog } = useActions();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the key of a click beside it, and the browser's own
    <dialog
      ref={dialog}
      className="dialog"
      aria-label={title}
      onClose={() => openDialog(null)}
      onClick={(event) => {
        if (event.target === event.currentTarget) event.currentTarget.close();
      }}
    >
      <div className="dialog-frame">
        <header className="dialog-head">
          <h2>{title}</h2>
          <button type="button" className="btn plain close" onClick={() => openDialog(null)}>
            Close <kbd>Esc</kbd>
          </button>
        </header>
        {isText ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
          <section className="dialog-body" aria-label={title} tabIndex={0}>
            {children}
          </section>
        ) : (
          <div className="dialog-body">{children}</div>
        )}
      </div>
    </dialog>
  );
}
