// A menu under its button: arrows move, Escape gives the focus back. What the verbs do is their owner's part.

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import "../styles/menu.css";
import { stepInMenu } from "./steps.ts";

/** A verb of a menu. */
export interface MenuVerb {
  readonly name: string;
  /** Its key elsewhere on the page; empty where it has none. */
  readonly keys: string;
  /** Why it does nothing now; null where it works. */
  readonly blocked: string | null;
  readonly act: () => void;
}

interface MenuProps {
  /** On the button. */
  readonly name: string;
  /** What the verbs act on, for the menu's head and its name. */
  readonly what: string;
  readonly verbs: readonly MenuVerb[];
  /** Which edge of the button the menu keeps to. */
  readonly side?: "left" | "right";
}

/** A button that opens the verbs. */
export function Menu({ name, what, verbs, side = "right" }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div className="menu-place">
      <button
        ref={button}
        type="button"
        className="btn plain"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {name}
      </button>
      {isOpen && (
        <div className={`menu at-${side}`}>
          <p className="label" aria-hidden="true">
            {what}
          </p>
          <Verbs
            label={`${name} ${what}`}
            verbs={verbs}
            onClose={close}
            onLeave={() => setOpen(false)}
          />
        </div>
      )}
    </div>
  );
}

interface VerbsProps {
  readonly label: string;
  readonly verbs: readonly MenuVerb[];
  /** Closes the menu and gives the focus back to its button. */
  readonly onClose: () => void;
  /** Closes it where the focus has gone elsewhere. */
  readonly onLeave: () => void;
}

function Verbs({ label, verbs, onClose, onLeave }: VerbsProps) {
  const menu = useRef<HTMLDivElement>(null);
  const focusItem = (index: number) =>
    (menu.current?.children[index] as HTMLElement | undefined)?.focus();
  useEffect(() => (menu.current?.firstElementChild as HTMLElement | null)?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = Array.from(menu.current?.children ?? []).indexOf(event.target as HTMLElement);
    const to = stepInMenu(event.key, { at, last: verbs.length - 1 });
    if (event.key === "Escape") onClose();
    else if (to === null) return;
    else focusItem(to);
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      ref={menu}
      role="menu"
      tabIndex={-1}
      aria-label={label}
      onKeyDown={onKeyDown}
      onBlur={({ relatedTarget, currentTarget }) => {
        if (!currentTarget.closest(".menu-place")?.contains(relatedTarget)) onLeave();
      }}
    >
      {verbs.map(({ name, keys, blocked, act }) => (
        <button
          key={name}
          type="button"
          role="menuitem"
          tabIndex={-1}
          aria-disabled={blocked !== null}
          aria-keyshortcuts={keys === "" ? undefined : keys}
          title={blocked ?? undefined}
          onClick={() => {
            if (blocked !== null) return;
            onClose(); // what opens next gives the focus back to the button
            act();
          }}
        >
          {name} <kbd>{keys}</kbd>
        </button>
      ))}
    </div>
  );
}
